//! RMSprop, as `torch.optim.RMSprop` defines it.
//!
//! | formula | here |
//! |---|---|
//! | g ← g + λ x | λ = [`RmsPropSettings::weight_decay`] |
//! | v ← α v + (1 − α) g² | α = [`RmsPropSettings::alpha`] |
//! | a ← α a + (1 − α) g, and v − a² in the place of v below | [`RmsPropSettings::centered`] |
//! | x ← x − η g/(√v + ε) | μ = 0; η = `lr` × the group's scale |
//! | b ← μ b + g/(√v + ε), x ← x − η b | μ = [`RmsPropSettings::momentum`] |
//!
//! Tieleman & Hinton, Lecture 6.5, COURSERA: Neural Networks for Machine Learning (2012); centred: Graves, arXiv 1308.0850,
//! eqs. 38–42. Unlike Adam it corrects no bias: with α = 0.99 the first steps are ten times as long as the later ones.
//!
//! Departures from PyTorch, both within rounding:
//! 1. The means are mixed without cancellation, as Adam's are.
//! 2. v − a², a difference of rounded numbers, is taken for 0 where it is below; PyTorch's root of it is NaN.

use super::arithmetic::Mix;
use super::error::epsilon;
use super::groups::Setting;
use super::{Group, Groups, OptimError, Optimizer, Rounded, Update, Updates, check_step};
use crate::setting::{SettingError, fraction, nonnegative};
use crate::space::{Real, Space};
use std::borrow::BorrowMut;

/// The settings of [`RmsProp`]; the default is PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RmsPropSettings {
    /// α in [0, 1), the memory of the mean of squares.
    /// Default: 0.99.
    pub alpha: f64,
    /// ε, added to √v: at least 1e-30.
    /// Default: 1e-8, in the units of a gradient.
    pub epsilon: f64,
    /// μ in [0, 1): how much of the velocity is kept from step to step.
    /// Default: 0.
    pub momentum: f64,
    /// Divides by an estimate of the standard deviation instead of the root of the mean square.
    /// Default: false.
    pub centered: bool,
    /// λ ≥ 0, the factor of ½‖x‖² in the loss.
    /// Default: 0, in the units of f over x².
    pub weight_decay: f64,
}

impl Default for RmsPropSettings {
    fn default() -> Self {
        RmsPropSettings {
            alpha: 0.99,
            epsilon: 1e-8,
            momentum: 0.0,
            centered: false,
            weight_decay: 0.0,
        }
    }
}

impl RmsPropSettings {
    fn validate(&self) -> Result<(), SettingError> {
        fraction("RMSprop alpha", self.alpha)?;
        epsilon("RMSprop epsilon", self.epsilon)?;
        fraction("RMSprop momentum", self.momentum)?;
        nonnegative("RMSprop weight_decay", self.weight_decay)
    }
}

/// One step of [`RmsProp`] as a component-wise update: of (g; v, x), (g; b, v, x), (g; a, v, x) or (g; a, b, v, x).
#[derive(Debug, Clone, Copy)]
pub struct RmsPropUpdate {
    lr: f64,
    weight_decay: f64,
    mix: Mix,
    epsilon: f64,
    momentum: f64,
}

impl RmsPropUpdate {
    /// g/(√v + ε), after the means have been brought up to date.
    #[inline(always)]
    fn direction<T: Real>(&self, g: T, mean: Option<&mut T>, square: &mut T, x: T) -> Rounded<T> {
        let n = Rounded::from_f64;
        let g = Rounded(g) + n(self.weight_decay) * Rounded(x);
        let v = Rounded(*square).mix_square(g * g, self.mix);
        *square = v.0;
        let spread = match mean {
            None => v,
            Some(mean) => {
                let a = Rounded(*mean).mix(g, self.mix);
                *mean = a.0;
                let variance = v - a * a;
                // Where a square was too large for a number, the difference isn't one either.
                if v.0.to_f64() == f64::INFINITY {
                    v
                } else if variance.0.to_f64() > 0.0 {
                    variance
                } else {
                    n(0.0)
                }
            }
        };
        g / (spread.sqrt() + n(self.epsilon))
    }

    #[inline(always)]
    fn go<T: Real>(&self, direction: Rounded<T>, velocity: Option<&mut T>, x: &mut T) {
        let n = Rounded::from_f64;
        let direction = match velocity {
            None => direction,
            Some(b) => {
                let velocity = n(self.momentum) * Rounded(*b) + direction;
                *b = velocity.0;
                velocity
            }
        };
        *x = (Rounded(*x) - n(self.lr) * direction).0;
    }
}

impl Update<1, 2> for RmsPropUpdate {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], [v, x]: &mut [T; 2]) {
        self.go(self.direction(g, None, v, *x), None, x);
    }
}

/// With a velocity.
struct Moving(RmsPropUpdate);

impl Update<1, 3> for Moving {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], [b, v, x]: &mut [T; 3]) {
        self.0.go(self.0.direction(g, None, v, *x), Some(b), x);
    }
}

/// About the mean.
struct Centered(RmsPropUpdate);

impl Update<1, 3> for Centered {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], [a, v, x]: &mut [T; 3]) {
        self.0.go(self.0.direction(g, Some(a), v, *x), None, x);
    }
}

impl Update<1, 4> for RmsPropUpdate {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], [a, b, v, x]: &mut [T; 4]) {
        self.go(self.direction(g, Some(a), v, *x), Some(b), x);
    }
}

