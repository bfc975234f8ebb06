//! The methods, each behind [`Method`], all over slices of `f64`.
//!
//! | file | methods | gradients a step | beside them |
//! |---|---|---|---|
//! | `plain` | a base optimizer | 1 | |
//! | `perturbed` | perturbed gradient descent, and other bases with noise | 1 | 1 gradient for a noise |
//! | `neon` | NEON | 1 | up to T gradients and some losses for a search |
//! | `sam` | SAM | 2 | |
//! | `with_deo` | a policy of deo-core beside a base | 1 | what it asks |
//! | `guarded` | `Guard` behind a base | 1 | 1 loss every twenty steps |
//! | `clipped` | a clipped gradient into a base | 1 | |
//! | `published` | the published code beside a base | 1 | 1 gradient every ten steps |
//!
//! Numbers beside the learning rate that a method lives by and nobody can know are its knobs, and tuned like the rate
//! itself. The policies of deo-core have none here: they run with their default settings everywhere.

mod clipped;
mod guarded;
mod neon;
mod perturbed;
mod plain;
mod published;
mod sam;
mod with_deo;

use super::kinds::{Base, MethodKind, Policy};
use super::method::Method;
use super::tuning::Knob;
use clipped::Clipped;
use deo_core::optim::Groups;
use guarded::Guarded;
use neon::{Neon, Search};
use perturbed::{Noise, Perturbed};
use plain::Plain;
use published::Published;
use sam::Sam;
use with_deo::Helped;

/// Grids that hold what an octopus wants, noise of 1e-2 below a gradient of 1e-3, and gradients of a network, which
/// never are that small. The first of each is the customary value.
const PERTURBED: [Knob; 3] = [
    Knob { name: "radius", grid: &[-3, -6, 0] },
    Knob { name: "threshold", grid: &[-3, -9] },
    Knob { name: "spacing", grid: &[5, 3] },
];

const NEON: [Knob; 3] = [
    Knob { name: "length", grid: &[0, -3, 3] },
    Knob { name: "threshold", grid: &[-3, -9] },
    Knob { name: "iterations", grid: &[4, 7] },
];

/// Foret et al. tune over 0.01 … 0.5 and mostly take 0.05.
const SAM: [Knob; 1] = [Knob { name: "radius", grid: &[-4, -6, -2] }];

/// 1 is what training scripts of language models take; the climb goes on from the best of three.
const CLIP: [Knob; 1] = [Knob { name: "norm", grid: &[0, -3, 3] }];

impl MethodKind {
    /// What is tuned beside the learning rate.
    pub fn knobs(self) -> &'static [Knob] {
        match self {
            MethodKind::PerturbedGd | MethodKind::With(Policy::Perturbed, _) => &PERTURBED,
            MethodKind::Neon => &NEON,
            MethodKind::Sam => &SAM,
            MethodKind::With(Policy::Clip, _) => &CLIP,
            MethodKind::Plain(_) | MethodKind::With(..) => &[],
        }
    }

    /// The learning rate in the middle of its grid, in thirds of a decade: −2 is 0.2, −5 is 0.02.
    ///
    /// Gradient descent wants about 1/L, L-BFGS 1; a velocity of μ = 0.9 lengthens its steps ten times in the end, so it gets a
    /// rate a decade smaller; Adam's rate is the length of its steps in each component, as are those of RMSprop, Rprop and Muon.
    pub(super) fn middle(self) -> i32 {
        match self.base() {
            Base::Gd | Base::Lbfgs => -2,
            Base::HeavyBall | Base::Nesterov => -5,
            Base::Adam | Base::Adamw | Base::Nadamw => -5,
            Base::Rmsprop | Base::Rprop | Base::Muon => -5,
        }
    }

    /// The method for vectors like `x` of these groups, with a value for each of its knobs.
    ///
    /// # Panics
    ///
    /// Unless there are as many values as knobs, and the base [runs on](Base::runs_on) the groups.
    pub fn build(
        self,
        lr: f64,
        knobs: &[f64],
        seed: u64,
        x: &[f64],
        groups: &Groups,
    ) -> Box<dyn Method> {
        assert_eq!(knobs.len(), self.knobs().len(), "values and knobs of {}", self.name());
        match (self, knobs) {
            (
                MethodKind::PerturbedGd | MethodKind::With(Policy::Perturbed, _),
                &[radius, threshold, spacing],
            ) => {
                let noise = Noise { radius, threshold, spacing: spacing as u64 };
                Box::new(Perturbed::new(self, lr, noise, seed, x, groups))
            }
            (MethodKind::Neon, &[length, threshold, iterations]) => {
                let search = Search { length, threshold, iterations: iterations as u64 };
                Box::new(Neon::new(lr, search, seed, x))
            }
            (MethodKind::Sam, &[radius]) => Box::new(Sam::new(lr, radius, x)),
            (MethodKind::With(Policy::Clip, base), &[norm]) => {
                Box::new(Clipped::new(base, lr, norm, x, groups))
            }
            (MethodKind::With(Policy::Compat, base), _) => {
                Box::new(Published::new(base, lr, seed, x, groups))
            }
            (MethodKind::With(Policy::Guard, base), _) => {
                Box::new(Guarded::new(base, lr, x, groups))
            }
            (MethodKind::With(policy, base), _) => {
                Box::new(Helped::new((policy, base), lr, seed, x, groups))
            }
            (kind, _) => Box::new(Plain::new(kind.base(), lr, x, groups)),
        }
    }
}

/// A base optimizer by itself.
pub(super) fn plain(base: Base, lr: f64, x: &[f64], groups: &Groups) -> Box<dyn Method> {
    Box::new(Plain::new(base, lr, x, groups))
}

/// A policy of deo-core beside a base, with its default settings, or with the budget of a run that is known to be of
/// so many gradients.
pub(super) fn helped(
    of: (Policy, Base),
    lr: f64,
    seed: u64,
    run: Option<u64>,
    x: &[f64],
    groups: &Groups,
) -> Box<dyn Method> {
    Box::new(match run {
        Some(gradients) => Helped::for_run(of, lr, seed, gradients, x, groups),
        None => Helped::new(of, lr, seed, x, groups),
    })
}

#[cfg(test)]
mod tests;
