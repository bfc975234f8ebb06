//! A very small character GPT.

use super::{Batching, Data, Net};
use crate::data::{Batch, Batches, Corpus, evaluation_batches};
use crate::gpt::{Gpt, GptConfig};
use crate::problems::Problem;
use deo_core::Objective;
use deo_core::optim::Groups;
use deo_linalg::Threads;
use std::sync::OnceLock;

/// Sequences of the full batch, of a mini-batch, and of the measure of the latter.
const FULL: usize = 16;
const MINI: usize = 8;
const MEASURE: usize = 64;

/// Characters of a sequence.
const BLOCK: usize = 16;

/// The problem and the sequences of the current step.
#[derive(Debug, Clone)]
pub(super) struct OnText {
    batching: Batching,
    fixed: Batch,
    current: Current,
}

/// The loss on the sequences that it holds.
#[derive(Debug, Clone)]
struct Current {
    gpt: Gpt<f64>,
    batch: Batch,
}

/// Read once: it is 4 MB of text, and a suite sets up hundreds of problems.
fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(Corpus::king_james)
}

impl OnText {
    pub(super) fn new(net: &Net) -> Self {
        let vocabulary = corpus().vocabulary().len();
        let config = GptConfig { vocabulary, block: BLOCK, layers: net.depth, heads: 2, width: 16 };
        let gpt = Gpt::new(config, Threads::One).expect("2 heads divide 16");
        let rows = if net.batching == Batching::Full { FULL } else { MEASURE };
        let fixed = evaluation_batches(corpus().train(), 1, rows, BLOCK, 0);
        let fixed = fixed.expect("the corpus is longer than a block").remove(0);
        let batch = match net.batching {
            Batching::Full => fixed.clone(),
            Batching::Mini => Batch::zeros(MINI, BLOCK),
        };
        OnText { batching: net.batching, fixed, current: Current { gpt, batch } }
    }
}

impl Objective<[f64]> for Current {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.gpt.on(&self.batch).value(x)
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.gpt.on(&self.batch).value_grad(x, gradient)
    }
}

impl Problem for OnText {
    fn name(&self) -> &str {
        Data::CharGpt.name()
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
        if self.batching == Batching::Mini {
            let batches = Batches::new(corpus().train(), MINI, BLOCK, seed);
            let mut batches = batches.expect("the corpus is longer than a block");
            batches.skip_to(step);
            batches.next_into(&mut self.current.batch);
        }
        &mut self.current
    }

    fn measure(&mut self, x: &[f64]) -> f64 {
        self.current.gpt.on(&self.fixed).value(x)
    }

    fn target(&self) -> Option<f64> {
        None
    }

    fn budget(&self) -> u64 {
        600
    }

    fn has_batches(&self) -> bool {
        self.batching == Batching::Mini
    }
}
