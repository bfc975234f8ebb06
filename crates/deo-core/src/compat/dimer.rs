//! One axis for each tensor, rotated and used by the published rules.

use super::{CompatSettings, Tensors, Variant};
use crate::noise::noise;
use crate::optim::Optimizer;
use crate::setting::SettingError;
use crate::space::{Sliced, Space};
use std::borrow::{Borrow, BorrowMut};

/// The axes and a published rule over the vectors of a space `S`. Plain data: clone it, serialise it.
///
/// [`compat`](crate::compat) has the formulas and a loop. Over [`Blocks`](crate::space::Blocks) take [`Tensors::blocks`].
/// Over several ranks it does not run: each tensor would be an all-reduce, and ranks hold different tensors.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CompatDimer<S: Space> {
    settings: CompatSettings,
    tensors: Tensors,
    /// n of each tensor, side by side.
    axes: S::Owned,
    scratch: S::Owned,
    /// Tensors whose n is NaN.
    lost: Vec<bool>,
}

/// What [`Variant::Sophia`] and [`Variant::Adam`] add to a norm before they divide by it.
const NORM_EPSILON: f64 = 1e-8;

impl<S: Sliced> CompatDimer<S> {
    /// Random unit axes, drawn from `seed`, for the tensors of a vector like `like`.
    ///
    /// # Errors
    ///
    /// If a setting is out of its range.
    ///
    /// # Panics
    ///
    /// If the tensors make up another vector than `like`.
    pub fn new(
        space: &S,
        like: &S::Vector,
        tensors: Tensors,
        settings: CompatSettings,
        seed: u64,
    ) -> Result<Self, SettingError> {
        settings.validate()?;
        let (covered, len) = (space.len(&like[0..tensors.end()]), space.len(like));
        assert_eq!(covered, len, "components that the tensors cover, and that the vector has");
        let (mut axes, scratch) = (space.zeros_like(like), space.zeros_like(like));
        space.fill(axes.borrow_mut(), &|i| noise(seed, i));
        let lost = vec![false; tensors.count()];
        let mut dimer = CompatDimer { settings, tensors, axes, scratch, lost };
        dimer.normalise(space, 0.0);
        Ok(dimer)
    }

    /// Whether this can be a later state of `new`; see [`Dimer::continues`](crate::Dimer::continues).
    pub fn continues(&self, new: &Self, same_shape: impl Fn(&S::Owned, &S::Owned) -> bool) -> bool {
        self.settings == new.settings
            && self.tensors == new.tensors
            && self.lost.len() == new.lost.len()
            && same_shape(&self.axes, &new.axes)
            && same_shape(&self.scratch, &new.scratch)
    }

    /// The rule and its constants.
    pub fn settings(&self) -> &CompatSettings {
        &self.settings
    }

    /// The tensors.
    pub fn tensors(&self) -> &Tensors {
        &self.tensors
    }

    /// The axes of all tensors: in the elements of each, a unit vector.
    pub fn axes(&self) -> &S::Owned {
        &self.axes
    }

    /// How many tensors have an axis of NaN and are left alone.
    pub fn lost_axes(&self) -> usize {
        self.lost.iter().filter(|&&lost| lost).count()
    }

    /// n ← n/(‖n‖ + `epsilon`) in each tensor.
    fn normalise(&mut self, space: &S, epsilon: f64) {
        let (axes, scratch) = (self.axes.borrow_mut(), self.scratch.borrow_mut());
        for (range, lost) in self.tensors.ranges().zip(&mut self.lost) {
            let (n, copy) = (&mut axes[range.clone()], &mut scratch[range]);
            let norm = space.norm(n);
            *lost = !norm.is_finite();
            // A tensor without components has no direction; nothing else has the norm 0.
            if norm > 0.0 {
                space.copy(n, copy);
                space.axpby(1.0 / (norm + epsilon), copy, 0.0, n);
            }
        }
    }
}

/// The rotation: ask and tell.
impl<S: Sliced> CompatDimer<S> {
    /// Whether the axes are to be rotated in this step. Steps count from 1.
    pub fn due(&self, step: u64) -> bool {
        step > 0 && step.is_multiple_of(self.settings.interval)
    }

    /// y ← x + ΔR n, in all tensors at once but those whose axis is lost.
    pub fn displace(&self, space: &S, x: &S::Vector, y: &mut S::Vector) {
        space.displace(self.settings.displacement, self.axes.borrow(), x, y);
        for (range, _) in self.tensors.ranges().zip(&self.lost).filter(|(_, lost)| **lost) {
            space.copy(&x[range.clone()], &mut y[range]);
        }
    }

    /// Rotates all axes by the gradients at x, `g1`, and at the displaced point, `g2`.
    pub fn tell(&mut self, space: &S, g1: &S::Vector, g2: &S::Vector) {
        let CompatSettings { variant, rotation_rate: eta, displacement, .. } = self.settings;
        // Only the third variant divides by ΔR.
        let h = if variant == Variant::Adam { displacement } else { 1.0 };
        let (axes, scratch) = (self.axes.borrow_mut(), self.scratch.borrow_mut());
        for range in self.tensors.ranges() {
            let (n, d) = (&mut axes[range.clone()], &mut scratch[range.clone()]);
            let (along, _) = space.secant(h, &g1[range.clone()], &g2[range], n, d);
            // d∥ = ⟨d,n⟩n, and d⊥ = d − d∥: the new n is a combination of n and d.
            let reflection = match variant {
                Variant::Paper | Variant::Sophia => 0.0,
                Variant::Adam => 2.0 * along / (along.abs() * space.norm(n)),
            };
            space.axpby(eta, d, 1.0 - reflection - eta * along, n);
        }
        self.normalise(space, if variant == Variant::Paper { 0.0 } else { NORM_EPSILON });
    }
}

/// The use of the axes.
impl<S: Sliced> CompatDimer<S> {
    /// What the rule does to the gradient before the base optimizer sees it: [`Variant::Paper`] only.
    pub fn transform(&self, space: &S, g: &mut S::Vector) {
        if self.settings.variant != Variant::Paper {
            return;
        }
        let axes = self.axes.borrow();
        for (range, _) in self.tensors.ranges().zip(&self.lost).filter(|(_, lost)| !**lost) {
            space.deflate(self.settings.strength, &axes[range.clone()], &mut g[range]);
        }
    }

    /// What the rule adds to the parameters after the base optimizer's step: not [`Variant::Paper`].
    ///
    /// `g` is the gradient at the parameters of before that step.
    pub fn apply(&self, space: &S, x: &mut S::Vector, g: &S::Vector) {
        let axes = self.axes.borrow();
        for range in self.tensors.ranges() {
            let n = &axes[range.clone()];
            let along = space.dot(&g[range.clone()], n);
            let coefficient = match self.settings.variant {
                Variant::Paper => return,
                Variant::Sophia => -self.settings.strength * along,
                Variant::Adam if along < 0.0 => self.settings.strength * along,
                Variant::Adam => continue,
            };
            // False also for a lost axis and for a gradient that overflowed.
            if coefficient.is_finite() {
                space.axpby(coefficient, n, 1.0, &mut x[range]);
            }
        }
    }

    /// One whole step: [`transform`](Self::transform), the base optimizer, [`apply`](Self::apply).
    pub fn step(
        &self,
        space: &S,
        x: &mut S::Vector,
        g: &mut S::Vector,
        lr: f64,
        base: &mut impl Optimizer<S>,
    ) {
        self.transform(space, g);
        base.step(space, x, g, lr);
        self.apply(space, x, g);
    }
}
