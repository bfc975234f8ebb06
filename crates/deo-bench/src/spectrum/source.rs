//! Where products Hv come from: one face for gradients of networks and landscapes and for a stored matrix.

use deo_core::{Answer, Probe};
use deo_linalg::Real;

/// Answers questions about a Hessian at a point.
pub(super) trait Source<T: Real> {
    /// N.
    fn dimension(&self) -> usize;

    /// The loss and the norm of the gradient at the point; `None` where there is only a matrix.
    fn at_point(&self) -> Option<AtPoint>;

    /// Answers a question.
    fn answer(&mut self, probe: Probe<'_, [T]>) -> Answer<'_, [T]>;

    /// Measures the curvature along every unit axis again, with its errors; `None` where products are exact.
    fn remeasure(&mut self, axes: &[&[T]]) -> Option<Vec<Remeasured>>;

    /// What was evaluated so far.
    fn counts(&self) -> Counts;
}

/// The function where its curvature is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct AtPoint {
    /// f(x).
    pub(super) loss: f64,
    /// ‖∇f(x)‖.
    pub(super) gradient_norm: f64,
}

/// The curvature along an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Remeasured {
    /// ⟨n, Hn⟩.
    pub(super) curvature: f64,
    /// The error of the secants of the search, measured along n.
    pub(super) secant_error: f64,
    /// ⟨n, H_b n⟩ of every batch.
    pub(super) over_batches: Vec<f64>,
}

/// What was evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    /// Products Hv for the search.
    pub(super) products: u64,
    /// Gradients, each the mean over all batches: of the products, of the point, and of measuring again.
    pub(super) gradients: u64,
}
