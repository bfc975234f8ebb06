//! What a verification says.

/// What a [`Verification`](super::Verification) found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Verdict {
    /// The index is the one expected.
    Confirmed,
    /// So many of the lowest k + 1 curvatures are negative: another index, or a higher one if all of them are.
    WrongIndex {
        /// The number of negative ones among the lowest k + 1.
        negative: usize,
    },
    /// One of the k + 1 curvatures can't be told from zero.
    Flat,
    /// The eigenpairs didn't converge in the gradients allowed, or it isn't known that there are no others below zero, or
    /// a gradient wasn't finite, or noise hides whether the motions that the space leaves out are symmetries.
    Unresolved,
    /// The curvatures are those of the index expected, but the function changes along a motion that the space leaves out,
    /// or may as far as this gradient tells: a molecule straight but for what its convergence left, a periodic cell
    /// that was turned. There may be a curvature more. Said by [`find`](crate::find).
    NotInvariant,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Verdict::Confirmed => f.write_str("confirmed"),
            Verdict::WrongIndex { negative } => {
                write!(f, "wrong index: {negative} of the lowest curvatures are negative")
            }
            Verdict::Flat => f.write_str("a curvature can't be told from zero"),
            Verdict::Unresolved => f.write_str("the lowest eigenpairs aren't known"),
            Verdict::NotInvariant => {
                f.write_str("the function changes along a motion that the space leaves out")
            }
        }
    }
}
