//! The base update of "Sophia v7": momentum over the mean squared gradient, clamped.
//!
//! | formula | here |
//! |---|---|
//! | m ← β m + (1 − β) g | [`ClampedRatioSettings::beta`] |
//! | h ← γ h + (1 − γ) g², h = g² before the first step | [`ClampedRatioSettings::hessian_beta`] |
//! | m̂ = m/(1 − βᵗ), ĥ = h/(1 − γᵗ) | t counts steps from 1 |
//! | θ ← θ − lr · clamp(m̂/(ĥ + ε), ±c) | [`ClampedRatioSettings::clip`], [`ClampedRatioSettings::epsilon`] |
//!
//! The source calls h an estimate of the Hessian's diagonal; it is Adam's second moment without the root, so the step
//! shrinks as the gradient grows. h starts at g² *and* is corrected for a start at 0: the first ĥ is g²/(1 − γ), a
//! hundred times g². Both are reproduced.

use crate::optim::{Optimizer, Rounded, Update, Updates};
use crate::setting::{SettingError, fraction, positive};
use crate::space::{Real, Space};
use std::borrow::BorrowMut;

/// The settings of [`ClampedRatio`]; the default is what was published.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClampedRatioSettings {
    /// β in [0, 1).
    /// Default: 0.9.
    pub beta: f64,
    /// γ in [0, 1).
    /// Default: 0.99.
    pub hessian_beta: f64,
    /// c > 0, the largest step of a component in units of the learning rate.
    /// Default: 1.
    pub clip: f64,
    /// ε > 0.
    /// Default: 1e-8, in the units of f over x².
    pub epsilon: f64,
}

impl Default for ClampedRatioSettings {
    fn default() -> Self {
        ClampedRatioSettings { beta: 0.9, hessian_beta: 0.99, clip: 1.0, epsilon: 1e-8 }
    }
}

impl ClampedRatioSettings {
    fn validate(&self) -> Result<(), SettingError> {
        fraction("beta of a published rule", self.beta)?;
        fraction("hessian_beta of a published rule", self.hessian_beta)?;
        positive("clip of a published rule", self.clip)?;
        positive("epsilon of a published rule", self.epsilon)
    }
}

/// The optimizer beside which [`Variant::Sophia`](super::Variant::Sophia) was published.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClampedRatio<V> {
    settings: ClampedRatioSettings,
    moment: V,
    square: V,
    steps: u64,
}

impl<V> ClampedRatio<V> {
    /// The optimizer for vectors of the shape of `x`.
    ///
    /// # Errors
    ///
    /// If a setting is out of its range.
    pub fn new<S>(
        settings: ClampedRatioSettings,
        space: &S,
        x: &S::Vector,
    ) -> Result<Self, SettingError>
    where
        S: Space<Owned = V>,
    {
        settings.validate()?;
        let (moment, square) = (space.zeros_like(x), space.zeros_like(x));
        Ok(ClampedRatio { settings, moment, square, steps: 0 })
    }

    /// Whether this can be a later state of `new`; see [`Dimer::continues`](crate::Dimer::continues).
    pub fn continues(&self, new: &Self, same_shape: impl Fn(&V, &V) -> bool) -> bool {
        self.settings == new.settings
            && same_shape(&self.moment, &new.moment)
            && same_shape(&self.square, &new.square)
    }
}

/// One step of [`ClampedRatio`] as a component-wise update of (g; m, h, θ).
#[derive(Debug, Clone, Copy)]
pub struct ClampedRatioUpdate {
    settings: ClampedRatioSettings,
    lr: f64,
    /// 1 − βᵗ and 1 − γᵗ.
    corrections: [f64; 2],
    first: bool,
}

impl Update<1, 3> for ClampedRatioUpdate {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], [m, h, x]: &mut [T; 3]) {
        let n = Rounded::from_f64;
        let ClampedRatioSettings { beta, hessian_beta: gamma, clip, epsilon } = self.settings;
        let (g, m0, x0) = (Rounded(g), Rounded(*m), Rounded(*x));
        let h0 = if self.first { g * g } else { Rounded(*h) };
        let m1 = n(beta) * m0 + n(1.0 - beta) * g;
        let h1 = n(gamma) * h0 + n(1.0 - gamma) * (g * g);
        let [of_m, of_h] = self.corrections.map(n);
        let ratio = (m1 / of_m) / (h1 / of_h + n(epsilon));
        let clamped = n(ratio.0.to_f64().clamp(-clip, clip));
        (*m, *h) = (m1.0, h1.0);
        *x = (x0 - n(self.lr) * clamped).0;
    }
}

impl<S: Updates> Optimizer<S> for ClampedRatio<S::Owned> {
    fn step(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64) {
        assert!(
            lr >= 0.0 && lr.is_finite(),
            "learning rate {lr}; it must be finite and at least 0"
        );
        self.steps += 1;
        let t = self.steps as f64;
        let ClampedRatioSettings { beta, hessian_beta, .. } = self.settings;
        let update = ClampedRatioUpdate {
            settings: self.settings,
            lr,
            corrections: [1.0 - beta.powf(t), 1.0 - hessian_beta.powf(t)],
            first: self.steps == 1,
        };
        let (m, h) = (self.moment.borrow_mut(), self.square.borrow_mut());
        space.update(0..space.len(x), &update, [g], [m, h, x]);
    }

    /// Nothing: the published code knows no kicks.
    fn jumped(&mut self, _space: &S) {}
}
