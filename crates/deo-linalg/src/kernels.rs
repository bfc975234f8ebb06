//! Vector kernels on slices: one pass over memory each, with the reductions that belong to it.
//!
//! Problem: the vectors of a large model do not fit in a cache, so the time of a kernel is that of moving them. Each
//! kernel here reads or writes every vector once, whatever it computes on the way.
//!
//! All vectors of a call have the same length N. The passes of the dimer method aren't here: they are formulas of
//! deo-core, which `space::Parallel` runs in one loop over the same chunks and lanes.
//!
//! | kernel | computes | returns | vectors read, written |
//! |---|---|---|---|
//! | [`dot`] | | ⟨x, y⟩ = Σᵢ xᵢ yᵢ | 2, 0 |
//! | [`dots`] | | K inner products | 2K, 0 |
//! | [`axpby`] | y ← a x + b y | | 2, 1 |
//! | [`fill`] | xᵢ ← value(i) | | 0, 1 |
//!
//! Arithmetic is in `f64` whatever the vectors are stored in; what is stored is rounded once, at the end. Sums are
//! defined to the last bit: component i of a chunk of [`CHUNK`](crate::parallel::CHUNK) components is added to partial
//! sum i mod [`LANES`], the partial sums are added by halves, and the sums of the chunks over the tree of
//! [`parallel`](crate::parallel).

mod axpby;
mod dot;
mod fill;
#[cfg(test)]
pub(crate) mod tests;

pub use axpby::axpby;
#[cfg(feature = "deo-core")]
pub(crate) use dot::add;
pub use dot::{dot, dots};
pub use fill::fill;

/// Independent partial sums, or lanes, of one chunk. In `f64` they take eight registers of AVX2 or four of AVX-512,
/// enough to hide the latency of an addition.
pub const LANES: usize = 32;

/// The sum of all lanes, by halves.
#[inline(always)]
pub(crate) fn fold(mut lanes: [f64; LANES]) -> f64 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// Panics unless two vectors of one call have the same length.
#[inline]
#[track_caller]
fn same_length<T, U>(x: &[T], y: &[U]) {
    assert_eq!(x.len(), y.len(), "vectors of one call must have the same length");
}
