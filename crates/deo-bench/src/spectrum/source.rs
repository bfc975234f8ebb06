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

    /// ⟨n, H_b n⟩ for every unit axis n and, within it, every batch b; `None` where there is only one.
    fn over_batches(&mut self, axes: &[&[T]]) -> Option<Vec<Vec<f64>>>;

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

/// What was evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    /// Products Hv for the search.
    pub(super) products: u64,
    /// Gradients, each the mean over all batches: those of the products, of the point and of the standard errors.
    pub(super) gradients: u64,
}
