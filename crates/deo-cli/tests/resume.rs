//! A run that is stopped after any step and gone on with, by any number of threads, is the run that wasn't stopped: the
//! same bits of parameters, optimizer, DEO and log, and the same metrics.

use deo_cli::train::OptimizerKind::{self, Adam, Adamw, Amsgrad, Muon, Nadamw, Sgd};
use deo_cli::train::record::Metrics;
use deo_cli::train::{
    Experiment, Finished, Ledger, Method, Options, PolicyKind, RunEnd, RunState, Settings,
    TrainError, Watch,
};
use deo_core::PolicySettings;
use deo_core::policy::EscapeSettings;
use deo_models::checkpoint::{Kind, decode, encode};
use deo_models::data::Corpus;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

const KIND: Kind = Kind(*b"test\0\0\0\0");
const STEPS: u64 = 60;
/// Stops in a run.
const STOPS: usize = 20;

/// Everything that decides a run, and nothing that depends on the clock.
fn bits(state: &RunState) -> Vec<u8> {
    encode(KIND, &state.clone().without_clocks()).unwrap()
}

/// Notes every step, and the states after some; stops after one.
#[derive(Default)]
struct Recorder {
    lines: Vec<Value>,
    wanted: Vec<u64>,
    /// As saved, clocks included.
    states: BTreeMap<u64, Vec<u8>>,
    stop: Option<u64>,
    /// How often it is asked yet whether it hurries, until it does.
    patience: Option<Cell<u64>>,
    last: Vec<u8>,
}

impl Recorder {
    fn is_out_of_patience(&self) -> bool {
        self.patience.as_ref().is_some_and(|left| left.get() == 0)
    }
}

impl Watch for Recorder {
    fn begin(&mut self, _: &RunState) -> Result<(), TrainError> {
        Ok(())
    }

    fn step(&mut self, metrics: &Metrics<'_>, _: &Ledger) -> Result<(), TrainError> {
        let mut line = serde_json::to_value(metrics).unwrap();
        line.as_object_mut().unwrap().remove("ms");
        if let Some(monitor) = line.get_mut("monitor") {
            monitor.as_object_mut().unwrap().remove("ms");
        }
        self.lines.push(line);
        Ok(())
    }

