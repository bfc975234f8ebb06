//! A loss or gradient that isn't finite, at any evaluation of a run, reaches neither parameters, optimizer nor DEO.

use deo_cli::train::{Method, OptimizerKind, Options, PolicyKind, Settings, Step, Trainer};
use deo_core::policy::EscapeSettings;
use deo_core::trigger::Stall;
use deo_core::{Objective, PolicySettings};
use deo_models::layout::Layout;
use serde_json::Value;
use std::collections::BTreeSet;

/// What an evaluation returns instead.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Poison {
    Loss(f64),
    /// In one component.
    Gradient(f32),
}

const POISONS: [Poison; 6] = [
    Poison::Loss(f64::NAN),
    Poison::Loss(f64::INFINITY),
    Poison::Loss(f64::NEG_INFINITY),
    Poison::Gradient(f32::NAN),
    Poison::Gradient(f32::INFINITY),
    Poison::Gradient(f32::NEG_INFINITY),
];

const STEPS: u64 = 200;

/// f(x) = Σ (y⁴/4 − y²/2 + y²·i/8) with y = xᵢ − sᵢ: near a saddle, with a small shift s that is the batch's.
struct Landscape {
    batch: u64,
    evaluated: u64,
    /// The evaluation, counted from 1, that goes wrong.
    poisoned: Option<(u64, Poison)>,
    /// What it would have been used for.
    hit: Option<Use>,
    in_step: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Use {
    Base,
    Probe,
    Trial,
}

impl Landscape {
    fn new(poisoned: Option<(u64, Poison)>) -> Self {
        Landscape { batch: 0, evaluated: 0, poisoned, hit: None, in_step: 0 }
    }

    fn next_batch(&mut self) {
        self.batch += 1;
        self.in_step = 0;
    }

    fn evaluate(&mut self, x: &[f32], gradient: Option<&mut [f32]>) -> f64 {
        self.evaluated += 1;
        self.in_step += 1;
        let purpose = match &gradient {
            Some(_) if self.in_step == 1 => Use::Base,
            Some(_) => Use::Probe,
            None => Use::Trial,
        };
        let shift = |i: usize| 0.01 * deo_core::noise::noise(self.batch, i as u64) as f32;
        let bend = |i: usize| i as f32 / 4.0 - 1.0;
        let y = |i: usize| x[i] - shift(i);
        let term = |i: usize| f64::from(y(i).powi(4) / 4.0 + bend(i) * y(i) * y(i) / 2.0);
        let mut loss = (0..x.len()).map(term).sum();
        let poison = self.poisoned.filter(|(k, _)| *k == self.evaluated).map(|(_, poison)| poison);
        if let Some(g) = gradient {
            for i in 0..x.len() {
                g[i] = y(i).powi(3) + bend(i) * y(i);
            }
            if let Some(Poison::Gradient(value)) = poison {
                g[3] = value;
            }
        }
        if let Some(Poison::Loss(value)) = poison {
            loss = value;
        }
        if poison.is_some() {
            self.hit = Some(purpose);
        }
        loss
    }
}

impl Objective<[f32]> for Landscape {
    fn value(&mut self, x: &[f32]) -> f64 {
        self.evaluate(x, None)
    }

