//! A visit of the escape ladder: from one rung to the next, and the accounts at its end.

use super::{Deo, Event, Policy};
use crate::estimate::{Estimate, Status};
use crate::noise::{derive, noise};
use crate::policy::{Kick, Outcome, Promise, Rung, Scene, Stage};
use crate::space::Space;
use std::borrow::BorrowMut;

/// What any estimate may spend: a probe and a rotation, enough where the lowest curvature stands apart. A product is one
/// gradient, or two by the central rule.
const FIRST_PRODUCTS: f64 = 2.0;

/// Products to resolve a negative curvature that an estimate has found at its very end.
const RESOLVING_PRODUCTS: u64 = 4;

/// But not one that is smaller than this share of those beside it: to resolve it takes more than that.
const RESOLVABLE: f64 = 1e-3;

/// Steps after which an axis that is due is looked at although a move along the gradient pays. A valley that flattens out
/// pays for short moves for ever: beside equal units of XOR some thirty of them, each a part in a hundred thousand of the
/// loss, kept 20 of 40 runs from the axis. With 20 a flat saddle costs 66 gradients instead of 60, with 30 equal units are
/// dearer, 1 400 instead of 1 300.
const PATIENCE: u64 = 25;

/// Products that an estimate may spend besides, for each step since the last. Hard saddles get their dozens in time,
/// and a run with neither success nor luck spends about a fifth of its steps, whatever the bucket holds. With ¼ a flat
/// saddle costs a gradient more, with ½ it costs 195 instead of 60; nothing else cares.
const PRODUCTS_PER_STEP: f64 = 0.2;