    fn between(&mut self, state: &RunState) -> Result<ControlFlow<()>, TrainError> {
        let step = state.steps();
        let stop = self.stop == Some(step) || self.is_out_of_patience();
        if self.wanted.contains(&step) || stop {
            self.states.insert(step, encode(KIND, state).unwrap());
        }
        if !state.spent().affords_gradient() {
            self.last = bits(state);
        }
        Ok(if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn hurries(&self) -> bool {
        let Some(left) = &self.patience else { return false };
        left.set(left.get().saturating_sub(1));
        left.get() == 0
    }
}

/// The end of a run, without clocks.
fn results(run_on: RunEnd) -> (Value, Vec<f32>) {
    let RunEnd::Finished(finished) = run_on else { panic!("it was stopped") };
    let mut record = serde_json::to_value(finished.record()).unwrap();
    record.as_object_mut().unwrap().remove("seconds");
    if let Some(monitor) = record.get_mut("monitor") {
        monitor.as_object_mut().unwrap().remove("seconds");
    }
    let Finished { parameters, .. } = *finished;
    (record, parameters)
}

/// What a run leaves.
struct Trace {
    lines: Vec<Value>,
    last: Vec<u8>,
    results: (Value, Vec<f32>),
}

/// A corpus, and pools of one and two threads.
struct Scene {
    corpus: Corpus,
    pools: [rayon::ThreadPool; 2],
}

impl Scene {
    fn new() -> Self {
        let words = ["the cat ", "sat on ", "a mat, ", "and the dog ", "ran. ", "\n"];
        let text: String = (0..600_usize).map(|i| words[(i * i / 7 + i) % words.len()]).collect();
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        Scene { corpus: Corpus::from_text(&text).unwrap(), pools: [1, 2].map(pool) }
    }

    /// From a state, or from the start, with the pool of that index.
    fn run_on(
        &self,
        settings: &Settings,
        from: Option<&[u8]>,
        pool: usize,
        watch: &mut Recorder,
    ) -> RunEnd {
        self.pools[pool].install(|| {
            let experiment = Experiment::new(settings, &self.corpus).unwrap();
            let helped = *experiment.runs().last().unwrap();
            let state = match from {
                Some(bytes) => decode(KIND, bytes).unwrap(),
                None => experiment.start(helped).unwrap(),
            };
            assert!(experiment.fits(&state));
            experiment.go_on(state, watch).unwrap()
        })
    }

    /// The straight run, with the states after the steps `wanted`.
    fn straight(&self, settings: &Settings, wanted: &[u64]) -> (Trace, BTreeMap<u64, Vec<u8>>) {
        let mut recorder = Recorder { wanted: wanted.to_vec(), ..Recorder::default() };
        let results = results(self.run_on(settings, None, 1, &mut recorder));
        let Recorder { lines, states, last, .. } = recorder;
        (Trace { lines, last, results }, states)
    }
}

fn settings(policy: PolicyKind, optimizer: OptimizerKind, monitor: bool) -> Settings {
    let escape = policy == PolicyKind::Escape;
    let options = Options {
        policy: Some(policy),
        optimizer: Some(optimizer),
        steps: Some(STEPS),
        batch: Some(4),
        block: Some(8),
        eval_batches: Some(2),
        interval: Some(if escape { 2 } else { 4 }),
        // All that escape wants to spend, and a run that stands, to give it an occasion.
        allowance: escape.then_some(30.0),
        lr: escape.then_some(1e-6),
        monitor: Some(monitor),
        monitor_interval: Some(7),
        monitor_gradients: Some(4),
        monitor_batches: Some(1),
        seed: Some(5),
        ..Options::default()
    };
    Settings::resolve(options, &Options::default()).unwrap()
}

/// Different random steps of a run, in order.
fn random_steps(seed: u64, last: u64) -> Vec<u64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut steps = vec![];
    while steps.len() < STOPS {
        let step = rng.random_range(1..last);
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps.sort_unstable();
    steps
}

/// Resumes after each of twenty random steps with one thread and with two, and once after all of them in turn.
fn stop_and_resume(policy: PolicyKind, optimizer: OptimizerKind, monitor: bool) -> Trace {
    let (scene, mut settings) = (Scene::new(), settings(policy, optimizer, monitor));
    if let (PolicyKind::Escape, Method::Deo(deo)) = (policy, &mut settings.method) {
        // Wherever the run stands: on batches that differ sixty steps pay for no visit else.
        let anywhere = EscapeSettings { lengthening: 0.0, ..EscapeSettings::default() };
        deo.policy = PolicySettings::Escape(anywhere);
    }
    let (plain, _) = scene.straight(&settings, &[]);
    let steps = plain.lines.len() as u64;
    let stops = random_steps(policy as u64 + 10 * optimizer as u64, steps);
    let (straight, states) = scene.straight(&settings, &stops);
    assert_eq!(states.len(), STOPS);
    let same = |ours: Trace, what: &str| {
        let what = format!("{policy:?} {optimizer:?} {what}");
        assert_eq!(ours.lines, straight.lines, "{what}: metrics");
        assert!(ours.last == straight.last, "{what}: the last state has other bits");
        assert_eq!(ours.results, straight.results, "{what}: results");
    };
    for (step, state) in &states {
        for pool in 0..2 {
            let mut recorder = Recorder::default();
            let results = results(scene.run_on(&settings, Some(state), pool, &mut recorder));
            let before = straight.lines[..*step as usize].to_vec();
            let lines = [before, recorder.lines].concat();
            let what = format!("resumed after step {step} with {} threads", pool + 1);
            same(Trace { lines, last: recorder.last, results }, &what);
        }
    }
    let (mut recorder, mut state) = (Recorder::default(), None);
    for (index, step) in stops.iter().enumerate() {
        recorder.stop = Some(*step);
        let run_on = scene.run_on(&settings, state.as_deref(), index % 2, &mut recorder);
        assert!(matches!(run_on, RunEnd::Stopped));
        state = recorder.states.remove(step);
    }
    recorder.stop = None;
    let results = results(scene.run_on(&settings, state.as_deref(), 1, &mut recorder));
    let Recorder { lines, last, .. } = recorder;
    same(Trace { lines, last, results }, "stopped twenty times");
    straight
}

/// The lines of the events that aren't "quiet".
fn events(trace: &Trace) -> usize {
    trace.lines.iter().filter(|line| line["event"] != "quiet").count()
}

#[test]
fn without_policy_every_optimizer() {
    for optimizer in [Sgd, Adam, Adamw, Nadamw, Amsgrad, Muon] {
        stop_and_resume(PolicyKind::Off, optimizer, false);
    }
}

#[test]
fn escape_in_mid_promise_and_with_a_monitor() {
    for (optimizer, monitor) in [(Adamw, true), (Sgd, false)] {
        let trace = stop_and_resume(PolicyKind::Escape, optimizer, monitor);
        assert!(events(&trace) > 5, "the strategy must do something, or nothing is tested");
        assert_eq!(trace.lines[7].get("monitor").is_some(), monitor);
    }
    // Batches differ, so a move is proposed in one step and decided on in the next: some stop is between the two.
    let trace = stop_and_resume(PolicyKind::Escape, Nadamw, false);
    let proposed = trace.lines.iter().filter(|line| line["event"] == "proposed").count();
    let moved = |line: &&Value| ["line-search", "kick"].iter().any(|name| line["event"] == *name);
    assert!(proposed + trace.lines.iter().filter(moved).count() > 0, "no promise was made");
}

/// Ten validations and the final loss, each on two batches: stopped before each of them and gone on with.
#[test]
fn a_validation_that_is_stopped_is_made_good() {
    let (scene, settings) = (Scene::new(), settings(PolicyKind::Escape, Adamw, true));
    let (straight, _) = scene.straight(&settings, &[]);
    let mut stops = 0;
    for batch in 1.. {
        let mut recorder = Recorder { patience: Some(Cell::new(batch)), ..Recorder::default() };
        if let RunEnd::Finished(_) = scene.run_on(&settings, None, 1, &mut recorder) {
            break;
        }
        stops += 1;
        let (_, state) = recorder.states.pop_last().unwrap();
        recorder.patience = None;
        let pool = batch as usize % 2;
        let results = results(scene.run_on(&settings, Some(&state), pool, &mut recorder));
        assert_eq!(recorder.lines, straight.lines, "batch {batch}: metrics");
        assert!(recorder.last == straight.last, "batch {batch}: the last state has other bits");
        assert_eq!(results, straight.results, "batch {batch}: results");
    }
    assert_eq!(stops, 22);
}

#[test]
fn deflate_and_amplify() {
    for policy in [PolicyKind::Deflate, PolicyKind::Amplify] {
        assert!(events(&stop_and_resume(policy, Adamw, false)) > 5);
    }
}

#[test]
fn the_published_rules() {
    for policy in [PolicyKind::CompatPaper, PolicyKind::CompatSophia, PolicyKind::CompatAdam] {
        assert!(events(&stop_and_resume(policy, Adam, false)) > 5);
    }
}

#[test]
fn a_state_of_another_run_does_not_fit() {
    let scene = Scene::new();
    let escape = settings(PolicyKind::Escape, Adamw, true);
    let states = scene.straight(&escape, &[3]).1;
    let state: RunState = decode(KIND, &states[&3]).unwrap();
    let fits = |settings: &Settings| Experiment::new(settings, &scene.corpus).unwrap().fits(&state);
    assert!(fits(&escape));
    assert!(!fits(&settings(PolicyKind::Escape, Adamw, false)), "no monitor");
    assert!(!fits(&settings(PolicyKind::Escape, Sgd, true)), "another optimizer");
    assert!(!fits(&settings(PolicyKind::CompatAdam, Adamw, true)), "a published rule");
    assert!(!fits(&settings(PolicyKind::Off, Adamw, true)), "only one run");
    let other = Corpus::from_text(&"another vocabulary. ".repeat(99)).unwrap();
    assert!(!Experiment::new(&escape, &other).unwrap().fits(&state), "another model");
}
