//! The escape strategy: lengthen the gradient step; if that doesn't pay, kick along the lowest curvature.
//!
//! Problem: on a plateau the gradient still knows the way and only its length is wrong; at a saddle it knows
//! nothing and only the axis does. A visit makes up to two searches, the cheaper first, and moves x by losses that were
//! *seen* to fall on the same batch:
//!
//! 1. **Line search**, losses only: a search along −g/‖g‖. Taken if it pays.
//! 2. **Axis**, where progress has stalled: a random axis, rotations until C is negative and the axis sharp.
//! 3. **Kick**: a search along ±n, beginning at the distance |⟨g,n⟩|/|C| of the saddle point, accepted only with a
//!    certified decrease f(x) − f(x ± a n) ≥ c₁·½|C|a².
//!
//! A search *pays* if its decrease per gradient spent beats the base optimizer's recent decrease per gradient. This
//! file holds the decisions; [`Deo`](crate::Deo) asks the questions that they lead to, and lets the next batch have
//! the last word.
//!
//! | symbol | setting | from |
//! |---|---|---|
//! | c₁ | `sufficient_decrease` | sufficient decrease, as in NEON (Xu, Jin & Yang, arXiv 1711.01944) |

mod settings;

pub use settings::{EscapeSettings, Kick};

use super::pending::PendingMove;
use super::ray::{Best, Ray, Search};
use crate::budget::LOSS_COST;
use crate::estimate::Estimate;

/// Rotations stop once C is negative and ‖r‖ is at most this share of |C|: some eigenvalue is then negative for certain.
/// From 0.1 to 1 no median changed. It bounds the angle between the axis and the purged one.
const SHARPNESS: f64 = 0.3;

/// The first length of the first line search, in shortest lengths: what the search multiplies a length by.
const FIRST_LENGTH: f64 = 8.0;

/// A kick that falls by this share of the last one's fall, at its length, is made without a further loss. Saddles in a row
/// are alike: of the four losses of a kick off an octopus's arm this leaves one. From 0.9 to 0.999 nothing changed.
const AS_THE_LAST: f64 = 0.99;

/// An axis whose product has lost its direction enters the range of H once ‖r‖ is at most this share of |C|, and is good enough
/// there. With 0.3 it does so too early (identical units 1 225 instead of 880), and is kicked along while it has too much of
/// what is stiff (a flat saddle 185 instead of 33).
const RESOLVED: f64 = 0.03;

/// The direction of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Along {
    /// A lengthened step along −g.
    Gradient,
    /// A negative-curvature step along ±n.
    Axis,
}

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Stage {
    /// No visit.
    Idle,
    /// One loss at the x of the step before, where it was `then` on that step's batch: is this one the same?
    Compare { then: f64, now: Option<f64> },
    /// Losses along −g/‖g‖.
    Gradient(Search),
    /// The dimer is at work.
    Axis,
    /// Losses along `sign` · n; along −`sign` · n too if `reversible` and no length was certified.
    Kick { search: Search, sign: f64, reversible: bool },
    /// The visit is over.
    Settled(Outcome),
    /// One loss at the other end of a promised move, on the batch after its own, whose loss at x is `here`.
    Again { pending: PendingMove, here: f64, there: Option<f64> },
    /// The step after a promise isn't finite.
    Broken(PendingMove),
}

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Outcome {
    /// x ← x + `coefficient` · (g/‖g‖ or n) is wanted.
    Move { along: Along, coefficient: f64, best: Best },
    /// The search for an axis found nothing.
    Nothing,
    /// The search for an axis wasn't due.
    NotDue,
    /// The budget couldn't pay for the search for an axis.
    Unaffordable,
}

impl Outcome {
    /// The fall of the loss that a move promises.
    pub(crate) fn decrease(&self) -> f64 {
        if let Outcome::Move { best, .. } = self { best.decrease } else { 0.0 }
    }
}

/// The decisions of Escape, without any vector.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Escape {
    pub(crate) settings: EscapeSettings,
    pub(crate) stage: Stage,
    /// What the line search and the kick last found best.
    last: [Option<Best>; 2],
    /// The move of the line search, while the axis is looked at nevertheless.
    pub(crate) fallback: Option<Outcome>,
}

/// What was known when a visit began.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct StepInfo {
    pub(crate) loss: f64,
    pub(crate) gradient_norm: f64,
    pub(crate) norm: f64,
    /// Whatever falls by less than this for a gradient doesn't pay.
    pub(crate) wanted_rate: f64,
    /// The length of the base optimizer's last step.
    pub(crate) pace: f64,
}

impl Escape {
    /// A policy that has tried nothing yet and waits for its first visit.
    pub fn new(settings: EscapeSettings) -> Self {
        Escape { settings, stage: Stage::Idle, last: [None; 2], fallback: None }
    }

    fn range(&self, info: &StepInfo) -> [f64; 2] {
        let shortest = self.settings.shortest.at(info.norm);
        [shortest.max(self.settings.lengthening * info.pace), self.settings.longest.at(info.norm)]
    }

