//! One attempt to escape, from the step that calls for it to the accounts at its end.
//!
//! | when | what | next |
//! |---|---|---|
//! | [`observe`](Strategy::observe) | a visit is due: is the base optimizer slow enough, and can it be paid? | `begin` |
//! | [`begin`](Strategy::begin) | once: has this step the batch of the one before? | `open` |
//! | [`open`](Strategy::open) | losses along −g | `advance` |
//! | [`advance`](Strategy::advance) | each answer leads to the next question, or to the axis, or to the kick, or to the end | – |
//! | [`begin_axis`](Strategy::begin_axis), [`end_axis`](Strategy::end_axis) | the dimer, and what its axis is good for | `advance` |
//! | [`settle`](Strategy::settle) | x is moved, or a move is proposed, or nothing | the next step |
//!
//! What a move promises, and what the next batch says to it, is in `pending`; the rules are those of
//! [`policy`](crate::policy), [`trigger`](crate::trigger) and [`budget`](crate::budget).

mod axis;
mod pending;
mod visit;

use super::{Counts, Desk, Event, Looks};
use crate::budget::{Budget, BudgetSettings};
use crate::estimate::{Estimate, Status};
use crate::oracle::{Question, Trial};
use crate::policy::{Along, Escape, EscapeSettings, Kick, Outcome, PendingMove, Stage, StepInfo};
use crate::space::Space;
use crate::trigger::{Trigger, TriggerSettings};
use std::borrow::Borrow;

/// A visit with less than this to spend could not look along the gradient.
const SMALLEST_VISIT: f64 = 1.0;

/// Steps after which an axis that is due is looked at although a move along the gradient pays. A valley that flattens out
/// pays for short moves for ever: beside equal units of XOR some thirty of them, each a part in a hundred thousand of the
/// loss, kept 20 of 40 runs from the axis. With 20 a flat saddle costs 66 gradients instead of 60, with 30 equal units are
/// dearer, 1 400 instead of 1 300.
const PATIENCE: u64 = 25;

/// `Escape` with its state.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Strategy {
    escape: Escape,
    trigger: Trigger,
    budget: Budget,
    /// The last move, until the next step has confirmed it.
    pending: Option<PendingMove>,
    batches: Batches,
    /// The loss of the step before, whose x the dimer's scratch holds.
    marked: Option<f64>,
    /// Steps that the base optimizer needs for the trust radius at its pace.
    crossing: f64,
    info: Option<StepInfo>,
    /// Steps since the last estimate.
    since_estimate: u64,
    /// The largest ‖Hn‖ since the axis was drawn: the size of the curvatures beside it.
    spread: f64,
    /// The axis is a product, without a part in the null space of H, or was rotated from one.
    in_range: bool,
    /// Products of this estimate beyond those that were due.
    extended: u64,
}

/// Whether every step has the same batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Batches {
    Unknown,
    Same,
    Differ,
}

impl Strategy {
    pub(super) fn new(
        escape: EscapeSettings,
        trigger: TriggerSettings,
        budget: BudgetSettings,
    ) -> Self {
        Strategy {
            escape: Escape::new(escape),
            trigger: Trigger::new(trigger),
            budget: Budget::new(budget),
            pending: None,
            batches: Batches::Unknown,
            marked: None,
            crossing: 0.0,
            info: None,
            since_estimate: 0,
            spread: 0.0,
            in_range: false,
            extended: 0,
        }
    }

    pub(super) fn has_settings_of(&self, other: &Self) -> bool {
        self.escape.settings == other.escape.settings
            && self.trigger.has_settings_of(&other.trigger)
            && self.budget.has_settings_of(&other.budget)
    }

    /// The gradients in the bucket.
    pub(super) fn available(&self) -> f64 {
        self.budget.available()
    }

    /// Forgets a visit that was not settled, on which `visit` was spent.
    pub(super) fn abandon(&mut self, visit: Counts) {
        (self.info, self.escape.fallback) = (None, None);
        if let Stage::Broken(pending) = std::mem::replace(&mut self.escape.stage, Stage::Idle) {
            self.pending = Some(pending); // x is still where the move has led
        }
        self.budget.spend(visit.cost());
    }

    /// Opens the visit for which `info` was noted, if it can be borne.
    fn open<S: Space>(&mut self, desk: &mut Desk<S>, space: &S) {
        let Some(info) = self.info else { return };
        if self.left(desk.visit) < SMALLEST_VISIT {
            (self.escape.stage, self.info) = (Stage::Idle, None);
            return;
        }
        desk.visit.visits = 1;
        self.escape.begin(&info);
        if self.escape.stage == Stage::Axis {
            self.begin_axis(desk, space);
        }
    }

    /// The gradients that this visit may still spend.
    fn left(&self, visit: Counts) -> f64 {
        self.budget.bearable(self.crossing, self.batches == Batches::Same) - visit.cost()
    }

