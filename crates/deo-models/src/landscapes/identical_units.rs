//! A tanh net whose hidden units start identical, and so stay under every gradient method.
//!
//! f(w, b, v, c) = 1/R Σ_x (Σⱼ vⱼ tanh(wⱼ x + bⱼ) + c − t(x))², j = 1 … k, over R = 21 points x = −2, −1.8, …, 2;
//! t(x) = 0.9 tanh 3x − 0.64 tanh(x + 1), a teacher of two units.
//!
//! The vector is (w, b, v, c), the layout of an [`Mlp`] of sizes 1, k, 1; N = 3k + 1. Domain: ℝᴺ, starts in
//! [−1, 1]ᴺ.
//!
//! | point | f | lowest curvature |
//! |---|---|---|
//! | the teacher, k − 2 units off, the minimum | 0 | 0 for k > 2, along vⱼ of a unit that is off |
//! | w = b = v = 0, c = t̄, a saddle | var t | −2 abs cov(t, x) |
//! | all units equal to the best single one, a saddle | 0.0282 | −5.1e-4 for k = 4, k − 1 times; no closed form |
//!
//! Equal units have equal gradients to the bit, so from equal units gradient descent, heavy ball and Adam reach the
//! last point, the best net of one unit, and never leave it. Any direction that tells the units apart leads on;
//! negative curvature is one.
//!
//! K. Fukumizu, S. Amari, Local minima and plateaus in hierarchical structures of multilayer perceptrons, Neural
//! Networks 13, 317 (2000).

use super::landscape::objective_by_evaluate;
use super::{Landscape, LandscapeError, StationaryPoint};
use crate::layers::Activation;
use crate::mlp::{Mlp, MlpConfig, Targets};
use deo_core::Objective;
use deo_linalg::Threads;

/// (w, b, v) of the teacher's two units; its c is 0.
const TEACHER: [[f64; 3]; 2] = [[3.0, 0.0, 0.9], [1.0, 1.0, -0.64]];

/// A fit of a function of one variable by k tanh units.
#[derive(Debug, Clone)]
pub struct IdenticalUnits {
    units: usize,
    net: Mlp<f64>,
    inputs: Vec<f64>,
    targets: Vec<f64>,
}

impl Default for IdenticalUnits {
    /// k = 4, N = 13.
    fn default() -> Self {
        Self::new(4).expect("valid")
    }
}

impl IdenticalUnits {
    /// The fit by k units.
    ///
    /// # Errors
    ///
    /// Unless k ≥ 2, which the teacher has.
    pub fn new(units: usize) -> Result<Self, LandscapeError> {
        let allowed = units >= 2;
        LandscapeError::unless(allowed, "the number of units", units as f64, "at least 2")?;
        let config = MlpConfig { sizes: vec![1, units, 1], activation: Activation::Tanh };
        let net = Mlp::new(config, Threads::One).expect("no size is 0");
        let inputs: Vec<f64> = (-10..=10).map(|i| f64::from(i) / 5.0).collect();
        let target = |x: &f64| TEACHER.iter().map(|[w, b, v]| v * (w * x + b).tanh()).sum();
        let targets = inputs.iter().map(target).collect();
        Ok(IdenticalUnits { units, net, inputs, targets })
    }

    /// k.
    pub fn units(&self) -> usize {
        self.units
    }

    /// The point whose units all are (w, b, v).
    pub fn identical(&self, [w, b, v]: [f64; 3], c: f64) -> Vec<f64> {
        let repeated = [w, b, v].into_iter().flat_map(|p| std::iter::repeat_n(p, self.units));
        repeated.chain([c]).collect()
    }

    /// (x, t(x)) of the points that are fitted.
    pub fn samples(&self) -> impl Iterator<Item = (f64, f64)> {
        self.inputs.iter().copied().zip(self.targets.iter().copied())
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let mut loss = self.net.on(&self.inputs, Targets::Values(&self.targets));
        match gradient {
            Some(gradient) => loss.value_grad(x, gradient),
            None => loss.value(x),
        }
    }

    fn mean(&self, of: impl Fn(f64, f64) -> f64) -> f64 {
        let pairs = self.inputs.iter().zip(&self.targets);
        pairs.map(|(x, t)| of(*x, *t)).sum::<f64>() / self.inputs.len() as f64
    }
}

objective_by_evaluate!(IdenticalUnits);

impl Landscape for IdenticalUnits {
    fn name(&self) -> &'static str {
        "identical-units"
    }

    fn dimension(&self) -> usize {
        3 * self.units + 1
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-1.0, 1.0); self.dimension()]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        let mut x = vec![0.0; self.dimension()];
        for (j, unit) in TEACHER.iter().enumerate() {
            for (i, parameter) in unit.iter().enumerate() {
                x[i * self.units + j] = *parameter;
            }
        }
        let curvature = (self.units > 2).then_some(0.0);
        vec![StationaryPoint { x, value: 0.0, curvature }]
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        let mean = self.mean(|_, t| t);
        let covariance = self.mean(|x, t| (t - mean) * x);
        vec![StationaryPoint {
            x: self.identical([0.0; 3], mean),
            value: self.mean(|_, t| (t - mean) * (t - mean)),
            curvature: Some(-2.0 * covariance.abs()),
        }]
    }
}
