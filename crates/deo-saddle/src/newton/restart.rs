//! Searches that climb in vain, that cycle, and that wander.
//!
//! From a minimum the gradient says which way is up, not which way is a pass. Where a climb lasts too long, or the
//! curvature along it grows instead of falling, the search goes back to its start, whose gradient is known, and heads
//! the other way until the gradient agrees. What was learned on the way is kept.

use super::super::cycle::Cycle;
use super::super::learned::norm;
use super::super::model::ModelHessian;
use super::{NewtonSearch, Phase};
use deo_core::noise::noise;
use deo_core::space::Space;
use std::borrow::BorrowMut;

/// A shake, in units of the largest trust radius.
const SHAKE: f64 = 0.5;
/// A climb on which the followed curvature has grown to so many times its least value leads away from any saddle …
const GROWN: f64 = 3.0;
/// … if it has lasted so many steps: before that B is still being learned.
const CLIMBED: u64 = 4;

/// Gradients without success, in units of r, after which a search has wandered: few searches on clusters of 13 and
/// 38 atoms that succeeded at all had taken longer …
const WANDERED: u64 = 12;
/// … and at least so many, for spaces of few coordinates.
const LEAST: u64 = 150;

/// Steps of a climb that are looked at as one.
const RUN: u64 = 10;
/// The way of a climb is straight if it leads so far, in units of its length.
const STRAIGHT: f64 = 0.9;
/// Runs in a row that end the last climb, which nothing comes after. On clusters of 38 atoms a single one had ended
/// searches that were a hundred gradients from their saddle.
const CERTAIN: u64 = 2;

/// How a climb goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Climb {
    /// There is negative curvature, or hope.
    Fine,
    /// The followed curvature grows.
    Stiffens,
    /// Straight on, the gradient grows, and the curvature won't be negative within the allowed steps: once, or on the last
    /// climb `CERTAIN` times in a row.
    Runs,
    /// The allowed steps have passed.
    Lasts,
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Stage {
    curvature: f64,
    norm: f64,
}

/// The climb since the last stage that was kept.
///
/// On the way to a saddle the curvature falls to zero and the gradient, which has grown till there, falls again. Where a
/// surface rises for ever, as xⁿ does, the curvature along the softest way may fall for ever, too, ever more slowly. So the
/// question is whether at the present rate it will be negative within the steps that are left.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Run {
    from: Vec<f64>,
    path: f64,
    stage: Stage,
    /// How many stretches in a row, up to the last stage, went nowhere.
    nowhere: u64,
}

impl Run {
    pub(super) fn new(coordinates: usize) -> Self {
        let stage = Stage { curvature: f64::MAX, norm: 0.0 };
        Run { from: vec![0.0; coordinates], path: 0.0, stage, nowhere: 0 }
    }

    /// At convex step number `convex`, `left` before the last, at `position` after a step of length `step`: how many
    /// stretches in a row have gone nowhere, 0 where none ends here.
    fn goes_nowhere(
        &mut self,
        convex: u64,
        here: Stage,
        position: &[f64],
        step: f64,
        left: u64,
    ) -> u64 {
        self.path += step;
        if convex > 1 && convex % RUN != 1 {
            return 0;
        }
        let Stage { curvature, norm } = self.stage;
        let square = |(a, b): (&f64, &f64)| (a - b) * (a - b);
        let distance = position.iter().zip(&self.from).map(square).sum::<f64>().sqrt();
        let slow = curvature - here.curvature < here.curvature * RUN as f64 / (left + 1) as f64;
        let runs = convex > 1 && distance > STRAIGHT * self.path && here.norm > norm && slow;
        self.from.copy_from_slice(position);
        (self.path, self.stage) = (0.0, here);
        self.nowhere = if runs { self.nowhere + 1 } else { 0 };
        self.nowhere
    }
}

