//! Searches that climb in vain, that cycle, and that wander.
//!
//! From a minimum the gradient says which way is up, not which way is a pass. Where a climb lasts too long, or the
//! curvature along it grows instead of falling, the search goes back to its start, whose gradient is known, and heads
//! the other way until the gradient agrees. What was learned on the way is kept.

use super::super::cycle::Cycle;
use super::super::learned::dot;
use super::{NewtonSearch, Phase};
use crate::noise::noise;
use crate::space::Space;
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

impl<V> NewtonSearch<V> {
    /// Counts convex steps: has the climb lasted too long, or does the curvature grow?
    pub(super) fn climbs_in_vain(&mut self, concave: bool) -> bool {
        if concave {
            (self.convex, self.least) = (0, f64::MAX);
            return false;
        }
        let curvature = self.hessian.values()[self.settings.goal.index - 1];
        self.convex += 1;
        self.least = self.least.min(curvature);
        let grows = self.convex > CLIMBED && curvature > GROWN * self.least;
        grows || self.convex > self.settings.goal.max_convex
    }

    /// Goes back to the start, whose gradient is known, to climb the other way.
    pub(super) fn turn<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let length = dot(&self.position, &self.position).sqrt();
        self.go_back(space);
        // A search that has gone nowhere has no way to turn from.
        if length > 0.0 {
            self.heading = Some(self.displacement.iter().map(|d| d / length).collect());
        }
        self.advance(space);
    }

    /// The search has wandered for long: run times have heavy tails, and another try from the start, a little beside it, is
    /// likely to be a short one.
    pub(super) fn has_wandered(&self) -> bool {
        let patience = (WANDERED * self.gradient.len() as u64).max(LEAST);
        self.counts.gradients() - self.rescued_at > patience
    }

    /// Begins again from the start, shaken.
    pub(super) fn begin_again<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.go_back(space);
        self.shake(space);
    }

    /// x ← the start, whose gradient is known.
    fn go_back<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.rescues += 1;
        self.rescued_at = self.counts.gradients();
        self.displacement.iter_mut().zip(&self.position).for_each(|(d, p)| *d = -p);
        let x = self.x.borrow();
        self.coordinates.displace(space, &self.displacement, x, self.point.borrow_mut());
        std::mem::swap(&mut self.x, &mut self.point);
        self.position.fill(0.0);
        self.reference.fill(0.0);
        self.gradient.copy_from_slice(&self.first_gradient);
        self.cycle = Cycle::begin(self.gradient_norm());
        (self.convex, self.least, self.radius) = (0, f64::MAX, self.settings.radius);
        (self.value, self.probes_here) = (f64::NAN, 0);
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
        self.radius = self.settings.radius;
        self.cycle = Cycle::begin(f64::MAX);
        self.reference.copy_from_slice(&self.position);
        self.hessian.product(&self.displacement, &mut self.predicted);
        self.ask_displaced(space, Phase::Step);
    }
}
