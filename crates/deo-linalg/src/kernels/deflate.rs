//! g ← g − β⟨g, n⟩ n.

use super::{axpby, dot};
use crate::{Real, Threads};

/// g ← g − β⟨g, n⟩ n, and the ⟨g, n⟩ of before.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn deflate<T: Real>(threads: Threads, beta: f64, n: &[T], g: &mut [T]) -> f64 {
    let along = dot(threads, g, n);
    axpby(threads, -beta * along, n, 1.0, g);
    along
}
