//! The noise of the products, below which a residual is no direction.
//!
//! Problem: what a gradient is rounded by depends on how it is summed. 2 · 10 ε‖g‖/h bounds it in every network tried, and
//! is fifty times the truth on a function whose components hardly interact. A process that takes the bound for the noise
//! gives up while its pairs still improve.
//!
//! The asymmetries of M = VᵀHV measure it, for nothing: with noise of variance σ² in every component of a product,
//!
//! ⟨vᵢ, Hvⱼ⟩ − ⟨Hvᵢ, vⱼ⟩ has variance 2σ², and ‖noise‖ = σ√N.
//!
//! Truncation shows in them too, and more than it weighs, so the bound stays one.

use super::Krylov;
use crate::secant_error::{UNSEEN, rounding_error};
use crate::space::Space;

/// Asymmetries that make a measurement: its standard error is then a third of it at most.
const ENOUGH: f64 = 6.0;

/// The asymmetries of M, summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct AsymmetryNoise {
    squares: f64,
    count: f64,
}

impl AsymmetryNoise {
    /// A new product has `count` asymmetries against the others, and they have this norm.
    pub(super) fn observe(&mut self, norm: f64, count: usize) {
        self.squares += norm * norm;
        self.count += count as f64;
    }

    /// σ, `None` while it isn't known.
    fn deviation(&self) -> Option<f64> {
        (self.count >= ENOUGH).then(|| (self.squares / (2.0 * self.count)).sqrt())
    }
}

impl<S: Space> Krylov<S> {
    /// Keeps the bound of the rounding of a product from a gradient of norm `scale` over a distance `span`.
    pub(super) fn note_rounding(&mut self, space: &S, scale: f64, span: f64) {
        self.rounding = self.rounding.max(rounding_error(space.epsilon(), scale, span));
    }

    /// The noise of a product as a vector: measured, at most its bound. 0 while secants haven't shown any yet.
    pub(super) fn noise_level(&self) -> f64 {
        if !self.secants {
            return self.rounding;
        }
        let measured = self.noise.deviation().unwrap_or(0.0) * self.root_dimension;
        self.rounding.min(UNSEEN * measured)
    }
}

/// A product can be computed with: its norm is finite, be its square too large for a number.
pub(super) fn is_finite<S: Space>(space: &S, square: f64, product: &S::Vector) -> bool {
    square.is_finite() || space.norm(product).is_finite()
}
