//! The policies and the machine that joins them, on problems whose answers are known.

mod common;

use common::{dot, uniform};
use deo_core::deo::{Looks, Tracking};
use deo_core::drive::{StepReport, WithDeo, Workspace};
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::optim::{Sgd, SgdSettings};
use deo_core::policy::{Along, EscapeSettings, Kick};
use deo_core::space::Host;
use deo_core::trigger::{Stall, TriggerSettings};
use deo_core::{Answer, Deo, DeoSettings, Event, Objective, PolicySettings, Question, Space};

const SPACE: Host<f64> = Host::new();

/// (x² − y²)/2, whose lowest eigenvector is the y axis with λ = −1.
fn saddle(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    if let Some(g) = g {
        g.copy_from_slice(&[x[0], -x[1]]);
    }
    (x[0] * x[0] - x[1] * x[1]) / 2.0
}

fn gradient_descent(x: &[f64]) -> Sgd<Vec<f64>> {
    Sgd::new(SgdSettings::default(), &SPACE, x).unwrap()
}

/// ln(y_T/y_0)/T-free: the factor by which y grows in each of twenty steps of gradient descent.
fn growth(policy: PolicySettings, lr: f64) -> f64 {
    let mut x = vec![0.3, 1e-3];
    let settings = DeoSettings { policy, ..Default::default() };
    let mut run = WithDeo::new(&SPACE, &x, gradient_descent(&x), settings).unwrap();
    // The first visit comes at step `interval`; measure after it.
    let mut f = FromFn(saddle);
    for _ in 0..5 {
        run.step(&SPACE, &mut f, &mut x, lr);
    }
    let start = x[1];
    for _ in 0..20 {
        run.step(&SPACE, &mut f, &mut x, lr);
    }
    (x[1] / start).abs().powf(1.0 / 20.0) * (x[1] / start).signum()
}

const TRACKING: Tracking = Tracking { interval: 1, first: 20, gradients: 2 };

#[test]
fn deflation_slows_the_escape_and_amplification_speeds_it_up() {
    for lr in [0.05, 0.2] {
        for alpha in [-0.5, 0.0, 0.3, 0.7, 1.0, 1.5, 2.0] {
            let factor = growth(PolicySettings::Deflate { alpha, tracking: TRACKING }, lr);
            // 1 − η(1 − α)λ with λ = −1; the axis is measured to about 1e-6.
            let expected = 1.0 + lr * (1.0 - alpha);
            assert!((factor - expected).abs() < 1e-4, "α = {alpha}: {factor} {expected}");
        }
        for strength in [0.5, 3.0] {
            let factor = growth(PolicySettings::Amplify { strength, tracking: TRACKING }, lr);
            let expected = 1.0 + lr * (1.0 + strength);
            assert!((factor - expected).abs() < 1e-4, "s = {strength}: {factor} {expected}");
        }
    }
}

#[test]
fn amplification_leaves_a_minimum_alone() {
    let mut bowl = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[x[0], 2.0 * x[1]]);
        }
        (x[0] * x[0] + 2.0 * x[1] * x[1]) / 2.0
    });
    let policy = PolicySettings::Amplify { strength: 5.0, tracking: TRACKING };
    let settings = DeoSettings { policy, ..Default::default() };
    let (mut x, mut plain) = (vec![1.0, 1.0], vec![1.0, 1.0]);
    let mut run = WithDeo::new(&SPACE, &x, gradient_descent(&x), settings).unwrap();
    for _ in 0..30 {
        run.step(&SPACE, &mut bowl, &mut x, 0.1);
        let mut g = [0.0; 2];
        bowl.value_grad(&plain, &mut g);
        plain.iter_mut().zip(g).for_each(|(x, g)| *x -= 0.1 * g);
    }
    for (x, plain) in x.iter().zip(&plain) {
        assert!((x - plain).abs() < 1e-12);
    }
}

/// Σ λᵢxᵢ²/2 + Σ xᵢ⁴/4 · quartic: a strict saddle at 0 with minima.
#[derive(Clone)]
struct StrictSaddle {
    spectrum: Vec<f64>,
    scale: f64,
    offset: f64,
    gradients: u64,
    losses: u64,
    poison_at: Option<u64>,
}

