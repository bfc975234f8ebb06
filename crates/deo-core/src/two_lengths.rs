//! How wrong is a secant? Measured, not assumed.
//!
//! Problem: C = ⟨n, g(x + hn) − g(x)⟩/h has a truncation error that grows with h and a rounding error that grows
//! with 1/h, and one secant shows neither. Truncation needs ∇³f along n. Rounding is no fixed multiple of ε‖g‖:
//! near a stationary point ‖g‖ vanishes and the rounding of the sums behind it doesn't. So take the secant along
//! the same axis at two lengths, h and ρh; the error of the first is
//!
//! ```text
//! expected error of C  ≈ max(|C(ρh) − C(h)|, ‖Δ‖/√N) / k,     Δ = Hn(ρh) − Hn(h)
//! expected error of Hn ≈ ‖Δ‖ / k
//! error bar of C, 95 % = (2|C(ρh) − C(h)| + 2.1 t ‖Δ‖/√M) / k
//! ```
//!
//! with ρ and k such that one formula serves in both regimes; the module `dimer/errors` derives the bar, t and M ≈ N/4.
//! With e the truncation error at h and σ the standard deviation of one rounded ⟨n, g⟩:
//!
//! | rule | error at h | C(ρh) − C(h) | ρ, k | predicted / true |
//! |---|---|---|---|---|
//! | forward | e; √2 σ/h | (ρ − 1)e; √(1 + 1/ρ² + (1 − 1/ρ)²) σ/h | 2, 1 | 1; 0.87 |
//! | central | e; σ/(√2 h) | (ρ² − 1)e; √(1 + 1/ρ²) σ/(√2 h) | 3/2, 5/4 | 1; 0.96 |
//!
//! ‖Δ‖/√N is the rounding of C for a direction like any other; it is there because a single difference may vanish
//! by accident. A second length on the *same* side is asked for, not −h: where H = 0 and C is all truncation of
//! even order in h, ±h agree to the last bit and would certify a negative curvature that isn't there.
//!
//! A third length, ρ²h, tells truncation from rounding: ‖Δ‖ grows by ρ (forward) or ρ² (central) in the first
//! case and shrinks by ρ in the second, see [`TwoLengths::regime`].
//!
//! **Where it fails.** All of this supposes that h is short enough for the next order not to count. Beyond the
//! distance over which the curvature itself changes, the two secants may agree with each other and with nothing else:
//! on a char-GPT of 0.8 M parameters the error follows its prediction up to h = 3e-4 ‖x‖ and is a hundred times
//! larger at 1e-2 ‖x‖. When in doubt, let [`best_length`] choose.
//!
//! The curvature of a check at two lengths is better than that of the machine which found the axis. Products that a rotation
//! recombines carry the truncation along every direction that was probed on the way; those along sharp directions
//! can dwarf the curvature of a flat one, while a fresh secant along the axis has only its own.
//!
//! | formula | code |
//! |---|---|
//! | n, Hn(h) | `axis`, `product` |
//! | Hn at the last length, Δ | `latest`, `difference` |
//!
//! # Examples
//!
//! ```
//! use deo_core::two_lengths::{TwoLengths, TwoLengthsSettings};
//! use deo_core::{drive::Workspace, objective::{FromFn, Objective}, space::Host};
//! let space = Host::<f64>::new();
//! // f = x³/6 − x²/2: C = x − 1, and a forward secant is off by h/2.
//! let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
//!     if let Some(g) = g { g[0] = x[0] * x[0] / 2.0 - x[0] }
//!     0.0
//! });
//! let (x, mut g) = ([0.5], vec![0.0]);
//! f.value_grad(&x, &mut g);
//! let settings = TwoLengthsSettings::default();
//! let mut check = TwoLengths::new(&space, &x, settings)?;
//! check.set_axis(&space, &[1.0]);
//! let mut workspace = Workspace::new(&space, &x, settings.rule);
//! check.measure(&space, &mut f, &x, &g, &mut workspace);
//! let error = (check.curvature() + 0.5).abs();
//! assert!(error < 3.0 * check.secant_error() && check.secant_error() < 1e-6);
//! # Ok::<(), deo_core::SettingError>(())
//! ```

mod best_length;
mod protocol;
mod regime;
mod settings;

pub use best_length::{BestLength, best_length};
pub use regime::Regime;
pub use settings::TwoLengthsSettings;

use crate::estimate::Status;
use crate::probe::Length;
use crate::setting::SettingError;
use crate::space::Space;
use regime::regime;
use std::borrow::BorrowMut;

/// `factor` times as long.
fn times(factor: f64, length: Length) -> Length {
    match length {
        Length::Relative(fraction) => Length::Relative(factor * fraction),
        Length::Absolute(length) => Length::Absolute(factor * length),
    }
}

