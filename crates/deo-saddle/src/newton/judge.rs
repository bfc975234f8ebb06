//! What is done where everything known is in place: end, probe, or step.

use super::super::learned::{dot, norm};
use super::super::model::ModelHessian;
use super::super::outcome::Outcome;
use super::super::settings::Goal;
use super::restart::Climb;
use super::{NewtonSearch, Phase};
use deo_core::space::Space;

/// A gradient within the space, in units of the tolerance, beside which one along the motions left out can't be what
/// remains of a symmetry: they would have to be turned by 87° since the start.
pub(in super::super) const VANISHED: f64 = 0.05;
/// A probe within 45° of a mode has measured more of it than of anything else.
const ALIGNED: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// Along what is unexplored, a model's curvature may err by twice its stiffness: bonds that it takes for whole are breaking.
const SURE: f64 = 2.0;
/// Roundings of a gradient, each of its sums' some terms taken as one.
const ROUNDINGS: f64 = 4.0;

impl<S: Space> NewtonSearch<S> {
    /// Everything known is in place at x: judge, probe or step.
    pub(super) fn advance<M>(&mut self, space: &S, model: &mut M)
    where
        M: ModelHessian<S::Vector> + ?Sized,
    {
        self.hessian.settle(&self.position);
        if self.hessian.values().iter().any(|value| !value.is_finite()) {
            // Gradients whose differences overflow.
            return self.finish(Outcome::NonFinite);
        }
        let Goal { index, tolerance, .. } = self.settings.goal;
        let small = self.size <= tolerance;
        if !small && self.norm() <= VANISHED * tolerance {
            return self.finish(Outcome::NotInvariant);
        }
        let allowed =
            if self.is_at_start() { self.settings.first_probes } else { self.settings.probes };
        let error = self.curvature_error(space);
        // With a model, near pairs will do: the verification comes anyway.
        let known = self.base.is_some()
            && index > 0
            && self.hessian.values()[index - 1] < -error.max(self.settings.flat)
            && (0..index).all(|i| self.is_sure(i));
        if known && small {
            return self.finish(Outcome::Converged);
        }
        let doubtful = |i: &usize| {
            // Converged means measured at this very point, each followed mode once.
            let unmeasured = small && !known && self.probes_here <= *i;
            unmeasured
                || (self.base.is_none() || !self.is_sure(*i) || self.is_at_start())
                    && self.hessian.unexplored(self.hessian.vector(*i)) > self.settings.unexplored
        };
        let most = allowed.max(index);
        let probe = (0..index).find(doubtful).filter(|_| self.probes_here < most);
        let probe = probe.or_else(|| {
            let open = small && index > 0 && !self.is_measured(error);
            (open && self.probes_here < most + self.settings.first_probes).then(|| index - 1)
        });
        if let Some(i) = probe {
            let h = self.settings.probe;
            let n = self.hessian.vector(i);
            self.displacement.iter_mut().zip(n).for_each(|(d, n)| *d = h * n);
            return self.ask_probe(space);
        }
        let concave = index == 0 || self.hessian.values()[index - 1] < -error;
        if small && (index == 0 || self.is_measured(error)) {
            if index > 0 && self.measured.abs() <= error.max(self.settings.flat) {
                if self.settings.flat > 0.0 && self.restarts < self.settings.restarts {
                    return self.begin_again(space);
                }
                return self.finish(Outcome::Flat);
            }
            if concave {
                return self.finish(Outcome::Converged);
            }
        }
        if self.has_wandered() && self.restarts < self.settings.restarts {
            return self.begin_again(space);
        }
        let restarted = self.restarts < self.settings.restarts;
        match self.judge_climb(concave) {
            Climb::Fine => {}
            Climb::Runs if !restarted => return self.finish(Outcome::Convex),
            // Up the other side first; where that runs away, too, from beside the start.
            Climb::Runs if self.restarts > 0 => return self.begin_again(space),
            Climb::Runs | Climb::Stiffens | Climb::Lasts if restarted && self.heading.is_none() => {
                return self.turn(space, model);
            }
            Climb::Lasts => return self.finish(Outcome::Convex),
            Climb::Runs | Climb::Stiffens => {}
        }
        self.ask_step(space, model);
    }

    /// At the first point, or at the first one of another beginning of a search with a model.
    fn is_at_start(&self) -> bool {
        self.counts.steps == 1 || self.base.is_some() && self.begins
    }

    /// The i-th curvature is below zero by more than what the model may err by along what is unexplored of its mode.
    pub(super) fn is_sure(&self, i: usize) -> bool {
        let mode = self.hessian.vector(i);
        let error = self.hessian.unexplored(mode).powi(2) * self.hessian.stiffness(mode);
        self.hessian.values()[i] + SURE * error < 0.0
    }

    /// The last probe was along the highest followed mode as it is known now, and shows the curvature that B claims, or
    /// none: an eigenvalue of B may rest on pairs of other places and directions.
    fn is_measured(&self, error: f64) -> bool {
        let mode = self.settings.goal.index - 1;
        let along = dot(&self.displacement, self.hessian.vector(mode)).abs();
        let aligned = along >= ALIGNED * norm(&self.displacement);
        let agrees = (self.measured < 0.0) == (self.hessian.values()[mode] < -error);
        self.phase == Phase::Probe && aligned && (agrees || self.measured.abs() <= error)
    }

    /// The error of a curvature that a probe has measured: the rounding of two gradients over its length. Where they
    /// nearly vanish, what they are rounded to is the size of their terms, about that of the gradient at a distance over
    /// which the Hessian changes by its own size.
    pub(super) fn curvature_error(&self, space: &S) -> f64 {
        let stiffest = self.hessian.values().iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        let terms = self.norm() + stiffest * self.settings.length_scale;
        ROUNDINGS * space.epsilon() * terms / self.settings.probe
    }
}
