//! The protocol of an estimate: begin, ask, tell, until nothing is asked.
//!
//! ```text
//!            begin                 C, r known            Hw known: rotate
//!   Idle ────────────▶ Axis ─────────────────────▶ Torque ────┐
//!    ▲                                              ▲ ▲ │     │
//!    │                    the recombined r was wrong │ └─┼─────┘
//!    │                               ┌───────────────┘   │ converged, noise, budget, concluded
//!    └────────── [Recheck] ◀──── [Check] ◀───────────────┘
//! ```
//!
//! Between Torque and Check there may be [Measure], after Recheck [Refine], each several times: see `resolve`.

use super::{Dimer, Phase};
use crate::estimate::{Estimate, Status};
use crate::probe::{Answer, Probe};
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

impl<S: Space> Dimer<S> {
    /// Starts an estimate at a new x or on a new batch: the axis is kept, its product is asked for again. The previous
    /// correction is forgotten: another rotation is worth more than its product (docs/adr/0009).
    ///
    /// Without an axis, before it is drawn or where everything is frozen, nothing is asked, and the estimate stays unknown.
    pub fn begin(&mut self, space: &S) {
        let has_axis = self.normalise(space);
        self.product_known = false;
        self.has_previous = false;
        self.estimate = Estimate::UNKNOWN;
        self.allowance = self.settings.max_gradients;
        (self.measured, self.second, self.failed) = (f64::NAN, f64::NAN, f64::NAN);
        self.secants = false;
        self.forget_lengths();
        self.unit = 1.0;
        self.phase = Phase::Idle;
        if has_axis {
            self.ask_for_axis();
        }
    }

    fn ask_for_axis(&mut self) {
        self.phase = Phase::Axis;
        self.estimate.status = Status::Running;
    }

    /// Ends the estimate where it stands, without a check of what it claims; [`conclude`](Self::conclude) makes it.
    pub fn stop(&mut self) {
        if self.phase != Phase::Idle {
            self.finish(Status::Stopped);
        }
    }

    /// Ends the rotations: the axis is good enough for the caller. What is still asked is the check of its curvature,
    /// by [`DimerSettings::recheck`](super::DimerSettings::recheck).
    pub fn conclude(&mut self) {
        match self.phase {
            Phase::Idle | Phase::Check | Phase::Recheck | Phase::Refine => {}
            Phase::Axis => self.finish(Status::Stopped),
            Phase::Torque | Phase::Measure => self.conclude_as(Status::Stopped),
        }
    }

    /// Lowers what this estimate may spend to `gradients`.
    pub fn limit(&mut self, gradients: u64) {
        self.allowance = self.allowance.min(gradients);
    }

    /// Goes on rotating at the same x with the same batch, with another `gradients` to spend; the last two answers of
    /// these are kept for the check, if there is one.
    pub fn extend(&mut self, space: &S, gradients: u64) {
        self.allowance = gradients;
        if self.product_known {
            self.prepare_rotation(space);
        } else if space.norm(self.axis.borrow()) != 0.0 {
            self.ask_for_axis();
        }
    }

    /// The next question, or `None` when the estimate is finished. Asking again asks the same.
    pub fn ask(&self, _space: &S) -> Option<Probe<'_, S::Vector>> {
        let (direction, factor) = match self.phase {
            Phase::Idle => return None,
            Phase::Axis | Phase::Check => (&self.axis, self.probe_factor()),
            Phase::Torque => (&self.torque, self.probe_factor()),
            Phase::Recheck => (&self.axis, self.at * self.settings.rule.ratio()),
            Phase::Measure => (&self.axis, self.longer()),
            Phase::Refine => (&self.axis, self.shorter()),
        };
        Some(Probe::new(direction.borrow(), self.length, factor))
    }

    /// Lets `apply` improve the torque direction in place: w → M⁻¹w, M a cheap positive approximation of H − C.
    ///
    /// Call it between `tell` and `ask`. It acts on torques only; the direction is orthonormalised afterwards,
    /// and the plain torque is kept if nothing new is left of it.
    pub fn precondition(&mut self, space: &S, apply: impl FnOnce(&mut S::Vector)) {
        if self.phase == Phase::Torque {
            let w = self.torque.borrow_mut();
            apply(w);
            let (n, p) = (self.axis.borrow(), self.previous.borrow());
            let products = space.dots([(&*w, &*w), (&*w, n), (&*w, p)]);
            let usable = products[0].is_finite();
            if !(usable && self.orthonormalise_torque(space, products) > 0.0) {
                self.compute_torque(space);
            }
        }
    }

    /// Takes the answer to the question last asked.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        assert!(self.phase != Phase::Idle, "tell without a question: the dimer asked nothing");
        self.estimate.gradients += answer.gradients;
        self.total_gradients += answer.gradients;
        self.allowance = self.allowance.saturating_sub(answer.gradients);
        self.secants |= answer.behind.is_some();
        let answer = self.in_units(space, answer);
        match self.phase {
            Phase::Idle => {}
            Phase::Axis => self.tell_axis(space, answer),
            Phase::Torque => self.tell_torque(space, answer),
            Phase::Check => self.tell_check(space, answer),
            Phase::Recheck => self.tell_recheck(space, answer),
            Phase::Measure => self.tell_measure(space, answer),
            Phase::Refine => self.tell_refine(space, answer),
        }
    }

    /// Ends the estimate where it stands.
    pub(super) fn finish(&mut self, status: Status) {
        self.estimate.status = status;
        self.phase = Phase::Idle;
    }

    /// Ends the estimate at an answer that isn't finite, and trusts nothing that the answer was to give.
    pub(super) fn poisoned(&mut self) {
        self.product_known =
            !matches!(self.phase, Phase::Axis | Phase::Check) && self.product_known;
        self.finish(Status::NonFinite);
    }

    fn tell_axis(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        if !self.measure_axis(space, answer) {
            return self.poisoned();
        }
        self.product_known = true;
        self.prepare_rotation(space);
    }
}
