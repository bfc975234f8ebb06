//! The plane rotation of two vectors.

use super::same_length;
use crate::parallel::for_each;
use crate::simd::simd;
use crate::{Real, Threads};

/// (x, y) ← (c x + s y, c y − s x), in one pass and without scratch.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn rotate<T: Real>(threads: Threads, c: f64, s: f64, x: &mut [T], y: &mut [T]) {
    same_length(x, y);
    for_each(threads, (x, y), &|(x, y)| leaf(c, s, x, y));
}

simd! {
    fn leaf<T: Real>(c: f64, s: f64, x: &mut [T], y: &mut [T]) {
        for (x, y) in x.iter_mut().zip(y) {
            let (old_x, old_y) = (x.to_f64(), y.to_f64());
            *x = T::from_f64(c * old_x + s * old_y);
            *y = T::from_f64(c * old_y - s * old_x);
        }
    }
}
