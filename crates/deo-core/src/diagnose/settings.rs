//! How much a diagnosis may spend, and where its sentences begin.

use crate::krylov::{KrylovSettings, Which};
use crate::probe::{Length, Rule};

/// The settings of a diagnosis.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct DiagnoseSettings {
    /// Gradients for the Krylov space.
    /// Default: 100; 1 or above.
    pub max_gradients: u64,
    /// m, the directions kept.
    /// Default: 30; 7 or above, two vectors each.
    pub memory: usize,
    /// λ_min and λ_max are sought to this share of themselves.
    /// Default: 0.1; 0 or above, without a unit.
    pub tolerance: f64,
    /// The rule by which answers will be given.
    /// Default: `Forward`.
    pub rule: Rule,
    /// The length of a probe; `None` balances truncation and rounding.
    /// Default: `None`; a finite length above 0.
    pub length: Option<Length>,
    /// The seed of the random start.
    /// Default: 0; any.
    pub seed: u64,
    /// Where one sentence ends and the next begins.
    /// Default: those of [`Thresholds`].
    pub thresholds: Thresholds,
}

/// The thresholds of the sentences: `pays` was chosen on two thirds of the problems and judged on the others, the rest are as they were guessed
/// (docs/adr/0037).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Thresholds {
    /// Errors beyond which a curvature has a sign.
    /// Default: 2; above 0, in standard errors.
    pub significance: f64,
    /// A way along the axis shorter than so many steps of the base is a bend.
    /// Default: 10; above 0, in steps.
    pub door: f64,
    /// An axis pays if the base needs so many times its gradients to leave.
    /// Default: 3; above 0, without a unit.
    pub pays: f64,
    /// The gradient counts as zero below this share of λ_max · max(‖x‖, 1): the minimum, if it is one, is then so near, in units
    /// of ‖x‖, along the stiffest direction.
    /// Default: 1e-6; 0 or above, without a unit.
    pub stationary: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { significance: 2.0, door: 10.0, pays: 3.0, stationary: 1e-6 }
    }
}

impl Default for DiagnoseSettings {
    /// 100 gradients at most, both ends to a tenth.
    fn default() -> Self {
        DiagnoseSettings {
            max_gradients: 100,
            memory: 30,
            tolerance: 0.1,
            rule: Rule::Forward,
            length: None,
            seed: 0,
            thresholds: Thresholds::default(),
        }
    }
}

impl DiagnoseSettings {
    /// One process for both ends.
    pub(super) fn krylov(&self) -> KrylovSettings {
        KrylovSettings {
            count: 1,
            which: Which::Both,
            memory: self.memory,
            rule: self.rule,
            length: self.length,
            tolerance: self.tolerance,
            floor: 0.0,
            confirm: false, // a missed lower one would only make the case for the axis stronger
            cutoff: None,
            max_gradients: self.max_gradients,
        }
    }
}
