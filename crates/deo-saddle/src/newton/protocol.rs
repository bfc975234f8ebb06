//! What each answer leads to.

use super::super::cycle::{Cycle, Verdict};
use super::super::learned::{add, dot, norm};
use super::super::model::{ModelHessian, NoModel};
use super::super::outcome::{Outcome, Waypoint};
use super::super::settings::Goal;
use super::super::step::step_within;
use super::restart::Climb;
use super::{NewtonSearch, Phase, copied};
use deo_core::space::Space;
use std::borrow::BorrowMut;

/// The model's error relative to ‖g‖ below which a step that was cut by R shows R to be too small.
const GOOD: f64 = 0.3;
/// … above which R is halved: the model missed by more than there was to begin with.
const BAD: f64 = 1.5;
/// … and with a model, which foretells more.
const BAD_WITH_MODEL: f64 = 0.7;
/// … above which the step is taken back: it ran into a wall.
const REJECT: f64 = 6.0;
/// A gradient within the space, in units of the tolerance, beside which one along the motions left out can't be what
/// remains of a symmetry: they would have to be turned by 87° since the start.
pub(in super::super) const VANISHED: f64 = 0.05;
/// A probe within 45° of a mode has measured more of it than of anything else.
const ALIGNED: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// Along what is unexplored, a model's curvature may err by twice its stiffness: bonds that it takes for whole are breaking.
const SURE: f64 = 2.0;
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
        self.take(space, value, gradient, None, &mut NoModel);
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
        self.take(space, value, gradient, Some(size), &mut NoModel);
    }

    /// [`tell`](Self::tell) for a search that has a model Hessian, which must be the same at every answer.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell_with<S, M>(&mut self, space: &S, value: f64, gradient: &S::Vector, model: &mut M)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
        M: ModelHessian<S::Vector> + ?Sized,
    {
        self.take(space, value, gradient, None, model);
    }

    /// Takes an answer; a `size` that is given goes before that of the model, and this before ‖g‖.
    pub(crate) fn take<S, M>(
        &mut self,
        space: &S,
        value: f64,
        gradient: &S::Vector,
        size: Option<f64>,
        model: &mut M,
    ) where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
        M: ModelHessian<S::Vector> + ?Sized,
    {
        self.coordinates.of(space, gradient, &mut self.new_gradient);
        self.new_slope = space.variance(gradient).slope;
        self.new_size = size
            .or_else(|| model.size(gradient))
            .unwrap_or_else(|| norm(&self.new_gradient).hypot(self.new_slope));
        match self.phase {
            Phase::Start => self.tell_start(space, value, gradient, model),
            Phase::Probe => self.tell_probe(space, model),
            Phase::Step => self.tell_step(space, value, gradient, model),
            Phase::Done => panic!("tell without a question: the search has ended"),
        }
    }

    fn tell_start<S, M>(&mut self, space: &S, value: f64, gradient: &S::Vector, model: &mut M)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
        M: ModelHessian<S::Vector> + ?Sized,
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
        let at = self.x.borrow();
        if model.prepare(at, gradient) {
            self.base = Some(self.matrix_of(space, model));
            self.first_base.clone_from(&self.base);
            self.hessian.set_base(self.base.as_deref(), model.is_relative());
        }
        if norm(&self.displacement) == 0.0 && self.base.is_some() {
            // The model knows a softest direction.
            return self.advance(space, model);
        }
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

    fn tell_probe<S, M>(&mut self, space: &S, model: &mut M)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
        M: ModelHessian<S::Vector> + ?Sized,
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
        self.hessian.modelled(&self.displacement, &mut self.modelled);
        self.learn(0.0);
        let square = dot(&self.displacement, &self.displacement);
        self.measured = dot(&self.displacement, &self.predicted) / square;
        self.advance(space, model);
    }

    /// Learns the displacement last asked about, seen as lying at `share` of it.
    fn learn(&mut self, share: f64) {
        let change = self.new_gradient.iter().zip(&self.gradient);
        self.predicted.iter_mut().zip(change).for_each(|(p, (g1, g0))| *p = g1 - g0);
        let middle = self.position.iter().zip(&self.displacement).map(|(p, d)| p + share * d);
        let modelled = self.base.is_some().then_some(&self.modelled[..]);
        self.hessian.learn(&self.displacement, &self.predicted, modelled, middle);
    }

    /// B₀ of the point last prepared in coordinates.
    fn matrix_of<S, M>(&self, space: &S, model: &mut M) -> Vec<f64>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
        M: ModelHessian<S::Vector> + ?Sized,
    {
        let r = self.gradient.len();
        let (mut e, mut product) = (copied(space, self.x.borrow()), copied(space, self.x.borrow()));
        let (mut matrix, mut unit) = (vec![0.0; r * r], vec![0.0; r]);
        for i in 0..r {
            unit.fill(0.0);
            unit[i] = 1.0;
            self.coordinates.combine(space, &unit, e.borrow_mut());
            model.apply(e.borrow(), product.borrow_mut());
            self.coordinates.of(space, product.borrow(), &mut matrix[i * r..(i + 1) * r]);
        }
        for i in 0..r {
            for j in 0..i {
                let mean = 0.5 * (matrix[i * r + j] + matrix[j * r + i]);
                (matrix[i * r + j], matrix[j * r + i]) = (mean, mean);
            }
        }
        matrix
    }

    /// Everything known is in place at x: judge, probe or step.
    pub(super) fn advance<S, M>(&mut self, space: &S, model: &mut M)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
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
    fn is_sure(&self, i: usize) -> bool {
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
    fn curvature_error<S: Space<Owned = V>>(&self, space: &S) -> f64 {
        let stiffest = self.hessian.values().iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        let terms = self.norm() + stiffest * self.settings.length_scale;
        ROUNDINGS * space.epsilon() * terms / self.settings.probe
    }

    fn ask_step<S, M>(&mut self, space: &S, model: &mut M)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
        M: ModelHessian<S::Vector> + ?Sized,
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
        let coordinates = &self.coordinates;
        let hessian = &self.hessian;
        let scratch = std::cell::RefCell::new((vec![0.0; r], copied(space, self.x.borrow())));
        let size = |s: &[f64]| {
            let (u, v) = &mut *scratch.borrow_mut();
            if model.size(v.borrow()).is_none() {
                return norm(s);
            }
            u.fill(0.0);
            (0..r).for_each(|i| add(s[i], hessian.vector(i), u));
            coordinates.combine(space, u, v.borrow_mut());
            model.size(v.borrow()).unwrap_or(norm(s))
        };
        step_within(values, along, self.settings.goal.index, self.radius, &size, steps);
        self.extent = size(steps);
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
        if self.phase == Phase::Step {
            let step = {
                let mut step = copied(space, self.x.borrow());
                self.coordinates.combine(space, &self.displacement, step.borrow_mut());
                step
            };
            let mut to = copied(space, self.x.borrow());
            if model.follow(self.x.borrow(), step.borrow(), to.borrow_mut()) {
                // Only what the space has coordinates for.
                let mut off = copied(space, to.borrow());
                space.axpby(-1.0, self.x.borrow(), 1.0, off.borrow_mut());
                self.coordinates.of(space, off.borrow(), &mut self.displacement);
                let x = self.x.borrow();
                self.coordinates.displace(space, &self.displacement, x, self.point.borrow_mut());
            }
        }
    }

    fn tell_step<S, M>(&mut self, space: &S, value: f64, gradient: &S::Vector, model: &mut M)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
        M: ModelHessian<S::Vector> + ?Sized,
    {
        self.counts.steps += 1;
        let length = norm(&self.displacement);
        let misses = self.predicted.iter_mut().zip(&self.new_gradient).zip(&self.gradient);
        misses.for_each(|((bs, g1), g0)| *bs = g1 - g0 - *bs);
        let miss = norm(&self.predicted);
        let error = miss / self.norm().max(f64::MIN_POSITIVE);
        if !(miss.is_finite() && self.new_slope.is_finite()) {
            self.failures += 1;
            self.radius = 0.25 * self.extent.min(self.radius);
            if self.failures >= PATIENCE {
                return self.finish(Outcome::NonFinite);
            }
            return self.advance(space, model);
        }
        self.failures = 0;
        let bad = if self.base.is_some() { BAD_WITH_MODEL } else { BAD };
        if error > bad {
            self.radius = 0.5 * self.extent.min(self.radius);
        } else if error < GOOD && self.extent > 0.9 * self.radius {
            self.radius = (1.5 * self.radius).min(self.longest);
        }
        // A probe's distance is the shortest step that shows a curvature.
        self.radius = self.radius.max(self.settings.probe);
        let next = self.model_step(space, gradient, model);
        if self.base.is_some() {
            let y: Vec<f64> =
                self.new_gradient.iter().zip(&self.gradient).map(|(a, b)| a - b).collect();
            self.hessian.compare(&self.displacement, &y, &self.modelled, &self.position);
        }
        self.learn(0.5);
        // Where ‖g‖ is at the tolerance, its relative error says nothing.
        let walled = error > REJECT && miss > REJECT * self.settings.goal.tolerance;
        if walled && self.extent > 2.0 * self.settings.probe {
            return self.advance(space, model);
        }
        self.accept(value, length);
        if next.is_some() {
            self.base = next;
            self.hessian.set_base(self.base.as_deref(), model.is_relative());
        }
        let size = self.norm();
        let pairs = self.position.iter().zip(&self.reference);
        let distance = pairs.map(|(p, r)| (p - r).powi(2)).sum::<f64>().sqrt();
        match self.cycle.observe(length, size, distance) {
            Verdict::Cycling if self.restarts < self.settings.restarts => {
                self.restarts += 1;
                if self.base.is_some() {
                    // Steps that neither fail nor help.
                    self.longest *= 0.5;
                }
                return self.shake(space);
            }
            Verdict::Cycling => return self.finish(Outcome::Cycling),
            Verdict::Replace => self.reference.copy_from_slice(&self.position),
            Verdict::Keep => {}
        }
        self.note(space);
        self.begins = self.begins_next;
        self.begins_next = false;
        self.advance(space, model);
    }

    /// What the model says of the step made: the change of the gradient, and B₀ where it led.
    fn model_step<S, M>(
        &mut self,
        space: &S,
        gradient: &S::Vector,
        model: &mut M,
    ) -> Option<Vec<f64>>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
        M: ModelHessian<S::Vector> + ?Sized,
    {
        self.base.as_ref()?;
        let x = self.x.borrow();
        let (mut before, mut change) = (copied(space, x), copied(space, x));
        self.coordinates.combine(space, &self.gradient, before.borrow_mut());
        let changes = model.change(x, before.borrow(), self.point.borrow(), change.borrow_mut());
        let next =
            model.prepare(self.point.borrow(), gradient).then(|| self.matrix_of(space, model));
        self.hessian.modelled(&self.displacement, &mut self.modelled);
        if changes {
            self.coordinates.of(space, change.borrow(), &mut self.modelled);
        } else if let Some(next) = &next {
            let r = self.gradient.len();
            for (i, m) in self.modelled.iter_mut().enumerate() {
                *m = 0.5 * (*m + dot(&next[i * r..(i + 1) * r], &self.displacement));
            }
        }
        next
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
