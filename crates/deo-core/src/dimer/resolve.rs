//! Is what is left noise, and would another length resolve more?
//!
//! Problem: the rounding that a gradient of norm ‖g‖ may have, 10ε‖g‖, is fifty times what it has if its components are
//! sums that were rounded once, and less than it has at a stationary point. Taken for a measurement, it ends an estimate
//! in single precision of 1e5 parameters at its first gradient. And no length is right for all: where ‖g‖ is large a
//! dimer must be longer than where it vanishes. So a residual that an *assumed* rounding would hide raises a suspicion
//! only, and the noise is measured:
//!
//! 1. *Measure*: Hn again at 4h. Where rounding rules D = ‖Hn(4h) − Hn(h)‖ is the noise σ of Hn(h), where truncation rules
//!    it is the error of Hn(4h): in both cases Hn(h) isn't off by more.
//! 2. If D is above half a hundredth of ‖Hn‖, 4h becomes the length and 16h is asked for. If that changes Hn by less than
//!    D/2, rounding rules, 4h was right, and the same is tried from there on; else h stays the length.
//! 3. From then on each probe is as long as σ demands and no longer: h σ/(½ 10⁻² ‖Hn‖), between h and the longest that
//!    was confirmed. ‖Hn‖ grows as the axis turns to sharper directions, and there truncation matters.
//! 4. A residual that the measured noise hides is noise.
//!
//! *Refine* is the other side. Where the two lengths of the final check don't agree about C to a hundredth, C is measured
//! at h/8, h/64, … for as long as the bar shrinks by it. A dimer that has grown to 8h or more is refined in any case: C is
//! one component of Hn, and √N times less noisy. Where a shorter one is better for Hn too, the rotations go on
//! with that. So curvature that changes within less than h is found, or the status isn't `Converged`.
//!
//! A length that the settings give is kept: the noise is measured at ρh, and nothing else is tried.
//!
//! | cost in answers | |
//! |---|---|
//! | no suspicion and two lengths that agree | 0 |
//! | suspicion, and the noise is small | 1 |
//! | suspicion, and a length 4ᵏ h is needed | 1 + k |
//! | two lengths disagree | at most [`TRIES`] |
//!
//! Moré & Wild (2011) get the noise of a function from differences along a line; a gradient has N components for that,
//! so one difference is sample enough.

use super::{Dimer, Phase};
use crate::estimate::{Evidence, Status};
use crate::probe::{Answer, Rule};
use crate::secant_error::{UNSEEN, refined_error, rounding_error, stored_error};
use crate::space::Space;
use std::borrow::BorrowMut;

/// The ratio of two lengths of *Measure*: at worst a dimer is twice too long or too short.
const LONGER: f64 = 4.0;

/// The longest dimer in units of the first. Six steps: beyond a thousand times the default length f is another function.
const LONGEST: f64 = 4096.0;

/// The ratio of two lengths of *Refine*.
const SHORTER: f64 = 8.0;

/// The shorter lengths that are tried at most, seven decades.
const TRIES: u32 = 8;

/// To what share of itself C is measured, if the tolerance isn't coarser.
const HUNDREDTH: f64 = 1e-2;

impl<V> Dimer<V> {
    /// The length may be changed.
    fn adapts(&self) -> bool {
        self.settings.length.is_none() && self.settings.rule != Rule::Product
    }

    /// Forgets what was learnt of the noise at another x.
    pub(super) fn forget_lengths(&mut self) {
        (self.factor, self.at, self.shortest, self.tries) = (1.0, 1.0, 1.0, 0);
        (self.noise, self.change) = (f64::NAN, f64::NAN);
    }

    /// The noise of Hn that would do.
    fn tolerable(&self) -> f64 {
        let product = self.estimate.curvature.hypot(self.estimate.residual);
        0.5 * self.settings.tolerance.max(HUNDREDTH) * product
    }

    /// The length of the next probe but those of *Measure* and *Refine*, in units of the first.
    pub(super) fn probe_factor(&self) -> f64 {
        let wanted = self.noise / self.tolerable();
        if self.factor > 1.0 && wanted.is_finite() {
            wanted.clamp(1.0, self.factor)
        } else {
            self.factor
        }
    }

    /// The rounding of Hn after a recombination with a product at the present length.
    pub(super) fn set_rounding(&mut self) {
        if self.noise.is_finite() {
            self.rounding = self.noise / self.probe_factor();
        }
    }

    /// The length of the next probe of *Measure*.
    pub(super) fn longer(&self) -> f64 {
        self.at * if self.adapts() { LONGER } else { self.settings.rule.ratio() }
    }

    /// The length of the next probe of *Refine*.
    pub(super) fn shorter(&self) -> f64 {
        self.shortest / SHORTER
    }

    /// Asks for a measurement of the noise that was only suspected. False if there is nothing to measure, or no room.
    pub(super) fn measures_noise(&mut self) -> bool {
        let due = self.suspected && self.affords(1 + self.reserve());
        if due {
            (self.phase, self.change) = (Phase::Measure, f64::NAN);
            self.estimate.status = Status::Running;
        }
        due
    }

