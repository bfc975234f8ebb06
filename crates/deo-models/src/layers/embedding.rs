//! Tokens and positions to vectors.
//!
//! x\[r, t\] = E\[token\[r, t\]\] + P\[t\] for row r of a batch and position t of its sequence.
//!
//! | shape | |
//! |---|---|
//! | tokens | rows × block, each below the vocabulary |
//! | x, dx | (rows · block) × width |
//! | E, dE | vocabulary × width |
//! | P, dP | positions × width, positions ≥ block |

use super::check_len;
use super::parallel::{for_each, rows, rows_mut};
use deo_linalg::{Real, Threads};

/// The sum of a token's and a position's vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedding {
    /// The number of tokens of the sequences at hand.
    pub block: usize,
    /// Components of a vector.
    pub width: usize,
}

impl Embedding {
    /// x ← E\[token\] + P\[position\].
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer, or if a token is outside of the vocabulary.
    #[track_caller]
    pub fn forward<T: Real>(
        &self,
        threads: Threads,
        x: &mut [T],
        tokens: &[u16],
        e: &[T],
        p: &[T],
    ) {
        self.check(x, tokens);
        let (block, width) = (self.block, self.width);
        let p = &p[..block * width];
        let views = (0..tokens.len(), rows_mut(x, width));
        for_each(
            threads,
            views,
            #[inline(always)]
            |(indices, x)| {
                for (i, x) in indices.zip(x.iter()) {
                    let (e, p) = (row(e, tokens[i].into(), width), row(p, i % block, width));
                    for ((x, e), p) in x.iter_mut().zip(e).zip(p) {
                        *x = *e + *p;
                    }
                }
            },
        );
    }

    /// dE ← dE + Σ dx over the places of each token, added because the output layer reads E as well;
    /// dP ← Σ dx over the batch.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer, or if a token is outside of the vocabulary.
    #[track_caller]
    pub fn backward_add<T: Real>(
        &self,
        threads: Threads,
        de: &mut [T],
        dp: &mut [T],
        tokens: &[u16],
        dx: &[T],
    ) {
        // x = E[token] + P[position]
        self.check(dx, tokens);
        let (block, width) = (self.block, self.width);
        // Two tokens of a batch may be the same one, so the rows of dE are not shared out among threads.
        threads.join(
            || {
                for (dx, token) in rows(dx, width).iter().zip(tokens) {
                    let token = usize::from(*token);
                    add(&mut de[token * width..][..width], dx);
                }
            },
            || {
                dp.fill(T::ZERO);
                for dx in rows(dx, block * width).iter() {
                    add(&mut dp[..block * width], dx);
                }
            },
        );
    }

    #[track_caller]
    fn check<T>(&self, x: &[T], tokens: &[u16]) {
        check_len("x", x, tokens.len() * self.width);
        assert!(
            tokens.len().is_multiple_of(self.block),
            "{} tokens are no whole number of sequences of {}",
            tokens.len(),
            self.block
        );
    }
}

fn row<T>(matrix: &[T], index: usize, width: usize) -> &[T] {
    &matrix[index * width..][..width]
}

fn add<T: Real>(sum: &mut [T], term: &[T]) {
    for (sum, term) in sum.iter_mut().zip(term) {
        *sum += *term;
    }
}
