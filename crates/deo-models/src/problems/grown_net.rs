//! A converged net of four units whose units are copied: 6-4-1 becomes 6-8-1, N = 65.
//!
//! f(W, b, v, c) = 1/R Σ_x (Σⱼ vⱼ tanh(wⱼᵀx + bⱼ) + c − t(x))² over R = 256 points, normal in ℝ⁶; t is a net of eight tanh units,
//! with w and b normal(0, ½) and v normal(0, 1). The layout is that of an [`Mlp`] of sizes 6, 8, 1.
//!
//! Each unit (w, b, v) of the minimum of four units stands twice, with v/2: the net computes the same function, the gradient is
//! 0, and equal units have equal gradients to the bit, so that gradient methods stay. With the residual r and x̃ = (x, 1),
//!
//! ```text
//! Sⱼ = 2/R Σ_x r vⱼ tanh''(wⱼᵀx + bⱼ) x̃x̃ᵀ,   7 × 7
//! ```
//!
//! | | |
//! |---|---|
//! | minima | f = 0: the teacher |
//! | saddle | the start; along (δ, −δ)/√2 of the two copies of unit j the curvature is ½ δᵀSⱼδ, and along the same of their v it is 0; so λ_min = ½ min λ_min(Sⱼ), and a tenth to a third of all directions are unstable |
//! | start | the saddle, its units permuted, and their signs, (w, b, v) → −(w, b, v), drawn |
//! | measure | f/f₄ − ½ with f₄ at the start |
//! | target | 0.005: half of the way down |
//! | budget | 4 000 gradients |
//!
//! K. Fukumizu, S. Amari, Neural Networks 13, 317 (2000); L. Wu, D. Wang, Q. Liu, Splitting steepest descent for growing neural
//! architectures, arXiv 1910.02366, whose splitting matrix S is.

use super::on_loss::OnLoss;
use super::{Start, newton, start};
use crate::layers::Activation;
use crate::mlp::{Mlp, MlpConfig, Targets};
use deo_core::Objective;
use deo_linalg::Threads;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

const INPUTS: usize = 6;
const ROWS: usize = 256;
const SMALL: usize = 4;

/// f/`scale` of a net on the data.
#[derive(Debug, Clone)]
struct Fit {
    net: Mlp<f64>,
    inputs: Vec<f64>,
    targets: Vec<f64>,
    scale: f64,
}

impl Fit {
    fn new(units: usize, inputs: Vec<f64>, targets: Vec<f64>) -> Self {
        let config = MlpConfig { sizes: vec![INPUTS, units, 1], activation: Activation::Tanh };
        let net = Mlp::new(config, Threads::One).expect("no size is 0");
        Fit { net, inputs, targets, scale: 1.0 }
    }
}

impl Objective<[f64]> for Fit {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.net.on(&self.inputs, Targets::Values(&self.targets)).value(x) / self.scale
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let value =
            self.net.on(&self.inputs, Targets::Values(&self.targets)).value_grad(x, gradient);
        gradient.iter_mut().for_each(|g| *g /= self.scale);
        value / self.scale
    }
}

/// The data: R × 6 inputs, and the teacher's answers.
fn data() -> (Vec<f64>, Vec<f64>) {
    let mut rng = start::generator(65);
    let mut inputs = vec![0.0; ROWS * INPUTS];
    start::normal(&mut rng, &mut inputs, 1.0);
    let units = 2 * SMALL;
    let mut teacher = vec![0.0; units * (INPUTS + 2) + 1];
    start::normal(&mut rng, &mut teacher, 0.5);
    teacher[units * (INPUTS + 1)..].iter_mut().for_each(|v| *v *= 2.0);
    let mut net = Fit::new(units, inputs.clone(), vec![0.0; ROWS]).net;
    let targets = net.output(&teacher, &inputs).to_vec();
    (inputs, targets)
}

/// The minimum of four units that one start leads to.
fn small_net(fit: &mut Fit) -> Vec<f64> {
    let start = fit.net.init(1);
    newton::minimum(fit, start)
}

