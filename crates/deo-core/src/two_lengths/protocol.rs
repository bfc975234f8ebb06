//! The protocol of a check at two lengths: ask at the next length, tell, compare with the last.

use super::{TwoLengths, times};
use crate::estimate::Status;
use crate::objective::Objective;
use crate::oracle::{Workspace, asks};
use crate::probe::{Answer, Probe, Rule};
use crate::secant_error::{certified_error, stored_error};
use crate::space::{Space, norm_from};
use std::borrow::BorrowMut;

asks!(TwoLengths);

impl<V> TwoLengths<V> {
    /// The next question, or `None` when everything was answered. Asking again asks the same.
    pub fn ask<S>(&self, _space: &S) -> Option<Probe<'_, S::Vector>>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        if self.status != Status::Running {
            return None;
        }
        let factor = self.settings.rule.ratio().powi(self.told as i32);
        let length = times(factor, self.length);
        Some(Probe::new(self.axis.borrow(), length, 1.0))
    }

    /// Takes the answer to the question last asked.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell<S>(&mut self, space: &S, answer: Answer<'_, S::Vector>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        assert!(
            self.status == Status::Running,
            "tell without a question: the check at two lengths asked nothing"
        );
        self.gradients += answer.gradients;
        let first = self.told == 0;
        let into = if first { &mut self.product } else { &mut self.difference };
        let (along, square) = answer.product_into(space, self.axis.borrow(), into.borrow_mut());
        let size = norm_from(space, square, (*into).borrow());
        if !(along.is_finite() && size.is_finite()) {
            self.status = Status::NonFinite;
            return;
        }
        if first {
            self.tell_first(space, along);
        } else {
            self.tell_longer(space, along);
        }
        if self.told == 0 {
            self.stored = stored_error(space.epsilon(), space.norm(answer.ahead), answer.span);
        }
        self.told += 1;
        if self.told == self.lengths {
            self.status = Status::Converged;
        }
    }

    fn tell_first<S>(&mut self, space: &S, curvature: f64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (latest, difference) = (self.latest.borrow_mut(), self.difference.borrow_mut());
        space.copy(self.product.borrow(), latest);
        space.copy(latest, difference);
        space.axpby(-curvature, self.axis.borrow(), 1.0, difference);
        (self.curvature, self.residual) = (curvature, space.norm(difference));
        if self.settings.rule == Rule::Product {
            // Exact products err by their own roundings; a second length would show the same.
            self.product_error = space.epsilon() * space.norm(latest);
            (self.secant_error, self.expected_error) = (self.product_error, self.product_error);
            self.lengths = 1;
        }
    }

    fn tell_longer<S>(&mut self, space: &S, along: f64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (latest, difference) = (self.latest.borrow_mut(), self.difference.borrow_mut());
        // latest ← this product − the last one, then both change their names.
        space.axpby(1.0, difference, -1.0, latest);
        let change = space.norm(latest) / self.settings.rule.divisor();
        std::mem::swap(&mut self.latest, &mut self.difference);
        if self.told == 1 {
            let change_along = (along - self.curvature).abs() / self.settings.rule.divisor();
            self.product_error = change;
            self.expected_error = change_along.max(change / self.dimension.max(1.0).sqrt());
            self.secant_error = certified_error(
                change_along,
                change.max(self.stored),
                self.dimension.max(1.0).sqrt(),
            );
        } else {
            self.growth = change / self.product_error;
        }
    }

    /// Answers everything that is asked, at x, where the gradient is `g`.
    pub fn measure<S, O>(
        &mut self,
        space: &S,
        objective: &mut O,
        x: &S::Vector,
        g: &S::Vector,
        workspace: &mut Workspace<V>,
    ) where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
        O: Objective<S::Vector> + ?Sized,
    {
        workspace.answer_all(self, space, objective, x, g);
    }
}
