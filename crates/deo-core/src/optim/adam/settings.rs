//! The settings of Adam and its relatives; the header of [`adam`](super) has the formulas.

use crate::optim::error::epsilon;
use crate::optim::{Group, OptimError};
use crate::setting::{fraction, nonnegative};

/// How weights decay.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Decay {
    /// λ x joins the gradient, and is normalised with it: Adam's decay.
    Coupled(f64),
    /// x shrinks by the factor 1 − ηλ, outside the normalisation: AdamW's decay.
    Decoupled(f64),
}

/// The settings of [`Adam`](super::Adam).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AdamSettings {
    /// β₁ in [0, 1), the memory of the first moment.
    /// Default: 0.9.
    pub beta1: f64,
    /// β₂ in [0, 1), the memory of the second moment.
    /// Default: 0.999.
    pub beta2: f64,
    /// ε, added to √v: at least 1e-30.
    /// Default: 1e-8, in the units of a gradient.
    pub epsilon: f64,
    /// The decay of weights, λ ≥ 0.
    /// Default: 0 (`adam`), 0.01 decoupled (`adamw`).
    pub decay: Decay,
    /// ψ ≥ 0: NAdam, Nesterov's step with a warm-up of β₁ (PyTorch's `momentum_decay`, 4e-3 by default).
    /// `None`: Adam.
    /// Default: `None`.
    pub nesterov: Option<f64>,
    /// Divides by the root of the largest v so far: AMSGrad.
    /// Default: false.
    pub amsgrad: bool,
}

impl AdamSettings {
    /// The defaults of `torch.optim.Adam`: β = (0.9, 0.999), ε = 1e-8, no decay.
    pub const fn adam() -> Self {
        AdamSettings {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            decay: Decay::Coupled(0.0),
            nesterov: None,
            amsgrad: false,
        }
    }

    /// The defaults of `torch.optim.AdamW`: those of Adam with a decoupled decay of 0.01.
    pub const fn adamw() -> Self {
        AdamSettings { decay: Decay::Decoupled(0.01), ..Self::adam() }
    }

    /// AdamW with Nesterov's step: `torch.optim.NAdam(weight_decay=0.01, decoupled_weight_decay=True)`, all else
    /// by default.
    pub const fn nadamw() -> Self {
        AdamSettings { nesterov: Some(4e-3), ..Self::adamw() }
    }

    pub(super) fn validate(&self) -> Result<(), OptimError> {
        fraction("Adam beta1", self.beta1)?;
        fraction("Adam beta2", self.beta2)?;
        // c ≥ √(1 − β₂) is at least 1e-8, since β₂ is an f64; so cε remains a normal number in f32 storage, above
        // 1.2e-38.
        epsilon("Adam epsilon", self.epsilon)?;
        let (Decay::Coupled(decay) | Decay::Decoupled(decay)) = self.decay;
        nonnegative("Adam weight decay", decay)?;
        nonnegative("Adam nesterov (momentum decay)", self.nesterov.unwrap_or(0.0))?;
        if self.amsgrad && self.nesterov.is_some() {
            return Err(OptimError::AmsgradNesterov);
        }
        Ok(())
    }

    /// These settings with those that a group has of its own.
    pub(super) fn of_group(&self, group: &Group) -> Self {
        AdamSettings {
            beta1: group.beta1.unwrap_or(self.beta1),
            beta2: group.beta2.unwrap_or(self.beta2),
            epsilon: group.epsilon.unwrap_or(self.epsilon),
            ..*self
        }
    }
}
