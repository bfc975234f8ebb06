//! What is looked at: a problem of deo-models, or a GPT with weights as one.

use super::error::DiagnoseError;
use super::settings::{Settings, TargetSettings};
use crate::model::read_weights;
use deo_core::Objective;
use deo_core::optim::Groups;
use deo_linalg::Threads;
use deo_models::data::{Batch, Batches, Corpus};
use deo_models::gpt::{Gpt, GptConfig};
use deo_models::problems::{self, Problem};

/// The problem of these settings.
pub(super) fn load(settings: &Settings) -> Result<Box<dyn Problem>, DiagnoseError> {
    match &settings.target {
        TargetSettings::Problem { name } => Ok(problems::by_name(name)?),
        TargetSettings::Gpt { .. } => Ok(Box::new(OnText::load(settings)?)),
    }
}

/// A GPT on batches of a text, in double precision, starting from weights.
#[derive(Debug, Clone)]
struct OnText {
    name: String,
    corpus: Corpus,
    start: Option<Vec<f64>>,
    rows: usize,
    current: Current,
}

/// The loss on the batch that it holds.
#[derive(Debug, Clone)]
struct Current {
    gpt: Gpt<f64>,
    batch: Batch,
}

impl OnText {
    fn load(settings: &Settings) -> Result<Self, DiagnoseError> {
        let TargetSettings::Gpt { preset, weights, text, batch, block } = &settings.target else {
            unreachable!("the target is a GPT")
        };
        let corpus = match text {
            Some(path) => Corpus::from_file(path)?,
            None => Corpus::king_james(),
        };
        let config = GptConfig { block: *block, ..preset.model(corpus.vocabulary().len()) };
        let gpt = Gpt::new(config, Threads::Pool).expect("a preset is a valid model");
        // Told now rather than at the first batch.
        Batches::new(corpus.train(), *batch, config.block, settings.seed)?;
        let start = weights.as_ref().map(|path| read_weights(path, gpt.layout(), &config));
        let start = start.transpose()?;
        let of =
            weights.as_ref().map_or("at initialisation".to_owned(), |p| p.display().to_string());
        let name = format!("{}, {of}", preset.name());
        let current = Current { gpt, batch: Batch::zeros(*batch, config.block) };
        Ok(OnText { name, corpus, start, rows: *batch, current })
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
        &self.name
    }

    fn dimension(&self) -> usize {
        self.current.gpt.layout().len()
    }

    fn groups(&self) -> Groups {
        self.current.gpt.layout().groups(Gpt::<f64>::is_hidden)
    }

    fn start(&self, seed: u64) -> Vec<f64> {
        self.start.clone().unwrap_or_else(|| self.current.gpt.init(seed))
    }

    fn objective(&mut self, seed: u64, step: u64) -> &mut dyn Objective<[f64]> {
        let Current { gpt, batch } = &mut self.current;
        let batches = Batches::new(self.corpus.train(), self.rows, gpt.config().block, seed);
        let mut batches = batches.expect("the text is long enough, as was seen when it was read");
        batches.skip_to(step);
        batches.next_into(batch);
        &mut self.current
    }

    fn measure(&mut self, x: &[f64]) -> f64 {
        self.current.value(x)
    }

    fn target(&self) -> Option<f64> {
        None
    }

    fn budget(&self) -> u64 {
        u64::MAX
    }

    fn has_batches(&self) -> bool {
        true
    }
}
