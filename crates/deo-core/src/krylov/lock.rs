//! What the second process leaves out: the wanted Ritz vectors, and those beside them that are told from them.

use super::Krylov;
use super::confirm::{MOST_TOLD, Stage};
use crate::space::Space;

impl<S: Space> Krylov<S> {
    /// A wanted pair has become another one than it was when the list was locked.
    pub(super) fn list_has_changed(&self) -> bool {
        let pairs = self.estimates.iter().zip(&self.confirmation.locked_values).enumerate();
        pairs.into_iter().any(|(i, (estimate, locked))| {
            let upper = self.is_upper(i);
            let value = estimate.curvature;
            let moved = if upper { value > *locked } else { value < *locked };
            moved && self.beyond_cutoff(value, upper).is_none()
        })
    }

    /// The whole space has room in the basis, and is about as near as what a second process has to look at: then nothing
    /// needs to be left out, and nothing to be guessed.
    pub(super) fn whole_space_is_near(&self) -> bool {
        let dimension = self.root_dimension.powi(2).round() as usize;
        dimension < self.settings.memory && dimension <= 3 * self.filled
    }

    /// Steps 1 and the first half of 2 but for the random direction.
    pub(super) fn lock(&mut self, space: &S) {
        let wanted = self.estimates.len();
        let ends = self.settings.ends();
        // Room is left for the new process.
        let most = ((self.settings.kept_ritz() - wanted) / ends - 1).min(MOST_TOLD - 1);
        let of_interest = [false, true].map(|upper| self.of_interest(upper));
        let mut free = self.filled.saturating_sub(of_interest[0] + of_interest[1]);
        let mut locked = [0; 2];
        for upper in self.ends() {
            let told = |place: &usize| {
                let row = self.neighbour(upper, *place);
                row.is_some_and(|row| {
                    self.bound_neighbour(space, row, upper) <= self.told(row, upper)
                })
            };
            // No row is both below the upper end and above the lower one.
            let count = (0..most.min(free)).take_while(told).count();
            free -= count;
            locked[usize::from(upper)] = count;
        }
        self.confirmation.locked = locked;
        self.confirmation.stage = Stage::Following;
        for i in 0..wanted {
            let estimate = &self.estimates[i];
            let (upper, value) = (self.is_upper(i), estimate.curvature);
            // A pair beyond the cutoff need not have converged, and is another one as soon as it is of interest.
            let beyond = self.beyond_cutoff(value, upper).is_some();
            let off =
                if beyond { f64::NEG_INFINITY } else { estimate.residual + self.noise_level() };
            self.confirmation.locked_values[i] = if upper { value + off } else { value - off };
        }
        let gaps = [false, true].map(|upper| self.in_gap(upper));
        self.reduce(space, [0, 1].map(|side| of_interest[side] + locked[side]));
        let edges = [false, true].map(|upper| {
            let edge = self.before(self.last_wanted(upper).curvature, upper);
            self.ends().any(|end| end == upper).then_some(edge)
        });
        let cutoffs = self.cutoffs();
        let gaps = self.ends().flat_map(|upper| gaps[usize::from(upper)]);
        let values = self.estimates.iter().map(|estimate| estimate.curvature);
        let values = values.chain(edges.into_iter().flatten()).chain(cutoffs);
        self.confirmation.missed.follow(values, gaps);
    }
}
