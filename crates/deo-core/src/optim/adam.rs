//! Adam, AdamW, NAdam, NAdamW and their AMSGrad, as `torch.optim` defines them.
//!
//! | formula | here |
//! |---|---|
//! | g ← g + λ x | [`Decay::Coupled`] λ: `torch.optim.Adam(weight_decay=λ)` |
//! | x ← (1 − η λ) x | [`Decay::Decoupled`] λ: `torch.optim.AdamW` |
//! | m ← m + (1 − β₁)(g − m) | [`AdamSettings::beta1`], [`Adam::first_moment`] |
//! | v ← v + (1 − β₂)(g² − v) | [`AdamSettings::beta2`], [`Adam::second_moment`] |
//! | x ← x − η m̂ / (√(v/(1 − β₂ᵗ)) + ε) | η = `lr` × the group's scale, t = 1 at the first step |
//! | v ← max(v, the v of all steps before) in that root | [`AdamSettings::amsgrad`], [`Adam::largest_moment`] |
//! | m̂ = m / (1 − β₁ᵗ) | Adam |
//! | m̂ = (1 − μₜ) g / (1 − Π) + μₜ₊₁ m / (1 − Π μₜ₊₁) | NAdam, [`AdamSettings::nesterov`] |
//! | μₜ = β₁ wₜ, wₜ = 1 − ½·0.96^(tψ), Π = μ₁ ⋯ μₜ = β₁ᵗ w₁ ⋯ wₜ | ψ = [`AdamSettings::nesterov`]; the state is w₁ ⋯ wₜ |
//!
//! Kingma & Ba, arXiv 1412.6980, algorithm 1; Loshchilov & Hutter, arXiv 1711.05101, algorithm 2; Dozat,
//! Incorporating Nesterov momentum into Adam (ICLR workshop 2016); Reddi, Kale & Kumar, arXiv 1904.09237, algorithm 2.
//!
//! Departures from PyTorch, all within rounding:
//! 1. The bias correction of v is moved out of the component, as section 2 of Kingma & Ba suggests: with
//!    c = √(1 − β₂ᵗ), the step is η c m̂ / (√v + cε). It saves a division.
//! 2. v is mixed as m is, by [`Rounded::mix`]. PyTorch's β₂v + (1 − β₂)g² rounds β₂ to storage, which in `f32` moves the
//!    fixed point of v by 2⁻²⁵/(1 − β₂), 3·10⁻⁵ at β₂ = 0.999.
//! 3. Π is computed in `f64`. PyTorch keeps it in its default type, usually `f32`.
//!
//! A component whose g² was too large for a number, above 1.8e19 in `f32`, has an infinite v from then on and takes no step
//! any more, there as here.

mod settings;

pub use settings::{AdamSettings, Decay};

use super::arithmetic::Mix;
use super::{
    Group, Groups, OptimError, Optimizer, Rounded, Transform, Update, Updates, alike, check_step,
};
use crate::space::{Real, Space};
use std::borrow::BorrowMut;

/// One step of [`Adam`] as a component-wise update of (g; m, v, x), or of (g; m, v, v̂, x) with the largest v.
#[derive(Debug, Clone, Copy)]
pub struct AdamUpdate {
    /// λ of the coupled decay, else 0.
    coupled: f64,
    /// 1 − ηλ of the decoupled decay, else 1.
    keep: f64,
    /// By which m goes to g and v to g².
    mix: [Mix; 2],
    /// The length of the step along m and, for NAdam, along g.
    along: [f64; 2],
    /// cε.
    epsilon: f64,
}

