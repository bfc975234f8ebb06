//! A deep sigmoid autoencoder of the digits, whose loss waits on plateaus.
//!
//! f(θ) = 1/R Σ_x ‖net(x) − x‖², all R = 1 797 images, net an [`Mlp`] of sizes 64, 32, 16, 8, 16, 32, 64 with sigmoids
//! between the layers and a linear output; N = 5 544.
//!
//! | | |
//! |---|---|
//! | plateaus | 4.693, the total variance of the pixels: the output is the mean image; 3.994, that variance without its first principal component: one number passes the bottleneck |
//! | minima, saddles | not known in closed form; a linear bottleneck of 8 could reach 1.530 |
//! | start | [`Mlp::init`]: weights normal(0, 1/√inputs), biases 0; f is about 30 |
//! | measure | f |
//! | target | none, the loss at the end counts |
//! | budget | 4 000 gradients |
//!
//! Heavy ball (momentum 0.9) of rate 0.03 spends most of its budget on the first plateau and ends near the second, at
//! 4.08, 3.35 and 4.01 from seeds 0, 1 and 2; of rate 0.1 it ends on the first, at 4.693; Adam of rate 0.01 ends at
//! 0.86 to 0.88.

use super::Problem;
use crate::digits::Digits;
use crate::layers::Activation;
use crate::mlp::{Mlp, MlpConfig, Targets};
use deo_core::Objective;
use deo_core::optim::Groups;
use deo_linalg::Threads;

/// The problem and its loss.
#[derive(Debug, Clone)]
pub(super) struct DigitsAutoencoder {
    name: &'static str,
    loss: Reconstruction,
}

/// f: Σ over the outputs and mean over the images, where [`Targets::Values`] has the mean over both.
#[derive(Debug, Clone)]
struct Reconstruction {
    net: Mlp<f64>,
    images: Vec<f64>,
}

impl DigitsAutoencoder {
    pub(super) fn new(name: &'static str) -> Self {
        let sizes = vec![Digits::PIXELS, 32, 16, 8, 16, 32, Digits::PIXELS];
        let config = MlpConfig { sizes, activation: Activation::Sigmoid };
        let net = Mlp::new(config, Threads::Pool).expect("no size is 0");
        let images = Digits::load().pixels;
        DigitsAutoencoder { name, loss: Reconstruction { net, images } }
    }
}

const OUTPUTS: f64 = Digits::PIXELS as f64;

impl Objective<[f64]> for Reconstruction {
    fn value(&mut self, x: &[f64]) -> f64 {
        OUTPUTS * self.net.on(&self.images, Targets::Values(&self.images)).value(x)
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut loss = self.net.on(&self.images, Targets::Values(&self.images));
        let value = loss.value_grad(x, gradient);
        gradient.iter_mut().for_each(|g| *g *= OUTPUTS);
        OUTPUTS * value
    }
}

impl Problem for DigitsAutoencoder {
    fn name(&self) -> &str {
        self.name
    }

    fn dimension(&self) -> usize {
        self.loss.net.layout().len()
    }

    fn groups(&self) -> Groups {
        self.loss.net.layout().groups(|_| true)
    }

    fn start(&self, seed: u64) -> Vec<f64> {
        self.loss.net.init(seed)
    }

    fn objective(&mut self, _seed: u64, _step: u64) -> &mut dyn Objective<[f64]> {
        &mut self.loss
    }

    fn measure(&mut self, x: &[f64]) -> f64 {
        self.loss.value(x)
    }

    fn target(&self) -> Option<f64> {
        None
    }

    fn budget(&self) -> u64 {
        4_000
    }
}
