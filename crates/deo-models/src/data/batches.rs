//! Mini-batches at uniformly random places of a text, each a function of the seed and its number.
//!
//! Batch k of shape R × B starts row r at ⌊u S / 2⁶⁴⌋, where S is the number of possible starts and u is
//! number kR + r of the 64-bit outputs of ChaCha8. The product maps u onto the starts with a bias below
//! S/2⁶⁴, and it takes exactly one u a row, so that batch k can be reached by setting the generator's
//! counter. A rejection method would have no bias and no such counter.

use super::{Batch, DataError, Split};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// ChaCha streams that share a seed are independent. Naming ours keeps a user's one seed usable for data,
/// evaluation, weights and axes at the same time.
const TRAINING: u64 = u64::from_le_bytes(*b"batches ");
const EVALUATION: u64 = u64::from_le_bytes(*b"evaluate");

/// The 32-bit words of ChaCha's output that one start takes.
const WORDS: u128 = 2;

/// An endless sequence of seeded batches out of one part of a text.
///
/// It owns its generator and lends it to nobody: drawing from it is the only way to advance it. Its whole
/// state is ([`seed`](Self::seed), [`drawn`](Self::drawn)); to resume, build it with the same seed and
/// [`skip_to`](Self::skip_to) the number of batches drawn.
///
/// ```compile_fail,E0616
/// # use deo_models::data::{Batches, Corpus};
/// # let corpus = Corpus::from_text(&"abc".repeat(99)).unwrap();
/// let mut batches = Batches::new(corpus.train(), 4, 8, 1).unwrap();
/// let generator = &mut batches.generator; // private
/// ```
#[derive(Debug, Clone)]
pub struct Batches<'a> {
    tokens: &'a [u16],
    starts: usize,
    rows: usize,
    block: usize,
    seed: u64,
    drawn: u64,
    generator: ChaCha8Rng,
}

impl<'a> Batches<'a> {
    /// Batches of `rows` sequences of `block` tokens out of `split`.
    ///
    /// # Errors
    ///
    /// [`DataError::TooShort`] if `split` has fewer than `block + 1` tokens, [`DataError::Zero`] if `rows` or
    /// `block` is 0.
    pub fn new(split: Split<'a>, rows: usize, block: usize, seed: u64) -> Result<Self, DataError> {
        Self::on_stream(TRAINING, split, rows, block, seed)
    }

    fn on_stream(
        stream: u64,
        split: Split<'a>,
        rows: usize,
        block: usize,
        seed: u64,
    ) -> Result<Self, DataError> {
        if rows == 0 {
            let what = "the number of rows";
            return Err(DataError::Zero { what });
        }
        let starts = split.starts(block)?;
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Ok(Batches { tokens: split.tokens(), starts, rows, block, seed, drawn: 0, generator })
    }

    /// Overwrites `batch` with the next batch.
    ///
    /// Allocates only if `batch` has another shape than the batches drawn here.
    pub fn next_into(&mut self, batch: &mut Batch) {
        let tokens = self.rows * self.block;
        batch.inputs.resize(tokens, 0);
        batch.targets.resize(tokens, 0);
        (batch.rows, batch.block) = (self.rows, self.block);

        let inputs = batch.inputs.chunks_exact_mut(self.block);
        let targets = batch.targets.chunks_exact_mut(self.block);
        for (inputs, targets) in inputs.zip(targets) {
            let u = self.generator.next_u64();
            let start = ((u as u128 * self.starts as u128) >> 64) as usize;
            inputs.copy_from_slice(&self.tokens[start..][..self.block]);
            targets.copy_from_slice(&self.tokens[start + 1..][..self.block]);
        }
        self.drawn += 1;
    }

    /// The next batch in memory of its own.
    pub fn next_batch(&mut self) -> Batch {
        let mut batch = Batch::zeros(self.rows, self.block);
        self.next_into(&mut batch);
        batch
    }

    /// Repositions, forwards or backwards, so that the next batch is number `drawn`, counted from 0.
    ///
    /// Takes the time of one ChaCha block, whatever `drawn`.
    pub fn skip_to(&mut self, drawn: u64) {
        let starts = drawn as u128 * self.rows as u128;
        self.generator.set_word_pos(starts * WORDS);
        self.drawn = drawn;
    }

    /// The seed given to [`new`](Self::new).
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The number of batches drawn so far, the argument of [`skip_to`](Self::skip_to) that comes back here.
    pub fn drawn(&self) -> u64 {
        self.drawn
    }

    /// The number of sequences in a batch.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of tokens in a sequence.
    pub fn block(&self) -> usize {
        self.block
    }
}

/// `count` batches to measure a loss on, the same for the same arguments.
///
/// Evaluating on fixed batches removes the sampling noise from a comparison of two moments or two runs. They
/// come from another stream than [`Batches`], so that on the training part, too, they are not the first
/// batches trained on.
///
/// # Errors
///
/// Those of [`Batches::new`], and [`DataError::Zero`] if `count` is 0.
pub fn evaluation_batches(
    split: Split<'_>,
    count: usize,
    rows: usize,
    block: usize,
    seed: u64,
) -> Result<Vec<Batch>, DataError> {
    if count == 0 {
        let what = "the number of evaluation batches";
        return Err(DataError::Zero { what });
    }
    let mut batches = Batches::on_stream(EVALUATION, split, rows, block, seed)?;
    Ok((0..count).map(|_| batches.next_batch()).collect())
}
