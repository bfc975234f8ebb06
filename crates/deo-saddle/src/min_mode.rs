//! Min-mode search for many coordinates: the dimer's first trade.
//!
//! Problem: N is a million, a matrix is out of the question, and one gradient more or less is what counts. The modes
//! n₁ … n_k of lowest curvature are tracked by a [`Dimer`] (k = 1) or a [`Krylov`] process, and x moves by the
//! reflected gradient, for which the saddle of index k is an attractor:
//!
//! g_eff = g − 2Σ⟨g, nᵢ⟩nᵢ where all Cᵢ < 0; elsewhere a full step up Σ⟨g, nᵢ⟩nᵢ over the modes with Cᵢ ≥ 0.
//!
//! ```text
//! g(x)                                  1 gradient
//! modes at x, unless they are due later 1 each that turned out right, a few more if not
//! y ← R(g − g_old), R the reflection of *now*
//! x ← x − B⁻¹R g, capped                0
//! ```
//!
//! | formula | code |
//! |---|---|
//! | R | `reflect` |
//! | B⁻¹, pairs (s, y) | `Pairs` of deo-core |
//! | Cᵢ, nᵢ | `Finder` |
//!
//! Rules, each for a reason:
//!
//! 1. Both gradients of a pair are reflected by the present modes: the reflection of the old point would make y measure the turn of n.
//! 2. The memory is emptied when the sign of a curvature changes or a followed mode leaves the span of the present ones by
//!    more than 45°: the field is another one then.
//! 3. No line search, since g_eff is the gradient of nothing; the step is capped, and the cap halves when ‖g‖ doubles.
//! 4. Rotations stop on the residual, never on a small turn.
//! 5. Converged is ‖g‖ ≤ tolerance *and* curvatures negative beyond their errors, all k of them, measured at that very point.
//!
//! With the settings' defaults it holds 19 vectors. Sources: Henkelman & Jónsson, J. Chem. Phys. 111, 7010 (1999);
//! Kästner & Sherwood, J. Chem. Phys. 128, 014106 (2008) for L-BFGS; Yin, Zhang & Zhang, SIAM J. Sci. Comput. 41,
//! A3576 (2019) for k > 1 (HiSD); Levitt & Ortner, SIAM J. Numer. Anal. 55, 3117 (2017) for the cycles.

mod finder;
mod protocol;

use super::copied;
use super::cycle::Cycle;
use super::outcome::{Counts, Outcome, Waypoint};
use super::settings::{MinModeSettings, SearchError};
use deo_core::optim::Pairs;
use deo_core::probe::Rule;
use deo_core::space::Space;
use finder::Finder;

/// What the search waits for.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    Start,
    /// The end ahead, at this distance.
    Ahead(f64),
    /// The other end for the central rule, at this distance; and the one of before.
    Behind(f64, f64),
    Step,
    Done,
}

/// A min-mode saddle search over the vectors of a space `S`: plain data, resumable at any answer.
///
/// [`ask`](Self::ask) gives a point, [`tell`](Self::tell) takes the gradient there, until nothing is asked. With
/// index 0 it is an L-BFGS minimiser.
///
/// # Examples
///
/// ```
/// use deo_saddle::{MinModeSearch, MinModeSettings, Outcome};
/// use deo_core::space::Host;
/// // (x² − 1)² + 2y²: the saddle at 0 between two minima.
/// let space = Host::<f64>::new();
/// let mut search = MinModeSearch::new(&space, &[0.8, 0.3], MinModeSettings::default())?;
/// while let Some(x) = search.ask() {
///     let gradient = [4.0 * x[0] * (x[0] * x[0] - 1.0), 4.0 * x[1]];
///     search.tell(&space, f64::NAN, &gradient);
/// }
/// assert_eq!(search.outcome(), Outcome::Converged);
/// assert!(search.x()[0].hypot(search.x()[1]) < 1e-3);
/// # Ok::<(), deo_saddle::SearchError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub struct MinModeSearch<S: Space> {
    settings: MinModeSettings,
    /// √N.
    root_dimension: f64,
    finder: Finder<S>,
    memory: Pairs<S::Owned>,
    phase: Phase,
    outcome: Outcome,
    counts: Counts,
    x: S::Owned,
    point: S::Owned,
    gradient: S::Owned,
    direction: S::Owned,
    /// The gradient ahead, for the central rule.
    ahead: Option<S::Owned>,
    /// The followed modes as they were estimated last, to see them turn.
    before: Vec<S::Owned>,
    reference: S::Owned,
    cycle: Cycle,
    /// A pair waits in the memory for the modes at x: s, and the gradient of before.
    pending: bool,
    /// All followed curvatures were negative at the last estimate.
    concave: bool,
    /// Estimates in a row that left it open whether a curvature is negative beyond its error.
    open: u64,
    cap: f64,
    #[cfg_attr(feature = "serde", serde(with = "deo_core::estimate::unknown"))]
    norm: f64,
    /// The gradient's part along motions that the space leaves out.
    slope: f64,
    /// What is compared with the tolerance: ‖g‖, or what `tell_sized` was given.
    #[cfg_attr(feature = "serde", serde(with = "deo_core::estimate::unknown"))]
    size: f64,
    /// Probes in a row, along one direction, whose gradients weren't finite.
    unanswered: usize,
    #[cfg_attr(feature = "serde", serde(with = "deo_core::estimate::unknown"))]
    value: f64,
    last_step: f64,
    /// Steps since the modes were estimated, and steps after which they are due.
    since: u64,
    interval: u64,
    convex: u64,
    failures: u64,
    way: Vec<Waypoint<S::Owned>>,
}

