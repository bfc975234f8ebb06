//! What each answer leads to.

use super::super::cycle::{Cycle, Verdict};
use super::super::learned::{add, dot, norm};
use super::super::outcome::{Outcome, Waypoint};
use super::super::settings::Goal;
use super::super::step::step;
use super::rescue::Climb;
use super::{NewtonSearch, Phase};
use deo_core::space::Space;
use std::borrow::BorrowMut;

/// The model's error relative to ‖g‖ below which a step that was cut by R shows R to be too small.
const GOOD: f64 = 0.3;
/// … above which R is halved: the model missed by more than there was to begin with.
const BAD: f64 = 1.5;
/// … above which the step is taken back: it ran into a wall.
const REJECT: f64 = 6.0;
/// A gradient within the space, in units of the tolerance, beside which one along the motions left out can't be what
/// remains of a symmetry: they would have to be turned by 87° since the start.
pub(in super::super) const VANISHED: f64 = 0.05;
/// A probe within 45° of a mode has measured more of it than of anything else.
const ALIGNED: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// Roundings of a gradient, each of its sums' some terms taken as one.
const ROUNDINGS: f64 = 4.0;
/// Gradients that aren't finite, in a row, after which the search ends: R has shrunk by a thousand then.
const PATIENCE: u64 = 5;
/// A probe whose gradient isn't finite is made again: half as long, and then to the other side.
pub(in super::super) const AGAIN: [f64; 2] = [0.5, -1.0];

