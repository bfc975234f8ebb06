//! The published constants.

use crate::setting::{SettingError, at_least_one, finite, positive};

/// Which published rule; the table in [`compat`](crate::compat) gives their formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Variant {
    /// The rule of the paper: a projected gradient.
    Paper,
    /// The repository's first optimizer, "Sophia v7": a step down ⟨g,n⟩n beside a base update of its own,
    /// [`ClampedRatio`](super::ClampedRatio).
    Sophia,
    /// The repository's dimer-Adam, dimer-AdamW and dimer-SGD: a step up ⟨g,n⟩n where ⟨g,n⟩ < 0, beside the base's.
    Adam,
}

/// A rule and its constants; the constructors give those that were published.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CompatSettings {
    /// The rule.
    /// Default: that of the constructor.
    pub variant: Variant,
    /// Steps from one rotation to the next, at least 1.
    /// Default: 10.
    pub interval: u64,
    /// η > 0.
    /// Default: 0.1.
    pub rotation_rate: f64,
    /// ΔR > 0, the length of the dimer of each tensor.
    /// Default: 0.006.
    pub displacement: f64,
    /// s: the paper's α, the repository's `dimer_strength`.
    /// Default: 1 (`paper`), 5 (`sophia`, `adam`); finite, without a unit.
    pub strength: f64,
}

impl CompatSettings {
    /// The paper's rule with α = 1, a projection "onto the subspace orthogonal to" the axis, and the constants
    /// of the repository's training script for the rest.
    pub const fn paper() -> Self {
        CompatSettings { variant: Variant::Paper, strength: 1.0, ..Self::sophia() }
    }

    /// "Sophia v7" as the training script runs it.
    pub const fn sophia() -> Self {
        CompatSettings {
            variant: Variant::Sophia,
            interval: 10,
            rotation_rate: 0.1,
            displacement: 0.006,
            strength: 5.0,
        }
    }

    /// The dimer beside Adam, AdamW and SGD as the training script runs it.
    pub const fn adam() -> Self {
        CompatSettings { variant: Variant::Adam, ..Self::sophia() }
    }

    pub(super) fn validate(&self) -> Result<(), SettingError> {
        at_least_one("interval of a published rule", self.interval)?;
        positive("rotation_rate of a published rule", self.rotation_rate)?;
        positive("displacement of a published rule", self.displacement)?;
        finite("strength of a published rule", self.strength)
    }
}
