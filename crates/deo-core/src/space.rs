//! The space is a value: everything an algorithm may do with a vector.
//!
//! Problem: the dimer must run on slices, on device tensors, on a list of blocks, on vectors spread over
//! ranks and under a mask or a metric, and no algorithm should grow an option for any of them. So algorithms
//! are written against a *space object*, which may hold threads, a stream, a communicator or a mask, and
//! never against the vector type itself.
//!
//! | here | meaning |
//! |---|---|
//! | [`Space::Vector`] | what is borrowed: `[f32]`, `DVector<f64>`, `[Tensor]` |
//! | [`Space::Owned`] | what is stored: `Vec<f32>`, … |
//! | a, b, h, β | scalars, `f64` whatever the storage |
//!
//! Six operations are required. The fused ones are [`formulas`], which [`Space::run`] runs as they are defined by the six;
//! override it by one loop to fuse their passes, and let [`laws`](crate::laws) prove it equal to the definitions.
//! [`dimension`](Space::dimension) and
//! [`is_distributed`](Space::is_distributed) are facts that the six can't tell: their defaults are for a space that
//! counts every component of `len` and has them all here.
//!
//! | here, on this process alone | of the whole vector, on every process alike |
//! |---|---|
//! | `len`, `zeros_like`, `axpby`, `rotate`, `combine`, `ritz_update`, the vectors that `secant`, `torque`, `displace` write | `dot`, `dots`, `norm`, `dimension`, the numbers that `secant`, `torque`, `deflate`, `displace` return |
//! | the vectors that `run` and `update` write, and the range of [`Updates::update`] | the numbers that they return, the index that `fill` gives its function |

mod blocks;
mod formula;
pub mod formulas;
mod free;
mod host;
mod masked;
mod matrices;
mod norm;
mod pass;
mod sharded;
mod sliced;
mod update;

pub use blocks::Blocks;
pub use formula::{Formula, Fused, Number, Wide, Written};
pub use free::{FreeBody, MassWeighted};
pub use host::{Host, Real};
pub use masked::{MaskError, Masked};
pub use matrices::{Factor, Matrices};
pub(crate) use norm::norm_from;
use norm::scaled_norm;
pub use pass::Pass;
pub use sharded::{Communicator, Sharded, ThreadComm};
pub use sliced::Sliced;
pub use update::{Scale, Update, Updates};

use std::borrow::BorrowMut;
use std::fmt::Debug;

/// What a gradient says against the directions that a space leaves out because the function doesn't change along them:
/// both numbers are zero at a stationary point of a function that indeed doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Variance {
    /// The length of the gradient's part along these directions.
    pub slope: f64,
    /// A bound of ‖Hz‖ for unit vectors z among them, if they are symmetries and the gradient is that at the space's
    /// reference.
    pub curvature: f64,
}

/// A real vector space with an inner product, over vectors that somebody else stores.
///
/// Every vector passed to one call must have the same shape; a mismatch is a programmer's error and panics
/// with both lengths.
pub trait Space {
    /// The borrowed form of a vector.
    type Vector: ?Sized;
    /// The stored form of a vector.
    type Owned: BorrowMut<Self::Vector> + Clone + Debug;

    /// A stored vector of the shape of `x`, all zeros.
    fn zeros_like(&self, x: &Self::Vector) -> Self::Owned;

    /// The number of components of `x` that this process holds, frozen ones included.
    ///
    /// It sizes buffers and ranges of [`Updates`]; it isn't N, which is
    /// [`dimension`](Space::dimension), nor the bound of `fill`'s indices where
    /// [`is_distributed`](Space::is_distributed).
    fn len(&self, x: &Self::Vector) -> usize;

    /// The unit roundoff of a stored component, 2⁻²⁴ for `f32` and 2⁻⁵³ for `f64`.
    ///
    /// It sets the default dimer length and the rounding part of every error estimate.
    fn epsilon(&self) -> f64;

    /// Sets component i of `x` to `value(i)`.
    ///
    /// i counts the components of the *whole* vector, whatever the number of blocks or ranks it is spread
    /// over: the same seed then gives the same random axis on one machine and on many.
    fn fill(&self, x: &mut Self::Vector, value: &(dyn Fn(u64) -> f64 + Sync));

    /// y ← a x + b y. With b = 0 the old y is never read, so it may hold anything, NaN included.
    fn axpby(&self, a: f64, x: &Self::Vector, b: f64, y: &mut Self::Vector);

    /// y ← x, whatever y held.
    fn copy(&self, x: &Self::Vector, y: &mut Self::Vector) {
        self.axpby(1.0, x, 0.0, y);
    }

    /// ⟨x, y⟩, accumulated in f64. The only source of communication in a distributed space.
    fn dot(&self, x: &Self::Vector, y: &Self::Vector) -> f64;

    /// K inner products in one reduction.
    fn dots<const K: usize>(&self, pairs: [(&Self::Vector, &Self::Vector); K]) -> [f64; K] {
        pairs.map(|(x, y)| self.dot(x, y))
    }

    /// ‖x‖ = √⟨x, x⟩, also where ⟨x, x⟩ overflows or underflows and ‖x‖ doesn't; NaN if a component is.
    ///
    /// Two reductions in those cases, one otherwise.
    fn norm(&self, x: &Self::Vector) -> f64 {
        scaled_norm(self, x)
    }

    /// ⟨s x, s x⟩ for a power of two s, rounded as `dot` is: [`norm`](Space::norm) asks for it where ⟨x, x⟩ isn't a number.
    ///
    /// Allocates a vector where `run` has no loop.
    fn scaled_square(&self, s: f64, x: &Self::Vector) -> f64 {
        let [square] = self.run(&formulas::ScaledSquare { scale: s }, [x], []);
        square
    }

