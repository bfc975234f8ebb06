//! Hessian products by differences of gradients, averaged over batches.
//!
//! f(x) = (1/B) Σ_b f_b(x), and ∇f is summed in the order of the batches, so that the numbers depend on nothing else.

use super::source::{AtPoint, Batches, Counts, Part, Source};
use deo_core::SettingError;
use deo_core::determinism::{NoisyOracle, compare};
use deo_core::drive::Workspace;
use deo_core::two_lengths::{TwoLengthsSettings, best_length};
use deo_core::{Answer, Objective, Probe, Rule, Space};
use deo_linalg::{Parallel, Real, Threads};

/// A function that is the mean of others.
pub(super) trait Batched<T> {
    /// How many functions there are.
    fn batches(&self) -> Batches;

    /// f_b(x), and `g` ← ∇f_b(x).
    fn value_grad(&mut self, batch: Part, x: &[T], g: &mut [T]) -> f64;
}

/// A function at a point, and the room for its secants.
#[derive(Debug)]
pub(super) struct Secants<T, F> {
    space: Parallel<T>,
    rule: Rule,
    function: Counted<F>,
    x: Vec<T>,
    /// ∇f(x).
    g: Vec<T>,
    at_point: AtPoint,
    /// x displaced.
    point: Vec<T>,
    /// The gradients at the two ends.
    ahead: Vec<T>,
    behind: Vec<T>,
    /// A batch's gradient: a summand of the mean or, once a batch is open, ∇f_b(x).
    part: Vec<T>,
    open: Part,
    products: u64,
}

/// A function that counts its gradients.
#[derive(Debug)]
struct Counted<F> {
    f: F,
    /// Of single batches.
    gradients: u64,
}

impl<F> Counted<F> {
    fn value_grad<T>(&mut self, batch: Part, x: &[T], g: &mut [T]) -> f64
    where
        F: Batched<T>,
    {
        self.gradients += 1;
        self.f.value_grad(batch, x, g)
    }

    /// `g` ← (1/B) Σ_b ∇f_b(x), and the mean loss; uses `part`.
    fn mean<T: Real>(&mut self, space: &Parallel<T>, x: &[T], g: &mut [T], part: &mut [T]) -> f64
    where
        F: Batched<T>,
    {
        let batches = self.f.batches().own;
        if batches == 1 {
            return self.value_grad(Part::Own(0), x, g);
        }
        let share = 1.0 / batches as f64;
        let mut loss = 0.0;
        for batch in 0..batches {
            loss += share * self.value_grad(Part::Own(batch), x, part);
            space.axpby(share, part, if batch == 0 { 0.0 } else { 1.0 }, g);
        }
        loss
    }
}

/// The first batch as an objective.
struct First<'a, F>(&'a mut Counted<F>);

impl<T: Real, F: Batched<T>> Objective<[T]> for First<'_, F> {
    fn value(&mut self, x: &[T]) -> f64 {
        let mut unwanted = vec![T::ZERO; x.len()];
        self.value_grad(x, &mut unwanted)
    }

    fn value_grad(&mut self, x: &[T], gradient: &mut [T]) -> f64 {
        self.0.value_grad(Part::Own(0), x, gradient)
    }
}

impl<T: Real, F: Batched<T>> Secants<T, F> {
    /// `f` at `x`, where it is evaluated once.
    pub(super) fn new(f: F, x: Vec<T>, rule: Rule) -> Self {
        let space = Parallel::new(Threads::Pool);
        let zeros = |wanted: bool| if wanted { vec![T::ZERO; x.len()] } else { Vec::new() };
        let (mut g, mut part) = (zeros(true), zeros(true));
        let mut function = Counted { f, gradients: 0 };
        let loss = function.mean(&space, &x, &mut g, &mut part);
        Secants {
            at_point: AtPoint { loss, gradient_norm: space.norm(&g) },
            point: zeros(true),
            ahead: zeros(true),
            behind: zeros(rule == Rule::Central),
            space,
            rule,
            function,
            x,
            g,
            part,
            open: Part::Own(0),
            products: 0,
        }
    }
}

impl<T: Real, F: Batched<T>> Source<T> for Secants<T, F> {
    fn dimension(&self) -> usize {
        self.x.len()
    }

    fn at_point(&self) -> Option<AtPoint> {
        Some(self.at_point)
    }

    fn check(&mut self) -> Result<(), NoisyOracle> {
        let Secants { space, function, x, g, ahead, part, .. } = self;
        let again = function.mean(space, x, ahead, part);
        compare(space, [self.at_point.loss, again], g, ahead)
    }

    fn answer(&mut self, probe: Probe<'_, [T]>) -> Answer<'_, [T]> {
        self.products += 1;
        let Secants { space, function, x, g, point, ahead, behind, part, .. } = self;
        let h = probe.displace(space, x, point);
        function.mean(space, point, ahead, part);
        if self.rule != Rule::Central {
            return Answer::forward(h, g, ahead);
        }
        let h_behind = probe.displace_back(space, x, point);
        function.mean(space, point, behind, part);
        Answer::central(h_behind, behind, h, ahead)
    }

    fn open_batch(&mut self, batch: Part) {
        self.open = batch;
        if self.rule != Rule::Central {
            self.function.value_grad(batch, &self.x, &mut self.part);
        }
    }

    fn answer_batch(&mut self, probe: Probe<'_, [T]>) -> Answer<'_, [T]> {
        let Secants { space, function, x, point, ahead, behind, part, open, .. } = self;
        let h = probe.displace(space, x, point);
        function.value_grad(*open, point, ahead);
        if self.rule != Rule::Central {
            return Answer::forward(h, part, ahead);
        }
        let h_behind = probe.displace_back(space, x, point);
        function.value_grad(*open, point, behind);
        Answer::central(h_behind, behind, h, ahead)
    }

    fn best_length(&mut self, n: &[T]) -> Result<f64, SettingError> {
        self.open_batch(Part::Own(0));
        let Secants { space, rule, function, x, part, .. } = self;
        let settings = TwoLengthsSettings { rule: *rule, ..TwoLengthsSettings::default() };
        let mut workspace = Workspace::new(space, x.as_slice(), *rule);
        let best = best_length(space, &mut First(function), x, part, n, settings, &mut workspace)?;
        let norm = space.norm(x);
        Ok(best.length.at(norm) / norm.max(1.0))
    }

    fn batches(&self) -> Batches {
        self.function.f.batches()
    }

    fn counts(&self) -> Counts {
        let gradients = self.function.gradients.div_ceil(self.function.f.batches().own as u64);
        Counts { products: self.products, gradients }
    }
}
