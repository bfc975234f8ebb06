//! A move from its promise to what the next batch says to it.

use super::{Desk, Event, Ladder, Promise, Rung};
use crate::space::Space;
use std::borrow::Borrow;

impl<S: Space> Desk<S> {
    /// The direction of a promise, of unit length: the axis, or a copy of the gradient in the dimer's scratch.
    pub(super) fn promised(&self, rung: Rung) -> &S::Vector {
        match rung {
            Rung::Gradient => self.dimer.kept(),
            Rung::Kick => self.dimer.axis().borrow(),
        }
    }
}

impl Ladder {
    /// Makes a move, or proposes it to the next batch.
    pub(super) fn promise<S: Space>(
        &mut self,
        desk: &mut Desk<S>,
        space: &S,
        x: &mut S::Vector,
        promise: Promise,
    ) -> Event {
        self.promise = Some(promise);
        if !promise.made {
            return Event::Proposed;
        }
        self.make(desk, space, x, &promise);
        moved(&promise, promise.decrease)
    }

    /// x ← x + Δ.
    pub(super) fn make<S: Space>(
        &mut self,
        desk: &mut Desk<S>,
        space: &S,
        x: &mut S::Vector,
        promise: &Promise,
    ) {
        space.axpby(promise.coefficient, desk.promised(promise.rung), 1.0, x);
        desk.visit.moves += 1;
        desk.visit.kicks += u64::from(promise.rung == Rung::Kick);
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
    pub(super) fn second_opinion<S: Space>(
        &mut self,
        desk: &mut Desk<S>,
        space: &S,
        x: &mut S::Vector,
        promise: &Promise,
        fall: f64,
    ) -> Event {
        if promise.is_kept_by(fall) {
            if let Some(promise) = promise.awaits_another() {
                self.promise = Some(promise);
                return Event::Proposed;
            }
            self.keep(promise, fall, false);
            if promise.made {
                return Event::Confirmed { fall };
            }
            self.make(desk, space, x, promise);
            return moved(promise, fall);
        }
        self.trigger.failed();
        if !promise.made {
            return Event::Refuted { fall };
        }
        self.budget.spend(1.0); // the gradient of this step, at a point that is left
        space.axpby(-promise.coefficient, desk.promised(promise.rung), 1.0, x);
        self.trigger.moved();
        Event::Reverted { fall }
    }
}

/// The move as an event, with the fall that was seen.
pub(super) fn moved(promise: &Promise, decrease: f64) -> Event {
    let (length, paid) = (promise.coefficient.abs(), decrease > promise.worth);
    Event::Moved { rung: promise.rung, length, decrease, paid }
}
