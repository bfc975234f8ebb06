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
//! 3. *Tell*: a pair is told from the wanted ones once ‖r‖ ≤ [`TOLD`] · |θ − θ_wanted|. One more of them than were
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

/// The share of its distance from the wanted pairs to which a pair's residual must fall: the gap is then known to a tenth.
pub(super) const TOLD: f64 = 0.1;

/// The component of a missed eigenvector that the random direction may have had, in standard deviations: less than that
/// is drawn once in a hundred thousand times.
pub(super) const SURE: f64 = 1e-5;

/// The same at a cutoff. Repeated eigenvalues lie further in, where more of them would have been seen, and any other was
/// missed by the first process too. Where that began from known axes this is all that is left: one in ten thousand.
const SURE_AT_CUTOFF: f64 = 1e-4;

/// Pairs that are told from the wanted ones at an end and kept for it. More would be in the way of the new process.
const MOST_TOLD: usize = 8;

/// The same at the edge of a crowd, which the first process would have to have missed as well.
const SURE_AT_EDGE: f64 = 1e-3;

/// The same where the error of the products hides more: once in a hundred times.
const FAIRLY_SURE: f64 = 1e-2;

/// Where the search for missed pairs stands.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Confirmation {
    stage: Stage,
    /// The lowest (highest, at the upper end) that each wanted pair can have been when the list was locked.
    locked_values: Vec<f64>,
    /// The pairs beside the wanted ones at the lower and the upper end that were told from them then.
    locked: [usize; 2],
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
enum Stage {
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

    /// The largest component of a missed eigenvector of interest, in standard deviations, after the pairs in these rows
    /// were told from the wanted ones with these residuals: see `missed.rs`.
    fn chance(&self, told: &[(usize, f64)], upper: bool) -> f64 {
        let next = self.values[told[0].0];
        let followed = self.confirmation.stage == Stage::Following;
        let of_pairs = if followed { self.estimates.len() } else { 0 };
        let crowd = self.crowd(told[0].0, upper);
        let thick = crowd.map(|i| self.estimates[i].residual).fold(0.0, f64::max);
        let edges: &[bool] = match self.settings.which {
            _ if !followed => &[],
            Which::Lowest => &[false],
            Which::Highest => &[true],
            Which::Both => &[false, true],
        };
        let matters = |(i, mu): &(usize, &f64)| {
            let inside = || self.beyond_cutoff(**mu, upper).is_none();
            match edges.get(i.wrapping_sub(of_pairs)) {
                Some(edge) => *edge == upper && inside() && thick > 0.0,
                None => {
                    // A cutoff behind the next pair is of no interest.
                    let at_cutoff = *i >= of_pairs && self.beyond_cutoff(next, upper).is_some();
                    let here = *i < of_pairs && self.is_upper(*i) == upper && inside();
                    // One that equals the next eigenvalue changes nothing in the list.
                    (at_cutoff || here) && (next - **mu).abs() > self.goal_for(next)
                }
            }
        };
        let chance = |(i, _): (usize, &f64)| {
            let edge = edges.get(i.wrapping_sub(of_pairs)).is_some();
            // In a crowd Rayleigh and Ritz mix the random direction with the wanted pairs, which may hold as much of it.
            let chance = self.chance_of(i, told, if edge { thick } else { 0.0 });
            if edge { chance * SURE / SURE_AT_EDGE } else { chance }
        };
        let values = self.confirmation.missed.values();
        values.iter().enumerate().filter(matters).map(chance).fold(0.0, f64::max)
    }

    /// The same of the i-th value that is watched; residuals count as `least` at least.
    pub(super) fn chance_of(&self, i: usize, told: &[(usize, f64)], least: f64) -> f64 {
        // What the random direction led to may be a pair of the other end by now.
        let wanted = (0..self.estimates.len()).filter_map(|i| self.pair(i));
        let all = wanted.chain(told.iter().copied());
        let pairs = all.map(|(row, r)| (self.values[row], self.row(row), r.max(least)));
        self.confirmation.missed.chance(i, pairs, self.root_dimension)
    }

