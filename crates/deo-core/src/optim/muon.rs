//! Muon: momentum that is orthogonalised, matrix by matrix, as `torch.optim.Muon` defines it; AdamW for all else.
//!
//! | formula, in a group that is a matrix of r × c | here |
//! |---|---|
//! | m ← μ m + (1 − μ) g | μ = [`MuonSettings::momentum`] |
//! | u = μ m + (1 − μ) g, or m itself | [`MuonSettings::nesterov`] |
//! | o = U Vᵀ of u = U Σ Vᵀ, roughly, by Newton–Schulz | [`NewtonSchulz`] |
//! | x ← (1 − η λ) x − η a o | η = `lr` × the group's scale, λ = [`MuonSettings::weight_decay`] × the group's |
//! | a = √max(1, r/c), 0.2 √max(r, c), √(r/c) | [`MuonRate`] |
//!
//! K. Jordan, Muon: an optimizer for hidden layers in neural networks, kellerjordan.github.io/posts/muon (2024); a of
//! the second kind, with which one rate serves Muon and AdamW: J. Liu et al., arXiv 2502.16982, eq. 4.
//!
//! Which components are a matrix is said by [`Group::matrix`]; those of other groups, biases and gains, and by custom
//! embeddings and the last layer, are [`Adam`]'s with [`MuonSettings::adam`], at the same `lr` times the group's scale.
//! PyTorch's takes matrices only, and has the caller run two optimizers. The momentum of matrices lies where Adam's
//! first moment is, and its second moment there is scratch, so that the state is 2N numbers.
//!
//! Departures from PyTorch:
//! 1. The iteration runs in the precision of storage; PyTorch rounds it to bfloat16, which suits its hardware, whatever
//!    the storage.
//! 2. It needs a space that knows [`Matrices`]. On several ranks a matrix lies on one of them.

mod newton_schulz;

pub use newton_schulz::NewtonSchulz;

use super::arithmetic::Mix;
use super::groups::Setting;
use super::{Adam, AdamSettings, Group, Groups, OptimError, Optimizer, Rounded, Transform};
use super::{Update, check_step};
use crate::setting::{SettingError, fraction, nonnegative};
use crate::space::{Matrices, Real};
use newton_schulz::Work;
use std::borrow::BorrowMut;

/// By what the rate of a matrix of r × c is multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MuonRate {
    /// √max(1, r/c), PyTorch's default "original".
    #[default]
    Original,
    /// 0.2 √max(r, c): components move as they do by AdamW, "match_rms_adamw".
    MatchAdamw,
    /// √(r/c), "spectral_unclamped".
    Spectral,
}

impl MuonRate {
    fn factor(self, [rows, columns]: [usize; 2]) -> f64 {
        let (rows, columns) = (rows as f64, columns as f64);
        match self {
            MuonRate::Original => (rows / columns).max(1.0).sqrt(),
            MuonRate::MatchAdamw => 0.2 * rows.max(columns).sqrt(),
            MuonRate::Spectral => (rows / columns).sqrt(),
        }
    }
}

/// The settings of [`Muon`]; the default is PyTorch's of Muon and of AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MuonSettings {
    /// μ in [0, 1), the memory of the momentum.
    /// Default: 0.95.
    pub momentum: f64,
    /// Looks ahead by one gradient.
    /// Default: true.
    pub nesterov: bool,
    /// λ ≥ 0, the decoupled decay of matrices.
    /// Default: 0.1, in units of one over the rate.
    pub weight_decay: f64,
    /// How a matrix is orthogonalised.
    /// Default: PyTorch's, see [`NewtonSchulz`].
    pub newton_schulz: NewtonSchulz,
    /// How the rate of a matrix follows from its shape.
    /// Default: `Original`.
    pub rate: MuonRate,
    /// For what isn't a matrix.
    /// Default: [`AdamSettings::adamw`].
    pub adam: AdamSettings,
}

impl Default for MuonSettings {
    fn default() -> Self {
        MuonSettings {
            momentum: 0.95,
            nesterov: true,
            weight_decay: 0.1,
            newton_schulz: NewtonSchulz::default(),
            rate: MuonRate::Original,
            adam: AdamSettings::adamw(),
        }
    }
}

impl MuonSettings {
    fn validate(&self) -> Result<(), SettingError> {
        fraction("Muon momentum", self.momentum)?;
        nonnegative("Muon weight_decay", self.weight_decay)?;
        self.newton_schulz.validate()
    }
}

/// m and u as a component-wise update of (g; m, u).
struct Momentum {
    mix: Mix,
    nesterov: bool,
}

impl Update<1, 2> for Momentum {
    #[inline(always)]
    fn component<T: Real>(&self, [g]: [T; 1], [m, u]: &mut [T; 2]) {
        let m1 = Rounded(*m).mix(Rounded(g), self.mix);
        *m = m1.0;
        *u = if self.nesterov { m1.mix(Rounded(g), self.mix).0 } else { m1.0 };
    }
}

/// The step along o as a component-wise update of (o; x).
struct Along {
    keep: f64,
    length: f64,
}

impl Update<1, 1> for Along {
    #[inline(always)]
    fn component<T: Real>(&self, [o]: [T; 1], [x]: &mut [T; 1]) {
        let n = Rounded::from_f64;
        *x = (n(self.keep) * Rounded(*x) - n(self.length) * Rounded(o)).0;
    }
}

