//! The escape ladder: lengthen the gradient step; if that doesn't pay, kick along the lowest curvature.
//!
//! Problem: on a plateau the gradient still knows the way and only its length is wrong; at a saddle it knows
//! nothing and only the axis does. A visit climbs a ladder of two rungs, each moved by losses that were *seen* to
//! fall on the same batch:
//!
//! 1. **Gradient rung**, losses only: lengths along −g/‖g‖ by doubling. Taken if it pays.
//! 2. **Axis**: a random direction mixed into the old one, rotations until C is significantly negative.
//! 3. **Kick**: lengths along ±n by doubling, beginning at the distance |⟨g,n⟩|/|C| of the saddle point, accepted
//!    only with a certified decrease f(x) − f(x ± a n) ≥ c₁·½|C|a².
//!
//! A rung *pays* if its decrease per gradient spent beats the base optimizer's recent decrease per gradient by
//! a factor. This file holds the decisions; [`Deo`](crate::Deo) asks the questions that they lead to.
//!
//! | symbol | setting | from |
//! |---|---|---|
//! | c₁ | `certificate` | sufficient decrease, as in NEON (Xu, Jin & Yang, arXiv 1711.01944) |
//! | z | `significance` | the gate C + z · error < 0 |

use super::doubling::{Best, Doubling};
use crate::estimate::Estimate;
use crate::probe::Length;

/// The settings of the ladder.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct EscapeSettings {
    /// Try the gradient rung first.
    pub gradient_rung: bool,
    /// The share of a random direction mixed into the axis at each visit.
    pub random_share: f64,
    /// z: how many errors below zero C must be.
    pub significance: f64,
    /// Stop rotating once C is significantly negative and ‖r‖ ≤ `sharpness` · |C|.
    pub sharpness: f64,
    /// c₁ of the certificate, for both rungs.
    pub certificate: f64,
    /// The shortest length worth trying.
    pub shortest: Length,
    /// The trust radius.
    pub longest: Length,
    /// How many times better than the base optimizer a rung must be to pay.
    pub payoff: f64,
}

impl Default for EscapeSettings {
    fn default() -> Self {
        EscapeSettings {
            gradient_rung: true,
            random_share: 0.5,
            significance: 2.0,
            sharpness: 0.3,
            certificate: 0.1,
            shortest: Length::Relative(1e-3),
            longest: Length::Relative(10.0),
            payoff: 2.0,
        }
    }
}

/// A rung of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rung {
    /// A lengthened step along −g.
    Gradient,
    /// A kick along ±n.
    Kick,
}

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Stage {
    /// No visit.
    Idle,
    /// Losses along −g/‖g‖.
    Gradient(Doubling),
    /// The dimer is at work.
    Axis,
    /// Losses along `sign` · n.
    Kick { search: Doubling, sign: f64 },
    /// The visit is over, and may want x moved.
    Settled(Option<Move>),
}

/// x ← x + `coefficient` · (g or n).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Move {
    pub(crate) rung: Rung,
    pub(crate) coefficient: f64,
    pub(crate) best: Best,
}

/// The decisions of the ladder, without any vector.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Escape {
    pub(crate) settings: EscapeSettings,
    pub(crate) stage: Stage,
}

/// What was known when a visit began.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Scene {
    pub(crate) loss: f64,
    pub(crate) gradient_norm: f64,
    pub(crate) norm: f64,
    /// Whatever falls by less than this for a gradient doesn't pay.
    pub(crate) wanted_rate: f64,
}

impl Escape {
    /// A ladder that stands on the ground.
    pub fn new(settings: EscapeSettings) -> Self {
        Escape { settings, stage: Stage::Idle }
    }

    fn lengths(&self, scene: &Scene) -> [f64; 2] {
        [self.settings.shortest.at(scene.norm), self.settings.longest.at(scene.norm)]
    }

    /// Begins a visit.
    pub(crate) fn begin(&mut self, scene: &Scene) {
        self.stage = if self.settings.gradient_rung && scene.gradient_norm > 0.0 {
            let [min, max] = self.lengths(scene);
            let slope = self.settings.certificate * scene.gradient_norm;
            Stage::Gradient(Doubling::new(scene.loss, [slope, 0.0], [min, min, max]))
        } else {
            Stage::Axis
        };
    }

    /// Ends the gradient rung: its move if it pays at `cost` gradients, else the axis.
    pub(crate) fn judge_gradient(&mut self, search: &Doubling, scene: &Scene, cost: f64) {
        self.stage = match search.best() {
            Some(best) if best.decrease > scene.wanted_rate * cost => Stage::Settled(Some(Move {
                rung: Rung::Gradient,
                coefficient: -best.length / scene.gradient_norm,
                best,
            })),
            _ => Stage::Axis,
        };
    }

    /// The axis is good enough to be used now.
    pub(crate) fn is_sharp(&self, estimate: &Estimate) -> bool {
        estimate.is_negative(self.settings.significance)
            && estimate.residual <= self.settings.sharpness * estimate.curvature.abs()
    }

    /// Ends the axis: a kick if C is significantly negative, else nothing.
    ///
    /// `along` is ⟨g, n⟩ and `side` a random sign for where it is zero.
    pub(crate) fn judge_axis(&mut self, estimate: &Estimate, scene: &Scene, along: f64, side: f64) {
        if !(estimate.is_negative(self.settings.significance) && along.is_finite()) {
            self.stage = Stage::Settled(None);
            return;
        }
        let curvature = estimate.curvature.abs();
        let [min, max] = self.lengths(scene);
        let required = self.settings.certificate * 0.5 * curvature;
        self.stage = Stage::Kick {
            search: Doubling::new(scene.loss, [0.0, required], [min, along.abs() / curvature, max]),
            sign: if along == 0.0 { side } else { -along.signum() },
        };
    }

    /// Ends the kick.
    pub(crate) fn judge_kick(&mut self, search: &Doubling, sign: f64) {
        self.stage = Stage::Settled(search.best().map(|best| Move {
            rung: Rung::Kick,
            coefficient: sign * best.length,
            best,
        }));
    }
}
