//! The intrinsic reaction coordinate: the steepest way down from a saddle.
//!
//! Problem: which minima a saddle joins, and along which way, is what a reaction's mechanism means. A minimiser that
//! begins beside the saddle ends in a minimum but takes short cuts; the *path of steepest descent* in mass-weighted
//! coordinates is the same for everybody (Fukui 1970),
//!
//! dx/ds = −g/‖g‖, s the arc length, beginning at the saddle along ±v, v the mode of negative curvature.
//!
//! That is a stiff equation: in a valley Euler's method zigzags between the walls unless its steps are tiny. Gonzalez and
//! Schlegel (J. Chem. Phys. 90, 2154 (1989); J. Phys. Chem. 94, 5523 (1990)) make each step an arc of a circle that is
//! tangent to the path at both ends, which is exact to second order in the step and needs no Hessian:
//!
//! | | code |
//! |---|---|
//! | 1: the pivot p = x − ½Δ g/‖g‖; at the saddle p = x ± ½Δ v | `pivot` |
//! | 2: the next point minimises f on the sphere ‖x′ − p‖ = ½Δ, where g ∥ x′ − p | [`Sphere`](sphere::Sphere) |
//! | 3: the arc between both, of tangents that enclose θ, is Δ (θ/2)/tan(θ/2) long | `arc` |
//!
//! The minimum of 2 is sought by Newton's method in the tangent plane, with a Hessian that is given or learned along the
//! path by Bofill's update (J. Comput. Chem. 15, 1 (1994)); a gradient or two a step are usual.
//!
//! Departures: 2 ends where the gradient leaves the radius by less than an angle, not at lengths and forces, so that the
//! accuracy doesn't depend on the scale of the function; and it begins at the minimum that the learned Hessian foretells.
//!
//! The path belongs to the inner product. Masses: hand over coordinates √m x and gradients g/√m, as
//! [`MassWeighted`](deo_core::space::MassWeighted) makes them. Motions of the whole need no space that leaves them out: the
//! gradient has no part along them anywhere, and so neither has the path.

mod branch;
mod learned;
mod settings;
mod sphere;

pub use branch::{IrcBranch, IrcEnd, IrcPoint, IrcWatch};
pub use settings::IrcSettings;

use super::drive::{DriveError, TryError, unstopped};
use super::learned::{dot, norm};
use deo_core::objective::Objective;
use deo_core::oracle::Oracle;
use learned::Bofill;
use sphere::Sphere;

/// Follows the path of steepest descent from the saddle `x`, to the side of +`axis`, its mode of negative curvature.
///
/// # Errors
///
/// [`DriveError`] names a setting that is out of range.
///
/// # Examples
///
/// ```
/// use deo_core::objective::FromFn;
/// use deo_saddle::{IrcSettings, irc};
/// // (x² − 1)² + 2y²: from the saddle at 0 along x to the minimum at 1.
/// let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     if let Some(g) = g {
///         g.copy_from_slice(&[4.0 * x[0] * (x[0] * x[0] - 1.0), 4.0 * x[1]]);
///     }
///     (x[0] * x[0] - 1.0).powi(2) + 2.0 * x[1] * x[1]
/// });
/// let path = irc(&mut f, &[0.0, 0.0], &[1.0, 0.0], &IrcSettings::default())?;
/// let last = path.points.last().unwrap();
/// // The bottom is not farther than a step, 0.1.
/// assert!(path.end.is_bottom() && (last.x[0] - 1.0).abs() < 0.11 && (last.arc - 1.0).abs() < 0.11);
/// # Ok::<(), deo_saddle::DriveError>(())
/// ```
///
/// # Panics
///
/// If `axis` isn't as long as `x`, or is zero.
pub fn irc<O: Objective<[f64]> + ?Sized>(
    objective: &mut O,
    x: &[f64],
    axis: &[f64],
    settings: &IrcSettings,
) -> Result<IrcBranch, DriveError> {
    unstopped(try_irc(objective, x, axis, settings, &mut IrcWatch::default()))
}

/// The same with an oracle that may stop, and with what `watch` has.
///
/// # Errors
///
/// [`TryError`]: a setting that is out of range, or what the oracle stopped by.
///
/// # Panics
///
/// If `axis` or a row of the Hessian isn't as long as `x`, or `axis` is zero.
pub fn try_irc<O: Oracle<[f64]> + ?Sized>(
    oracle: &mut O,
    x: &[f64],
    axis: &[f64],
    settings: &IrcSettings,
    watch: &mut IrcWatch<'_>,
) -> Result<IrcBranch, TryError<O::Stop>> {
    let n = x.len();
    assert_eq!(axis.len(), n, "components of the axis, and coordinates");
    settings.check(n)?;
    let length = norm(axis);
    assert!(length > 0.0, "the axis is zero");
    let mut g = vec![0.0; n];
    let value = oracle.try_value_grad(x, &mut g).map_err(TryError::Stopped)?;
    let mut path = Path { settings, watch, gradients: 1, points: vec![] };
    path.add(x, 0.0, value, &g);
    if !is_finite(value, &g) {
        return Ok(path.end(IrcEnd::NonFinite));
    }
    let mut hessian = path.watch.hessian.map(|given| Bofill::given(n, given));
    let mut downhill: Vec<f64> = axis.iter().map(|a| a / length).collect();
    let (mut x, mut value) = (x.to_vec(), value);
    loop {
        let pivot = ahead(&x, &downhill, 0.5 * settings.step);
        let mut sphere = Sphere::new(&pivot, 0.5 * settings.step, &downhill);
        let known = hessian.take();
        let found =
            path.minimise(oracle, &mut sphere, known, (&x, &g)).map_err(TryError::Stopped)?;
        let (next, next_g, next_value) = match found {
            Minimum::Found(minimum) => (minimum.x, minimum.g, {
                hessian = Some(minimum.hessian);
                minimum.value
            }),
            Minimum::None(end) => return Ok(path.end(end)),
        };
        let step: Vec<f64> = next.iter().zip(&x).map(|(a, b)| a - b).collect();
        // A gradient along the step, or a value above the last one.
        if dot(&next_g, &step) >= 0.0 || next_value > value {
            let above = path.is_at_saddle() && next_value > value;
            return Ok(path.end(if above { IrcEnd::Uphill } else { IrcEnd::Bottom }));
        }
        let slope = norm(&next_g);
        let next_downhill: Vec<f64> = next_g.iter().map(|g| -g / slope).collect();
        let arc = path.arc() + arc(settings.step, dot(&downhill, &next_downhill));
        let last = path.points.last().map_or(f64::INFINITY, |point| point.size);
        let size = path.add(&next, arc, next_value, &next_g);
        // Beside a flat saddle it is small, too, and grows.
        if size <= settings.tolerance && size < last && path.points.len() > 2 {
            return Ok(path.end(IrcEnd::Flat));
        }
        if path.points.len() >= settings.max_points {
            return Ok(path.end(IrcEnd::Points));
        }
        (x, g, value, downhill) = (next, next_g, next_value, next_downhill);
    }
}