    fn value_grad(&mut self, x: &[f32], gradient: &mut [f32]) -> f64 {
        self.evaluate(x, Some(gradient))
    }
}

fn settings(policy: PolicyKind, optimizer: OptimizerKind) -> Settings {
    let options = Options {
        policy: Some(policy),
        optimizer: Some(optimizer),
        steps: Some(STEPS),
        // Escape looks where a run stands.
        lr: Some(if policy == PolicyKind::Escape { 1e-4 } else { 0.02 }),
        warmup: Some(0),
        interval: Some(4),
        allowance: (policy == PolicyKind::Escape).then_some(120.0),
        // The published 5 flies off this landscape.
        strength: Some(0.5),
        seed: Some(3),
        ..Options::default()
    };
    let mut settings = Settings::resolve(options, &Options::default()).unwrap();
    if let Method::Deo(deo) = &mut settings.method {
        // Otherwise progress doesn't stall here, and the axis is never asked for.
        deo.trigger.stall = Stall::Always;
    }
    settings
}

fn layout() -> Layout {
    let mut layout = Layout::new();
    layout.push("transformer.h.0.weight", &[2, 2]);
    layout.push("bias", &[2]);
    layout
}

/// Paths in a JSON value that hold `null`, which is what a number that isn't finite becomes.
fn nulls(value: &Value, path: &mut String, found: &mut BTreeSet<String>) {
    let length = path.len();
    match value {
        Value::Null => _ = found.insert(path.clone()),
        Value::Array(values) => {
            for (i, value) in values.iter().enumerate() {
                path.push_str(&format!("/{i}"));
                nulls(value, path, found);
                path.truncate(length);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                path.push_str(&format!("/{key}"));
                nulls(value, path, found);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

fn nulls_of(trainer: &Trainer) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut state = serde_json::to_value(trainer).unwrap();
    if let Some(dimer) = state.pointer_mut("/helper/Deo/desk/dimer") {
        // Memory that is written before it is read again.
        if dimer["product_known"] == false {
            dimer["axis_product"].take();
        }
        if dimer["phase"] != "Torque" {
            dimer["torque"].take();
        }
    }
    nulls(&state, &mut String::new(), &mut found);
    found
}

struct Run {
    steps: Vec<Step>,
    f: Landscape,
    /// What isn't known, or not finite, in the state after each step.
    nulls: BTreeSet<String>,
}

/// A run to the end of its budget; `look` after every step into the state, else after the poisoned one and at the end.
fn run(settings: &Settings, poisoned: Option<(u64, Poison)>, look: bool) -> Run {
    let (space, helped) = (Trainer::space(), settings.method != Method::Off);
    let start = vec![1e-3, -2e-3, 1e-4, 3e-3, 0.5, -0.5];
    let mut trainer = Trainer::new(settings, &layout(), start, helped).unwrap();
    let (mut f, mut steps, mut nulls) = (Landscape::new(poisoned), vec![], BTreeSet::new());
    loop {
        f.next_batch();
        let hit = f.hit.is_some();
        let Some(step) = trainer.step(settings, &space, &mut f) else { break };
        steps.push(step);
        let finite = trainer.parameters().iter().all(|x| x.is_finite());
        assert!(finite, "{:?} {poisoned:?}: {:?}", settings.method, trainer.parameters());
        if look || (f.hit.is_some() && !hit) {
            nulls.extend(nulls_of(&trainer));
        }
    }
    nulls.extend(nulls_of(&trainer));
    Run { steps, f, nulls }
}

/// Poisons each evaluation of the run in turn, in every way.
fn poison_all(settings: &Settings) -> [usize; 3] {
    let clean = run(settings, None, true);
    assert!(clean.steps.iter().all(|step| step.non_finite == 0));
    // Values that a clean run knows at some steps and not at others are no poison; any other null is.
    let unknown = &clean.nulls;
    let mut uses = [0; 3];
    for k in 1..=clean.f.evaluated {
        for poison in POISONS {
            let Run { steps, f, nulls } = run(settings, Some((k, poison)), false);
            let (policy, optimizer) = (settings.policy, settings.optimizer.kind());
            let what = format!("{policy:?} {optimizer:?}, evaluation {k}, {poison:?}");
            // A poisoned base step has no visit, so the last evaluations of the clean run may not be reached.
            let Some(purpose) = f.hit else { panic!("{what}: not evaluated") };
            let poisoned: Vec<_> = nulls.difference(unknown).collect();
            assert!(poisoned.is_empty(), "{what}: not finite in the state: {poisoned:?}");
            let matters = match (purpose, poison) {
                (Use::Base, _)
                | (Use::Probe, Poison::Gradient(_))
                | (Use::Trial, Poison::Loss(_)) => 1,
                // The loss at a probe isn't used, and a trial has no gradient.
                _ => 0,
            };
            let noted: u64 = steps.iter().map(|step| step.non_finite).sum();
            assert_eq!(noted, matters, "{what} as {purpose:?}");
            // Where a move led to the poison, it is undone instead.
            let undone = |step: &Step| step.event() == "reverted" && step.non_finite == 1;
            let skips =
                |step: &&Step| step.event() == "skipped" || (purpose == Use::Base && undone(step));
            let skipped = steps.iter().filter(skips).count();
            assert_eq!(skipped, usize::from(purpose == Use::Base), "{what}");
            uses[purpose as usize] += 1;
        }
    }
    uses
}

#[test]
fn without_policy_every_optimizer() {
    use OptimizerKind::{Adam, Adamw, Amsgrad, Muon, Nadamw, Sgd};
    for optimizer in [Sgd, Adam, Adamw, Nadamw, Amsgrad, Muon] {
        assert_eq!(poison_all(&settings(PolicyKind::Off, optimizer)), [200 * POISONS.len(), 0, 0]);
    }
}

#[test]
fn escape_by_either_rung() {
    for optimizer in [OptimizerKind::Sgd, OptimizerKind::Adamw] {
        let mut settings = settings(PolicyKind::Escape, optimizer);
        let [base, _, trial] = poison_all(&settings);
        assert!(base > 0 && trial > 0, "{base} {trial}");
        let Method::Deo(deo) = &mut settings.method else { panic!("it is DEO's") };
        let kick = EscapeSettings {
            line_search: false,
            lengthening: 0.0, // wherever the run stands
            ..EscapeSettings::default()
        };
        deo.policy = PolicySettings::Escape(kick);
        let [base, probe, trial] = poison_all(&settings);
        assert!(base > 0 && probe > 0 && trial > 0, "{base} {probe} {trial}");
    }
}

#[test]
fn deflate_and_amplify() {
    for policy in [PolicyKind::Deflate, PolicyKind::Amplify] {
        let [base, probe, _] = poison_all(&settings(policy, OptimizerKind::Adamw));
        assert!(base > 0 && probe > 0, "{base} {probe}");
    }
}

#[test]
fn the_published_rules() {
    for policy in [PolicyKind::CompatPaper, PolicyKind::CompatSophia, PolicyKind::CompatAdam] {
        let [base, probe, _] = poison_all(&settings(policy, OptimizerKind::Sgd));
        assert!(base > 0 && probe > 0, "{base} {probe}");
    }
}

#[test]
fn a_gradient_whose_square_is_not_a_number() {
    let mut settings = settings(PolicyKind::Off, OptimizerKind::Adamw);
    settings.clip = 0.0;
    // Below it the square is finite, and Adam divides by its root: a step of the usual length.
    let steps = |value| run(&settings, Some((40, Poison::Gradient(value))), false).steps;
    let skipped = |steps: &[Step]| steps.iter().filter(|step| step.event() == "skipped").count();
    assert_eq!(skipped(&steps(1e19)), 0);
    let large = run(&settings, Some((40, Poison::Gradient(3e19))), false);
    assert_eq!(large.nulls, run(&settings, None, true).nulls, "not finite in the state");
    assert_eq!(skipped(&large.steps), 1);
}
