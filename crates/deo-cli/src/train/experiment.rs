//! What the runs of a training have in common: the same weights, the same batches in the same order, the same budget.
//!
//! | | a function of |
//! |---|---|
//! | initial weights, validation batches | the seed |
//! | training batch of step k | the seed and k: [`Batches`](deo_models::data::Batches) owns its generator |
//! | learning rate | the cost spent so far, so that both runs anneal over the same budget |
//!
//! The run with DEO takes fewer steps, because its questions are paid from the same budget. See
//! [`Ledger`](super::Ledger) for the rule, and [`Experiment::go_on`] for the loop.

use super::error::TrainError;
use super::monitor::MonitorRun;
use super::record::{ModelFacts, TextFacts};
use super::settings::{Method, Settings};
use deo_core::compat::Variant;
use deo_linalg::Threads;
use deo_models::data::{Batch, Corpus, Vocabulary, evaluation_batches};
use deo_models::gpt::{Gpt, GptConfig};
use deo_models::layout::Layout;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What is common to the runs.
#[derive(Debug)]
pub struct Experiment<'a> {
    settings: &'a Settings,
    corpus: &'a Corpus,
    model: GptConfig,
    training: Vec<Batch>,
    validation: Vec<Batch>,
    /// The monitor's, if there is one.
    probes: Vec<Batch>,
}

impl<'a> Experiment<'a> {
    /// The runs that `settings` ask for, on `corpus`.
    ///
    /// # Errors
    ///
    /// [`TrainError::Text`] if a part of the text is shorter than a block.
    pub fn new(settings: &'a Settings, corpus: &'a Corpus) -> Result<Self, TrainError> {
        let Settings { block, batch, eval_batches: count, seed, .. } = *settings;
        corpus.check_block(block)?;
        let evaluation = |split| evaluation_batches(split, count, batch, block, seed);
        // Drawn anew from the same seed, so that they are those of `deo spectrum`, whatever the evaluation's number.
        let probes = settings.monitor.map(|monitoring| {
            evaluation_batches(corpus.train(), monitoring.batches, batch, block, seed)
        });
        let vocabulary = corpus.vocabulary().len();
        Ok(Experiment {
            settings,
            corpus,
            model: GptConfig { block, ..settings.preset.model(vocabulary) },
            training: evaluation(corpus.train())?,
            validation: evaluation(corpus.validation())?,
            probes: probes.transpose()?.unwrap_or_default(),
        })
    }

    /// Whether each run has DEO or a published rule beside its optimizer.
    pub fn runs(&self) -> &'static [bool] {
        if self.settings.method == Method::Off { &[false] } else { &[false, true] }
    }

    /// The name of a run.
    pub fn name(&self, helped: bool) -> String {
        let (base, policy) = (self.settings.optimizer.kind().name(), self.settings.policy.name());
        match self.settings.method {
            _ if !helped => base,
            Method::Published(rule) if rule.variant == Variant::Sophia => policy,
            _ => format!("{base}+{policy}"),
        }
    }

    /// What was asked for.
    pub fn settings(&self) -> &'a Settings {
        self.settings
    }

    pub(super) fn corpus(&self) -> &'a Corpus {
        self.corpus
    }

    /// The batches of the final training loss.
    pub(super) fn training(&self) -> &[Batch] {
        &self.training
    }

    pub(super) fn validation(&self) -> &[Batch] {
        &self.validation
    }

    /// What the monitor looks with, if there is one.
    pub(super) fn monitor_run(&self) -> Option<MonitorRun> {
        let monitoring = self.settings.monitor?;
        Some(MonitorRun::new(monitoring.visits, self.gpt(), self.probes.clone()))
    }

    /// `count` characters that the model writes with `parameters`, at temperature 0.8; fewer once `enough` says so.
    pub fn sample(&self, parameters: &[f32], count: usize, enough: impl Fn() -> bool) -> String {
        let mut rng = ChaCha8Rng::seed_from_u64(self.settings.seed);
        rng.set_stream(u64::from_le_bytes(*b"sample  "));
        let (vocabulary, mut gpt) = (self.corpus.vocabulary(), self.gpt());
        let mut tokens = vec![vocabulary.token('\n').unwrap_or(0)];
        while tokens.len() <= count && !enough() {
            // One by one, which are the same as all at once: the model reads a block of what is there.
            let read = &tokens[tokens.len().saturating_sub(self.model.block)..];
            let next = gpt.generate(parameters, read, 1, 0.8, &mut rng);
            tokens.extend(next);
        }
        vocabulary.decode(&tokens[1..])
    }

    /// Where each tensor of the model lies in its parameters.
    pub fn layout(&self) -> Layout {
        self.gpt().layout().clone()
    }

    /// The model's shape.
    pub fn model(&self) -> ModelFacts {
        ModelFacts::new(&self.model, self.gpt().layout().len())
    }

    /// The text.
    pub fn text(&self) -> TextFacts {
        let vocabulary: &Vocabulary = self.corpus.vocabulary();
        let source = match &self.settings.text {
            Some(path) => path.display().to_string(),
            None => "King James Bible (built in)".to_owned(),
        };
        TextFacts {
            source,
            characters: self.corpus.tokens().len(),
            training: self.corpus.train().tokens().len(),
            validation: self.corpus.validation().tokens().len(),
            vocabulary: vocabulary.symbols().iter().collect(),
        }
    }

    pub(super) fn gpt(&self) -> Gpt<f32> {
        // The presets' sizes fit together, and `Settings` and `Vocabulary` have checked the block and the vocabulary.
        let gpt = Gpt::new(self.model, Threads::Pool).expect("a preset is a valid model");
        gpt.with_recompute(self.settings.recompute)
    }
}
