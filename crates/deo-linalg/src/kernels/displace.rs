//! y ← x + h n with the displacement that storage really made.

use super::{LANES, fold, same_length};
use crate::parallel::reduce;
use crate::simd::simd;
use crate::{Real, Threads};

/// y ← x + h n, and ⟨y − x, n⟩ with the y that was stored.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn displace<T: Real>(threads: Threads, h: f64, n: &[T], x: &[T], y: &mut [T]) -> f64 {
    same_length(n, x);
    same_length(x, y);
    reduce(
        threads,
        (n, x, y),
        &|(n, x, y)| leaf(h, n, x, y),
        &|l, r| l + r,
    )
}

simd! {
    fn leaf<T: Real>(h: f64, n: &[T], x: &[T], y: &mut [T]) -> f64 {
        let mut lanes = [0.0; LANES];
        let ((ns, n), (xs, x), (ys, y)) = (
            n.as_chunks::<LANES>(),
            x.as_chunks::<LANES>(),
            y.as_chunks_mut::<LANES>(),
        );
        for ((y, x), n) in ys.iter_mut().zip(xs).zip(ns) {
            for i in 0..LANES {
                lanes[i] += moved(h, n[i], x[i], &mut y[i]);
            }
        }
        for (i, ((y, x), n)) in y.iter_mut().zip(x).zip(n).enumerate() {
            lanes[i] += moved(h, *n, *x, y);
        }
        fold(lanes)
    }
}

/// Moves one component; its share of ⟨y − x, n⟩.
#[inline(always)]
fn moved<T: Real>(h: f64, n: T, x: T, y: &mut T) -> f64 {
    let (n, x) = (n.to_f64(), x.to_f64());
    *y = T::from_f64(x + h * n);
    (y.to_f64() - x) * n
}
