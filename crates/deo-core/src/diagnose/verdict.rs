//! The sentence, and what it follows from.

use super::Diagnosis;
use super::settings::Thresholds;

/// What a point of a training is, as far as its curvature is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Verdict {
    /// There is negative curvature, the way along it is long, and the base would need more gradients than the axis.
    Saddle,
    /// The same, but the base leaves for fewer gradients than the axis costs.
    BaseLeaves,
    /// There is negative curvature, but the loss turns within a few steps of the base.
    Bend,
    /// No negative curvature, and the gradient isn't zero: what is slow is the condition number or the rate.
    Valley,
    /// The curvature is negative on this batch and not on others.
    BatchDirection,
    /// No negative curvature beyond its error, and no gradient.
    Minimum,
    /// The loss or a gradient isn't a finite number.
    NotFinite,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Verdict; 7] = [
        Verdict::Saddle,
        Verdict::BaseLeaves,
        Verdict::Bend,
        Verdict::Valley,
        Verdict::BatchDirection,
        Verdict::Minimum,
        Verdict::NotFinite,
    ];

    /// Its name in records, as serde writes it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Saddle => "saddle",
            Verdict::BaseLeaves => "base-leaves",
            Verdict::Bend => "bend",
            Verdict::Valley => "valley",
            Verdict::BatchDirection => "batch-direction",
            Verdict::Minimum => "minimum",
            Verdict::NotFinite => "not-finite",
        }
    }

    /// Whether looking for the axis pays here.
    pub fn pays(self) -> bool {
        self == Verdict::Saddle
    }

    /// The verdict on these numbers.
    pub(super) fn of<V>(d: &Diagnosis<V>, thresholds: &Thresholds) -> Self {
        let finite =
            d.loss.is_finite() && d.gradient_norm.is_finite() && d.lowest.curvature.is_finite();
        if !finite {
            return Verdict::NotFinite;
        }
        if !d.lowest.is_negative(thresholds.significance) {
            let scale = d.highest.curvature.abs().max(d.lowest.curvature.abs()) * d.norm.max(1.0);
            let stationary = d.gradient_norm <= thresholds.stationary * scale;
            return if stationary { Verdict::Minimum } else { Verdict::Valley };
        }
        if d.is_of_the_batch(thresholds.significance) {
            return Verdict::BatchDirection;
        }
        if d.turn.fall <= 0.0 || d.turn.at.abs() < thresholds.door * d.step_norm {
            return Verdict::Bend;
        }
        if d.base_gradients >= thresholds.pays * d.axis_gradients {
            Verdict::Saddle
        } else {
            Verdict::BaseLeaves
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Verdict::Saddle => "at a saddle worth leaving",
            Verdict::BaseLeaves => "the base leaves sooner by itself",
            Verdict::Bend => "a bend, not a door",
            Verdict::Valley => "a valley",
            Verdict::BatchDirection => "the batch's direction, not the loss's",
            Verdict::Minimum => "a minimum as far as can be resolved",
            Verdict::NotFinite => "a loss or a gradient isn't finite",
        })
    }
}
