//! A move from its promise to what the next batch says to it.

use super::{Along, Desk, Event, PendingMove, Strategy};
use crate::space::Space;
use std::borrow::BorrowMut;

impl<V> Desk<V> {
    /// The direction of a promise, of unit length: the axis, or a copy of the gradient in the dimer's scratch.
    pub(super) fn promised<W: ?Sized>(&self, along: Along) -> &W
    where
        V: BorrowMut<W>,
    {
        match along {
            Along::Gradient => self.dimer.kept(),
            Along::Axis => self.dimer.axis().borrow(),
        }
    }
}

impl Strategy {
    /// Makes a move, or proposes it to the next batch.
    pub(super) fn propose<V, S>(
        &mut self,
        desk: &mut Desk<V>,
        space: &S,
        x: &mut S::Vector,
        pending: PendingMove,
    ) -> Event
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.pending = Some(pending);
        if !pending.made {
            return Event::Proposed;
        }
        self.make(desk, space, x, &pending);
        moved(&pending, pending.decrease)
    }

    /// x ← x + Δ.
    pub(super) fn make<V, S>(
        &mut self,
        desk: &mut Desk<V>,
        space: &S,
        x: &mut S::Vector,
        pending: &PendingMove,
    ) where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        space.axpby(pending.coefficient, desk.promised(pending.along), 1.0, x);
        desk.visit.moves += 1;
        desk.visit.kicks += u64::from(pending.along == Along::Axis);
        self.budget.spend(1.0);
        self.trigger.moved();
    }

    /// A move lowers the loss by `fall` on the `same` batch as before or on the next.
    pub(super) fn keep(&mut self, pending: &PendingMove, fall: f64, same: bool) {
        if fall <= pending.worth {
            return self.trigger.failed();
        }
        self.budget.refund(pending.cost);
        if same {
            self.trigger.succeeded();
        } else {
            self.trigger.encouraged();
        }
    }

    /// The batch after that of a promise has spoken: the move lowers its loss by `fall`.
    pub(super) fn second_opinion<V, S>(
        &mut self,
        desk: &mut Desk<V>,
        space: &S,
        x: &mut S::Vector,
        pending: &PendingMove,
        fall: f64,
    ) -> Event
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        if pending.is_kept_by(fall) {
            if let Some(pending) = pending.awaits_another() {
                self.pending = Some(pending);
                return Event::Proposed;
            }
            self.keep(pending, fall, false);
            if pending.made {
                return Event::Confirmed { fall };
            }
            self.make(desk, space, x, pending);
            return moved(pending, fall);
        }
        self.trigger.failed();
        if !pending.made {
            return Event::Refuted { fall };
        }
        self.budget.spend(1.0); // the gradient of this step, at a point that is left
        space.axpby(-pending.coefficient, desk.promised(pending.along), 1.0, x);
        self.trigger.moved();
        Event::Reverted { fall }
    }
}

/// The move as an event, with the fall that was seen.
pub(super) fn moved(pending: &PendingMove, decrease: f64) -> Event {
    let (length, paid) = (pending.coefficient.abs(), decrease > pending.worth);
    Event::Moved { along: pending.along, length, decrease, paid }
}
