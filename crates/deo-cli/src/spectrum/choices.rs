//! The names that options choose from.

use clap::ValueEnum;
use deo_core::Rule;
use deo_core::krylov::Which;
use serde::Serialize;

/// Which end of the spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ends {
    /// The lowest eigenvalues
    #[default]
    Lowest,
    /// The highest eigenvalues
    Highest,
    /// As many at each end
    Both,
}

impl From<Ends> for Which {
    fn from(ends: Ends) -> Which {
        match ends {
            Ends::Lowest => Which::Lowest,
            Ends::Highest => Which::Highest,
            Ends::Both => Which::Both,
        }
    }
}

/// How a Hessian product is taken from gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecantRule {
    /// One displaced gradient: error of first order in the displacement
    #[default]
    Forward,
    /// Two displaced gradients: error of second order
    Central,
}

impl From<SecantRule> for Rule {
    fn from(rule: SecantRule) -> Rule {
        match rule {
            SecantRule::Forward => Rule::Forward,
            SecantRule::Central => Rule::Central,
        }
    }
}

/// How numbers are stored. Sums are in double precision in any case.
///
/// Double by default, for networks too: a curvature is a small difference of gradients. In single precision, forward
/// products of a network are good to some 1e-3 of its largest eigenvalue, and the small ones at the other end drown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Single precision: half the memory, less than half the digits
    F32,
    /// Double precision
    #[default]
    F64,
}
