//! What every problem must satisfy.

use crate::derivative::{TOLERANCE, assert_close, dot, noise, relative_error};
use deo_core::Objective;
use deo_models::landscapes;
use deo_models::problems::{Problem, by_name, names};

fn all() -> impl Iterator<Item = Box<dyn Problem>> {
    names().into_iter().map(|name| by_name(name).unwrap())
}

fn at(problem: &mut dyn Problem, seed: u64, step: u64, x: &[f64]) -> (f64, Vec<f64>) {
    let mut g = vec![f64::NAN; x.len()]; // the old content must not matter
    let value = problem.objective(seed, step).value_grad(x, &mut g);
    assert_eq!(problem.objective(seed, step).value(x), value, "{}", problem.name());
    (value, g)
}

/// ⟨∇f, d⟩ by (8 (f₁ − f₋₁) − (f₂ − f₋₂))/12h along d.
fn slope(f: &mut dyn Objective<[f64]>, x: &[f64], d: &[f64], h: f64) -> f64 {
    let [f1, f_1, f2, f_2] = [1.0, -1.0, 2.0, -2.0].map(|k| {
        let y: Vec<f64> = x.iter().zip(d).map(|(x, d)| x + k * h * d).collect();
        f.value(&y)
    });
    (8.0 * (f1 - f_1) - (f2 - f_2)) / (12.0 * h)
}

#[test]
fn gradients_are_those_of_finite_differences_off_the_start() {
    for mut problem in all() {
        let n = problem.dimension();
        // At the start itself many gradients are too small to tell. 0.3 moves every weight of a net, biases included.
        let offset = noise(1, n);
        let x: Vec<f64> = problem.start(4).iter().zip(&offset).map(|(x, o)| x + 0.3 * o).collect();
        let (_, g) = at(&mut *problem, 4, 2, &x);
        // Every axis where that is cheap; else pieces of 1/16 of the parameters, each by itself.
        let directions: Vec<Vec<f64>> = if n <= 200 {
            (0..n).map(|i| (0..n).map(|j| f64::from(i == j)).collect()).collect()
        } else {
            let pieces = noise(2, n);
            let piece = |k: usize| move |i: usize| i * 16 / n == k;
            (0..16)
                .map(|k| (0..n).map(|i| if piece(k)(i) { pieces[i] } else { 0.0 }).collect())
                .collect()
        };
        let (mut got, mut want) = (Vec::new(), Vec::new());
        for d in &directions {
            got.push(dot(&g, d));
            // Every step is as long as one along an axis.
            let h = 1e-3 / dot(d, d).sqrt();
            want.push(slope(problem.objective(4, 2), &x, d, h));
        }
        assert_close(problem.name(), &got, &want, TOLERANCE);
    }
}

#[test]
fn starts_are_seeded_and_unsolved() {
    for mut problem in all() {
        let name = problem.name().to_owned();
        let [one, again, two] = [1, 1, 2].map(|seed| problem.start(seed));
        assert_eq!(one.len(), problem.dimension(), "{name}");
        assert_eq!(one, again, "{name}");
        assert!(relative_error(&one, &two) > 1e-3, "{name}: seeds 1 and 2 start alike");
        assert!(problem.budget() > 0);
        let start = problem.measure(&one);
        assert!(start.is_finite());
        if let Some(target) = problem.target() {
            assert!(target > 0.0 && start > 50.0 * target, "{name}: {start} at the start");
        }
        // The stationary point that is started from would be no start: the gradient is not zero.
        let (_, g) = at(&mut *problem, 1, 0, &one);
        assert!(g.iter().any(|g| *g != 0.0), "{name}");
    }
}

#[test]
fn batches_depend_on_seed_and_step_alone() {
    for mut problem in all() {
        let x = problem.start(1);
        let first = at(&mut *problem, 1, 0, &x);
        let (step, seed) = (at(&mut *problem, 1, 1, &x), at(&mut *problem, 2, 0, &x));
        assert_eq!(step != first, problem.has_batches(), "{}", problem.name());
        assert_eq!(seed != first, problem.has_batches(), "{}", problem.name());
        problem.measure(&x);
        assert_eq!(at(&mut *problem, 1, 0, &x), first, "{}", problem.name());
        let fresh = at(&mut *by_name(problem.name()).unwrap(), 1, 0, &x);
        assert_eq!(fresh, first, "{}", problem.name());
    }
}

#[test]
fn minima_of_the_landscape_are_solutions() {
    for name in [
        "gaussian-bump",
        "monkey-well",
        "quartic-saddle",
        "matrix-factorisation",
        "phase-retrieval",
        "linear-net",
        "deep-linear-net",
        "linear-attention",
        "linear-attention-apart",
        "identical-units",
        "xor",
    ] {
        let mut problem = by_name(name).unwrap();
        let landscape = landscapes::by_name(name).unwrap();
        for minimum in landscape.minima() {
            let measure = problem.measure(&minimum.x);
            assert!(measure.abs() <= 1e-14, "{name}: {measure}");
        }
        for saddle in landscape.saddles() {
            let measure = problem.measure(&saddle.x);
            assert!(measure > 20.0 * problem.target().unwrap(), "{name}: {measure} at {saddle:?}");
        }
    }
}