    pub(super) fn tell_measure<S>(&mut self, space: &S, answer: Answer<'_, S::Vector>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let Some((again, change)) = self.compare(space, answer) else {
            return self.poisoned();
        };
        let first = self.change.is_nan();
        if first {
            let adapts = self.adapts();
            let divisor = if adapts { 1.0 } else { self.settings.rule.divisor() };
            self.noise = change / divisor * self.at;
        }
        let shorter_is_noisier = !first && change <= 0.5 * self.change;
        if shorter_is_noisier {
            self.factor = self.at;
        }
        let wanted = change > self.tolerable() && (first || shorter_is_noisier);
        let possible = self.adapts() && self.at < LONGEST && self.affords(1 + self.reserve());
        // The last change bounds the error of Hn in either regime.
        self.rounding = if first || shorter_is_noisier { change } else { self.change };
        if wanted && possible {
            self.at = self.longer();
            self.take_product(space, again);
            self.change = change;
        } else {
            self.change = f64::NAN;
            self.prepare_rotation(space);
        }
    }

    /// The length has grown so much for the sake of Hn that C, of one component's noise, is better measured at a shorter one.
    pub(super) fn is_long(&self) -> bool {
        self.adapts() && self.at >= SHORTER
    }

    /// Starts *Refine* where nothing is known of the error of C yet, and of Hn its rounding.
    pub(super) fn begin_refining(&mut self) -> Phase {
        (self.change, self.tries, self.shortest) = (self.rounding, 0, self.at);
        self.estimate.secant_error = f64::MAX;
        Phase::Refine
    }

    /// The bar of C is above the tolerance.
    pub(super) fn is_coarse(&self) -> bool {
        self.estimate.secant_error > self.settings.tolerance.max(HUNDREDTH) * self.size()
    }

    /// Another length is to be tried for C.
    pub(super) fn refines(&self) -> bool {
        self.adapts()
            && matches!(self.ending, Status::Converged | Status::Noise)
            && self.is_coarse()
            && self.tries < TRIES
            && self.affords(1)
    }

    pub(super) fn tell_refine<S>(&mut self, space: &S, answer: Answer<'_, S::Vector>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.shortest = self.shorter();
        let (epsilon, scale) = (space.epsilon(), space.norm(answer.ahead));
        let stored = stored_error(epsilon, scale, answer.span);
        let rounding = rounding_error(epsilon, scale, answer.span);
        let Some((again, change)) = self.compare(space, answer) else {
            return self.poisoned();
        };
        let along = (again - self.estimate.curvature).abs();
        let error = refined_error(along, change.max(stored), self.root_dimension)
            + self.fitted_noise(self.change);
        // Two lengths that disagree about C by a tenth say nothing, not even which of them is worse. What is more than any
        // rounding is truncation, and a shorter length better.
        let lost = self.estimate.secant_error > 0.1 * self.size() && change > rounding;
        let better = lost || error < self.estimate.secant_error;
        self.tries += 1;
        if better {
            if lost || change < self.change {
                (self.at, self.change) = (self.shortest, change);
                self.factor = self.factor.min(self.shortest);
                self.take_product(space, again);
            } else {
                // The product that is kept isn't better than its part along n.
                self.change = self.change.max(along);
            }
            (self.estimate.curvature, self.measured) = (again, again);
            self.estimate.secant_error = error;
            self.estimate.evidence = Evidence::TwoLengths;
            if self.refines() {
                return;
            }
        }
        self.conclude_refined(space);
    }

    /// The status by the product at the length that was found, or more rotations with it.
    fn conclude_refined<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let [torque_norm, residual] = self.compute_torque(space);
        self.estimate.residual = residual;
        let (goal, error) = (self.goal(), self.change);
        if residual <= goal && error <= goal {
            return self.finish(Status::Converged);
        }
        let progress = self.factor < 1.0 && residual > UNSEEN * error && torque_norm > 0.0;
        if progress && self.affords(1 + self.reserve()) {
            (self.rounding, self.noise) = (error, error * self.at);
            self.failed = f64::NAN;
            return self.rotate_on();
        }
        let open = self.suspected && residual > error;
        self.finish(if open { Status::Budget } else { Status::Noise });
    }

    /// How an estimate ends whose final product is off by `error`.
    pub(super) fn ending_by(&self, error: f64) -> Status {
        match self.ending {
            Status::Converged if error > self.goal() => Status::Noise,
            // Noise had been suspected, and less was measured.
            Status::Noise if self.suspected && self.estimate.residual > error => Status::Budget,
            ending => ending,
        }
    }

    /// C at another length, and ‖Hn there − Hn‖ as the vector in the place of the torque. `None` if it isn't finite.
    fn compare<S>(&mut self, space: &S, answer: Answer<'_, S::Vector>) -> Option<(f64, f64)>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (axis, torque) = (self.axis.borrow(), self.torque.borrow_mut());
        let (again, square) = answer.product_into(space, axis, torque);
        space.axpby(-1.0, self.axis_product.borrow(), 1.0, torque);
        let change = space.norm(torque);
        (again.is_finite() && square.is_finite() && change.is_finite()).then_some((again, change))
    }

    /// Hn becomes what [`compare`](Self::compare) has found.
    fn take_product<S>(&mut self, space: &S, curvature: f64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        space.axpby(1.0, self.torque.borrow(), 1.0, self.axis_product.borrow_mut());
        (self.axis_error, self.asymmetry) = (0.0, 0.0);
        (self.measured, self.estimate.curvature) = (curvature, curvature);
        self.set_gap();
        self.estimate.secant_error = self.rounding_of_curvature();
        self.estimate.evidence = Evidence::Fresh;
    }
}
