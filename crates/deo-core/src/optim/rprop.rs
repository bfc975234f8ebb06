//! Rprop, the signs of the gradient alone, as `torch.optim.Rprop` defines it.
//!
//! | formula | here |
//! |---|---|
//! | s ← η⁺ s where g has the sign that it had, η⁻ s and g ← 0 where it has the other, s else | [`RpropSettings`] `grow`, `shrink` |
//! | s within [s₋, s₊] | [`RpropSettings::range`] |
//! | x ← x − η s sign(g) | η = `lr` × the group's scale; s = 1 at the start |
//! | what the next step compares with is g, 0 where it was set to it | `previous` |
//!
//! Riedmiller & Braun, A direct adaptive method for faster backpropagation learning: the RPROP algorithm, ICNN (1993); the variant
//! without weight-backtracking, Rprop⁻ of Igel & Hüsken (2000) with a pause after a change of sign. For full batches:
//! on small ones a sign is mostly noise.
//!
//! Departures from PyTorch:
//! 1. s is in units of `lr`, so that a schedule scales it; PyTorch takes `lr` for the first length and then ignores it. At a
//!    constant rate both are the same.
//! 2. Signs are compared, not the sign of a product of gradients, which underflows.

use super::groups::Setting;
use super::{Groups, OptimError, Optimizer, Rounded, Update, Updates, check_step};
use crate::setting::{SettingError, require};
use crate::space::{Real, Space};
use std::borrow::BorrowMut;

/// The settings of [`Rprop`]; the default is PyTorch's at a rate of 0.01.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RpropSettings {
    /// η⁻ in (0, 1), by which a step shrinks when its gradient changes sign.
    /// Default: 0.5.
    pub shrink: f64,
    /// η⁺ > 1, by which it grows when it doesn't.
    /// Default: 1.2.
    pub grow: f64,
    /// The shortest and the longest step, in units of the rate: 0 < s₋ ≤ 1 ≤ s₊.
    /// Default: 1e-4 and 5000.
    pub range: [f64; 2],
}

impl Default for RpropSettings {
    fn default() -> Self {
        RpropSettings { shrink: 0.5, grow: 1.2, range: [1e-4, 5e3] }
    }
}

impl RpropSettings {
    fn validate(&self) -> Result<(), SettingError> {
        let [least, most] = self.range;
        let shrinks = self.shrink > 0.0 && self.shrink < 1.0;
        require(shrinks, "Rprop shrink", self.shrink, "in (0, 1)")?;
        let grows = self.grow > 1.0 && self.grow.is_finite();
        require(grows, "Rprop grow", self.grow, "finite and above 1")?;
        require(
            least > 0.0 && least <= 1.0,
            "Rprop range[0]",
            least,
            "in (0, 1], in units of the rate",
        )?;
        let valid = most >= 1.0 && most.is_finite();
        require(valid, "Rprop range[1]", most, "finite and at least 1, in units of the rate")
    }
}

/// One step of [`Rprop`] as a component-wise update of (g; previous, s, x).
#[derive(Debug, Clone, Copy)]
pub struct RpropUpdate {
    lr: f64,
    settings: RpropSettings,
}

/// −1, 0 or 1; 0 for NaN.
#[inline(always)]
fn sign(x: f64) -> f64 {
    f64::from(x > 0.0) - f64::from(x < 0.0)
}

impl Update<1, 3> for RpropUpdate {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], [previous, s, x]: &mut [T; 3]) {
        let (n, RpropSettings { shrink, grow, range: [least, most] }) =
            (Rounded::from_f64, self.settings);
        let now = sign(g.to_f64());
        let agreement = now * sign(previous.to_f64());
        let factor = if agreement > 0.0 {
            grow
        } else if agreement < 0.0 {
            shrink
        } else {
            1.0
        };
        let scaled = Rounded(*s) * n(factor);
        *s = T::from_f64(scaled.0.to_f64().clamp(least, most));
        let pauses = agreement < 0.0;
        *previous = if pauses { T::ZERO } else { g };
        let towards = if pauses { 0.0 } else { now };
        *x = (Rounded(*x) - n(self.lr) * Rounded(*s) * n(towards)).0;
    }
}

/// Resilient propagation: a step length a component, by the signs of its gradient.
///
/// `V` is the stored vector of the space. The state is plain data: clone it, serialise it, continue bit for bit.
///
/// # Examples
///
/// ```
/// use deo_core::optim::{Optimizer, Rprop, RpropSettings};
/// use deo_core::space::Host;
///
/// let space = Host::<f64>::new();
/// let mut x = vec![1.0, -1e6];
/// let mut rprop = Rprop::new(RpropSettings::default(), &space, &x)?;
/// for _ in 0..300 {
///     let g = [1e3 * x[0], 1e-9 * x[1]]; // the scales of the gradient don't matter
///     rprop.step(&space, &mut x, &g, 0.1);
/// }
/// assert!(x[0].abs() < 1e-3 && x[1].abs() < 1e6);
/// # Ok::<(), deo_core::optim::OptimError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rprop<V> {
    settings: RpropSettings,
    groups: Groups,
    previous: V,
    lengths: V,
}

