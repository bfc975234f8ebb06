//! Gradients by finite differences, in f64: the oracle of every hand-written backward.

#![allow(dead_code)] // each test binary uses a part

use deo_models::layout::Layout;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The five-point rule errs by h⁴ |f⁽⁵⁾|/30 + 1.5 ε|f|/h, some 1e-13 if f and its derivatives are of order 1.
const H: f64 = 1e-3;

/// Relative, per tensor: a correct backward stays below 4e-9, which is the rule's own error; a wrong term
/// shows in the first digits.
pub(crate) const TOLERANCE: f64 = 1e-7;

/// ∇f(x) by (8 (f₁ − f₋₁) − (f₂ − f₋₂))/12h along every axis.
pub(crate) fn gradient(x: &[f64], mut f: impl FnMut(&[f64]) -> f64) -> Vec<f64> {
    let mut x = x.to_vec();
    (0..x.len())
        .map(|i| {
            let centre = x[i];
            let [f1, f_1, f2, f_2] = [1.0, -1.0, 2.0, -2.0].map(|k| {
                x[i] = centre + k * H;
                f(&x)
            });
            x[i] = centre;
            (8.0 * (f1 - f_1) - (f2 - f_2)) / (12.0 * H)
        })
        .collect()
}

/// max |got − want| / max |want|.
pub(crate) fn relative_error(got: &[f64], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let largest = |x: &mut dyn Iterator<Item = f64>| x.fold(0.0, f64::max);
    let scale = largest(&mut want.iter().map(|w| w.abs()));
    let pairs = got.iter().zip(want);
    // A NaN must not be lost in the maximum.
    let error =
        pairs.map(|(g, w)| (g - w).abs()).map(|e| if e.is_nan() { f64::INFINITY } else { e });
    largest(&mut { error }) / scale
}

/// Panics unless the two agree to `tolerance`.
#[track_caller]
pub(crate) fn assert_close(name: &str, got: &[f64], want: &[f64], tolerance: f64) {
    let error = relative_error(got, want);
    assert!(error <= tolerance, "{name}: relative error {error:.1e}, allowed {tolerance:.0e}");
}

/// [`assert_close`] for every tensor by itself.
#[track_caller]
pub(crate) fn assert_tensors_close(layout: &Layout, got: &[f64], want: &[f64], tolerance: f64) {
    for ((tensor, got), (_, want)) in layout.split(got).zip(layout.split(want)) {
        assert_close(tensor.name(), got, want, tolerance);
    }
}

/// `len` numbers, uniform in [−1, 1).
pub(crate) fn noise(seed: u64, len: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..len).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// `len` tokens below `below`.
pub(crate) fn tokens(seed: u64, len: usize, below: u16) -> Vec<u16> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..len).map(|_| rng.random_range(0..below)).collect()
}

/// Σ x y.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}
