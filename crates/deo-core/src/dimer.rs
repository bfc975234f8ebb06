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
//! The C of the end is measured afresh along the final axis, and at a second length before it is called negative:
//! see [`Recheck`]. Noise is measured before it is called noise, and the length follows from it.
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
//! # Ok::<(), deo_core::SettingError>(())
//! ```

mod axis;
mod check;
mod curvature;
mod errors;
mod protocol;
mod resolve;
mod rotation;
mod settings;
#[cfg(test)]
mod tests;
mod units;
mod vectors;

pub use curvature::curvature;
pub use settings::{DimerSettings, Recheck, Target};

use crate::estimate::{Estimate, Status};
use crate::probe::Length;
use crate::setting::SettingError;
use crate::space::Space;

/// What the dimer is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Nothing: not begun, or finished.
    Idle,
    /// H times the axis.
    Axis,
    /// H times the torque direction.
    Torque,
    /// H times the final axis, instead of a recombined product.
    Check,
    /// H times the axis again, at another length.
    Recheck,
    /// H times the axis at a longer length: is the residual noise?
    Measure,
    /// H times the axis at ever shorter lengths, because two of them disagree about C.
    Refine,
}

/// A dimer over the vectors of a space `S`: an axis, its estimate and what the next rotation needs.
///
/// It holds five vectors and is plain data: clone it, serialise it, resume it in mid-rotation. −n is the
/// same axis as n; nothing it reports depends on the sign.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dimer<S: Space> {
    settings: DimerSettings,
    length: Length,
    /// Products are stored over this power of two: 1, unless their squares would leave the range of numbers.
    unit: f64,
    /// √N: the error of C is that of one component of Hn.
    root_dimension: f64,
    axis: S::Owned,
    axis_product: S::Owned,
    previous: S::Owned,
    previous_product: S::Owned,
    torque: S::Owned,
    /// `axis_product` is H times `axis` at the x and batch of the last [`Dimer::begin`].
    product_known: bool,
    /// `previous` holds a direction.
    has_previous: bool,
    phase: Phase,
    estimate: Estimate,
    /// The rounding of a product as a vector: assumed from the last axis probe, or measured.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    rounding: f64,
    /// The same at the first length, measured; NaN until it is.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    noise: f64,
    /// The last verdict of noise rested on an assumed rounding.
    suspected: bool,
    /// The longest dimer that may be used, in units of `length`; below 1 one that has to be.
    factor: f64,
    /// That at which `axis_product` was measured.
    at: f64,
    /// ‖Hn − Hn at the length before‖ while lengths are tried, and how many were.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    change: f64,
    tries: u32,
    /// The last length of *Refine*.
    shortest: f64,
    /// The truncation of Hn and of Hp as vectors, as far as the asymmetries of the rotations show it.
    axis_error: f64,
    previous_error: f64,
    /// The largest asymmetry since C was last measured along an axis.
    asymmetry: f64,
    /// C as last measured along an axis.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    measured: f64,
    /// The Ritz value next to C, the nearest to that end of the spectrum that was seen at this x.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    second: f64,
    /// Some answer was a secant: exact products need no check.
    secants: bool,
    /// How the estimate ends once it is checked, and ‖r‖ at the last check that it failed.
    ending: Status,
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    failed: f64,
    /// Gradients that this estimate may still spend.
    allowance: u64,
    total_gradients: u64,
}

impl<S: Space> Dimer<S> {
    /// A dimer for vectors of the shape of `like`; its axis is zero until it is drawn or set.
    ///
    /// # Errors
    ///
    /// [`SettingError`] names a setting that is out of range.
    pub fn new(space: &S, like: &S::Vector, settings: DimerSettings) -> Result<Self, SettingError> {
        settings.validate()?;
        let zeros = || space.zeros_like(like);
        Ok(Dimer {
            length: Length::or_balanced(settings.length, settings.rule, space, like),
            root_dimension: space.dimension(like).max(1.0).sqrt(),
            settings,
            unit: 1.0,
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
            noise: f64::NAN,
            suspected: false,
            factor: 1.0,
            at: 1.0,
            change: f64::NAN,
            tries: 0,
            shortest: 1.0,
            axis_error: 0.0,
            previous_error: 0.0,
            asymmetry: 0.0,
            measured: f64::NAN,
            second: f64::NAN,
            secants: false,
            ending: Status::Unknown,
            failed: f64::NAN,
            allowance: 0,
            total_gradients: 0,
        })
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &DimerSettings {
        &self.settings
    }

    /// The axis n, of unit length once it was drawn or set.
    pub fn axis(&self) -> &S::Owned {
        &self.axis
    }

    /// The axis, kept when the dimer goes.
    pub fn into_axis(self) -> S::Owned {
        self.axis
    }

    /// Whether this can be a later state of `new`: made with the same settings, for vectors that `same_shape` finds alike.
    ///
    /// For a state that was read from a file, which can be anything: one that fits lets no later step panic.
    pub fn continues(&self, new: &Self, same_shape: impl Fn(&S::Owned, &S::Owned) -> bool) -> bool {
        let vectors = [
            (&self.axis, &new.axis),
            (&self.axis_product, &new.axis_product),
            (&self.previous, &new.previous),
            (&self.previous_product, &new.previous_product),
            (&self.torque, &new.torque),
        ];
        self.settings == new.settings
            && self.length == new.length
            && self.root_dimension == new.root_dimension
            && vectors.into_iter().all(|(here, there)| same_shape(here, there))
    }

    /// Hn as last measured, up to the secant error, and over a power of two where its square is no number. Its old content
    /// after [`Dimer::begin`].
    pub fn axis_product(&self) -> &S::Owned {
        &self.axis_product
    }

    /// The estimate as it stands.
    pub fn estimate(&self) -> Estimate {
        let Estimate { curvature, residual, secant_error, gap, .. } = self.estimate;
        Estimate {
            curvature: self.unit * curvature,
            residual: self.unit * residual,
            secant_error: self.unit * secant_error,
            gap: gap.map(|gap| self.unit * gap),
            ..self.estimate
        }
    }

    /// Gradients evaluated over the life of this dimer.
    pub fn total_gradients(&self) -> u64 {
        self.total_gradients
    }
}
