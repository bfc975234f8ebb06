//! The loop over components, for spaces whose components lie in slices.
//!
//! Problem: an optimizer's [`Update`] computes in the precision of storage, a [`Formula`](super::Formula) in `f64` with
//! sums; a space over slices wants one loop for both. A [`Pass`] is what the two have in common: what becomes of one
//! component and which products are summed. [`Pass::over`] is the loop, written so that compilers vectorise it.

use super::{Real, Update};
use std::ops::Range;

/// R numbers of one component read, W rewritten, K products summed.
///
/// Implemented for every [`Update`], without products, and for every formula in [`Fused`](super::Fused).
pub trait Pass<const R: usize, const W: usize, const K: usize>: Sync {
    /// Whether the k-th rewritten number is a result; if not, a loop may leave its vector alone.
    #[inline(always)]
    fn stores(&self, _k: usize) -> bool {
        true
    }

    /// The pass at one component, and the K pairs whose products are summed.
    fn at<T: Real>(&self, read: [T; R], written: &mut [T; W]) -> [(f64, f64); K];

    /// The pass over a range of slices of equal length, in order; returns L partial sums of each product, of which number l
    /// has the range's components l, l + L, l + 2L, ….
    ///
    /// It is inlined, so that a caller compiled for wider vector instructions runs it with those. `weight(i)` multiplies
    /// the products of component i: 1 unless the inner product is another.
    ///
    /// # Panics
    ///
    /// If two lengths differ, or the range ends beyond them.
    #[inline(always)]
    #[track_caller]
    fn over<T: Real, const L: usize>(
        &self,
        range: Range<usize>,
        weight: impl Fn(usize) -> f64,
        read: [&[T]; R],
        written: [&mut [T]; W],
    ) -> [[f64; L]; K] {
        same_lengths(&read, &written);
        let (read, len) = (read.map(|x| &x[range.clone()]), range.len());
        let written = written.map(|x| &mut x[range.clone()]);
        let weight = |i: usize| weight(range.start + i);
        let mut sums = [[0.0; L]; K];
        let mut first = 0;
        if K > 0 {
            // Copies overlap nothing, so that the compiler needs no proof, and each lane has its place.
            while first + L <= len {
                let mut new = [[T::ZERO; L]; W];
                for k in 0..W {
                    new[k].copy_from_slice(&written[k][first..first + L]);
                }
                let old: [&[T; L]; R] = read.map(|x| x[first..first + L].first_chunk().expect("L"));
                for l in 0..L {
                    let mut component = std::array::from_fn(|k| new[k][l]);
                    let pairs = self.at(std::array::from_fn(|k| old[k][l]), &mut component);
                    for k in 0..W {
                        new[k][l] = component[k];
                    }
                    for k in 0..K {
                        sums[k][l] += weight(first + l) * pairs[k].0 * pairs[k].1;
                    }
                }
                for k in 0..W {
                    if self.stores(k) {
                        written[k][first..first + L].copy_from_slice(&new[k]);
                    }
                }
                first += L;
            }
        } else if R + (0..W).filter(|k| self.stores(*k)).count() > MOST_SLICES {
            while first + BLOCK <= len {
                let mut block = [[T::ZERO; BLOCK]; W];
                let mut input = [[T::ZERO; BLOCK]; R];
                for k in 0..W {
                    block[k].copy_from_slice(&written[k][first..first + BLOCK]);
                }
                for k in 0..R {
                    input[k].copy_from_slice(&read[k][first..first + BLOCK]);
                }
                for i in 0..BLOCK {
                    let mut component = std::array::from_fn(|k| block[k][i]);
                    self.at(std::array::from_fn(|k| input[k][i]), &mut component);
                    for k in 0..W {
                        block[k][i] = component[k];
                    }
                }
                for k in 0..W {
                    written[k][first..first + BLOCK].copy_from_slice(&block[k]);
                }
                first += BLOCK;
            }
        }
        for i in first..len {
            let mut component = std::array::from_fn(|k| written[k][i]);
            let pairs = self.at(read.map(|x| x[i]), &mut component);
            for k in 0..W {
                if self.stores(k) {
                    written[k][i] = component[k];
                }
            }
            for k in 0..K {
                sums[k][i % L] += weight(i) * pairs[k].0 * pairs[k].1;
            }
        }
        sums
    }
}

impl<U: Update<R, W>, const R: usize, const W: usize> Pass<R, W, 0> for U {
    #[inline(always)]
    fn at<T: Real>(&self, read: [T; R], written: &mut [T; W]) -> [(f64, f64); 0] {
        self.component(read, written);
        []
    }
}

/// With more slices than this the compiler gives up proving that none of them overlap, and does not vectorise; copies of a
/// block on the stack need no proof. AdamW with a projection has five and is twice as fast so.
const MOST_SLICES: usize = 4;

/// Components of such a block: a few vector registers, and with five slices 1 KiB.
const BLOCK: usize = 64;

#[inline(always)]
#[track_caller]
fn same_lengths<T, const R: usize, const W: usize>(read: &[&[T]; R], written: &[&mut [T]; W]) {
    let mut lengths = (written.iter().map(|x| x.len())).chain(read.iter().map(|x| x.len()));
    let Some(first) = lengths.next() else { return };
    for other in lengths {
        assert_eq!(first, other, "vectors of one call must have the same length");
    }
}
