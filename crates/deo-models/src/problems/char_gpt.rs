//! A character GPT on the King James Bible, in `f64`.
//!
//! f(θ) = mean cross entropy of the next character, in nats; the model is [`Gpt`] with the preset
//! [`GptConfig::tiny`]: 2 layers, 2 heads, width 64, block 32; N = 104 896 with the corpus' 66 symbols.
//!
//! | | |
//! |---|---|
//! | objective of a step | f on 16 sequences of 32 characters at random places of the training part |
//! | minima, saddles | not known in closed form |
//! | start | [`Gpt::init`]; f is about ln 66 = 4.2 |
//! | measure | f on 8 fixed batches of that size out of the validation part |
//! | target | none, the measure at the end counts |
//! | budget | 1 000 gradients |
//!
//! A control: no saddle is known to hold up a tuned Adam here, so a method that leaves saddles should neither gain nor lose.

use super::Problem;
use super::on_current::OnCurrent;
use crate::data::{Batch, Batches, Corpus, evaluation_batches};
use crate::gpt::{Gpt, GptConfig};
use deo_core::Objective;
use deo_core::optim::Groups;
use deo_linalg::Threads;

const ROWS: usize = 16;

/// The problem, the data and the current mini-batch.
#[derive(Debug, Clone)]
pub(super) struct CharGpt {
    name: &'static str,
    corpus: Corpus,
    validation: Vec<Batch>,
    current: OnCurrent,
}

impl CharGpt {
    pub(super) fn new(name: &'static str) -> Self {
        let corpus = Corpus::king_james();
        let config = GptConfig::tiny(corpus.vocabulary().len());
        let gpt = Gpt::new(config, Threads::Pool).expect("the preset is valid");
        let validation = evaluation_batches(corpus.validation(), 8, ROWS, config.block, 0)
            .expect("the corpus is longer than a block");
        let batch = Batch::zeros(ROWS, config.block);
        CharGpt { name, corpus, validation, current: OnCurrent { gpt, batch } }
    }
}

impl Problem for CharGpt {
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
        let OnCurrent { gpt, batch } = &mut self.current;
        let mut batches = Batches::new(self.corpus.train(), ROWS, gpt.config().block, seed)
            .expect("the corpus is longer than a block");
        batches.skip_to(step);
        batches.next_into(batch);
        &mut self.current
    }

    fn measure(&mut self, x: &[f64]) -> f64 {
        let gpt = &mut self.current.gpt;
        let losses = self.validation.iter().map(|batch| gpt.on(batch).value(x));
        losses.sum::<f64>() / self.validation.len() as f64
    }

    fn target(&self) -> Option<f64> {
        None
    }

    fn budget(&self) -> u64 {
        1_000
    }

    fn has_batches(&self) -> bool {
        true
    }
}