impl StrictSaddle {
    /// One eigenvalue `lowest` < 0, the others uniform in [0.1, 1].
    fn new(n: usize, lowest: f64, seed: u64) -> Self {
        let mut state = seed;
        let spectrum =
            (0..n).map(|i| if i == 0 { lowest } else { 0.1 + 0.9 * uniform(&mut state) }).collect();
        StrictSaddle { spectrum, scale: 1.0, offset: 0.0, gradients: 0, losses: 0, poison_at: None }
    }

    fn evaluations(&self) -> u64 {
        self.gradients + self.losses
    }

    fn loss(&self, x: &[f64]) -> f64 {
        if self.poison_at == Some(self.evaluations()) {
            return f64::NAN;
        }
        let terms = x.iter().zip(&self.spectrum).map(|(x, l)| l * x * x / 2.0 + x.powi(4) / 4.0);
        self.scale * terms.sum::<f64>() + self.offset
    }
}

impl Objective<[f64]> for StrictSaddle {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.losses += 1;
        self.loss(x)
    }

    fn value_grad(&mut self, x: &[f64], g: &mut [f64]) -> f64 {
        self.gradients += 1;
        for ((g, x), l) in g.iter_mut().zip(x).zip(&self.spectrum) {
            *g = self.scale * (l * x + x.powi(3));
        }
        if self.poison_at == Some(self.evaluations()) {
            g[0] = f64::NAN;
        }
        self.loss(x)
    }
}

struct Run {
    x: Vec<f64>,
    reports: Vec<StepReport>,
    f: StrictSaddle,
}

fn run(mut f: StrictSaddle, lr: f64, steps: usize, settings: DeoSettings) -> Run {
    let mut x: Vec<f64> = (0..f.spectrum.len() as u64).map(|i| 1e-6 * noise(99, i)).collect();
    let mut run = WithDeo::new(&SPACE, &x, gradient_descent(&x), settings).unwrap();
    let reports = (0..steps).map(|_| run.step(&SPACE, &mut f, &mut x, lr)).collect();
    let counts = run.counts();
    assert_eq!(f.gradients, steps as u64 + counts.gradients, "every gradient is counted");
    assert_eq!(f.losses, counts.losses, "every loss is counted");
    Run { x, reports, f }
}

/// Escape with its search for an axis only: what is tested is then the axis.
fn axis_only() -> DeoSettings {
    let policy =
        PolicySettings::Escape(EscapeSettings { line_search: false, ..Default::default() });
    DeoSettings { policy, ..Default::default() }
}

#[test]
fn escape_leaves_a_saddle_that_gradient_descent_does_not() {
    for seed in 0..5 {
        for settings in [DeoSettings::default(), axis_only()] {
            let f = StrictSaddle::new(200, -1e-3, seed);
            let minimum = -0.25 * 1e-6; // −λ²/4
            let Run { reports, f, .. } = run(f, 0.9, 400, DeoSettings { seed, ..settings });
            let left = reports.iter().position(|report| report.loss < 0.5 * minimum);
            // Gradient descent alone needs 20 000 steps for this.
            assert!(left < Some(120) && left.is_some(), "seed {seed}: {left:?}");
            // The visits of all 400 steps are counted here, and those that paid are refunded.
            let spent = (f.gradients - 400) as f64 + f.losses as f64 / 3.0;
            assert!(spent <= 60.0 + 0.05 * 400.0 + 60.0, "seed {seed}: {spent}");
        }
    }
}

#[test]
fn decisions_do_not_change_under_scale_and_offset() {
    let base = StrictSaddle::new(30, -0.1, 3);
    for (settings, found) in [(DeoSettings::default(), "kick"), (axis_only(), "kick")] {
        let events = |scale: f64, offset: f64| {
            let f = StrictSaddle { scale, offset, ..base.clone() };
            let reports = run(f, 0.5 / scale, 120, settings).reports;
            reports.into_iter().map(|report| report.event.name()).collect::<Vec<_>>()
        };
        let plain = events(1.0, 0.0);
        assert!(plain.contains(&found), "{found}: {plain:?}");
        assert_eq!(events(2f64.powi(12), 0.0), plain);
        assert_eq!(events(2f64.powi(-12), 0.0), plain);
        // What an offset of 1/8 rounds away of a loss is no decision yet in the first steps.
        assert_eq!(events(1.0, 0.125)[..30], plain[..30]);
    }
}

