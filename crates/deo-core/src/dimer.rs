//! The dimer: the direction of lowest curvature from gradients alone.
//!
//! Problem: minimise the Rayleigh quotient C(n) = ⟨n, Hn⟩ over unit n, where H = ∇²f(x) is never formed and
//! each product Hv costs a gradient. A *rotation* minimises C over a small subspace whose products are all
//! known but one:
//!
//! 1. Hn from a probe along n, once for each x and batch;
//! 2. w = −r/‖r‖, r = Hn − C n, orthogonalised against n and p; Hw from a probe along w;
//! 3. Rayleigh–Ritz in span{n, w, p}: n ← Σcᵢvᵢ, Hn ← ΣcᵢHvᵢ, p ← the correction just made, orthogonal to n.
//!
//! So a rotation costs one gradient, and with p it is LOBPCG with a block of one (Knyazev 2001): close to
//! Lanczos in products, with five stored vectors.
//!
//! | formula | code |
//! |---|---|
//! | n, Hn | `axis`, `axis_product` |
//! | p, Hp | `previous`, `previous_product`: orthonormal to n |
//! | w, then scratch | `torque` |
//! | C, ‖r‖ | [`Estimate::curvature`], [`Estimate::residual`] |
//!
//! Departures from the literature (Henkelman & Jónsson 1999; Heyden, Bell & Keil 2005; Kästner & Sherwood 2008):
//!
//! 1. Everything is in gradients, not forces: −r turns n towards *lower* curvature.
//! 2. The probe lies along w itself, a trial angle of π/2, and products are recombined with weights ≤ 1. The
//!    customary small trial angle amplifies the error of recycled products: 1e-13 becomes 1 in forty rotations.
//! 3. The {n, w} plane is extended by p: tens of gradients where the classical rotation needs hundreds.
//! 4. A rotation is judged by ‖r‖, never by a small turn, which is not convergence.
//!
//! The machine asks and the training loop answers. It never sees x and never calls f:
//!
//! ```
//! use deo_core::{Answer, Dimer, DimerSettings, Objective, Space, space::Host};
//! # use deo_core::objective::FromFn;
//! # let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
//! #     if let Some(g) = g { g.copy_from_slice(&[x[0], -2.0 * x[1], 3.0 * x[2]]) }
//! #     0.0
//! # });
//! let space = Host::<f64>::new();
//! let x = vec![0.3, 0.1, -0.2];
//! let (mut g, mut g1, mut y) = (vec![0.0; 3], vec![0.0; 3], vec![0.0; 3]);
//! f.value_grad(&x, &mut g);
//!
//! let mut dimer = Dimer::new(&space, &x, DimerSettings::default())?;
//! dimer.draw(&space, 42); // a random axis
//! dimer.begin(&space);
//! while let Some(probe) = dimer.ask(&space) {
//!     let h = probe.displace(&space, &x, &mut y);
//!     f.value_grad(&y, &mut g1);
//!     dimer.tell(&space, Answer::forward(h, &g, &g1));
//! }
//! assert!((dimer.estimate().curvature + 2.0).abs() < 1e-6);
//! # Ok::<(), deo_core::SettingsError>(())
//! ```

mod rotation;
mod settings;

pub use settings::{DimerSettings, SettingsError, Stale, Target};

use crate::estimate::{Estimate, Status};
use crate::noise::noise;
use crate::probe::{Answer, Probe};
use crate::space::Space;
use std::borrow::BorrowMut;

/// What the dimer is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Nothing: not begun, or finished.
    Idle,
    /// H times the axis.
    Axis,
    /// H times the previous correction, [`Stale::Refresh`].
    Previous,
    /// H times the torque direction.
    Torque,
    /// H times the axis again, from the other side.
    Certify,
}

/// A dimer over stored vectors `V`: an axis, its estimate and what the next rotation needs.
///
/// It holds five vectors and is plain data: clone it, serialise it, resume it in mid-rotation. −n is the
/// same axis as n; nothing it reports depends on the sign.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dimer<V> {
    settings: DimerSettings,
    axis: V,
    axis_product: V,
    previous: V,
    previous_product: V,
    torque: V,
    /// `axis_product` is H times `axis` at the x and batch of the last [`Dimer::begin`].
    product_known: bool,
    /// `previous` holds a direction.
    has_previous: bool,
    phase: Phase,
    estimate: Estimate,
    /// The rounding part of the secant error, from the last axis probe.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    rounding: f64,
    /// Gradients that this estimate may still spend.
    allowance: u64,
    total_gradients: u64,
}