    /// Begins a visit.
    pub(crate) fn begin(&mut self, info: &StepInfo) {
        let range = self.range(info);
        if range[0] > range[1] {
            self.stage = Stage::Settled(Outcome::NotDue);
            return;
        }
        self.stage = if self.settings.line_search && info.gradient_norm > 0.0 {
            let ray = Ray {
                loss: info.loss,
                slope: info.gradient_norm,
                required: [self.settings.sufficient_decrease * info.gradient_norm, 0.0],
                worth: info.wanted_rate * LOSS_COST,
                range,
                enough: f64::INFINITY,
            };
            let start = self.last[0].map_or(FIRST_LENGTH * range[0], |last| last.length);
            Stage::Gradient(Search::new(ray, start))
        } else {
            Stage::Axis
        };
    }

    /// Ends the line search: its move if it pays at `cost` gradients, else the axis. If the `axis_waits` for long, it has its
    /// turn in any case, and the better move is made.
    pub(crate) fn judge_gradient(
        &mut self,
        search: &Search,
        info: &StepInfo,
        cost: f64,
        axis_waits: bool,
    ) {
        self.stage = Stage::Axis;
        if let Some(best) = search.best() {
            self.last[0] = Some(best);
            if best.decrease > info.wanted_rate * cost {
                let (along, coefficient) = (Along::Gradient, -best.length);
                let outcome = Outcome::Move { along, coefficient, best };
                if axis_waits {
                    self.fallback = Some(outcome);
                } else {
                    self.stage = Stage::Settled(outcome);
                }
            }
        }
    }

    /// A kick may be made along the axis.
    fn is_usable(&self, estimate: &Estimate) -> bool {
        match self.settings.kick {
            Kick::Off => false,
            Kick::Lowest => estimate.curvature < 0.0,
            Kick::Highest => estimate.curvature.is_finite(),
            Kick::Random => true,
        }
    }

    /// The axis is good enough to be used now, with `spread` the size of the curvatures beside it.
    ///
    /// n + r/C is then still a direction of negative curvature: along r curvatures of about `spread` add ‖r‖²/C² times
    /// theirs to C.
    pub(crate) fn is_sharp(&self, estimate: &Estimate, spread: f64) -> bool {
        let curvature = estimate.curvature.abs();
        let sharpness = SHARPNESS.min(0.5 * (curvature / spread).sqrt());
        self.is_usable(estimate) && estimate.residual <= sharpness * curvature
    }

    /// C is that of a negative eigenvalue: the axis is worth its product, and one in the range of H is good enough for a kick.
    pub(crate) fn is_resolved(&self, estimate: &Estimate) -> bool {
        self.settings.kick == Kick::Lowest
            && estimate.curvature < 0.0
            && estimate.residual <= RESOLVED * estimate.curvature.abs()
    }

    /// Ends the axis: a kick if C is negative, else nothing.
    ///
    /// Not *significantly* negative: the losses themselves are asked, at a third of a gradient each time, where
    /// an error bar that is worth its name costs two.
    ///
    /// `along` is ⟨g, n⟩ and `side` a random sign for where it is zero.
    pub(crate) fn judge_axis(
        &mut self,
        estimate: &Estimate,
        info: &StepInfo,
        along: f64,
        side: f64,
    ) {
        if !(self.is_usable(estimate) && along.is_finite()) {
            self.stage = Stage::Settled(Outcome::Nothing);
            return;
        }
        let mut range = self.range(info);
        let reversible = self.settings.kick != Kick::Lowest;
        // The controls know no curvature that a length or a sufficient decrease could be made of.
        let (start, quadratic) = if reversible {
            (range[0], 0.0)
        } else {
            let curvature = estimate.curvature.abs();
            let saddle = along.abs() / curvature;
            // Nearer than that the slope along the axis does more than its curvature.
            range[0] = range[0].max(saddle);
            if range[0] > range[1] {
                self.stage = Stage::Settled(Outcome::Nothing);
                return;
            }
            (saddle, self.settings.sufficient_decrease * 0.5 * curvature)
        };
        let sign = if along == 0.0 { side } else { -along.signum() };
        let [mut start, mut enough] = [start, f64::INFINITY];
        if let Some(last) = self.last[1].filter(|last| last.length > start) {
            (start, enough) = (last.length, AS_THE_LAST * last.decrease);
        }
        let search = kick_search(info, [along.abs(), quadratic], range, start, enough);
        self.stage = Stage::Kick { search, sign, reversible };
    }

    /// Ends the search along one side of the axis, and with it the kick or its first half.
    pub(crate) fn judge_kick(
        &mut self,
        search: &Search,
        sign: f64,
        reversible: bool,
        info: &StepInfo,
    ) {
        self.stage = match search.best() {
            Some(best) => {
                self.last[1] = Some(best);
                let (along, coefficient) = (Along::Axis, sign * best.length);
                Stage::Settled(Outcome::Move { along, coefficient, best })
            }
            None if reversible => {
                let range = self.range(info);
                let search = kick_search(info, [0.0; 2], range, range[0], f64::INFINITY);
                Stage::Kick { search, sign: -sign, reversible: false }
            }
            None => Stage::Settled(Outcome::Nothing),
        };
    }
}

/// A search along the axis: whatever falls enough is worth it, so much has the axis cost already.
fn kick_search(
    info: &StepInfo,
    [slope, quadratic]: [f64; 2],
    range: [f64; 2],
    start: f64,
    enough: f64,
) -> Search {
    let required = [0.0, quadratic];
    Search::new(Ray { loss: info.loss, slope, required, worth: 0.0, range, enough }, start)
}

#[cfg(test)]
mod tests;
