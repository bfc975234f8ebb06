//! What kind of stationary point is this? A certificate that owes nothing to the optimizer which found it.
//!
//! Problem: an optimizer stops where the gradient is small, and a saddle's gradient is as small as a minimum's. The sign
//! of λ_min tells them apart, where it can be told: a secant has an error, and below it both signs look alike. So:
//!
//! 1. *Noise*: fourth differences of gradients (and losses) at five points of a line, so near that a smooth function has
//!    none, σ² = Σᵢ (Δ⁴g)ᵢ²/(70 N) (Moré & Wild 2011). From σ follows the length of every later probe.
//! 2. *Search*: the lowest eigenpair from several random starts by [`Krylov`], central rule, each confirmed.
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
mod noise_of;
mod settings;
#[cfg(test)]
mod tests;

pub use leave::{LeaveSettings, Left, leave};
pub use settings::CertifySettings;

use crate::estimate::{Estimate, Status};
use crate::krylov::{Krylov, KrylovError, KrylovSettings, Which};
use crate::noise::derive;
use crate::objective::Objective;
use crate::oracle::Workspace;
use crate::probe::{Length, Rule};
use crate::space::Space;
use noise_of::{Noise, noise_of};
use std::borrow::{Borrow, BorrowMut};

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

/// Standard deviations of noise that a sign must exceed.
const SURE: f64 = 4.0;

/// Lengths at which the lowest curvature is measured afresh, in units of that of the search.
const LENGTHS: [f64; 4] = [0.25, 1.0, 4.0, 16.0];

/// The stationary point is sought no further than this, in units of max(‖x‖, 1).
const NEAR: f64 = 0.1;

/// Where one search for the lowest pairs ended.
struct Search<S: Space> {
    krylov: Krylov<S>,
    /// What a residual or a curvature may be off by, beyond its own error.
    floor: f64,
}

impl<S: Space> Search<S> {
    fn known(&self) -> impl Iterator<Item = &Estimate> {
        // In a space of few dimensions there are fewer pairs than were asked for.
        self.krylov.estimates().iter().filter(|e| e.curvature.is_finite())
    }

    fn bound(&self, e: &Estimate) -> f64 {
        e.secant_error.abs() + e.residual + self.floor
    }

    fn is_closed(&self) -> bool {
        self.known().all(|e| e.status.is_final()) && self.krylov.is_confirmed()
    }

    fn is_poisoned(&self) -> bool {
        self.krylov.status() == Status::NonFinite
    }
}

/// The objective with what every stage needs.
struct Certifier<'a, S: Space, O: ?Sized> {
    space: &'a S,
    objective: &'a mut O,
    x: &'a S::Vector,
    g: S::Owned,
    workspace: Workspace<S>,
    settings: &'a CertifySettings,
    noise: Noise,
    gradients: u64,
}

