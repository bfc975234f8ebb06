//! What a diagnosis found, as it is written.

use super::settings::Settings;
use deo_core::diagnose::{Diagnosis, Verdict};
use deo_core::estimate::Estimate;
use serde::Serialize;

/// The object of `--json`. Numbers that are infinite or unknown are null.
#[derive(Debug, Clone, Serialize)]
pub struct Results {
    command: &'static str,
    version: &'static str,
    /// What was asked for.
    pub settings: Settings,
    /// The problem or the model.
    pub target: String,
    /// N.
    pub dimension: usize,
    /// The sentence's name.
    pub verdict: Verdict,
    /// The sentence.
    pub sentence: String,
    /// f(x) on the batch.
    pub loss: f64,
    /// ‖g‖ on the batch.
    pub gradient_norm: f64,
    /// λ_min.
    pub lowest: Estimate,
    /// λ_max.
    pub highest: Estimate,
    /// The curvature along the same axis on other batches.
    pub others: Option<Others>,
    /// ⟨g, n⟩.
    pub slope: f64,
    /// The slope is no larger than the rounding of the gradient.
    pub blind: bool,
    /// The distance along the axis at which the loss turns, signed.
    pub turn: f64,
    /// The loss still falls there.
    pub beyond: bool,
    /// By how much the loss falls up to there.
    pub fall: f64,
    /// R.
    pub reach: Option<f64>,
    /// The share of unstable directions.
    pub unstable: f64,
    /// What is open of it.
    pub unstable_range: [f64; 2],
    /// The lowest curvature in the base's metric.
    pub base_curvature: f64,
    /// r, a step.
    pub growth: f64,
    /// The length of the base's next step.
    pub step_norm: f64,
    /// Gradients for the base to leave.
    pub base_gradients: Option<f64>,
    /// Gradients for the axis to pay.
    pub axis_gradients: f64,
    /// Gradients of the diagnosis, that at x included.
    pub gradients: u64,
    /// Losses of the diagnosis.
    pub losses: u64,
}

/// The curvature along the axis on other batches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Others {
    /// How many.
    pub batches: u64,
    /// C̄.
    pub curvature: f64,
    /// se; null for one batch.
    pub standard_error: Option<f64>,
}

impl Results {
    pub(super) fn new(settings: Settings, target: String, d: &Diagnosis<Vec<f64>>) -> Self {
        let finite = |x: f64| x.is_finite().then_some(x);
        Results {
            command: "diagnose",
            version: env!("CARGO_PKG_VERSION"),
            settings,
            target,
            dimension: d.axis.len(),
            verdict: d.verdict,
            sentence: d.verdict.to_string(),
            loss: d.loss,
            gradient_norm: d.gradient_norm,
            lowest: d.lowest,
            highest: d.highest,
            others: d.others.map(|others| Others {
                batches: others.batches,
                curvature: others.curvature,
                standard_error: finite(others.standard_error),
            }),
            slope: d.slope,
            blind: d.is_blind(),
            turn: d.turn.at,
            beyond: d.turn.beyond,
            fall: d.turn.fall,
            reach: finite(d.reach()),
            unstable: d.unstable,
            unstable_range: d.unstable_range,
            base_curvature: d.base_curvature,
            growth: d.growth,
            step_norm: d.step_norm,
            base_gradients: finite(d.base_gradients),
            axis_gradients: d.axis_gradients,
            gradients: d.gradients + 1,
            losses: d.losses,
        }
    }
}
