//! Every state that a run consists of: saved after any answer and read back, it goes on to the same bits.

use crate::seal::{HEADER, KIND};
use deo_core::deo::{Counts, Tracking};
use deo_core::krylov::{Krylov, KrylovSettings, Which};
use deo_core::optim::{Adam, AdamSettings, Group, Groups, Optimizer, Sgd, SgdSettings};
use deo_core::policy::EscapeSettings;
use deo_core::space::Host;
use deo_core::trigger::{Stall, TriggerSettings};
use deo_core::{Answer, Deo, DeoSettings, PolicySettings, Question};
use deo_models::checkpoint::{decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

const SPACE: Host<f32> = Host::new();
const N: usize = 24;
/// So small that the run stands, and Escape has something to improve on.
const RATE: f64 = 1e-5;

/// Through a checkpoint and back; what comes back is written to the same bytes.
fn through<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let bytes = encode(KIND, value).unwrap();
    let again = decode(KIND, &bytes).unwrap();
    assert!(encode(KIND, &again).unwrap() == bytes);
    again
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

/// A saddle at 0, quartic walls, and noise that depends on the batch alone.
fn value_grad(batch: u64, x: &[f32], g: &mut [f32]) -> f64 {
    let mut loss = 0.0;
    for (i, (x, g)) in x.iter().zip(g).enumerate() {
        let x = f64::from(*x);
        let c = if i == 0 { -0.2 } else { 0.1 + 0.1 * i as f64 };
        let noise = 1e-5 * (batch as f64 * 0.7 + i as f64).sin();
        loss += 0.5 * c * x * x + 0.05 * x.powi(4) + noise * x;
        *g = (c * x + 0.2 * x.powi(3) + noise) as f32;
    }
    loss
}

/// The places where a run can be stopped: before each question's answer, before the step, after it.
struct Stops {
    at: Option<u64>,
    passed: u64,
}

impl Stops {
    fn now(&mut self) -> bool {
        self.passed += 1;
        self.at == Some(self.passed)
    }
}

/// How a run ended.
#[derive(PartialEq)]
struct End {
    params: Vec<u32>,
    state: Vec<u8>,
    stops: u64,
    counts: Counts,
}

/// Which batch a step sees.
#[derive(Clone, Copy)]
enum Batches {
    /// A new one at every step: Escape takes its time.
    New,
    /// The same one: Escape looks and moves.
    One,
}

/// Sixty steps; the state goes through a checkpoint at the stop.
fn run<O>((settings, batches): (DeoSettings, Batches), mut optimizer: O, stop: Option<u64>) -> End
where
    O: Optimizer<Host<f32>> + Serialize + DeserializeOwned,
{
    let mut stops = Stops { at: stop, passed: 0 };
    let mut x: Vec<f32> = (0..N).map(|i| 0.01 * (i as f32 + 1.0).sin()).collect();
    let (mut y, mut g, mut g1) = (x.clone(), x.clone(), x.clone());
    let mut deo = Deo::new(&SPACE, &x, settings).unwrap();
    for step in 0..60 {
        let batch = match batches {
            Batches::New => step,
            Batches::One => 0,
        };
        let loss = value_grad(batch, &x, &mut g);
        deo.observe(&SPACE, &x, loss, &g);
        loop {
            if stops.now() {
                (deo, optimizer, x, g) = through(&(deo, optimizer, x, g));
            }
            match deo.ask(&SPACE, &g) {
                Some(Question::Gradient(probe)) => {
                    let h = probe.displace(&SPACE, &x, &mut y);
                    value_grad(batch, &y, &mut g1);
                    if stops.now() {
                        (deo, optimizer, x, g) = through(&(deo, optimizer, x, g));
                    }
                    deo.tell_gradient(&SPACE, Answer::forward(h, &g, &g1));
                }
                Some(Question::Loss(trial)) => {
                    trial.displace(&SPACE, &x, &mut y);
                    let loss = value_grad(batch, &y, &mut g1);
                    if stops.now() {
                        (deo, optimizer, x, g) = through(&(deo, optimizer, x, g));
                    }
                    deo.tell_loss(loss);
                }
                None => break,
            }
        }
        if deo.apply(&SPACE, &mut x, &mut g).moved() {
            optimizer.jumped(&SPACE);
        } else {
            optimizer.step(&SPACE, &mut x, &g, RATE);
        }
    }
    let state = encode(KIND, &(&deo, &optimizer)).unwrap();
    End { params: bits(&x), state, stops: stops.passed, counts: deo.counts() }
}

fn policies() -> [(DeoSettings, Batches); 5] {
    let tracking = Tracking { interval: 3, first: 8, gradients: 2 };
    let with = |policy| DeoSettings { policy, seed: 11, ..DeoSettings::default() };
    let strategy = |line_search| {
        let strategy = EscapeSettings { line_search, ..Default::default() };
        let mut settings = with(PolicySettings::Escape(strategy));
        settings.trigger = TriggerSettings { interval: 5, stall: Stall::Always };
        (settings.budget.allowance, settings.budget.share) = (200.0, 2.0);
        settings
    };
    [
        (with(PolicySettings::Deflate { alpha: 0.9, tracking }), Batches::New),
        (with(PolicySettings::Amplify { strength: 2.0, tracking }), Batches::New),
        (strategy(true), Batches::New),
        (strategy(true), Batches::One),
        (strategy(false), Batches::One), // rotates at every visit
    ]
}

fn any_stop<O>(optimizer: O)
where
    O: Optimizer<Host<f32>> + Serialize + DeserializeOwned + Clone,
{
    let (mut gradients, mut losses, mut moves) = (0, 0, 0);
    for policy in policies() {
        let straight = run(policy, optimizer.clone(), None);
        for stop in 1..=straight.stops {
            let resumed = run(policy, optimizer.clone(), Some(stop));
            assert!(resumed == straight, "stop {stop} of {}", straight.stops);
        }
        gradients += straight.counts.gradients;
        losses += straight.counts.losses;
        moves += straight.counts.moves;
    }
    // There were rotations, trials and moves to stop in.
    let enough = gradients > 100 && losses > 10 && moves > 0;
    assert!(enough, "{gradients} gradients, {losses} losses, {moves} moves");
}

#[test]
fn a_run_stopped_anywhere_goes_on_bit_for_bit() {
    let x = [0.0_f32; N];
    let groups = Groups::new(N, vec![Group::new(0..9), Group::new(9..N).lr_scale(0.3)]).unwrap();
    any_stop(Adam::new(AdamSettings::nadamw(), &SPACE, &x).unwrap().with_groups(groups).unwrap());
    let momentum = SgdSettings { momentum: 0.6, dampening: 0.3, ..Default::default() };
    any_stop(Sgd::new(momentum, &SPACE, &x).unwrap());
    any_stop(Sgd::new(SgdSettings::default(), &SPACE, &x).unwrap());
}

/// Pairs of a diagonal Hessian, the process going through a checkpoint before the answer `stop`.
fn pairs(stop: Option<u64>) -> (impl PartialEq + Debug, u64) {
    let space = Host::<f64>::new();
    let spectrum: Vec<f64> = (0..60).map(|i| (f64::from(i) * 1.3).sin() * 4.0 + 0.5).collect();
    let settings =
        KrylovSettings { memory: 14, which: Which::Both, confirm: true, ..Default::default() };
    let mut krylov = Krylov::new(&space, &spectrum, settings).unwrap();
    krylov.draw(&space, 5);
    let mut answers = 0;
    while let Some(probe) = krylov.ask(&space) {
        let product: Vec<f64> =
            probe.direction().iter().zip(&spectrum).map(|(v, l)| v * l).collect();
        answers += 1;
        if stop == Some(answers) {
            krylov = through(&krylov);
        }
        krylov.tell(&space, Answer::product(&product));
    }
    let estimates = format!("{:?}", krylov.estimates());
    let axes: Vec<u64> = (0..2).flat_map(|i| krylov.axis(i).iter().map(|v| v.to_bits())).collect();
    ((estimates, axes, krylov.gradients(), encode(KIND, &krylov).unwrap()), answers)
}

#[test]
fn a_krylov_process_stopped_at_any_answer_goes_on_bit_for_bit() {
    let (straight, answers) = pairs(None);
    assert!(answers > 20, "{answers} answers, beyond one restart");
    for stop in 1..=answers {
        assert!(pairs(Some(stop)).0 == straight, "answer {stop} of {answers}");
    }
}

/// Poison in a state is kept as it is, not turned into something that looks well.
#[test]
fn states_that_are_not_finite_come_back_as_they_are() {
    let x = [0.0_f32; N];
    let mut adam = Adam::new(AdamSettings::adam(), &SPACE, &x).unwrap();
    let g: Vec<f32> = (0..N).map(|i| [f32::NAN, f32::INFINITY, -0.0, 1e-40][i % 4]).collect();
    adam.step(&SPACE, &mut [1.0; N], &g, 0.1);
    assert_eq!(bits(through(&adam).first_moment()), bits(adam.first_moment()));
    let mut deo = Deo::new(&SPACE, &x, policies()[2].0).unwrap();
    deo.observe(&SPACE, &x, f64::NAN, &g);
    through(&deo);
}

/// As much state as there is, an eighth more at most: vectors are not written twice or widened.
#[test]
fn a_checkpoint_is_about_as_large_as_its_vectors() {
    let x = vec![0.0_f32; 100_000];
    let adam = Adam::new(AdamSettings::adam(), &SPACE, &x).unwrap();
    let bytes = encode(KIND, &adam).unwrap().len();
    assert!(bytes > 2 * 4 * x.len() && bytes < 2 * 4 * x.len() + HEADER + 500, "{bytes} bytes");
}
