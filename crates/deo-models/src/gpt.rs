//! A character GPT with a hand-written gradient.
//!
//! Problem: the dimer needs many gradients of one network at nearby points, exactly reproducible, from a
//! program that needs no framework. This is nanoGPT's model: layer norm before each branch, no biases, the
//! embedding tied to the output layer, exact GELU, no dropout. For R tokens, rows · block of them, and C the
//! width:
//!
//! ```text
//! x  = wte[token] + wpe[position]                                R × C
//! x += attention(ln_1(x) · c_attnᵀ) · c_projᵀ                    in every block
//! x += gelu(ln_2(x) · c_fcᵀ) · mlp.c_projᵀ                       in every block
//! logits = ln_f(x) · wteᵀ                                        R × vocabulary
//! f  = mean cross entropy(logits, targets)
//! ```
//!
//! The layers are in [`layers`](crate::layers); the parameters lie in one slice, see
//! [`layout`](crate::layout).
//!
//! | here | nanoGPT |
//! |---|---|
//! | `vocabulary`, `block`, `layers`, `heads`, `width` | `vocab_size`, `block_size`, `n_layer`, `n_head`, `n_embd` |
//! | names and shapes of tensors | those of its `state_dict`, without `lm_head.weight`, which is `transformer.wte.weight` |
//!
//! # Examples
//!
//! One step of gradient descent:
//!
//! ```
//! use deo_core::Objective;
//! use deo_linalg::Threads;
//! use deo_models::data::Batch;
//! use deo_models::gpt::{Gpt, GptConfig};
//!
//! let mut gpt = Gpt::<f32>::new(GptConfig::tiny(5), Threads::Pool).unwrap();
//! let mut x = gpt.init(1);
//! let mut g = vec![0.0; x.len()];
//! let batch = Batch {
//!     inputs: vec![0, 1, 2, 3],
//!     targets: vec![1, 2, 3, 4],
//!     rows: 1,
//!     block: 4,
//! };
//! let before = gpt.on(&batch).value_grad(&x, &mut g);
//! for (x, g) in x.iter_mut().zip(&g) {
//!     *x -= 0.1 * g;
//! }
//! assert!(gpt.on(&batch).value(&x) < before);
//! ```
//!
//! Reference: Radford et al., Language Models are Unsupervised Multitask Learners, 2019;
//! github.com/karpathy/nanoGPT.

mod activations;
mod config;
mod generate;
mod parameters;
mod pass;

pub use config::{GptConfig, GptConfigError};

use crate::data::Batch;
use crate::layers::inside;
use crate::layout::{Layout, Tensor};
use activations::{Activations, Keep};
use deo_core::Objective;
use deo_linalg::{Real, Threads};
use parameters::Parameters;
use pass::Pass;

/// A GPT: its shape, its layout and the buffers of one pass. The parameters are the caller's.
#[derive(Debug, Clone)]
pub struct Gpt<T> {
    config: GptConfig,
    parameters: Parameters,
    threads: Threads,
    activations: Activations<T>,
}

impl<T: Real> Gpt<T> {
    /// A model of that shape, computing on those threads.
    ///
    /// # Errors
    ///
    /// A [`GptConfigError`] if the sizes do not fit together.
    pub fn new(config: GptConfig, threads: Threads) -> Result<Self, GptConfigError> {
        config.validate()?;
        Ok(Gpt {
            parameters: Parameters::new(&config),
            config,
            threads,
            activations: Activations::default(),
        })
    }

    /// Keeps of each block what it reads, and computes the rest again in backward: the same bits in a fraction of the memory
    /// for the time of most of a forward pass.
    #[must_use]
    pub fn with_recompute(mut self, recompute: bool) -> Self {
        let keep = if recompute { Keep::Inputs } else { Keep::Everything };
        self.activations = Activations::new(keep);
        self
    }

    /// The shape.
    pub fn config(&self) -> &GptConfig {
        &self.config
    }

    /// Where each tensor lies in the parameters.
    pub fn layout(&self) -> &Layout {
        &self.parameters.layout
    }

