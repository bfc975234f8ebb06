//! What each answer leads to.

use super::super::cycle::{Cycle, Verdict};
use super::super::newton::{AGAIN, VANISHED};
use super::super::outcome::{Outcome, Waypoint};
use super::{MinModeSearch, Phase};
use deo_core::probe::{Answer, Rule};
use deo_core::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// A mode that keeps less than this of its direction has turned by more than 45°.
const TURNED: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// Further estimates of the modes at one point that is stationary: the next one measures along the axes, and two more
/// turn them where the first was cut short.
const MEASURED: u64 = 3;
/// Gradients that aren't finite, in a row, after which the search ends: the cap has shrunk by a thousand then.
const PATIENCE: u64 = 5;

impl<S: Space> MinModeSearch<S> {
    /// Takes f and its gradient at the point last asked about. f is only recorded; NaN will do.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell(&mut self, space: &S, value: f64, gradient: &S::Vector) {
        self.take(space, value, gradient, None);
    }

    /// The same, and converged is where `size` is at most the tolerance, instead of ‖g‖: a measure of the gradient in
    /// another norm, such as the largest atomic force.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell_sized(&mut self, space: &S, value: f64, gradient: &S::Vector, size: f64) {
        self.take(space, value, gradient, Some(size));
    }

    fn take(&mut self, space: &S, value: f64, gradient: &S::Vector, size: Option<f64>) {
        match self.phase {
            Phase::Start | Phase::Step => self.tell_point(space, value, gradient, size),
            Phase::Ahead(h) => self.tell_ahead(space, h, gradient),
            Phase::Behind(behind, ahead) => self.tell_behind(space, behind, ahead, gradient),
            Phase::Done => panic!("tell without a question: the search has ended"),
        }
    }

    fn tell_point(&mut self, space: &S, value: f64, gradient: &S::Vector, size: Option<f64>) {
        self.counts.steps += 1;
        let (norm, slope) = (space.norm(gradient), space.variance(gradient).slope);
        let start = self.phase == Phase::Start;
        // Products of two gradients must be numbers too: a force above 1e154 belongs to no energy that a step could lead out of.
        if !((norm * norm).is_finite() && slope.is_finite()) {
            self.failures += 1;
            if start || self.failures >= PATIENCE {
                return self.finish(Outcome::NonFinite);
            }
            self.cap *= 0.25;
            self.memory.clear();
            self.pending = false;
            return self.advance(space);
        }
        self.failures = 0;
        if start {
            self.cycle = Cycle::begin(norm);
            self.since = self.interval;
        } else {
            self.take_step(space, norm);
        }
        space.copy(gradient, self.gradient.borrow_mut());
        (self.norm, self.slope, self.value) = (norm, slope, value);
        self.size = size.unwrap_or_else(|| self.gradient_norm());
        if !start && self.has_cycled(space) {
            return self.finish(Outcome::Cycling);
        }
        if self.settings.goal.index > 0 && self.since >= self.interval {
            return self.estimate(space);
        }
        self.advance(space);
    }

    /// x ← the point asked about; the pair, as far as it is known, goes into the memory.
    fn take_step(&mut self, space: &S, norm: f64) {
        let (s, y) = self.memory.pending();
        space.copy(self.point.borrow(), s.borrow_mut());
        space.axpby(-1.0, self.x.borrow(), 1.0, s.borrow_mut());
        self.last_step = space.norm((*s).borrow());
        space.copy(self.gradient.borrow(), y.borrow_mut());
        self.pending = true;
        std::mem::swap(&mut self.x, &mut self.point);
        self.since += 1;
        // A step that doubled the gradient was too long, one that didn't may grow again, slowly.
        self.cap = if norm > 2.0 * self.norm {
            0.5 * self.last_step.min(self.cap)
        } else {
            (1.2 * self.cap).min(self.settings.max_step)
        };
    }

    fn has_cycled(&mut self, space: &S) -> bool {
        let d = self.direction.borrow_mut();
        space.copy(self.x.borrow(), d);
        space.axpby(-1.0, self.reference.borrow(), 1.0, d);
        match self.cycle.observe(self.last_step, self.norm, space.norm(d)) {
            Verdict::Cycling => return true,
            Verdict::Replace => {
                space.copy(self.x.borrow(), self.reference.borrow_mut());
            }
            Verdict::Keep => {}
        }
        false
    }

    /// Begins an estimate of the modes at x.
    fn estimate(&mut self, space: &S) {
        for (i, before) in self.before.iter_mut().enumerate() {
            space.copy(self.finder.axis(i).borrow(), before.borrow_mut());
        }
        let first = self.counts.probes == 0;
        let limit = if first { self.settings.first_rotations } else { self.settings.max_rotations };
        self.finder.begin(space, limit);
        self.ask_probe(space);
    }

    fn ask_probe(&mut self, space: &S) {
        if self.counts.gradients() >= self.settings.goal.max_gradients {
            return self.finish(Outcome::Budget);
        }
        match self.finder.ask(space) {
            Some(probe) => {
                let h = probe.displace(space, self.x.borrow(), self.point.borrow_mut());
                self.phase = Phase::Ahead(h);
            }
            None => self.judge_modes(space),
        }
    }

    fn tell_ahead(&mut self, space: &S, h: f64, gradient: &S::Vector) {
        self.counts.probes += 1;
        if let Some(factor) = self.unanswered_by(space, gradient) {
            return self.ask_again(space, factor);
        }
        // On one side of a wall there is no other end.
        if let (Rule::Central, Some(ahead), true) = (self.settings.rule, &mut self.ahead, h > 0.0) {
            space.copy(gradient, ahead.borrow_mut());
            let probe = self.finder.ask(space).expect("a probe is open");
            let behind = probe.displace_back(space, self.x.borrow(), self.point.borrow_mut());
            self.phase = Phase::Behind(behind, h);
            return;
        }
        self.finder.tell(space, Answer::forward(h, self.gradient.borrow(), gradient));
        self.ask_probe(space);
    }

    /// How the probe is to be changed and made again, if `gradient` isn't finite and it was made so twice at most.
    fn unanswered_by(&mut self, space: &S, gradient: &S::Vector) -> Option<f64> {
        if space.norm(gradient).is_finite() {
            self.unanswered = 0;
            return None;
        }
        self.unanswered += 1;
        // The first ones of the list after one another; what is left then is poison, and the finder says so.
        let last = AGAIN.get(self.unanswered - 1)?;
        (self.counts.gradients() < self.settings.goal.max_gradients)
            .then(|| AGAIN[..self.unanswered - 1].iter().product::<f64>() * last)
    }

    fn ask_again(&mut self, space: &S, factor: f64) {
        let probe = self.finder.ask(space).expect("a probe is open");
        let length = factor * probe.length(space.norm(self.x.borrow()));
        let point = self.point.borrow_mut();
        self.phase =
            Phase::Ahead(space.displace(length, probe.direction(), self.x.borrow(), point));
    }

    fn tell_behind(&mut self, space: &S, behind: f64, ahead: f64, gradient: &S::Vector) {
        self.counts.probes += 1;
        let at = self.ahead.as_ref().expect("the central rule has room for it").borrow();
        if !space.norm(gradient).is_finite() {
            self.finder.tell(space, Answer::forward(ahead, self.gradient.borrow(), at));
            return self.ask_probe(space);
        }
        self.finder.tell(space, Answer::central(behind, gradient, ahead, at));
        self.ask_probe(space);
    }

    /// The modes at x are known: is the field still the one that the memory was made for?
    fn judge_modes(&mut self, space: &S) {
        let index = self.settings.goal.index;
        if self.finder.is_poisoned(index) {
            return self.finish(Outcome::NonFinite);
        }
        let kept = self.before.iter().map(|before| {
            let along = |i| space.dot(before.borrow(), self.finder.axis(i).borrow());
            (0..index).map(along).fold(0.0, f64::hypot)
        });
        let kept = kept.fold(f64::INFINITY, f64::min);
        if self.is_small() && !self.finder.are_resolved(index, self.root_dimension) {
            // Of recombined products no more is known than what was measured along an axis before: measure along this one.
            self.open += 1;
            return match self.open <= MEASURED {
                true => self.estimate(space),
                false => self.finish(Outcome::Flat),
            };
        }
        self.open = 0;
        let concave = (0..index).all(|i| self.finder.curvature(i) < 0.0);
        if kept < TURNED || concave != self.concave {
            self.memory.clear();
            self.pending = false;
        }
        let stable = concave && self.finder.is_stable();
        self.interval =
            if stable { (2 * self.interval).min(self.settings.max_interval) } else { 1 };
        (self.concave, self.since) = (concave, 0);
        self.advance(space);
    }

    /// g and the modes are known: judge, and step.
    fn advance(&mut self, space: &S) {
        let goal = self.settings.goal;
        let minimum = goal.index == 0;
        let small = self.is_small();
        self.commit(space);
        self.note(space);
        if !small && self.norm <= VANISHED * goal.tolerance {
            return self.finish(Outcome::NotInvariant);
        }
        if small && (minimum || self.concave && self.since == 0) {
            return self.finish(Outcome::Converged);
        }
        if self.counts.gradients() >= goal.max_gradients {
            return self.finish(Outcome::Budget);
        }
        if small && self.since > 0 {
            return self.estimate(space); // converged, if the curvature here is still negative
        }
        self.convex = if minimum || self.concave { 0 } else { self.convex + 1 };
        if self.convex > goal.max_convex {
            return self.finish(Outcome::Convex);
        }
        let length =
            if minimum || self.concave { self.set_descent(space) } else { self.set_climb(space) };
        if !length.is_finite() {
            return self.finish(Outcome::NonFinite);
        }
        space.displace(1.0, self.direction.borrow(), self.x.borrow(), self.point.borrow_mut());
        self.phase = Phase::Step;
    }

    fn is_small(&self) -> bool {
        self.size <= self.settings.goal.tolerance
    }

    /// Completes the pair: y ← R(g − g_old).
    fn commit(&mut self, space: &S) {
        if !self.pending {
            return;
        }
        self.pending = false;
        let (_, y) = self.memory.pending();
        space.axpby(1.0, self.gradient.borrow(), -1.0, y.borrow_mut());
        for i in 0..self.settings.goal.index {
            space.deflate(2.0, self.finder.axis(i).borrow(), y.borrow_mut());
        }
        self.memory.commit(space);
    }

    /// d ← −B⁻¹Rg, at most as long as the cap. Returns the length before that.
    fn set_descent(&mut self, space: &S) -> f64 {
        let d = self.direction.borrow_mut();
        space.axpby(-1.0, self.gradient.borrow(), 0.0, d);
        for i in 0..self.settings.goal.index {
            space.deflate(2.0, self.finder.axis(i).borrow(), d);
        }
        let mut cap = self.cap;
        if self.memory.is_empty() {
            cap *= self.settings.first_step;
        } else {
            self.memory.apply(space, d);
        }
        let length = space.norm(d);
        if !length.is_finite() && !self.memory.is_empty() {
            // Pairs so far apart in size that their products overflow.
            self.memory.clear();
            return self.set_descent(space);
        }
        // Without a memory the gradient's length means nothing: the first step has the length of its cap.
        if length > cap || self.memory.is_empty() && length > 0.0 {
            // The inverse of a subnormal length is infinite.
            space.axpby(0.0, self.x.borrow(), (cap / length).min(f64::MAX), d);
        }
        length
    }

    /// d ← a full step up the modes of positive curvature. Returns its length before that.
    fn set_climb(&mut self, space: &S) -> f64 {
        let d = self.direction.borrow_mut();
        space.axpby(0.0, self.gradient.borrow(), 0.0, d);
        for i in (0..self.settings.goal.index).filter(|i| self.finder.curvature(*i) >= 0.0) {
            let n = self.finder.axis(i).borrow();
            let along = space.dot(self.gradient.borrow(), n);
            // At a minimum either way is up.
            space.axpby(if along == 0.0 { 1.0 } else { along }, n, 1.0, d);
        }
        let length = space.norm(d);
        if length > 0.0 {
            space.axpby(0.0, self.x.borrow(), (self.cap / length).min(f64::MAX), d);
        }
        length
    }

    fn note(&mut self, space: &S) {
        let point = Waypoint {
            value: self.value,
            gradient_norm: self.gradient_norm(),
            curvature: self.finder.curvature(0),
            step: self.last_step,
            gradients: self.counts.gradients(),
            x: None,
        };
        self.settings.goal.record.note(space, self.x.borrow(), point, &mut self.way);
    }

    fn finish(&mut self, outcome: Outcome) {
        self.outcome = outcome;
        self.phase = Phase::Done;
    }
}
