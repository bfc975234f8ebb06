//! A landscape at vectors stored in single precision.

use super::Landscape;
use deo_core::Objective;

/// A landscape as an objective of `[f32]`: x is widened exactly, f and ∇f are computed in `f64`, and each
/// component of ∇f is rounded once.
///
/// That is the least rounding an `f32` gradient can have, ε_g = 2⁻²⁴ relative in each component; what remains
/// of a secant's error is due to its length.
///
/// # Examples
///
/// ```
/// use deo_core::Objective;
/// use deo_models::landscapes::{InSingle, Monkey};
/// let mut monkey = InSingle::new(Monkey::default());
/// let mut gradient = [0.0_f32; 2];
/// assert_eq!(monkey.value_grad(&[1.0, 2.0], &mut gradient), -11.0);
/// assert_eq!(gradient, [-9.0, -12.0]);
/// ```
#[derive(Debug, Clone)]
pub struct InSingle<L> {
    inner: L,
    x: Vec<f64>,
    gradient: Vec<f64>,
}

impl<L: Landscape> InSingle<L> {
    /// The landscape with two buffers of its dimension.
    pub fn new(inner: L) -> Self {
        let n = inner.dimension();
        InSingle { inner, x: vec![0.0; n], gradient: vec![0.0; n] }
    }

    /// The landscape in double precision.
    pub fn inner(&self) -> &L {
        &self.inner
    }

    #[track_caller]
    fn widen(&mut self, x: &[f32]) {
        assert_eq!(x.len(), self.x.len(), "length of x and dimension of the landscape");
        for (wide, &x) in self.x.iter_mut().zip(x) {
            *wide = f64::from(x);
        }
    }
}

impl<L: Landscape> Objective<[f32]> for InSingle<L> {
    fn value(&mut self, x: &[f32]) -> f64 {
        self.widen(x);
        self.inner.value(&self.x)
    }

    fn value_grad(&mut self, x: &[f32], gradient: &mut [f32]) -> f64 {
        let (given, n) = (gradient.len(), self.gradient.len());
        assert_eq!(given, n, "length of the gradient and dimension of the landscape");
        self.widen(x);
        let value = self.inner.value_grad(&self.x, &mut self.gradient);
        for (narrow, &wide) in gradient.iter_mut().zip(&self.gradient) {
            *narrow = wide as f32; // rounds to nearest; out of range becomes infinite
        }
        value
    }
}
