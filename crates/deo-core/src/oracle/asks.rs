//! What all machines have in common: they ask, and are told.

use crate::probe::{Answer, Probe};
use crate::space::Space;

/// A question about one point and one batch.
#[derive(Debug)]
pub enum Question<'a, V: ?Sized> {
    /// What is the gradient at the end of this dimer? [`Deo`](crate::Deo) takes the answer by `tell_gradient`.
    Gradient(Probe<'a, V>),
    /// What is the loss there? The answer goes to `tell_loss`.
    Loss(Trial<'a, V>),
}

/// A point at which a loss is wanted: x + coefficient · direction.
#[derive(Debug)]
pub struct Trial<'a, V: ?Sized> {
    /// g or the axis; not of unit length in general.
    pub direction: &'a V,
    /// The signed coefficient.
    pub coefficient: f64,
}

impl<V: ?Sized> Trial<'_, V> {
    /// y ← x + coefficient · direction.
    pub fn displace<S: Space<Vector = V>>(&self, space: &S, x: &V, y: &mut V) {
        space.copy(x, y);
        space.axpby(self.coefficient, self.direction, 1.0, y);
    }
}

/// A machine that asks until it knows enough.
///
/// Each machine has these as methods of its own; the trait is for code that serves any of them, such as
/// [`Workspace::answer_all`](super::Workspace::answer_all).
pub trait Asks<S: Space> {
    /// The next question about the point where the gradient is `g`, or `None` when there is none left. Asking again asks
    /// the same.
    fn ask<'a>(&'a mut self, space: &S, g: &'a S::Vector) -> Option<Question<'a, S::Vector>>
    where
        S::Owned: 'a;

    /// Takes the answer to a [`Question::Gradient`].
    ///
    /// # Panics
    ///
    /// If no gradient was asked for.
    fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>);

    /// Takes the answer to a [`Question::Loss`].
    ///
    /// # Panics
    ///
    /// If no loss was asked for, as most machines never do.
    fn tell_loss(&mut self, loss: f64) {
        panic!("told the loss {loss}, but no loss was asked for");
    }
}

/// [`Asks`] for a machine that asks for gradients only, by its own `ask` and `tell`.
macro_rules! asks {
    ($machine:ident) => {
        impl<S: $crate::Space> $crate::oracle::Asks<S> for $machine<S> {
            fn ask<'a>(
                &'a mut self,
                space: &S,
                _: &'a S::Vector,
            ) -> Option<$crate::oracle::Question<'a, S::Vector>>
            where
                S::Owned: 'a,
            {
                $machine::ask(self, space).map($crate::oracle::Question::Gradient)
            }

            fn tell(&mut self, space: &S, answer: $crate::Answer<'_, S::Vector>) {
                $machine::tell(self, space, answer);
            }
        }
    };
}
pub(crate) use asks;
