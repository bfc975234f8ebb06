//! The protocol: start, ask, tell, and what each answer leads to.

use super::Krylov;
use super::check::Check;
use super::judge::Open;
use super::noise_level::{AsymmetryNoise, is_finite};
use crate::estimate::{Estimate, Status};
use crate::noise::{derive, noise};
use crate::oracle::asks;
use crate::probe::{Answer, Probe};
use crate::ritz::symmetric_eigen;
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// A vector of which four passes leave less than half each time depends on the others.
const PASSES: usize = 4;

asks!(Krylov);

impl<S: Space> Krylov<S> {
    /// Starts from a random direction; `seed` also serves for those that are drawn later.
    pub fn draw(&mut self, space: &S, seed: u64) {
        self.reset(seed);
        self.start(space, true);
    }

    /// Starts from `axes`, each of which costs a gradient, and then goes on as from a random start.
    ///
    /// Of axes that a process found, give another seed than that one's: its random directions have nothing of a repeated
    /// eigenvalue beyond those axes, and would vouch for a list that lacks the rest.
    pub fn start_from(&mut self, space: &S, axes: &[&S::Vector], seed: u64) {
        self.reset(seed);
        for axis in axes.iter().take(self.settings.kept()) {
            space.copy(axis, self.basis[self.queued].borrow_mut());
            self.queue(space);
        }
        self.start(space, self.queued == 0);
    }

    /// Starts again at a new x from the pairs found at the last one, plus one random direction.
    ///
    /// The random direction is there because every eigenvector is a fixed point: without it, a pair that has
    /// ceased to be the lowest would never be left.
    pub fn restart_at_new_point(&mut self, space: &S) {
        let known = self.estimates.iter().filter(|e| e.curvature.is_finite()).count();
        let draws = self.draws;
        self.reset(self.seed);
        self.draws = draws;
        for _ in 0..known {
            self.queue(space); // the axes are already there
        }
        self.start(space, true);
    }

    /// Starts from what is queued, and a random direction if `drawn`. Where there is none, as in a space without a free
    /// component, nothing is asked, and the pairs stay unknown.
    fn start(&mut self, space: &S, drawn: bool) {
        if drawn {
            self.queue_random(space);
        }
        self.starting = self.queued;
        self.asking = self.queued > 0;
        if !self.asking {
            self.estimates.fill(Estimate::UNKNOWN);
        }
    }

    fn reset(&mut self, seed: u64) {
        (self.filled, self.queued, self.draws, self.gradients) = (0, 0, 0, 0);
        (self.seed, self.asking, self.secants) = (seed, true, false);
        self.before.fill(0.0);
        // Larger than any residual: the first check may always be failed.
        self.failed.fill(f64::MAX);
        self.largest = 0.0;
        let cutoffs = self.cutoffs();
        self.confirmation.reset(cutoffs);
        (self.rounding, self.noise) = (0.0, AsymmetryNoise::default());
        self.check = Check::None;
        self.estimates.fill(Estimate { status: Status::Running, ..Estimate::UNKNOWN });
    }

