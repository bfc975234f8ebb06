//! The loop: displace, evaluate, perhaps at the other end too, answer.

use super::{Asks, Oracle, Question};
use crate::objective::Objective;
use crate::probe::{Answer, Probe, Rule};
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// The displaced point and the gradients there: what answering needs.
#[derive(Debug, Clone)]
pub struct Workspace<S: Space> {
    point: S::Owned,
    ahead: S::Owned,
    /// The other end, for the central rule.
    behind: Option<S::Owned>,
}

impl<S: Space> Workspace<S> {
    /// Vectors of the shape of `like`, two for the forward rule and three for the central one.
    pub fn new(space: &S, like: &S::Vector, rule: Rule) -> Self {
        let zeros = || space.zeros_like(like);
        let behind = (rule == Rule::Central).then(zeros);
        Workspace { point: zeros(), ahead: zeros(), behind }
    }

    /// A displaced point and the gradient there, for a loop of your own.
    pub fn vectors(&mut self) -> [&mut S::Owned; 2] {
        [&mut self.point, &mut self.ahead]
    }

    /// Answers everything that `machine` asks, at x, where the gradient is `g`, by the rule of this workspace.
    ///
    /// Exact products are not an objective's to give: for [`Rule::Product`] this answers by the forward rule.
    pub fn answer_all<O>(
        &mut self,
        machine: &mut impl Asks<S>,
        space: &S,
        objective: &mut O,
        x: &S::Vector,
        g: &S::Vector,
    ) where
        O: Objective<S::Vector> + ?Sized,
    {
        let Ok(()) = self.try_answer_all(machine, space, objective, x, g);
    }

    /// The same from an oracle that may stop.
    ///
    /// # Errors
    ///
    /// Why it stopped. The machine still waits for the answer to its last question: go on with it later, or leave it.
    pub fn try_answer_all<O>(
        &mut self,
        machine: &mut impl Asks<S>,
        space: &S,
        oracle: &mut O,
        x: &S::Vector,
        g: &S::Vector,
    ) -> Result<(), O::Stop>
    where
        O: Oracle<S::Vector> + ?Sized,
    {
        while let Some(question) = machine.ask(space, g) {
            match question {
                Question::Gradient(probe) => {
                    let answer = self.answer(space, oracle, probe, x, g)?;
                    machine.tell(space, answer);
                }
                Question::Loss(trial) => {
                    let point = self.point.borrow_mut();
                    trial.displace(space, x, point);
                    let loss = oracle.try_value(point)?;
                    machine.tell_loss(loss);
                }
            }
        }
        Ok(())
    }

    /// Evaluates what `probe` asks around x, where the gradient is `g`.
    fn answer<'a, O>(
        &'a mut self,
        space: &S,
        oracle: &mut O,
        probe: Probe<'_, S::Vector>,
        x: &S::Vector,
        g: &'a S::Vector,
    ) -> Result<Answer<'a, S::Vector>, O::Stop>
    where
        O: Oracle<S::Vector> + ?Sized,
    {
        let point = self.point.borrow_mut();
        let h = probe.displace(space, x, point);
        oracle.try_value_grad(point, self.ahead.borrow_mut())?;
        let Some(behind) = &mut self.behind else {
            return Ok(Answer::forward(h, g, self.ahead.borrow()));
        };
        let h_behind = probe.displace_back(space, x, point);
        oracle.try_value_grad(point, behind.borrow_mut())?;
        let behind: &S::Owned = behind;
        Ok(Answer::central(h_behind, behind.borrow(), h, self.ahead.borrow()))
    }
}