impl AdamUpdate {
    #[inline(always)]
    fn go<T: Real>(&self, g: T, m: &mut T, v: &mut T, largest: Option<&mut T>, x: &mut T) {
        let n = Rounded::from_f64;
        let (g, m0, v0, x0) = (Rounded(g), Rounded(*m), Rounded(*v), Rounded(*x));
        let g = g + n(self.coupled) * x0;
        let m1 = m0.mix(g, self.mix[0]);
        let v1 = v0.mix_square(g * g, self.mix[1]);
        let direction = n(self.along[0]) * m1 + n(self.along[1]) * g;
        (*m, *v) = (m1.0, v1.0);
        let spread = match largest {
            None => v1,
            Some(largest) => {
                if v1.0.to_f64() > largest.to_f64() {
                    *largest = v1.0;
                }
                Rounded(*largest)
            }
        };
        *x = (n(self.keep) * x0 - direction / (spread.sqrt() + n(self.epsilon))).0;
    }
}

impl Update<1, 3> for AdamUpdate {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], [m, v, x]: &mut [T; 3]) {
        self.go(g, m, v, None, x);
    }
}

/// With the largest v.
impl Update<1, 4> for AdamUpdate {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], [m, v, largest, x]: &mut [T; 4]) {
        self.go(g, m, v, Some(largest), x);
    }
}

/// Adam and its relatives: [`AdamSettings`] chooses which.
///
/// `V` is the stored vector of the space. The state is plain data: clone it, serialise it, continue bit for bit.
///
/// # Examples
///
/// ```
/// use deo_core::optim::{Adam, AdamSettings, Decay, Optimizer};
/// use deo_core::space::Host;
///
/// let space = Host::<f32>::new();
/// let mut x = vec![1.0, -2.0];
/// let settings = AdamSettings { decay: Decay::Decoupled(0.1), ..AdamSettings::adamw() };
/// let mut adamw = Adam::new(settings, &space, &x)?;
/// adamw.step(&space, &mut x, &[5.0, -0.1], 0.01);
/// // Whatever the gradient's scale, the first step has length lr; the decay takes lr·0.1 of x.
/// assert!((x[0] - (0.999 - 0.01)).abs() < 1e-6 && (x[1] - (-1.998 + 0.01)).abs() < 1e-6);
/// # Ok::<(), deo_core::optim::OptimError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Adam<V> {
    settings: AdamSettings,
    pub(super) groups: Groups,
    pub(super) first_moment: V,
    pub(super) second_moment: V,
    largest_moment: Option<V>,
    steps: u64,
    /// w₁ ⋯ wₜ of NAdam.
    warmth: f64,
}

impl<V> Adam<V> {
    /// The optimizer for vectors of the shape of `x`, with moments of zero.
    ///
    /// # Errors
    ///
    /// If a setting is out of the range that [`AdamSettings`] gives for it.
    pub fn new<S>(settings: AdamSettings, space: &S, x: &S::Vector) -> Result<Self, OptimError>
    where
        S: Space<Owned = V>,
    {
        settings.validate()?;
        Ok(Adam {
            settings,
            groups: Groups::whole(space.len(x)),
            first_moment: space.zeros_like(x),
            second_moment: space.zeros_like(x),
            largest_moment: settings.amsgrad.then(|| space.zeros_like(x)),
            steps: 0,
            warmth: 1.0,
        })
    }

    /// The same optimizer with parameter groups.
    ///
    /// # Errors
    ///
    /// If the groups were made for another length.
    pub fn with_groups(self, groups: Groups) -> Result<Self, OptimError> {
        let groups = groups.for_len(self.groups.len())?;
        Ok(Adam { groups, ..self })
    }

    /// Whether this can be a later state of `new`; see [`Dimer::continues`](crate::Dimer::continues).
    pub fn continues(&self, new: &Self, same_shape: impl Fn(&V, &V) -> bool) -> bool {
        self.settings == new.settings
            && self.groups == new.groups
            && same_shape(&self.first_moment, &new.first_moment)
            && same_shape(&self.second_moment, &new.second_moment)
            && alike(&self.largest_moment, &new.largest_moment, same_shape)
    }

    /// The settings.
    pub fn settings(&self) -> &AdamSettings {
        &self.settings
    }

    /// The parameter groups.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// m, the running mean of the gradient.
    pub fn first_moment(&self) -> &V {
        &self.first_moment
    }

