//! Our loop under a budget against the core's own driver, and at the budget's end.

use super::*;
use deo_core::drive::WithDeo;
use deo_core::optim::{Sgd, SgdSettings};
use deo_core::policy::EscapeSettings;
use deo_core::trigger::{Stall, TriggerSettings};
use deo_core::{DeoSettings, PolicySettings, Space, objective::FromFn};
use deo_linalg::Threads;

/// f(x) = Σ (xᵢ⁴/4 − xᵢ²/2 + xᵢ²·i/8): a saddle at 0, with a downward direction for i < 4.
fn landscape(x: &[f32], g: Option<&mut [f32]>) -> f64 {
    let bend = |i: usize| i as f32 / 4.0 - 1.0;
    if let Some(g) = g {
        for (i, (g, x)) in g.iter_mut().zip(x).enumerate() {
            *g = x * x * x + bend(i) * x;
        }
    }
    let term = |(i, x): (usize, &f32)| f64::from(x.powi(4) / 4.0 + bend(i) * x * x / 2.0);
    x.iter().enumerate().map(term).sum()
}

const START: [f32; 6] = [1e-3, -2e-3, 1e-4, 3e-3, 0.5, -0.5];
const CLIP: f64 = 0.3;
/// Small, since Escape looks where a run stands.
const RATE: f64 = 1e-3;

fn policies() -> [DeoSettings; 3] {
    let tracking = Default::default();
    let trigger = TriggerSettings { interval: 4, stall: Stall::Always };
    [
        PolicySettings::Deflate { alpha: 0.5, tracking },
        PolicySettings::Amplify { strength: 2.0, tracking },
        PolicySettings::Escape(EscapeSettings::default()),
    ]
    .map(|policy| DeoSettings { policy, trigger, seed: 3, ..DeoSettings::default() })
}

struct Run {
    x: Vec<f32>,
    ledger: Ledger,
    events: Vec<&'static str>,
    totals: Totals,
}

/// As many steps as `budget` pays, at most `steps`.
fn run(settings: DeoSettings, budget: u64, steps: u64) -> Run {
    let space = Params::new(Threads::One);
    let zeros = || vec![0.0; START.len()];
    let mut v = Vectors { g: zeros(), ..Vectors::new(START.to_vec()) };
    let mut helper = Helper::Deo(Box::new(Deo::new(&space, &v.x, settings).unwrap()));
    let momentum = SgdSettings { momentum: 0.5, ..SgdSettings::default() };
    let mut sgd = Sgd::new(momentum, &space, &v.x).unwrap();
    let mut ledger = Ledger::new(budget);
    let (mut f, mut events) = (FromFn(landscape), vec![]);
    while events.len() < steps as usize && ledger.take_gradient() {
        let loss = f.value_grad(&v.x, &mut v.g);
        let base = Base { optimizer: &mut sgd, lr: RATE, clip: CLIP, looks: true };
        events.push(helper.step(&space, &mut f, &mut v, loss, base, &mut ledger).event);
    }
    Run { x: v.x, ledger, events, totals: helper.totals() }
}

#[test]
fn with_budget_to_spare_it_is_the_cores_driver_bit_for_bit() {
    for settings in policies() {
        let ours = run(settings, 10_000, 60);
        let space = Params::new(Threads::One);
        let mut x = START.to_vec();
        let momentum = SgdSettings { momentum: 0.5, ..SgdSettings::default() };
        let sgd = Sgd::new(momentum, &space, &x).unwrap();
        let mut theirs = WithDeo::new(&space, &x, sgd, settings).unwrap().with_clip(CLIP);
        for event in &ours.events {
            let report = theirs.step(&space, &mut FromFn(landscape), &mut x, RATE);
            assert_eq!(report.event.name(), *event);
        }
        assert_eq!(ours.x, x);
        let counts = theirs.counts();
        assert!(counts.gradients + counts.losses > 0, "nothing was compared: {counts:?}");
        assert_eq!(ours.ledger.gradients(), 60 + counts.gradients);
        assert_eq!(ours.ledger.losses(), counts.losses);
        assert_eq!((ours.totals.rotations, ours.totals.moves), (counts.rotations, counts.moves));
    }
}

#[test]
fn a_visit_that_the_budget_cannot_pay_ends_and_the_step_is_taken() {
    for settings in policies() {
        let whole = run(settings, 10_000, 60);
        for budget in 1..30 {
            let cut = run(settings, budget, 60);
            assert!(cut.ledger.spent() <= budget as f64, "{:?}", cut.ledger);
            assert!(cut.ledger.spent() > budget as f64 - 1.0, "{:?}", cut.ledger);
            // All steps but the last one, whose visit may have been cut, are those of the whole run.
            let before = cut.events.len() - 1;
            assert_eq!(cut.events[..before], whole.events[..before]);
            let stay = Params::new(Threads::One).norm(&cut.x);
            assert!(stay.is_finite() && cut.x != START, "the last step was taken");
        }
    }
}
