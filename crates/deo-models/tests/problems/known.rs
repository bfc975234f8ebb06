//! What is known of gradient methods on the problems: what they solve, and what they never will.

use deo_models::problems::{Problem, by_name};

/// Runs heavy ball, gradient descent for β = 0, until the target or the budget; the count if it was reached.
fn heavy_ball(
    problem: &mut dyn Problem,
    seed: u64,
    rate: f64,
    beta: f64,
) -> (Option<u64>, Vec<f64>) {
    let mut x = problem.start(seed);
    let (mut g, mut v) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    for step in 0..problem.budget() {
        if problem.target().is_some_and(|target| problem.measure(&x) <= target) {
            return (Some(step), x);
        }
        problem.objective(seed, step).value_grad(&x, &mut g);
        for ((x, v), g) in x.iter_mut().zip(&mut v).zip(&g) {
            *v = beta * *v + g;
            *x -= rate * *v;
        }
    }
    (None, x)
}

#[test]
fn gradient_descent_solves_what_it_should() {
    // A rate that works, and gradients with a margin of a half over those of seeds 0 to 2.
    let expected = [
        ("octopus-5-1", 0.25, 1_200),
        ("quartic-well", 0.5, 60),
        ("gaussian-bump", 0.5, 160),
        ("matrix-factorisation", 0.5, 230),
        ("phase-retrieval", 0.25, 70),
        ("linear-net", 0.5, 230),
        ("deep-linear-net", 0.5, 5_500),
        ("xor", 0.25, 2_000),
    ];
    for (name, rate, most) in expected {
        for seed in 0..3 {
            let (count, _) = heavy_ball(&mut *by_name(name).unwrap(), seed, rate, 0.0);
            assert!(count.is_some_and(|count| count <= most), "{name}, seed {seed}: {count:?}");
        }
    }
}

#[test]
fn gradient_descent_does_not_leave_the_hard_saddles_within_the_budget() {
    let stuck = [
        ("octopus-10-1", 0.25),
        ("octopus-10-2", 0.125),
        ("strict-saddle", 0.5),
        ("strict-saddle-flat", 1.0),
        ("monkey-well", 0.25),
        ("quartic-saddle", 0.25),
    ];
    for (name, rate) in stuck {
        for seed in 0..3 {
            let (count, _) = heavy_ball(&mut *by_name(name).unwrap(), seed, rate, 0.0);
            assert_eq!(count, None, "{name}, seed {seed}");
        }
    }
}

#[test]
fn equal_units_stay_equal_and_lead_on_once_told_apart() {
    let mut problem = by_name("identical-units").unwrap();
    for seed in 0..3 {
        for (rate, beta) in [(0.2, 0.0), (0.3, 0.9)] {
            let (count, x) = heavy_ball(&mut *problem, seed, rate, beta);
            let end = problem.measure(&x);
            assert!(count.is_none() && (0.028..0.029).contains(&end), "seed {seed}: {end}");
        }
        // From there, told apart by 1 %.
        let mut x = heavy_ball(&mut *problem, seed, 0.3, 0.9).1;
        x.iter_mut().enumerate().for_each(|(i, x)| *x *= 1.0 + 0.01 * (i as f64).sin());
        let (mut g, mut v) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        for _ in 0..problem.budget() {
            problem.objective(seed, 0).value_grad(&x, &mut g);
            for ((x, v), g) in x.iter_mut().zip(&mut v).zip(&g) {
                *v = 0.9 * *v + g;
                *x -= 0.3 * *v;
            }
        }
        assert!(problem.measure(&x) <= problem.target().unwrap());
    }
}

#[test]
fn the_saddles_are_started_from_at_the_stated_distance() {
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let distances = [
        ("strict-saddle", 1e-6),
        ("strict-saddle-flat", 1e-6),
        ("quartic-well", 1e-6),
        ("gaussian-bump", 1e-6),
        ("monkey-well", 1e-4),
        ("quartic-saddle", 1e-2),
    ];
    for (name, distance) in distances {
        let start = by_name(name).unwrap().start(3);
        assert!((norm(&start) / distance - 1.0).abs() <= 1e-12, "{name}");
    }
    for seed in 0..20 {
        let start = by_name("octopus-10-1").unwrap().start(seed);
        assert!(start.iter().all(|x| x.abs() <= 1.0) && norm(&start) > 0.5);
    }
}

/// Du et al. define their function on the cube of 6τ; the minima are at 4τ.
#[test]
fn the_octopus_ends_at_six_tau() {
    let octopus = by_name("octopus-5-2").unwrap();
    let tau = std::f64::consts::E;
    assert!(octopus.contains(&[4.0 * tau, -4.0 * tau, 0.0, 6.0 * tau, 1.0]));
    assert!(!octopus.contains(&[0.0, 0.0, -6.01 * tau, 0.0, 0.0]));
    assert!(by_name("xor").unwrap().contains(&[1e9; 9]), "defined everywhere");
}
