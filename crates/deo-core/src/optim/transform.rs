//! A gradient that is projected and clipped while the optimizer reads it.
//!
//! Problem: clipping rewrites the gradient and so does a projection, each a pass over memory before the pass of the
//! step. Folded into the step they cost no pass and leave the gradient as it is.
//!
//! | formula | here |
//! |---|---|
//! | g′ = s (g − t n) | [`Transform`] |
//! | t = β⟨g, n⟩, the projection g − β⟨g, n⟩n | [`Transform::project`] |
//! | s = min(1, max/(‖g‖ + 10⁻⁶)) | [`Transform::clip`] with the norm of what is clipped |
//! | ‖g − β⟨g, n⟩n‖² = ‖g‖² − β(2 − β)⟨g, n⟩² for a unit n | one pass gives both ⟨g, g⟩ and ⟨g, n⟩ |
//!
//! Every component has the bits that [`Space::deflate`](crate::Space::deflate), [`clip_norm`](super::clip_norm) and
//! the step give one after the other.

use super::{Update, Updates, clip_factor};
use crate::space::Real;
use std::ops::Range;

/// The linear map g ↦ s (g − t n), the identity by default.
///
/// # Examples
///
/// AdamW with a projected and clipped gradient, in two passes over memory:
///
/// ```
/// use deo_core::optim::{Adam, AdamSettings, Transform};
/// use deo_core::space::{Host, Space};
///
/// let space = Host::<f64>::new();
/// let (mut x, g, n) = (vec![1.0, 2.0], vec![3.0, 4.0], vec![1.0, 0.0]);
/// let mut adam = Adam::new(AdamSettings::adamw(), &space, &x)?;
/// let [square, along] = space.dots([(&g, &g), (&g, &n)]);
/// let norm = (square - along * along).sqrt(); // ‖g − ⟨g, n⟩n‖
/// let transform = Transform::default().project(along, &n[..]).clip(norm, 1.0);
/// adam.step_transformed(&space, &mut x, &g, &transform, 0.1);
/// assert_eq!(adam.first_moment()[0], 0.0);
/// assert!((adam.first_moment()[1] - 0.1).abs() < 1e-6); // clipped to 1; the intake is 1 − β₁
/// # Ok::<(), deo_core::optim::OptimError>(())
/// ```
#[derive(Debug)]
pub struct Transform<'a, V: ?Sized> {
    /// s.
    pub(super) scale: f64,
    /// t and n.
    pub(super) projection: Option<(f64, &'a V)>,
}

impl<V: ?Sized> Default for Transform<'_, V> {
    fn default() -> Self {
        Transform { scale: 1.0, projection: None }
    }
}

impl<'a, V: ?Sized> Transform<'a, V> {
    /// Takes t n away from the gradient.
    #[must_use]
    pub fn project(self, t: f64, n: &'a V) -> Self {
        Transform { projection: Some((t, n)), ..self }
    }

    /// Then scales what is left, of norm `norm`, down to the norm `max` if it is longer.
    ///
    /// # Panics
    ///
    /// If `max` is not positive.
    #[must_use]
    #[track_caller]
    pub fn clip(self, norm: f64, max: f64) -> Self {
        Transform { scale: clip_factor(norm, max), ..self }
    }
}

impl<V: ?Sized> Transform<'_, V> {
    /// Runs `update` over the components of `range` by the transformed `g`.
    pub(super) fn run<S, U, const W: usize>(
        &self,
        space: &S,
        range: Range<usize>,
        update: &U,
        g: &V,
        written: [&mut V; W],
    ) where
        S: Updates<Vector = V>,
        U: Update<1, W>,
    {
        match *self {
            Transform { scale, projection: Some((t, n)) } => {
                space.update(range, &Projected([scale, t], update), [g, n], written)
            }
            Transform { scale: 1.0, projection: None } => space.update(range, update, [g], written),
            Transform { scale, projection: None } => {
                space.update(range, &Scaled(scale, update), [g], written)
            }
        };
    }
}

/// The update by s g instead of g.
struct Scaled<'a, U>(f64, &'a U);

impl<U: Update<1, W>, const W: usize> Update<1, W> for Scaled<'_, U> {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], written: &mut [T; W]) {
        self.1.component([T::from_f64(self.0 * g.to_f64())], written);
    }
}

/// The update by s (g − t n) instead of g; reads g and n.
struct Projected<'a, U>([f64; 2], &'a U);

impl<U: Update<1, W>, const W: usize> Update<2, W> for Projected<'_, U> {
    #[inline(always)]
    fn component<T: Real>(&self, [g, n]: [T; 2], written: &mut [T; W]) {
        let Projected([s, t], update) = self;
        // Rounded in between, as storage would.
        let projected = T::from_f64(-t * n.to_f64() + g.to_f64());
        update.component([T::from_f64(s * projected.to_f64())], written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;
    use crate::optim::{Adam, AdamSettings, Decay, Group, Groups, Optimizer, clip_norm};
    use crate::space::{Host, Space};

    fn adam(x: &[f32]) -> Adam<Vec<f32>> {
        let settings = AdamSettings { decay: Decay::Decoupled(0.3), ..AdamSettings::adamw() };
        // Blocks of the update and tails in both.
        let groups = vec![Group::new(0..130).lr_scale(0.5), Group::new(130..x.len())];
        let groups = Groups::new(x.len(), groups).expect("they cover x");
        let adam = Adam::new(settings, &Host::<f32>::new(), x).expect("in range");
        adam.with_groups(groups).expect("as long as x")
    }

    #[test]
    fn folded_transformations_have_the_bits_of_the_passes() {
        let space = Host::<f32>::new();
        let vector = |seed| -> Vec<f32> { (0..300).map(|i| noise(seed, i) as f32).collect() };
        let mut n = vector(1);
        let norm = space.norm(&n);
        space.axpby(0.0, &n.clone(), 1.0 / norm, &mut n);
        // Longer than the bound, and shorter.
        for (beta, max) in [(0.0, 2.0), (0.7, 2.0), (2.0, 2.0), (1.0, 1e9)] {
            let (mut x, mut y) = (vector(2), vector(2));
            let (mut folded, mut plain) = (adam(&x), adam(&x));
            for step in 0..3 {
                let g = vector(10 + step);
                let mut passes = g.clone();
                let along = space.deflate(beta, &n, &mut passes);
                let norm = clip_norm(&space, max, &mut passes);
                plain.step(&space, &mut y, &passes, 0.02);
                let transform = Transform::default().clip(norm, max);
                let transform =
                    if beta == 0.0 { transform } else { transform.project(beta * along, &n[..]) };
                folded.step_transformed(&space, &mut x, &g, &transform, 0.02);
            }
            assert_eq!(x, y, "β = {beta}, max = {max}");
            assert_eq!(folded, plain);
            assert_ne!(x, vector(2), "it moved");
        }
    }
}
