//! Drivers: searches and verification with an [`Objective`] to ask.
//!
//! [`search`] searches, [`find`] searches and verifies. The space is a function of the point, `|x| FreeBody::new(x)`
//! or `|_| Host::new()`, because the rigid motions of a free body depend on it. [`in_parallel`] runs many searches on
//! a few threads.

mod error;
mod found;
mod method;
mod parallel;
mod symmetry;
mod watch;

pub use error::{DriveError, TryError};
pub use found::{Found, Saddle};
pub use method::Method;
pub use parallel::in_parallel;
pub use watch::{Observer, Step, Watch};

use super::copied;
use super::model::NoModel;
use super::outcome::Outcome;
use super::settings::SearchError;
use super::verify::{Verdict, Verification, VerificationSettings};
use super::{MinModeSearch, NewtonSearch};
use deo_core::objective::Objective;
use deo_core::oracle::Oracle;
use deo_core::space::Space;
use std::borrow::{Borrow, BorrowMut};
use std::convert::Infallible;
use symmetry::Symmetry;

/// The result of an oracle that doesn't stop.
pub(super) fn unstopped<T>(result: Result<T, TryError<Infallible>>) -> Result<T, DriveError> {
    result.map_err(|error| match error {
        TryError::Drive(error) => error,
        TryError::Stopped(never) => match never {},
    })
}

/// Runs a search to its end, from `x` and, if it is given, with `axis` as the first guess across the saddle.
///
/// # Errors
///
/// [`SearchError`] names a setting that is out of range.
pub fn search<S, O>(
    space: &S,
    objective: &mut O,
    x: &S::Vector,
    axis: Option<&S::Vector>,
    method: &Method,
) -> Result<Found<S::Owned>, SearchError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    match unstopped(try_search(space, objective, x, axis, method, &mut Watch::nobody())) {
        Ok(found) => Ok(found),
        Err(DriveError::Search(error)) => Err(error),
        Err(DriveError::Verification(_)) => unreachable!("nothing is verified"),
    }
}

/// Answers a search, which is of either type: they have the same methods, but for those that are given here as closures.
macro_rules! run_to_its_end {
    (
        $search:expr, [$space:ident, $oracle:ident, $axis:ident, $watch:ident, $x:ident],
        $tell:expr, $curvature:expr, $hessian:expr
    ) => {{
        let mut g = $space.zeros_like($x);
        let mut search = $search;
        if let Some(axis) = $axis {
            search = search.with_axis($space, axis);
        }
        while let Some(point) = search.ask() {
            let value = $oracle
                .try_value_grad(point.borrow(), g.borrow_mut())
                .map_err(TryError::Stopped)?;
            let steps = search.counts().steps;
            let size = $watch.size.map(|size| size(g.borrow()));
            $tell(&mut search, value, g.borrow(), size);
            if let Some(observe) = &mut $watch.observe
                && search.counts().steps > steps
            {
                observe(&Step {
                    x: search.x().borrow(),
                    value: search.value(),
                    size: search.size(),
                    curvature: if steps == 0 { f64::NAN } else { $curvature(&search) },
                    radius: search.radius(),
                    counts: search.counts(),
                });
            }
        }
        Ok(Found {
            outcome: search.outcome(),
            x: copied($space, search.x().borrow()),
            value: search.value(),
            gradient_norm: search.gradient_norm(),
            counts: search.counts(),
            hessian: $hessian(&search),
            way: search.into_way(),
        })
    }};
}

/// The same with an oracle that may stop, and looked on by `watch`.
///
/// # Errors
///
/// [`TryError`]: a setting that is out of range, or what the oracle stopped by.
pub fn try_search<S, O>(
    space: &S,
    oracle: &mut O,
    x: &S::Vector,
    axis: Option<&S::Vector>,
    method: &Method,
    watch: &mut Watch<'_, S::Vector>,
) -> Result<Found<S::Owned>, TryError<O::Stop>>
where
    S: Space,
    O: Oracle<S::Vector> + ?Sized,
{
    match method.resolved(space, x) {
        Method::Newton(settings) => run_to_its_end!(
            NewtonSearch::new(space, x, settings)?,
            [space, oracle, axis, watch, x],
            |search: &mut NewtonSearch<_>, value, g, size| match &mut watch.model {
                Some(model) => search.take(space, value, g, size, *model),
                None => search.take(space, value, g, size, &mut NoModel),
            },
            |search: &NewtonSearch<_>| search.curvatures().first().copied().unwrap_or(f64::NAN),
            |search: &NewtonSearch<_>| Some(search.hessian(space))
        ),
        Method::MinMode(settings) => run_to_its_end!(
            MinModeSearch::new(space, x, settings)?,
            [space, oracle, axis, watch, x],
            |search: &mut MinModeSearch<_>, value, g, size: Option<f64>| match size {
                Some(size) => search.tell_sized(space, value, g, size),
                None => search.tell(space, value, g),
            },
            |search: &MinModeSearch<_>| match settings.goal.index {
                0 => f64::NAN,
                _ => search.curvature(0),
            },
            |_: &MinModeSearch<_>| None
        ),
        Method::Auto(_) => unreachable!("resolved"),
    }
}

