//! A character GPT on fixed batches.

use super::error::SpectrumError;
use super::secants::{Batched, Secants};
use super::settings::{Settings, TargetSettings};
use super::source::{Batches, Part, Source};
use crate::model::read_weights;
use crate::train::Preset;
use deo_core::{Objective, Rule};
use deo_linalg::{Real, Threads};
use deo_models::data::{Batch, Corpus, evaluation_batches};
use deo_models::gpt::{Gpt, GptConfig};
use std::path::PathBuf;

/// A model's shape and its batches.
#[derive(Debug)]
pub(super) struct GptTarget {
    preset: Preset,
    weights: Option<PathBuf>,
    text: String,
    config: GptConfig,
    batches: Vec<Batch>,
    /// Batches that the search doesn't see.
    fresh: Vec<Batch>,
}

impl GptTarget {
    /// Reads the text and cuts the batches: those on which `deo train` evaluates the training loss.
    pub(super) fn load(settings: &Settings) -> Result<Self, SpectrumError> {
        let TargetSettings::Gpt { preset, weights, text, batches, fresh, batch, block } =
            &settings.target
        else {
            unreachable!("the target is a GPT")
        };
        let (corpus, name) = match text {
            Some(path) => (Corpus::from_file(path)?, path.display().to_string()),
            None => (Corpus::king_james(), "King James Bible (built in)".to_owned()),
        };
        let all = batches + fresh;
        let mut own = evaluation_batches(corpus.train(), all, *batch, *block, settings.seed)?;
        let fresh = own.split_off(*batches);
        Ok(GptTarget {
            preset: *preset,
            weights: weights.clone(),
            text: name,
            config: GptConfig { block: *block, ..preset.model(corpus.vocabulary().len()) },
            batches: own,
            fresh,
        })
    }

    /// The loss at the model's weights.
    pub(super) fn source<T: Real>(
        &self,
        settings: &Settings,
    ) -> Result<Box<dyn Source<T>>, SpectrumError> {
        // The presets' sizes fit together, and `Settings` and the vocabulary have checked the others.
        let gpt = Gpt::<T>::new(self.config, Threads::Pool).expect("a preset is a valid model");
        let x = match &self.weights {
            Some(path) => read_weights(path, gpt.layout(), &self.config)?,
            None => gpt.init(settings.seed),
        };
        let (own, fresh) = (self.batches.clone(), self.fresh.clone());
        let f = OnBatches { gpt, own, fresh };
        let rule = settings.rule.map_or(Rule::Forward, Rule::from);
        Ok(Box::new(Secants::new(f, x, rule)))
    }

    /// "paper-small (w.safetensors) on 8 batches of 12 × 64 characters of …"
    pub(super) fn title(&self) -> String {
        let weights = match &self.weights {
            Some(path) => path.display().to_string(),
            None => "at initialisation".to_owned(),
        };
        let Batch { rows, block, .. } = &self.batches[0];
        format!(
            "{}, {weights}; {} of {rows} × {block} characters of {}",
            self.preset.name(),
            super::report::count(self.batches.len() as u64, "batch", "batches"),
            self.text,
        )
    }

    /// The tokens of the batches: the inputs of all of them, then the targets, a sequence a row.
    pub(super) fn tokens(&self) -> Vec<Vec<f64>> {
        let rows = |of: fn(&Batch) -> &Vec<u16>| {
            self.batches.iter().flat_map(move |batch| of(batch).chunks(batch.block))
        };
        let all = rows(|batch| &batch.inputs).chain(rows(|batch| &batch.targets));
        all.map(|row| row.iter().copied().map(f64::from).collect()).collect()
    }

    /// B.
    pub(super) fn batches(&self) -> usize {
        self.batches.len()
    }
}

/// The losses of a model on several batches.
#[derive(Debug)]
struct OnBatches<T> {
    gpt: Gpt<T>,
    own: Vec<Batch>,
    fresh: Vec<Batch>,
}

impl<T: Real> Batched<T> for OnBatches<T> {
    fn batches(&self) -> Batches {
        Batches { own: self.own.len(), fresh: self.fresh.len() }
    }

    fn value_grad(&mut self, batch: Part, x: &[T], g: &mut [T]) -> f64 {
        let batch = match batch {
            Part::Own(b) => &self.own[b],
            Part::Fresh(b) => &self.fresh[b],
        };
        self.gpt.on(batch).value_grad(x, g)
    }
}
