//! Inner products, ⟨x, y⟩ = Σᵢ xᵢ yᵢ, one or several in one pass.

use super::{LANES, fold, same_length};
use crate::parallel::{Views, reduce};
use crate::simd::simd;
use crate::{Real, Threads};

/// Steps of [`LANES`] components that one pair takes before the next: of eight `f32` vectors 16 KiB, a third of a
/// first-level cache.
const STEPS: usize = 16;

/// ⟨x, y⟩ = Σᵢ xᵢ yᵢ, accumulated in `f64`.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn dot<T: Real>(threads: Threads, x: &[T], y: &[T]) -> f64 {
    let [dot] = dots(threads, [(x, y)]);
    dot
}

/// K inner products in one pass; each has the bits that [`dot`] gives.
///
/// A vector that is in several pairs is read from memory once.
///
/// # Panics
///
/// If the lengths differ, within a pair or between pairs.
#[track_caller]
pub fn dots<T: Real, const K: usize>(threads: Threads, pairs: [(&[T], &[T]); K]) -> [f64; K] {
    for (x, y) in pairs {
        same_length(x, y);
        same_length(pairs[0].0, x);
    }
    reduce(threads, pairs, &leaf, &|left, right| add(left, right))
}

/// Sums of two subtrees.
#[inline]
pub(crate) fn add<const K: usize>(left: [f64; K], right: [f64; K]) -> [f64; K] {
    std::array::from_fn(|k| left[k] + right[k])
}

simd! {
    /// The inner products of one chunk.
    [T: Real, const K: usize] fn leaf<T, K>(pairs: [(&[T], &[T]); K]) -> [f64; K] {
        let n = Views::len(&pairs);
        let full = pairs.map(|(x, y)| (x.as_chunks::<LANES>().0, y.as_chunks::<LANES>().0));
        let mut lanes = [[0.0; LANES]; K];
        // A vector that is in several pairs comes from memory once: all pairs take a few steps before any goes on.
        // Not a single one, since the lanes of many pairs don't fit in the registers.
        let mut start = 0;
        while start < n / LANES {
            let end = (start + STEPS).min(n / LANES);
            for k in 0..K {
                let mut sums = lanes[k];
                for (x, y) in full[k].0[start..end].iter().zip(&full[k].1[start..end]) {
                    for i in 0..LANES {
                        sums[i] += x[i].to_f64() * y[i].to_f64();
                    }
                }
                lanes[k] = sums;
            }
            start = end;
        }
        for i in n - n % LANES..n {
            for k in 0..K {
                let (x, y) = pairs[k];
                lanes[k][i % LANES] += x[i].to_f64() * y[i].to_f64();
            }
        }
        lanes.map(fold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{bits, close, for_all, noise, unanimous};

    /// The definition, and Σ|xᵢ yᵢ|, the scale of its rounding.
    fn naive<T: Real>(x: &[T], y: &[T]) -> (f64, f64) {
        let products = || x.iter().zip(y).map(|(x, y)| x.to_f64() * y.to_f64());
        (products().sum(), products().map(f64::abs).sum())
    }

    fn check<T: Real>(len: usize) {
        let (x, y, z) = (noise::<T>(1, len), noise::<T>(2, len), noise::<T>(3, len));
        let pairs = [(&x[..], &y[..]), (&z, &z), (&y, &z)];
        let got = unanimous(|threads| dots(threads, pairs));
        for (got, (x, y)) in got.into_iter().zip(pairs) {
            let (want, scale) = naive(x, y);
            close(got, want, scale, len);
            assert_eq!(got, dot(Threads::One, x, y), "dots and dot have the same bits");
        }
    }

    #[test]
    fn products_are_the_naive_ones() {
        for_all!(check);
    }

    #[test]
    fn sum_of_sixteen_million_f32_is_exact_to_f64() {
        // x and y of 12 bits: every product is an integer multiple of 2⁻²², and so is the sum, which i64 holds.
        let n = 1 << 24;
        let integer =
            |i: u32, seed: u32| (i.wrapping_mul(2_654_435_761).rotate_left(seed) >> 20) as i64 + 1;
        let (mut x, mut y, mut exact) = (vec![0.0f32; n], vec![0.0f32; n], 0i64);
        for i in 0..n {
            let (a, b) = (integer(i as u32, 1), integer(i as u32, 7));
            (x[i], y[i]) = (a as f32 / 2048.0, b as f32 / 2048.0);
            exact += a * b;
        }
        let exact = exact as f64 / (2048.0 * 2048.0);
        let error = (dot(Threads::Pool, &x, &y) - exact).abs() / exact;
        // The integers stay below 2⁵³: f64 makes no rounding at all here.
        assert_eq!(error, 0.0);
    }

    #[test]
    #[should_panic(expected = "vectors of one call must have the same length")]
    fn pairs_have_one_length() {
        dots(Threads::One, [(&[0.0f32; 3][..], &[0.0; 3][..]), (&[0.0; 4], &[0.0; 4])]);
    }

    #[test]
    fn no_pairs_no_products() {
        assert_eq!(dots::<f32, 0>(Threads::Pool, []), []);
    }

    #[test]
    fn infinity_and_nan_go_through() {
        let mut x = vec![1.0f32; 1000];
        x[999] = f32::INFINITY;
        assert_eq!(dot(Threads::One, &x, &x), f64::INFINITY);
        x[3] = f32::NAN;
        assert!(dot(Threads::One, &x, &x).is_nan());
        assert_eq!(
            bits(&[dot(Threads::One, &[3e38f32], &[3e38])]),
            bits(&[3e38f32 as f64 * 3e38f32 as f64])
        );
    }
}
