//! What kind of stationary point is this? A certificate that owes nothing to the optimizer which found it.
//!
//! Problem: an optimizer stops where the gradient is small, and a saddle's gradient is as small as a minimum's. The sign
//! of λ_min tells them apart, where it can be told: a secant has an error, and below it both signs look alike. So:
//!
//! 1. *Noise*: fourth differences of gradients (and losses) at five points of a line, so near that a smooth function has
//!    none, σ² = Σᵢ (Δ⁴g)ᵢ²/(70 N) (Moré & Wild 2011). From σ follows the length of every later probe.
//! 2. *Search*: the lowest eigenpair from several random starts by [`Krylov`](crate::krylov::Krylov), central rule, each confirmed.
//! 3. *Evidence*: the lowest C is measured afresh along its axis at four lengths, and once more at the stationary point
//!    beside x, as far as one step along g leads there. Its error is what they differ by, and the noise.
//! 4. *Index*: where C < 0, the highest curvature, and more of the lowest until one isn't negative.
//!
//! | verdict | because |
//! |---|---|
//! | [`Kind::Minimum`] | in all starts C > error + residual + noise of a product, and nothing below was missed |
//! | [`Kind::Saddle`] | C < −error along a fresh axis, and some curvature is positive beyond its error |
//! | [`Kind::Maximum`] | the highest curvature is negative as the lowest of a minimum is positive |
//! | [`Kind::Undecided`] | otherwise, with a [`Doubt`] |
//!
//! A saddle needs one direction and a minimum all of them, so the two are held to different errors: one component of a
//! product, and its norm.
//!
//! [`leave`] goes down from a point with a negative curvature.

mod leave;
mod measure;
mod noise_of;
mod settings;
#[cfg(test)]
mod tests;
mod verdict;

pub use leave::{LeaveSettings, Left, leave};
pub use settings::CertifySettings;

use crate::noise::derive;
use crate::objective::Objective;
use crate::oracle::Workspace;
use crate::probe::Rule;
use crate::setting::SettingError;
use crate::space::Space;
use measure::Certifier;
use noise_of::noise_of;
use std::borrow::{Borrow, BorrowMut};
use verdict::run;

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// Every curvature is positive beyond its error.
    Minimum,
    /// Some are negative and some are positive, beyond their errors.
    Saddle {
        /// So many are negative.
        index: usize,
        /// All others are positive: otherwise there may be more negative ones.
        exact: bool,
    },
    /// Every curvature is negative beyond its error.
    Maximum,
    /// None of these is known.
    Undecided(Doubt),
}

/// Why there is no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// The gradient is too large for a stationary point.
    NotStationary,
    /// The lowest curvature can't be told from zero.
    Flat,
    /// The lowest curvature is negative, and the highest can't be told from zero: a saddle or a maximum.
    FlatAbove,
    /// The allowed gradients were spent first, or the search could not tell that nothing was missed.
    Unresolved,
    /// A gradient wasn't finite.
    NonFinite,
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Doubt::NotStationary => "the gradient is too large for a stationary point",
            Doubt::Flat => "the lowest curvature can't be told from zero",
            Doubt::FlatAbove => {
                "the lowest curvature is negative, and the highest can't be told from zero: a saddle or a maximum"
            }
            Doubt::Unresolved => {
                "the lowest eigenpair isn't known: more gradients (max_gradients) or a function with less noise would tell"
            }
            Doubt::NonFinite => "a gradient beside the point isn't finite",
        })
    }
}

