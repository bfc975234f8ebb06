//! With how many digits does a function compute?
//!
//! Problem: parameters in double precision say nothing of a model that casts them to single: a probe of the length that suits
//! double precision is rounded away there, both ends have the same gradient, and the curvature is 0 ± 0. So the function is
//! asked at x ± d beside x:
//!
//! ```text
//! ρ = ‖g(x+d) − 2 g(x) + g(x−d)‖ / (√6 s),   s = max(‖g‖, ‖g(x+d) − g(x−d)‖ ‖x‖ / 2‖d‖)
//! ```
//!
//! A smooth function leaves ‖d‖²/‖x‖² of its third derivative, below anything that single precision leaves, and what rounds
//! leaves its roundoff. Where ρ is larger than that, d is made eight times as long: a derivative grows by 64, and
//! noise stays as it is.

use crate::callback::Callback;
use deo_core::noise::noise;
use deo_core::{Objective, Space};
use std::borrow::{Borrow, BorrowMut};

/// ‖d‖ over max(‖x‖, 1): sixteen units in the last place of a single-precision number, so that x ± d are rounded anew.
const NEAR: f64 = 1.0 / (1 << 20) as f64;

/// d is lengthened by so much …
const FURTHER: f64 = 8.0;

/// … and what grows by more than this is a derivative: halfway, in the logarithm, between noise and 64.
const GROWTH: f64 = 8.0;

/// No function that computes in double precision has a ρ above this, unless by a third derivative: a hundredth of the
/// roundoff of single precision, and a million of that of double.
const SUSPECT: f64 = 1.0 / (1u64 << 31) as f64;

/// More than a few digits are claimed by nobody, and lengths grow with the roundoff.
const COARSEST: f64 = 1.0 / 64.0;

/// The seed of d, which nobody else has.
const SEED: u64 = 0x9e1a_7f3b_d0c2_5564;

/// The unit roundoff by which `callback` seems to compute, at least that of `space`, and the gradients that this took. The
/// gradient at x is `g`.
pub(crate) fn roundoff<S: Space>(
    space: &S,
    callback: &mut Callback,
    x: &S::Vector,
    g: &S::Vector,
) -> (f64, u64)
where
    Callback: Objective<S::Vector>,
{
    let stored = space.epsilon();
    let (near, gradients) = (departure(space, callback, x, g, NEAR), 2);
    if near.is_nan() || near <= SUSPECT {
        return (stored, gradients);
    }
    let far = departure(space, callback, x, g, FURTHER * NEAR);
    let rounds = far <= GROWTH * near;
    (if rounds { near.clamp(stored, COARSEST) } else { stored }, 2 * gradients)
}

/// ρ for ‖d‖ = `step` max(‖x‖, 1).
fn departure<S: Space>(
    space: &S,
    callback: &mut Callback,
    x: &S::Vector,
    g: &S::Vector,
    step: f64,
) -> f64
where
    Callback: Objective<S::Vector>,
{
    let [mut d, mut y, mut at, mut second] = [(); 4].map(|()| space.zeros_like(x));
    space.fill(d.borrow_mut(), &|i| noise(SEED, i));
    let h = step * space.norm(x).max(1.0) / space.norm(d.borrow());
    space.displace(h, d.borrow(), x, y.borrow_mut());
    callback.value_grad(y.borrow(), second.borrow_mut());
    space.displace(-h, d.borrow(), x, y.borrow_mut());
    callback.value_grad(y.borrow(), at.borrow_mut());
    // d has served, and holds the first difference.
    space.combine([(1.0, second.borrow()), (-1.0, at.borrow())], 0.0, d.borrow_mut());
    space.combine([(1.0, at.borrow()), (-2.0, g)], 1.0, second.borrow_mut());
    let scale = space.norm(g).max(space.norm(d.borrow()) / (2.0 * step));
    if scale > 0.0 { space.norm(second.borrow()) / (6f64.sqrt() * scale) } else { 0.0 }
}
