//! Finite differences, the independent oracle of this suite, and seeded points.

use deo_core::Objective;
use deo_models::landscapes::Landscape;
use nalgebra::{DMatrix, SymmetricEigen};
use proptest::test_runner::{Config, RngSeed};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// `cases` cases, the same ones in every run.
pub(crate) fn cases(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_250_719),
        ..Config::default()
    }
}

/// A point uniform in the box, stretched by `stretch` about its centre.
pub(crate) fn point(domain: &[(f64, f64)], stretch: f64, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let coordinate = |&(low, high): &(f64, f64)| {
        let (middle, half) = ((low + high) / 2.0, (high - low) / 2.0);
        middle + stretch * half * rng.random_range(-1.0..=1.0)
    };
    domain.iter().map(coordinate).collect()
}

pub(crate) fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

pub(crate) fn distance(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    let difference: Vec<f64> = x.iter().zip(y).map(|(x, y)| x - y).collect();
    norm(&difference)
}

pub(crate) fn gradient<O: Objective<[f64]> + ?Sized>(f: &mut O, x: &[f64]) -> Vec<f64> {
    let mut gradient = vec![f64::NAN; x.len()]; // the old content must not matter
    f.value_grad(x, &mut gradient);
    gradient
}

/// (8(f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h)))/12h, whose error is h⁴f⁽⁵⁾/30 + 1.5 ε|f|/h.
fn five_point(h: f64, mut at: impl FnMut(f64) -> f64) -> f64 {
    (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h)
}

/// Holds the gradient at x to central differences of the value, to 1e-7 of its norm, and the two ways to a value
/// to each other.
#[track_caller]
pub(crate) fn check_gradient<L: Landscape + ?Sized>(landscape: &mut L, x: &[f64], h: f64) {
    let mut exact = vec![f64::NAN; x.len()];
    let value = landscape.value_grad(x, &mut exact);
    assert_eq!(value, landscape.value(x), "value and value_grad at {x:?}");

    let mut y = x.to_vec();
    let differences: Vec<f64> = (0..x.len())
        .map(|i| {
            let slope = five_point(h, |step| {
                y[i] = x[i] + step;
                landscape.value(&y)
            });
            y[i] = x[i];
            slope
        })
        .collect();
    // The second term is the rounding of the values, with room for the size of their terms.
    let tolerance = 1e-7 * norm(&exact) + 100.0 * f64::EPSILON * (1.0 + value.abs()) / h;
    let error = distance(&exact, &differences);
    assert!(
        error <= tolerance,
        "{landscape:?} at {x:?}: {exact:?} against {differences:?}, off by {error:e} > {tolerance:e}"
    );
}

/// The Hessian at x from differences of the gradient, symmetrised.
pub(crate) fn hessian<O: Objective<[f64]> + ?Sized>(f: &mut O, x: &[f64], h: f64) -> DMatrix<f64> {
    let n = x.len();
    let mut matrix = DMatrix::zeros(n, n);
    for j in 0..n {
        let at = |step: f64, f: &mut O| {
            let mut y = x.to_vec();
            y[j] += step;
            gradient(f, &y)
        };
        let sides = [h, -h, 2.0 * h, -2.0 * h].map(|step| at(step, f));
        for i in 0..n {
            matrix[(i, j)] =
                (8.0 * (sides[0][i] - sides[1][i]) - (sides[2][i] - sides[3][i])) / (12.0 * h);
        }
    }
    (&matrix + matrix.transpose()) / 2.0
}

/// Ascending eigenvalues of a symmetric matrix.
pub(crate) fn eigenvalues(matrix: DMatrix<f64>) -> Vec<f64> {
    let mut values: Vec<f64> = SymmetricEigen::new(matrix).eigenvalues.iter().copied().collect();
    values.sort_by(f64::total_cmp);
    values
}
