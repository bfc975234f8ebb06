//! Hessian products by differences of gradients, averaged over batches.
//!
//! f(x) = (1/B) Σ_b f_b(x), and ∇f is summed in the order of the batches, so that the numbers depend on nothing else.
//! A standard error needs the same products batch by batch: ⟨n, H_b n⟩ = ⟨n, g_b(x + hn) − g_b(x)⟩/h. Both inner
//! products are accumulated in double precision, hence their difference loses nothing that the gradients had.

use super::source::{AtPoint, Counts, Source};
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
    /// The gradient ahead and, for the central rule, behind.
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
        let (behind, part) = (zeros(rule == Rule::Central || several), zeros(several));
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

    /// ⟨n, H_b n⟩ for the batch whose gradient at x is in `ahead`; uses `behind`.
    fn along(&mut self, batch: usize, n: &[T]) -> f64 {
        let Secants { space, f, x, point, ahead, behind, .. } = self;
        let h = self.length.at(space.norm(x));
        let mut slope = |h: f64| {
            let h = space.displace(h, n, x, point);
            f.value_grad(batch, point, behind);
            (h, space.dot(n, behind))
        };
        let (h_ahead, slope_ahead) = slope(h);
        let (h_behind, slope_behind) = match self.rule {
            Rule::Central => slope(-h),
            _ => (0.0, space.dot(n, ahead)),
        };
        (slope_ahead - slope_behind) / (h_ahead - h_behind)
    }
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

    fn over_batches(&mut self, axes: &[&[T]]) -> Option<Vec<Vec<f64>>> {
        let batches = self.f.batches();
        if batches == 1 {
            return None;
        }
        let mut curvatures = vec![Vec::with_capacity(batches); axes.len()];
        for batch in 0..batches {
            if self.rule != Rule::Central {
                self.f.value_grad(batch, &self.x, &mut self.ahead);
            }
            for (axis, curvatures) in axes.iter().zip(&mut curvatures) {
                curvatures.push(self.along(batch, axis));
            }
        }
        // Every batch once is one gradient of the mean.
        self.counts.gradients += match self.rule {
            Rule::Central => 2 * axes.len() as u64,
            _ => 1 + axes.len() as u64,
        };
        Some(curvatures)
    }

    fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests;
