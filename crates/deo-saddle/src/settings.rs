//! Settings of the searches, their ranges, and why one is refused.

use super::outcome::Record;
use deo_core::probe::{Length, Rule};
use deo_core::setting::{SettingError, at_least_one, nonnegative, positive};

/// What every search needs to know.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Goal {
    /// k: the number of directions along which the point sought is a maximum; 0 for a minimum.
    /// Default: 1; at most the dimension.
    pub index: usize,
    /// Converged at ‖g‖ ≤ `tolerance`, in the norm of the space, or in the [`size`](crate::ModelHessian::size) of a model.
    /// Default: 1e-3; above 0, in the units of f over x.
    pub tolerance: f64,
    /// Gradients that the search may spend, probes included.
    /// Default: 2000; 1 or above.
    pub max_gradients: u64,
    /// Steps in a row without negative curvature along every axis, after which the search gives up.
    /// Default: 200; 1 or above.
    pub max_convex: u64,
    /// What is kept of the way.
    /// Default: `Nothing`.
    pub record: Record,
}

impl Default for Goal {
    /// A saddle of index 1 to ‖g‖ ≤ 1e-3, in at most 2 000 gradients and 200 convex steps.
    fn default() -> Self {
        Goal {
            index: 1,
            tolerance: 1e-3,
            max_gradients: 2_000,
            max_convex: 200,
            record: Record::Nothing,
        }
    }
}

/// How a [`NewtonSearch`](super::NewtonSearch) moves and learns. Lengths are distances in the space.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct NewtonSettings {
    /// What is sought.
    /// Default: that of [`Goal`].
    pub goal: Goal,
    /// The distance over which the Hessian changes by its own size.
    /// Default: 0.33; above 0, a distance in the space.
    pub length_scale: f64,
    /// The trust radius at the start.
    /// Default: 0.15; above 0, a distance in the space.
    pub radius: f64,
    /// The largest trust radius.
    /// Default: 0.6; above 0, a distance in the space.
    pub max_radius: f64,
    /// The curvature expected where nothing was seen, in units of what was seen.
    /// Default: 0.5; above 0, without a unit.
    pub prior_curvature: f64,
    /// The unexplored share of a followed mode, above which it is probed: 1 where no gradient was seen near, 0 for a
    /// direction just probed.
    /// Default: 0.3; above 0, sensible below 1.
    pub unexplored: f64,
    /// Probes allowed at the first point.
    /// Default: 8; 1 or above.
    pub first_probes: usize,
    /// Probes allowed at every other point.
    /// Default: 2; 1 or above.
    pub probes: usize,
    /// The distance to a probe.
    /// Default: 1e-4; above 0, a distance in the space.
    pub probe: f64,
    /// The curvature that is as good as none: a stationary point whose followed curvature is less in size is no saddle.
    /// Default: 0; 0 or above, in the units of f over x².
    pub flat: f64,
    /// How many changes of plan a search may make: it turns round if it climbs without meeting negative curvature, is displaced at
    /// random if it comes back to where it was, and begins again if it has spent many gradients without success.
    /// Default: 3; any.
    pub restarts: u64,
}

impl NewtonSettings {
    /// For atoms with a model Hessian ([`Lindh`](crate::Lindh), [`Springs`](crate::Springs) or another's), in eV and Å:
    /// radii and the tolerance are those of the atom that moves, or is pulled, most; probes are long enough for forces with
    /// noise of 1e-3 eV/Å; the length_scale is where the search begins to learn it.
    pub fn for_atoms(goal: Goal) -> Self {
        NewtonSettings {
            goal,
            length_scale: 1.0,
            radius: 0.1,
            max_radius: 0.3,
            probe: 1e-2,
            flat: 0.02,
            ..NewtonSettings::default()
        }
    }
}

impl Default for NewtonSettings {
    /// For coordinates in which bonds are about 1 long: reduced units, Å, atomic units.
    fn default() -> Self {
        NewtonSettings {
            goal: Goal::default(),
            length_scale: 0.33,
            radius: 0.15,
            max_radius: 0.6,
            prior_curvature: 0.5,
            unexplored: 0.3,
            first_probes: 8,
            probes: 2,
            probe: 1e-4,
            flat: 0.0,
            restarts: 3,
        }
    }
}

