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
//! A smooth function leaves ‖d‖²/‖x‖² of its third derivative, below anything that a shorter number leaves, and what rounds
//! leaves its roundoff. Where ρ is larger than that, d is made eight times as long: a derivative grows by 64, and
//! noise stays as it is.
//!
//! ‖d‖ is a few units in the last place of the shorter number, which double precision is asked about as if it were single.
//! Half precision, as of torch's autocast, is asked about where the gradient shows it: of its components a tenth or more have
//! no digits beyond eleven bits, as one in 10⁴ has by chance.

use crate::callback::Callback;
use crate::vectors::Scalar;
use deo_core::noise::noise;
use deo_core::{Objective, Space};
use std::borrow::{Borrow, BorrowMut};

/// What a function is asked: ‖d‖ over max(‖x‖, 1), and the ρ that no function has which computes with more digits, unless by a
/// third derivative.
struct Question {
    near: f64,
    suspect: f64,
}

/// Sixteen units in the last place of a single-precision number; a hundredth of its roundoff, a million of that of double.
const SINGLE: Question =
    Question { near: 1.0 / (1 << 20) as f64, suspect: 1.0 / (1u64 << 31) as f64 };

/// One or two units in the last place of bfloat16; a sixteenth of its roundoff, and twice that of float16's.
const HALF: Question = Question { near: 1.0 / (1 << 8) as f64, suspect: 1.0 / (1 << 12) as f64 };

/// A share of short components above this is asked about.
const SHORT: f64 = 0.1;

/// d is lengthened by so much …
const FURTHER: f64 = 8.0;

/// … and what grows by more than this is a derivative: halfway, in the logarithm, between noise and 64.
const GROWTH: f64 = 8.0;

/// More than a few digits are claimed by nobody, and lengths grow with the roundoff.
const COARSEST: f64 = 1.0 / 64.0;

/// The seed of d, which nobody else has.
const SEED: u64 = 0x9e1a_7f3b_d0c2_5564;

/// The share of components with no more than eleven significant bits, among those that aren't zero; 0 for fewer than eight.
pub(crate) fn short_share<T: Scalar>(g: &[T]) -> f64 {
    // The mantissa of an f64 has 52 bits, of which float16 fills the first ten.
    let is_short = |g: f64| g.to_bits() & ((1 << 42) - 1) == 0;
    let (mut all, mut short) = (0u64, 0u64);
    for g in g.iter().map(|g| deo_core::space::Real::to_f64(*g)).filter(|g| *g != 0.0) {
        (all, short) = (all + 1, short + u64::from(is_short(g)));
    }
    if all < 8 { 0.0 } else { short as f64 / all as f64 }
}

/// The unit roundoff by which `callback` seems to compute, at least that of `space`, and the gradients that this took. The
/// gradient at x is `g`, of which `short` is the share of short components.
pub(crate) fn roundoff<S: Space>(
    space: &S,
    callback: &mut Callback,
    x: &S::Vector,
    g: &S::Vector,
    short: f64,
) -> (f64, u64)
where
    Callback: Objective<S::Vector>,
{
    let stored = space.epsilon();
    let Question { near, suspect } = match short > SHORT {
        true => HALF,
        false if stored < f64::EPSILON => SINGLE,
        false => return (stored, 0),
    };
    let first = departure(space, callback, x, g, near);
    if first.is_nan() || first <= suspect {
        return (stored, 2);
    }
    let second = departure(space, callback, x, g, FURTHER * near);
    let rounds = second <= GROWTH * first;
    (if rounds { first.clamp(stored, COARSEST) } else { stored }, 4)
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
