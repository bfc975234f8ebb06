//! Which samples of a batch are whose.

use std::ops::Range;

/// A batch in parts, one a rank, in the order of the ranks; no two differ by more than one sample.
///
/// # Examples
///
/// ```
/// use deo_mpi::Shares;
/// let shares = Shares::new(16, 3)?;
/// assert_eq!([0, 1, 2].map(|rank| shares.of(rank)), [0..5, 5..10, 10..16]);
/// # Ok::<(), deo_mpi::TooFewSamples>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    samples: usize,
    weights: Vec<f64>,
}

/// A batch that leaves a rank without work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a batch of {samples} samples for {ranks} ranks; every rank needs at least one: take larger \
     batches or fewer ranks"
)]
pub struct TooFewSamples {
    /// Samples of the batch.
    pub samples: usize,
    /// Ranks that share it.
    pub ranks: usize,
}

impl Shares {
    /// `samples` over `ranks`.
    ///
    /// # Errors
    ///
    /// [`TooFewSamples`] if a rank would have none.
    pub fn new(samples: usize, ranks: usize) -> Result<Self, TooFewSamples> {
        if ranks == 0 || samples < ranks {
            return Err(TooFewSamples { samples, ranks });
        }
        let mut shares = Shares { samples, weights: vec![0.0; ranks] };
        for rank in 0..ranks {
            shares.weights[rank] = shares.of(rank).len() as f64 / samples as f64;
        }
        Ok(shares)
    }

    /// The samples of `rank`.
    pub fn of(&self, rank: usize) -> Range<usize> {
        let begin = |rank| self.samples * rank / self.weights.len();
        begin(rank)..begin(rank + 1)
    }

    /// What share of the batch each rank has; they sum to 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_whole_and_differ_by_one_sample() {
        for samples in 1..40 {
            for ranks in 1..=samples {
                let shares = Shares::new(samples, ranks).unwrap();
                let lengths: Vec<usize> = (0..ranks).map(|rank| shares.of(rank).len()).collect();
                assert_eq!(lengths.iter().sum::<usize>(), samples);
                assert!(
                    lengths.iter().all(|n| [samples / ranks, samples.div_ceil(ranks)].contains(n))
                );
                // Forty numbers of at most 1, each rounded once.
                assert!((shares.weights().iter().sum::<f64>() - 1.0).abs() < 40.0 * f64::EPSILON);
                assert!((1..ranks).all(|rank| shares.of(rank - 1).end == shares.of(rank).start));
            }
        }
    }

    #[test]
    fn a_rank_without_work_is_refused() {
        let error = Shares::new(2, 3).unwrap_err();
        assert_eq!(error, TooFewSamples { samples: 2, ranks: 3 });
        assert!(error.to_string().starts_with("a batch of 2 samples for 3 ranks"));
        assert!(Shares::new(2, 0).is_err());
    }
}
