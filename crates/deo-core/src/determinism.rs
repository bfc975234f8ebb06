//! Is the oracle the same function every time it is asked?
//!
//! Problem: a secant is the difference of two gradients divided by a small length, so noise of size δ in a
//! gradient becomes δ/h in a product: with h = 1e-4, a dropout mask that is drawn anew drowns every curvature, and
//! nothing in the numbers says so. Ask twice at the same x and compare:
//!
//! ```text
//! |f − f'| / max(|f|, |f'|),   ‖g − g'‖ / max(‖g‖, ‖g'‖)   ≤   10 ε
//! ```
//!
//! Ten unit roundoffs of the storage are allowed, since sums that are added in an order that varies, as on a GPU,
//! differ by roundings; those are in every error bar anyway. A gradient that depends on x and on nothing else gives
//! exactly 0. It takes two evaluations of the gradient and two of the loss, once, before anything is measured.
//!
//! What this can't see: noise that is a function of x, and a batch that changes every third call.

use crate::objective::Objective;
use crate::probe::gradient_error;
use crate::space::Space;
use std::borrow::BorrowMut;

/// Evaluates `objective` twice at x and compares.
///
/// # Errors
///
/// [`NoisyOracle`] says which of loss and gradient differs, by how much, and what to do.
///
/// # Examples
///
/// ```
/// use deo_core::{determinism, objective::FromFn, space::Host};
/// let mut calls = 0.0;
/// let mut noisy = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     calls += 1.0;
///     if let Some(g) = g {
///         g[0] = x[0] + 1e-3 * calls; // a mask drawn anew at every call does the same
///     }
///     x[0] * x[0] / 2.0
/// });
/// let refused = determinism::check(&Host::<f64>::new(), &mut noisy, &[1.0]).unwrap_err();
/// assert!(refused.to_string().contains("gradient"));
/// ```
pub fn check<S, O>(space: &S, objective: &mut O, x: &S::Vector) -> Result<(), NoisyOracle>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let (mut first, mut second) = (space.zeros_like(x), space.zeros_like(x));
    let (first, second) = (first.borrow_mut(), second.borrow_mut());
    let losses = [objective.value_grad(x, first), objective.value_grad(x, second)];
    compare(space, losses, first, second)?;
    // The loss without a gradient may be another piece of code; the kick of the escape policy relies on it.
    compare_losses(space, [objective.value(x), objective.value(x)])
}

/// Compares two evaluations at the same x, for those who keep their own loop. `second` is overwritten.
///
/// # Errors
///
/// [`NoisyOracle`] says which of loss and gradient differs, by how much, and what to do.
pub fn compare<S: Space>(
    space: &S,
    losses: [f64; 2],
    first: &S::Vector,
    second: &mut S::Vector,
) -> Result<(), NoisyOracle> {
    compare_losses(space, losses)?;
    let scale = space.norm(first).max(space.norm(second));
    space.axpby(1.0, first, -1.0, second);
    let difference = space.norm(second);
    if !(scale.is_finite() && difference.is_finite()) {
        return Err(NoisyOracle::NonFinite);
    }
    match relative(difference, scale) {
        difference if difference <= gradient_error(space.epsilon()) => Ok(()),
        difference => Err(NoisyOracle::Gradient { difference }),
    }
}

fn compare_losses<S: Space>(space: &S, [first, second]: [f64; 2]) -> Result<(), NoisyOracle> {
    if !(first.is_finite() && second.is_finite()) {
        return Err(NoisyOracle::NonFinite);
    }
    match relative((first - second).abs(), first.abs().max(second.abs())) {
        difference if difference <= gradient_error(space.epsilon()) => Ok(()),
        difference => Err(NoisyOracle::Loss { difference }),
    }
}

/// `difference`/`scale`, and 0/0 = 0.
fn relative(difference: f64, scale: f64) -> f64 {
    if difference == 0.0 { 0.0 } else { difference / scale }
}

/// An objective that gave two answers to one question, or none.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum NoisyOracle {
    /// The loss differs.
    Loss {
        /// |f − f'| / max(|f|, |f'|).
        difference: f64,
    },
    /// The gradient differs.
    Gradient {
        /// ‖g − g'‖ / max(‖g‖, ‖g'‖).
        difference: f64,
    },
    /// The loss or the gradient isn't finite at x: there is nothing to measure.
    NonFinite,
}

impl std::fmt::Display for NoisyOracle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, difference) = match self {
            NoisyOracle::Loss { difference } => ("loss", difference),
            NoisyOracle::Gradient { difference } => ("gradient", difference),
            NoisyOracle::NonFinite => {
                return f.write_str("the loss or the gradient isn't finite at the base point");
            }
        };
        write!(
            f,
            "asked twice at the same point, the {what} differs by {difference:.1e} of its size; \
             fix the batch, the dropout mask and every random seed for the length of an estimate"
        )
    }
}

impl std::error::Error for NoisyOracle {}
