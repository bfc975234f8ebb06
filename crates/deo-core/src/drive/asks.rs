//! What all machines have in common: they ask, and are told.

use super::Workspace;
use crate::certificate::Certificate;
use crate::dimer::Dimer;
use crate::krylov::Krylov;
use crate::monitor::Monitor;
use crate::objective::Objective;
use crate::probe::{Answer, Probe};
use crate::space::Space;
use crate::statistics::BatchCurvature;
use crate::stochastic::{SpectralDensity, Trace};
use std::borrow::BorrowMut;

/// A machine that asks for products with the Hessian until it knows enough.
///
/// Each machine has these two as methods of its own; the trait is for code that serves any of them, such as
/// [`Workspace::answer_all`].
pub trait Asks<S: Space> {
    /// The next question, or `None` when there is none left. Asking again asks the same.
    fn ask<'a>(&'a self, space: &S) -> Option<Probe<'a, S::Vector>>
    where
        S::Owned: 'a;

    /// Takes the answer to the question last asked.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>);
}

macro_rules! asks {
    ($($machine:ident),*) => {$(
        impl<S: Space> Asks<S> for $machine<S::Owned> {
            fn ask<'a>(&'a self, space: &S) -> Option<Probe<'a, S::Vector>>
            where
                S::Owned: 'a,
            {
                $machine::ask(self, space)
            }

            fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
                $machine::tell(self, space, answer);
            }
        }
    )*};
}

asks!(Dimer, Krylov, Monitor, Certificate, BatchCurvature, Trace, SpectralDensity);

impl<V> Workspace<V> {
    /// Answers everything that `machine` asks, at x, where the gradient is `g`, by the rule of this workspace.
    ///
    /// Exact products are not an objective's to give: for [`Rule::Product`](crate::Rule::Product) this answers by the
    /// forward rule.
    pub fn answer_all<S, O>(
        &mut self,
        machine: &mut impl Asks<S>,
        space: &S,
        objective: &mut O,
        x: &S::Vector,
        g: &S::Vector,
    ) where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
        O: Objective<S::Vector> + ?Sized,
    {
        while let Some(probe) = machine.ask(space) {
            let answer = self.answer(space, objective, probe, x, g);
            machine.tell(space, answer);
        }
    }
}