impl<V> Rprop<V> {
    /// The optimizer for vectors of the shape of `x`, every step as long as the rate.
    ///
    /// # Errors
    ///
    /// If a setting is out of the range that [`RpropSettings`] gives for it.
    pub fn new<S>(settings: RpropSettings, space: &S, x: &S::Vector) -> Result<Self, OptimError>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        settings.validate()?;
        let mut lengths = space.zeros_like(x);
        space.fill(lengths.borrow_mut(), &|_| 1.0);
        Ok(Rprop {
            settings,
            groups: Groups::whole(space.len(x)),
            previous: space.zeros_like(x),
            lengths,
        })
    }

    /// The same optimizer with parameter groups.
    ///
    /// # Errors
    ///
    /// If the groups were made for another length, or one has a setting that Rprop lacks.
    pub fn with_groups(self, groups: Groups) -> Result<Self, OptimError> {
        let groups = groups.for_len(self.groups.len())?.without("Rprop", &Setting::ALL)?;
        Ok(Rprop { groups, ..self })
    }

    /// The settings.
    pub fn settings(&self) -> &RpropSettings {
        &self.settings
    }

    /// s, the length of each component's step in units of the rate.
    pub fn lengths(&self) -> &V {
        &self.lengths
    }
}

impl<S: Updates> Optimizer<S> for Rprop<S::Owned> {
    fn step(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64) {
        check_step(lr, self.groups.len(), space.len(x));
        for group in &self.groups {
            let update = RpropUpdate { lr: lr * group.lr_scale, settings: self.settings };
            let written = [self.previous.borrow_mut(), self.lengths.borrow_mut(), &mut *x];
            space.update(group.range.clone(), &update, [g], written);
        }
    }

    /// The next gradient is compared with nothing; the lengths are kept.
    fn jumped(&mut self, space: &S) {
        space.fill(self.previous.borrow_mut(), &|_| 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Host;

    #[test]
    fn settings_that_cannot_be_meant_are_refused() {
        let new = |settings| Rprop::new(settings, &Host::<f64>::new(), &[0.0]).err();
        let d = RpropSettings::default();
        assert_eq!(new(d), None);
        let bad = [
            ("shrink", RpropSettings { shrink: 1.0, ..d }),
            ("shrink", RpropSettings { shrink: f64::NAN, ..d }),
            ("grow", RpropSettings { grow: 1.0, ..d }),
            ("grow", RpropSettings { grow: f64::INFINITY, ..d }),
            ("range[0]", RpropSettings { range: [0.0, 2.0], ..d }),
            ("range[0]", RpropSettings { range: [1.5, 2.0], ..d }),
            ("range[1]", RpropSettings { range: [0.5, 0.9], ..d }),
        ];
        for (name, settings) in bad {
            let error = new(settings).expect(name).to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    /// By hand: lengths 1, 1.2, then a change of sign, which halves and pauses, then a step that compares with nothing.
    #[test]
    fn signs_alone_count_even_where_their_product_underflows() {
        let space = Host::<f32>::new();
        for scale in [1e-30_f32, 1.0, 1e30] {
            let mut x = vec![0.0];
            let mut rprop = Rprop::new(RpropSettings::default(), &space, &x).unwrap();
            let mut steps = Vec::new();
            for g in [1.0, 2.0, -1.0, -1.0, -3.0, 0.0] {
                let before = x[0];
                rprop.step(&space, &mut x, &[g * scale], 1.0);
                steps.push(x[0] - before);
            }
            // One rounding a step of sums below 4.
            for (step, by_hand) in steps.iter().zip([-1.0, -1.2, 0.0, 0.6, 0.72, 0.0]) {
                assert!((step - by_hand).abs() < 1e-6, "{scale}: {steps:?}");
            }
        }
    }

    #[test]
    fn after_a_jump_the_next_gradient_is_compared_with_nothing() {
        let space = Host::<f64>::new();
        for (jumps, step) in [(false, 0.0), (true, 1.0)] {
            let mut x = vec![0.0];
            let mut rprop = Rprop::new(RpropSettings::default(), &space, &x).unwrap();
            rprop.step(&space, &mut x, &[1.0], 1.0);
            if jumps {
                rprop.jumped(&space);
            }
            let before = x[0];
            rprop.step(&space, &mut x, &[-1.0], 1.0);
            assert_eq!(x[0] - before, step);
        }
    }

    #[test]
    fn lengths_stay_within_their_range() {
        let space = Host::<f64>::new();
        let settings = RpropSettings { range: [0.3, 2.0], ..Default::default() };
        for (flips, bound) in [(false, 2.0), (true, 0.3)] {
            let mut x = vec![0.0];
            let mut rprop = Rprop::new(settings, &space, &x).unwrap();
            for t in 0..20 {
                // After a change of sign comes a pause, so that two of three steps would be compared.
                let g = if flips && (t / 2) % 2 == 1 { -1.0 } else { 1.0 };
                rprop.step(&space, &mut x, &[g], 0.1);
                assert!((0.3..=2.0).contains(&rprop.lengths()[0]));
            }
            assert_eq!(rprop.lengths()[0], bound);
        }
    }
}
