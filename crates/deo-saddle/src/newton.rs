//! Quasi-Newton search for few coordinates: a learned Hessian and partitioned rational-function steps.
//!
//! Problem: each gradient of an electronic structure costs minutes, the search has a hundred coordinates, and O(r³)
//! arithmetic is free. So every gradient and probe seen is kept, the Hessian B is made from all of them anew at every
//! point (module `learned`), and every step is the best that B knows of.
//!
//! ```text
//! x₀: g                                        1 gradient
//! repeat
//!     B, its lowest k eigenvectors n           0
//!     while n is doubtful: probe Hn, B anew    1 each, capped
//!     ‖g‖ ≤ tolerance and C < 0: converged
//!     s ← RS-P-RFO step within R               0
//!     x ← x + s; g                             1
//!     R by the model's error ‖g(x+s) − g − Bs‖/‖g‖
//! ```
//!
//! | formula | code |
//! |---|---|
//! | r coordinates | `Coordinates`: of the space's own inner product, so masks, rigid motions and metrics are already in it |
//! | B, its unexplored | `LearnedHessian` |
//! | s | `step` |
//! | R | `radius` |
//!
//! Sources: Banerjee, Adams, Simons & Shepard, J. Phys. Chem. 89, 52 (1985) for partitioned rational functions;
//! Besalú & Bofill, Theor. Chem. Acc. 100, 265 (1998) for the restricted step; Hermes, Sargsyan, Najm & Zádor, J.
//! Chem. Theory Comput. 15, 6536 (2019) for the plan of learning the Hessian by probes along its lowest vector.
//! Departures:
//!
//! 1. B is a weighted least-squares fit to all pairs, not a chain of updates; probes are made where the fit knows nothing.
//! 2. No energies: the trust radius follows the error of the predicted gradient, which is there anyway.
//! 3. A search that climbs in vain, with growing curvature or straight on with no prospect of a negative one, goes back to
//!    its start and climbs the other way; one that cycles is shaken, one that wanders begins again. All are counted and limited, [`NewtonSettings::restarts`].
//! 4. A step whose gradient error exceeds six gradients is taken back; the pair is learned all the same.

mod judge;
mod protocol;
mod restart;
mod steps;

pub(super) use judge::VANISHED;
pub(super) use protocol::AGAIN;

use super::coordinates::Coordinates;
use super::copied;
use super::cycle::Cycle;
use super::guess::HessianGuess;
use super::learned::{LearnedHessian, norm};
use super::outcome::{Counts, Outcome, Waypoint};
use super::settings::{LONGEST, MOST, NewtonSettings, SearchError};
use deo_core::space::Space;
use restart::Run;

/// What the search waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    Start,
    Probe,
    Step,
    Done,
}

/// A quasi-Newton saddle search over the vectors of a space `S`: plain data, resumable at any answer.
///
/// [`ask`](Self::ask) gives a point, [`tell`](Self::tell) takes the gradient there, until nothing is asked.
/// Memory and work are O(r²) and O(r³) for r coordinates: meant for up to a few hundred, and refused above
/// [`MOST`](NewtonSearch::MOST). Each gradient allocates the room to be remembered, until 6r of them are kept.
///
/// # Examples
///
/// ```
/// use deo_saddle::{NewtonSearch, NewtonSettings, Outcome};
/// use deo_core::space::Host;
/// // (x² − 1)² + 2y²: the saddle at 0 between two minima.
/// let space = Host::<f64>::new();
/// let mut search = NewtonSearch::new(&space, &[0.8, 0.3], NewtonSettings::default())?;
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
pub struct NewtonSearch<S: Space> {
    settings: NewtonSettings,
    coordinates: Coordinates<S>,
    hessian: LearnedHessian,
    phase: Phase,
    outcome: Outcome,
    counts: Counts,
    x: S::Owned,
    /// The point asked about: x + s, or x + h n.
    point: S::Owned,
    /// Coordinates of the point asked about relative to x.
    displacement: Vec<f64>,
    /// B times it.
    predicted: Vec<f64>,
    gradient: Vec<f64>,
    new_gradient: Vec<f64>,
    /// The gradients' parts along motions that the space leaves out, at x and at the point asked about.
    slope: f64,
    new_slope: f64,
    /// What is compared with the tolerance, at x and at the point asked about: ‖g‖, what `tell_sized` was given, or the size
    /// of the gradient as the model measures it.
    size: f64,
    new_size: f64,
    /// Probes in a row, along one direction, whose gradients weren't finite.
    unanswered: usize,
    /// Coordinates of x relative to the start, and of the reference of the cycle detector.
    position: Vec<f64>,
    reference: Vec<f64>,
    cycle: Cycle,
    radius: f64,
    /// The largest R: half as large after every cycle of a search with a model.
    longest: f64,
    #[cfg_attr(feature = "serde", serde(with = "deo_core::estimate::unknown"))]
    value: f64,
    last_step: f64,
    probes_here: usize,
    /// ⟨n, Hn⟩ of the probe made last.
    measured: f64,
    /// Convex steps in a row, and the least followed curvature among them.
    convex: u64,
    least: f64,
    run: Run,
    failures: u64,
    /// The point asked about, and x, is where the search begins again.
    begins_next: bool,
    begins: bool,
    /// The size of the step asked about, as the model measures it.
    extent: f64,
    /// B₀ at x and at the start, and B̄₀ times the displacement.
    base: Option<Vec<f64>>,
    first_base: Option<Vec<f64>>,
    modelled: Vec<f64>,
    /// f and the gradient at the start, for coming back to it.
    first_gradient: Vec<f64>,
    #[cfg_attr(feature = "serde", serde(with = "deo_core::estimate::unknown"))]
    first_value: f64,
    first_slope: f64,
    first_size: f64,
    /// After a turn: which way to climb until the gradient agrees.
    heading: Option<Vec<f64>>,
    restarts: u64,
    /// Gradients spent when it last went back to the start.
    restarted_at: u64,
    way: Vec<Waypoint<S::Owned>>,
}

