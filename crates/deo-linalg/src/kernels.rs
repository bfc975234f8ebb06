//! Vector kernels on slices: one pass over memory each, with the reductions that belong to it.
//!
//! Problem: the vectors of a large model do not fit in a cache, so the time of a kernel is that of moving them. Each
//! kernel here reads or writes every vector once, whatever it computes on the way ([`deflate`] excepted, whose update
//! needs the finished product).
//!
//! All vectors of a call have the same length N. Half of the kernels are of general use. The others are the passes of
//! the dimer method, which turns a unit vector n, the axis, towards the lowest curvature of a loss with the help of
//! gradients: hn is the difference quotient of two gradients along n, nearly the Hessian times n, and w the torque that
//! says where to turn (Henkelman & Jónsson, J. Chem. Phys. 111, 7010, 1999; the method is in deo-core).
//!
//! | kernel | computes | returns | vectors read, written |
//! |---|---|---|---|
//! | [`dot`] | | ⟨x, y⟩ = Σᵢ xᵢ yᵢ | 2, 0 |
//! | [`dots`] | | K inner products | 2K, 0 |
//! | [`axpby`] | y ← a x + b y | | 2, 1 |
//! | [`secant`] | hn ← (g₁ − g₀)/h | ⟨n, hn⟩, ⟨hn, hn⟩ | 3, 1 |
//! | [`deflate`] | g ← g − β⟨g, n⟩ n | ⟨g, n⟩ before the update | 2 · 2, 1 |
//! | [`displace`] | y ← x + h n | ⟨y − x, n⟩ | 2, 1 |
//! | [`rotate`] | (x, y) ← (c x + s y, c y − s x) | | 2, 2 |
//! | [`combine`] | y ← Σ aₖ xₖ + b y | | K + 1, 1 |
//! | [`torque`] | w ← c n − hn | ⟨w, w⟩, ⟨w, n⟩, ⟨w, p⟩ | 3, 1 |
//! | [`turn`] | (x, y) ← (c x + s q, c q − s x), q = a w + b y | | 3, 2 |
//! | [`turn_secant`] | the same, q = a (g₁ − g₀) + b y | | 4, 2 |
//! | [`fill`] | xᵢ ← value(i) | | 0, 1 |
//!
//! Arithmetic is in `f64` whatever the vectors are stored in; what is stored is rounded once, at the end. Sums are
//! defined to the last bit: component i of a chunk of [`CHUNK`](crate::parallel::CHUNK) components is added to partial
//! sum i mod [`LANES`], the partial sums are added by halves, and the sums of the chunks over the tree of
//! [`parallel`](crate::parallel).

mod axpby;
mod combine;
mod deflate;
mod displace;
mod dot;
mod fill;
mod rotate;
mod secant;
#[cfg(test)]
mod tests;
mod torque;
mod turn;

pub use axpby::axpby;
pub use combine::combine;
pub use deflate::deflate;
pub use displace::displace;
pub use dot::{dot, dots};
pub use fill::fill;
pub use rotate::rotate;
pub use secant::secant;
pub use torque::torque;
pub use turn::{turn, turn_secant};

/// Independent partial sums, or lanes, of one chunk. In `f64` they take eight registers of AVX2 or four of AVX-512,
/// enough to hide the latency of an addition.
pub const LANES: usize = 32;

/// The sum of all lanes, by halves.
#[inline(always)]
fn fold(mut lanes: [f64; LANES]) -> f64 {
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
