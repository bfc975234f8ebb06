//! The minimum of a function on a sphere: Newton's method in the tangent plane.
//!
//! u = x − p, ‖u‖ = r, û = u/r. The minimum has g ∥ u; Lagrange's multiplier there is μ = ⟨g, û⟩/r, below zero on the way
//! down, and the Hessian of the restriction is P(H − μ)P, P = 1 − ûûᵀ. So
//!
//! Δ = −(P(H − μ)P + ûûᵀ)⁻¹ Pg,  u ← r (u + Δ)/‖u + Δ‖,
//!
//! with H − μ raised by a multiple of 1 where it isn't positive, and Δ at most half a radius long.

use super::learned::Bofill;
use crate::cholesky;
use crate::learned::{dot, norm};

/// A point on a sphere.
#[derive(Debug, Clone)]
pub(super) struct Sphere {
    centre: Vec<f64>,
    radius: f64,
    /// û.
    at: Vec<f64>,
}

/// The longest step, in radii: beyond an angle of 30° the sphere is no plane any more.
const LONGEST: f64 = 0.5;
/// Newton's steps on the model of the function before it is asked itself: three converge to 1e-4 of an angle of 30°.
const FORETOLD: usize = 3;

impl Sphere {
    /// Around `centre`, at the end of the unit vector `at`.
    pub(super) fn new(centre: &[f64], radius: f64, at: &[f64]) -> Self {
        Sphere { centre: centre.to_vec(), radius, at: at.to_vec() }
    }

    /// x.
    pub(super) fn point(&self) -> Vec<f64> {
        self.centre.iter().zip(&self.at).map(|(c, u)| c + self.radius * u).collect()
    }

    /// The part of `g` across the radius, which the minimum doesn't have.
    pub(super) fn across(&self, g: &[f64]) -> f64 {
        norm(&self.tangential(g))
    }

    /// Outwards it goes up, by the gradient `g` at the point.
    pub(super) fn is_uphill(&self, g: &[f64]) -> bool {
        dot(g, &self.at) > 0.0
    }

    /// Pg.
    fn tangential(&self, g: &[f64]) -> Vec<f64> {
        let along = dot(g, &self.at);
        g.iter().zip(&self.at).map(|(g, u)| g - along * u).collect()
    }

    /// To the minimum of the quadratic function that has gradient `g` and Hessian at `x`.
    pub(super) fn foretell(&mut self, x: &[f64], g: &[f64], hessian: &Bofill) {
        for _ in 0..FORETOLD {
            let step: Vec<f64> = self.point().iter().zip(x).map(|(a, b)| a - b).collect();
            let mut there = hessian.product(&step);
            there.iter_mut().zip(g).for_each(|(there, g)| *there += g);
            self.step(&there, hessian);
        }
    }

    /// One step of Newton's method, by the gradient at the point.
    pub(super) fn step(&mut self, g: &[f64], hessian: &Bofill) {
        let n = g.len();
        let multiplier = dot(g, &self.at) / self.radius;
        let mut step: Vec<f64>;
        // The least raise that makes a Cholesky factor, by decades from a millionth of the Hessian's scale on.
        let mut raise = 0.0;
        loop {
            step = self.tangential(g);
            step.iter_mut().for_each(|s| *s = -*s);
            let mut matrix = self.restricted(hessian, raise - multiplier);
            if cholesky::solve(&mut matrix, &mut step) && step.iter().all(|s| s.is_finite()) {
                break;
            }
            let scale = hessian.scale() + multiplier.abs();
            raise = if raise == 0.0 { 1e-6 * scale } else { 10.0 * raise };
            if !raise.is_finite() || raise == 0.0 {
                return;
            }
        }
        let step = self.tangential(&step);
        let length = norm(&step);
        let longest = LONGEST * self.radius;
        let share = if length > longest { longest / length } else { 1.0 } / self.radius;
        (0..n).for_each(|i| self.at[i] += share * step[i]);
        let length = norm(&self.at);
        self.at.iter_mut().for_each(|u| *u /= length);
    }

    /// P(H + shift)P + ûûᵀ, scaled as H.
    fn restricted(&self, hessian: &Bofill, shift: f64) -> Vec<f64> {
        let n = self.at.len();
        let u = &self.at;
        let hu = hessian.product(u);
        let uhu = dot(u, &hu);
        let along = hessian.scale() + shift.abs();
        let mut matrix = hessian.matrix().to_vec();
        for i in 0..n {
            for j in 0..n {
                matrix[i * n + j] +=
                    u[i] * u[j] * (uhu + along - shift) - u[i] * hu[j] - hu[i] * u[j];
            }
            matrix[i * n + i] += shift;
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a sphere ½xᵀHx has its least value at the softest eigenvector.
    #[test]
    fn a_quadratic_function_is_least_at_its_softest_axis() {
        let hessian = [2.0, 0.3, 0.0, 0.3, 5.0, -1.0, 0.0, -1.0, 9.0];
        let learned = Bofill::given(3, &hessian);
        let mut sphere = Sphere::new(&[0.0; 3], 0.7, &[0.6, 0.8, 0.0]);
        for _ in 0..8 {
            let g = learned.product(&sphere.point());
            sphere.step(&g, &learned);
        }
        let g = learned.product(&sphere.point());
        // The softest eigenvalue by the characteristic polynomial, (2 − λ)((5 − λ)(9 − λ) − 1) − 0.09(9 − λ) = 0.
        let lambda = dot(&g, &sphere.point()) / 0.49;
        let rest = (2.0 - lambda) * ((5.0 - lambda) * (9.0 - lambda) - 1.0) - 0.09 * (9.0 - lambda);
        assert!(rest.abs() < 1e-12, "{lambda} {rest:e}");
        assert!(lambda < 2.0 && norm(&sphere.tangential(&g)) < 1e-12);
    }
}