impl<S: Space> MinModeSearch<S> {
    /// A search from `x`, with a random first axis.
    ///
    /// # Errors
    ///
    /// [`SearchError`] names a setting that is out of range.
    pub fn new(space: &S, x: &S::Vector, settings: MinModeSettings) -> Result<Self, SearchError> {
        let dimension = space.dimension(x);
        settings.validate(dimension)?;
        let zeros = || space.zeros_like(x);
        let copy = || copied(space, x);
        Ok(MinModeSearch {
            root_dimension: dimension.max(1.0).sqrt(),
            finder: Finder::new(space, x, &settings),
            memory: Pairs::new(space, x, settings.memory),
            phase: Phase::Start,
            outcome: Outcome::Running,
            counts: Counts::default(),
            x: copy(),
            point: copy(),
            gradient: zeros(),
            direction: zeros(),
            ahead: (settings.rule == Rule::Central).then(zeros),
            before: (0..settings.goal.index).map(|_| zeros()).collect(),
            reference: copy(),
            cycle: Cycle::default(),
            pending: false,
            concave: false,
            open: 0,
            cap: settings.max_step,
            norm: f64::NAN,
            slope: 0.0,
            size: f64::NAN,
            unanswered: 0,
            value: f64::NAN,
            last_step: 0.0,
            since: 0,
            interval: 1,
            convex: 0,
            failures: 0,
            way: Vec::new(),
            settings,
        })
    }

    /// Begins with `axis` as the first guess of the lowest mode.
    ///
    /// # Panics
    ///
    /// If the search has begun.
    pub fn with_axis(mut self, space: &S, axis: &S::Vector) -> Self {
        assert!(self.phase == Phase::Start, "an axis for a search that has begun");
        self.finder.set_axis(space, axis, self.settings.seed);
        self
    }

    /// Where a gradient is wanted, or `None` when the search has ended. Asking again asks the same.
    pub fn ask(&self) -> Option<&S::Owned> {
        (self.phase != Phase::Done).then_some(&self.point)
    }

    /// How it ended, or that it hasn't.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The point it has reached: the saddle, once converged.
    pub fn x(&self) -> &S::Owned {
        &self.x
    }

    /// f there as it was told.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// ‖g‖ there, the part along motions that the space leaves out included.
    pub fn gradient_norm(&self) -> f64 {
        self.norm.hypot(self.slope)
    }

    /// What is compared with the tolerance there: ‖g‖, unless [`tell_sized`](Self::tell_sized) was given another measure.
    pub fn size(&self) -> f64 {
        self.size
    }

    /// The longest step at present.
    pub fn radius(&self) -> f64 {
        self.cap
    }

    /// The curvature along followed mode i, as it was estimated last.
    ///
    /// # Panics
    ///
    /// If i isn't below the index that is sought.
    pub fn curvature(&self, i: usize) -> f64 {
        assert!(i < self.settings.goal.index, "mode {i} of {}", self.settings.goal.index);
        self.finder.curvature(i)
    }

    /// Followed mode i.
    ///
    /// # Panics
    ///
    /// If i isn't below the index that is sought.
    pub fn axis(&self, i: usize) -> &S::Owned {
        assert!(i < self.settings.goal.index, "mode {i} of {}", self.settings.goal.index);
        self.finder.axis(i)
    }

    /// Gradients spent.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The way, as far as it was to be recorded.
    pub fn way(&self) -> &[Waypoint<S::Owned>] {
        &self.way
    }

    /// The way, kept when the search goes.
    pub fn into_way(self) -> Vec<Waypoint<S::Owned>> {
        self.way
    }
}