    /// Whether other processes hold components of the same vector, so that `len` isn't the number of all.
    ///
    /// An algorithm that visits components one by one can't run on such a space, and asks this to refuse. A space around
    /// another one passes it on.
    fn is_distributed(&self) -> bool {
        false
    }

    /// N, the dimension of the space: how many independent directions vectors of the shape of `like` have, over all
    /// ranks, without frozen components or motions that are projected out. Whatever the inner product: a metric
    /// changes lengths, not their number.
    ///
    /// The default is `len`. A space that is distributed or ignores directions overrides it; over ranks it's
    /// collective.
    fn dimension(&self, like: &Self::Vector) -> f64 {
        self.len(like) as f64
    }

    /// What `gradient`, taken at the reference of this space, says against directions that it leaves out as symmetries:
    /// nothing, unless it has such directions as [`FreeBody`] has.
    ///
    /// Components that are frozen are no symmetries and may have any gradient.
    fn variance(&self, gradient: &Self::Vector) -> Variance {
        let _ = gradient;
        Variance::default()
    }

    /// Runs a formula: writes its vectors and returns its inner products, as [`define`](Formula::define) does.
    ///
    /// The fused operations below are formulas and call it. A space that reaches its components overrides it by one loop;
    /// all others have the definition.
    ///
    /// # Panics
    ///
    /// If the shapes of the vectors differ.
    fn run<const R: usize, const W: usize, const K: usize>(
        &self,
        formula: &impl Formula<R, W, K>,
        read: [&Self::Vector; R],
        written: [&mut Self::Vector; W],
    ) -> [f64; K] {
        formula.define(self, read, written)
    }

    /// The secant hn ← (g₁ − g₀)/h, and (⟨n, hn⟩, ⟨hn, hn⟩).
    fn secant(
        &self,
        h: f64,
        g0: &Self::Vector,
        g1: &Self::Vector,
        n: &Self::Vector,
        hn: &mut Self::Vector,
    ) -> (f64, f64) {
        let [c, square] = self.run(&formulas::Secant { length: h }, [g0, g1, n], [hn]);
        (c, square)
    }

    /// g ← g − β⟨g, n⟩n, and the ⟨g, n⟩ of before.
    fn deflate(&self, beta: f64, n: &Self::Vector, g: &mut Self::Vector) -> f64 {
        let along = self.dot(g, n);
        self.axpby(-beta * along, n, 1.0, g);
        along
    }

    /// y ← x + h n, and the displacement that storage really made, ⟨y − x, n⟩.
    ///
    /// In f32 the two differ by about ε‖x‖; dividing a gradient difference by the realised length removes
    /// the error that this would leave in a curvature.
    fn displace(&self, h: f64, n: &Self::Vector, x: &Self::Vector, y: &mut Self::Vector) -> f64 {
        let [realised] = self.run(&formulas::Displace { length: h }, [n, x], [y]);
        realised
    }

    /// The plane rotation (x, y) ← (c x + s y, c y − s x), with `scratch` for the definition.
    fn rotate(
        &self,
        c: f64,
        s: f64,
        x: &mut Self::Vector,
        y: &mut Self::Vector,
        scratch: &mut Self::Vector,
    ) {
        self.run(&formulas::Rotate { angle: [c, s] }, [], [x, y, scratch]);
    }

    /// y ← Σ aₖ xₖ + b y, for at least one x. With b = 0 the old y is never read.
    fn combine<const K: usize>(
        &self,
        terms: [(f64, &Self::Vector); K],
        b: f64,
        y: &mut Self::Vector,
    ) {
        const { assert!(K > 0, "a combination needs at least one term") };
        let (factors, x) = (terms.map(|(a, _)| a), terms.map(|(_, x)| x));
        if b == 0.0 {
            self.run(&formulas::Combine::<K, false> { factors, keep: b }, x, [y]);
        } else {
            self.run(&formulas::Combine::<K, true> { factors, keep: b }, x, [y]);
        }
    }

    /// The torque w ← c n − hn before it is made a direction, and [⟨w, w⟩, ⟨w, n⟩, ⟨w, p⟩].
    fn torque(
        &self,
        c: f64,
        n: &Self::Vector,
        hn: &Self::Vector,
        p: &Self::Vector,
        w: &mut Self::Vector,
    ) -> [f64; 3] {
        self.run(&formulas::Torque { curvature: c }, [n, hn, p], [w])
    }

    /// The plane rotation of x towards q = a w + b y: (x, y) ← (c x + s q, c q − s x). With b = 0 the old y is never
    /// read. On return w may hold anything.
    fn ritz_update(
        &self,
        angle: [f64; 2],
        towards: [f64; 2],
        x: &mut Self::Vector,
        y: &mut Self::Vector,
        w: &mut Self::Vector,
    ) {
        if towards[1] == 0.0 {
            self.run(&formulas::RitzUpdate::<false> { angle, towards }, [], [x, y, w]);
        } else {
            self.run(&formulas::RitzUpdate::<true> { angle, towards }, [], [x, y, w]);
        }
    }

    /// The same towards q = a (g₁ − g₀) + b y, with `scratch` for the definition.
    fn ritz_update_from_gradients(
        &self,
        angle: [f64; 2],
        towards: [f64; 2],
        g: [&Self::Vector; 2],
        x: &mut Self::Vector,
        y: &mut Self::Vector,
        scratch: &mut Self::Vector,
    ) {
        if towards[1] == 0.0 {
            self.run(
                &formulas::RitzUpdateFromGradients::<false> { angle, towards },
                g,
                [x, y, scratch],
            );
        } else {
            self.run(
                &formulas::RitzUpdateFromGradients::<true> { angle, towards },
                g,
                [x, y, scratch],
            );
        }
    }
}