/// Searches from `x`, and verifies what was found.
///
/// The index expected by `verification` is replaced by the one that `method` seeks.
///
/// # Errors
///
/// [`DriveError`] names a setting that is out of range.
///
/// # Examples
///
/// ```
/// use deo_core::objective::FromFn;
/// use deo_saddle::{Method, find};
/// use deo_core::space::Host;
/// // (x² − 1)² + 2y²: the saddle at 0 between two minima.
/// let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     if let Some(g) = g {
///         g.copy_from_slice(&[4.0 * x[0] * (x[0] * x[0] - 1.0), 4.0 * x[1]]);
///     }
///     (x[0] * x[0] - 1.0).powi(2) + 2.0 * x[1] * x[1]
/// });
/// let space_at = |_: &[f64]| Host::<f64>::new();
/// let method = Method::default();
/// let saddle = find(space_at, &mut f, &[0.8, 0.3], None, &method, &Default::default())?;
/// assert!(saddle.is_confirmed());
/// assert!((saddle.curvatures[0] + 4.0).abs() < 1e-3 && (saddle.curvatures[1] - 4.0).abs() < 1e-3);
/// # Ok::<(), deo_saddle::DriveError>(())
/// ```
pub fn find<S, O>(
    space_at: impl Fn(&S::Vector) -> S,
    objective: &mut O,
    x: &S::Vector,
    axis: Option<&S::Vector>,
    method: &Method,
    verification: &VerificationSettings,
) -> Result<Saddle<S::Owned>, DriveError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let watch = &mut Watch::nobody();
    unstopped(try_find(space_at, objective, x, axis, method, verification, watch))
}

/// The same with an oracle that may stop, and looked on by `watch`, which the verification makes no use of.
///
/// # Errors
///
/// [`TryError`]: a setting that is out of range, or what the oracle stopped by.
pub fn try_find<S, O>(
    space_at: impl Fn(&S::Vector) -> S,
    oracle: &mut O,
    x: &S::Vector,
    axis: Option<&S::Vector>,
    method: &Method,
    verification: &VerificationSettings,
    watch: &mut Watch<'_, S::Vector>,
) -> Result<Saddle<S::Owned>, TryError<O::Stop>>
where
    S: Space,
    O: Oracle<S::Vector> + ?Sized,
{
    let found = try_search(&space_at(x), oracle, x, axis, method, watch)?;
    verify(space_at, oracle, found, method.goal().index, verification)
}

/// Verifies what a search came to: [`find`] without its search, for those that drive their own.
///
/// # Errors
///
/// [`DriveError`] names a setting that is out of range.
pub fn verify_found<S, O>(
    space_at: impl Fn(&S::Vector) -> S,
    objective: &mut O,
    found: Found<S::Owned>,
    index: usize,
    verification: &VerificationSettings,
) -> Result<Saddle<S::Owned>, DriveError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    unstopped(verify(space_at, objective, found, index, verification))
}

fn verify<S, O>(
    space_at: impl Fn(&S::Vector) -> S,
    oracle: &mut O,
    mut found: Found<S::Owned>,
    index: usize,
    verification: &VerificationSettings,
) -> Result<Saddle<S::Owned>, TryError<O::Stop>>
where
    S: Space,
    O: Oracle<S::Vector> + ?Sized,
{
    // In other variables the pair above zero is known by its sign: at a minimum that is the one that is asked for.
    let guess = found.hessian.take().filter(|_| index > 0);
    let mut saddle = Saddle {
        found,
        verdict: Verdict::Unresolved,
        curvatures: Vec::new(),
        errors: Vec::new(),
        axes: Vec::new(),
        verification_gradients: 0,
    };
    if saddle.found.outcome != Outcome::Converged {
        return Ok(saddle);
    }
    let x = saddle.found.x.borrow();
    let space = space_at(x);
    let settings = VerificationSettings { index, ..*verification };
    let mut verification = match &guess {
        Some(guess) => Verification::preconditioned(&space, x, settings, guess)?,
        None => Verification::new(&space, x, settings)?,
    };
    let mut g = space.zeros_like(x);
    let mut symmetry = Symmetry::new(&space, x);
    while let Some(point) = verification.ask() {
        oracle.try_value_grad(point.borrow(), g.borrow_mut()).map_err(TryError::Stopped)?;
        symmetry.observe(&space, g.borrow());
        verification.tell(&space, g.borrow());
    }
    saddle.verdict = verification.verdict();
    saddle.curvatures = verification.curvatures().collect();
    saddle.errors = verification.errors().collect();
    if saddle.verdict == Verdict::Confirmed
        && let Some(doubt) = symmetry.doubt(&saddle.curvatures, settings.flat)
    {
        saddle.verdict = doubt;
    }
    saddle.axes =
        (0..=settings.index).map(|i| copied(&space, verification.axis(i).borrow())).collect();
    saddle.verification_gradients = verification.gradients();
    Ok(saddle)
}
