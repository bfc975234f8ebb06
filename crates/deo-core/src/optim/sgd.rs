//! Gradient descent, heavy ball and Nesterov's step, as `torch.optim.SGD` defines them.
//!
//! | formula | here |
//! |---|---|
//! | g ← g + λ x | λ = [`SgdSettings::weight_decay`] |
//! | b ← g at the first step | b = [`Sgd::velocity`] |
//! | b ← μ b + (1 − τ) g at the others | μ = [`SgdSettings::momentum`], τ = [`SgdSettings::dampening`] |
//! | x ← x − η b | η = `lr` × the group's scale |
//! | x ← x − η (g + μ b) instead | [`SgdSettings::nesterov`] |
//!
//! Polyak, USSR Comput. Math. Math. Phys. 4(5), 1 (1964); Sutskever, Martens, Dahl & Hinton, On the importance of
//! initialization and momentum in deep learning (2013). With μ = 0 there is no velocity and no memory for it.

use super::groups::Setting;
use super::{Group, Groups, OptimError, Optimizer, Rounded, Update, Updates, alike, check_step};
use crate::setting::{fraction, nonnegative};
use crate::space::{Real, Space};
use std::borrow::BorrowMut;

/// The settings of [`Sgd`]; the default is plain gradient descent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SgdSettings {
    /// μ in [0, 1): how much of the velocity is kept from step to step.
    /// Default: 0.
    pub momentum: f64,
    /// τ in [0, 1): how much of a gradient the velocity does not take up. Zero gives the usual heavy ball.
    /// Default: 0.
    pub dampening: f64,
    /// Looks ahead by one step of the velocity. Needs momentum and no dampening.
    /// Default: false.
    pub nesterov: bool,
    /// λ ≥ 0, the factor of ½‖x‖² in the loss.
    /// Default: 0, in the units of f over x².
    pub weight_decay: f64,
}

impl SgdSettings {
    fn validate(&self) -> Result<(), OptimError> {
        fraction("SGD momentum", self.momentum)?;
        fraction("SGD dampening", self.dampening)?;
        nonnegative("SGD weight_decay", self.weight_decay)?;
        if self.nesterov && (self.momentum == 0.0 || self.dampening != 0.0) {
            let SgdSettings { momentum, dampening, .. } = *self;
            return Err(OptimError::Nesterov { momentum, dampening });
        }
        Ok(())
    }
}

/// One step of [`Sgd`] as a component-wise update: of (g; x), or of (g; b, x) with a velocity b.
#[derive(Debug, Clone, Copy)]
pub struct SgdUpdate {
    pub(super) lr: f64,
    pub(super) momentum: f64,
    /// 1 − τ, or 1 at the first step: the share of g that the velocity takes up.
    pub(super) intake: f64,
    pub(super) nesterov: bool,
    pub(super) weight_decay: f64,
}

impl Update<1, 1> for SgdUpdate {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], [x]: &mut [T; 1]) {
        let n = Rounded::from_f64;
        let (g, x0) = (Rounded(g), Rounded(*x));
        let g = g + n(self.weight_decay) * x0;
        *x = (x0 - n(self.lr) * g).0;
    }
}

impl Update<1, 2> for SgdUpdate {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], [b, x]: &mut [T; 2]) {
        let n = Rounded::from_f64;
        let (g, b0, x0) = (Rounded(g), Rounded(*b), Rounded(*x));
        let g = g + n(self.weight_decay) * x0;
        let velocity = n(self.momentum) * b0 + n(self.intake) * g;
        let direction = if self.nesterov { g + n(self.momentum) * velocity } else { velocity };
        *b = velocity.0;
        *x = (x0 - n(self.lr) * direction).0;
    }
}

/// Stochastic gradient descent with optional momentum, Nesterov's step and weight decay.
///
/// `V` is the stored vector of the space. The state is plain data: clone it, serialise it, continue bit for bit.
///
/// # Examples
///
/// ```
/// use deo_core::optim::{Optimizer, Sgd, SgdSettings};
/// use deo_core::space::Host;
///
/// let space = Host::<f64>::new();
/// let mut x = vec![1.0, -2.0];
/// let settings = SgdSettings { momentum: 0.9, ..Default::default() };
/// let mut sgd = Sgd::new(settings, &space, &x)?;
/// for _ in 0..300 {
///     let g = x.clone(); // ∇½‖x‖²
///     sgd.step(&space, &mut x, &g, 0.1);
/// }
/// // The iteration contracts by √μ ≈ 0.95 a step: 0.95³⁰⁰ ≈ 1e-7.
/// assert!(x.iter().all(|x| x.abs() < 1e-6));
/// # Ok::<(), deo_core::optim::OptimError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sgd<V> {
    settings: SgdSettings,
    pub(super) groups: Groups,
    pub(super) velocity: Option<V>,
    /// Whether the next gradient is the velocity's first, which is taken undamped.
    pub(super) at_rest: bool,
}