/// Each unit of `small` twice, in that order of the eight and with those signs.
fn grown(small: &[f64], order: &[usize], signs: &[f64]) -> Vec<f64> {
    let [b, v, c] = [1, 2, 3].map(|part| match part {
        1 => SMALL * INPUTS,
        2 => SMALL * (INPUTS + 1),
        _ => SMALL * (INPUTS + 2),
    });
    let units = || order.iter().map(|unit| unit % SMALL).zip(signs);
    let mut x: Vec<f64> = vec![];
    units().for_each(|(j, s)| x.extend(small[j * INPUTS..][..INPUTS].iter().map(|w| s * w)));
    x.extend(units().map(|(j, s)| s * small[b + j]));
    x.extend(units().map(|(j, s)| s * small[v + j] / 2.0));
    x.push(small[c]);
    x
}

fn shuffled(rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..2 * SMALL).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, rng.random_range(0..=i));
    }
    order
}

pub(super) fn grown_net(name: &'static str) -> OnLoss<impl Objective<[f64]> + Send + use<>> {
    let (inputs, targets) = data();
    let mut fit = Fit::new(SMALL, inputs.clone(), targets.clone());
    let small = small_net(&mut fit);
    let scale = fit.value(&small);
    let large = Fit { scale, ..Fit::new(2 * SMALL, inputs, targets) };
    let groups = large.net.layout().groups(|_| true);
    let start = Start::drawn(move |seed, x| {
        let mut rng = start::generator(seed);
        let order = shuffled(&mut rng);
        let signs: Vec<f64> =
            (0..order.len()).map(|_| if rng.random::<bool>() { 1.0 } else { -1.0 }).collect();
        x.copy_from_slice(&grown(&small, &order, &signs));
    });
    OnLoss::new(name, large, start, groups, [0.5, 5e-3], 4_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, SymmetricEigen};

    #[test]
    fn the_curvature_of_the_grown_net_is_that_of_its_splitting_matrices() {
        let (inputs, targets) = data();
        let mut fit = Fit::new(SMALL, inputs.clone(), targets.clone());
        let small = small_net(&mut fit);
        let mut g = vec![0.0; small.len()];
        let f4 = fit.value_grad(&small, &mut g);
        // `minimum` ends where ‖g‖ ≤ 1e-11 falls no more.
        assert!(g.iter().all(|g| g.abs() < 1e-11) && f4 > 1e-3, "{f4} {g:?}");
        let dense = SymmetricEigen::new(newton::hessian(&mut fit, &small));
        assert!(dense.eigenvalues.min() > 0.0, "a minimum: {}", dense.eigenvalues);

        let outputs = fit.net.output(&small, &inputs).to_vec();
        let mut lowest = f64::INFINITY;
        for j in 0..SMALL {
            let (w, b) = (&small[j * INPUTS..][..INPUTS], small[SMALL * INPUTS + j]);
            let v = small[SMALL * (INPUTS + 1) + j];
            let mut s = DMatrix::zeros(INPUTS + 1, INPUTS + 1);
            for (row, x) in inputs.chunks(INPUTS).enumerate() {
                let t = (w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + b).tanh();
                let bend = 2.0 / ROWS as f64
                    * (outputs[row] - targets[row])
                    * v
                    * -2.0
                    * t
                    * (1.0 - t * t);
                let x: Vec<f64> = x.iter().copied().chain([1.0]).collect();
                s += DMatrix::from_fn(INPUTS + 1, INPUTS + 1, |i, k| bend * x[i] * x[k]);
            }
            lowest = lowest.min(0.5 * SymmetricEigen::new(s).eigenvalues.min());
        }
        let mut large = Fit::new(2 * SMALL, inputs, targets);
        let x = grown(&small, &[0, 1, 2, 3, 4, 5, 6, 7], &[1.0; 8]);
        let mut g = vec![0.0; x.len()];
        let value = large.value_grad(&x, &mut g);
        assert!((value / f4 - 1.0).abs() < 1e-12 && g.iter().all(|g| g.abs() < 1e-11));
        let dense = SymmetricEigen::new(newton::hessian(&mut large, &x)).eigenvalues;
        assert!((dense.min() / lowest - 1.0).abs() < 1e-5, "{} {lowest}", dense.min());
        assert!(lowest < 0.0);
        let negative = dense.iter().filter(|l| **l < -1e-7).count();
        assert!((4..=22).contains(&negative), "{negative} of 65: {lowest}, {}", dense.max());
    }
}
