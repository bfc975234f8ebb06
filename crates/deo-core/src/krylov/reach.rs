//! How far is a list complete?
//!
//! Problem: that no eigenvector with a wanted value was missed (`confirm.rs`) says less about the gap behind the wanted pairs.
//! The nearer a missed one is to the next pair, the larger a component of it the random direction may have held unseen, so
//! that the next Ritz value is no bound: of 33 values of 1e-8 to 1e8 and both signs the third lowest was "above −12", and −38.
//!
//! | the next pair is | the list reaches |
//! |---|---|
//! | beyond the cutoff | to the cutoff, or a tolerance before it where that is as near |
//! | not | to the last of the values θ + ρ (θ_next − θ) before which none can have been missed, ρ of [`REACHES`]; θ at least |
//!
//! and never beyond the [next pair](Krylov::next_bound). The values are chosen when the list is locked, since `missed.rs` has to
//! follow them from then on.

use super::Krylov;
use super::confirm::SURE;
use crate::space::Space;

/// Shares of the gap that was seen when the list was locked. What is next then may be far beyond what comes to be next.
pub(super) const REACHES: [f64; 8] = [0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97];

impl<S: Space> Krylov<S> {
    /// The values in the gap at an end.
    pub(super) fn in_gap(&self, upper: bool) -> [f64; REACHES.len()] {
        let last = self.last_wanted(upper).curvature;
        let next = self.neighbour(upper, 0).map_or(last, |row| self.values[row]);
        REACHES.map(|share| last + share * (next - last))
    }

    /// How far the list reaches at an end, with pairs told from the wanted ones in these rows with these residuals.
    pub(super) fn reach(&self, told: &[(usize, f64)], upper: bool) -> Option<f64> {
        let limit = self.confirmation.beyond[usize::from(upper)]?;
        let nearer = |a: f64, b: f64| if upper { a.max(b) } else { a.min(b) };
        let next = self.values[told[0].0];
        if let (Some(cutoff), Some(off)) = (self.settings.cutoff, self.beyond_cutoff(next, upper)) {
            let near = off <= self.goal_for(next);
            return Some(nearer(limit, if near { self.before(cutoff, upper) } else { cutoff }));
        }
        let last = self.last_wanted(upper);
        let off = if upper { last.residual } else { -last.residual };
        let mut reach = nearer(self.before(last.curvature, upper), last.curvature + off);
        let of_lower = self.settings.ends() - 1;
        let gap = self.confirmation.missed.further();
        for (i, mu) in
            gap.skip(if upper { of_lower * REACHES.len() } else { 0 }).take(REACHES.len())
        {
            if self.chance_of(i, told, 0.0) > SURE {
                break;
            }
            reach = mu;
        }
        Some(nearer(reach, limit))
    }
}
