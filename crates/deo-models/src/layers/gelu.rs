//! The Gaussian error linear unit, in its exact form.
//!
//! ```text
//! y = x Φ(x),   dx = dy (Φ(x) + x φ(x)),   Φ(x) = ½ (1 + erf(x/√2)),   φ = Φ′
//! ```
//!
//! Not the tanh approximation of the original GPT-2: PyTorch's default, and nanoGPT's, is the exact one.
//!
//! Reference: Hendrycks & Gimpel, arXiv 1606.08415.

use super::check_len;
use super::elementary::normal;
use super::parallel::{for_each_component, map, rows_mut, scale};
use deo_linalg::{Real, Threads};

/// y ← x Φ(x), component by component; x, y of one length.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn forward<T: Real>(threads: Threads, y: &mut [T], x: &[T]) {
    map(
        threads,
        y,
        x,
        #[inline(always)]
        |x| x * normal(x).0,
    );
}

/// y ← x Φ(x), and x ← Φ(x) + x φ(x), the slope there: all that [`backward_by_slope`] needs, so that Φ and φ are computed
/// once for both passes. x, y of one length.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn forward_with_slope<T: Real>(threads: Threads, y: &mut [T], x: &mut [T]) {
    check_len("y", y, x.len());
    let views = (rows_mut(y, 1), rows_mut(x, 1));
    for_each_component(
        threads,
        views,
        #[inline(always)]
        |(y, x)| {
            for (y, x) in y.flat().iter_mut().zip(x.flat()) {
                let (below, density) = normal(*x);
                *y = *x * below;
                *x = below + *x * density;
            }
        },
    );
}

/// dx ← dy ∘ slope, where `dx` holds dy before; of one length with the slope that [`forward_with_slope`] left.
///
/// The bits are those of [`backward_in_place`].
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn backward_by_slope<T: Real>(threads: Threads, dx: &mut [T], slope: &[T]) {
    scale(
        threads,
        dx,
        slope,
        #[inline(always)]
        |slope| slope,
    );
}

/// dx ← dy (Φ(x) + x φ(x)), where `dx` holds dy before; of one length with x.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn backward_in_place<T: Real>(threads: Threads, dx: &mut [T], x: &[T]) {
    scale(
        threads,
        dx,
        x,
        #[inline(always)]
        |x| {
            let (below, density) = normal(x);
            below + x * density
        },
    );
}
