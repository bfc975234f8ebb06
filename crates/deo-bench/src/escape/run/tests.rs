//! The harness against closed forms, on a quadratic with a target.

use super::*;
use crate::escape::kinds::{Base, MethodKind};
use crate::escape::tuning::value;
use deo_core::Objective;
use deo_core::objective::FromFn;

type Loss = fn(&[f64], Option<&mut [f64]>) -> f64;

/// ½x² from 1, solved at |x| ≤ `target`.
struct Quadratic {
    f: FromFn<Loss>,
    target: Option<f64>,
    batches: bool,
    measured: u32,
    bound: f64,
}

impl std::fmt::Debug for Quadratic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Quadratic")
    }
}

fn half_square(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    if let Some(g) = g {
        g[0] = x[0];
    }
    0.5 * x[0] * x[0]
}

fn quadratic(target: Option<f64>) -> Quadratic {
    Quadratic {
        f: FromFn(half_square as Loss),
        target,
        batches: false,
        measured: 0,
        bound: f64::INFINITY,
    }
}

impl Problem for Quadratic {
    fn name(&self) -> &str {
        "quadratic"
    }
    fn dimension(&self) -> usize {
        1
    }
    fn start(&self, _: u64) -> Vec<f64> {
        vec![1.0]
    }
    fn objective(&mut self, _: u64, _: u64) -> &mut dyn Objective<[f64]> {
        &mut self.f
    }
    fn measure(&mut self, x: &[f64]) -> f64 {
        self.measured += 1;
        x[0].abs()
    }
    fn target(&self) -> Option<f64> {
        self.target
    }
    fn budget(&self) -> u64 {
        1000
    }
    fn has_batches(&self) -> bool {
        self.batches
    }
    fn contains(&self, x: &[f64]) -> bool {
        x[0].abs() <= self.bound
    }
}

fn gd(problem: &mut Quadratic, lr: f64, budget: u64) -> Outcome {
    let x = problem.start(0);
    let mut method = MethodKind::Plain(Base::Gd).build(lr, &[], 0, &x, &problem.groups());
    run(problem, &mut *method, x, 0, budget, true)
}

#[test]
fn gradient_descent_solves_after_the_closed_form_number_of_steps() {
    for (lr, target) in [(0.1, 1e-4), (0.5, 1e-6), (0.03, 0.2)] {
        let outcome = gd(&mut quadratic(Some(target)), lr, 1000);
        // |x| = (1 − η)ᵗ ≤ target.
        let steps = (target.ln() / (1.0 - lr).ln()).ceil();
        assert_eq!(outcome.end, End::Solved);
        assert_eq!(
            (outcome.steps, outcome.gradients, outcome.losses),
            (steps as u64, steps as u64, 0)
        );
        assert_eq!(outcome.cost, steps);
        assert!(outcome.measure <= target && outcome.measure > target * (1.0 - lr));
        assert_eq!(outcome.loss, 0.5 * outcome.measure * outcome.measure);
    }
}

#[test]
fn the_budget_ends_a_run_and_a_start_may_be_solved() {
    let outcome = gd(&mut quadratic(Some(1e-4)), 0.1, 20);
    assert_eq!((outcome.end, outcome.gradients), (End::Spent, 20));
    assert!((outcome.measure - 0.9_f64.powi(20)).abs() < 1e-15);
    let outcome = gd(&mut quadratic(Some(1.0)), 0.1, 20);
    assert_eq!((outcome.end, outcome.cost), (End::Solved, 0.0));
    // Without a target there is nothing to solve.
    let outcome = gd(&mut quadratic(None), 0.5, 100);
    assert_eq!((outcome.end, outcome.gradients), (End::Spent, 100));
}

#[test]
fn a_run_that_leaves_the_region_of_its_problem_has_failed() {
    // x = (1 − η)ᵗ: −1.2 after one step, 1.44 after two.
    let outcome = gd(&mut Quadratic { bound: 1.3, ..quadratic(Some(1e-3)) }, 2.2, 50);
    assert_eq!((outcome.end, outcome.gradients), (End::Failed, 2));
    let outcome = gd(&mut Quadratic { bound: 1.3, ..quadratic(Some(1e-3)) }, 1.5, 50);
    assert_eq!(outcome.end, End::Solved);
}

#[test]
fn a_rate_that_is_too_large_fails_without_a_panic() {
    let outcome = gd(&mut quadratic(Some(1e-4)), 1e30, 1000);
    assert_eq!(outcome.end, End::Failed);
    assert_eq!((outcome.measure, outcome.loss), (f64::INFINITY, f64::INFINITY));
    assert!(outcome.gradients < 20);
    // Every method, at rates that overflow at once and after some steps.
    for kind in MethodKind::DEFAULT {
        for lr in [1e300, 1e8] {
            let knobs: Vec<f64> = kind.knobs().iter().map(|knob| value(knob.grid[0])).collect();
            let mut problem = quadratic(Some(1e-4));
            let mut method = kind.build(lr, &knobs, 0, &[1.0], &problem.groups());
            let outcome = run(&mut problem, &mut *method, vec![1.0], 0, 500, false);
            assert!(outcome.end == End::Failed || outcome.measure.is_finite(), "{}", kind.name());
        }
    }
}

#[test]
fn with_batches_the_measure_is_looked_at_now_and_then() {
    let mut problem = Quadratic { batches: true, ..quadratic(Some(1e-4)) };
    let outcome = gd(&mut problem, 0.01, 10_000);
    // ln 1e-4/ln 0.99 = 916.4: the next look, every 100 gradients, is at 1000.
    assert_eq!((outcome.end, outcome.gradients), (End::Solved, 1000));
    // At the start, ten times, and for the record.
    assert_eq!(problem.measured, 12);
    assert!(outcome.curve.is_sorted_by(|a, b| a.0 < b.0 || (a.0 == b.0 && a.1 == b.1)));
}
