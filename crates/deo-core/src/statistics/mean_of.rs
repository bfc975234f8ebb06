//! The mean of several objectives: B batches as one.

use crate::objective::Objective;
use crate::space::Space;
use std::borrow::BorrowMut;

/// (1/B) Σ f_b, with its gradient, for rotating on B batches at once.
///
/// The batches are evaluated and added in the order of the slice: the same bits every time. One evaluation costs B.
///
/// # Examples
///
/// ```
/// use deo_core::objective::{FromFn, Objective};
/// use deo_core::space::Host;
/// use deo_core::statistics::MeanOf;
/// let batch = |target: f64| {
///     FromFn(move |x: &[f64], g: Option<&mut [f64]>| {
///         if let Some(g) = g {
///             g[0] = x[0] - target;
///         }
///         (x[0] - target).powi(2) / 2.0
///     })
/// };
/// let mut batches = [batch(1.0), batch(3.0)];
/// let space = Host::<f64>::new();
/// let mut mean = MeanOf::new(&space, &mut batches, &[0.0]);
/// let mut g = [0.0];
/// assert_eq!(mean.value_grad(&[0.0], &mut g), 2.5);
/// assert_eq!(g, [-2.0]);
/// ```
#[derive(Debug)]
pub struct MeanOf<'a, S: Space, O> {
    space: &'a S,
    batches: &'a mut [O],
    gradient: S::Owned,
}

impl<'a, S: Space, O> MeanOf<'a, S, O> {
    /// The mean of `batches`, for vectors of the shape of `like`.
    ///
    /// # Panics
    ///
    /// If there are no batches.
    pub fn new(space: &'a S, batches: &'a mut [O], like: &S::Vector) -> Self {
        assert!(!batches.is_empty(), "the mean of 0 objectives; at least 1 is needed");
        MeanOf { space, batches, gradient: space.zeros_like(like) }
    }
}

impl<S: Space, O: Objective<S::Vector>> Objective<S::Vector> for MeanOf<'_, S, O> {
    fn value(&mut self, x: &S::Vector) -> f64 {
        let count = self.batches.len() as f64;
        self.batches.iter_mut().map(|batch| batch.value(x)).sum::<f64>() / count
    }

    fn value_grad(&mut self, x: &S::Vector, gradient: &mut S::Vector) -> f64 {
        let count = self.batches.len() as f64;
        let part = self.gradient.borrow_mut();
        let mut sum = 0.0;
        for (b, batch) in self.batches.iter_mut().enumerate() {
            sum += batch.value_grad(x, part);
            let keep = if b == 0 { 0.0 } else { 1.0 };
            self.space.axpby(1.0 / count, part, keep, gradient);
        }
        sum / count
    }
}