impl<S: Space, O: Objective<S::Vector> + ?Sized> Certifier<'_, S, O> {
    /// Gradients left for one of `shares` equal parts of what is left.
    fn allowance(&self, shares: u64) -> u64 {
        (self.settings.max_gradients.saturating_sub(self.gradients) / shares.max(1)).max(1)
    }

    fn search(
        &mut self,
        which: Which,
        count: usize,
        confirm: bool,
        axes: &[&S::Vector],
        seed: u64,
        allowance: u64,
    ) -> Result<Search<S>, KrylovError> {
        let floor = self.noise.of_product();
        let settings = KrylovSettings {
            count,
            which,
            memory: self.settings.memory.max(4 * count + 2),
            rule: Rule::Central,
            length: Some(Length::Absolute(self.noise.length)),
            tolerance: self.settings.tolerance,
            floor: floor / self.settings.tolerance.max(1e-3),
            confirm,
            cutoff: Some(0.0),
            max_gradients: allowance,
        };
        let mut krylov = Krylov::new(self.space, self.x, settings)?;
        if axes.is_empty() {
            krylov.draw(self.space, seed);
        } else {
            krylov.start_from(self.space, axes, seed);
        }
        let (space, x, g) = (self.space, self.x, self.g.borrow());
        self.workspace.answer_all(&mut krylov, space, self.objective, x, g);
        self.gradients += krylov.gradients();
        Ok(Search { krylov, floor })
    }

    /// C along n at y by the central rule at length h; `there` and `g` are scratch.
    fn along(&mut self, n: &S::Vector, y: &S::Vector, h: f64, scratch: [&mut S::Vector; 2]) -> f64 {
        let (space, [there, g]) = (self.space, scratch);
        let ahead = space.displace(h, n, y, there);
        self.objective.value_grad(there, g);
        let slope = space.dot(n, g);
        let behind = -space.displace(-h, n, y, there);
        self.objective.value_grad(there, g);
        self.gradients += 2;
        (slope - space.dot(n, g)) / (ahead + behind)
    }

    /// C along n afresh, at several lengths, and its error: the best of them.
    fn measure(&mut self, n: &S::Vector, gradient_norm: f64) -> (f64, f64) {
        let (space, x) = (self.space, self.x);
        let mut there = space.zeros_like(x);
        let mut g = space.zeros_like(x);
        let (mut best, mut length) = ((f64::NAN, f64::INFINITY), self.noise.length);
        let mut before: Option<f64> = None;
        for factor in LENGTHS {
            let h = factor * self.noise.length;
            let c = self.along(n, x, h, [there.borrow_mut(), g.borrow_mut()]);
            // Truncation grows with the square of the length, or with the length where f is rough: the change from a
            // quarter of it is at least half of all.
            if let Some(then) = before {
                let error = 2.0 * (c - then).abs() + SURE * self.noise.of_curvature(h);
                if error < best.1 {
                    (best, length) = ((c, error), h);
                }
            }
            if !c.is_finite() {
                return (f64::NAN, f64::INFINITY);
            }
            before = Some(c);
        }
        if gradient_norm <= SURE * self.noise.gradient * self.noise.root_dimension {
            return best;
        }
        let change = self.change_to_the_stationary_point(n, length, best.0, gradient_norm);
        (best.0, best.1 + 2.0 * change)
    }

    /// How much C along n changes from x to the stationary point beside it: by the step to the minimum along g.
    ///
    /// The certificate is about that point, and x is only near it. Where f hardly changes along n, as in a valley with a
    /// level floor, C at x is a small multiple of the gradient, of either sign.
    fn change_to_the_stationary_point(
        &mut self,
        n: &S::Vector,
        h: f64,
        c: f64,
        gradient_norm: f64,
    ) -> f64 {
        let (space, x) = (self.space, self.x);
        let mut down = space.zeros_like(x);
        let (mut y, mut there, mut g) =
            (space.zeros_like(x), space.zeros_like(x), space.zeros_like(x));
        space.axpby(-1.0 / gradient_norm, self.g.borrow(), 0.0, down.borrow_mut());
        let q = self.along(down.borrow(), x, h, [there.borrow_mut(), g.borrow_mut()]).abs();
        let step = (gradient_norm / q).min(NEAR * space.norm(x).max(1.0));
        space.displace(step, down.borrow(), x, y.borrow_mut());
        let moved = self.along(n, y.borrow(), h, [there.borrow_mut(), g.borrow_mut()]);
        (moved - c).abs()
    }
}

/// Certifies the point x. `axis`, if it is given, is tried as a start besides the random ones.
///
/// # Errors
///
/// [`KrylovError`] names a setting that is out of range.
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
/// # Ok::<(), deo_core::krylov::KrylovError>(())
/// ```
pub fn certify<S, O>(
    space: &S,
    objective: &mut O,
    x: &S::Vector,
    axis: Option<&S::Vector>,
    settings: &CertifySettings,
) -> Result<Certified<S::Owned>, KrylovError>
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

fn run<S, O>(
    certifier: &mut Certifier<'_, S, O>,
    certified: &mut Certified<S::Owned>,
    axis: Option<&S::Vector>,
) -> Result<Kind, KrylovError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let (space, settings) = (certifier.space, certifier.settings);
    let starts = settings.starts.max(1);
    let mut closed = true;
    let mut lowest: Option<Search<S>> = None;
    let mut bound: f64 = 0.0;
    for start in 0..starts {
        // The index needs about as much as two starts.
        let allowance = certifier.allowance(u64::from(starts - start) + 2);
        let seed = derive(settings.seed, u64::from(start));
        let first = axis.filter(|_| start == 0);
        let axes: Vec<&S::Vector> = first.into_iter().collect();
        let search = certifier.search(Which::Lowest, 1, true, &axes, seed, allowance)?;
        certified.starts += 1;
        if search.is_poisoned() {
            return Ok(Kind::Undecided(Doubt::NonFinite));
        }
        closed &= search.is_closed();
        let Some(e) = search.known().next().copied() else {
            closed = false;
            continue;
        };
        bound = bound.max(search.bound(&e));
        let lower = lowest.as_ref().and_then(|l| l.known().next()).map(|e| e.curvature);
        if lower.is_none_or(|lower| e.curvature < lower) {
            lowest = Some(search);
        }
        // More starts can't make a negative curvature positive.
        if e.curvature < -bound {
            break;
        }
    }
    let Some(search) = lowest else { return Ok(Kind::Undecided(Doubt::Unresolved)) };
    let pair = *search.known().next().expect("the lowest of the starts has a pair");
    space.axpby(1.0, search.krylov.axis(0).borrow(), 0.0, certified.axis.borrow_mut());
    (certified.lowest, certified.error) =
        certifier.measure(certified.axis.borrow(), certified.gradient_norm);
    certified.residual = pair.residual;
    if !certified.lowest.is_finite() {
        return Ok(Kind::Undecided(Doubt::NonFinite));
    }
    // A minimum needs the sign of every curvature: the residual is that of the worst start.
    certified.resolvable = bound + certified.error;
    if certified.is_negative() {
        return below(certifier, certified);
    }
    let largest = certifier.noise.curvature.max(certified.lowest.abs());
    Ok(if certified.lowest.min(pair.curvature) <= certified.resolvable {
        Kind::Undecided(if closed { Doubt::Flat } else { Doubt::Unresolved })
    } else if !closed {
        Kind::Undecided(Doubt::Unresolved)
    } else if !certifier.is_stationary(certified.gradient_norm, largest) {
        Kind::Undecided(Doubt::NotStationary)
    } else {
        Kind::Minimum
    })
}

