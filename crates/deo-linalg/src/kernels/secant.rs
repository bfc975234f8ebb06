//! The secant hn ← (g₁ − g₀)/h with the two inner products that a rotation asks for.

use super::dot::{accumulate, add};
use super::{BLOCK, LANES, fold, same_length};
use crate::parallel::reduce;
use crate::simd::simd;
use crate::{Real, Threads};

/// hn ← (g₁ − g₀)/h, and (⟨n, hn⟩, ⟨hn, hn⟩).
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
    let [c, square] = reduce(
        threads,
        (g0, g1, n, hn),
        &|(g0, g1, n, hn)| leaf(h, g0, g1, n, hn),
        &add,
    );
    (c, square)
}

simd! {
    fn leaf<T: Real>(h: f64, g0: &[T], g1: &[T], n: &[T], hn: &mut [T]) -> [f64; 2] {
        let mut lanes = [[0.0; LANES]; 2];
        let blocks = hn.chunks_mut(BLOCK).zip(n.chunks(BLOCK));
        let gradients = g0.chunks(BLOCK).zip(g1.chunks(BLOCK));
        for ((hn, n), (g0, g1)) in blocks.zip(gradients) {
            for ((hn, g0), g1) in hn.iter_mut().zip(g0).zip(g1) {
                *hn = T::from_f64((g1.to_f64() - g0.to_f64()) / h);
            }
            accumulate(&mut lanes[0], n, hn);
            accumulate(&mut lanes[1], hn, hn);
        }
        lanes.map(fold)
    }
}