    /// Whether a tensor is a matrix inside a block, neither an embedding nor the head that shares one: what optimizers of
    /// matrices are made for.
    pub fn is_hidden(tensor: &Tensor) -> bool {
        tensor.shape().len() == 2 && tensor.name().starts_with("transformer.h.")
    }

    /// Initial parameters: layer-norm gains 1; weights normal(0, 0.02), those that end a residual branch
    /// normal(0, 0.02/√(2 · layers)).
    ///
    /// Drawn by ChaCha8 from `seed`, in the order of the layout.
    pub fn init(&self, seed: u64) -> Vec<T> {
        self.parameters.init(seed)
    }

    /// The loss on one batch as a function of the parameters: the mean cross entropy of all its targets, in
    /// nats.
    ///
    /// # Panics
    ///
    /// If the batch is empty, its sequences are longer than the model's block, its slices do not have rows ×
    /// block tokens, or a token is outside of the vocabulary.
    #[track_caller]
    pub fn on<'a>(&'a mut self, batch: &'a Batch) -> OnBatch<'a, T> {
        let len = batch.rows * batch.block;
        assert!(len > 0, "a batch needs at least one token");
        assert_eq!(batch.targets.len(), len, "a batch has rows × block targets");
        self.check(&batch.inputs, batch.block);
        self.check(&batch.targets, batch.block);
        assert_eq!(batch.inputs.len(), len, "a batch has rows × block inputs");
        self.activations.fit(&self.config, batch.rows, batch.block);
        OnBatch { gpt: self, batch }
    }

    /// The logits after every token of sequences of `block` tokens, tokens.len() × vocabulary.
    ///
    /// # Panics
    ///
    /// If the tokens are no whole number of sequences, `block` is 0 or longer than the model's, a token is
    /// outside of the vocabulary, or `params` has the wrong length.
    #[track_caller]
    pub fn logits(&mut self, params: &[T], tokens: &[u16], block: usize) -> &[T] {
        self.check(tokens, block);
        (self.activations).fit(&self.config, tokens.len() / block, block);
        let pass = Pass::new(&self.config, &self.parameters, self.threads, block);
        let activations = &mut self.activations;
        inside(self.threads, || pass.logits(params, tokens, activations));
        &self.activations.logits
    }

    #[track_caller]
    fn check(&self, tokens: &[u16], block: usize) {
        let GptConfig { block: most, vocabulary, .. } = self.config;
        assert!(
            (1..=most).contains(&block),
            "sequences of {block} tokens for a model of 1 to {most}"
        );
        assert!(
            tokens.len().is_multiple_of(block),
            "{} tokens are no whole number of sequences of {block}",
            tokens.len()
        );
        if let Some(token) = tokens.iter().find(|token| usize::from(**token) >= vocabulary) {
            panic!("token {token} for a vocabulary of {vocabulary}");
        }
    }
}

/// The loss of a [`Gpt`] on one batch.
#[derive(Debug)]
pub struct OnBatch<'a, T> {
    gpt: &'a mut Gpt<T>,
    batch: &'a Batch,
}

impl<T: Real> OnBatch<'_, T> {
    /// f(x), and g ← ∇f(x) if there is a place for it.
    fn evaluate(&mut self, x: &[T], g: Option<&mut [T]>) -> f64 {
        let Gpt { config, parameters, threads, activations } = &mut *self.gpt;
        let (inputs, targets) = (&self.batch.inputs, &self.batch.targets);
        let pass = Pass::new(config, parameters, *threads, self.batch.block);
        inside(*threads, || {
            pass.logits(x, inputs, activations);
            let loss = pass.loss(targets, activations);
            if let Some(g) = g {
                pass.backward(g, x, inputs, targets, activations);
            }
            loss
        })
    }
}

impl<T: Real> Objective<[T]> for OnBatch<'_, T> {
    /// # Panics
    ///
    /// If `x` is not as long as the layout.
    fn value(&mut self, x: &[T]) -> f64 {
        self.evaluate(x, None)
    }

    /// # Panics
    ///
    /// If `x` or `gradient` is not as long as the layout.
    fn value_grad(&mut self, x: &[T], gradient: &mut [T]) -> f64 {
        self.evaluate(x, Some(gradient))
    }
}
