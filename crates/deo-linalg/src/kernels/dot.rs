//! Inner products, ⟨x, y⟩ = Σᵢ xᵢ yᵢ, one or several in one pass.

use super::{BLOCK, LANES, Lanes, fold, same_length};
use crate::parallel::{Views, reduce};
use crate::simd::simd;
use crate::{Real, Threads};

/// ⟨x, y⟩, accumulated in `f64`.
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
/// # Panics
///
/// If the lengths differ.
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
pub(super) fn add<const K: usize>(left: [f64; K], right: [f64; K]) -> [f64; K] {
    std::array::from_fn(|k| left[k] + right[k])
}

simd! {
    /// The inner products of one chunk.
    fn leaf<T: Real, const K: usize>(pairs: [(&[T], &[T]); K]) -> [f64; K] {
        let n = Views::len(&pairs);
        let mut lanes = [[0.0; LANES]; K];
        // The pairs share vectors as a rule: the second product finds them in the first-level cache.
        let mut start = 0;
        while start < n {
            let block = start..(start + BLOCK).min(n);
            for k in 0..K {
                let (x, y) = pairs[k];
                accumulate(&mut lanes[k], &x[block.clone()], &y[block.clone()]);
            }
            start += BLOCK;
        }
        lanes.map(fold)
    }
}

/// lanes ← lanes + x ∘ y, component i to lane i mod LANES. A block's length is a multiple of LANES unless it
/// is the last.
#[inline(always)]
pub(super) fn accumulate<T: Real>(lanes: &mut Lanes, x: &[T], y: &[T]) {
    let mut sums = *lanes;
    let ((xs, x), (ys, y)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in xs.iter().zip(ys) {
        for i in 0..LANES {
            sums[i] += x[i].to_f64() * y[i].to_f64();
        }
    }
    for (i, (x, y)) in x.iter().zip(y).enumerate() {
        sums[i] += x.to_f64() * y.to_f64();
    }
    *lanes = sums;
}
