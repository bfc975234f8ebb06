//! What is minimised: a loss f: ℝᴺ → ℝ and its gradient.
//!
//! An objective is bound to its data: a model that trains on mini-batches hands out one objective for each
//! batch (`model.on(&batch)`), so that both ends of a dimer see the same batch and the same dropout mask by
//! construction. Nothing here is fallible: a loss that overflows returns a non-finite number, and the
//! algorithms treat that as data, see [`Status::NonFinite`](crate::Status::NonFinite).

/// A differentiable function of a vector.
///
/// `&mut self` because an implementation usually keeps its activations between calls; equal `x` must give
/// equal answers all the same.
pub trait Objective<V: ?Sized> {
    /// f(x).
    fn value(&mut self, x: &V) -> f64;

    /// f(x), and `gradient` ← ∇f(x). The old content of `gradient` must not matter.
    fn value_grad(&mut self, x: &V, gradient: &mut V) -> f64;
}

impl<V: ?Sized, O: Objective<V> + ?Sized> Objective<V> for &mut O {
    fn value(&mut self, x: &V) -> f64 {
        (**self).value(x)
    }

    fn value_grad(&mut self, x: &V, gradient: &mut V) -> f64 {
        (**self).value_grad(x, gradient)
    }
}

/// A closure as an [`Objective`]: it returns the loss and writes the gradient if it is given a place for it.
///
/// # Examples
///
/// ```
/// use deo_core::objective::{FromFn, Objective};
/// let mut saddle = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     if let Some(g) = g {
///         g.copy_from_slice(&[x[0], -x[1]]);
///     }
///     (x[0] * x[0] - x[1] * x[1]) / 2.0
/// });
/// assert_eq!(saddle.value(&[1.0, 2.0]), -1.5);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FromFn<F>(pub F);

impl<V: ?Sized, F: FnMut(&V, Option<&mut V>) -> f64> Objective<V> for FromFn<F> {
    fn value(&mut self, x: &V) -> f64 {
        (self.0)(x, None)
    }

    fn value_grad(&mut self, x: &V, gradient: &mut V) -> f64 {
        (self.0)(x, Some(gradient))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_borrowed_objective_is_the_objective() {
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            if let Some(g) = g {
                g[0] = 2.0 * x[0];
            }
            x[0] * x[0]
        });
        // By name, so that it is the implementation for references that is called.
        let mut borrowed = &mut f;
        let mut g = [0.0];
        assert_eq!(<&mut _ as Objective<[f64]>>::value(&mut borrowed, &[3.0]), 9.0);
        assert_eq!(<&mut _ as Objective<[f64]>>::value_grad(&mut borrowed, &[3.0], &mut g), 9.0);
        assert_eq!(g, [6.0]);
    }
}