impl<V> NewtonSearch<V> {
    /// Counts convex steps, and judges the climb.
    pub(super) fn judge_climb(&mut self, concave: bool) -> Climb {
        if concave {
            (self.convex, self.least) = (0, f64::MAX);
            return Climb::Fine;
        }
        let curvature = self.hessian.values()[self.settings.goal.index - 1];
        self.convex += 1;
        self.least = self.least.min(curvature);
        let Some(left) = self.settings.goal.max_convex.checked_sub(self.convex) else {
            return Climb::Lasts;
        };
        let here = Stage { curvature, norm: self.norm() };
        let nowhere =
            self.run.goes_nowhere(self.convex, here, &self.position, self.last_step, left);
        // A turn or another beginning costs little where the run was none; the end of the search costs the saddle.
        let enough = if self.restarts < self.settings.restarts { 1 } else { CERTAIN };
        if nowhere >= enough {
            Climb::Runs
        } else if self.convex > CLIMBED && curvature > GROWN * self.least {
            Climb::Stiffens
        } else {
            Climb::Fine
        }
    }

    /// Goes back to the start, whose gradient is known, to climb the other way.
    pub(super) fn turn<S, M>(&mut self, space: &S, model: &mut M)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
        M: ModelHessian<S::Vector> + ?Sized,
    {
        let length = norm(&self.position);
        self.go_back(space);
        // A search that has gone nowhere has no way to turn from.
        if length > 0.0 {
            self.heading = Some(self.displacement.iter().map(|d| d / length).collect());
        }
        self.advance(space, model);
    }

    /// The search has wandered for long: run times have heavy tails, and another try from the start, a little beside it, is
    /// likely to be a short one.
    pub(super) fn has_wandered(&self) -> bool {
        let patience = (WANDERED * self.gradient.len() as u64).max(LEAST);
        self.counts.gradients() - self.restarted_at > patience
    }

    /// Begins again from the start, shaken.
    pub(super) fn begin_again<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.go_back(space);
        self.begins_next = true;
        self.shake(space);
    }

    /// x ← the start, whose gradient is known.
    fn go_back<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.restarts += 1;
        self.restarted_at = self.counts.gradients();
        self.displacement.iter_mut().zip(&self.position).for_each(|(d, p)| *d = -p);
        let x = self.x.borrow();
        self.coordinates.displace(space, &self.displacement, x, self.point.borrow_mut());
        std::mem::swap(&mut self.x, &mut self.point);
        self.position.fill(0.0);
        self.reference.fill(0.0);
        self.gradient.copy_from_slice(&self.first_gradient);
        (self.value, self.slope, self.size) = (self.first_value, self.first_slope, self.first_size);
        self.base.clone_from(&self.first_base);
        self.hessian.restore(self.base.as_deref());
        self.cycle = Cycle::begin(self.norm());
        (self.convex, self.least, self.radius) =
            (0, f64::MAX, self.settings.radius.min(self.longest));
        self.probes_here = 0;
    }

    /// Leaves a cycle by a step in a random direction, as long as the largest trust radius allows.
    pub(super) fn shake<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (seed, r) = (self.counts.gradients(), self.displacement.len());
        self.displacement.iter_mut().enumerate().for_each(|(i, d)| *d = noise(seed, i as u64));
        let length = SHAKE * self.settings.max_radius / (r as f64).sqrt();
        self.displacement.iter_mut().for_each(|d| *d *= length);
        self.radius = self.settings.radius.min(self.longest);
        self.cycle = Cycle::begin(f64::MAX);
        self.reference.copy_from_slice(&self.position);
        self.extent = norm(&self.displacement);
        self.hessian.product(&self.displacement, &mut self.predicted);
        self.ask_displaced(space, Phase::Step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Straight on with a growing gradient; the curvature falls in the stretches named.
    fn stretches(falling: &[u64], count: u64) -> Vec<u64> {
        let (mut run, mut curvature, mut seen) = (Run::new(1), 1.0, Vec::new());
        for convex in 1..=RUN * count + 1 {
            if falling.contains(&(convex.saturating_sub(2) / RUN)) {
                curvature *= 0.9;
            }
            let here = Stage { curvature, norm: convex as f64 };
            let nowhere = run.goes_nowhere(convex, here, &[convex as f64], 1.0, 200 - convex);
            if convex > 1 && convex % RUN == 1 {
                seen.push(nowhere);
            } else {
                assert_eq!(nowhere, 0, "{convex}");
            }
        }
        seen
    }

    #[test]
    fn stretches_without_a_prospect_are_counted_in_a_row() {
        assert_eq!(stretches(&[], 3), [1, 2, 3]);
        assert_eq!(stretches(&[1], 4), [1, 0, 1, 2]);
        assert_eq!(stretches(&[0, 1, 2], 3), [0, 0, 0]);
    }
}