#[test]
fn a_minimum_costs_no_more_than_the_budget() {
    let mut f = StrictSaddle::new(50, 0.5, 8); // positive definite: nothing to escape from
    f.spectrum[0] = 0.5;
    let settings = DeoSettings::default();
    let Run { reports, f, .. } = run(f, 0.3, 3_000, settings);
    assert!(
        reports
            .iter()
            .all(|report| !matches!(report.event, Event::Moved { along: Along::Axis, .. }))
    );
    let spent = (f.gradients - 3_000) as f64 + f.losses as f64 / 3.0;
    let earned = settings.budget.allowance + settings.budget.share * 3_000.0;
    assert!(spent <= earned, "{spent} of {earned}");
}

#[test]
fn poison_at_any_evaluation_reaches_neither_x_nor_the_optimizer() {
    let base = StrictSaddle::new(12, -0.2, 5);
    let clean = run(base.clone(), 0.5, 80, DeoSettings::default());
    let total = clean.f.evaluations();
    assert!(clean.f.losses > 3, "the run has trials to poison");
    let mut met = std::collections::BTreeSet::new();
    for at in 1..=total {
        let f = StrictSaddle { poison_at: Some(at), ..base.clone() };
        let Run { x, reports, .. } = run(f, 0.5, 80, DeoSettings::default());
        assert!(x.iter().all(|x| x.is_finite()), "evaluation {at}");
        met.extend(
            reports
                .iter()
                .map(|report| if report.skipped { "skipped" } else { report.event.name() }),
        );
    }
    assert!(met.contains("skipped") && met.contains("poisoned"), "{met:?}");
}

#[test]
fn a_poisoned_probe_is_reported_whatever_axis_is_wanted() {
    for kick in [Kick::Lowest, Kick::Highest] {
        let f = StrictSaddle::new(12, -0.2, 5);
        let policy = PolicySettings::Escape(EscapeSettings {
            line_search: false,
            kick,
            ..Default::default()
        });
        let trigger = TriggerSettings { interval: 3, stall: Stall::Always };
        // The fifth evaluation is the first probe, after the gradients of three steps and the loss that compares batches.
        let f = StrictSaddle { poison_at: Some(5), ..f };
        let reports = run(f, 0.5, 3, DeoSettings { policy, trigger, ..Default::default() }).reports;
        assert_eq!(reports[2].event, Event::Poisoned, "{kick:?}");
    }
}

#[test]
fn the_loop_sees_one_batch_and_its_own_order_of_calls() {
    // A scripted loop: the calls that one visit makes, in order. A rate that nothing beats sends it to the axis.
    let mut f = StrictSaddle::new(6, -0.5, 2);
    let mut x: Vec<f64> = (0..6).map(|i| 1e-6 * noise(4, i)).collect();
    // The step before the first visit is a true one, whose batch is compared.
    let trigger = TriggerSettings { interval: 5, stall: Stall::Always };
    let mut deo = Deo::new(&SPACE, &x, DeoSettings { trigger, ..Default::default() }).unwrap();
    let (mut g, mut g1, mut y) = (vec![0.0; 6], vec![0.0; 6], vec![0.0; 6]);
    let mut visits = vec![];
    for loss in [3e3, 2e3, 1e3] {
        deo.observe(&SPACE, &x, loss, &g);
    }
    for _ in 0..60 {
        let loss = f.value_grad(&x, &mut g);
        deo.observe(&SPACE, &x, loss, &g);
        let mut calls = String::new();
        while let Some(question) = deo.ask(&SPACE, &g) {
            match question {
                Question::Gradient(probe) => {
                    calls.push('g');
                    let h = probe.displace(&SPACE, &x, &mut y);
                    f.value_grad(&y, &mut g1);
                    deo.tell_gradient(&SPACE, Answer::forward(h, &g, &g1));
                }
                Question::Loss(trial) => {
                    calls.push('f');
                    trial.displace(&SPACE, &x, &mut y);
                    deo.tell_loss(f.value(&y));
                }
            }
        }
        let event = deo.apply(&SPACE, &mut x, &mut g);
        if !calls.is_empty() {
            visits.push((calls, event));
        }
        if !event.moved() {
            x.iter_mut().zip(&g).for_each(|(x, g)| *x -= 0.1 * g);
        }
    }
    let (calls, event) = &visits[0];
    // Losses along g, then gradients for the axis, then losses along it: never mixed.
    let shape: String = calls.chars().fold(String::new(), |mut shape, call| {
        if !shape.ends_with(call) {
            shape.push(call);
        }
        shape
    });
    assert_eq!(shape, "fgf", "{calls}");
    assert!(matches!(event, Event::Moved { along: Along::Axis, paid: false, .. }), "{event:?}");
}

