//! The index ranges that make a mask.

use std::{fmt, ops::Range};

/// Ranges that make no mask.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaskError {
    /// The range ends before it starts.
    Reversed {
        /// The range.
        range: Range<usize>,
    },
    /// The range starts before the end of the one given before it.
    Overlap {
        /// The range.
        range: Range<usize>,
        /// Where it may start.
        earliest: usize,
    },
    /// The range ends beyond the vector.
    PastEnd {
        /// The range.
        range: Range<usize>,
        /// Elements of a vector.
        count: usize,
    },
    /// Every component would be frozen.
    NothingFree,
}

impl fmt::Display for MaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MaskError::Reversed { range } => {
                write!(f, "range {range:?} of a mask ends before it starts")
            }
            MaskError::Overlap { range, earliest } => write!(
                f,
                "range {range:?} of a mask starts before the previous one ends; \
                 ranges must ascend, so it may start at {earliest}"
            ),
            MaskError::PastEnd { range, count } => write!(
                f,
                "range {range:?} of a mask ends beyond the vector, which has {count} elements"
            ),
            MaskError::NothingFree => {
                write!(f, "the mask leaves no component free; at least one must be")
            }
        }
    }
}

impl std::error::Error for MaskError {}

/// Checks ascending ranges and returns them, merged where they touch, with their complement.
pub(super) fn split(
    count: usize,
    ranges: impl IntoIterator<Item = Range<usize>>,
) -> Result<[Vec<Range<usize>>; 2], MaskError> {
    let (mut inside, mut outside) = (Vec::<Range<usize>>::new(), Vec::new());
    let mut end = 0;
    for range in ranges {
        if range.end < range.start {
            return Err(MaskError::Reversed { range });
        }
        if range.start < end {
            return Err(MaskError::Overlap { range, earliest: end });
        }
        if range.end > count {
            return Err(MaskError::PastEnd { range, count });
        }
        if range.is_empty() {
            continue;
        }
        match inside.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => {
                if end < range.start {
                    outside.push(end..range.start);
                }
                inside.push(range.clone());
            }
        }
        end = range.end;
    }
    if end < count {
        outside.push(end..count);
    }
    Ok([inside, outside])
}