/// Orthogonalised momentum for matrices, AdamW for the other components.
///
/// `V` is the stored vector of the space and `T` its number. The state is plain data: clone it, serialise it, continue bit for
/// bit.
///
/// # Examples
///
/// ```
/// use deo_core::optim::{Group, Groups, Muon, MuonSettings, Optimizer};
/// use deo_core::space::Host;
///
/// let space = Host::<f64>::new();
/// // A matrix of 2 × 3, and its bias.
/// let mut x = vec![0.0; 8];
/// let groups = Groups::new(8, vec![Group::new(0..6).matrix(2, 3), Group::new(6..8)])?;
/// let mut muon = Muon::new(MuonSettings::default(), &space, &x, groups)?;
/// let g = [4.0, 0.0, 0.0, 0.0, 1e-3, 0.0, 4.0, 1e-3];
/// muon.step(&space, &mut x, &g, 0.1);
/// // Both singular values of the step are near the rate, however far apart those of the gradient are; so are AdamW's steps.
/// assert!((x[0] + 0.1).abs() < 0.05 && x[4] < -0.001 && (x[7] + 0.1).abs() < 1e-5, "{x:?}");
/// # Ok::<(), deo_core::optim::OptimError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "V: serde::Serialize, T: Clone",
        deserialize = "V: serde::Deserialize<'de>, T: Clone"
    ))
)]
pub struct Muon<V, T> {
    settings: MuonSettings,
    /// With the momentum of matrices in its first moment, and their scratch in its second.
    adam: Adam<V>,
    work: Work<T>,
}

impl<V, T: Real> Muon<V, T> {
    /// The optimizer for vectors of the shape of `x`, whose groups say which components are matrices.
    ///
    /// # Errors
    ///
    /// If a setting is out of the range that [`MuonSettings`] gives for it, or one of a group's that the optimizer lacks; if
    /// no group is a matrix, or the space can't take one for that.
    pub fn new<S>(
        settings: MuonSettings,
        space: &S,
        x: &S::Vector,
        groups: Groups,
    ) -> Result<Self, OptimError>
    where
        S: Matrices<Owned = V, Scalar = T>,
        V: BorrowMut<S::Vector>,
    {
        settings.validate()?;
        let adam = Adam::new(settings.adam, space, x)?.with_groups(groups)?;
        let matrices = || adam.groups().iter().filter(|group| group.matrix.is_some());
        matrices().try_for_each(|group| group.lacks("Muon of a matrix", &Setting::ALL))?;
        if matrices().next().is_none() {
            return Err(OptimError::NoMatrix);
        }
        let in_pieces = |group: &&Group| space.slice(group.range.clone(), x).is_none();
        if let Some(group) = matrices().find(in_pieces) {
            return Err(OptimError::MatrixInPieces { range: group.range.clone() });
        }
        let mut work = Work::from(());
        matrices().filter_map(|group| group.matrix).for_each(|shape| work.fit(shape));
        Ok(Muon { settings, adam, work })
    }

    /// Whether this can be a later state of `new`; see [`Dimer::continues`](crate::Dimer::continues).
    pub fn continues(&self, new: &Self, same_shape: impl Fn(&V, &V) -> bool) -> bool {
        self.settings == new.settings && self.adam.continues(&new.adam, same_shape)
    }

    /// The settings.
    pub fn settings(&self) -> &MuonSettings {
        &self.settings
    }

    /// The parameter groups.
    pub fn groups(&self) -> &Groups {
        self.adam.groups()
    }

    /// The optimizer of what isn't a matrix; its moments mean nothing where one is.
    pub fn adam(&self) -> &Adam<V> {
        &self.adam
    }

    /// The momentum of the matrices, and the first moment of the other components.
    pub fn momentum(&self) -> &V {
        self.adam.first_moment()
    }

    fn step_matrix<S>(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64, group: usize)
    where
        S: Matrices<Owned = V, Scalar = T>,
        V: BorrowMut<S::Vector>,
    {
        let MuonSettings { momentum, nesterov, weight_decay, rate, .. } = self.settings;
        let Group { range, lr_scale, decay_scale, matrix, .. } =
            &self.adam.groups.as_slice()[group];
        let (range, lr) = (range.clone(), lr * lr_scale);
        let shape = matrix.expect("the caller asks for matrices only");
        let (m, u) = (self.adam.first_moment.borrow_mut(), self.adam.second_moment.borrow_mut());
        let update = Momentum { mix: Mix::keeping(momentum), nesterov };
        space.update(range.clone(), &update, [g], [m, &mut *u]);
        let block = space.slice_mut(range.clone(), u).expect("it was one piece when it was made");
        self.settings.newton_schulz.orthogonalise(space, shape, block, &mut self.work);
        let keep = 1.0 - lr * weight_decay * decay_scale;
        space.update(range, &Along { keep, length: lr * rate.factor(shape) }, [&*u], [x]);
    }
}

impl<S: Matrices> Optimizer<S> for Muon<S::Owned, S::Scalar> {
    fn step(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64) {
        check_step(lr, self.adam.groups.len(), space.len(x));
        self.adam.advance();
        for group in 0..self.adam.groups.iter().len() {
            if self.adam.groups.as_slice()[group].matrix.is_some() {
                self.step_matrix(space, x, g, lr, group);
            } else {
                self.adam.step_group(space, x, g, &Transform::default(), lr, group);
            }
        }
    }

    /// Nothing changes, as with [`Adam`]: the length of a step doesn't depend on that of the momentum.
    fn jumped(&mut self, _: &S) {}
}

#[cfg(test)]
mod tests;
