//! The settings of a stochastic estimate, their ranges, and how it ended.

use crate::probe::{Length, Rule};
use crate::setting::{SettingError, at_least_one};

/// How many random vectors are used, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct StochasticSettings {
    /// The random vectors.
    /// Default: 10; 1 or above.
    pub vectors: usize,
    /// m, the Lanczos steps from each vector; a [`Trace`](super::Trace) takes one product whatever this is.
    /// Default: 40; 1 or above.
    pub steps: usize,
    /// The rule by which answers will be given; it sets the default length.
    /// Default: `Forward`.
    pub rule: Rule,
    /// The length of a probe; `None` balances truncation and rounding, [`Length::balanced`].
    /// Default: `None`; a finite length above 0, of x or relative to ‖x‖.
    pub length: Option<Length>,
    /// The seed of the random vectors.
    /// Default: 0; any.
    pub seed: u64,
}

impl Default for StochasticSettings {
    /// Ten vectors of forty steps.
    fn default() -> Self {
        StochasticSettings { vectors: 10, steps: 40, rule: Rule::Forward, length: None, seed: 0 }
    }
}

impl StochasticSettings {
    pub(super) fn validate(&self) -> Result<(), SettingError> {
        at_least_one("vectors", self.vectors as u64)?;
        at_least_one("steps", self.steps as u64)?;
        Length::require("probe length", self.length)
    }
}

/// How far a stochastic estimate has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Sampling {
    /// Questions are outstanding.
    Running,
    /// Every vector was used.
    Finished,
    /// The caller had seen enough; the vectors finished by then count.
    Stopped,
    /// An answer held a NaN or an infinity; the vectors finished before it count.
    NonFinite,
}
