//! SGD in a space that hides its components.
//!
//! Problem: an adapter of device tensors may offer vector operations only. Each case of [`Sgd`]'s step is a chain
//! of y ← a x + b y:
//!
//! | step | operations |
//! |---|---|
//! | b ← μ b + (1 − τ)(g + λ x) | b ← (1 − τ) g + μ b, then b ← (1 − τ)λ x + b |
//! | x ← x − η b | one |
//! | x ← x − η (g + λ x + μ b), Nesterov | x ← −η g + (1 − ηλ) x, then x ← −ημ b + x |
//!
//! Departure: the results are those of [`Sgd`] but for rounding, since the sums are taken in another order.

use super::{Group, OptimError, Optimizer, Sgd, SgdUpdate, check_step};
use crate::space::Space;
use std::borrow::BorrowMut;

/// [`Sgd`] by [`Space::axpby`] alone, with one parameter group, for any [`Space`].
///
/// # Examples
///
/// ```
/// use deo_core::optim::{Optimizer, Sgd, SgdByAxpby, SgdSettings};
/// use deo_core::space::Host;
/// let (space, mut x) = (Host::<f64>::new(), vec![1.0]);
/// let mut sgd = SgdByAxpby::new(Sgd::new(SgdSettings::default(), &space, &x)?)?;
/// sgd.step(&space, &mut x, &[2.0], 0.25);
/// assert_eq!(x, [0.5]);
/// # Ok::<(), deo_core::optim::OptimError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SgdByAxpby<V> {
    sgd: Sgd<V>,
}

impl<V> SgdByAxpby<V> {
    /// The optimizer with the settings and state of `sgd`.
    ///
    /// # Errors
    ///
    /// If `sgd` has several parameter groups.
    pub fn new(sgd: Sgd<V>) -> Result<Self, OptimError> {
        let count = sgd.groups().iter().count();
        if count > 1 {
            return Err(OptimError::SeveralGroups { count });
        }
        Ok(SgdByAxpby { sgd })
    }

    /// The settings and state.
    pub fn sgd(&self) -> &Sgd<V> {
        &self.sgd
    }
}

impl<S: Space> Optimizer<S> for SgdByAxpby<S::Owned> {
    fn step(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64) {
        check_step(lr, self.sgd.groups.len(), space.len(x));
        // An empty vector has no group at all.
        let group = self.sgd.groups.iter().next().cloned().unwrap_or(Group::new(0..0));
        let update = self.sgd.update(lr, &group);
        let SgdUpdate { lr, momentum, weight_decay, intake, nesterov } = update;
        match &mut self.sgd.velocity {
            None => space.axpby(-lr, g, 1.0 - lr * weight_decay, x),
            Some(b) => {
                let b = b.borrow_mut();
                space.axpby(intake, g, momentum, b);
                if weight_decay != 0.0 {
                    space.axpby(intake * weight_decay, x, 1.0, b);
                }
                if nesterov {
                    space.axpby(-lr, g, 1.0 - lr * weight_decay, x);
                    space.axpby(-lr * momentum, b, 1.0, x);
                } else {
                    space.axpby(-lr, b, 1.0, x);
                }
            }
        }
        self.sgd.at_rest = false;
    }

    /// The velocity is set to zero, as by [`Sgd`].
    fn kicked(&mut self, space: &S) {
        self.sgd.come_to_rest(space);
    }
}
