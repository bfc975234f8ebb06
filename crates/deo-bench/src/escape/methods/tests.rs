//! What a step of each method costs and does, by hand.

use super::*;
use crate::Ledger;
use crate::escape::meter::Metered;
use deo_core::objective::FromFn;
use deo_core::optim::Group;

/// A row of two is a matrix.
fn groups() -> Groups {
    Groups::new(2, vec![Group::new(0..2).matrix(1, 2)]).unwrap()
}

/// ½(x₁² + 4x₂²).
fn bowl(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    if let Some(g) = g {
        g.copy_from_slice(&[x[0], 4.0 * x[1]]);
    }
    0.5 * (x[0] * x[0] + 4.0 * x[1] * x[1])
}

/// (gradients, losses) after each of `steps` steps from (1, 1).
fn costs(name: &str, knobs: &[f64], lr: f64, steps: usize) -> Vec<(u64, u64)> {
    let kind = MethodKind::by_name(name).unwrap();
    let (mut x, mut ledger) = (vec![1.0, 1.0], Ledger::new(1000));
    let mut method = kind.build(lr, knobs, 7, &x, &groups());
    assert_eq!(method.name(), name);
    let mut f = FromFn(bowl);
    (0..steps)
        .map(|_| {
            let loss = method.step(&mut x, &mut Metered::new(&mut f, &mut ledger)).unwrap();
            assert!(loss.is_finite());
            (ledger.gradients(), ledger.losses())
        })
        .collect()
}

#[test]
fn a_step_of_a_base_optimizer_is_one_gradient() {
    for base in Base::ALL {
        assert_eq!(costs(base.name(), &[], 0.01, 3), [(1, 0), (2, 0), (3, 0)]);
    }
}

#[test]
fn what_the_others_add() {
    assert_eq!(costs("sam", &[0.05], 0.01, 3), [(2, 0), (4, 0), (6, 0)]);
    // Far from any threshold: plain gradient descent.
    assert_eq!(costs("perturbed-gd", &[0.1, 1e-9, 10.0], 0.01, 3), [(1, 0), (2, 0), (3, 0)]);
    assert_eq!(costs("neon", &[0.1, 1e-9, 10.0], 0.01, 3), [(1, 0), (2, 0), (3, 0)]);
    // A noise at the first step; ten steps on the next isn't due yet.
    assert_eq!(costs("perturbed-gd", &[0.1, 1e9, 10.0], 0.01, 2), [(2, 0), (3, 0)]);
    // A search of ten gradients in a bowl finds nothing, and no loss is asked for.
    assert_eq!(costs("neon", &[0.1, 1e9, 10.0], 0.01, 2), [(11, 0), (12, 0)]);
    // The published dimer rotates at the tenth step.
    let compat = costs("compat+gd", &[], 0.01, 10);
    assert_eq!((compat[8], compat[9]), ((9, 0), (11, 0)));
    // The guard measures the first step and then every twentieth, by a loss each.
    let guard = costs("guard+gd", &[], 0.01, 41);
    assert_eq!((guard[0], guard[19], guard[20], guard[40]), ((1, 1), (20, 1), (21, 2), (41, 3)));
    // Deflate measures its axis every ten steps: two gradients are the whole plane, so the first visit ends early.
    let deflate = costs("deflate+gd", &[], 0.01, 20);
    assert_eq!(deflate[8], (9, 0));
    assert!(deflate[9].0 > 10 && deflate[9].1 == 0, "{deflate:?}");
}

