//! What [`Deo`](crate::Deo) did, and what it has counted.

use crate::budget::LOSS_COST;
use crate::policy::Along;
use std::ops::AddAssign;

/// What happened at a step.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Event {
    /// No visit was due.
    Quiet,
    /// The axis was brought up to date (`Deflate`, `Amplify`).
    Tracked,
    /// x was moved.
    Moved {
        /// By which search.
        along: Along,
        /// How far, ‖Δx‖.
        length: f64,
        /// The fall of the loss on the batch of this step.
        decrease: f64,
        /// The fall was worth its cost.
        paid: bool,
    },
    /// A move lowers the loss of this batch, and batches differ: it waits until three more have agreed.
    Proposed,
    /// A batch after that of a proposal speaks against it: nothing is done.
    Refuted {
        /// The fall of the loss by the move, on this batch; −∞ where the step wasn't finite.
        fall: f64,
    },
    /// The next batch confirmed the last move.
    Confirmed {
        /// The fall of the loss by the move, on this batch; ∞ where the loss of before isn't finite.
        fall: f64,
    },
    /// The next batch did not confirm the last move, or wasn't finite where it led, so it was undone.
    Reverted {
        /// The fall of the loss by the move, on this batch; −∞ where the step wasn't finite.
        fall: f64,
    },
    /// No curvature that is negative beyond its error was found with the gradients allowed, nor a fall of the loss.
    NoNegativeCurvature,
    /// The curvature is negative (or of any sign, in a control), but no length had a certified decrease.
    Rejected,
    /// The line search didn't pay, and no axis was due: progress has not stalled, or none is ever looked for.
    NoGain,
    /// The line search didn't pay and left too little of the budget for the axis.
    Unaffordable,
    /// A probe's gradient wasn't finite; nothing was done.
    Poisoned,
}

impl Event {
    /// x was moved, or moved back: skip the optimizer's step and tell it by `jumped`.
    pub fn moved(&self) -> bool {
        matches!(self, Event::Moved { .. } | Event::Reverted { .. })
    }

    /// A short name, for logs.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Quiet => "quiet",
            Event::Tracked => "tracked",
            Event::Moved { along: Along::Gradient, .. } => "line-search",
            Event::Moved { along: Along::Axis, .. } => "kick",
            Event::Proposed => "proposed",
            Event::Refuted { .. } => "refuted",
            Event::Confirmed { .. } => "confirmed",
            Event::Reverted { .. } => "reverted",
            Event::NoNegativeCurvature => "no-negative-curvature",
            Event::Rejected => "rejected",
            Event::NoGain => "no-gain",
            Event::Unaffordable => "unaffordable",
            Event::Poisoned => "poisoned",
        }
    }
}

/// What was evaluated and done, beyond the base optimizer's own gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counts {
    /// Gradients at displaced points.
    pub gradients: u64,
    /// Losses along a ray.
    pub losses: u64,
    /// Rotations of the axis.
    pub rotations: u64,
    /// Visits, successful or not.
    pub visits: u64,
    /// Visits that moved x, by either search.
    pub moves: u64,
    /// Those of them that moved it along the axis.
    pub kicks: u64,
}

impl Counts {
    /// The cost in gradients, losses at [`LOSS_COST`].
    pub fn cost(&self) -> f64 {
        self.gradients as f64 + LOSS_COST * self.losses as f64
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.gradients += other.gradients;
        self.losses += other.losses;
        self.rotations += other.rotations;
        self.visits += other.visits;
        self.moves += other.moves;
        self.kicks += other.kicks;
    }
}