/// A path that is being made.
struct Path<'a, 'b, 'c> {
    settings: &'a IrcSettings,
    watch: &'b mut IrcWatch<'c>,
    gradients: u64,
    points: Vec<IrcPoint>,
}

/// A minimum on the sphere.
struct Found {
    x: Vec<f64>,
    g: Vec<f64>,
    value: f64,
    hessian: Bofill,
}

enum Minimum {
    Found(Found),
    None(IrcEnd),
}

/// Gradients that a sphere may take: with any Hessian that is learned three or four are usual, and what hasn't converged
/// by then is on a kink of the function, and as good as it gets.
const TRIES: usize = 12;

/// Those after which a point that is still uphill outwards is taken for one beyond the bottom.
const BEYOND: usize = 3;

impl Path<'_, '_, '_> {
    fn add(&mut self, x: &[f64], arc: f64, value: f64, g: &[f64]) -> f64 {
        let size = self.watch.size.map_or_else(|| norm(g), |size| size(g));
        let point = IrcPoint { x: x.to_vec(), arc, value, size, gradients: self.gradients };
        if let Some(observe) = &mut self.watch.observe {
            observe(&point);
        }
        self.points.push(point);
        size
    }

    fn arc(&self) -> f64 {
        self.points.last().map_or(0.0, |point| point.arc)
    }

    fn is_at_saddle(&self) -> bool {
        self.points.len() == 1
    }

    fn end(self, end: IrcEnd) -> IrcBranch {
        IrcBranch { points: self.points, end, gradients: self.gradients }
    }

    fn is_minimum(&self, sphere: &Sphere, g: &[f64]) -> bool {
        let across = sphere.across(g);
        across <= self.settings.noise || across <= self.settings.angle * norm(g)
    }

    /// The minimum on the sphere; `from` are the point before and its gradient.
    fn minimise<O: Oracle<[f64]> + ?Sized>(
        &mut self,
        oracle: &mut O,
        sphere: &mut Sphere,
        known: Option<Bofill>,
        from: (&[f64], &[f64]),
    ) -> Result<Minimum, O::Stop> {
        let n = from.0.len();
        let (mut last_x, mut last_g) = (from.0.to_vec(), from.1.to_vec());
        if let Some(hessian) = &known {
            sphere.foretell(&last_x, &last_g, hessian);
        }
        let mut hessian = known;
        let mut g = vec![0.0; n];
        for attempt in 1.. {
            if self.gradients >= self.settings.max_gradients {
                return Ok(Minimum::None(IrcEnd::Budget));
            }
            let x = sphere.point();
            let value = oracle.try_value_grad(&x, &mut g)?;
            self.gradients += 1;
            if !is_finite(value, &g) {
                return Ok(Minimum::None(IrcEnd::NonFinite));
            }
            let mut learned = match hessian.take() {
                Some(hessian) => hessian,
                None => Bofill::scalar(&last_x, &last_g, &x, &g),
            };
            learned.learn(&last_x, &last_g, &x, &g);
            // Beside the saddle it is uphill where the axis has a part along a stiff mode, and the sphere's minimum isn't.
            let beyond = attempt >= BEYOND && !self.is_at_saddle() && sphere.is_uphill(&g);
            if beyond || attempt >= TRIES || self.is_minimum(sphere, &g) {
                return Ok(Minimum::Found(Found { x, g, value, hessian: learned }));
            }
            sphere.step(&g, &learned);
            hessian = Some(learned);
            last_x = x;
            last_g.copy_from_slice(&g);
        }
        unreachable!("the tries end")
    }
}

fn ahead(x: &[f64], direction: &[f64], length: f64) -> Vec<f64> {
    x.iter().zip(direction).map(|(x, d)| x + length * d).collect()
}

fn is_finite(value: f64, g: &[f64]) -> bool {
    value.is_finite() && g.iter().all(|g| g.is_finite())
}

/// Δ (θ/2)/tan(θ/2) for tangents of that cosine.
fn arc(step: f64, cosine: f64) -> f64 {
    let half = 0.5 * cosine.clamp(-1.0, 1.0).acos();
    // The limit at 0; below that angle the difference from 1 is less than rounding.
    if half < 1e-8 { step } else { step * half / half.tan() }
}
