//! A small transformer that has to learn the sum of a moving window, and its plateau.
//!
//! A sequence x₁, …, x_n is uniform in {0, …, p − 1}ⁿ; at position i the net is to say y_i = x_i + x_{i−1} mod p, y₁ =
//! x₁. f is the mean cross entropy over all positions, in nats, of a [`Gpt`] of one block, one head and width 32 in
//! double precision. Attention has to find the place before, and the sum its table: until then every position but the
//! first costs ln p.
//!
//! | | `window-sum` | `window-sum-32` |
//! |---|---|---|
//! | p, n | 5, 3 | 7, 8 |
//! | N | 12 640 | 12 864 |
//! | a step sees | all 125 sequences | 32 fresh ones |
//! | start | as the net is initialised | as the net is initialised |
//! | f knowing the first position only | ⅔ ln 5 = 1.07 | ⅞ ln 7 = 1.70 |
//! | minima, saddles | f = 0 is approached; no saddle is known in closed form | the same |
//! | measure | f | f on 256 fixed sequences |
//! | target | 0.02 | 0.02 |
//! | budget | 1 000 gradients | 2 000 gradients |
//!
//! P. Gopalani, W. Hu, What happens during the loss plateau? Understanding abrupt learning in transformers, arXiv
//! 2506.13688. Departure: the answer stands at the position itself, not after the sequence.

use super::on_current::OnCurrent;
use super::{Problem, start};
use crate::data::Batch;
use crate::gpt::{Gpt, GptConfig};
use deo_core::Objective;
use deo_core::optim::Groups;
use deo_linalg::Threads;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The problem, and the sequences that its measure is taken on.
#[derive(Debug, Clone)]
pub(super) struct WindowSum {
    name: &'static str,
    modulus: u16,
    fixed: Batch,
    /// The sequences of a step are drawn.
    fresh: bool,
    budget: u64,
    current: OnCurrent,
}

/// y of x, sequence by sequence.
fn answer(batch: &mut Batch, modulus: u16) {
    let Batch { inputs, targets, block, .. } = batch;
    for (x, y) in inputs.chunks_exact(*block).zip(targets.chunks_exact_mut(*block)) {
        for i in 0..x.len() {
            y[i] = (x[i] + if i > 0 { x[i - 1] } else { 0 }) % modulus;
        }
    }
}

fn draw(batch: &mut Batch, rng: &mut ChaCha8Rng, modulus: u16) {
    batch.inputs.fill_with(|| rng.random_range(0..modulus));
    answer(batch, modulus);
}

impl WindowSum {
    /// Mod 5 on all sequences of three.
    pub(super) fn all(name: &'static str) -> Self {
        let (p, n) = (5_u16, 3);
        let mut fixed = Batch::zeros(usize::from(p).pow(n), n as usize);
        for (number, row) in (0_u16..).zip(fixed.inputs.chunks_exact_mut(n as usize)) {
            for (place, x) in (0..n).zip(row) {
                *x = number / p.pow(place) % p;
            }
        }
        answer(&mut fixed, p);
        Self::new(name, p, fixed.clone(), fixed, false, 1_000)
    }

    /// Mod 7 on 32 fresh sequences of eight a step.
    pub(super) fn fresh(name: &'static str) -> Self {
        let (p, n) = (7, 8);
        let mut fixed = Batch::zeros(256, n);
        draw(&mut fixed, &mut start::generator(7), p);
        Self::new(name, p, fixed, Batch::zeros(32, n), true, 2_000)
    }

    fn new(
        name: &'static str,
        modulus: u16,
        fixed: Batch,
        batch: Batch,
        fresh: bool,
        budget: u64,
    ) -> Self {
        let vocabulary = usize::from(modulus);
        let block = batch.block;
        let config = GptConfig { vocabulary, block, layers: 1, heads: 1, width: 32 };
        let gpt = Gpt::new(config, Threads::One).expect("the sizes fit");
        WindowSum { name, modulus, fixed, fresh, budget, current: OnCurrent { gpt, batch } }
    }
}

impl Problem for WindowSum {
    fn name(&self) -> &str {
        self.name
    }

    fn dimension(&self) -> usize {
        self.current.gpt.layout().len()
    }

    fn groups(&self) -> Groups {
        self.current.gpt.layout().groups(Gpt::<f64>::is_hidden)
    }

    fn start(&self, seed: u64) -> Vec<f64> {
        self.current.gpt.init(seed)
    }

    fn objective(&mut self, seed: u64, step: u64) -> &mut dyn Objective<[f64]> {
        if self.fresh {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            // A stream for each step, none of which is the start's.
            rng.set_stream(u64::from_le_bytes(*b"windows ").wrapping_add(step));
            draw(&mut self.current.batch, &mut rng, self.modulus);
        }
        &mut self.current
    }

    fn measure(&mut self, x: &[f64]) -> f64 {
        self.current.gpt.on(&self.fixed).value(x)
    }

    fn target(&self) -> Option<f64> {
        Some(0.02)
    }

    fn budget(&self) -> u64 {
        self.budget
    }

    fn has_batches(&self) -> bool {
        self.fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn answers_are_sums_and_all_sequences_are_there() {
        let all = WindowSum::all("").fixed;
        let rows: HashSet<&[u16]> = all.inputs.chunks_exact(3).collect();
        assert_eq!((rows.len(), all.rows), (125, 125));
        let mut fresh = WindowSum::fresh("");
        let drawn = fresh.fixed.clone();
        for (batch, p) in [(&all, 5), (&drawn, 7)] {
            for (x, y) in batch.inputs.chunks(batch.block).zip(batch.targets.chunks(batch.block)) {
                assert_eq!(x[0], y[0]);
                for i in 1..x.len() {
                    // Undone by subtraction, whatever the modulus did.
                    assert_eq!((y[i] + p - x[i - 1]) % p, x[i]);
                }
            }
        }
        fresh.objective(1, 3);
        let third = fresh.current.batch.clone();
        assert!(third.targets.iter().chain(&third.inputs).all(|x| *x < 7));
        fresh.objective(1, 4);
        assert_ne!(third, fresh.current.batch);
    }

    /// With embeddings of zero all answers are equally likely, and the gradient of all else is zero.
    #[test]
    fn a_blind_answer_costs_the_logarithm_of_the_modulus() {
        for (mut problem, p) in [(WindowSum::all(""), 5.0_f64), (WindowSum::fresh(""), 7.0)] {
            let mut x = problem.start(1);
            let layout = problem.current.gpt.layout().clone();
            let embeddings = layout.find("transformer.wte.weight").unwrap().range();
            x[embeddings.clone()].fill(0.0);
            // A mean over up to 2 048 answers.
            let f = problem.measure(&x);
            assert!((f - p.ln()).abs() < 1e-12, "{f}");
            let mut g = vec![f64::NAN; x.len()];
            problem.objective(1, 0).value_grad(&x, &mut g);
            let others = (0..g.len()).filter(|i| !embeddings.contains(i));
            assert!(others.map(|i| g[i].abs()).fold(0.0, f64::max) < 1e-14);
        }
    }
}
