//! The settings of a dimer, and their ranges.

use crate::probe::{Length, Rule};
use crate::setting::{SettingError, at_least_one, nonnegative};

/// Which end of the spectrum is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Target {
    /// The lowest eigenvalue, by descent of C.
    #[default]
    Lowest,
    /// The highest eigenvalue, by ascent of C.
    Highest,
}

/// When the curvature along the final axis is measured afresh, and by how many answers.
///
/// Products that were recombined carry the truncation along every direction probed on the way, see
/// [`Evidence`](crate::estimate::Evidence). The answers are kept back from the allowance, so a check never exceeds it;
/// exact products need none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Recheck {
    /// Never: C and r are those of the recombined product, and the error bar of C reaches back to the last axis probe.
    Never,
    /// One fresh probe along the final axis, and a second one at another length if C is negative beyond its error, rests on
    /// one secant or isn't known to the tolerance, or if the verdict is noise. If ‖r‖ no longer meets the tolerance, the
    /// rotations go on from the fresh product.
    ///
    /// The two are at most a quarter of an estimate: one that may take fewer than eight answers goes without. Where an
    /// axis is tracked by two or four, the first of the next visit is a fresh probe in any case.
    #[default]
    Claims,
    /// Both probes, whatever the sign of C, from an allowance of two answers on. With one there is the first probe only: C
    /// and r are fresh, and nothing is known of the other length.
    Always,
}

/// How a [`Dimer`](super::Dimer) measures and when it stops.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct DimerSettings {
    /// Lowest or highest.
    /// Default: `Lowest`.
    pub target: Target,
    /// The rule by which answers will be given; it sets the default length.
    /// Default: `Forward`.
    pub rule: Rule,
    /// The dimer length. `None` begins with [`Length::balanced`], lengthens the dimer where measured noise hides the residual
    /// and shortens it where two lengths disagree about C; a length that is given is kept.
    /// Default: `None`; a finite length above 0, of x or relative to ‖x‖.
    pub length: Option<Length>,
    /// Stop at ‖r‖ ≤ `tolerance` · max(|C|, `floor`).
    /// Default: 0.01; 0 or above, without a unit.
    pub tolerance: f64,
    /// The curvature that counts as zero, in the units of f over x²; see `tolerance`.
    /// Default: 0; 0 or above.
    pub floor: f64,
    /// Gradients that one estimate may spend.
    /// Default: 50; 1 or above.
    pub max_gradients: u64,
    /// When the curvature of the final axis is measured afresh.
    /// Default: `Claims`.
    pub recheck: Recheck,
}

impl Default for DimerSettings {
    /// Lowest curvature by forward differences, to a residual of 1 % or 50 gradients.
    fn default() -> Self {
        DimerSettings {
            target: Target::Lowest,
            rule: Rule::Forward,
            length: None,
            tolerance: 1e-2,
            floor: 0.0,
            max_gradients: 50,
            recheck: Recheck::Claims,
        }
    }
}

impl DimerSettings {
    pub(super) fn validate(&self) -> Result<(), SettingError> {
        nonnegative("dimer tolerance", self.tolerance)?;
        nonnegative("dimer floor", self.floor)?;
        Length::require("dimer length", self.length)?;
        at_least_one("dimer max_gradients", self.max_gradients)
    }
}