impl<S: Space> NewtonSearch<S> {
    /// The most coordinates. Its matrices, and 6r remembered gradients and places, take 22r² numbers: 3 GB at this r, at
    /// which the algebra of a step takes as many again, and minutes.
    pub const MOST: usize = MOST;

    /// A search from `x`.
    ///
    /// # Errors
    ///
    /// [`SearchError`] names a setting that is out of range, and refuses spaces of too many coordinates or spread over
    /// ranks.
    pub fn new(space: &S, x: &S::Vector, settings: NewtonSettings) -> Result<Self, SearchError> {
        // Before anything that only some ranks would wait for.
        if space.is_distributed() {
            return Err(SearchError::Distributed);
        }
        let (dimension, len) = (space.dimension(x), space.len(x));
        if dimension > MOST as f64 || len > LONGEST {
            return Err(SearchError::TooLarge { dimension, len });
        }
        let coordinates = Coordinates::new(space, x);
        let r = coordinates.count();
        settings.validate(r)?;
        let copy = || copied(space, x);
        let zeros = || vec![0.0; r];
        Ok(NewtonSearch {
            hessian: LearnedHessian::new(r, settings.length_scale, settings.prior_curvature),
            coordinates,
            phase: Phase::Start,
            outcome: Outcome::Running,
            counts: Counts::default(),
            x: copy(),
            point: copy(),
            displacement: zeros(),
            predicted: zeros(),
            gradient: zeros(),
            new_gradient: zeros(),
            slope: 0.0,
            new_slope: 0.0,
            size: 0.0,
            new_size: 0.0,
            unanswered: 0,
            position: zeros(),
            reference: zeros(),
            cycle: Cycle::default(),
            radius: settings.radius,
            longest: settings.max_radius,
            value: f64::NAN,
            last_step: 0.0,
            probes_here: 0,
            measured: 0.0,
            convex: 0,
            least: f64::MAX,
            run: Run::new(r),
            failures: 0,
            begins_next: false,
            begins: false,
            extent: 0.0,
            base: None,
            first_base: None,
            modelled: zeros(),
            first_gradient: zeros(),
            first_value: f64::NAN,
            first_slope: 0.0,
            first_size: 0.0,
            heading: None,
            restarts: 0,
            restarted_at: 0,
            way: Vec::new(),
            settings,
        })
    }

    /// Begins with a probe along `axis` instead of the gradient: a guess of the direction across the saddle.
    ///
    /// # Panics
    ///
    /// If the search has begun.
    pub fn with_axis(mut self, space: &S, axis: &S::Vector) -> Self {
        assert!(self.phase == Phase::Start, "an axis for a search that has begun");
        self.coordinates.of(space, axis, &mut self.displacement);
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

    /// The best point so far: the saddle, once converged.
    pub fn x(&self) -> &S::Owned {
        &self.x
    }

    /// f there as it was told.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// ‖g‖ there, the part along motions that the space leaves out included.
    pub fn gradient_norm(&self) -> f64 {
        self.norm().hypot(self.slope)
    }

    /// What is compared with the tolerance there: ‖g‖, unless [`tell_sized`](Self::tell_sized) was given another measure.
    pub fn size(&self) -> f64 {
        self.size
    }

    /// The trust radius.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// ‖g‖ within the space.
    fn norm(&self) -> f64 {
        norm(&self.gradient)
    }

    /// The learned Hessian's eigenvalues, ascending. The followed ones were measured once converged; the rest is as
    /// good as the search needed it.
    pub fn curvatures(&self) -> &[f64] {
        self.hessian.values()
    }

    /// v ← the eigenvector of `curvatures()[i]`.
    pub fn axis_into(&self, space: &S, i: usize, v: &mut S::Vector) {
        self.coordinates.combine(space, self.hessian.vector(i), v);
    }

    /// The learned Hessian as it stands, for a verification: only what it costs depends on it.
    pub fn hessian(&self, space: &S) -> HessianGuess<S::Owned> {
        let coordinates = Coordinates::copied(space, self.coordinates.basis());
        HessianGuess::of_search::<S>(coordinates, self.hessian.matrix().to_vec())
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
