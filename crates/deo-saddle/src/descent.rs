//! The ways down from a saddle, and the minima that they lead to.
//!
//! Problem: a way down along a ridge ends at another saddle, with a gradient as small as a minimum's. A minimiser that
//! looks at gradients only takes it for the end. So every end is verified, as a search's is, and one with a negative
//! curvature is left again: along its axis, to the side on which the way was going.
//!
//! ```text
//! repeat
//!     x ← minimiser from x
//!     C, n ← lowest eigenpair at x
//!     C ≥ 0: a minimum
//!     x ← x ± push n, the sign of ⟨n, x − where this part of the way began⟩
//! ```

use super::copied;
use super::drive::{DriveError, Method, Saddle, TryError, Watch, try_find, unstopped};
use super::outcome::Outcome;
use super::verify::{Verdict, VerificationSettings};
use deo_core::objective::Objective;
use deo_core::oracle::Oracle;
use deo_core::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// Saddles that a way down may leave: on clusters it meets one now and then, rarely two.
const AGAIN: usize = 3;

/// Where a way down ended, and what it cost.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Descent<V> {
    /// The end: what the last search of index 0 came to, verified.
    pub end: Saddle<V>,
    /// Saddles that were met and left.
    pub left: usize,
    /// All gradients, those of the saddles left and of every verification included.
    pub gradients: u64,
}

impl<V> Descent<V> {
    /// It converged, and no curvature there is negative; flat ones, as of a valley's floor, are allowed.
    pub fn is_minimum(&self) -> bool {
        self.end.found.outcome == Outcome::Converged
            && matches!(self.end.verdict, Verdict::Confirmed | Verdict::Flat)
    }
}

/// Goes down from `x` to a minimum; where a saddle is met, on from `push` beside it.
///
/// The same method is used with index 0. A descent follows no steepest path exactly; with steps that are long beside
/// the basin it may end in a neighbouring one: lower the radius then.
///
/// # Errors
///
/// [`DriveError`] names a setting that is out of range.
pub fn descend<S, O>(
    space_at: impl Fn(&S::Vector) -> S,
    objective: &mut O,
    x: &S::Vector,
    push: f64,
    method: &Method,
    verification: &VerificationSettings,
) -> Result<Descent<S::Owned>, DriveError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let watch = &mut Watch::nobody();
    unstopped(try_descend(space_at, objective, x, push, method, verification, watch))
}

/// The same with an oracle that may stop, and looked on by `watch`.
///
/// # Errors
///
/// [`TryError`]: a setting that is out of range, or what the oracle stopped by.
pub fn try_descend<S, O>(
    space_at: impl Fn(&S::Vector) -> S,
    oracle: &mut O,
    x: &S::Vector,
    push: f64,
    method: &Method,
    verification: &VerificationSettings,
    watch: &mut Watch<'_, S::Vector>,
) -> Result<Descent<S::Owned>, TryError<O::Stop>>
where
    S: Space,
    O: Oracle<S::Vector> + ?Sized,
{
    let mut method = *method;
    method.goal_mut().index = 0;
    let mut start = copied(&space_at(x), x);
    let (mut left, mut gradients) = (0, 0);
    loop {
        let end = try_find(&space_at, oracle, start.borrow(), None, &method, verification, watch)?;
        gradients += end.found.counts.gradients() + end.verification_gradients;
        if left == AGAIN || !matches!(end.verdict, Verdict::WrongIndex { .. }) {
            return Ok(Descent { end, left, gradients });
        }
        left += 1;
        let (x, axis) = (end.found.x.borrow(), end.axes[0].borrow());
        let space = space_at(x);
        // start ← x − start, the way so far.
        space.axpby(1.0, x, -1.0, start.borrow_mut());
        let push = push.copysign(space.dot(axis, start.borrow()));
        space.displace(push, axis, x, start.borrow_mut());
    }
}

/// Goes down from the saddle `x`, `push` along +`axis` first and then along −`axis`, to the minima that it joins.
///
/// Each side is a [`descend`] of its own. The barriers are the value at the saddle less those found.
///
/// # Errors
///
/// [`DriveError`] names a setting that is out of range.
///
/// # Examples
///
/// ```
/// use deo_core::objective::FromFn;
/// use deo_saddle::{find, join};
/// use deo_core::space::Host;
/// // (x² − 1)² + 2y²: minima at (±1, 0), the saddle between them at 0, one unit higher.
/// let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     if let Some(g) = g {
///         g.copy_from_slice(&[4.0 * x[0] * (x[0] * x[0] - 1.0), 4.0 * x[1]]);
///     }
///     (x[0] * x[0] - 1.0).powi(2) + 2.0 * x[1] * x[1]
/// });
/// let space_at = |_: &[f64]| Host::<f64>::new();
/// let (method, verification) = Default::default();
/// let saddle = find(space_at, &mut f, &[0.8, 0.3], None, &method, &verification)?;
/// let (x, axis) = (&saddle.found.x, &saddle.axes[0]);
/// let sides = join(space_at, &mut f, x, axis, 0.05, &method, &verification)?;
/// assert!(sides.iter().all(|side| side.is_minimum()));
/// let [right, left] = sides.map(|side| side.end.found);
/// assert!((right.x[0] * left.x[0] + 1.0).abs() < 1e-3);
/// assert!((saddle.found.value - right.value - 1.0).abs() < 1e-3);
/// # Ok::<(), deo_saddle::DriveError>(())
/// ```
pub fn join<S, O>(
    space_at: impl Fn(&S::Vector) -> S,
    objective: &mut O,
    x: &S::Vector,
    axis: &S::Vector,
    push: f64,
    method: &Method,
    verification: &VerificationSettings,
) -> Result<[Descent<S::Owned>; 2], DriveError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let watch = &mut Watch::nobody();
    unstopped(try_join(space_at, objective, x, axis, push, method, verification, watch))
}

/// The same with an oracle that may stop, and looked on by `watch`.
///
/// # Errors
///
/// [`TryError`]: a setting that is out of range, or what the oracle stopped by.
#[allow(clippy::too_many_arguments)] // those of `join`, and who looks on
pub fn try_join<S, O>(
    space_at: impl Fn(&S::Vector) -> S,
    oracle: &mut O,
    x: &S::Vector,
    axis: &S::Vector,
    push: f64,
    method: &Method,
    verification: &VerificationSettings,
    watch: &mut Watch<'_, S::Vector>,
) -> Result<[Descent<S::Owned>; 2], TryError<O::Stop>>
where
    S: Space,
    O: Oracle<S::Vector> + ?Sized,
{
    let space = space_at(x);
    let mut start = space.zeros_like(x);
    let mut down = |side: f64| {
        space.displace(side, axis, x, start.borrow_mut());
        try_descend(&space_at, oracle, start.borrow(), push, method, verification, watch)
    };
    Ok([down(push)?, down(-push)?])
}
