//! First-order optimizers over any space.
//!
//! Problem: deo transforms gradients and moves parameters now and then; somebody must take the ordinary steps.
//! These are the ones in everybody's baseline, with the semantics of PyTorch, so that a comparison is fair.
//!
//! | here | what |
//! |---|---|
//! | [`Sgd`] | gradient descent, heavy ball, Nesterov |
//! | [`Adam`] | Adam, AdamW, NAdam, NAdamW, AMSGrad by [`AdamSettings`] |
//! | [`RmsProp`], [`Rprop`] | RMSprop, centred or not; Rprop, by signs alone |
//! | [`Muon`] | matrices by their orthogonalised momentum, AdamW for all else; on spaces with [`Matrices`] |
//! | [`Lbfgs`] | L-BFGS with a learning rate, on every space; [`Pairs`] are its memory |
//! | [`Groups`] | learning rate, decay, β, ε and shape by ranges of components |
//! | [`clip_norm`] | clipping by the global norm |
//! | [`Transform`] | projection and clipping without a pass of their own |
//! | [`Schedule`], [`Plateau`] | learning rate of a step, or by what the losses do |
//! | [`Update`], [`Updates`] | one formula a component, and the spaces that run it |
//!
//! An optimizer of your own is an [`Update`] and an [`Optimizer`]; it then runs on every space with [`Updates`].
//!
//! Arithmetic is that of storage ([`Rounded`]), as in PyTorch; coefficients are computed in `f64`. Over 20 steps
//! every component stays within a relative 1e-6 (`f32`) and 1e-14 (`f64`) of PyTorch's, which the tests check
//! against numbers that PyTorch wrote.
//!
//! # Examples
//!
//! Clip, skip what is not finite, step by a schedule:
//!
//! ```
//! use deo_core::optim::{Adam, AdamSettings, Optimizer, Schedule, clip_norm};
//! use deo_core::space::Host;
//!
//! let space = Host::<f64>::new();
//! let (mut x, mut g) = (vec![3.0, -1.0], vec![0.0; 2]);
//! let mut adam = Adam::new(AdamSettings::adam(), &space, &x)?;
//! let schedule = Schedule::warmup_cosine(0.1, 10, 200, 0.001)?;
//! for t in 0..200 {
//!     g.copy_from_slice(&x); // ∇½‖x‖²
//!     if clip_norm(&space, 1.0, &mut g).is_finite() {
//!         adam.step(&space, &mut x, &g, schedule.at(t));
//!     }
//! }
//! assert!(x.iter().all(|x| x.abs() < 0.01));
//! # Ok::<(), deo_core::optim::OptimError>(())
//! ```

mod adam;
mod arithmetic;
mod clip;
mod error;
mod groups;
mod lbfgs;
mod muon;
mod pairs;
mod rmsprop;
mod rprop;
mod schedule;
mod sgd;
mod transform;

pub use crate::space::{Matrices, Scale, Update, Updates};
pub use adam::{Adam, AdamSettings, AdamUpdate, Decay};
pub use arithmetic::Rounded;
pub use clip::{clip_factor, clip_norm};
pub use error::OptimError;
pub use groups::{Group, Groups};
pub use lbfgs::{Lbfgs, LbfgsSettings};
pub use muon::{Muon, MuonRate, MuonSettings, NewtonSchulz};
pub use pairs::Pairs;
pub use rmsprop::{RmsProp, RmsPropSettings, RmsPropUpdate};
pub use rprop::{Rprop, RpropSettings, RpropUpdate};
pub use schedule::{Plateau, PlateauSettings, Schedule};
pub use sgd::{Sgd, SgdSettings, SgdUpdate};
pub use transform::Transform;

use crate::space::Space;

/// Something that moves parameters by their gradient.
///
/// State is allocated by the constructor; a step allocates nothing.
pub trait Optimizer<S: Space> {
    /// Moves `x` by one step with the gradient `g` and the learning rate `lr`.
    ///
    /// The gradient is trusted: a component that is not finite reaches the state and stays there. So check the
    /// norm, which [`clip_norm`] returns, and skip the step if it is not finite. [`Adam`] squares components in storage, so
    /// for it they must stay below 1.8e19 in `f32` and 1.3e154 in `f64`, as in PyTorch: bound the norm by that.
    ///
    /// # Panics
    ///
    /// If `lr` is negative or not finite, or if `x` or `g` has not the shape that the optimizer was made for.
    fn step(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64);

    /// Is told that something else has just moved `x` by a finite distance, such as the kick of an escape.
    fn jumped(&mut self, space: &S);
}

impl<S: Space, O: Optimizer<S> + ?Sized> Optimizer<S> for &mut O {
    fn step(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64) {
        (**self).step(space, x, g, lr);
    }

    fn jumped(&mut self, space: &S) {
        (**self).jumped(space);
    }
}

impl<S: Space, O: Optimizer<S> + ?Sized> Optimizer<S> for Box<O> {
    fn step(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64) {
        (**self).step(space, x, g, lr);
    }

    fn jumped(&mut self, space: &S) {
        (**self).jumped(space);
    }
}

/// Panics unless the learning rate and the length of x can be meant.
#[track_caller]
fn check_step(lr: f64, expected: usize, len: usize) {
    assert!(
        lr >= 0.0 && lr.is_finite(),
        "step with the learning rate {lr}; it must be finite and at least 0"
    );
    assert_eq!(expected, len, "the optimizer was made for vectors of another length");
}

/// Both vectors are there and of one shape, or neither is.
fn alike<V>(here: &Option<V>, there: &Option<V>, same_shape: impl Fn(&V, &V) -> bool) -> bool {
    match (here, there) {
        (Some(here), Some(there)) => same_shape(here, there),
        (here, there) => here.is_none() && there.is_none(),
    }
}
