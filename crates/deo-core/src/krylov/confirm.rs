//! Was a pair missed? A second process in what the first one left out.
//!
//! Problem: from one starting direction a Krylov process sees one direction of each eigenspace and never another, and
//! one that the start happens to lack, late. What it converges to are eigenpairs, but the list has holes. A Ritz value
//! of a further random direction inside the spectrum says nothing about that: it is about the mean of all eigenvalues.
//!
//! So, once every wanted pair is closed:
//!
//! 1. *Lock*: V ← the wanted Ritz vectors and those next to them that are told from them, see 3. The rest of V goes, for
//!    it belongs to the first process, which would be followed again.
//! 2. *Follow*: a random direction is added, and the residual of the first pair that isn't told from the wanted ones is
//!    followed. That is a Krylov process of the random direction in the complement of V.
//! 3. *Tell*: a pair is told from the wanted ones once ‖r‖ ≤ |θ − θ_wanted|/10 (`tell.rs`). One more of them than were
//!    locked is the nearest eigenvalue that the new process leads to.
//! 4. If a Ritz value of it is among the wanted ones instead, the list has changed: it converges, and 1 begins again.
//! 5. *Be sure*: `missed.rs` computes how little of a missed eigenvector the random direction must have held for it not
//!    to show in the pair of 3. While that is more than [`SURE`] standard deviations, its residual is followed further.
//!
//! What equals the wanted pairs to the tolerance changes nothing in the list, be it missed. Where the next pair is such a one,
//! a bulk of the spectrum narrower than the tolerance, 5 asks for an eigenvector at the list's edge, one tolerance outside.
//!
//! Eigenvalues beyond a [`cutoff`](super::KrylovSettings::cutoff) are told from it, and a first process that led to nothing
//! else needs no second one. Where the next pair equals the cutoff to the tolerance, 5 asks for an eigenvector a tolerance
//! before it. How far the list then reaches is in `reach.rs`.
//!
//! Departures from the deflation of the literature (Saad 2011, §6.2.3): nothing is projected out of H. Rayleigh–Ritz on
//! all of V keeps what is locked orthogonal, and lets it improve.

use super::judge::Open;
use super::missed::Missed;
use super::reach::REACHES;
use super::{Krylov, Which};
use crate::estimate::Estimate;
use crate::space::Space;

/// The component of a missed eigenvector that the random direction may have had, in standard deviations: less than that
/// is drawn once in a hundred thousand times.
pub(super) const SURE: f64 = 1e-5;

/// [`SURE`] at a cutoff. Repeated eigenvalues lie further in, where more of them would have been seen, and any other was
/// missed by the first process too. Where that began from known axes this is all that is left: one in ten thousand.
const SURE_AT_CUTOFF: f64 = 1e-4;

/// Pairs that are told from the wanted ones at an end and kept for it. More would be in the way of the new process.
pub(super) const MOST_TOLD: usize = 8;

/// [`SURE`] where the error of the products hides more: once in a hundred times.
const FAIRLY_SURE: f64 = 1e-2;

/// Where the search for missed pairs stands.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Confirmation {
    pub(super) stage: Stage,
    /// The lowest (highest, at the upper end) that each wanted pair can have been when the list was locked.
    pub(super) locked_values: Vec<f64>,
    /// The pairs beside the wanted ones at the lower and the upper end that were told from them then.
    pub(super) locked: [usize; 2],
    /// The nearest value that the pair next to those of interest can have, at the lower and the upper end.
    pub(super) beyond: [Option<f64>; 2],
    /// The value before which nothing was missed, likewise.
    pub(super) reach: [Option<f64>; 2],
    /// What eigenvectors with the wanted values would have left behind, then one at the edge of each end, at the cutoff and
    /// a tolerance before it; and, behind these, in the gap at each end.
    pub(super) missed: Missed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Stage {
    Open,
    Following,
    Done,
}

/// How far an end of the spectrum is known.
enum Told {
    /// Nothing was missed.
    Sure,
    /// The error of the products hides whether something was.
    Hidden,
    /// This is to be done to know.
    Open(Open),
}

impl Confirmation {
    /// For a list of so many pairs from a basis of `memory` vectors.
    pub(super) fn new(wanted: usize, memory: usize) -> Self {
        Confirmation {
            stage: Stage::Open,
            locked_values: vec![0.0; wanted],
            locked: [0; 2],
            beyond: [None; 2],
            reach: [None; 2],
            // With an edge and a gap at each end, and the cutoff and its edge.
            missed: Missed::new(wanted + 4 + 2 * REACHES.len(), memory),
        }
    }

    /// `cutoffs` are the values that are watched from the start.
    pub(super) fn reset(&mut self, cutoffs: impl Iterator<Item = f64>) {
        (self.stage, self.locked) = (Stage::Open, [0; 2]);
        (self.beyond, self.reach) = ([None; 2], [None; 2]);
        self.missed.follow(cutoffs, std::iter::empty());
    }

    pub(super) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }
}

impl<S: Space> Krylov<S> {
    /// Once every wanted pair is closed: what is to be done before the list is complete, `None` if it is.
    pub(super) fn confirm(&mut self, space: &S) -> Option<Open> {
        if !self.settings.confirm {
            return None;
        }
        let led_nowhere = self.ends().all(|upper| self.of_interest(upper) == 0);
        let alone = self.confirmation.stage == Stage::Open && led_nowhere;
        if alone && !self.confirmation.missed.has_entered() {
            // A process from known axes has seen what they see.
            return Some(Open::Missing);
        }
        if self.confirmation.stage == Stage::Open && !led_nowhere || self.list_has_changed() {
            if !self.whole_space_is_near() {
                self.lock(space);
            }
            return Some(Open::Missing);
        }
        self.confirmation.beyond = [None; 2];
        let mut sure = true;
        for upper in self.ends() {
            match self.confirm_end(space, upper) {
                Told::Sure => {}
                Told::Hidden => sure = false,
                Told::Open(open) => return Some(open),
            }
        }
        if sure {
            self.confirmation.stage = Stage::Done;
        } else if alone {
            // The first process began from known axes, or was unlucky.
            self.lock(space);
            return Some(Open::Missing);
        }
        None
    }