/// Steps along the gradient over the root of its mean square.
///
/// `V` is the stored vector of the space. The state is plain data: clone it, serialise it, continue bit for bit.
///
/// # Examples
///
/// ```
/// use deo_core::optim::{Optimizer, RmsProp, RmsPropSettings};
/// use deo_core::space::Host;
///
/// let space = Host::<f64>::new();
/// let mut x = vec![1.0, -2.0];
/// let mut rmsprop = RmsProp::new(RmsPropSettings::default(), &space, &x)?;
/// rmsprop.step(&space, &mut x, &[5.0, -0.1], 0.01);
/// // Whatever the gradient's scale, the first step has length lr/√(1 − α).
/// assert!((x[0] - 0.9).abs() < 1e-6 && (x[1] + 1.9).abs() < 1e-6);
/// # Ok::<(), deo_core::optim::OptimError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RmsProp<V> {
    settings: RmsPropSettings,
    groups: Groups,
    mean_square: V,
    mean: Option<V>,
    velocity: Option<V>,
}

impl<V> RmsProp<V> {
    /// The optimizer for vectors of the shape of `x`, with means of zero.
    ///
    /// # Errors
    ///
    /// If a setting is out of the range that [`RmsPropSettings`] gives for it.
    pub fn new<S>(settings: RmsPropSettings, space: &S, x: &S::Vector) -> Result<Self, OptimError>
    where
        S: Space<Owned = V>,
    {
        settings.validate()?;
        Ok(RmsProp {
            settings,
            groups: Groups::whole(space.len(x)),
            mean_square: space.zeros_like(x),
            mean: settings.centered.then(|| space.zeros_like(x)),
            velocity: (settings.momentum > 0.0).then(|| space.zeros_like(x)),
        })
    }

    /// The same optimizer with parameter groups.
    ///
    /// # Errors
    ///
    /// If the groups were made for another length, or one has a setting that RMSprop lacks.
    pub fn with_groups(self, groups: Groups) -> Result<Self, OptimError> {
        let lacking = [Setting::Beta1, Setting::Beta2];
        let groups = groups.for_len(self.groups.len())?.without("RMSprop", &lacking)?;
        Ok(RmsProp { groups, ..self })
    }

    /// The settings.
    pub fn settings(&self) -> &RmsPropSettings {
        &self.settings
    }

    /// v, the running mean of the squared gradient.
    pub fn mean_square(&self) -> &V {
        &self.mean_square
    }

    /// The coefficients of a step in a group.
    fn update(&self, lr: f64, group: &Group) -> RmsPropUpdate {
        RmsPropUpdate {
            lr: lr * group.lr_scale,
            weight_decay: self.settings.weight_decay * group.decay_scale,
            mix: Mix::keeping(self.settings.alpha),
            epsilon: group.epsilon.unwrap_or(self.settings.epsilon),
            momentum: self.settings.momentum,
        }
    }
}

impl<S: Updates> Optimizer<S> for RmsProp<S::Owned> {
    fn step(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64) {
        check_step(lr, self.groups.len(), space.len(x));
        for group in &self.groups {
            let (update, range) = (self.update(lr, group), group.range.clone());
            let v = self.mean_square.borrow_mut();
            match (&mut self.mean, &mut self.velocity) {
                (None, None) => space.update(range, &update, [g], [v, &mut *x]),
                (None, Some(b)) => {
                    space.update(range, &Moving(update), [g], [b.borrow_mut(), v, &mut *x])
                }
                (Some(a), None) => {
                    space.update(range, &Centered(update), [g], [a.borrow_mut(), v, &mut *x])
                }
                (Some(a), Some(b)) => {
                    space.update(range, &update, [g], [a.borrow_mut(), b.borrow_mut(), v, &mut *x])
                }
            };
        }
    }

    /// The velocity is set to zero, as [`Sgd`](super::Sgd)'s; the means are kept, as [`Adam`](super::Adam)'s.
    fn jumped(&mut self, space: &S) {
        if let Some(velocity) = &mut self.velocity {
            space.fill(velocity.borrow_mut(), &|_| 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Host;

    #[test]
    fn settings_that_cannot_be_meant_are_refused() {
        let new = |settings| RmsProp::new(settings, &Host::<f64>::new(), &[0.0]).err();
        let d = RmsPropSettings::default();
        assert_eq!(new(d), None);
        let nan = f64::NAN;
        let bad = [1.0, -0.1, nan].into_iter().flat_map(|bad| {
            [
                ("alpha", RmsPropSettings { alpha: bad, ..d }),
                ("momentum", RmsPropSettings { momentum: bad, ..d }),
            ]
        });
        let bad = bad
            .chain([0.0, 1e-31, nan].map(|bad| ("epsilon", RmsPropSettings { epsilon: bad, ..d })));
        let bad =
            bad.chain([-0.1, nan].map(|bad| ("decay", RmsPropSettings { weight_decay: bad, ..d })));
        for (name, settings) in bad {
            let error = new(settings).expect(name).to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn a_component_without_gradient_stays_and_a_jump_stops_the_velocity() {
        let space = Host::<f32>::new();
        for centered in [false, true] {
            let settings = RmsPropSettings { momentum: 0.9, centered, ..Default::default() };
            let mut x = vec![1.0, 2.0];
            let mut rmsprop = RmsProp::new(settings, &space, &x).unwrap();
            (0..3).for_each(|_| rmsprop.step(&space, &mut x, &[0.0, 0.5], 0.01));
            assert!(x[0] == 1.0 && x[1] < 2.0, "{x:?}");
            rmsprop.jumped(&space);
            let before = x.clone();
            rmsprop.step(&space, &mut x, &[0.0; 2], 0.01);
            assert_eq!(x, before);
        }
    }
}
