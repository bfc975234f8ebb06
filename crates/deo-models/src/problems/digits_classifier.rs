//! A small classifier of the digits, trained on mini-batches.
//!
//! f(θ) = mean cross entropy of an [`Mlp`] of sizes 64, 32, 10 with tanh between the layers, in nats; N = 2 410.
//!
//! | | |
//! |---|---|
//! | objective of a step | f on 64 of the 1 438 images to train on, drawn with replacement |
//! | minima, saddles | not known in closed form |
//! | start | [`Mlp::init`]: weights normal(0, 1/√inputs), biases 0; f is about ln 10 and more |
//! | measure | f on the 359 images held out, every fifth of the data |
//! | target | none, the measure at the end counts |
//! | budget | 2 000 gradients, 89 passes over the data |
//!
//! A control: no saddle is known to hold up a tuned optimizer here.

use super::Problem;
use crate::digits::Digits;
use crate::layers::Activation;
use crate::mlp::{Mlp, MlpConfig, Targets};
use deo_core::Objective;
use deo_core::optim::Groups;
use deo_linalg::Threads;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Images of a mini-batch.
const ROWS: usize = 64;

/// The problem, the data and the current mini-batch.
#[derive(Debug, Clone)]
pub(super) struct DigitsClassifier {
    name: &'static str,
    train: Digits,
    held_out: Digits,
    batch: Classification,
}

/// The cross entropy on the images that it holds.
#[derive(Debug, Clone)]
struct Classification {
    net: Mlp<f64>,
    images: Vec<f64>,
    labels: Vec<u16>,
}

impl DigitsClassifier {
    pub(super) fn new(name: &'static str) -> Self {
        let config = MlpConfig {
            sizes: vec![Digits::PIXELS, 32, Digits::CLASSES],
            activation: Activation::Tanh,
        };
        // A batch takes some tens of microseconds, too little to share out.
        let net = Mlp::new(config, Threads::One).expect("no size is 0");
        let (images, labels) = (vec![0.0; ROWS * Digits::PIXELS], vec![0; ROWS]);
        let batch = Classification { net, images, labels };
        let (train, held_out) = Digits::load().split();
        DigitsClassifier { name, train, held_out, batch }
    }

    /// Fills the batch of that step: row r is image ⌊u R/2⁶⁴⌋, u the 64-bit output of ChaCha8 number 64 step + r.
    fn draw(&mut self, seed: u64, step: u64) {
        const WORDS: u128 = 2; // 32-bit words of the generator that one u takes
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(u64::from_le_bytes(*b"batches "));
        rng.set_word_pos(u128::from(step) * ROWS as u128 * WORDS);
        let rows = self.batch.images.chunks_exact_mut(Digits::PIXELS);
        for (image, label) in rows.zip(&mut self.batch.labels) {
            let i = ((u128::from(rng.next_u64()) * self.train.len() as u128) >> 64) as usize;
            let (pixels, class) = self.train.image(i);
            image.copy_from_slice(pixels);
            *label = class;
        }
    }
}

impl Objective<[f64]> for Classification {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.net.on(&self.images, Targets::Classes(&self.labels)).value(x)
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.net.on(&self.images, Targets::Classes(&self.labels)).value_grad(x, gradient)
    }
}

impl Problem for DigitsClassifier {
    fn name(&self) -> &str {
        self.name
    }

    fn dimension(&self) -> usize {
        self.batch.net.layout().len()
    }

    fn groups(&self) -> Groups {
        self.batch.net.layout().groups(|_| true)
    }

    fn start(&self, seed: u64) -> Vec<f64> {
        self.batch.net.init(seed)
    }

    fn objective(&mut self, seed: u64, step: u64) -> &mut dyn Objective<[f64]> {
        self.draw(seed, step);
        &mut self.batch
    }

    fn measure(&mut self, x: &[f64]) -> f64 {
        let Digits { pixels, labels } = &self.held_out;
        self.batch.net.on(pixels, Targets::Classes(labels)).value(x)
    }

    fn target(&self) -> Option<f64> {
        None
    }

    fn budget(&self) -> u64 {
        2_000
    }

    fn has_batches(&self) -> bool {
        true
    }
}