    /// The next question, or `None` when the process has finished. Asking again asks the same.
    pub fn ask(&self, _space: &S) -> Option<Probe<'_, S::Vector>> {
        let (index, factor) = match &self.check {
            Check::None => (self.filled, 1.0),
            Check::Fresh { pair } => (*pair, 1.0),
            Check::Second { pair } => (*pair, self.check_rule.ratio()),
        };
        self.asking.then(|| Probe::new(self.basis[index].borrow(), self.length, factor))
    }

    /// Lets `apply` improve the next direction in place: r → M⁻¹r, M a cheap approximation of H − θ.
    ///
    /// Call it between `tell` and `ask`. It acts on residuals only, not on starting vectors, and any direction
    /// is allowed: it is orthonormalised afterwards, and replaced by a random one if nothing new is left of it.
    pub fn precondition(&mut self, space: &S, apply: impl FnOnce(&mut S::Vector)) {
        if self.asking
            && self.check == Check::None
            && self.starting == 0
            && self.queued == self.filled + 1
        {
            self.queued = self.filled;
            apply(self.basis[self.filled].borrow_mut());
            self.confirmation.missed.lose(self.filled);
            self.asking = self.queue(space).is_some() || self.queue_random(space);
        }
    }

    /// Takes the answer to the question last asked.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        assert!(self.asking, "tell without a question: the process asked nothing");
        self.gradients += answer.gradients;
        self.secants |= answer.behind.is_some();
        if self.check != Check::None {
            return self.tell_check(space, answer);
        }
        let new = self.filled;
        let v = self.basis[new].borrow();
        let (along, square) = answer.product_into(space, v, self.products[new].borrow_mut());
        let scale = space.norm(answer.ahead);
        let product = self.products[new].borrow();
        if !(along.is_finite() && is_finite(space, square, product) && scale.is_finite()) {
            return self.end(space, Some(Status::NonFinite));
        }
        self.note_rounding(space, scale, answer.span);
        self.set_column(space, new, new, along);
        self.noise.observe(self.errors[new], new);
        self.filled += 1;
        if self.filled < self.queued && self.affords(self.reserve()) {
            return; // starting vectors are answered before anything is made of them
        }
        (self.queued, self.starting) = (self.filled, 0);
        self.solve_projected();
        self.advance(space);
    }

    /// Row and column i of M against the first `count` directions, and the error of product i.
    pub(super) fn set_column(&mut self, space: &S, i: usize, count: usize, along: f64) {
        let m = self.settings.memory;
        self.matrix[i * m + i] = along;
        let (v, w) = (self.basis[i].borrow(), self.products[i].borrow());
        self.errors[i] = 0.0;
        for j in (0..count).filter(|j| *j != i) {
            let [a, b] = space.dots([(self.basis[j].borrow(), w), (v, self.products[j].borrow())]);
            self.errors[i] = self.errors[i].hypot(a - b);
            (self.matrix[j * m + i], self.matrix[i * m + j]) = ((a + b) / 2.0, (a + b) / 2.0);
        }
    }

    /// The Ritz pairs of the present basis.
    pub(super) fn solve_projected(&mut self) {
        let (k, m) = (self.filled, self.settings.memory);
        if k == 0 {
            return; // nothing was worth locking
        }
        for i in 0..k {
            self.scratch[i * k..][..k].copy_from_slice(&self.matrix[i * m..][..k]);
        }
        let square = k * k;
        symmetric_eigen(
            &mut self.scratch[..square],
            &mut self.vectors[..square],
            &mut self.values[..k],
        );
        let ends = self.values[0].abs().max(self.values[k - 1].abs());
        self.largest = self.largest.max(ends);
    }

    /// Judges the wanted pairs, and either ends the search or queues the next direction.
    pub(super) fn advance(&mut self, space: &S) {
        if self.filled == self.settings.memory {
            self.restart(space);
        }
        let open = self.judge_pairs(space).or_else(|| self.confirm(space));
        let Some(open) = open else { return self.end(space, None) };
        if !self.affords(self.reserve()) {
            return self.end(space, Some(Status::Budget));
        }
        self.remember(&open);
        let queued = match open {
            Open::Residual(row) | Open::Neighbour(row) => {
                self.queue_residual(space, row) || self.queue_random(space)
            }
            Open::Missing => self.queue_random(space),
        };
        if !queued {
            // Nothing is left outside the basis: it is the whole space, and its pairs are exact.
            (0..self.estimates.len()).for_each(|i| _ = self.judge_pair(space, i));
            self.confirm_whole_space();
            self.end(space, Some(Status::Converged));
        }
    }

    /// basis[filled] ← Σ cⱼ (wⱼ − θ vⱼ), and its norm.
    pub(super) fn residual_into_next(&mut self, space: &S, row: usize) -> f64 {
        let (k, theta) = (self.filled, self.values[row]);
        let (known, next) = self.basis.split_at_mut(k);
        let r = next[0].borrow_mut();
        for j in 0..k {
            let c = self.vectors[row * k + j];
            space.axpby(c, self.products[j].borrow(), if j == 0 { 0.0 } else { 1.0 }, r);
            space.axpby(-theta * c, known[j].borrow(), 1.0, r);
        }
        space.norm(r)
    }

    /// Queues the residual of a Ritz pair, in the next place of the basis. False if nothing is left of it.
    fn queue_residual(&mut self, space: &S, row: usize) -> bool {
        let Some(norm) = self.queue(space) else { return false };
        let (k, theta) = (self.filled, self.values[row]);
        self.confirmation.missed.extend(k, theta, &self.vectors[row * k..][..k], norm);
        true
    }

    /// Orthonormalises basis[queued] against those before it and queues it. Returns the norm that was left of it, `None`
    /// for nothing.
    pub(super) fn queue(&mut self, space: &S) -> Option<f64> {
        let (known, next) = self.basis.split_at_mut(self.queued);
        let v = next[0].borrow_mut();
        let before = space.norm(v);
        let mut norm = before;
        for pass in 0..PASSES {
            let last = norm;
            for u in known.iter() {
                space.deflate(1.0, u.borrow(), v);
            }
            norm = space.norm(v);
            // Twice is enough, as in the dimer, unless the second pass still took half away: then it was rounding.
            if pass > 0 && norm >= 0.5 * last {
                break;
            }
        }
        // Ten roundoffs: what cancellation leaves of a vector that depends on the others.
        if norm <= 10.0 * space.epsilon() * before {
            return None;
        }
        let scratch = self.spare[0].borrow_mut();
        space.copy(v, scratch);
        space.axpby(1.0 / norm, scratch, 0.0, v);
        self.queued += 1;
        Some(norm)
    }

    /// Queues a random direction. False if the basis is the whole space.
    fn queue_random(&mut self, space: &S) -> bool {
        let place = self.queued;
        // That one depends on the basis says nothing while there is room beside it: axes that were given may have come of
        // the same seed, and hold all of it. Of those, a basis can hold no more than there are vectors in it.
        let room = self.root_dimension.powi(2).round() > place as f64;
        for _ in 0..=if room { place } else { 0 } {
            self.draws += 1;
            let seed = derive(self.seed, self.draws);
            space.fill(self.basis[place].borrow_mut(), &|i| noise(seed, i));
            if self.queue(space).is_some() {
                self.confirmation.missed.enter(place);
                return true;
            }
        }
        false
    }
}
