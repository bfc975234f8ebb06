//! Which components share an axis.

use std::ops::Range;

/// The tensors that a parameter vector consists of, in order; each has an axis of its own.
///
/// # Examples
///
/// ```
/// use deo_core::compat::Tensors;
/// let weight_and_bias = Tensors::of_lengths([12, 3]);
/// assert!(weight_and_bias.ranges().eq([0..12, 12..15]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tensors {
    /// Where each tensor ends; it starts where the one before it ends.
    ends: Vec<usize>,
}

impl Tensors {
    /// Tensors of these lengths, laid end to end in one slice.
    pub fn of_lengths(lengths: impl IntoIterator<Item = usize>) -> Self {
        let mut end = 0;
        let ends = lengths.into_iter().map(|len| {
            end += len;
            end
        });
        Tensors { ends: ends.collect() }
    }

    /// One tensor, one axis: a slice of `len` numbers.
    pub fn whole(len: usize) -> Self {
        Tensors { ends: vec![len] }
    }

    /// A list of `count` blocks, of which each is a tensor.
    pub fn blocks(count: usize) -> Self {
        Tensors { ends: (1..=count).collect() }
    }

    /// How many tensors there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// Elements of a vector.
    pub(super) fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The elements of each tensor.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| start..end)
    }
}
