//! An energy of Cartesian coordinates in the coordinates of [`FreeBody::weighted`](super::FreeBody::weighted).

use crate::objective::Objective;

/// An objective of Cartesian coordinates as one of mass-weighted coordinates q = √m r.
///
/// # Examples
///
/// ```
/// use deo_core::objective::{FromFn, Objective};
/// use deo_core::space::MassWeighted;
/// // One atom in a spring: frequency² = k/m = 3/12 whatever the coordinates.
/// let spring = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     if let Some(g) = g {
///         g.copy_from_slice(&[3.0 * x[0], 3.0 * x[1], 3.0 * x[2]]);
///     }
///     1.5 * x.iter().map(|x| x * x).sum::<f64>()
/// });
/// let mut weighted = MassWeighted::new(spring, &[12.0]);
/// let mut gradient = [0.0; 3];
/// weighted.value_grad(&[1.0, 0.0, 0.0], &mut gradient);
/// assert!((gradient[0] - 0.25).abs() < 1e-15);
/// ```
#[derive(Debug, Clone)]
pub struct MassWeighted<O> {
    inner: O,
    /// √m for each coordinate.
    roots: Vec<f64>,
    positions: Vec<f64>,
}

impl<O> MassWeighted<O> {
    /// The objective with one mass for each three coordinates.
    ///
    /// # Panics
    ///
    /// If a mass isn't positive.
    pub fn new(inner: O, masses: &[f64]) -> Self {
        assert!(masses.iter().all(|m| *m > 0.0), "masses must be above 0: {masses:?}");
        let roots: Vec<f64> = masses.iter().flat_map(|mass| [mass.sqrt(); 3]).collect();
        MassWeighted { inner, positions: vec![0.0; roots.len()], roots }
    }

    /// q ← √m r, in place.
    pub fn weight(&self, r: &mut [f64]) {
        self.check(r);
        r.iter_mut().zip(&self.roots).for_each(|(r, root)| *r *= root);
    }

    /// r ← q/√m, in place.
    pub fn unweight(&self, q: &mut [f64]) {
        self.check(q);
        q.iter_mut().zip(&self.roots).for_each(|(q, root)| *q /= root);
    }

    #[track_caller]
    fn check(&self, x: &[f64]) {
        assert_eq!(x.len(), self.roots.len(), "coordinates, and three for each mass");
    }

    fn set_positions(&mut self, q: &[f64]) {
        self.check(q);
        for ((r, q), root) in self.positions.iter_mut().zip(q).zip(&self.roots) {
            *r = q / root;
        }
    }
}

impl<O: Objective<[f64]>> Objective<[f64]> for MassWeighted<O> {
    fn value(&mut self, q: &[f64]) -> f64 {
        self.set_positions(q);
        self.inner.value(&self.positions)
    }

    fn value_grad(&mut self, q: &[f64], gradient: &mut [f64]) -> f64 {
        self.set_positions(q);
        let value = self.inner.value_grad(&self.positions, gradient);
        self.unweight(gradient);
        value
    }
}
