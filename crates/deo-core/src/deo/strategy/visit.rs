//! When to look: each step, until a visit begins.
//!
//! A visit is due where the trigger says so and the base optimizer is slow: x is marked the step before, and what it has gone
//! since is its pace.

use super::{Batches, Desk, Looks, SMALLEST_VISIT, Strategy};
use crate::policy::{EscapeSettings, SAME_SHARE, Stage, StepInfo};
use crate::space::Space;

/// Two evaluations of a loss at one point differ by no more roundings of storage than this: of a sum over many samples
/// some ten have been seen, and batches that are so much alike are one for every purpose here.
const SAME_ROUNDINGS: f64 = 32.0;

impl Strategy {
    /// What the next step has to look at. Where no visit and no move is open, x is of no use before the step that comes
    /// ahead of a visit, and from there on it is for the pace alone until the base is slow enough.
    pub(in super::super) fn looks_next(&self) -> Looks {
        let is_idle =
            self.pending.is_none() && self.info.is_none() && self.escape.stage == Stage::Idle;
        match is_idle {
            false => Looks::All,
            true if self.trigger.is_due_within(2) => Looks::Pace,
            true => Looks::Norm,
        }
    }

    /// [`observe`](Self::observe) of a step that looks at the pace at most. `None` and nothing changed if a visit begins;
    /// else whether x is to be marked.
    pub(in super::super) fn observe_pace(
        &mut self,
        loss: f64,
        gradient_norm: f64,
        [pace, norm]: [f64; 2],
    ) -> Option<bool> {
        let mut after = self.clone();
        after.trigger.observe(loss, gradient_norm);
        after.budget.earn();
        after.since_estimate += 1;
        let is_finite = loss.is_finite() && gradient_norm.is_finite();
        let marks = is_finite && after.trigger.is_due_within(1);
        if marks && after.trigger.is_due() {
            let pace = if after.marked.take().is_some() { pace } else { f64::INFINITY };
            if after.is_slow(pace, norm) {
                return None;
            }
        }
        if marks {
            after.marked = Some(loss);
        }
        *self = after;
        Some(marks)
    }

    /// Takes a step, settles the last move if this batch says enough, and begins a visit if one is due.
    pub(in super::super) fn observe<S: Space>(
        &mut self,
        desk: &mut Desk<S>,
        space: &S,
        x: &S::Vector,
        loss: f64,
        gradient_norm: f64,
    ) {
        self.trigger.observe(loss, gradient_norm);
        self.budget.earn();
        self.since_estimate += 1;
        let pending = self.pending.take();
        if !(loss.is_finite() && gradient_norm.is_finite()) {
            if let Some(pending) = pending {
                self.escape.stage = Stage::Broken(pending);
            }
            return;
        }
        if let Some(pending) = pending {
            if !(pending.made && pending.is_of_the_same_batch(loss)) {
                self.escape.stage = Stage::Again { pending, here: loss, there: None };
                self.batches = Batches::Differ;
                return;
            }
            self.batches = Batches::Same;
            self.keep(&pending, pending.decrease, true);
        }
        if self.trigger.is_due() {
            self.begin(desk, space, x, loss, gradient_norm);
        } else if self.trigger.is_due_next() {
            self.mark(desk, space, x, loss);
        }
    }

    /// Remembers x, to learn at the next step how far the base optimizer has got.
    fn mark<S: Space>(&mut self, desk: &mut Desk<S>, space: &S, x: &S::Vector, loss: f64) {
        space.copy(x, desk.dimer.scratch());
        self.marked = Some(loss);
    }

    /// Whether the base, which goes `pace` a step where ‖x‖ is `norm`, is slow enough for a visit that can be borne.
    fn is_slow(&mut self, pace: f64, norm: f64) -> bool {
        let EscapeSettings { lengthening, longest, .. } = self.escape.settings;
        let crossing = longest.at(norm) / pace;
        // A number in any case: a saved state must load again.
        self.crossing = if lengthening == 0.0 { f64::MAX } else { crossing.min(f64::MAX) };
        let bearable = self.budget.bearable(self.crossing, self.batches != Batches::Differ);
        // At the origin of a coordinate system nothing has a length, and 0/0 isn't slow.
        self.crossing >= lengthening && bearable >= SMALLEST_VISIT
    }

    /// Begins a visit, if the base optimizer is slow enough for it; before the first one with the question whether batches
    /// differ.
    fn begin<S: Space>(
        &mut self,
        desk: &mut Desk<S>,
        space: &S,
        x: &S::Vector,
        loss: f64,
        gradient_norm: f64,
    ) {
        // The step before a visit is marked, unless the interval was set to 1 or a step in between wasn't finite.
        let marked = self.marked.take();
        let mut pace = f64::INFINITY;
        if marked.is_some() {
            let back = desk.dimer.scratch();
            space.axpby(-1.0, x, 1.0, back);
            pace = space.norm(back);
        }
        if self.escape.settings.lengthening == 0.0 {
            pace = 0.0; // nobody asks
        }
        let norm = space.norm(x);
        if !self.is_slow(pace, norm) {
            return self.mark(desk, space, x, loss);
        }
        let wanted_rate = self.trigger.decrease_per_step();
        self.info = Some(StepInfo { loss, gradient_norm, norm, wanted_rate, pace });
        match marked {
            Some(then) if self.batches == Batches::Unknown => {
                self.escape.stage = Stage::Compare { then, now: None };
            }
            _ => self.open(desk, space),
        }
    }

    /// Learns whether this step has the batch of the one before, whose loss was `then` and is `now` on this batch.
    ///
    /// A third of a gradient, once, says what is otherwise learned from a first move, which would have to be made blindly,
    /// and for which a run on one batch would have to stand for longer.
    pub(super) fn compare(&mut self, epsilon: f64, info: &StepInfo, then: f64, now: f64) {
        let rounding = SAME_ROUNDINGS * epsilon * then.abs();
        let tolerance = SAME_SHARE * (then - info.loss).abs() + rounding;
        if (now - then).abs() <= tolerance {
            self.batches = Batches::Same;
        } else if now.is_finite() {
            self.batches = Batches::Differ;
        } // of a loss that isn't finite nothing is learned
    }
}
