//! A checkpoint of a stranger with a checksum that is right: refused, or gone on with, to results or to an error.
//!
//! Every bit of a state outside of its long vectors is turned, one at a time, or a sample of them; whatever then still
//! decodes and fits is trained to its end. Nothing may panic.

use deo_cli::train::record::Metrics;
use deo_cli::train::{
    Experiment, Ledger, Options, PolicyKind, RunEnd, RunState, Settings, TrainError, Watch,
};
use deo_models::checkpoint::{decode, encode};
use deo_models::data::Corpus;
use seal::{HEADER, KIND, seal};
use std::ops::ControlFlow;

#[allow(dead_code)] // the messages of errors are another test's
#[path = "../../deo-models/tests/checkpoint/seal.rs"]
mod seal;

/// Forgeries of each policy, unless DEO_FORGERIES says otherwise.
const FORGERIES: usize = 200;

/// Stops after some steps, and keeps the state; `None` goes on to the end.
struct Stop(Option<u64>, Vec<u8>);

impl Watch for Stop {
    fn begin(&mut self, _: &RunState) -> Result<(), TrainError> {
        Ok(())
    }

    fn step(&mut self, _: &Metrics<'_>, _: &Ledger) -> Result<(), TrainError> {
        Ok(())
    }

    fn between(&mut self, state: &RunState) -> Result<ControlFlow<()>, TrainError> {
        if self.0 == Some(state.steps()) {
            self.1 = encode(KIND, state).unwrap();
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Where a payload has something else than the components of vectors of that length.
fn structure(payload: &[u8], parameters: usize) -> Vec<usize> {
    let length = (parameters as u64).to_le_bytes();
    let (mut at, mut found) = (0, vec![]);
    while at < payload.len() {
        if payload[at..].starts_with(&length) && at + 8 + 4 * parameters <= payload.len() {
            found.extend(at..at + 8);
            at += 8 + 4 * parameters;
        } else {
            found.push(at);
            at += 1;
        }
    }
    found
}

fn forge(policy: PolicyKind, monitor: bool) {
    let options = Options {
        policy: Some(policy),
        steps: Some(30),
        batch: Some(2),
        block: Some(4),
        eval_batches: Some(1),
        interval: Some(2),
        allowance: (policy == PolicyKind::Escape).then_some(10.0),
        monitor: Some(monitor),
        monitor_interval: Some(5),
        monitor_gradients: Some(4),
        monitor_batches: Some(1),
        seed: Some(3),
        threads: Some(1),
        ..Options::default()
    };
    let settings = Settings::resolve(options, &Options::default()).unwrap();
    let text: String = (0..200_usize).map(|i| ["ab", "ba", "c ", "d"][i * i / 7 % 4]).collect();
    let corpus = Corpus::from_text(&text).unwrap();
    let experiment = Experiment::new(&settings, &corpus).unwrap();
    let mut stop = Stop(Some(6), vec![]);
    let start = experiment.start(true).unwrap();
    assert!(matches!(experiment.go_on(start, &mut stop).unwrap(), RunEnd::Stopped));
    let payload = stop.1[HEADER..].to_vec();
    assert!(seal(&payload) == stop.1, "the forger's seal is the container's");

    let places = structure(&payload, experiment.layout().len());
    assert!(places.len() > 200 && places.len() < 20_000, "{} bytes of structure", places.len());
    let asked = std::env::var("DEO_FORGERIES").ok().map(|text| text.parse().unwrap());
    let forgeries = asked.unwrap_or(FORGERIES);
    let [mut refused, mut unfit, mut trained, mut failed] = [0; 4];
    for forgery in 0..forgeries {
        // Spread over all places and bits without repeating.
        let turn = forgery * (8 * places.len()) / forgeries;
        let mut forged = payload.clone();
        forged[places[turn / 8]] ^= 1 << (turn % 8);
        let Ok(state) = decode::<RunState>(KIND, &seal(&forged)) else {
            refused += 1;
            continue;
        };
        if !experiment.fits(&state) {
            unfit += 1;
            continue;
        }
        match experiment.go_on(state, &mut Stop(None, vec![])) {
            Ok(RunEnd::Finished(_)) => trained += 1,
            Ok(RunEnd::Stopped) => unreachable!("nothing stops it"),
            Err(_) => failed += 1,
        }
    }
    println!(
        "{policy:?}: {refused} don't decode, {unfit} don't fit, {trained} trained, {failed} failed"
    );
    assert!(refused > 0 && unfit > 0 && trained > 0, "every way was taken");
}

#[test]
fn escape_with_a_monitor() {
    forge(PolicyKind::Escape, true);
}

#[test]
fn deflate() {
    forge(PolicyKind::Deflate, false);
}

#[test]
fn published() {
    forge(PolicyKind::CompatSophia, false);
}
