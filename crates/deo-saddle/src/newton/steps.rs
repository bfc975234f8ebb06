//! A step: where to, and what the gradient there says of it.

use super::super::cycle::Verdict;
use super::super::learned::{add, dot, norm};
use super::super::model::ModelHessian;
use super::super::outcome::{Outcome, Waypoint};
use super::super::step::step_within;
use super::{NewtonSearch, Phase, copied};
use deo_core::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// The model's error relative to ‖g‖ below which a step that was cut by R shows R to be too small.
const GOOD: f64 = 0.3;
/// … above which R is halved: the model missed by more than there was to begin with.
const BAD: f64 = 1.5;
/// … and with a model, which foretells more.
const BAD_WITH_MODEL: f64 = 0.7;
/// … above which the step is taken back: it ran into a wall.
const REJECT: f64 = 6.0;
/// Gradients that aren't finite, in a row, after which the search ends: R has shrunk by a thousand then.
const PATIENCE: u64 = 5;

impl<S: Space> NewtonSearch<S> {
    pub(super) fn ask_step<M>(&mut self, space: &S, model: &mut M)
    where
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
            if model.size((*v).borrow()).is_none() {
                return norm(s);
            }
            u.fill(0.0);
            (0..r).for_each(|i| add(s[i], hessian.vector(i), u));
            coordinates.combine(space, u, v.borrow_mut());
            model.size((*v).borrow()).unwrap_or(norm(s))
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

    pub(super) fn tell_step<M>(
        &mut self,
        space: &S,
        value: f64,
        gradient: &S::Vector,
        model: &mut M,
    ) where
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
    fn model_step<M>(&mut self, space: &S, gradient: &S::Vector, model: &mut M) -> Option<Vec<f64>>
    where
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
    pub(super) fn note(&mut self, space: &S) {
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
}
