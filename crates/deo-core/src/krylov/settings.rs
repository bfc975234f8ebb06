//! The settings of a Davidson process, and their ranges.

use crate::probe::{Length, Rule};
use crate::setting::{SettingError, at_least_one, nonnegative};

/// Which eigenpairs are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Which {
    /// The `count` lowest.
    #[default]
    Lowest,
    /// The `count` highest.
    Highest,
    /// `count` at each end, from one basis.
    Both,
}

/// What is sought and how much may be spent on it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct KrylovSettings {
    /// k, the pairs wanted at an end.
    /// Default: 1; 1 or above.
    pub count: usize,
    /// Which end.
    /// Default: `Lowest`.
    pub which: Which,
    /// m, the directions kept; 2m vectors are stored, and those of a restart.
    /// Default: 20; 2k + 2 or above, for both ends 4k + 3.
    pub memory: usize,
    /// The rule by which answers will be given; it sets the default length.
    /// Default: `Forward`.
    pub rule: Rule,
    /// The dimer length; `None` balances truncation and rounding.
    /// Default: `None`; a finite length above 0, of x or relative to ‖x‖.
    pub length: Option<Length>,
    /// A pair is converged at ‖r‖ ≤ `tolerance` · max(|θ|, `floor`).
    /// Default: 1e-3; 0 or above, without a unit.
    pub tolerance: f64,
    /// The curvature that counts as zero; see `tolerance`.
    /// Default: 0; 0 or above, in the units of f over x².
    pub floor: f64,
    /// Look for pairs that were missed before finishing: a second process starts from a random direction beside the
    /// pairs found, and goes on until the lowest pair it leads to is told from them. It finds repeated eigenvalues as
    /// often as they are wanted, bounds the gap, and costs about as much again. Without it a repeated eigenvalue is found
    /// once.
    /// Default: true.
    pub confirm: bool,
    /// Eigenvalues beyond this one, above it at the lower end and below it at the upper one, are of no interest: to confirm
    /// the list, they are told from it instead of from the wanted pairs. `None` if all are.
    /// Default: `None`; any, in the units of f over x².
    pub cutoff: Option<f64>,
    /// Gradients that one start may spend.
    /// Default: 500; 1 or above.
    pub max_gradients: u64,
}

impl Default for KrylovSettings {
    /// The lowest pair with a memory of 20, confirmed, to a residual of 1e-3 or 500 gradients.
    fn default() -> Self {
        KrylovSettings {
            count: 1,
            which: Which::Lowest,
            memory: 20,
            rule: Rule::Forward,
            length: None,
            tolerance: 1e-3,
            floor: 0.0,
            confirm: true,
            cutoff: None,
            max_gradients: 500,
        }
    }
}

impl KrylovSettings {
    /// The pairs wanted in all.
    pub(super) fn wanted(&self) -> usize {
        self.count * self.ends()
    }

    /// The ends of the spectrum that pairs are wanted at.
    pub(super) fn ends(&self) -> usize {
        if self.which == Which::Both { 2 } else { 1 }
    }

    /// The Ritz vectors that a restart keeps: two fifths of the memory, and at least those wanted and the next at each
    /// end.
    pub(super) fn kept_ritz(&self) -> usize {
        (self.memory * 2 / 5).max(self.wanted() + self.ends())
    }

    /// All vectors that a restart keeps: the Ritz vectors and the wanted ones of the step before.
    pub(super) fn kept(&self) -> usize {
        self.kept_ritz() + self.wanted()
    }

    pub(super) fn validate(&self) -> Result<(), SettingError> {
        at_least_one("count", self.count as u64)?;
        at_least_one("max_gradients", self.max_gradients)?;
        if self.memory < self.kept() + 1 {
            // The smallest m for which kept() + 1 ≤ m: the share of two fifths doesn't bind there.
            let least = 2 * self.wanted() + self.ends() + 1;
            let wanted = format!("at least {least} for {} pairs", self.wanted());
            return Err(SettingError::new("memory", self.memory, wanted));
        }
        nonnegative("tolerance", self.tolerance)?;
        nonnegative("floor", self.floor)?;
        Length::require("dimer length", self.length)
    }
}