/// How a [`MinModeSearch`](super::MinModeSearch) moves and turns.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct MinModeSettings {
    /// What is sought.
    /// Default: that of [`Goal`].
    pub goal: Goal,
    /// The longest step, a distance in the space.
    /// Default: 0.1; above 0.
    pub max_step: f64,
    /// The first step, before curvature is known: this share of `max_step` at most.
    /// Default: 0.1; above 0, without a unit.
    pub first_step: f64,
    /// m: pairs of the L-BFGS memory.
    /// Default: 4; 1 or above.
    pub memory: usize,
    /// The residual, relative to |C|, at which a mode counts as found. The angle to it is about
    /// `residual`·|C|/gap.
    /// Default: 0.1; above 0, without a unit.
    pub residual: f64,
    /// Gradients that one estimate of the modes may spend.
    /// Default: 6; 1 or above.
    pub max_rotations: u64,
    /// Gradients that the first estimate may spend.
    /// Default: 20; 1 or above.
    pub first_rotations: u64,
    /// Steps for which modes of negative curvature are kept unprobed while they prove stable: each estimate that
    /// finds nothing to turn doubles the interval up to this, each other one resets it to one.
    /// Default: 4; 1 or above.
    pub max_interval: u64,
    /// By which rule probes are made.
    /// Default: `Forward`.
    pub rule: Rule,
    /// The dimer length; `None` balances truncation and rounding.
    /// Default: `None`; a finite length above 0, of x or relative to ‖x‖.
    pub length: Option<Length>,
    /// The seed of the first axis.
    /// Default: 0; any.
    pub seed: u64,
}

impl Default for MinModeSettings {
    /// Steps of at most 0.1, four pairs, modes to 10 % of their curvature.
    fn default() -> Self {
        MinModeSettings {
            goal: Goal::default(),
            max_step: 0.1,
            first_step: 0.1,
            memory: 4,
            residual: 0.1,
            max_rotations: 6,
            first_rotations: 20,
            max_interval: 4,
            rule: Rule::Forward,
            length: None,
            seed: 0,
        }
    }
}

/// A setting of a search that is out of range.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SearchError {
    /// A number out of its range.
    Setting(SettingError),
    /// As many maxima as directions, or more.
    Index {
        /// The index asked for.
        index: usize,
        /// The coordinates of the space.
        dimension: usize,
    },
    /// More coordinates than a search with a matrix can have.
    TooLarge {
        /// The coordinates of the space.
        dimension: f64,
        /// The components of a vector, frozen ones included.
        len: usize,
    },
    /// A search over the single coordinates, in a space that holds a part of them only.
    Distributed,
}

impl std::fmt::Display for SearchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SearchError::Setting(error) => error.fmt(f),
            SearchError::Index { index, dimension } => {
                write!(
                    f,
                    "a saddle of index {index} was asked for in {dimension} dimensions; at most that many directions can go uphill"
                )
            }
            SearchError::TooLarge { dimension, len } => write!(
                f,
                "a Newton search keeps matrices over its coordinates, which are {dimension} in vectors of {len}; it takes at most {MOST} in vectors of {LONGEST}, a min-mode search any number"
            ),
            SearchError::Distributed => f.write_str(
                "a Newton search needs whole vectors, and this space holds a part of them on each rank; a min-mode search works on ranks",
            ),
        }
    }
}

impl std::error::Error for SearchError {}

impl From<SettingError> for SearchError {
    fn from(error: SettingError) -> Self {
        SearchError::Setting(error)
    }
}

/// The most coordinates of a search with a matrix: its matrices and 6r remembered gradients and places take 22r² numbers,
/// 3 GB, the algebra of a step as many again, and minutes.
pub(super) const MOST: usize = 4096;
/// … and the longest vectors: N² operations make its coordinates, 40 s here.
pub(super) const LONGEST: usize = 16 * MOST;

impl Goal {
    fn validate(&self) -> Result<(), SettingError> {
        positive("search tolerance", self.tolerance)?;
        at_least_one("search max_gradients", self.max_gradients)?;
        at_least_one("search max_convex", self.max_convex)
    }
}

impl NewtonSettings {
    pub(super) fn validate(&self, dimension: usize) -> Result<(), SearchError> {
        self.goal.validate()?;
        if self.goal.index > dimension {
            return Err(SearchError::Index { index: self.goal.index, dimension });
        }
        positive("search length_scale", self.length_scale)?;
        positive("search radius", self.radius)?;
        positive("search max_radius", self.max_radius)?;
        positive("search prior_curvature", self.prior_curvature)?;
        positive("search unexplored", self.unexplored)?;
        positive("search probe", self.probe)?;
        nonnegative("search flat", self.flat)?;
        at_least_one("search first_probes", self.first_probes as u64)?;
        Ok(at_least_one("search probes", self.probes as u64)?)
    }
}

impl MinModeSettings {
    pub(super) fn validate(&self, dimension: f64) -> Result<(), SearchError> {
        self.goal.validate()?;
        if self.goal.index as f64 > dimension.round() {
            let dimension = dimension.round() as usize;
            return Err(SearchError::Index { index: self.goal.index, dimension });
        }
        positive("search max_step", self.max_step)?;
        positive("search first_step", self.first_step)?;
        positive("search residual", self.residual)?;
        at_least_one("search memory", self.memory as u64)?;
        at_least_one("search max_rotations", self.max_rotations)?;
        at_least_one("search first_rotations", self.first_rotations)?;
        at_least_one("search max_interval", self.max_interval)?;
        Ok(Length::require("dimer length", self.length)?)
    }
}
