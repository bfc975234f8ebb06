//! What a process knows: the pairs, how good they are, and how far their list is complete.

use super::{Krylov, Which};
use crate::estimate::{Estimate, Status};
use crate::space::Space;

impl<S: Space> Krylov<S> {
    /// The wanted pairs as they stand: the lowest ascending, then the highest descending.
    pub fn estimates(&self) -> &[Estimate] {
        &self.estimates
    }

    /// The unit eigenvector of `estimates()[i]`, once the process has finished.
    ///
    /// # Panics
    ///
    /// If i is not below the number of wanted pairs.
    pub fn axis(&self, i: usize) -> &S::Owned {
        assert!(i < self.estimates.len(), "pair {i} of {}", self.estimates.len());
        &self.basis[i]
    }

    /// Gradients spent since the last start.
    pub fn gradients(&self) -> u64 {
        self.gradients
    }

    /// How the whole process ended: the worst of its pairs.
    pub fn status(&self) -> Status {
        let rank = |status: Status| match status {
            Status::Converged => 0,
            Status::Noise => 1,
            Status::Unconfirmed => 2,
            _ => 3,
        };
        self.estimates
            .iter()
            .map(|estimate| estimate.status)
            .max_by_key(|s| rank(*s))
            .unwrap_or(Status::Unknown)
    }

    /// Nothing was missed: see [`KrylovSettings::confirm`](super::KrylovSettings::confirm) for how that is known, and
    /// [`exclusion`](Self::exclusion) for how far.
    pub fn is_confirmed(&self) -> bool {
        self.confirmation.is_done()
    }

    /// How far the list that pair i belongs to is complete: besides the wanted pairs no eigenvalue is below this value,
    /// or above it at the upper end.
    ///
    /// It lies between the last wanted pair and the [next](Self::next_bound), as far as the random directions must have
    /// shown a missed one, and never beyond the [`cutoff`](super::KrylovSettings::cutoff), behind which nothing was looked for. It is
    /// infinite where the basis became the whole space, and `None` while the list isn't confirmed. Random starts make it
    /// probable, not certain: a direction that all of them lack is never seen.
    ///
    /// # Panics
    ///
    /// If i is not below the number of wanted pairs.
    pub fn exclusion(&self, i: usize) -> Option<f64> {
        self.at_end(i, self.confirmation.reach)
    }

    /// Where the next pair that was seen is at the nearest: its Ritz value less its residual, or less the tolerance if that is
    /// larger, with the opposite sign at the upper end. Next is what follows the wanted pairs, or else the first of them
    /// beyond the [`cutoff`](super::KrylovSettings::cutoff). Infinite and `None` as of [`exclusion`](Self::exclusion); others that
    /// weren't seen may lie between the two.
    ///
    /// # Panics
    ///
    /// If i is not below the number of wanted pairs.
    pub fn next_bound(&self, i: usize) -> Option<f64> {
        self.at_end(i, self.confirmation.beyond)
    }

    /// Of a confirmed list, what is known at the end that pair i belongs to.
    fn at_end(&self, i: usize, known: [Option<f64>; 2]) -> Option<f64> {
        assert!(i < self.estimates.len(), "pair {i} of {}", self.estimates.len());
        let upper = self.is_upper(i);
        let all = if upper { f64::NEG_INFINITY } else { f64::INFINITY };
        self.is_confirmed().then(|| known[usize::from(upper)].unwrap_or(all))
    }

    /// The residual at which pair i, as it stands, is converged.
    ///
    /// # Panics
    ///
    /// If i is not below the number of wanted pairs.
    pub fn goal(&self, i: usize) -> f64 {
        assert!(i < self.estimates.len(), "pair {i} of {}", self.estimates.len());
        self.goal_of(i, self.estimates[i].curvature)
    }

    /// The distance from wanted pair i to the nearest other Ritz value, also in its [`Estimate::gap`]; the angle between
    /// the axis and the eigenvector is about `residual / gap`, [`Estimate::angle`].
    ///
    /// `None` if the basis holds no further pair. A neighbour that isn't converged makes the gap too large by up
    /// to its residual: with [`KrylovSettings::confirm`](super::KrylovSettings::confirm) by a tenth at most.
    pub fn gap(&self, i: usize) -> Option<f64> {
        let row = self.row_of(i)?;
        let others = (0..self.filled).filter(|other| *other != row);
        others.map(|other| (self.values[other] - self.values[row]).abs()).min_by(f64::total_cmp)
    }

    /// The directions of the basis, orthonormal, each with its product, or the secant that stands for it.
    pub fn subspace(&self) -> impl Iterator<Item = (&S::Owned, &S::Owned)> {
        self.basis.iter().zip(&self.products).take(self.filled)
    }

    /// Wanted pair i belongs to the upper end.
    pub(super) fn is_upper(&self, i: usize) -> bool {
        match self.settings.which {
            Which::Lowest => false,
            Which::Highest => true,
            Which::Both => i >= self.settings.count,
        }
    }

    /// The weights of a Ritz vector in the basis.
    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.vectors[row * self.filled..][..self.filled]
    }

    /// The Ritz row of wanted pair i, if the basis is large enough to have it.
    pub(super) fn row_of(&self, i: usize) -> Option<usize> {
        let count = self.settings.count;
        let row = match self.settings.which {
            Which::Lowest => i,
            Which::Highest => self.filled.checked_sub(i + 1)?,
            Which::Both if i < count => i,
            Which::Both => self.filled.checked_sub(i - count + 1)?,
        };
        // With both ends wanted, a basis smaller than that must not serve one row twice.
        let served = self.settings.which == Which::Both && i >= count && row < count;
        (row < self.filled && !served).then_some(row)
    }
}