    /// The basis is the whole space: all that lies beyond the wanted pairs is known.
    pub(super) fn confirm_whole_space(&mut self) {
        self.confirmation.stage = Stage::Done;
        for upper in self.ends() {
            let next = self.neighbour(upper, 0).map(|row| self.values[row]);
            self.confirmation.beyond[usize::from(upper)] = next;
            self.confirmation.reach[usize::from(upper)] = next;
        }
    }

    /// Steps 3 and 5 at one end.
    fn confirm_end(&mut self, space: &S, upper: bool) -> Told {
        let places = self.confirmation.locked[usize::from(upper)];
        let mut told = [(0, f64::INFINITY); MOST_TOLD];
        for place in 0..=places {
            let Some(row) = self.neighbour(upper, place) else { return Told::Open(Open::Missing) };
            let residual = self.bound_neighbour(space, row, upper);
            if residual > self.told(row, upper).max(self.noise_level()) {
                return Told::Open(Open::Neighbour(row));
            }
            told[place] = (row, residual);
        }
        let told = &told[..=places];
        let chance = self.chance(told, upper);
        self.confirmation.reach[usize::from(upper)] = self.reach(told, upper);
        if chance <= self.settings.cutoff.map_or(SURE, |_| SURE_AT_CUTOFF) {
            return Told::Sure;
        }
        // What the random direction led to is where most of it is, or, in a crowd, where it can still lead to.
        let share = |row| self.confirmation.missed.share(self.row(row));
        let crowd = self.crowd(told[0].0, upper).filter_map(|i| self.pair(i));
        let crowded = crowd.clone().next().is_some();
        let leads =
            |(row, residual): (usize, f64)| if crowded { residual } else { 1.0 } * share(row);
        let all = told.iter().copied().chain(crowd);
        let (row, residual) = all.max_by(|a, b| leads(*a).total_cmp(&leads(*b))).unwrap_or(told[0]);
        if residual > self.noise_level() {
            self.residual_into_next(space, row);
            return Told::Open(Open::Neighbour(row));
        }
        if chance <= FAIRLY_SURE { Told::Sure } else { Told::Hidden }
    }

    /// The wanted pairs at an end that aren't beyond the cutoff.
    pub(super) fn of_interest(&self, upper: bool) -> usize {
        let here = |i: &usize| self.is_upper(*i) == upper;
        let pairs = (0..self.estimates.len()).filter(here);
        let inside = |i: &usize| self.beyond_cutoff(self.estimates[*i].curvature, upper).is_none();
        pairs.take_while(inside).count()
    }

    /// Wanted pair i need not be followed by the first process: the second one leads to it, if it is beyond the cutoff
    /// and all others at its end are closed.
    pub(super) fn is_left_to_the_second(&self, i: usize) -> bool {
        let last = if self.is_upper(i) { self.estimates.len() } else { self.settings.count } - 1;
        let beyond = self.beyond_cutoff(self.estimates[i].curvature, self.is_upper(i));
        self.settings.confirm
            && self.confirmation.stage == Stage::Open
            && self.settings.count > 1
            && i == last
            && beyond.is_some()
    }

    /// The ends at which pairs are wanted; true for the upper one.
    pub(super) fn ends(&self) -> impl Iterator<Item = bool> + use<S> {
        let which = self.settings.which;
        let lower = (which != Which::Highest).then_some(false);
        lower.into_iter().chain((which != Which::Lowest).then_some(true))
    }

    /// The row of the pair at `place` beside those of interest, counted from 0; `None` if the basis has none there.
    pub(super) fn neighbour(&self, upper: bool, place: usize) -> Option<usize> {
        let [lower, higher] = [false, true].map(|upper| self.of_interest(upper));
        let free = self.filled.checked_sub(lower + higher)?;
        (place < free).then(|| if upper { lower + free - 1 - place } else { lower + place })
    }

    /// How far beyond the cutoff a value lies; `None` if it doesn't.
    pub(super) fn beyond_cutoff(&self, value: f64, upper: bool) -> Option<f64> {
        let off = value - self.settings.cutoff?;
        Some(if upper { -off } else { off }).filter(|off| *off > 0.0)
    }

    /// The innermost of the wanted pairs at an end.
    pub(super) fn last_wanted(&self, upper: bool) -> &Estimate {
        &self.estimates[if upper { self.estimates.len() } else { self.settings.count } - 1]
    }

    /// The cutoff, and what is a tolerance before it at each end.
    pub(super) fn cutoffs(&self) -> impl Iterator<Item = f64> + use<S> {
        let of = self.settings.cutoff.map(|cutoff| {
            let [lower, upper] = [false, true].map(|upper| self.before(cutoff, upper));
            let edge = if self.settings.which == Which::Highest { upper } else { lower };
            [cutoff, edge]
        });
        of.into_iter().flatten()
    }

    /// The value that is one tolerance nearer to that end.
    pub(super) fn before(&self, value: f64, upper: bool) -> f64 {
        let off = self.resolution(value);
        if upper { value + off } else { value - off }
    }
}