impl<V> Dimer<V> {
    /// A dimer for vectors of the shape of `like`; its axis is zero until it is drawn or set.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names a setting that is out of range.
    pub fn new<S>(space: &S, like: &S::Vector, settings: DimerSettings) -> Result<Self, SettingsError>
    where
        S: Space<Owned = V>,
    {
        settings.validate()?;
        let zeros = || space.zeros_like(like);
        Ok(Dimer {
            settings,
            axis: zeros(),
            axis_product: zeros(),
            previous: zeros(),
            previous_product: zeros(),
            torque: zeros(),
            product_known: false,
            has_previous: false,
            phase: Phase::Idle,
            estimate: Estimate::UNKNOWN,
            rounding: f64::NAN,
            allowance: 0,
            total_gradients: 0,
        })
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &DimerSettings {
        &self.settings
    }

    /// The axis n, of unit length once it was drawn or set.
    pub fn axis(&self) -> &V {
        &self.axis
    }

    /// The axis, kept when the dimer goes.
    pub fn into_axis(self) -> V {
        self.axis
    }

    /// Hn as last measured, up to the secant error. Its old content after [`Dimer::begin`].
    pub fn axis_product(&self) -> &V {
        &self.axis_product
    }

    /// The estimate as it stands.
    pub fn estimate(&self) -> Estimate {
        self.estimate
    }

    /// Gradients evaluated over the life of this dimer.
    pub fn total_gradients(&self) -> u64 {
        self.total_gradients
    }
}

/// The axis before an estimate.
impl<V> Dimer<V> {
    /// Draws a random axis from `seed`; the same seed gives the same axis in every representation.
    pub fn draw<S>(&mut self, space: &S, seed: u64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        space.fill(self.axis.borrow_mut(), &|i| noise(seed, i));
        self.forget(space);
    }

    /// Sets the axis to the direction of `v`.
    pub fn set_axis<S>(&mut self, space: &S, v: &S::Vector)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        space.axpby(1.0, v, 0.0, self.axis.borrow_mut());
        self.forget(space);
    }

    /// Mixes a random direction into the axis: n ← unit((1 − share) n + share u).
    ///
    /// Every eigenvector is a fixed point of the rotation. At a new saddle the old axis can be one of positive
    /// curvature with no residual, and a warm start alone then reports "no negative curvature" for ever.
    pub fn mix<S>(&mut self, space: &S, seed: u64, share: f64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (axis, random) = (self.axis.borrow_mut(), self.torque.borrow_mut());
        space.fill(random, &|i| noise(seed, i));
        let norm = space.norm(random);
        if norm > 0.0 {
            space.axpby(share / norm, random, 1.0 - share, axis);
        }
        self.forget(space);
    }

    /// Gives the axis unit length and forgets what was known along the old one.
    fn forget<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.normalise(space);
        self.product_known = false;
        self.has_previous = false;
        self.phase = Phase::Idle;
        self.estimate = Estimate::UNKNOWN;
    }

    fn normalise<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (axis, scratch) = (self.axis.borrow_mut(), self.torque.borrow_mut());
        let norm = space.norm(axis);
        // A zero axis (everything frozen, or never drawn) stays zero: its curvature is then 0, converged.
        if norm > 0.0 {
            space.axpby(1.0, axis, 0.0, scratch);
            space.axpby(1.0 / norm, scratch, 0.0, axis);
        }
    }
}

