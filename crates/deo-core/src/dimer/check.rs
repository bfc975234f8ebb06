//! The check of an estimate before it is believed.
//!
//! Problem: after k rotations Hn is a combination of k + 1 secants, each with the truncation ½h∇³f[v,v] of its own
//! direction v. Along sharp directions that is large, and a small weight of it can outweigh the curvature of a flat
//! axis: a trained MLP in f32 reported −0.038 ± 0.01 where 0 was true. So at the end
//!
//! 1. *Check*: one fresh probe along the final axis replaces Hn. If the fresh ‖r‖ no longer meets the tolerance, the
//!    rotations go on from it, until a check fails again without having halved it: then what is left is truncation.
//! 2. *Recheck*: a fresh secant still has its own truncation, all of C where H = 0. Before C is called negative it is
//!    measured at a second length on the same side, as in [`two_lengths`](crate::two_lengths), whose formula is used.
//!
//! | evidence | error of C |
//! |---|---|
//! | recombined | max(asymmetry, rounding/√N, \|C − C of the last axis probe\|) |
//! | checked, its own truncation unseen | max(\|C − recombined C\|, ‖Hn − recombined Hn‖/√N, rounding/√N) |
//! | certified | (2\|C(ρh) − C(h)\| + 2.1 t ‖Hn(ρh) − Hn(h)‖/√M)/k, see `errors` |
//!
//! The second length is asked for, too, where nothing but one secant speaks for C or its error is above the tolerance, and
//! where the verdict is noise:
//! noise is what was measured, and where h is longer than the distance over which f changes, one secant shows nothing of it.

use super::{Dimer, Phase, Recheck};
use crate::estimate::{Evidence, Status};
use crate::probe::Answer;
use crate::secant_error::{certified_error, rounding_error, stored_error};
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

impl<S: Space> Dimer<S> {
    /// The allowance has room for that many more answers.
    pub(super) fn affords(&self, answers: u64) -> bool {
        self.allowance >= answers * self.settings.rule.gradients()
    }

    /// The answers that are kept back from the rotations.
    pub(super) fn reserve(&self) -> u64 {
        if self.is_checked() { 2 } else { 0 }
    }

    /// This estimate is to be checked at its end.
    fn is_checked(&self) -> bool {
        let granted = self.allowance + self.estimate.gradients;
        self.secants
            && match self.settings.recheck {
                Recheck::Never => false,
                // The two answers are then at most a quarter of all.
                Recheck::Claims => granted >= 8 * self.settings.rule.gradients(),
                Recheck::Always => true,
            }
    }

    /// Ends the estimate as `status`, after the checks that are due.
    pub(super) fn conclude_as(&mut self, status: Status) {
        self.ending = status;
        let due = self.is_checked() && self.affords(1);
        // One secant alone speaks for C, or C isn't known to the tolerance.
        let unsure = self.estimate.rotations == 0 || self.is_coarse();
        let second = self.settings.recheck == Recheck::Always
            || self.estimate.is_negative(1.0)
            || status == Status::Noise
            || (status == Status::Converged && unsure);
        self.phase = match self.estimate.evidence {
            Evidence::Recombined if due => Phase::Check,
            Evidence::Fresh if due && second && self.is_long() => self.begin_refining(),
            Evidence::Fresh if due && second => Phase::Recheck,
            // Nobody has measured that the residual is noise, and nobody will.
            _ if status == Status::Noise && self.suspected => return self.finish(Status::Budget),
            _ => return self.finish(status),
        };
        self.estimate.status = Status::Running;
    }

    /// Hn, C and their errors from a fresh probe. False if the answer isn't finite.
    pub(super) fn measure_axis(&mut self, space: &S, answer: Answer<'_, S::Vector>) -> bool {
        self.at = self.probe_factor();
        let axis = self.axis.borrow();
        let (curvature, square) = answer.product_into(space, axis, self.axis_product.borrow_mut());
        // The gradient at the far end is as long as the one at x, and a product is its own error's scale.
        let scale = space.norm(answer.ahead);
        if !(curvature.is_finite() && square.is_finite() && scale.is_finite()) {
            return false;
        }
        // Storage rounds the gradients and the displaced point, which turns the displacement.
        self.rounding = rounding_error(space.epsilon(), scale, answer.span);
        if answer.behind.is_some() {
            self.rounding += self.length.turn(space.epsilon()) / self.at * square.sqrt();
        }
        if self.noise.is_finite() {
            self.rounding = self.noise / self.at;
        }
        (self.axis_error, self.asymmetry) = (0.0, 0.0);
        self.measured = curvature;
        self.estimate.curvature = curvature;
        self.set_gap();
        self.estimate.secant_error = self.rounding_of_curvature();
        self.estimate.evidence = Evidence::Fresh;
        true
    }

    pub(super) fn tell_check(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        // The torque has served: its place takes the recombined product, for what that was off by.
        space.copy(self.axis_product.borrow(), self.torque.borrow_mut());
        let recombined = self.estimate.curvature;
        if !self.measure_axis(space, answer) {
            return self.poisoned();
        }
        let off = self.distance_to_torque(space);
        let error = (self.measured - recombined).abs().max(off / self.root_dimension);
        self.estimate.secant_error = self.estimate.secant_error.max(error);
        let verdict = self.judge(space);
        if self.ending == Status::Stopped {
            return self.conclude_as(Status::Stopped);
        }
        let residual = self.estimate.residual;
        match verdict {
            Some(Status::Noise) if self.measures_noise() => {}
            Some(status) => self.conclude_as(status),
            // Half of it is progress; anything less would spend the allowance on the truncation of one probe after another.
            None if residual >= 0.5 * self.failed => self.conclude_as(Status::Noise),
            None => {
                self.failed = residual;
                self.rotate_on();
            }
        }
    }

    pub(super) fn tell_recheck(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        let axis = self.axis.borrow();
        let (again, square) = answer.product_into(space, axis, self.torque.borrow_mut());
        if !(again.is_finite() && square.is_finite()) {
            return self.poisoned();
        }
        // The module `two_lengths` derives the ratio of lengths and the divisor, and says why not −h.
        let product_error = self.distance_to_torque(space) / self.settings.rule.divisor();
        let change = (self.estimate.curvature - again).abs() / self.settings.rule.divisor();
        let span = answer.span / self.settings.rule.ratio();
        let stored = stored_error(space.epsilon(), space.norm(answer.ahead), span);
        self.estimate.secant_error =
            certified_error(change, product_error.max(stored), self.root_dimension)
                + self.fitted_noise(product_error);
        self.estimate.evidence = Evidence::TwoLengths;
        (self.change, self.tries, self.shortest) = (product_error, 0, self.at);
        if self.refines() {
            self.phase = Phase::Refine;
        } else {
            self.finish(self.ending_by(product_error));
        }
    }

    /// ‖Hn − the vector in the place of the torque‖, which is used up.
    pub(super) fn distance_to_torque(&mut self, space: &S) -> f64 {
        let torque = self.torque.borrow_mut();
        space.axpby(1.0, self.axis_product.borrow(), -1.0, torque);
        space.norm(torque)
    }
}
