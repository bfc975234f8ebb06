//! The secant hn ← (g₁ − g₀)/h with the two inner products that a rotation asks for.

use super::dot::add;
use super::{LANES, fold, same_length};
use crate::parallel::reduce;
use crate::simd::simd;
use crate::{Real, Threads};

/// hn ← (g₁ − g₀)/h; returns (⟨n, hn⟩, ⟨hn, hn⟩).
///
/// With g₀ and g₁ the gradients at the ends of a step h n, hn is nearly the Hessian times n, and ⟨n, hn⟩ the curvature
/// along n.
///
/// The difference is taken in `f64`, where that of two `f32` of like size is exact, and rounded once, after the
/// division. The products are those of the stored hn and have the bits of [`dots`](super::dots).
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn secant<T: Real>(
    threads: Threads,
    h: f64,
    g0: &[T],
    g1: &[T],
    n: &[T],
    hn: &mut [T],
) -> (f64, f64) {
    same_length(g0, g1);
    same_length(g0, n);
    same_length(g0, hn);
    let [c, square] =
        reduce(threads, (g0, g1, n, hn), &|(g0, g1, n, hn)| leaf(h, g0, g1, n, hn), &add);
    (c, square)
}

simd! {
    [T: Real] fn leaf<T>(h: f64, g0: &[T], g1: &[T], n: &[T], hn: &mut [T]) -> [f64; 2] {
        let mut lanes = [[0.0; LANES]; 2];
        let ((g0s, g0), (g1s, g1)) = (g0.as_chunks::<LANES>(), g1.as_chunks::<LANES>());
        let ((ns, n), (hns, hn)) = (n.as_chunks::<LANES>(), hn.as_chunks_mut::<LANES>());
        for (((hn, n), g0), g1) in hns.iter_mut().zip(ns).zip(g0s).zip(g1s) {
            for i in 0..LANES {
                let (c, square) = component(h, g0[i], g1[i], n[i], &mut hn[i]);
                lanes[0][i] += c;
                lanes[1][i] += square;
            }
        }
        for i in 0..hn.len() {
            let (c, square) = component(h, g0[i], g1[i], n[i], &mut hn[i]);
            lanes[0][i] += c;
            lanes[1][i] += square;
        }
        lanes.map(fold)
    }
}

/// One component of hn, and its share of ⟨n, hn⟩ and ⟨hn, hn⟩.
#[inline(always)]
fn component<T: Real>(h: f64, g0: T, g1: T, n: T, hn: &mut T) -> (f64, f64) {
    *hn = T::from_f64((g1.to_f64() - g0.to_f64()) / h);
    let stored = hn.to_f64();
    (n.to_f64() * stored, stored * stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::dots;
    use crate::kernels::tests::{bits, close, for_all, noise, unanimous};

    fn naive<T: Real>(h: f64, g0: &[T], g1: &[T]) -> Vec<T> {
        (g0.iter().zip(g1)).map(|(g0, g1)| T::from_f64((g1.to_f64() - g0.to_f64()) / h)).collect()
    }

    fn check<T: Real>(len: usize) {
        for h in [1e-3, -0.7, 3.0] {
            let [g0, g1, n] = [1, 2, 3].map(|seed| noise::<T>(seed, len));
            let run = |threads| {
                let mut hn = vec![T::from_f64(f64::NAN); len];
                let numbers = secant(threads, h, &g0, &g1, &n, &mut hn);
                (hn, numbers)
            };
            let (got, (c, square)) = unanimous(run);
            let want = naive(h, &g0, &g1);
            assert!(bits(&got) == bits(&want), "n = {len}, h = {h}");
            assert_eq!([c, square], dots(Threads::One, [(&n, &got), (&got, &got)]));
            let products = || n.iter().zip(&got).map(|(n, hn)| n.to_f64() * hn.to_f64());
            close(c, products().sum(), products().map(f64::abs).sum(), len);
        }
    }

    #[test]
    fn secants_are_the_naive_ones_to_the_bit() {
        for_all!(check);
    }

    #[test]
    fn close_gradients_are_subtracted_exactly() {
        // 1 + 2⁻⁵² − 1. Dividing each by h first would round both at 2⁻⁵² and leave no correct digit.
        let mut hn = [0.0];
        secant(Threads::One, 0.3, &[1.0], &[1.0 + f64::EPSILON], &[1.0], &mut hn);
        assert_eq!(hn[0], f64::EPSILON / 0.3);
    }
}
