//! Off a point with a negative curvature, to one that is seen to be lower.
//!
//! Problem: at a saddle the gradient says nothing, and a step along the axis falls by ½|C|a², which for a short step is
//! below the rounding of f, and for a long one means nothing. So the first step is the one whose predicted fall is seen
//! beyond the noise of f, both ways are tried, and the better one is lengthened while it falls further.
//!
//! No point is evaluated twice, and an end that is accepted differs from x and lies below it.

use super::Certified;
use crate::objective::Objective;
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// How a point is left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeaveSettings {
    /// The first step's predicted fall, in standard deviations of the loss.
    /// Default: 100; above 0.
    pub visible: f64,
    /// A step is accepted with this share of its predicted fall.
    /// Default: 0.1; above 0 and below 1, without a unit.
    pub sufficient_decrease: f64,
    /// The longest step, in units of max(‖x‖, 1).
    /// Default: 1; above 0.
    pub longest: f64,
    /// Losses that may be evaluated.
    /// Default: 40; 1 or above.
    pub max_losses: u64,
}

impl Default for LeaveSettings {
    /// Falls of 100 standard deviations, steps up to max(‖x‖, 1), forty losses.
    fn default() -> Self {
        LeaveSettings { visible: 100.0, sufficient_decrease: 0.1, longest: 1.0, max_losses: 40 }
    }
}

/// Where it led.
#[derive(Debug, Clone)]
pub struct Left<V> {
    /// The end: x itself unless `moved`.
    pub x: V,
    /// f there.
    pub loss: f64,
    /// f(x) less that.
    pub decrease: f64,
    /// The signed length of the step along the axis.
    pub step: f64,
    /// A lower point was found.
    pub moved: bool,
    /// Losses that were evaluated.
    pub losses: u64,
}

/// The least share of a component of x by which a first step changes it: some roundings of storage.
const ROUNDINGS: f64 = 64.0;

/// What a step that still falls is multiplied by.
const LONGER: f64 = 4.0;

/// Leaves the point x, which was certified, along its axis of negative curvature.
///
/// Nothing is evaluated where the curvature isn't negative beyond its error, or f isn't known.
pub fn leave<S, O>(
    space: &S,
    objective: &mut O,
    x: &S::Vector,
    certified: &Certified<S::Owned>,
    settings: &LeaveSettings,
) -> Left<S::Owned>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let mut best = space.zeros_like(x);
    space.axpby(1.0, x, 0.0, best.borrow_mut());
    let loss = certified.loss;
    let mut left = Left { x: best, loss, decrease: 0.0, step: 0.0, moved: false, losses: 0 };
    if !(certified.is_negative() && loss.is_finite()) {
        return left;
    }
    let (n, c) = (certified.axis.borrow(), certified.lowest.abs());
    let scale = space.norm(x).max(1.0);
    // f is rounded even where its differences happen to show nothing.
    let noise = certified.loss_noise.max(space.epsilon() * loss.abs()).max(f64::MIN_POSITIVE);
    let longest = settings.longest * scale;
    let first =
        (2.0 * settings.visible * noise / c).sqrt().max(ROUNDINGS * space.epsilon() * scale);
    let mut y = space.zeros_like(x);
    let mut sign_of_best = 0.0;
    let mut try_at = |step: f64, left: &mut Left<S::Owned>| {
        let realised = space.displace(step, n, x, y.borrow_mut());
        let there = objective.value(y.borrow());
        left.losses += 1;
        let decrease = loss - there;
        let wanted =
            (settings.sufficient_decrease * 0.5 * c * realised * realised).max(4.0 * noise);
        let better = realised != 0.0 && decrease >= wanted && decrease > left.decrease;
        if better {
            space.axpby(1.0, y.borrow(), 0.0, left.x.borrow_mut());
            (left.loss, left.decrease, left.step, left.moved) = (there, decrease, realised, true);
        }
        better
    };
    let mut step = first.min(longest);
    // A shape that isn't the parabola of the certificate may need a longer or a shorter first step.
    for factor in [1.0, 8.0, 0.125, 64.0] {
        let a = step * factor;
        for sign in [1.0, -1.0] {
            if a <= longest && left.losses < settings.max_losses && try_at(sign * a, &mut left) {
                sign_of_best = sign;
            }
        }
        if left.moved {
            step = a;
            break;
        }
    }
    while left.moved && step * LONGER <= longest && left.losses < settings.max_losses {
        step *= LONGER;
        if !try_at(sign_of_best * step, &mut left) {
            break;
        }
    }
    left
}
