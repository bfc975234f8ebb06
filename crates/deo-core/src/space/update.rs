//! Component-wise updates: one formula, every space.
//!
//! Problem: an optimizer is one formula a component, xᵢ ← u(gᵢ, mᵢ, vᵢ, xᵢ), but the components may lie in
//! a slice, in a list of blocks, behind a mask, on several threads or ranks. So the formula is a value, an
//! [`Update`], and the loop over the components belongs to the space, [`Updates::update`]. A space writes
//! that loop once and runs every optimizer, including those that it has never heard of; and since all spaces
//! call the same formula, all get the same bits.
//!
//! | formula | here |
//! |---|---|
//! | the R numbers that are read, such as gᵢ | `read: [T; R]` |
//! | the W numbers that are rewritten, such as mᵢ, vᵢ, xᵢ | `written: &mut [T; W]` |
//! | the components of one parameter group | `range` |
//!
//! A space of blocks forwards the part of the range that falls into each block:
//!
//! ```
//! use deo_core::space::{Host, Space, Update, Updates};
//! use std::ops::Range;
//!
//! fn update_blocks<const R: usize, const W: usize>(
//!     range: Range<usize>,
//!     update: &impl Update<R, W>,
//!     read: [&[Vec<f32>]; R],
//!     mut written: [&mut [Vec<f32>]; W],
//! ) {
//!     let space = Host::<f32>::new();
//!     let mut start = 0;
//!     for block in 0..written[0].len() {
//!         let len = space.len(&written[0][block]);
//!         // `saturating_sub`: a range that ends before this block is empty in it.
//!         let local = range.start.saturating_sub(start).min(len)..range.end.saturating_sub(start).min(len);
//!         space.update(
//!             local,
//!             update,
//!             read.map(|x| x[block].as_slice()),
//!             written.each_mut().map(|x| x[block].as_mut_slice()),
//!         );
//!         start += len;
//!     }
//! }
//!
//! let (g, mut x) = ([vec![1.0; 2], vec![1.0; 3]], [vec![0.0; 2], vec![0.0; 3]]);
//! # struct Subtract;
//! # impl Update<1, 1> for Subtract {
//! #     fn component<T: deo_core::space::Real>(&self, [g]: [T; 1], [x]: &mut [T; 1]) {
//! #         *x = T::from_f64(x.to_f64() - g.to_f64());
//! #     }
//! # }
//! update_blocks(1..4, &Subtract, [&g], [&mut x]);
//! assert_eq!(x, [vec![0.0, -1.0], vec![-1.0, -1.0, 0.0]]);
//! ```

use super::{Pass, Real, Space};
use std::ops::Range;

/// A formula that reads R numbers and rewrites W numbers of the same component.
///
/// Implement [`component`](Update::component) with `#[inline(always)]`, or no space can vectorise it. Its arithmetic is that
/// of storage, and it returns nothing; a [`Formula`](super::Formula) computes in `f64` and sums products.
pub trait Update<const R: usize, const W: usize>: Sync {
    /// The formula for one component.
    fn component<T: Real>(&self, read: [T; R], written: &mut [T; W]);
}

/// A space whose components can be updated one by one.
///
/// The optimizers need it. An adapter whose vectors hide their components does without: SGD can be written by `axpby` alone.
pub trait Updates: Space {
    /// Runs `pass`, an [`Update`] or a formula in [`Fused`](super::Fused), over each component of `range`; the others stay as
    /// they are. Returns the sums of its products, which an update has none of.
    ///
    /// `range` counts the components that *this process* holds, in the order of [`Space::len`]. No two
    /// components see each other, so neither their order nor the number of threads changes a bit.
    ///
    /// # Panics
    ///
    /// If the lengths of the vectors differ, or the range ends beyond them.
    fn update<const R: usize, const W: usize, const K: usize>(
        &self,
        range: Range<usize>,
        pass: &impl Pass<R, W, K>,
        read: [&Self::Vector; R],
        written: [&mut Self::Vector; W],
    ) -> [f64; K];
}

/// x ← c x, the update that scales in place.
///
/// # Examples
///
/// ```
/// use deo_core::space::{Host, Scale, Updates};
/// let mut x = vec![1.0, 2.0, 3.0];
/// Host::<f64>::new().update(1..3, &Scale(10.0), [], [&mut x]);
/// assert_eq!(x, [1.0, 20.0, 30.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale(
    /// c.
    pub f64,
);

impl Update<0, 1> for Scale {
    #[inline(always)]
    fn component<T: Real>(&self, []: [T; 0], [x]: &mut [T; 1]) {
        *x = T::from_f64(self.0 * x.to_f64());
    }
}
