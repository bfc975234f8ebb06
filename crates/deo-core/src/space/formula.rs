//! Fused operations: one formula, every space.
//!
//! Problem: the vectors of a large model don't fit in a cache, so the time of an operation is that of moving them, and
//! the passes of a rotation ought to be one each. Written again in every space, each is a matrix of code with a fault
//! in one cell. So a fused operation is a value, a [`Formula`]: what becomes of one component, and which products are
//! summed on the way. A space writes one loop, [`Space::run`], and has them all.
//!
//! | | here |
//! |---|---|
//! | the R vectors that are read | `read: [N; R]`, their numbers at one component |
//! | the W vectors that are written | `written: &mut [N; W]`, [`Written`] says how |
//! | K inner products of what was read and written | the pairs that [`component`](Formula::component) returns |
//! | the same by `axpby` and `dots` | [`define`](Formula::define), for spaces without a loop; [`laws`](crate::laws) compare |
//!
//! The numbers are of any type N: an [`f64`] that storage rounds on slices, a whole tensor on a device. A formula
//! returns *pairs* and not their products, since the inner product is the space's: a metric weighs each pair.
//!
//! The formulas of the dimer method are in this module's list; a formula of your own runs on every space as well:
//!
//! ```
//! use deo_core::space::{Formula, Host, Number, Space, Written};
//!
//! /// y ← y + a x, and ⟨x, y⟩ for the new y.
//! struct AddAndMeasure(f64);
//!
//! impl Formula<1, 1, 1> for AddAndMeasure {
//!     fn written(&self) -> [Written; 1] {
//!         [Written::Changed]
//!     }
//!     #[inline(always)]
//!     fn component<N: Number>(&self, [x]: [N; 1], [y]: &mut [N; 1]) -> [(N, N); 1] {
//!         *y = (y.clone() + x.clone() * self.0).stored();
//!         [(x, y.clone())]
//!     }
//!     fn define<S: Space + ?Sized>(
//!         &self,
//!         space: &S,
//!         [x]: [&S::Vector; 1],
//!         [y]: [&mut S::Vector; 1],
//!     ) -> [f64; 1] {
//!         space.axpby(self.0, x, 1.0, y);
//!         [space.dot(x, y)]
//!     }
//! }
//!
//! let mut y = [1.0, 2.0];
//! let [dot] = Host::<f64>::new().run(&AddAndMeasure(2.0), [&[3.0, 4.0]], [&mut y]);
//! assert_eq!((y, dot), ([7.0, 10.0], 61.0));
//! ```

use super::{Pass, Real, Space};
use std::marker::PhantomData;
use std::ops::{Add, Div, Mul, Sub};

/// A fused operation: it reads R vectors, writes W and returns K inner products.
///
/// Implement [`component`](Formula::component) with `#[inline(always)]`, or no space can vectorise it.
pub trait Formula<const R: usize, const W: usize, const K: usize>: Sync {
    /// How each of the W vectors is written.
    fn written(&self) -> [Written; W];

    /// The formula for one component, and the K pairs whose products are summed.
    ///
    /// It reads no number whose vector is [`Written::Direction`], [`Written::Point`] or [`Written::Scratch`].
    fn component<N: Number>(&self, read: [N; R], written: &mut [N; W]) -> [(N, N); K];

    /// The same by the required operations of a space.
    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        read: [&S::Vector; R],
        written: [&mut S::Vector; W],
    ) -> [f64; K];
}

/// What a formula does with a vector that it is given to write.
///
/// [`Masked`](super::Masked) reads here what becomes of frozen components, and a space that can't write in place which
/// vectors it has to copy first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Written {
    /// Reads and changes it. Frozen components stay as they are.
    Changed,
    /// A new direction; what was there is never read. Frozen components become zero.
    Direction,
    /// A new point, `times` the read vector number `of` and a direction; what was there is never read. Frozen
    /// components are copied from there.
    Point {
        /// The place of that vector among those read.
        of: usize,
        /// Its factor.
        times: f64,
    },
    /// Reads it and has no use for it afterwards: it may hold anything then.
    Spent,
    /// A buffer for the definition, never read; it may hold anything afterwards.
    Scratch,
}

impl Written {
    /// Whether the old components are read.
    pub const fn is_read(self) -> bool {
        matches!(self, Written::Changed | Written::Spent)
    }

    /// Whether the new components are a result.
    pub const fn is_result(self) -> bool {
        !matches!(self, Written::Spent | Written::Scratch)
    }
}

/// What a formula computes with.
///
/// On slices it is a number in `f64`, on a device a tensor, of which every operation is done for all components.
pub trait Number:
    Clone + Add<Output = Self> + Sub<Output = Self> + Mul<f64, Output = Self> + Div<f64, Output = Self>
{
    /// Rounded as by storage: what is read when the vector is read again.
    #[must_use]
    fn stored(self) -> Self;
}

/// A number of a vector of `T`, in `f64` until it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Wide<T>(f64, PhantomData<T>);

impl<T: Real> Wide<T> {
    #[inline(always)]
    fn new(value: f64) -> Self {
        Wide(value, PhantomData)
    }
}

impl<T: Real> Number for Wide<T> {
    #[inline(always)]
    fn stored(self) -> Self {
        Wide::new(T::from_f64(self.0).to_f64())
    }
}

macro_rules! operation {
    ($trait:ident, $method:ident, $operator:tt) => {
        impl<T: Real> $trait for Wide<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Wide::new(self.0 $operator other.0)
            }
        }
    };
}
operation!(Add, add, +);
operation!(Sub, sub, -);

impl<T: Real> Mul<f64> for Wide<T> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, factor: f64) -> Self {
        Wide::new(self.0 * factor)
    }
}

impl<T: Real> Div<f64> for Wide<T> {
    type Output = Self;
    #[inline(always)]
    fn div(self, divisor: f64) -> Self {
        Wide::new(self.0 / divisor)
    }
}

/// A [`Formula`] as a [`Pass`] over stored components: what the loop of a space over slices runs.
#[derive(Debug, Clone, Copy)]
pub struct Fused<'a, F>(
    /// The formula.
    pub &'a F,
);

impl<F: Formula<R, W, K>, const R: usize, const W: usize, const K: usize> Pass<R, W, K>
    for Fused<'_, F>
{
    #[inline(always)]
    fn stores(&self, k: usize) -> bool {
        self.0.written()[k].is_result()
    }

    #[inline(always)]
    fn at<T: Real>(&self, read: [T; R], written: &mut [T; W]) -> [(f64, f64); K] {
        let mut new = written.map(|x| Wide::<T>::new(x.to_f64()));
        let pairs = self.0.component(read.map(|x| Wide::new(x.to_f64())), &mut new);
        *written = new.map(|x| T::from_f64(x.0));
        pairs.map(|(x, y)| (x.0, y.0))
    }
}