#[test]
fn a_kick_never_raises_the_loss_it_was_certified_on() {
    for seed in 0..20 {
        let f = StrictSaddle::new(10, -0.3, seed);
        let Run { reports, .. } = run(f, 0.4, 60, DeoSettings { seed, ..Default::default() });
        for pair in reports.windows(2) {
            if let Event::Moved { decrease, length, .. } = pair[0].event {
                assert!(decrease > 0.0 && length > 0.0);
                let fall = pair[0].loss - pair[1].loss;
                assert!((fall - decrease).abs() <= 1e-12, "{fall} {decrease}");
            }
        }
    }
}

#[test]
fn degenerate_saddles_say_so() {
    // x³ − 3xy² at 0: H = 0.
    let mut monkey = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[3.0 * (x[0] * x[0] - x[1] * x[1]), -6.0 * x[0] * x[1]]);
        }
        x[0].powi(3) - 3.0 * x[0] * x[1] * x[1]
    });
    let x = vec![0.0, 0.0];
    let mut workspace = Workspace::new(&SPACE, &x, Default::default());
    let mut dimer = deo_core::Dimer::new(&SPACE, &x, Default::default()).unwrap();
    dimer.draw(&SPACE, 3);
    let estimate = dimer.measure(&SPACE, &mut monkey, &x, &[0.0, 0.0], &mut workspace);
    assert!(!estimate.is_negative(1.0), "{estimate:?}");
    assert!(dot(dimer.axis(), dimer.axis()) > 0.99);
}

#[test]
fn settings_out_of_range_are_named() {
    let mut settings = DeoSettings::default();
    settings.trigger.interval = 0;
    let message = Deo::new(&SPACE, &[0.0][..], settings).map(|_| ()).unwrap_err().to_string();
    assert_eq!(message, "trigger.interval is 0; it must be at least 1");
    let policy = PolicySettings::Deflate { alpha: f64::NAN, tracking: TRACKING };
    let settings = DeoSettings { policy, ..Default::default() };
    let message = Deo::new(&SPACE, &[0.0][..], settings).map(|_| ()).unwrap_err().to_string();
    assert_eq!(message, "alpha is NaN; it must be finite");
}

#[test]
fn in_the_warm_up_the_optimizer_is_alone() {
    let (space, warmup, lr) = (Host::<f64>::new(), 7, 0.05);
    let mut x = vec![0.4, 1e-9];
    let mut alone = x.clone();
    let mut run = WithDeo::new(&space, &x, gradient_descent(&x), DeoSettings::default())
        .unwrap()
        .with_warmup(warmup);
    let mut f = FromFn(saddle);
    for step in 0..warmup {
        let StepReport { loss, gradient_norm, event, skipped } =
            run.step(&space, &mut f, &mut x, lr);
        let mut g = vec![0.0; 2];
        assert_eq!(loss, saddle(&alone, Some(&mut g)));
        assert_eq!((gradient_norm, event, skipped), (dot(&g, &g).sqrt(), Event::Quiet, false));
        alone.iter_mut().zip(&g).for_each(|(x, g)| *x -= lr * g);
        assert_eq!(x, alone, "step {step}");
    }
    assert_eq!(run.counts(), Default::default(), "nothing was evaluated");
    // Once the way down along the first axis is walked, the steps are short.
    let moved = (0..200).any(|_| run.step(&space, &mut f, &mut x, lr).event.moved());
    assert!(moved, "and then it looks");
}