impl<V> Deo<V> {
    /// Turns to the axis, if it is due and can be paid: random, with a number of gradients to improve it.
    pub(super) fn begin_axis<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let Policy::Escape(escape) = &mut self.policy else { return };
        let kick = escape.settings.kick;
        if kick == Kick::Off || !self.trigger.is_stalled() {
            escape.stage = Stage::Settled(Outcome::NotDue);
            return;
        }
        let product = self.dimer.settings().rule.gradients() as f64;
        let affordable = (self.left() / product).floor();
        let due = FIRST_PRODUCTS + PRODUCTS_PER_STEP * self.since_estimate as f64;
        let Policy::Escape(escape) = &mut self.policy else { return };
        if affordable < FIRST_PRODUCTS {
            escape.stage = Stage::Settled(Outcome::Unaffordable);
            return;
        }
        // An estimate that was merely cut short goes on. Any other starts anew: every eigenvector is a fixed point of
        // the rotation, and at a new saddle, or on a new batch, the old axis may be one of positive curvature.
        if self.batches_differ || self.dimer.estimate().status != Status::Budget {
            self.draw(space);
        }
        if kick == Kick::Random {
            return; // Never begun, the dimer asks nothing, and the next decision is about the kick.
        }
        (self.since_estimate, self.extended) = (0, 0);
        self.dimer.begin(space);
        self.dimer.limit((affordable.min(due.floor()) * product) as u64);
    }

    /// The gradients that this visit may still spend.
    fn left(&self) -> f64 {
        let one_batch = self.one_batch && !self.batches_differ;
        self.budget.bearable(self.crossing, one_batch) - self.visit.cost()
    }

    /// Whether an estimate that has ended with a negative curvature, not sharp, is to go on.
    fn is_worth_resolving(&self, estimate: &Estimate) -> bool {
        estimate.status == Status::Budget
            && estimate.curvature <= -RESOLVABLE * self.spread
            && self.extended < RESOLVING_PRODUCTS
            && self.left() >= self.dimer.settings().rule.gradients() as f64
    }

    /// Ends the axis: turns to the kick if an axis of negative curvature was resolved, and to its part in the range of H.
    fn end_axis<S>(&mut self, space: &S, g: &S::Vector, scene: &Scene)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let estimate = self.dimer.estimate();
        let worth_resolving = self.is_worth_resolving(&estimate);
        let Policy::Escape(escape) = &mut self.policy else { return };
        let sharp = escape.is_sharp(&estimate, self.spread);
        // What could not be resolved the losses may judge, unless it is small beside the others: then a gradient that isn't
        // 0 makes such curvatures everywhere, ‖g‖²/λ along the valleys, and the part in the range of H may be anything.
        let usable = sharp || estimate.curvature <= -RESOLVABLE * self.spread;
        let negative = usable && estimate.curvature < -self.dimer.rounding();
        match escape.settings.kick {
            Kick::Lowest if !sharp && worth_resolving => {
                self.extended += 1;
                self.dimer.extend(space, self.dimer.settings().rule.gradients());
                return;
            }
            Kick::Lowest if !negative => {
                self.dimer.stop();
                escape.stage = Stage::Settled(Outcome::Nothing);
                return;
            }
            Kick::Lowest | Kick::Highest => {
                self.dimer.stop();
                self.dimer.purge(space);
            }
            Kick::Off | Kick::Random => self.dimer.stop(),
        }
        let along = space.dot(g, self.dimer.axis().borrow());
        let side = noise(derive(self.seed, !self.total.visits), 0).signum();
        escape.judge_axis(&self.dimer.estimate(), scene, along, side);
    }

    /// Takes the decisions that are due once a search or an estimate has ended.
    pub(super) fn advance<S>(&mut self, space: &S, g: &S::Vector)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (Policy::Escape(escape), Some(scene)) = (&mut self.policy, self.scene) else { return };
        match escape.stage {
            Stage::Compare { then, now: Some(now) } => {
                self.compare(space, then, now);
                self.advance(space, g);
            }
            Stage::Gradient(search) if search.ask().is_none() => {
                let waits = self.since_estimate >= PATIENCE && self.trigger.is_stalled();
                escape.judge_gradient(&search, &scene, self.visit.cost(), waits);
                if escape.stage == Stage::Axis {
                    self.begin_axis(space);
                    self.advance(space, g);
                }
            }
            Stage::Axis
                if self.dimer.ask(space).is_none()
                    || escape.is_sharp(&self.dimer.estimate(), self.spread) =>
            {
                self.end_axis(space, g, &scene);
            }
            Stage::Kick { search, sign, reversible } if search.ask().is_none() => {
                escape.judge_kick(&search, sign, reversible, &scene);
            }
            _ => {}
        }
    }

    /// Ends a step of the ladder: moves x, if that is what came out of it, and settles the accounts.
    pub(super) fn settle<S>(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector) -> Event
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let Policy::Escape(escape) = &mut self.policy else { return Event::Quiet };
        let (stage, fallback) =
            (std::mem::replace(&mut escape.stage, Stage::Idle), escape.fallback.take());
        self.budget.spend(self.visit.cost());
        match (stage, self.scene.take()) {
            (Stage::Settled(outcome), Some(scene)) => {
                self.trigger.visited();
                let better = fallback.filter(|other| other.decrease() > outcome.decrease());
                self.conclude(space, x, g, &better.unwrap_or(outcome), &scene)
            }
            (Stage::Again { promise, here, there: Some(there) }, _) => {
                let fall = if promise.made { there - here } else { here - there };
                // `here` is finite. Where `there` isn't, the old x of a move is no place to go back to.
                let fall = if promise.made && !there.is_finite() { f64::INFINITY } else { fall };
                self.second_opinion(space, x, &promise, fall)
            }
            (Stage::Broken(promise), _) => {
                self.second_opinion(space, x, &promise, f64::NEG_INFINITY)
            }
            // No visit, or the loop stopped answering: nothing was decided, but what it evaluated is spent.
            _ => Event::Quiet,
        }
    }

    /// The end of a visit.
    fn conclude<S>(
        &mut self,
        space: &S,
        x: &mut S::Vector,
        g: &S::Vector,
        outcome: &Outcome,
        scene: &Scene,
    ) -> Event
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let &Outcome::Move { rung, coefficient, best } = outcome else {
            self.trigger.failed();
            return self.failure(outcome);
        };
        if rung == Rung::Gradient {
            // The promise is about a direction that g will not be for long, and an estimate that goes on needs its axis.
            space.axpby(1.0 / scene.gradient_norm, g, 0.0, self.dimer.scratch());
        }
        let cost = self.visit.cost() + 1.0; // the step that the move replaces
        let promise = Promise {
            rung,
            coefficient,
            loss: scene.loss - best.decrease,
            decrease: best.decrease,
            worth: scene.wanted_rate * cost,
            cost,
            made: !self.batches_differ,
        };
        self.promise = Some(promise);
        if !promise.made {
            return Event::Proposed;
        }
        self.make(space, x, &promise);
        moved(&promise, promise.decrease)
    }

    /// What a visit without a move came to.
    fn failure(&self, outcome: &Outcome) -> Event {
        let estimate = self.dimer.estimate();
        let Policy::Escape(escape) = &self.policy else { return Event::Quiet };
        match outcome {
            Outcome::Unaffordable => Event::Unaffordable,
            Outcome::NotDue => Event::NoGain,
            _ if estimate.status == Status::NonFinite => Event::Poisoned,
            _ if escape.settings.kick == Kick::Lowest && !estimate.is_negative(1.0) => {
                Event::NoNegativeCurvature
            }
            _ => Event::Rejected,
        }
    }

    /// The direction of a promise, of unit length.
    pub(super) fn promised<W: ?Sized>(&self, rung: Rung) -> &W
    where
        V: BorrowMut<W>,
    {
        match rung {
            Rung::Gradient => self.dimer.kept(),
            Rung::Kick => self.dimer.axis().borrow(),
        }
    }

    /// x ← x + Δ.
    fn make<S>(&mut self, space: &S, x: &mut S::Vector, promise: &Promise)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        space.axpby(promise.coefficient, self.promised(promise.rung), 1.0, x);
        self.visit.moves += 1;
        self.visit.kicks += u64::from(promise.rung == Rung::Kick);
        self.budget.spend(1.0);
        self.trigger.moved();
    }

    /// A move lowers the loss by `fall` on the `same` batch as before or on the next.
    pub(super) fn keep(&mut self, promise: &Promise, fall: f64, same: bool) {
        if fall <= promise.worth {
            return self.trigger.failed();
        }
        self.budget.refund(promise.cost);
        if same {
            self.trigger.succeeded();
        } else {
            self.trigger.encouraged();
        }
    }

    /// The batch after that of a promise has spoken: the move lowers its loss by `fall`.
    fn second_opinion<S>(
        &mut self,
        space: &S,
        x: &mut S::Vector,
        promise: &Promise,
        fall: f64,
    ) -> Event
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        if promise.is_kept_by(fall) {
            self.keep(promise, fall, false);
            if promise.made {
                return Event::Confirmed { fall };
            }
            self.make(space, x, promise);
            return moved(promise, fall);
        }
        self.trigger.failed();
        if !promise.made {
            return Event::Refuted { fall };
        }
        self.budget.spend(1.0); // the gradient of this step, at a point that is left
        space.axpby(-promise.coefficient, self.promised(promise.rung), 1.0, x);
        self.trigger.moved();
        Event::Reverted { fall }
    }
}

/// The move as an event, with the fall that was seen.
fn moved(promise: &Promise, decrease: f64) -> Event {
    let (length, paid) = (promise.coefficient.abs(), decrease > promise.worth);
    Event::Moved { rung: promise.rung, length, decrease, paid }
}

#[cfg(test)]
mod tests;