impl<V> NewtonSearch<V> {
    /// Takes f and its gradient at the point last asked about. f is only recorded; NaN will do.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell<S>(&mut self, space: &S, value: f64, gradient: &S::Vector)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.take(space, value, gradient, None);
    }

    /// The same, and converged is where `size` is at most the tolerance, instead of ‖g‖: a measure of the gradient in
    /// another norm, such as the largest atomic force.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell_sized<S>(&mut self, space: &S, value: f64, gradient: &S::Vector, size: f64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.take(space, value, gradient, Some(size));
    }

    fn take<S>(&mut self, space: &S, value: f64, gradient: &S::Vector, size: Option<f64>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.coordinates.of(space, gradient, &mut self.new_gradient);
        self.new_slope = space.variance(gradient).slope;
        self.new_size = size.unwrap_or_else(|| norm(&self.new_gradient).hypot(self.new_slope));
        match self.phase {
            Phase::Start => self.tell_start(space, value),
            Phase::Probe => self.tell_probe(space),
            Phase::Step => self.tell_step(space, value),
            Phase::Done => panic!("tell without a question: the search has ended"),
        }
    }

    fn tell_start<S>(&mut self, space: &S, value: f64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.counts.steps += 1;
        self.gradient.copy_from_slice(&self.new_gradient);
        (self.slope, self.size) = (self.new_slope, self.new_size);
        if !(self.gradient_norm().is_finite() && self.size.is_finite()) {
            return self.finish(Outcome::NonFinite);
        }
        self.value = value;
        self.first_gradient.copy_from_slice(&self.gradient);
        (self.first_value, self.first_slope, self.first_size) = (value, self.slope, self.size);
        self.cycle = Cycle::begin(self.norm());
        if norm(&self.displacement) == 0.0 {
            if self.size <= self.settings.goal.tolerance && self.settings.goal.index == 0 {
                return self.finish(Outcome::Converged);
            }
            // No axis was given: along the gradient, and where there is none, along the first coordinate.
            self.displacement.copy_from_slice(&self.gradient);
            if self.norm() == 0.0 {
                match self.displacement.first_mut() {
                    Some(first) => *first = 1.0,
                    // A point without coordinates that isn't stationary.
                    None => return self.finish(Outcome::NotInvariant),
                }
            }
        }
        // In two steps: the inverse of a subnormal length is infinite.
        let largest = self.displacement.iter().fold(0.0, |m: f64, d| m.max(d.abs()));
        self.displacement.iter_mut().for_each(|d| *d /= largest);
        let h = self.settings.probe / norm(&self.displacement);
        self.displacement.iter_mut().for_each(|d| *d *= h);
        self.ask_probe(space);
    }

    fn ask_probe<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.ask_displaced(space, Phase::Probe);
    }

    fn tell_probe<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.counts.probes += 1;
        self.probes_here += 1;
        if !self.new_gradient.iter().all(|g| g.is_finite()) {
            // Where an electronic structure fails to converge may begin that near; beyond, on the other side, it needn't.
            let Some(factor) = AGAIN.get(self.unanswered) else {
                return self.finish(Outcome::NonFinite);
            };
            self.unanswered += 1;
            self.displacement.iter_mut().for_each(|d| *d *= factor);
            return self.ask_probe(space);
        }
        self.unanswered = 0;
        self.learn(0.0);
        let square = dot(&self.displacement, &self.displacement);
        self.measured = dot(&self.displacement, &self.predicted) / square;
        self.advance(space);
    }

    /// Learns the displacement last asked about, seen as lying at `share` of it.
    fn learn(&mut self, share: f64) {
        let change = self.new_gradient.iter().zip(&self.gradient);
        self.predicted.iter_mut().zip(change).for_each(|(p, (g1, g0))| *p = g1 - g0);
        let middle = self.position.iter().zip(&self.displacement).map(|(p, d)| p + share * d);
        self.hessian.learn(&self.displacement, &self.predicted, middle);
    }

    /// Everything known is in place at x: judge, probe or step.
    pub(super) fn advance<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
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
            if self.counts.steps == 1 { self.settings.first_probes } else { self.settings.probes };
        let doubtful = |i: &usize| {
            // Converged means measured at this very point, each followed mode once.
            let unmeasured = small && self.probes_here <= *i;
            unmeasured || self.hessian.doubt(self.hessian.vector(*i)) > self.settings.doubt
        };
        let error = self.curvature_error(space);
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
            if index > 0 && self.measured.abs() <= error {
                return self.finish(Outcome::Flat);
            }
            if concave {
                return self.finish(Outcome::Converged);
            }
        }
        if self.has_wandered() && self.rescues < self.settings.rescues {
            return self.begin_again(space);
        }
        let rescued = self.rescues < self.settings.rescues;
        match self.judge_climb(concave) {
            Climb::Fine => {}
            Climb::Runs if !rescued => return self.finish(Outcome::Convex),
            // Up the other side first; where that runs away, too, from beside the start.
            Climb::Runs if self.rescues > 0 => return self.begin_again(space),
            Climb::Runs | Climb::Stiffens | Climb::Lasts if rescued && self.heading.is_none() => {
                return self.turn(space);
            }
            Climb::Lasts => return self.finish(Outcome::Convex),
            Climb::Runs | Climb::Stiffens => {}
        }
        self.ask_step(space);
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
    fn curvature_error<S: Space<Owned = V>>(&self, space: &S) -> f64 {
        let stiffest = self.hessian.values().iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        let terms = self.norm() + stiffest * self.settings.reach;
        ROUNDINGS * space.epsilon() * terms / self.settings.probe
    }

    fn ask_step<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (values, r) = (self.hessian.values(), self.gradient.len());
        let (along, steps) = (&mut self.predicted, &mut self.new_gradient);
        for (i, along) in along.iter_mut().enumerate() {
            *along = dot(self.hessian.vector(i), &self.gradient);
        }
        let mut agree = true;
        for i in 0..self.settings.goal.index {
            // On a symmetric ridge or at a minimum nothing says which way is up: a gradient of a thousandth of what R
            // would take makes the step a full one, in the direction that rounding gives.
            let least = 1e-3 * values[i].abs() * self.radius;
            if values[i] > 0.0 && along[i].abs() < least {
                along[i] = least.copysign(along[i]);
            }
            if let Some(heading) = self.heading.as_ref().filter(|_| values[i] > 0.0) {
                // Up is where the gradient's sign is that of s; against it lies the way back through the minimum.
                let ahead = dot(heading, self.hessian.vector(i));
                if along[i] * ahead < 0.0 {
                    along[i] = -along[i];
                    agree = false;
                }
            }
        }
        step(values, along, self.settings.goal.index, self.radius, steps);
        if agree {
            self.heading = None;
        }
        self.displacement.fill(0.0);
        for i in 0..r {
            add(steps[i], self.hessian.vector(i), &mut self.displacement);
        }
        if !norm(&self.displacement).is_finite() {
            return self.finish(Outcome::NonFinite);
        }
        self.hessian.product(&self.displacement, &mut self.predicted);
        self.ask_displaced(space, Phase::Step);
    }

    fn tell_step<S>(&mut self, space: &S, value: f64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.counts.steps += 1;
        let length = norm(&self.displacement);
        let misses = self.predicted.iter_mut().zip(&self.new_gradient).zip(&self.gradient);
        misses.for_each(|((bs, g1), g0)| *bs = g1 - g0 - *bs);
        let miss = norm(&self.predicted);
        let error = miss / self.norm().max(f64::MIN_POSITIVE);
        if !(miss.is_finite() && self.new_slope.is_finite()) {
            self.failures += 1;
            self.radius = 0.25 * length.min(self.radius);
            if self.failures >= PATIENCE {
                return self.finish(Outcome::NonFinite);
            }
            return self.advance(space);
        }
        self.failures = 0;
        if error > BAD {
            self.radius = 0.5 * length.min(self.radius);
        } else if error < GOOD && length > 0.9 * self.radius {
            self.radius = (1.5 * self.radius).min(self.settings.max_radius);
        }
        // A probe's distance is the shortest step that shows a curvature.
        self.radius = self.radius.max(self.settings.probe);
        self.learn(0.5);
        // Where ‖g‖ is at the tolerance, its relative error says nothing.
        let walled = error > REJECT && miss > REJECT * self.settings.goal.tolerance;
        if walled && length > 2.0 * self.settings.probe {
            return self.advance(space);
        }
        self.accept(value, length);
        let size = self.norm();
        let pairs = self.position.iter().zip(&self.reference);
        let distance = pairs.map(|(p, r)| (p - r).powi(2)).sum::<f64>().sqrt();
        match self.cycle.observe(length, size, distance) {
            Verdict::Cycling if self.rescues < self.settings.rescues => {
                self.rescues += 1;
                return self.shake(space);
            }
            Verdict::Cycling => return self.finish(Outcome::Cycling),
            Verdict::Replace => self.reference.copy_from_slice(&self.position),
            Verdict::Keep => {}
        }
        self.note(space);
        self.advance(space);
    }

    /// x ← x + s.
    fn accept(&mut self, value: f64, length: f64) {
        std::mem::swap(&mut self.x, &mut self.point);
        self.gradient.copy_from_slice(&self.new_gradient);
        add(1.0, &self.displacement, &mut self.position);
        (self.value, self.slope, self.size) = (value, self.new_slope, self.new_size);
        self.last_step = length;
        self.probes_here = 0;
    }

    /// Records x.
    fn note<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let point = Waypoint {
            value: self.value,
            gradient_norm: self.gradient_norm(),
            curvature: self.hessian.values()[0],
            step: self.last_step,
            gradients: self.counts.gradients(),
            x: None,
        };
        self.settings.goal.record.note(space, self.x.borrow(), point, &mut self.way);
    }

    pub(super) fn finish(&mut self, outcome: Outcome) {
        self.outcome = outcome;
        self.phase = Phase::Done;
    }

    /// Asks for the gradient at x plus the displacement, if there is one left to spend.
    pub(super) fn ask_displaced<S>(&mut self, space: &S, phase: Phase)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        if self.counts.gradients() >= self.settings.goal.max_gradients {
            return self.finish(Outcome::Budget);
        }
        let x = self.x.borrow();
        self.coordinates.displace(space, &self.displacement, x, self.point.borrow_mut());
        self.phase = phase;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NewtonSettings;
    use deo_core::space::Host;

    /// A step has shown the Hessian at its middle, a probe that at its foot.
    #[test]
    fn pairs_are_learned_where_they_were_seen() {
        let space = Host::<f64>::new();
        let mut search = NewtonSearch::new(&space, &[0.8, 0.3], NewtonSettings::default()).unwrap();
        let (mut probes, mut steps) = (0, 0);
        while let Some(x) = search.ask() {
            let gradient = [4.0 * x[0] * (x[0] * x[0] - 1.0), 4.0 * x[1]];
            let (phase, foot) = (search.phase, search.position.clone());
            let asked = search.displacement.clone();
            search.tell(&space, f64::NAN, &gradient);
            let share = match phase {
                Phase::Probe => 0.0,
                Phase::Step => 0.5,
                _ => continue,
            };
            let expected: Vec<f64> = foot.iter().zip(asked).map(|(f, d)| f + share * d).collect();
            // The ring isn't full yet, so the last one is the newest.
            if search.counts.gradients() <= 6 * 2 {
                assert_eq!(search.hessian.last_middle(), Some(&expected[..]), "{phase:?}");
                (probes, steps) =
                    (probes + u64::from(share == 0.0), steps + u64::from(share > 0.0));
            }
        }
        assert!(probes > 1 && steps > 1, "{probes} {steps}");
    }
}
