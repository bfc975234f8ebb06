//! What finite differences of gradients leave uncertain of a product and of a curvature.
//!
//! The bar of a C that was measured at two lengths is to hold in 95 of 100 cases. Let T be its truncation, R its rounding
//! and c = C(ρh) − C(h) = k(T − R) + an independent part, for both enter with opposite signs: where they are equal c shows
//! neither. Then
//!
//! | what rules | error T + R, given c |
//! |---|---|
//! | truncation | c/k, up to the next order |
//! | both | c/k up to a deviate of 2.1 σ/k (1.95 by the central rule), σ the standard deviation of c by rounding alone |
//! | the rounding of g(x) along n, forward rule | −2c |
//!
//! The last is a bias: the rounding of g(x) is in every forward secant at x, so the axis turns towards it, and in c half
//! of it is left. Hence |error| ≤ (2|c| + 2.1 t σ)/k, where t is the 97.5 % point of Student's distribution with N degrees of
//! freedom. Components are rounded differently, and an axis may lie on few of them, on one where N is small, so that
//! σ = ‖Hn(ρh) − Hn(h)‖/√M with M = max((N − 16)/4, 1) instead of N. Where only rounding counts and the axis is dense, all of
//! this is ten times the error, the price of not knowing.
//!
//! Two answers may agree to the last bit by chance where few components count, for gradients lie on a grid. So
//! ‖Hn(ρh) − Hn(h)‖ isn't taken below what storing two gradients costs, see [`stored_error`].

use crate::probe::gradient_error;
use crate::student::student_t;

/// The truncation of a product over what the asymmetries show of it: they are its components in a small subspace, and as
/// much again may lie outside. A verdict of noise that came too early costs a check, after which the rotations go on.
pub(crate) const UNSEEN: f64 = 2.0;

/// The rounding part of the error of a curvature, from a gradient of norm `scale` over a distance `span`.
pub(crate) fn rounding_error(epsilon: f64, scale: f64, span: f64) -> f64 {
    2.0 * gradient_error(epsilon) * scale / span.abs()
}

/// The rounding that c doesn't show over the rounding of c, see the module.
const HIDDEN: f64 = 2.1;

/// The rounding of a product because its two gradients of norm `scale`, `span` apart, are stored: ±½ unit in the last place
/// is 0.41 ε of a component in the root mean square, and there are two.
pub(crate) fn stored_error(epsilon: f64, scale: f64, span: f64) -> f64 {
    0.58 * epsilon * scale / span.abs()
}

/// The error bar of C, 95 %, from its change between two lengths and that of Hn as a vector, both over the divisor k.
pub(crate) fn certified_error(change: f64, product_change: f64, root_dimension: f64) -> f64 {
    2.0 * change + hidden_rounding(product_change, root_dimension)
}

/// The same for the shorter of two lengths of which the longer is several times as long: truncation is then a fraction
/// of the change, and a rounding of g(x) all but one part in eight of it, so once and a fifth is enough.
pub(crate) fn refined_error(change: f64, product_change: f64, root_dimension: f64) -> f64 {
    1.2 * change + hidden_rounding(product_change, root_dimension)
}

fn hidden_rounding(product_change: f64, root_dimension: f64) -> f64 {
    let dimension = root_dimension * root_dimension;
    let carrying = ((dimension - 16.0) / 4.0).max(1.0);
    HIDDEN * student(dimension) * product_change / carrying.sqrt()
}

/// The 97.5 % point of Student's t with `freedom` degrees of freedom, at least one.
pub(crate) fn student(freedom: f64) -> f64 {
    // 1.960 is that of the normal distribution; B samples leave B − 1 degrees.
    student_t(1.959_964, freedom.round().max(1.0) as u64 + 1)
}
