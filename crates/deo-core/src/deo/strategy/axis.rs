//! The search for an axis: when it may begin, how much it may spend, what its axis is good for.
//!
//! | question | answer |
//! |---|---|
//! | may it begin? | ‖g‖ has fallen to half its maximum, or the base needs more than [`STANDS`] steps to leave by itself |
//! | how many products? | [`FIRST_PRODUCTS`], and [`PRODUCTS_PER_STEP`] since the last estimate or, at once, a share of the steps to leave |
//! | is it good enough? | C < 0, and the product Hn, which has no part on which the loss doesn't depend, is of negative curvature too |
//! | not beside curvatures so large? | Hn is rotated itself, and stays in the range of H |

use super::{Batches, Desk, Strategy};
use crate::dimer::Dimer;
use crate::estimate::{Estimate, Status};
use crate::noise::{derive, noise};
use crate::policy::{Kick, Outcome, Stage, StepInfo};
use crate::space::Space;
use std::borrow::Borrow;

/// What any estimate may spend: a probe and a rotation, enough where the lowest curvature stands apart. A product is one
/// gradient, or two by the central rule.
const FIRST_PRODUCTS: f64 = 2.0;

/// Products to resolve a negative curvature that an estimate has found at its very end.
const RESOLVING_PRODUCTS: u64 = 4;

/// But not one that is smaller than this share of those beside it: to resolve it takes more than that.
const RESOLVABLE: f64 = 1e-3;

/// Products that an estimate may spend besides, for each step since the last. Hard saddles get their dozens in time,
/// and a run with neither success nor luck spends about a fifth of its steps, whatever the bucket holds. With ¼ a flat
/// saddle costs a gradient more, with ½ it costs 195 instead of 60; nothing else cares.
const PRODUCTS_PER_STEP: f64 = 0.2;

/// And at once this share of the steps that the base needs to leave by itself, though not more than half of what can be
/// afforded: the bucket has to last until something is found. From 0.001 to 0.02 saddles that hold the base, flat ones and
/// grown nets, cost the same, half of what they cost without; runs that converge pay more with more (ADR 53).
const PRODUCTS_PER_STEP_TO_LEAVE: f64 = 0.001;

/// A run that needs more steps than this to leave by itself stands, even if its gradient is as large as ever: an axis costs some
/// 25 gradients. With 30 no median of forty-eight changes by more than a hundredth, with 300 two by a tenth and a fifth.
const STANDS: f64 = 100.0;

impl Strategy {
    /// The steps that the base needs to leave by itself, as far as one can tell: on batches that differ ‖g‖ says nothing.
    fn steps_to_leave(&self) -> f64 {
        match self.batches {
            Batches::Same => self.trigger.steps_to_leave(self.crossing),
            Batches::Unknown | Batches::Differ => 0.0,
        }
    }

    /// The search for an axis may begin.
    pub(super) fn is_stalled(&self) -> bool {
        self.trigger.is_stalled() || self.steps_to_leave() >= STANDS
    }

    /// Turns to the axis, if it is due and can be paid: random, with a number of gradients to improve it.
    pub(super) fn begin_axis<S: Space>(&mut self, desk: &mut Desk<S>, space: &S) {
        let kick = self.escape.settings.kick;
        if kick == Kick::Off || !self.is_stalled() {
            self.escape.stage = Stage::Settled(Outcome::NotDue);
            return;
        }
        let product = desk.dimer.settings().rule.gradients() as f64;
        let affordable = (self.left(desk.visit) / product).floor();
        if affordable < FIRST_PRODUCTS {
            self.escape.stage = Stage::Settled(Outcome::Unaffordable);
            return;
        }
        let at_once = (PRODUCTS_PER_STEP_TO_LEAVE * self.steps_to_leave()).min(affordable / 2.0);
        let due = FIRST_PRODUCTS + at_once.max(PRODUCTS_PER_STEP * self.since_estimate as f64);
        // An estimate that was merely cut short goes on. Any other starts anew: every eigenvector is a fixed point of
        // the rotation, and at a new saddle, or on a new batch, the old axis may be one of positive curvature.
        let goes_on = desk.dimer.estimate().status == Status::Budget;
        if self.batches == Batches::Differ || !goes_on {
            desk.draw(space);
            (self.spread, self.in_range) = (0.0, false);
        }
        if kick == Kick::Random {
            return; // Never begun, the dimer asks nothing, and the next decision is about the kick.
        }
        (self.since_estimate, self.extended) = (0, 0);
        desk.dimer.begin(space);
        desk.dimer.limit((affordable.min(due.floor()) * product) as u64);
    }

    /// The axis is good enough for a kick.
    pub(super) fn is_sharp(&self, estimate: &Estimate) -> bool {
        if self.in_range {
            self.escape.is_resolved(estimate)
        } else {
            self.escape.is_sharp(estimate, self.spread)
        }
    }

    /// The axis is of negative curvature, but beside curvatures so much larger that its product isn't: n + r/C has the residual
    /// times theirs over C. No estimate ends at so small a residual. Its product is rotated instead, which stays in the range.
    pub(super) fn is_to_enter_range<S: Space>(&self, dimer: &Dimer<S>) -> bool {
        let estimate = dimer.estimate();
        !self.in_range
            && self.escape.is_resolved(&estimate)
            && estimate.curvature < -dimer.rounding()
            && !self.is_sharp(&estimate)
    }

    /// Whether an estimate that has ended with a negative curvature, not sharp, is to go on.
    fn is_worth_resolving<S: Space>(&self, desk: &Desk<S>, estimate: &Estimate) -> bool {
        estimate.status == Status::Budget
            && estimate.curvature <= -RESOLVABLE * self.spread
            && self.extended < RESOLVING_PRODUCTS
            && self.left(desk.visit) >= desk.dimer.settings().rule.gradients() as f64
    }

    /// Ends the axis: turns to the kick if an axis of negative curvature was resolved, and to its part in the range of H.
    pub(super) fn end_axis<S: Space>(
        &mut self,
        desk: &mut Desk<S>,
        space: &S,
        g: &S::Vector,
        info: &StepInfo,
    ) {
        let estimate = desk.dimer.estimate();
        let sharp = self.is_sharp(&estimate);
        // What could not be resolved the losses may judge, unless it is small beside the others: then a gradient that isn't
        // 0 makes such curvatures everywhere, ‖g‖²/λ along the valleys, and the part in the range of H may be anything.
        let usable = sharp || estimate.curvature <= -RESOLVABLE * self.spread;
        let negative = usable && estimate.curvature < -desk.dimer.rounding();
        match self.escape.settings.kick {
            Kick::Lowest if !sharp && self.is_worth_resolving(desk, &estimate) => {
                self.extended += 1;
                let product = desk.dimer.settings().rule.gradients();
                return desk.dimer.extend(space, product);
            }
            Kick::Lowest if !negative => {
                desk.dimer.stop();
                self.escape.stage = Stage::Settled(Outcome::Nothing);
                return;
            }
            Kick::Lowest | Kick::Highest => {
                desk.dimer.stop();
                if !self.in_range {
                    desk.dimer.purge(space);
                }
            }
            Kick::Off | Kick::Random => desk.dimer.stop(),
        }
        let along = space.dot(g, desk.dimer.axis().borrow());
        let side = noise(derive(desk.seed, !desk.total.visits), 0).signum();
        self.escape.judge_axis(&desk.dimer.estimate(), info, along, side);
    }
}
