//! What each answer leads to.

use super::super::cycle::{Cycle, Verdict};
use super::super::learned::{add, dot};
use super::super::outcome::{Outcome, Waypoint};
use super::super::settings::Goal;
use super::super::step::step;
use super::{NewtonSearch, Phase};
use crate::space::Space;
use std::borrow::BorrowMut;

/// The model's error relative to ‖g‖ below which a step that was cut by R shows R to be too small.
const GOOD: f64 = 0.3;
/// … above which R is halved: the model missed by more than there was to begin with.
const BAD: f64 = 1.5;
/// … above which the step is taken back: it ran into a wall.
const REJECT: f64 = 6.0;
/// Gradients that aren't finite, in a row, after which the search ends: R has shrunk by a thousand then.
const PATIENCE: u64 = 5;

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
        self.coordinates.of(space, gradient, &mut self.new_gradient);
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
        let norm = self.gradient_norm();
        if !norm.is_finite() {
            return self.finish(Outcome::NonFinite);
        }
        self.value = value;
        self.first_gradient.copy_from_slice(&self.gradient);
        self.cycle = Cycle::begin(norm);
        let mut length = dot(&self.displacement, &self.displacement).sqrt();
        if length == 0.0 {
            if norm <= self.settings.goal.tolerance && self.settings.goal.index == 0 {
                return self.finish(Outcome::Converged);
            }
            // No axis was given: along the gradient, and where there is none, along the first coordinate.
            self.displacement.copy_from_slice(&self.gradient);
            if norm == 0.0 {
                self.displacement[0] = 1.0;
            }
            length = dot(&self.displacement, &self.displacement).sqrt();
        }
        let h = self.settings.probe / length;
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
            // So near a finite point, a shorter probe would be no better.
            return self.finish(Outcome::NonFinite);
        }
        self.learn(0.0);
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
        let Goal { index, tolerance, .. } = self.settings.goal;
        let small = self.gradient_norm() <= tolerance;
        let allowed =
            if self.counts.steps == 1 { self.settings.first_probes } else { self.settings.probes };
        let doubtful = |i: &usize| {
            // Converged means measured at this very point, each followed mode once.
            let unmeasured = small && self.probes_here <= *i;
            unmeasured || self.hessian.doubt(self.hessian.vector(*i)) > self.settings.doubt
        };
        let probe = (0..index).find(doubtful).filter(|_| self.probes_here < allowed.max(index));
        if let Some(i) = probe {
            let h = self.settings.probe;
            let n = self.hessian.vector(i);
            self.displacement.iter_mut().zip(n).for_each(|(d, n)| *d = h * n);
            return self.ask_probe(space);
        }
        let concave = index == 0 || self.hessian.values()[index - 1] < 0.0;
        if small && concave {
            return self.finish(Outcome::Converged);
        }
        if self.has_wandered() && self.rescues < self.settings.rescues {
            return self.begin_again(space);
        }
        if self.climbs_in_vain(concave) {
            if self.rescues < self.settings.rescues && self.heading.is_none() {
                return self.turn(space);
            }
            if self.convex > self.settings.goal.max_convex {
                return self.finish(Outcome::Convex);
            }
        }
        self.ask_step(space);
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
        self.hessian.product(&self.displacement, &mut self.predicted);
        self.ask_displaced(space, Phase::Step);
    }

    fn tell_step<S>(&mut self, space: &S, value: f64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.counts.steps += 1;
        let length = dot(&self.displacement, &self.displacement).sqrt();
        let misses = self.new_gradient.iter().zip(&self.gradient).zip(&self.predicted);
        let miss = misses.map(|((g1, g0), bs)| (g1 - g0 - bs).powi(2)).sum::<f64>().sqrt();
        let error = miss / self.gradient_norm().max(f64::MIN_POSITIVE);
        if !miss.is_finite() {
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
        let norm = self.gradient_norm();
        let pairs = self.position.iter().zip(&self.reference);
        let distance = pairs.map(|(p, r)| (p - r).powi(2)).sum::<f64>().sqrt();
        match self.cycle.observe(length, norm, distance) {
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
        self.value = value;
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
    use crate::saddle::NewtonSettings;
    use crate::space::Host;

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
