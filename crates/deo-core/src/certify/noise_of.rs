//! How noisy are this gradient and this loss? Measured, by differences of high order.
//!
//! On five points of a line, δ apart, a smooth function has fourth differences of δ⁴f⁗, which is nothing for a δ far
//! below the scale of the function. What is left is noise, and its variance is that of a value times the sum of the
//! squared weights, 1 + 16 + 36 + 16 + 1 = 70 (J. J. Moré & S. M. Wild, SIAM J. Sci. Comput. 33, 1292 (2011)).

use crate::noise::{derive, noise};
use crate::objective::Objective;
use crate::probe::{Length, Rule};
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// The weights of Δ⁴, and the sum of their squares.
const WEIGHTS: [f64; 5] = [1.0, -4.0, 6.0, -4.0, 1.0];
const SQUARES: f64 = 70.0;

/// Samples of noise that are wanted: below so many dimensions, more than one line.
const SAMPLES: f64 = 16.0;

/// The longest probe, on the scale of a component of x.
const LONGEST: f64 = 0.1;

/// What was measured, and the length that follows from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    /// The standard deviation of a component of a gradient.
    pub(super) gradient: f64,
    /// That of a loss.
    pub(super) loss: f64,
    /// The root mean square of the curvatures, as random directions show it.
    pub(super) curvature: f64,
    /// The length h at which truncation and noise of a product balance.
    pub(super) length: f64,
    /// √N.
    pub(super) root_dimension: f64,
    /// Gradients that were evaluated.
    pub(super) gradients: u64,
}

impl Noise {
    /// The standard deviation of a curvature by the central rule at length h.
    pub(super) fn of_curvature(&self, h: f64) -> f64 {
        self.gradient / (2f64.sqrt() * h)
    }

    /// The norm of the noise of a product at the length of the search.
    pub(super) fn of_product(&self) -> f64 {
        self.root_dimension * self.of_curvature(self.length)
    }
}

/// Measures the noise at x.
pub(super) fn noise_of<S, O>(space: &S, objective: &mut O, x: &S::Vector, seed: u64) -> Noise
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let dimension = space.dimension(x).max(1.0);
    let norm = space.norm(x);
    let balanced = Length::balanced(Rule::Central, space.epsilon(), dimension).at(norm);
    let step = balanced / 4.0;
    let mut y = space.zeros_like(x);
    let mut u = space.zeros_like(x);
    let mut g = space.zeros_like(x);
    let mut difference = space.zeros_like(x);
    let mut change = space.zeros_like(x);
    let (mut squares, mut loss_square, mut curvature_square) = (0.0, 0f64, 0f64);
    let lines = (SAMPLES / dimension).ceil().clamp(1.0, 4.0) as u64;
    for line in 0..lines {
        space.fill(u.borrow_mut(), &|i| noise(derive(seed, line), i));
        let length = space.norm(u.borrow());
        let mut losses = 0.0;
        for (i, weight) in WEIGHTS.into_iter().enumerate() {
            let distance = (i as f64 - 2.0) * step / length;
            space.displace(distance, u.borrow(), x, y.borrow_mut());
            losses += weight * objective.value_grad(y.borrow(), g.borrow_mut());
            let carry = if i == 0 { 0.0 } else { 1.0 };
            space.axpby(weight, g.borrow(), carry, difference.borrow_mut());
            if i == 0 || i == 4 {
                space.axpby(
                    if i == 0 { -1.0 } else { 1.0 },
                    g.borrow(),
                    carry,
                    change.borrow_mut(),
                );
            }
        }
        squares += space.dot(difference.borrow(), difference.borrow());
        loss_square = loss_square.max(losses * losses);
        if losses.is_nan() {
            loss_square = f64::NAN;
        }
        let along = space.norm(change.borrow()) / (4.0 * step);
        curvature_square += along * along / lines as f64;
    }
    let gradient = (squares / (SQUARES * dimension * lines as f64)).sqrt();
    let curvature = curvature_square.sqrt();
    let scale = norm.max(1.0) / dimension.sqrt();
    // h²/s²·|λ|/6 of truncation against σ/h of noise, s the scale of a component.
    let noisy = (3.0 * gradient * scale * scale / curvature).cbrt();
    let length = if noisy.is_finite() {
        noisy.clamp(balanced, balanced.max(LONGEST * scale))
    } else {
        balanced
    };
    Noise {
        gradient,
        loss: (loss_square / SQUARES).sqrt(),
        curvature,
        length,
        root_dimension: dimension.sqrt(),
        gradients: lines * WEIGHTS.len() as u64,
    }
}
