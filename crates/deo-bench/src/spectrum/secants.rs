//! Hessian products by differences of gradients, averaged over batches.
//!
//! f(x) = (1/B) Σ_b f_b(x), and ∇f is summed in the order of the batches, so that the numbers depend on nothing else.
//!
//! Every axis n that was found is measured again along itself, from both sides and batch by batch, with
//! s_b(d) = ⟨n, ∇f_b(x + dn)⟩ and the central quotient C_b(h) = (s_b(h) − s_b(−h))/2h:
//!
//! | | |
//! |---|---|
//! | curvature | C(h), the mean of the C_b(h); its truncation is of second order whatever the rule |
//! | secant error, forward rule | \|C₊ − C(h)\|, C₊ = (s(h) − s(0))/h: what the rule was off by |
//! | secant error, central rule | 4/3 \|C(h) − C(h/2)\|, Richardson's estimate of the truncation of C(h) |
//! | standard error | of the mean of the C_b(h) |
//!
//! This is *measured*, along the axis that counts; the asymmetry that the search sees is between other directions, and
//! misses a length at which the function is no longer a parabola. The inner products s_b are accumulated in double
//! precision, hence their differences lose nothing that the gradients had.

use super::source::{AtPoint, Counts, Remeasured, Source};
use deo_core::{Answer, Length, Probe, Rule, Space};
use deo_linalg::{Parallel, Real};

/// A function that is the mean of others.
pub(super) trait Batched<T> {
    /// B.
    fn batches(&self) -> usize;

    /// f_b(x), and `g` ← ∇f_b(x).
    fn value_grad(&mut self, batch: usize, x: &[T], g: &mut [T]) -> f64;
}

/// A function at a point, and the room for its secants.
#[derive(Debug)]
pub(super) struct Secants<T, F> {
    space: Parallel<T>,
    f: F,
    x: Vec<T>,
    /// ∇f(x).
    g: Vec<T>,
    at_point: AtPoint,
    rule: Rule,
    length: Length,
    /// x displaced.
    point: Vec<T>,
    /// The gradient ahead and, if the rule is central, behind.
    ahead: Vec<T>,
    behind: Vec<T>,
    /// The gradient of one batch; empty where there is only one.
    part: Vec<T>,
    counts: Counts,
}

impl<T: Real, F: Batched<T>> Secants<T, F> {
    /// `f` at `x`, where it is evaluated once.
    pub(super) fn new(space: Parallel<T>, f: F, x: Vec<T>, rule: Rule, length: Option<f64>) -> Self {
        let zeros = |wanted: bool| if wanted { vec![T::ZERO; x.len()] } else { Vec::new() };
        let several = f.batches() > 1;
        let (g, point, ahead) = (zeros(true), zeros(true), zeros(true));
        let (behind, part) = (zeros(rule == Rule::Central), zeros(several));
        let length =
            length.map_or_else(|| Length::balanced(rule, space.epsilon()), Length::Relative);
        let at_point = AtPoint { loss: f64::NAN, gradient_norm: f64::NAN };
        let counts = Counts::default();
        let mut secants =
            Secants { space, f, x, g, at_point, rule, length, point, ahead, behind, part, counts };
        let Secants { f, x, g, part, .. } = &mut secants;
        let loss = mean(&space, f, x, g, part);
        secants.at_point = AtPoint { loss, gradient_norm: space.norm(&secants.g) };
        secants.counts.gradients = 1;
        secants
    }

    /// The central quotients C_b(h) of every batch, and the mean of the slopes ahead with its realised length.
    fn quotients(&mut self, n: &[T], h: f64) -> (Vec<f64>, Slope) {
        let Secants { space, f, x, point, ahead, counts, .. } = self;
        let batches = f.batches();
        let mut slope = |batch: usize, h: f64| {
            let length = space.displace(h, n, x, point);
            f.value_grad(batch, point, ahead);
            Slope { length, slope: space.dot(n, ahead) }
        };
        let mut mean = Slope { length: 0.0, slope: 0.0 };
        let mut quotients = Vec::with_capacity(batches);
        for batch in 0..batches {
            let (ahead, behind) = (slope(batch, h), slope(batch, -h));
            quotients.push(ahead.quotient(behind));
            mean = Slope { length: ahead.length, slope: mean.slope + ahead.slope / batches as f64 };
        }
        counts.gradients += 2; // every batch once is one gradient of the mean
        (quotients, mean)
    }

    fn remeasure_one(&mut self, n: &[T]) -> Remeasured {
        let h = self.length.at(self.space.norm(&self.x));
        let (over_batches, ahead) = self.quotients(n, h);
        let curvature = mean_of(&over_batches);
        let secant_error = if self.rule == Rule::Central {
            let (shorter, _) = self.quotients(n, h / 2.0);
            4.0 / 3.0 * (curvature - mean_of(&shorter)).abs()
        } else {
            let here = Slope { length: 0.0, slope: self.space.dot(n, &self.g) };
            (ahead.quotient(here) - curvature).abs()
        };
        Remeasured { curvature, secant_error, over_batches }
    }
}

/// s(d) = ⟨n, ∇f(x + dn)⟩.
#[derive(Debug, Clone, Copy)]
struct Slope {
    /// d, as storage realised it.
    length: f64,
    slope: f64,
}

impl Slope {
    fn quotient(self, behind: Slope) -> f64 {
        (self.slope - behind.slope) / (self.length - behind.length)
    }
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// `g` ← (1/B) Σ_b ∇f_b(x), and the mean loss.
fn mean<T: Real>(
    space: &Parallel<T>,
    f: &mut impl Batched<T>,
    x: &[T],
    g: &mut [T],
    part: &mut [T],
) -> f64 {
    let batches = f.batches();
    if batches == 1 {
        return f.value_grad(0, x, g);
    }
    let share = 1.0 / batches as f64;
    let mut loss = 0.0;
    for batch in 0..batches {
        loss += share * f.value_grad(batch, x, part);
        space.axpby(share, part, if batch == 0 { 0.0 } else { 1.0 }, g);
    }
    loss
}

impl<T: Real, F: Batched<T>> Source<T> for Secants<T, F> {
    fn dimension(&self) -> usize {
        self.x.len()
    }

    fn at_point(&self) -> Option<AtPoint> {
        Some(self.at_point)
    }

    fn answer(&mut self, probe: Probe<'_, [T]>) -> Answer<'_, [T]> {
        let Secants { space, f, x, g, point, ahead, behind, part, counts, .. } = self;
        counts.products += 1;
        counts.gradients += 1;
        let h = probe.displace(space, x, point);
        mean(space, f, point, ahead, part);
        if self.rule != Rule::Central {
            return Answer::forward(h, g, ahead);
        }
        counts.gradients += 1;
        let h_behind = probe.displace_back(space, x, point);
        mean(space, f, point, behind, part);
        Answer::central(h_behind, behind, h, ahead)
    }

    fn remeasure(&mut self, axes: &[&[T]]) -> Option<Vec<Remeasured>> {
        Some(axes.iter().map(|axis| self.remeasure_one(axis)).collect())
    }

    fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests;
