//! One objective out of one a rank: each evaluates its part of the batch, and all get the mean.
//!
//! Problem: a batch is spread over processes that all have all of x. With w_r the share of rank r in the batch,
//!
//! ```text
//! f(x) = Σ_r w_r f_r(x)        ∇f(x) = Σ_r w_r ∇f_r(x)        in the order of the ranks, in f64
//! ```
//!
//! have the same bits on all ranks. Losses and gradients are all that the machines of deo-core are told of a problem,
//! so all ranks take the same decisions, and with the same seed go to the same points: neither x nor the axis is ever
//! sent. Use the ordinary space, [`Host`](deo_core::space::Host) or another; [`Sharded`](deo_core::space::Sharded) is
//! for parts of x.
//!
//! | evaluation | collectives | bytes that a rank receives, for N components of b bytes |
//! |---|---|---|
//! | `value` | 1 | 128 (P − 1) |
//! | `value_grad` | 1 + 2 ⌈N/2²⁰⌉ | 128 (P − 1) + 2 N b (P − 1)/P |

use crate::average::Averager;
use crate::{MpiComm, Shares, TooFewSamples};
use deo_core::Objective;
use deo_core::space::{Communicator, Real};
use mpi::traits::Equivalence;
use std::ops::Range;

/// The ranks that share every batch, and their buffers. Made once; [`on`](Self::on) binds it to a batch.
///
/// # Examples
///
/// ```
/// use deo_core::Objective;
/// use deo_core::objective::FromFn;
/// use deo_mpi::DataParallel;
/// let targets = [1.0, 2.0, 4.0, 5.0];
/// let loss = deo_mpi::run(|comm| {
///     let mut parallel = DataParallel::<f64>::new(comm, targets.len())?;
///     let mine = &targets[parallel.mine()]; // this rank's part of the batch
///     let mut f = parallel.on(FromFn(|x: &[f64], _: Option<&mut [f64]>| {
///         mine.iter().map(|t| (x[0] - t).powi(2)).sum::<f64>() / mine.len() as f64
///     }));
///     Ok::<_, deo_mpi::TooFewSamples>(f.value(&[3.0]))
/// });
/// assert_eq!(loss, 2.5); // with any number of ranks from 1 to 4
/// ```
#[derive(Debug)]
pub struct DataParallel<'a, T> {
    comm: &'a MpiComm,
    shares: Shares,
    averager: Averager<T>,
    culprit: Option<usize>,
}

impl<'a, T: Real + Equivalence> DataParallel<'a, T> {
    /// For batches of `samples`, shared evenly.
    ///
    /// # Errors
    ///
    /// [`TooFewSamples`] if a rank would have none.
    pub fn new(comm: &'a MpiComm, samples: usize) -> Result<Self, TooFewSamples> {
        let shares = Shares::new(samples, comm.size())?;
        Ok(DataParallel { comm, shares, averager: Averager::new(), culprit: None })
    }

    /// The samples of each batch that are this rank's.
    pub fn mine(&self) -> Range<usize> {
        self.shares.of(self.comm.rank())
    }

    /// The first rank whose loss or gradient wasn't finite in the last evaluation, the same on all ranks.
    pub fn culprit(&self) -> Option<usize> {
        self.culprit
    }

    /// The mean over the batch, of which `part` is the mean over this rank's samples.
    pub fn on<O>(&mut self, part: O) -> OnRanks<'_, 'a, O, T> {
        OnRanks { ranks: self, part }
    }

    /// The weighted mean of the ranks' losses; also notes the first that is not finite, or whose gradient isn't.
    fn mean(&mut self, components: usize, loss: f64, sound: bool) -> f64 {
        let weights = self.shares.weights();
        let sound = sound && loss.is_finite();
        let (mean, culprit) =
            self.comm.announce(components, [loss, f64::from(u8::from(sound))], |numbers| {
                let (mut mean, mut culprit) = (0.0, None);
                for (rank, [loss, sound]) in numbers.enumerate() {
                    mean += weights[rank] * loss;
                    if sound == 0.0 {
                        culprit = culprit.or(Some(rank));
                    }
                }
                (mean, culprit)
            });
        self.culprit = culprit;
        mean
    }
}

/// The mean over all ranks of an objective that each has for its own part of a batch.
///
/// Every evaluation is collective.
#[derive(Debug)]
pub struct OnRanks<'b, 'a, O, T> {
    ranks: &'b mut DataParallel<'a, T>,
    part: O,
}

impl<T: Real + Equivalence, O: Objective<[T]>> Objective<[T]> for OnRanks<'_, '_, O, T> {
    /// # Panics
    ///
    /// If ranks make different calls, on all of them.
    fn value(&mut self, x: &[T]) -> f64 {
        let loss = self.part.value(x);
        self.ranks.mean(0, loss, true)
    }

    /// # Panics
    ///
    /// If ranks make different calls, or have vectors of different lengths, on all of them.
    fn value_grad(&mut self, x: &[T], gradient: &mut [T]) -> f64 {
        let loss = self.part.value_grad(x, gradient);
        let sound = gradient.iter().all(|g| g.to_f64().is_finite());
        let loss = self.ranks.mean(gradient.len(), loss, sound);
        let DataParallel { comm, shares, averager, .. } = &mut *self.ranks;
        averager.average(comm, shares.weights(), gradient);
        loss
    }
}