    /// v, the running mean of the squared gradient.
    pub fn second_moment(&self) -> &V {
        &self.second_moment
    }

    /// The largest v of all steps, component by component; none without AMSGrad.
    pub fn largest_moment(&self) -> Option<&V> {
        self.largest_moment.as_ref()
    }

    /// The number of steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Counts a step.
    pub(super) fn advance(&mut self) {
        self.steps += 1;
        if let Some(psi) = self.settings.nesterov {
            self.warmth *= warm(self.steps as f64, psi);
        }
    }

    /// (The length of the step along m, along g, c) for η = 1.
    fn lengths(&self, settings: &AdamSettings) -> (f64, f64, f64) {
        let AdamSettings { beta1, beta2, nesterov, .. } = *settings;
        let t = self.steps as f64;
        let c = (1.0 - beta2.powf(t)).sqrt();
        let Some(psi) = nesterov else {
            return (c / (1.0 - beta1.powf(t)), 0.0, c);
        };
        let [now, next] = [t, t + 1.0].map(|t| beta1 * warm(t, psi));
        let product = beta1.powf(t) * self.warmth;
        let along_m = next / (1.0 - product * next);
        let along_g = (1.0 - now) / (1.0 - product);
        (c * along_m, c * along_g, c)
    }

    /// The coefficients of a step in a group.
    fn update(&self, lr: f64, group: &Group) -> AdamUpdate {
        let lr = lr * group.lr_scale;
        let settings = self.settings.of_group(group);
        let (along_m, along_g, c) = self.lengths(&settings);
        let (coupled, keep) = match settings.decay {
            Decay::Coupled(decay) => (decay * group.decay_scale, 1.0),
            Decay::Decoupled(decay) => (0.0, 1.0 - lr * decay * group.decay_scale),
        };
        AdamUpdate {
            coupled,
            keep,
            mix: [Mix::keeping(settings.beta1), Mix::keeping(settings.beta2)],
            along: [lr * along_m, lr * along_g],
            epsilon: c * settings.epsilon,
        }
    }
}

/// wₜ.
fn warm(t: f64, psi: f64) -> f64 {
    1.0 - 0.5 * 0.96_f64.powf(t * psi)
}

impl<V> Adam<V> {
    /// A step with the transformed gradient, in the same single pass; see [`Transform`].
    ///
    /// # Panics
    ///
    /// As [`Optimizer::step`].
    #[track_caller]
    pub fn step_transformed<S>(
        &mut self,
        space: &S,
        x: &mut S::Vector,
        g: &S::Vector,
        transform: &Transform<'_, S::Vector>,
        lr: f64,
    ) where
        S: Updates<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        check_step(lr, self.groups.len(), space.len(x));
        self.advance();
        for group in 0..self.groups.iter().len() {
            self.step_group(space, x, g, transform, lr, group);
        }
    }

    /// The part of a step in the group of that number, after [`advance`](Self::advance).
    pub(super) fn step_group<S>(
        &mut self,
        space: &S,
        x: &mut S::Vector,
        g: &S::Vector,
        transform: &Transform<'_, S::Vector>,
        lr: f64,
        group: usize,
    ) where
        S: Updates<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let group = &self.groups.as_slice()[group];
        let (update, range) = (&self.update(lr, group), group.range.clone());
        let (m, v) = (self.first_moment.borrow_mut(), self.second_moment.borrow_mut());
        match &mut self.largest_moment {
            None => transform.run(space, range, update, g, [m, v, x]),
            Some(largest) => {
                transform.run(space, range, update, g, [m, v, largest.borrow_mut(), x]);
            }
        }
    }
}

impl<S: Updates> Optimizer<S> for Adam<S::Owned> {
    fn step(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64) {
        self.step_transformed(space, x, g, &Transform::default(), lr);
    }

    /// Nothing changes: the moments are kept. Setting the first moment to zero was the largest harm seen in any
    /// prototype of the escape policy, a loss of 0.49 instead of 0.06 on a deep net with a short budget.
    fn jumped(&mut self, _: &S) {}
}
