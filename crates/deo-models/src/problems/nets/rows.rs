//! Rows of a mini-batch: number r of step t is row ⌊u R/2⁶⁴⌋, u the 64-bit output of ChaCha8 number tB + r.
//!
//! A bias below R/2⁶⁴, and exactly one u for each row, so that any step can be drawn by setting the counter.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// 32-bit words of the generator that one u takes.
const WORDS: u128 = 2;

/// The `batch` rows, below `rows`, of that step of the run with that seed.
pub(in crate::problems) fn drawn(
    seed: u64,
    step: u64,
    batch: usize,
    rows: usize,
) -> impl Iterator<Item = usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from_le_bytes(*b"batches "));
    rng.set_word_pos(u128::from(step) * batch as u128 * WORDS);
    (0..batch).map(move |_| ((u128::from(rng.next_u64()) * rows as u128) >> 64) as usize)
}
