//! A tanh net 8-16-1 near zero that has to learn a product: N = 161.
//!
//! f(W, b, v, c) = 1/R Σ_x (Σⱼ vⱼ tanh(wⱼᵀx + bⱼ) + c − t(x))², t(x) = sign(x₁x₂), over R = 512 points, normal in ℝ⁸. The
//! layout is that of an [`Mlp`] of sizes 8, 16, 1.
//!
//! | | |
//! |---|---|
//! | saddle | W = b = v = 0, c = t̄, f = var t ≈ 1; along (vⱼ, wⱼ) the Hessian has the blocks ±2‖q‖ and 0, q = 1/R Σ (t − t̄) x: λ_min = −2‖q‖, which is only the chance of the sample, for t is correlated with no xᵢ |
//! | minima | f = 0 is nearly reached: the net has enough units for a product |
//! | start | uniform in [−0.01, 0.01]ᴺ |
//! | measure | f − 0.39 on all rows |
//! | target | 0.01, so f = 0.4 |
//! | budget | 2 000 gradients |
//!
//! `tanh-plateau-64` is the same on mini-batches of 64 rows, drawn with replacement.

use super::nets::rows;
use super::{Problem, start};
use crate::layers::Activation;
use crate::mlp::{Mlp, MlpConfig, Targets};
use deo_core::Objective;
use deo_core::optim::Groups;
use deo_linalg::Threads;

const INPUTS: usize = 8;
const UNITS: usize = 16;
const ROWS: usize = 512;

/// The problem and its data.
#[derive(Debug, Clone)]
pub(super) struct TanhPlateau {
    name: &'static str,
    all: Rows,
    /// The rows of a step, if it sees a part of them.
    batch: Option<Rows>,
}

/// The loss on the rows that it holds.
#[derive(Debug, Clone)]
struct Rows {
    net: Mlp<f64>,
    inputs: Vec<f64>,
    targets: Vec<f64>,
}

impl Objective<[f64]> for Rows {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.net.on(&self.inputs, Targets::Values(&self.targets)).value(x)
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.net.on(&self.inputs, Targets::Values(&self.targets)).value_grad(x, gradient)
    }
}

impl TanhPlateau {
    /// On all rows, or on so many of them a step.
    pub(super) fn new(name: &'static str, batch: Option<usize>) -> Self {
        let config = MlpConfig { sizes: vec![INPUTS, UNITS, 1], activation: Activation::Tanh };
        let net = Mlp::new(config, Threads::One).expect("no size is 0");
        let mut inputs = vec![0.0; ROWS * INPUTS];
        start::normal(&mut start::generator(161), &mut inputs, 1.0);
        let targets = inputs.chunks(INPUTS).map(|x| (x[0] * x[1]).signum()).collect();
        let all = Rows { net, inputs, targets };
        let part = |rows: usize| Rows {
            inputs: vec![0.0; rows * INPUTS],
            targets: vec![0.0; rows],
            net: all.net.clone(),
        };
        TanhPlateau { name, batch: batch.map(part), all }
    }
}

impl Problem for TanhPlateau {
    fn name(&self) -> &str {
        self.name
    }

    fn dimension(&self) -> usize {
        self.all.net.layout().len()
    }

    fn groups(&self) -> Groups {
        self.all.net.layout().groups(|_| true)
    }

    fn start(&self, seed: u64) -> Vec<f64> {
        let mut x = vec![0.0; self.dimension()];
        start::cube(&mut start::generator(seed), &mut x, 0.01);
        x
    }

    fn objective(&mut self, seed: u64, step: u64) -> &mut dyn Objective<[f64]> {
        let Some(batch) = &mut self.batch else { return &mut self.all };
        let drawn = rows::drawn(seed, step, batch.targets.len(), ROWS);
        let places = batch.inputs.chunks_exact_mut(INPUTS).zip(&mut batch.targets);
        for ((row, target), i) in places.zip(drawn) {
            row.copy_from_slice(&self.all.inputs[i * INPUTS..][..INPUTS]);
            *target = self.all.targets[i];
        }
        batch
    }

    fn measure(&mut self, x: &[f64]) -> f64 {
        self.all.value(x) - 0.39
    }

    fn target(&self) -> Option<f64> {
        Some(0.01)
    }

    fn budget(&self) -> u64 {
        2_000
    }

    fn has_batches(&self) -> bool {
        self.batch.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::newton::hessian;
    use nalgebra::SymmetricEigen;

    #[test]
    fn the_curvature_at_zero_is_that_of_the_formula() {
        let mut problem = TanhPlateau::new("", None);
        let Rows { inputs, targets, .. } = problem.all.clone();
        let mean = targets.iter().sum::<f64>() / ROWS as f64;
        let q: Vec<f64> = (0..INPUTS)
            .map(|i| {
                let rows = inputs.chunks(INPUTS).zip(&targets);
                rows.map(|(x, t)| (t - mean) * x[i]).sum::<f64>() / ROWS as f64
            })
            .collect();
        let size = q.iter().map(|q| q * q).sum::<f64>().sqrt();
        let mut saddle = vec![0.0; problem.dimension()];
        *saddle.last_mut().unwrap() = mean;
        let mut g = saddle.clone();
        problem.all.value_grad(&saddle, &mut g);
        assert!(g.iter().all(|g| g.abs() < 1e-15), "{g:?}");
        let dense = SymmetricEigen::new(hessian(&mut problem.all, &saddle)).eigenvalues;
        assert!((dense.min() / (-2.0 * size) - 1.0).abs() < 1e-6, "{} {size}", dense.min());
        // One for each unit.
        assert_eq!(dense.iter().filter(|l| **l < -1e-7).count(), UNITS);
    }
}