    /// The next question, once [`advance`](Self::advance) has taken the decisions that are due.
    pub(super) fn ask<'a, S: Space>(
        &'a self,
        desk: &'a Desk<S>,
        space: &S,
        g: &'a S::Vector,
    ) -> Option<Question<'a, S::Vector>> {
        let axis = || desk.dimer.axis().borrow();
        let trial = |direction, coefficient| Some(Question::Loss(Trial { direction, coefficient }));
        match &self.escape.stage {
            Stage::Idle | Stage::Settled(_) | Stage::Broken(_) => None,
            Stage::Compare { now: Some(_), .. } | Stage::Again { there: Some(_), .. } => None,
            Stage::Compare { now: None, .. } => trial(desk.dimer.kept(), 1.0),
            Stage::Gradient(search) => trial(g, -search.ask()? / self.info?.gradient_norm),
            Stage::Axis => desk.dimer.ask(space).map(Question::Gradient),
            Stage::Kick { search, sign, .. } => trial(axis(), sign * search.ask()?),
            Stage::Again { pending, there: None, .. } => {
                let sign = if pending.made { -1.0 } else { 1.0 };
                trial(desk.promised(pending.along), sign * pending.coefficient)
            }
        }
    }

    /// The dimer was told an answer, and its estimate is now this.
    pub(super) fn told(&mut self, estimate: &Estimate) {
        if estimate.curvature.is_finite() {
            self.spread = self.spread.max(estimate.curvature.hypot(estimate.residual));
        }
    }

    /// Takes the answer to a question about a loss.
    pub(super) fn tell_loss(&mut self, loss: f64) {
        match &mut self.escape.stage {
            Stage::Gradient(search) | Stage::Kick { search, .. } => search.tell(loss),
            Stage::Compare { now: answer, .. } | Stage::Again { there: answer, .. } => {
                *answer = Some(loss);
            }
            _ => panic!("tell_loss without a question: no loss was asked for"),
        }
    }

    /// Takes the decisions that are due once a search or an estimate has ended.
    pub(super) fn advance<S: Space>(&mut self, desk: &mut Desk<S>, space: &S, g: &S::Vector) {
        let Some(info) = self.info else { return };
        match self.escape.stage {
            Stage::Compare { then, now: Some(now) } => {
                self.compare(space.epsilon(), &info, then, now);
                self.open(desk, space);
                self.advance(desk, space, g);
            }
            Stage::Gradient(search) if search.ask().is_none() => {
                let waits = self.since_estimate >= PATIENCE && self.is_stalled();
                self.escape.judge_gradient(&search, &info, desk.visit.cost(), waits);
                if self.escape.stage == Stage::Axis {
                    self.begin_axis(desk, space);
                    self.advance(desk, space, g);
                }
            }
            Stage::Axis if self.is_to_enter_range(&desk.dimer) => {
                self.in_range = true;
                desk.dimer.enter_range(space);
                self.advance(desk, space, g);
            }
            Stage::Axis
                if desk.dimer.ask(space).is_none() || self.is_sharp(&desk.dimer.estimate()) =>
            {
                self.end_axis(desk, space, g, &info);
            }
            Stage::Kick { search, sign, reversible } if search.ask().is_none() => {
                self.escape.judge_kick(&search, sign, reversible, &info);
            }
            _ => {}
        }
    }

    /// Ends a step: moves x, if that is what came out of it, and settles the accounts.
    pub(super) fn settle<S: Space>(
        &mut self,
        desk: &mut Desk<S>,
        space: &S,
        x: &mut S::Vector,
        g: &S::Vector,
    ) -> Event {
        let stage = std::mem::replace(&mut self.escape.stage, Stage::Idle);
        let fallback = self.escape.fallback.take();
        self.budget.spend(desk.visit.cost());
        match (stage, self.info.take()) {
            (Stage::Settled(outcome), Some(info)) => {
                self.trigger.visited();
                let better = fallback.filter(|other| other.decrease() > outcome.decrease());
                self.conclude(desk, space, x, g, &better.unwrap_or(outcome), &info)
            }
            (Stage::Again { pending, here, there: Some(there) }, _) => {
                let fall = if pending.made { there - here } else { here - there };
                // `here` is finite. Where `there` isn't, the old x of a move is no place to go back to.
                let fall = if pending.made && !there.is_finite() { f64::INFINITY } else { fall };
                self.second_opinion(desk, space, x, &pending, fall)
            }
            (Stage::Broken(pending), _) => {
                self.second_opinion(desk, space, x, &pending, f64::NEG_INFINITY)
            }
            // No visit, or the loop stopped answering: nothing was decided, but what it evaluated is spent.
            _ => Event::Quiet,
        }
    }

    /// The end of a visit.
    fn conclude<S: Space>(
        &mut self,
        desk: &mut Desk<S>,
        space: &S,
        x: &mut S::Vector,
        g: &S::Vector,
        outcome: &Outcome,
        info: &StepInfo,
    ) -> Event {
        let &Outcome::Move { along, coefficient, best } = outcome else {
            self.trigger.failed();
            return self.failure(&desk.dimer.estimate(), outcome);
        };
        if along == Along::Gradient {
            // The promise is about a direction that g will not be for long, and an estimate that goes on needs its axis.
            space.axpby(1.0 / info.gradient_norm, g, 0.0, desk.dimer.scratch());
        }
        let cost = desk.visit.cost() + 1.0; // the step that the move replaces
        self.propose(
            desk,
            space,
            x,
            PendingMove {
                along,
                coefficient,
                loss: info.loss - best.decrease,
                decrease: best.decrease,
                worth: info.wanted_rate * cost,
                cost,
                made: self.batches != Batches::Differ,
                agreed: 0,
            },
        )
    }

    /// What a visit without a move came to.
    fn failure(&self, estimate: &Estimate, outcome: &Outcome) -> Event {
        match outcome {
            Outcome::Unaffordable => Event::Unaffordable,
            Outcome::NotDue => Event::NoGain,
            _ if estimate.status == Status::NonFinite => Event::Poisoned,
            _ if self.escape.settings.kick == Kick::Lowest && !estimate.is_negative(1.0) => {
                Event::NoNegativeCurvature
            }
            _ => Event::Rejected,
        }
    }
}

#[cfg(test)]
mod tests;
