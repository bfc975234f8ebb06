//! Gradient clipping by the global norm.
//!
//! | formula | here |
//! |---|---|
//! | ‖g‖ = √⟨g, g⟩ over all components, the inner product of the space | [`Space::norm`](crate::Space::norm) |
//! | c = min(1, max / (‖g‖ + 10⁻⁶)) | [`clip_factor`] |
//! | g ← c g | [`clip_norm`] |
//!
//! The formula is that of `torch.nn.utils.clip_grad_norm_`, its 10⁻⁶ included, which keeps c finite at g = 0
//! and leaves ‖g‖ a little below max. Pascanu, Mikolov & Bengio, arXiv 1211.5063.
//!
//! Departure: a gradient with a norm that is not finite is left alone, where PyTorch multiplies it by 0 or NaN.
//! The caller sees the norm and decides, usually to skip the step: [`Optimizer::step`](super::Optimizer::step)
//! trusts its gradient, and a NaN that reaches a moment never leaves it.

use super::{Scale, Updates};

/// The factor c = min(1, max / (norm + 10⁻⁶)) that clips a gradient of this norm; 1 if the norm is not finite.
///
/// For loops that scale the gradient themselves, say inside a fused step.
///
/// # Panics
///
/// If `max` is not positive. An infinite one clips nothing.
#[track_caller]
pub fn clip_factor(norm: f64, max: f64) -> f64 {
    assert!(max > 0.0, "gradients clipped to the norm {max}; it must be positive");
    if norm.is_finite() { (max / (norm + 1e-6)).min(1.0) } else { 1.0 }
}

/// Scales `g` down to the norm `max` if it is longer, and returns the norm that it had.
///
/// A norm that is not finite means that `g` was left alone and should not be used.
///
/// # Panics
///
/// If `max` is not positive. An infinite one only measures.
///
/// # Examples
///
/// ```
/// use deo_core::{optim::clip_norm, space::{Host, Space}};
/// let space = Host::<f64>::new();
/// let mut g = vec![3.0, 4.0];
/// assert_eq!(clip_norm(&space, 1.0, &mut g), 5.0);
/// assert!((space.norm(&g) - 1.0).abs() < 1e-6);
/// ```
#[track_caller]
pub fn clip_norm<S: Updates>(space: &S, max: f64, g: &mut S::Vector) -> f64 {
    let norm = space.norm(g);
    let factor = clip_factor(norm, max);
    if factor < 1.0 {
        space.update(0..space.len(g), &Scale(factor), [], [g]);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Host;

    #[test]
    fn short_and_non_finite_gradients_are_left_alone() {
        let space = Host::<f32>::new();
        for g in [[0.3, -0.4], [0.0, 0.0], [f32::NAN, 1.0], [f32::INFINITY, 1.0]] {
            let mut clipped = g.to_vec();
            let norm = clip_norm(&space, 1.0, &mut clipped);
            let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&clipped), bits(&g));
            assert_eq!(norm.is_finite(), g.iter().all(|x| x.is_finite()));
        }
    }

    #[test]
    #[should_panic(expected = "clipped to the norm NaN")]
    fn a_nan_bound_is_refused() {
        clip_factor(1.0, f64::NAN);
    }
}
