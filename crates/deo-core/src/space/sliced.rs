//! Spaces whose vectors are cut by index ranges.

use super::Space;
use std::ops::{IndexMut, Range};

/// A space in which `&x[2..5]` is a vector again: of numbers over slices, of blocks over [`Blocks`](super::Blocks).
///
/// Implemented for every space whose vectors are indexed by ranges.
pub trait Sliced: Space<Vector: IndexMut<Range<usize>, Output = <Self as Space>::Vector>> {}

impl<S> Sliced for S where S: Space<Vector: IndexMut<Range<usize>, Output = S::Vector>> {}
