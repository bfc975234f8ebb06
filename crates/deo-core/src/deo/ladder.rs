//! A visit of the escape ladder: from one rung to the next, and the accounts at its end.

use super::{Deo, Event, Policy};
use crate::estimate::Status;
use crate::noise::{derive, noise};
use crate::policy::{Rung, Stage};
use crate::space::Space;
use std::borrow::BorrowMut;

impl<V> Deo<V> {
    /// Turns to the dimer: the random share, and as many gradients as the bucket holds.
    pub(super) fn begin_axis<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let Policy::Escape(escape) = &mut self.policy else { return };
        let affordable = (self.budget.available() - self.visit.cost()).floor();
        if affordable < 2.0 {
            escape.stage = Stage::Settled(None);
            return;
        }
        let share = escape.settings.random_share;
        if self.has_axis {
            self.dimer.mix(space, self.visit_seed(), share);
        } else {
            self.dimer.draw(space, self.visit_seed());
        }
        self.dimer.begin(space);
        self.dimer.limit(affordable as u64);
    }

    /// Takes the decisions that are due once a search or an estimate has ended.
    pub(super) fn advance<S>(&mut self, space: &S, g: &S::Vector)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (Policy::Escape(escape), Some(scene)) = (&mut self.policy, self.scene) else { return };
        match escape.stage {
            Stage::Gradient(search) if search.ask().is_none() => {
                escape.judge_gradient(&search, &scene, self.visit.cost());
                if escape.stage == Stage::Axis {
                    self.begin_axis(space);
                    self.advance(space, g);
                }
            }
            Stage::Axis
                if self.dimer.ask(space).is_none() || escape.is_sharp(&self.dimer.estimate()) =>
            {
                self.dimer.stop();
                let estimate = self.dimer.estimate();
                let along = space.dot(g, self.dimer.axis().borrow());
                let side = noise(derive(self.seed, !self.total.visits), 0).signum();
                escape.judge_axis(&estimate, &scene, along, side);
            }
            Stage::Kick { search, sign } if search.ask().is_none() => {
                escape.judge_kick(&search, sign);
            }
            _ => {}
        }
    }

    /// Ends a visit of the ladder: moves x if a rung was taken, and settles the accounts.
    pub(super) fn settle<S>(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector) -> Event
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (Policy::Escape(escape), Some(scene)) = (&mut self.policy, self.scene.take()) else {
            return Event::Quiet;
        };
        let Stage::Settled(outcome) = std::mem::replace(&mut escape.stage, Stage::Idle) else {
            // The loop stopped answering: nothing was decided, but what it evaluated is spent.
            self.budget.spend(self.visit.cost());
            return Event::Quiet;
        };
        let (cost, estimate) = (self.visit.cost(), self.dimer.estimate());
        self.budget.spend(cost);
        self.trigger.visited();
        let Some(taken) = outcome else {
            self.trigger.failed();
            return match estimate.status {
                _ if self.visit.gradients == 0 => Event::Unaffordable,
                Status::NonFinite => Event::Poisoned,
                _ if estimate.is_negative(escape.settings.significance) => Event::Rejected,
                _ => Event::NoNegativeCurvature,
            };
        };
        let direction = match taken.rung {
            Rung::Gradient => g,
            Rung::Kick => self.dimer.axis().borrow(),
        };
        space.axpby(taken.coefficient, direction, 1.0, x);
        self.visit.moves += 1;
        self.visit.kicks += u64::from(taken.rung == Rung::Kick);
        let rate = self.trigger.decrease_per_step();
        let paid = taken.best.decrease > scene.wanted_rate * cost;
        if paid {
            // So says this batch. The refund waits until the next ones say so too.
            self.hindsight.promise(taken.best.decrease, rate, cost);
        } else {
            self.trigger.failed();
        }
        self.trigger.moved();
        let (length, decrease) = (taken.best.length, taken.best.decrease);
        Event::Moved { rung: taken.rung, length, decrease, paid }
    }
}