impl<V> Sgd<V> {
    /// The optimizer for vectors of the shape of `x`, at rest.
    ///
    /// # Errors
    ///
    /// If a setting is out of the range that [`SgdSettings`] gives for it.
    pub fn new<S>(settings: SgdSettings, space: &S, x: &S::Vector) -> Result<Self, OptimError>
    where
        S: Space<Owned = V>,
    {
        settings.validate()?;
        Ok(Sgd {
            settings,
            groups: Groups::whole(space.len(x)),
            velocity: (settings.momentum != 0.0).then(|| space.zeros_like(x)),
            at_rest: true,
        })
    }

    /// The same optimizer with parameter groups.
    ///
    /// # Errors
    ///
    /// If the groups were made for another length, or one has a setting that SGD lacks.
    pub fn with_groups(self, groups: Groups) -> Result<Self, OptimError> {
        let groups = groups.for_len(self.groups.len())?.without("SGD", &Setting::ALL)?;
        Ok(Sgd { groups, ..self })
    }

    /// Whether this can be a later state of `new`; see [`Dimer::continues`](crate::Dimer::continues).
    pub fn continues(&self, new: &Self, same_shape: impl Fn(&V, &V) -> bool) -> bool {
        self.settings == new.settings
            && self.groups == new.groups
            && alike(&self.velocity, &new.velocity, same_shape)
    }

    /// The settings.
    pub fn settings(&self) -> &SgdSettings {
        &self.settings
    }

    /// The parameter groups.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The velocity b, the decaying sum of the gradients; none without momentum.
    pub fn velocity(&self) -> Option<&V> {
        self.velocity.as_ref()
    }

    /// The coefficients of the coming step in a group.
    pub(super) fn update(&self, lr: f64, group: &Group) -> SgdUpdate {
        SgdUpdate {
            lr: lr * group.lr_scale,
            momentum: self.settings.momentum,
            intake: if self.at_rest { 1.0 } else { 1.0 - self.settings.dampening },
            nesterov: self.settings.nesterov,
            weight_decay: self.settings.weight_decay * group.decay_scale,
        }
    }

    /// b ← 0, and the next gradient is its first.
    pub(super) fn come_to_rest<S: Space<Owned = V>>(&mut self, space: &S)
    where
        V: BorrowMut<S::Vector>,
    {
        if let Some(velocity) = &mut self.velocity {
            space.fill(velocity.borrow_mut(), &|_| 0.0);
        }
        self.at_rest = true;
    }
}

impl<S: Updates> Optimizer<S> for Sgd<S::Owned> {
    fn step(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64) {
        check_step(lr, self.groups.len(), space.len(x));
        for group in &self.groups {
            let update = self.update(lr, group);
            let range = group.range.clone();
            match &mut self.velocity {
                None => space.update(range, &update, [g], [&mut *x]),
                Some(b) => space.update(range, &update, [g], [b.borrow_mut(), &mut *x]),
            };
        }
        self.at_rest = false;
    }

    /// The velocity is set to zero: it points to where x no longer is. Kept, it cost the autoencoder of the
    /// escape experiments a loss of 1.68 instead of 1.43.
    fn jumped(&mut self, space: &S) {
        self.come_to_rest(space);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Host;

    #[test]
    fn settings_that_cannot_be_meant_are_refused() {
        let new = |settings| Sgd::new(settings, &Host::<f64>::new(), &[0.0]).err();
        let d = SgdSettings::default();
        assert_eq!(new(d), None);
        for bad in [f64::NAN, -0.1, 1.0] {
            let settings = [
                SgdSettings { momentum: bad, ..d },
                SgdSettings { dampening: bad, ..d },
                SgdSettings { weight_decay: if bad == 1.0 { f64::INFINITY } else { bad }, ..d },
            ];
            for (settings, name) in settings.into_iter().zip(["momentum", "dampening", "decay"]) {
                let error = new(settings).expect(name).to_string();
                assert!(error.contains(name), "{error}");
            }
        }
        let nesterov = |momentum, dampening| {
            new(SgdSettings { momentum, dampening, nesterov: true, weight_decay: 0.0 })
        };
        assert_eq!(nesterov(0.9, 0.0), None);
        for (momentum, dampening) in [(0.0, 0.0), (0.9, 0.1)] {
            let error = OptimError::Nesterov { momentum, dampening };
            assert_eq!(nesterov(momentum, dampening), Some(error));
        }
    }
}