#[test]
fn where_there_is_no_parameter_no_gradient_is_asked_for() {
    let tracking = Tracking { interval: 2, ..TRACKING };
    for policy in [
        PolicySettings::Deflate { alpha: 0.5, tracking },
        PolicySettings::Amplify { strength: 2.0, tracking },
        PolicySettings::Escape(EscapeSettings { lengthening: 0.0, ..Default::default() }),
        PolicySettings::Escape(EscapeSettings::default()),
    ] {
        let settings = DeoSettings { policy, ..Default::default() };
        let mut x: Vec<f64> = vec![];
        let mut run = WithDeo::new(&SPACE, &x, gradient_descent(&x), settings).unwrap();
        let mut f = FromFn(|_: &[f64], _: Option<&mut [f64]>| 1.0);
        for _ in 0..200 {
            let report = run.step(&SPACE, &mut f, &mut x, 0.1);
            assert!(!report.event.moved() && !report.skipped);
        }
        assert_eq!(run.counts().gradients, 0);
    }
}

/// x₀⁴/4 − x₀²/2 + x₁² from beside its saddle: a run with visits, a move and its confirmation. With `gathers` every step
/// shows x and g; else those that look at less by [`Deo::looks_next`] show norms. Returns the events, and how often which.
fn told(gathers: bool) -> (Vec<f64>, Vec<&'static str>, [usize; 2]) {
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[x[0].powi(3) - x[0], 2.0 * x[1]]);
        }
        x[0].powi(4) / 4.0 - x[0] * x[0] / 2.0 + x[1] * x[1]
    });
    let (mut x, mut g) = (vec![1e-6, 3.0], vec![0.0; 2]);
    let mut deo = Deo::new(&SPACE, &x, DeoSettings::default()).unwrap();
    let mut workspace = Workspace::new(&SPACE, &x, Default::default());
    let (mut names, mut short) = (vec![], [0; 2]);
    for _ in 0..300 {
        let loss = f.value_grad(&x, &mut g);
        let mut pace = None;
        match deo.looks_next() {
            _ if gathers => {}
            Looks::All => {}
            Looks::Norm => pace = Some([f64::NAN; 2]),
            Looks::Pace => {
                let mut back = deo.marked().to_vec();
                SPACE.axpby(-1.0, &x, 1.0, &mut back);
                pace = Some([SPACE.norm(&back), SPACE.norm(&x)]);
            }
        }
        let marks = pace.and_then(|pace| deo.observe_pace(loss, SPACE.norm(&g), pace));
        let event = if let Some(marks) = marks {
            short[usize::from(marks)] += 1;
            if marks {
                deo.marked().copy_from_slice(&x);
            }
            Event::Quiet
        } else {
            deo.observe(&SPACE, &x, loss, &g);
            deo.visit(&SPACE, &mut f, &x, &g, &mut workspace);
            deo.apply(&SPACE, &mut x, &mut g)
        };
        names.push(event.name());
        if !event.moved() {
            x.iter_mut().zip(&g).for_each(|(x, g)| *x -= 0.01 * g);
        }
    }
    (x, names, short)
}

#[test]
fn a_step_that_needs_no_vectors_is_told_by_norms() {
    let ((x, names, none), (y, other_names, short)) = (told(true), told(false));
    assert_eq!((&x, &names, none), (&y, &other_names, [0; 2]), "the same bits and events");
    assert!((x[0].abs() - 1.0).abs() < 0.1 && names.contains(&"kick"), "{x:?} {names:?}");
    assert!(short[0] > 40 && short[1] > 10, "{short:?} of 300");
}
