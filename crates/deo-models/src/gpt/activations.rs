//! The buffers of one pass: what a line of forward hands to the next one and to backward.
//!
//! With R = rows · block tokens and C the width. All of it is allocated when the shape of the batch is first
//! seen; the gradients of activations share buffers, because each is read once, by the next backward line.
//!
//! A block keeps 15 C numbers a token and heads · block more. With [`Keep::Inputs`] the blocks share one such set, and keep
//! what they read, C numbers a token; backward computes the rest again (Chen et al., arXiv 1604.06174), with the same bits.

use super::GptConfig;
use crate::layers::{Attention, Normalised};
use deo_linalg::Real;

/// The buffers of one model.
#[derive(Debug, Clone, Default)]
pub(super) struct Activations<T> {
    keep: Keep,
    /// The batch that the buffers fit: sequences, and tokens of each.
    shape: (usize, usize),
    /// The residual stream, R × C; one buffer for all blocks.
    pub(super) stream: Vec<T>,
    /// Those of every block, or one for all of them.
    pub(super) blocks: Vec<Block<T>>,
    /// What each block but the last has read, R × C, where backward computes its buffers again.
    pub(super) inputs: Vec<Vec<T>>,
    pub(super) ln_f: Normalised<T>,
    /// What the head reads, R × C.
    pub(super) last: Vec<T>,
    /// Logits, then probabilities, then their gradient, R × vocabulary.
    pub(super) logits: Vec<T>,
    /// The loss of every token, R.
    pub(super) losses: Vec<f64>,
    /// The gradient of the residual stream, R × C.
    pub(super) d_stream: Vec<T>,
    /// The gradient of a layer norm's result or of y, R × C.
    pub(super) d_narrow: Vec<T>,
    /// The gradient of qkv or of the hidden layer, R × 4C.
    pub(super) d_wide: Vec<T>,
    /// The scratch of attention's backward, rows × block × block.
    pub(super) scratch: Vec<T>,
}

/// What forward keeps of a block for backward.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Keep {
    /// Everything that backward reads.
    #[default]
    Everything,
    /// What the block reads.
    Inputs,
}

/// The buffers of block `i`: its own, or those that all share.
pub(super) fn of<T>(blocks: &mut [Block<T>], i: usize) -> &mut Block<T> {
    let last = blocks.len() - 1;
    &mut blocks[i.min(last)]
}

/// What backward needs of one transformer block.
#[derive(Debug, Clone, Default)]
pub(super) struct Block<T> {
    pub(super) ln_1: Normalised<T>,
    /// What attention reads, R × C.
    pub(super) normed_1: Vec<T>,
    /// R × 3C.
    pub(super) qkv: Vec<T>,
    /// rows × heads × block × block.
    pub(super) p: Vec<T>,
    /// R × C.
    pub(super) y: Vec<T>,
    pub(super) ln_2: Normalised<T>,
    /// What the MLP reads, R × C.
    pub(super) normed_2: Vec<T>,
    /// The hidden layer before GELU, then the slope of GELU there, R × 4C.
    pub(super) hidden: Vec<T>,
    /// And after it, R × 4C.
    pub(super) active: Vec<T>,
}

impl<T: Real> Activations<T> {
    /// No buffers yet.
    pub(super) fn new(keep: Keep) -> Self {
        Activations { keep, ..Activations::default() }
    }

    /// Makes the buffers fit `rows` sequences of `block` tokens; does nothing if they do.
    pub(super) fn fit(&mut self, config: &GptConfig, rows: usize, block: usize) {
        if self.shape == (rows, block) {
            return;
        }
        self.shape = (rows, block);
        let (r, c) = (rows * block, config.width);
        let attention = Attention { block, heads: config.heads, width: c };
        let room = |buffer: &mut Vec<T>, len| buffer.resize(len, T::ZERO);
        let (sets, inputs) = match self.keep {
            Keep::Everything => (config.layers, 0),
            Keep::Inputs => (1, config.layers - 1),
        };
        self.inputs.resize_with(inputs, Vec::new);
        self.inputs.iter_mut().for_each(|input| room(input, r * c));
        self.blocks.resize_with(sets, Block::default);
        for b in &mut self.blocks {
            b.ln_1.resize(r, c);
            room(&mut b.normed_1, r * c);
            room(&mut b.qkv, r * 3 * c);
            room(&mut b.p, attention.probabilities_len(rows));
            room(&mut b.y, r * c);
            b.ln_2.resize(r, c);
            room(&mut b.normed_2, r * c);
            room(&mut b.hidden, r * 4 * c);
            room(&mut b.active, r * 4 * c);
        }
        self.ln_f.resize(r, c);
        room(&mut self.stream, r * c);
        room(&mut self.last, r * c);
        room(&mut self.logits, r * config.vocabulary);
        self.losses.resize(r, 0.0);
        room(&mut self.d_stream, r * c);
        room(&mut self.d_narrow, r * c);
        room(&mut self.d_wide, r * 4 * c);
        room(&mut self.scratch, attention.scratch_len(rows));
    }
}
