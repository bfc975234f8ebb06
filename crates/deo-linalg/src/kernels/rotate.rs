//! The plane rotation of two vectors.

use super::same_length;
use crate::parallel::for_each;
use crate::simd::simd;
use crate::{Real, Threads};

/// (x, y) ← (c x + s y, c y − s x) in place.
///
/// With c = cos θ and s = sin θ it turns x by θ towards y, and y with it; any two numbers are taken.
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
    [T: Real] fn leaf<T>(c: f64, s: f64, x: &mut [T], y: &mut [T]) {
        for (x, y) in x.iter_mut().zip(y) {
            let (old_x, old_y) = (x.to_f64(), y.to_f64());
            *x = T::from_f64(c * old_x + s * old_y);
            *y = T::from_f64(c * old_y - s * old_x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{bits, for_all, noise, unanimous};

    fn naive<T: Real>(c: f64, s: f64, x: &mut [T], y: &mut [T]) {
        for i in 0..x.len() {
            let (old_x, old_y) = (x[i].to_f64(), y[i].to_f64());
            (x[i], y[i]) = (T::from_f64(c * old_x + s * old_y), T::from_f64(c * old_y - s * old_x));
        }
    }

    fn check<T: Real>(len: usize) {
        for (c, s) in [(0.6, 0.8), (0.0, -1.0), (1.0, 0.0)] {
            let (x, y) = (noise::<T>(1, len), noise::<T>(2, len));
            let run = |threads| {
                let (mut x, mut y) = (x.clone(), y.clone());
                rotate(threads, c, s, &mut x, &mut y);
                (x, y)
            };
            let (got_x, got_y) = unanimous(run);
            let (mut want_x, mut want_y) = (x.clone(), y.clone());
            naive(c, s, &mut want_x, &mut want_y);
            assert!(
                bits(&got_x) == bits(&want_x) && bits(&got_y) == bits(&want_y),
                "n = {len}, c = {c}"
            );
        }
    }

    #[test]
    fn rotations_are_the_naive_ones_to_the_bit() {
        for_all!(check);
    }
}
