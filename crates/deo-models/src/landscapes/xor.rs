//! The exclusive or by a net of two tanh units.
//!
//! f(W, b, v, c) = ¼ Σ_x (Σⱼ vⱼ tanh(wⱼᵀx + bⱼ) + c − t(x))², j = 1, 2, over x ∈ {0, 1}², t = 0, 1, 1, 0.
//!
//! The vector is (W, b, v, c), the layout of an [`Mlp`] of sizes 2, 2, 1; N = 9. Domain: ℝ⁹, starts in [−1, 1]⁹.
//! With T(z) = tanh z and q = 1/(3T(½) − T(3/2)):
//!
//! | point | f | lowest curvature |
//! |---|---|---|
//! | w₁ = w₂ = (1, 1), b = (−½, −3/2), v = (q, −q), c = q(T(½) − T(3/2)), a minimum | 0 | 0: four equations in nine unknowns |
//! | W = b = v = 0, c = ½, a saddle | ¼ | 0: t is uncorrelated with x, so nothing leads down in second order |
//!
//! From small weights every gradient method comes close to the saddle first, c being the fastest to fall.
//!
//! D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning internal representations by error propagation, 1986.
//! L. G. C. Hamey, XOR has no local minima, Neural Networks 11, 669 (1998).

use super::landscape::objective_by_evaluate;
use super::{Landscape, StationaryPoint};
use crate::layers::Activation;
use crate::mlp::{Mlp, MlpConfig, Targets};
use deo_core::Objective;
use deo_linalg::Threads;

const INPUTS: [f64; 8] = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
const TARGETS: [f64; 4] = [0.0, 1.0, 1.0, 0.0];

/// The mean squared error of a 2-2-1 tanh net on the exclusive or.
#[derive(Debug, Clone)]
pub struct Xor {
    net: Mlp<f64>,
}

impl Default for Xor {
    fn default() -> Self {
        let config = MlpConfig { sizes: vec![2, 2, 1], activation: Activation::Tanh };
        Xor { net: Mlp::new(config, Threads::One).expect("no size is 0") }
    }
}

impl Xor {
    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let mut loss = self.net.on(&INPUTS, Targets::Values(&TARGETS));
        match gradient {
            Some(gradient) => loss.value_grad(x, gradient),
            None => loss.value(x),
        }
    }
}

objective_by_evaluate!(Xor);

impl Landscape for Xor {
    fn name(&self) -> &'static str {
        "xor"
    }

    fn dimension(&self) -> usize {
        9
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-1.0, 1.0); 9]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        let (half, far) = (0.5_f64.tanh(), 1.5_f64.tanh());
        let q = 1.0 / (3.0 * half - far);
        let x = vec![1.0, 1.0, 1.0, 1.0, -0.5, -1.5, q, -q, q * (half - far)];
        vec![StationaryPoint { x, value: 0.0, curvature: Some(0.0) }]
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        let mut x = vec![0.0; 9];
        x[8] = 0.5;
        vec![StationaryPoint { x, value: 0.25, curvature: Some(0.0) }]
    }
}