    /// The row of wanted pair i, and its residual.
    fn pair(&self, i: usize) -> Option<(usize, f64)> {
        Some((self.row_of(i)?, self.estimates[i].residual))
    }

    /// The wanted pairs of an end that can't be told from the next one, in this row: a bulk of the spectrum that is narrower
    /// than the tolerance.
    fn crowd(&self, next: usize, upper: bool) -> impl Iterator<Item = usize> + Clone {
        let followed = self.confirmation.stage == Stage::Following;
        let theta = self.values[next];
        (0..self.estimates.len()).filter(move |i| {
            let near = (self.estimates[*i].curvature - theta).abs() <= self.goal_for(theta);
            followed && self.is_upper(*i) == upper && near
        })
    }

    /// The wanted pairs at an end that aren't beyond the cutoff.
    fn of_interest(&self, upper: bool) -> usize {
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
    fn ends(&self) -> impl Iterator<Item = bool> + use<S> {
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

    /// A wanted pair has become another one than it was when the list was locked.
    fn list_has_changed(&self) -> bool {
        let pairs = self.estimates.iter().zip(&self.confirmation.locked_values).enumerate();
        pairs.into_iter().any(|(i, (estimate, locked))| {
            let upper = self.is_upper(i);
            let value = estimate.curvature;
            let moved = if upper { value > *locked } else { value < *locked };
            moved && self.beyond_cutoff(value, upper).is_none()
        })
    }

    /// How far beyond the cutoff a value lies; `None` if it doesn't.
    pub(super) fn beyond_cutoff(&self, value: f64, upper: bool) -> Option<f64> {
        let off = value - self.settings.cutoff?;
        Some(if upper { -off } else { off }).filter(|off| *off > 0.0)
    }

    /// The whole space has room in the basis, and is about as near as what a second process has to look at: then nothing
    /// needs to be left out, and nothing to be guessed.
    fn whole_space_is_near(&self) -> bool {
        let dimension = self.root_dimension.powi(2).round() as usize;
        dimension < self.settings.memory && dimension <= 3 * self.filled
    }

    /// Steps 1 and the first half of 2 but for the random direction.
    fn lock(&mut self, space: &S) {
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

    /// The distance within which eigenvalues near this one count as equal.
    fn resolution(&self, theta: f64) -> f64 {
        self.goal_for(theta).max(self.zero * self.largest)
    }

    /// The residual of a pair beside the wanted ones, left in the next place of the basis; it bounds where its eigenvalue is.
    fn bound_neighbour(&mut self, space: &S, row: usize, upper: bool) -> f64 {
        let (theta, residual) = (self.values[row], self.residual_into_next(space, row));
        let off = residual.max(self.resolution(theta));
        let bound = if upper { theta + off } else { theta - off };
        let beyond = &mut self.confirmation.beyond[usize::from(upper)];
        *beyond = Some(match *beyond {
            Some(known) if upper => known.max(bound),
            Some(known) => known.min(bound),
            None => bound,
        });
        residual
    }

    /// The residual at which a pair beside the wanted ones is told from them.
    fn told(&self, row: usize, upper: bool) -> f64 {
        let theta = self.values[row];
        let goal = self.goal_for(theta);
        if let Some(off) = self.beyond_cutoff(theta, upper) {
            return goal.max(TOLD * off);
        }
        let values = self.estimates.iter().map(|estimate| estimate.curvature);
        let distance = values.map(|value| (value - theta).abs()).fold(f64::INFINITY, f64::min);
        // An eigenvalue equal to a wanted one, to the tolerance, is another of the same kind once it has converged as that
        // did. At a larger distance the tolerance tells nothing.
        if distance <= goal { goal } else { TOLD * distance }
    }
}
