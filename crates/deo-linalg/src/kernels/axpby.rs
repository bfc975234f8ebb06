//! y ← a x + b y.

use super::same_length;
use crate::parallel::for_each;
use crate::simd::simd;
use crate::{Real, Threads};

/// y ← a x + b y, computed in `f64` and rounded once.
///
/// With b = 0 the old y is never read, so it may hold anything, NaN included.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn axpby<T: Real>(threads: Threads, a: f64, x: &[T], b: f64, y: &mut [T]) {
    same_length(x, y);
    for_each(threads, (x, y), &|(x, y)| {
        if b == 0.0 {
            scaled(a, x, y);
        } else {
            combined(a, x, b, y);
        }
    });
}

simd! {
    [T: Real] fn scaled<T>(a: f64, x: &[T], y: &mut [T]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = T::from_f64(a * x.to_f64());
        }
    }
}

simd! {
    [T: Real] fn combined<T>(a: f64, x: &[T], b: f64, y: &mut [T]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = T::from_f64(a * x.to_f64() + b * y.to_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{bits, for_all, noise, unanimous};

    fn naive<T: Real>(a: f64, x: &[T], b: f64, y: &mut [T]) {
        for i in 0..x.len() {
            let old = if b == 0.0 { 0.0 } else { b * y[i].to_f64() };
            y[i] = T::from_f64(a * x[i].to_f64() + old);
        }
    }

    fn check<T: Real>(len: usize) {
        for (a, b) in [(1.0, 0.0), (-0.7, 0.0), (0.3, 1.0), (2.5, -0.1), (0.0, 3.0)] {
            let (x, y) = (noise::<T>(1, len), noise::<T>(2, len));
            let run = |threads| {
                let mut y = y.clone();
                axpby(threads, a, &x, b, &mut y);
                y
            };
            let mut want = y.clone();
            naive(a, &x, b, &mut want);
            assert!(bits(&unanimous(run)) == bits(&want), "n = {len}, a = {a}, b = {b}");
        }
    }

    #[test]
    fn sums_are_the_naive_ones_to_the_bit() {
        for_all!(check);
    }

    #[test]
    fn nothing_is_read_for_nothing() {
        let mut y = [f32::NAN; 70];
        axpby(Threads::One, 0.5, &[3.0; 70], 0.0, &mut y);
        assert_eq!(bits(&y), bits(&[1.5f32; 70]));
    }

    #[test]
    #[should_panic(expected = "left: 2\n right: 3")]
    fn lengths_must_agree() {
        axpby(Threads::One, 1.0, &[0.0f32; 2], 1.0, &mut [0.0; 3]);
    }
}