/// A verdict with the numbers that it rests on.
#[derive(Debug, Clone)]
pub struct Certified<V> {
    /// What the point is.
    pub kind: Kind,
    /// The lowest curvature, measured afresh along `axis`; NaN if it isn't known.
    pub lowest: f64,
    /// The error of `lowest`: some curvature is below `lowest + error`.
    pub error: f64,
    /// ‖Hn − Cn‖ of the lowest pair: an eigenvalue lies within it.
    pub residual: f64,
    /// The highest curvature; NaN where it wasn't asked for, which is unless `lowest` is negative.
    pub highest: f64,
    /// The unit direction of `lowest`.
    pub axis: V,
    /// A curvature smaller than this has no known sign here.
    pub resolvable: f64,
    /// f(x); NaN where the objective gives none.
    pub loss: f64,
    /// ‖g‖.
    pub gradient_norm: f64,
    /// The standard deviation of a loss; NaN where the objective gives none.
    pub loss_noise: f64,
    /// The standard deviation of a component of a gradient.
    pub gradient_noise: f64,
    /// Random starts that were run.
    pub starts: u32,
    /// Gradients that were evaluated, that at x included.
    pub gradients: u64,
}

impl<V> Certified<V> {
    /// λ_min < 0 beyond the error of this certificate, whatever else is undecided: the point can be [left](leave).
    pub fn is_negative(&self) -> bool {
        self.lowest + self.error < 0.0
    }
}

/// Certifies the point x. `axis`, if it is given, is tried as a start besides the random ones.
///
/// # Errors
///
/// [`SettingError`] names a setting that is out of range.
///
/// # Examples
///
/// ```
/// use deo_core::certify::{CertifySettings, Kind, LeaveSettings, certify, leave};
/// use deo_core::{objective::FromFn, space::Host};
/// // x₁⁴/4 − x₁²/2 + x₂²: a saddle at 0, minima at (±1, 0).
/// let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     if let Some(g) = g {
///         g.copy_from_slice(&[x[0].powi(3) - x[0], 2.0 * x[1]]);
///     }
///     x[0].powi(4) / 4.0 - x[0] * x[0] / 2.0 + x[1] * x[1]
/// });
/// let space = Host::<f64>::new();
/// let settings = CertifySettings::default();
/// let saddle = certify(&space, &mut f, &[0.0, 0.0], None, &settings)?;
/// assert_eq!(saddle.kind, Kind::Saddle { index: 1, exact: true });
/// assert!((saddle.lowest + 1.0).abs() <= saddle.error + 1e-8);
///
/// let left = leave(&space, &mut f, &[0.0, 0.0], &saddle, &LeaveSettings::default());
/// assert!(left.moved && left.loss < 0.0);
/// let minimum = certify(&space, &mut f, &[1.0, 0.0], None, &settings)?;
/// assert_eq!(minimum.kind, Kind::Minimum);
/// # Ok::<(), deo_core::SettingError>(())
/// ```
pub fn certify<S, O>(
    space: &S,
    objective: &mut O,
    x: &S::Vector,
    axis: Option<&S::Vector>,
    settings: &CertifySettings,
) -> Result<Certified<S::Owned>, SettingError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let mut g = space.zeros_like(x);
    let loss = objective.value_grad(x, g.borrow_mut());
    let gradient_norm = space.norm(g.borrow());
    let mut certified = Certified {
        kind: Kind::Undecided(Doubt::NonFinite),
        lowest: f64::NAN,
        error: f64::INFINITY,
        residual: f64::NAN,
        highest: f64::NAN,
        axis: space.zeros_like(x),
        resolvable: f64::INFINITY,
        loss,
        gradient_norm,
        loss_noise: f64::NAN,
        gradient_noise: f64::NAN,
        starts: 0,
        gradients: 1,
    };
    if !gradient_norm.is_finite() {
        return Ok(certified);
    }
    let noise = noise_of(space, objective, x, derive(settings.seed, u64::MAX));
    certified.gradients += noise.gradients;
    (certified.loss_noise, certified.gradient_noise) = (noise.loss, noise.gradient);
    if !noise.gradient.is_finite() {
        return Ok(certified);
    }
    let mut certifier = Certifier {
        space,
        objective,
        x,
        g,
        workspace: Workspace::new(space, x, Rule::Central),
        settings,
        gradients: certified.gradients,
        noise,
    };
    let kind = run(&mut certifier, &mut certified, axis);
    certified.gradients = certifier.gradients;
    certified.kind = kind?;
    Ok(certified)
}