/// A measurement of C and Hn along one axis at several lengths: plain data, resumable at any answer.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TwoLengths<S: Space> {
    settings: TwoLengthsSettings,
    axis: S::Owned,
    product: S::Owned,
    latest: S::Owned,
    difference: S::Owned,
    length: Length,
    /// N, over all ranks and without frozen components.
    dimension: f64,
    /// Answers wanted, and those that came.
    lengths: u32,
    told: u32,
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    curvature: f64,
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    residual: f64,
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    secant_error: f64,
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    expected_error: f64,
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    product_error: f64,
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    growth: f64,
    /// What storing the gradients costs Hn at the first length.
    stored: f64,
    gradients: u64,
    status: Status,
}

impl<S: Space> TwoLengths<S> {
    /// A check at two lengths for vectors of the shape of `like`; its axis is zero until it is set.
    ///
    /// # Errors
    ///
    /// [`SettingError`] names a setting that is out of range.
    pub fn new(
        space: &S,
        like: &S::Vector,
        settings: TwoLengthsSettings,
    ) -> Result<Self, SettingError> {
        settings.validate()?;
        let zeros = || space.zeros_like(like);
        Ok(TwoLengths {
            length: Length::or_balanced(settings.length, settings.rule, space, like),
            settings,
            axis: zeros(),
            product: zeros(),
            latest: zeros(),
            difference: zeros(),
            dimension: space.dimension(like),
            lengths: settings.lengths(),
            told: 0,
            curvature: f64::NAN,
            residual: f64::NAN,
            secant_error: f64::NAN,
            expected_error: f64::NAN,
            product_error: f64::NAN,
            growth: f64::NAN,
            stored: 0.0,
            gradients: 0,
            status: Status::Unknown,
        })
    }

    /// Sets the axis to the direction of `v`, and asks for its curvature at every length; for v = 0 nothing, as the dimer.
    pub fn set_axis(&mut self, space: &S, v: &S::Vector) {
        let norm = space.norm(v);
        let (scale, lengths) =
            if norm > 0.0 { (1.0 / norm, self.settings.lengths()) } else { (0.0, 0) };
        space.axpby(scale, v, 0.0, self.axis.borrow_mut());
        self.begin(lengths);
    }

    /// Asks again along the same axis, at another x or batch, at the first `lengths` of h, ρh and ρ²h; nothing for 0.
    pub(crate) fn begin(&mut self, lengths: u32) {
        (self.lengths, self.told, self.gradients) = (lengths, 0, 0);
        (self.curvature, self.residual, self.growth) = (f64::NAN, f64::NAN, f64::NAN);
        (self.secant_error, self.expected_error, self.product_error) =
            (f64::NAN, f64::NAN, f64::NAN);
        self.status = if lengths == 0 { Status::Unknown } else { Status::Running };
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &TwoLengthsSettings {
        &self.settings
    }

    /// n, of unit length.
    pub fn axis(&self) -> &S::Owned {
        &self.axis
    }

    /// Hn at the first length, fresh.
    pub fn product(&self) -> &S::Owned {
        &self.product
    }

    /// C = ⟨n, Hn⟩ at the first length, NaN until it is known.
    pub fn curvature(&self) -> f64 {
        self.curvature
    }

    /// ‖Hn − Cn‖ at the first length; the true one is within [`product_error`](Self::product_error) of it.
    pub fn residual(&self) -> f64 {
        self.residual
    }

    /// The error bar of C, truncation and rounding together: it holds in 95 of 100 cases.
    pub fn secant_error(&self) -> f64 {
        self.secant_error
    }

    /// The expected error of C: max(|C(ρh) − C(h)|, ‖Δ‖/√N)/k, about one standard deviation. What a length is chosen by,
    /// and nothing to rest a claim on.
    pub fn expected_error(&self) -> f64 {
        self.expected_error
    }

    /// The expected error of Hn as a vector; a residual below it is noise, not a direction.
    pub fn product_error(&self) -> f64 {
        self.product_error
    }

    /// Which error dominates, where a third length was asked for and answered; `None` for exact products.
    pub fn regime(&self) -> Option<Regime> {
        self.growth.is_finite().then(|| regime(self.settings.rule, self.growth))
    }

    /// C is negative beyond `z` times its expected error. False while that is unknown.
    pub fn is_negative(&self, z: f64) -> bool {
        self.curvature + z * self.secant_error < 0.0
    }

    /// Gradients evaluated since the axis was set.
    pub fn gradients(&self) -> u64 {
        self.gradients
    }

    /// `Converged` once everything was answered, `NonFinite` if an answer wasn't finite.
    pub fn status(&self) -> Status {
        self.status
    }
}
