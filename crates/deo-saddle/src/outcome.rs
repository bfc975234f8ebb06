//! How a search ended, and what it cost.

use super::copied;
use deo_core::space::Space;

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Outcome {
    /// Questions are outstanding.
    Running,
    /// The gradient is below the tolerance, its part along motions that the space leaves out included, and a curvature
    /// negative beyond its own error was measured at that point along every axis that was followed. Nothing is said of
    /// other directions, so not the index: that is for [`Verification`](super::Verification).
    Converged,
    /// The search climbed without any negative curvature, for the allowed number of steps or straight on without a
    /// prospect of one, as often as it may begin again: out of the region where there is a saddle, or there is none.
    Convex,
    /// The search returns to where it was without getting anywhere. Min-mode dynamics has attracting cycles
    /// (Levitt & Ortner 2017); another start, a smaller step or another method leaves them.
    Cycling,
    /// The gradient is below the tolerance, and a curvature that was followed can't be told from zero: the function
    /// doesn't change along that direction, as along a translation of a periodic cell in a space that keeps it, or the
    /// point is one where minimum and saddle meet.
    Flat,
    /// The gradient within the space vanishes, and the one along the motions that the space leaves out doesn't: the
    /// function changes along them, as that of a periodic cell does when its atoms are turned. The point isn't
    /// stationary; take a space with fewer motions, [`FreeBody::periodic`](deo_core::space::FreeBody::periodic).
    NotInvariant,
    /// Gradients that aren't finite, several in a row, however short the step.
    NonFinite,
    /// The allowed gradients were spent first.
    Budget,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Outcome::Running => "running",
            Outcome::Converged => "converged",
            Outcome::Convex => "no negative curvature on the way up",
            Outcome::Cycling => "cycling",
            Outcome::Flat => "stationary, with a curvature that can't be told from zero",
            Outcome::NotInvariant => {
                "the function changes along a motion that the space leaves out"
            }
            Outcome::NonFinite => "non-finite gradient",
            Outcome::Budget => "out of gradients",
        })
    }
}

/// Gradients, by what they were for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counts {
    /// At the points of the search itself, the first one included.
    pub steps: u64,
    /// At displaced points, for curvatures.
    pub probes: u64,
}

impl Counts {
    /// All of them.
    pub fn gradients(self) -> u64 {
        self.steps + self.probes
    }
}

/// What is kept of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Record {
    /// Nothing; no allocation.
    #[default]
    Nothing,
    /// Numbers.
    Numbers,
    /// Numbers and positions.
    Positions,
}

impl Record {
    /// Lengthens the way by `point`, which is at `x`, as far as it is to be kept.
    pub(super) fn note<S: Space>(
        self,
        space: &S,
        x: &S::Vector,
        point: Waypoint<S::Owned>,
        way: &mut Vec<Waypoint<S::Owned>>,
    ) {
        match self {
            Record::Nothing => {}
            Record::Numbers => way.push(point),
            Record::Positions => way.push(Waypoint { x: Some(copied(space, x)), ..point }),
        }
    }
}

/// One point of the way.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Waypoint<V> {
    /// f there, as it was told; it has no part in the search.
    #[cfg_attr(feature = "serde", serde(with = "deo_core::estimate::unknown"))]
    pub value: f64,
    /// ‖g‖.
    pub gradient_norm: f64,
    /// The lowest curvature as it was known there.
    #[cfg_attr(feature = "serde", serde(with = "deo_core::estimate::unknown"))]
    pub curvature: f64,
    /// The length of the step that led there.
    pub step: f64,
    /// Gradients spent up to there.
    pub gradients: u64,
    /// The point, with [`Record::Positions`].
    pub x: Option<V>,
}