/// The estimate itself.
impl<V> Dimer<V> {
    /// Starts an estimate at a new x or on a new batch: the axis is kept, its product is asked for again.
    pub fn begin<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.normalise(space);
        self.product_known = false;
        if self.settings.stale == Stale::Forget {
            self.has_previous = false;
        }
        self.estimate = Estimate { status: Status::Running, ..Estimate::UNKNOWN };
        self.allowance = self.settings.max_gradients;
        self.phase = Phase::Axis;
    }

    /// Ends the estimate where it stands: it is good enough for the caller.
    pub fn stop(&mut self) {
        if self.phase != Phase::Idle {
            self.finish(Status::Stopped);
        }
    }

    /// Lowers what this estimate may spend to `gradients`.
    pub fn limit(&mut self, gradients: u64) {
        self.allowance = self.allowance.min(gradients);
    }

    /// Goes on rotating at the same x with the same batch, with another `gradients` to spend.
    pub fn extend<S>(&mut self, space: &S, gradients: u64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.allowance = gradients;
        if self.product_known {
            self.prepare_rotation(space);
        } else {
            self.phase = Phase::Axis;
            self.estimate.status = Status::Running;
        }
    }

    /// The next question, or `None` when the estimate is finished. Asking again asks the same.
    pub fn ask<S>(&self, space: &S) -> Option<Probe<'_, S::Vector>>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let length = self.settings.length_for(space.epsilon());
        let (direction, sign) = match self.phase {
            Phase::Idle => return None,
            Phase::Axis => (&self.axis, 1.0),
            Phase::Previous => (&self.previous, 1.0),
            Phase::Torque => (&self.torque, 1.0),
            Phase::Certify => (&self.axis, -1.0),
        };
        Some(Probe::new(direction.borrow(), length, sign))
    }

    /// Takes the answer to the question last asked.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell<S>(&mut self, space: &S, answer: Answer<'_, S::Vector>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        assert!(self.phase != Phase::Idle, "tell without a question: the dimer asked nothing");
        self.estimate.gradients += answer.gradients;
        self.total_gradients += answer.gradients;
        self.allowance = self.allowance.saturating_sub(answer.gradients);
        match self.phase {
            Phase::Idle => {}
            Phase::Axis => self.tell_axis(space, answer),
            Phase::Previous => self.tell_previous(space, answer),
            Phase::Torque => self.tell_torque(space, answer),
            Phase::Certify => self.tell_certify(space, answer),
        }
    }

    /// Ends the estimate where it stands.
    fn finish(&mut self, status: Status) {
        self.estimate.status = status;
        self.phase = Phase::Idle;
    }

    fn poisoned(&mut self) {
        self.product_known = self.phase != Phase::Axis && self.product_known;
        self.has_previous = self.phase != Phase::Previous && self.has_previous;
        self.finish(Status::NonFinite);
    }

    fn tell_axis<S>(&mut self, space: &S, answer: Answer<'_, S::Vector>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let axis = self.axis.borrow();
        let (curvature, square) = answer.product_into(space, axis, self.axis_product.borrow_mut());
        // The gradient at the far end is as long as the one at x, and a product is its own error's scale.
        let scale = space.norm(answer.ahead);
        if !(curvature.is_finite() && square.is_finite() && scale.is_finite()) {
            return self.poisoned();
        }
        self.estimate.curvature = curvature;
        self.rounding = rotation::rounding_error(space.epsilon(), scale, answer.span);
        self.estimate.secant_error = self.rounding;
        self.product_known = true;
        if self.has_previous && self.allowance > 1 {
            self.orthogonalise_previous(space);
            self.phase = Phase::Previous;
        } else {
            self.has_previous = false;
            self.prepare_rotation(space);
        }
    }

    fn tell_previous<S>(&mut self, space: &S, answer: Answer<'_, S::Vector>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let previous = self.previous.borrow();
        let (along, square) =
            answer.product_into(space, previous, self.previous_product.borrow_mut());
        if !(along.is_finite() && square.is_finite()) {
            return self.poisoned();
        }
        self.prepare_rotation(space);
    }

    fn tell_certify<S>(&mut self, space: &S, answer: Answer<'_, S::Vector>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let axis = self.axis.borrow();
        let [ahead, behind] =
            space.dots([(axis, answer.ahead), (axis, answer.behind.unwrap_or(answer.ahead))]);
        let behind = if answer.behind.is_some() { behind } else { 0.0 };
        let opposite = (ahead - behind) / answer.span;
        if !opposite.is_finite() {
            return self.poisoned();
        }
        // h → −h flips the sign of the truncation error ½h⟨n, ∇³f[n,n]⟩, so half the difference is that error;
        // the whole difference also covers what rounding adds.
        self.estimate.secant_error = (self.estimate.curvature - opposite).abs().max(self.rounding);
        self.phase = Phase::Idle;
    }
}
