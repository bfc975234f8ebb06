//! Sharpness-aware minimisation: the gradient of the worst point nearby.
//!
//! ```text
//! x ← x − η ∇f(x + ρ g/‖g‖),  g = ∇f(x)
//! ```
//!
//! P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur, arXiv 2010.01412, equations 2 and 3, over gradient descent. Where g = 0 the
//! worst point is x itself. Two gradients a step.

use super::plain::SPACE;
use crate::escape::meter::Metered;
use crate::escape::method::Method;
use deo_core::Space;

pub(super) struct Sam {
    lr: f64,
    /// ρ.
    radius: f64,
    g: Vec<f64>,
    worst: Vec<f64>,
}

impl Sam {
    pub(super) fn new(lr: f64, radius: f64, x: &[f64]) -> Self {
        Sam { lr, radius, g: vec![0.0; x.len()], worst: vec![0.0; x.len()] }
    }
}

impl Method for Sam {
    fn name(&self) -> String {
        "sam".to_owned()
    }

    fn step(&mut self, x: &mut [f64], f: &mut Metered<'_>) -> Option<f64> {
        let loss = f.gradient(x, &mut self.g)?;
        let norm = SPACE.norm(&self.g);
        self.worst.copy_from_slice(x);
        if norm > 0.0 {
            SPACE.axpby(self.radius / norm, &self.g, 1.0, &mut self.worst);
        }
        f.gradient(&self.worst, &mut self.g)?;
        SPACE.axpby(-self.lr, &self.g, 1.0, x);
        Some(loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ledger;
    use deo_core::objective::FromFn;

    #[test]
    fn a_step_on_a_quadratic() {
        // f = ½(x₁² + 4x₂²), g(3, 1) = (3, 4), ‖g‖ = 5; the worst point at ρ = ½ is (3.3, 1.4).
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            if let Some(g) = g {
                g.copy_from_slice(&[x[0], 4.0 * x[1]]);
            }
            0.5 * (x[0] * x[0] + 4.0 * x[1] * x[1])
        });
        let (mut x, mut ledger) = ([3.0, 1.0], Ledger::new(3));
        let mut sam = Sam::new(0.1, 0.5, &x);
        let loss = sam.step(&mut x, &mut Metered::new(&mut f, &mut ledger));
        assert_eq!(loss, Some(6.5));
        // (3, 1) − 0.1 · (3.3, 5.6)
        assert!((x[0] - 2.67).abs() < 1e-15 && (x[1] - 0.44).abs() < 1e-15, "{x:?}");
        assert_eq!((ledger.gradients(), ledger.losses()), (2, 0));
        // The third gradient is paid, the fourth is not, and x stays.
        let before = x;
        assert_eq!(sam.step(&mut x, &mut Metered::new(&mut f, &mut ledger)), None);
        assert_eq!(x, before);
    }
}