impl<S: Space, O: Objective<S::Vector> + ?Sized> Certifier<'_, S, O> {
    fn is_stationary(&self, gradient_norm: f64, curvature: f64) -> bool {
        let allowed = self.settings.max_gradient.unwrap_or_else(|| {
            // A Newton step along a typical curvature that is a small share of x.
            self.settings.stationary * curvature * self.space.norm(self.x).max(1.0)
        });
        // Noise of the gradient can't be taken for a gradient.
        gradient_norm <= allowed + SURE * self.noise.gradient * self.noise.root_dimension
    }
}

/// The kind of a point whose lowest curvature is negative.
fn below<S, O>(
    certifier: &mut Certifier<'_, S, O>,
    certified: &mut Certified<S::Owned>,
) -> Result<Kind, KrylovError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let (space, settings) = (certifier.space, certifier.settings);
    let dimension = space.dimension(certifier.x);
    let seed = derive(settings.seed, 1 << 32);
    let allowance = certifier.allowance(4);
    let mut top = certifier.search(Which::Highest, 1, false, &[], seed, allowance)?;
    let above = |top: &Search<S>| {
        top.known().next().map(|e| (e.curvature, e.secant_error.abs() + top.floor, top.bound(e)))
    };
    let Some((mut highest, mut error, _)) = above(&top) else {
        return Ok(Kind::Undecided(if top.is_poisoned() {
            Doubt::NonFinite
        } else {
            Doubt::FlatAbove
        }));
    };
    if highest < -error {
        let allowance = certifier.allowance(2);
        top = certifier.search(Which::Highest, 1, true, &[], seed, allowance)?;
        let Some((c, e, bound)) = above(&top) else {
            return Ok(Kind::Undecided(Doubt::FlatAbove));
        };
        (highest, error) = (c, e);
        if c < -bound && top.is_closed() {
            certified.highest = highest;
            let largest = certifier.noise.curvature.max(certified.lowest.abs());
            let stationary = certifier.is_stationary(certified.gradient_norm, largest);
            return Ok(if stationary {
                Kind::Maximum
            } else {
                Kind::Undecided(Doubt::NotStationary)
            });
        }
    }
    certified.highest = highest;
    let largest = highest.max(certified.lowest.abs());
    if !certifier.is_stationary(certified.gradient_norm, largest) {
        return Ok(Kind::Undecided(Doubt::NotStationary));
    }
    if highest <= error {
        return Ok(Kind::Undecided(Doubt::FlatAbove));
    }
    let (mut index, mut exact) = (1, false);
    let mut axes = vec![space.zeros_like(certifier.x)];
    space.axpby(1.0, certified.axis.borrow(), 0.0, axes[0].borrow_mut());
    let most = settings.max_index.max(1) + 1;
    let mut count = 2;
    // With one dimension there is nothing else to be negative.
    while !exact && dimension >= 2.0 {
        count = count.min(most);
        let allowance = certifier.allowance(if count == most { 1 } else { 2 });
        let known: Vec<&S::Vector> = axes.iter().map(|axis| axis.borrow()).collect();
        let search = certifier.search(Which::Lowest, count, true, &known, seed, allowance)?;
        let negative = search.known().filter(|e| e.curvature < -search.bound(e)).count();
        index = index.max(negative);
        // All others of this list, and what lies beyond it, are positive.
        exact = search.is_closed()
            && (negative < count && search.known().count() > negative)
            && search.known().skip(negative).all(|e| e.curvature > search.bound(e));
        if exact
            || negative < count
            || count == most
            || certifier.gradients >= settings.max_gradients
        {
            break;
        }
        axes = (0..negative)
            .map(|i| {
                let mut copy = space.zeros_like(certifier.x);
                space.axpby(1.0, search.krylov.axis(i).borrow(), 0.0, copy.borrow_mut());
                copy
            })
            .collect();
        count *= 2;
    }
    Ok(Kind::Saddle { index, exact })
}
