//! Takes an answer: the first gradient, a probe; and keeps what was learned.

use super::super::cycle::Cycle;
use super::super::learned::{dot, norm};
use super::super::model::{ModelHessian, NoModel};
use super::super::outcome::Outcome;
use super::{NewtonSearch, Phase, copied};
use deo_core::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// A probe whose gradient isn't finite is made again: half as long, and then to the other side.
pub(in super::super) const AGAIN: [f64; 2] = [0.5, -1.0];

impl<S: Space> NewtonSearch<S> {
    /// Takes f and its gradient at the point last asked about. f is only recorded; NaN will do.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell(&mut self, space: &S, value: f64, gradient: &S::Vector) {
        self.take(space, value, gradient, None, &mut NoModel);
    }

    /// The same, and converged is where `size` is at most the tolerance, instead of ‖g‖: a measure of the gradient in
    /// another norm, such as the largest atomic force.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell_sized(&mut self, space: &S, value: f64, gradient: &S::Vector, size: f64) {
        self.take(space, value, gradient, Some(size), &mut NoModel);
    }

    /// [`tell`](Self::tell) for a search that has a model Hessian, which must be the same at every answer.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell_with<M>(&mut self, space: &S, value: f64, gradient: &S::Vector, model: &mut M)
    where
        M: ModelHessian<S::Vector> + ?Sized,
    {
        self.take(space, value, gradient, None, model);
    }

    /// Takes an answer; a `size` that is given goes before that of the model, and this before ‖g‖.
    pub(crate) fn take<M>(
        &mut self,
        space: &S,
        value: f64,
        gradient: &S::Vector,
        size: Option<f64>,
        model: &mut M,
    ) where
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

    fn tell_start<M>(&mut self, space: &S, value: f64, gradient: &S::Vector, model: &mut M)
    where
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

    pub(super) fn ask_probe(&mut self, space: &S) {
        self.ask_displaced(space, Phase::Probe);
    }

    fn tell_probe<M>(&mut self, space: &S, model: &mut M)
    where
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
    pub(super) fn learn(&mut self, share: f64) {
        let change = self.new_gradient.iter().zip(&self.gradient);
        self.predicted.iter_mut().zip(change).for_each(|(p, (g1, g0))| *p = g1 - g0);
        let middle = self.position.iter().zip(&self.displacement).map(|(p, d)| p + share * d);
        let modelled = self.base.is_some().then_some(&self.modelled[..]);
        self.hessian.learn(&self.displacement, &self.predicted, modelled, middle);
    }

    /// B₀ of the point last prepared in coordinates.
    pub(super) fn matrix_of<M>(&self, space: &S, model: &mut M) -> Vec<f64>
    where
        M: ModelHessian<S::Vector> + ?Sized,
    {
        let r = self.gradient.len();
        let (mut product, mut matrix) = (copied(space, self.x.borrow()), vec![0.0; r * r]);
        for (e, row) in self.coordinates.basis().iter().zip(matrix.chunks_exact_mut(r.max(1))) {
            model.apply(e.borrow(), product.borrow_mut());
            self.coordinates.of(space, product.borrow(), row);
        }
        for i in 0..r {
            for j in 0..i {
                let mean = 0.5 * (matrix[i * r + j] + matrix[j * r + i]);
                (matrix[i * r + j], matrix[j * r + i]) = (mean, mean);
            }
        }
        matrix
    }

    pub(super) fn finish(&mut self, outcome: Outcome) {
        self.outcome = outcome;
        self.phase = Phase::Done;
    }

    /// Asks for the gradient at x plus the displacement, if there is one left to spend.
    pub(super) fn ask_displaced(&mut self, space: &S, phase: Phase) {
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
