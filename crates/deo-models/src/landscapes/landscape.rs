//! What every landscape tells about itself.

use deo_core::Objective;
use std::fmt::Debug;

/// A point of zero gradient that is known in closed form or to all digits.
#[derive(Debug, Clone, PartialEq)]
pub struct StationaryPoint {
    /// The point.
    pub x: Vec<f64>,
    /// f there.
    pub value: f64,
    /// λ_min of the Hessian there, where it is known.
    pub curvature: Option<f64>,
}

/// A loss f: ℝᴺ → ℝ that is given by a formula, with what is known about it.
///
/// A `Box<dyn Landscape>` is an objective through `&mut *landscape`.
pub trait Landscape: Objective<[f64]> + Debug + Send {
    /// Its name in [`by_name`](super::by_name).
    fn name(&self) -> &'static str;

    /// N.
    fn dimension(&self) -> usize;

    /// The box, lower and upper end a dimension, in which a random start makes sense.
    ///
    /// Every landscape is defined on all of ℝᴺ; starts outside are allowed and may overflow.
    fn domain(&self) -> Vec<(f64, f64)>;

    /// The known minima. Of many mirror images one stands for all.
    fn minima(&self) -> Vec<StationaryPoint>;

    /// The known saddles, one with a vanishing Hessian included. Of many mirror images one stands for all.
    fn saddles(&self) -> Vec<StationaryPoint>;
}

/// Panics unless x has N components, and a gradient, if any, as well.
#[track_caller]
pub(super) fn check_lengths(name: &str, n: usize, x: &[f64], gradient: Option<&[f64]>) {
    assert_eq!(x.len(), n, "length of x and dimension of {name}");
    if let Some(gradient) = gradient {
        assert_eq!(gradient.len(), n, "length of the gradient and dimension of {name}");
    }
}

/// Implements `Objective<[f64]>` by the type's `fn evaluate(&mut self, x, gradient: Option<&mut [f64]>) -> f64`,
/// which may rely on the lengths.
macro_rules! objective_by_evaluate {
    ($landscape:ty) => {
        impl deo_core::Objective<[f64]> for $landscape {
            fn value(&mut self, x: &[f64]) -> f64 {
                let (name, n) = (self.name(), self.dimension());
                $crate::landscapes::landscape::check_lengths(name, n, x, None);
                self.evaluate(x, None)
            }

            fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
                let (name, n) = (self.name(), self.dimension());
                $crate::landscapes::landscape::check_lengths(name, n, x, Some(gradient));
                self.evaluate(x, Some(gradient))
            }
        }
    };
}
pub(super) use objective_by_evaluate;