#[test]
fn first_steps_are_those_of_the_formulas() {
    // From (1, 1), g = (1, 4).
    let after = |name: &str| {
        let (mut x, mut ledger) = (vec![1.0, 1.0], Ledger::new(10));
        let kind = MethodKind::by_name(name).unwrap();
        // Gradients of norm √17 are not clipped to 100, and too large for a noise at 0.1.
        let knobs: &[f64] = match kind.knobs().len() {
            0 => &[],
            1 => &[100.0],
            _ => &[0.5, 0.1, 10.0],
        };
        let mut method = kind.build(0.1, knobs, 7, &x, &groups());
        let mut f = FromFn(bowl);
        method.step(&mut x, &mut Metered::new(&mut f, &mut ledger)).unwrap();
        x
    };
    let close = |x: Vec<f64>, y: [f64; 2]| {
        assert!((x[0] - y[0]).abs() < 1e-7 && (x[1] - y[1]).abs() < 1e-7, "{x:?} is not {y:?}");
    };
    close(after("gd"), [0.9, 0.6]);
    close(after("heavy-ball"), [0.9, 0.6]);
    // g + μ·g for Nesterov's first step, μ = 0.9.
    close(after("nesterov"), [1.0 - 0.19, 1.0 - 0.76]);
    // η · sign(g) up to ε; AdamW shrinks x by ηλ = 1e-3 beforehand.
    close(after("adam"), [0.9, 0.9]);
    close(after("adamw"), [0.899, 0.899]);
    // RMSprop corrects no bias: η · sign(g)/√(1 − α), α = 0.99.
    close(after("rmsprop"), [0.0, 0.0]);
    close(after("rprop"), [0.9, 0.9]);
    // Along −g, of length η min(1, ‖g‖).
    let unit = 0.1 / 17.0_f64.sqrt();
    close(after("lbfgs"), [1.0 - unit, 1.0 - 4.0 * unit]);
    // Along −g too; a row has one singular value, which Newton–Schulz takes from 1 to 0.7, and 0.2 √2 is for the shape.
    let muon = after("muon");
    let orbit = (0..5).fold(1.0, |s: f64, _| 3.4445 * s - 4.775 * s.powi(3) + 2.0315 * s.powi(5));
    let moved = orbit * 0.2 * 2.0_f64.sqrt();
    close(muon, [1.0 - moved * unit, 1.0 - 4.0 * moved * unit]);
    for policy in Policy::ALL.map(Policy::name) {
        if policy != "compat" {
            close(after(&format!("{policy}+gd")), [0.9, 0.6]);
        }
    }
}

#[test]
fn a_guard_tames_a_rate_that_is_ten_times_too_large() {
    let solved = |name: &str| {
        let (mut x, mut ledger) = (vec![1.0, 1.0], Ledger::new(500));
        // 2/λ_max = 0.5.
        let mut method = MethodKind::by_name(name).unwrap().build(5.0, &[], 7, &x, &groups());
        let mut f = FromFn(bowl);
        while method.step(&mut x, &mut Metered::new(&mut f, &mut ledger)).is_some() {}
        x.iter().all(|x| x.abs() < 1e-2)
    };
    assert!(!solved("gd"));
    assert!(solved("guard+gd"));
}

#[test]
fn clipping_shortens_a_step_and_keeps_its_direction() {
    let (mut x, mut ledger) = (vec![1.0, 1.0], Ledger::new(10));
    let mut method = MethodKind::by_name("clip+gd").unwrap().build(0.1, &[0.5], 7, &x, &groups());
    method.step(&mut x, &mut Metered::new(&mut FromFn(bowl), &mut ledger)).unwrap();
    let moved = [1.0 - x[0], 1.0 - x[1]];
    assert!((moved[0].hypot(moved[1]) - 0.05).abs() < 1e-7, "{moved:?}");
    assert!((moved[1] / moved[0] - 4.0).abs() < 1e-12, "{moved:?}");
}

#[test]
fn a_budget_that_ends_within_a_step_leaves_x_alone() {
    for (name, knobs) in [("sam", &[0.05][..]), ("perturbed-gd", &[0.1, 1e9, 10.0])] {
        let (mut x, mut ledger) = (vec![1.0, 1.0], Ledger::new(1));
        let mut method = MethodKind::by_name(name).unwrap().build(0.1, knobs, 7, &x, &groups());
        let mut f = FromFn(bowl);
        assert_eq!(method.step(&mut x, &mut Metered::new(&mut f, &mut ledger)), None);
        assert_eq!((x, ledger.gradients()), (vec![1.0, 1.0], 1));
    }
}
