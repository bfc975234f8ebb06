//! The loss that a monitor watches: a model's mean loss on fixed batches.
//!
//! Problem: curvatures of successive training batches differ by more than training changes them. On the same batches
//! at every visit, a curve shows what training did. f = (1/B) Σ f_b, evaluated and added in the order of the batches:
//! the same bits every time.
//!
//! It has a model of its own, so nothing of a visit can reach the model that is trained.

use deo_core::{Objective, Space};
use deo_linalg::{Parallel, Real, Threads};
use deo_models::data::Batch;
use deo_models::gpt::Gpt;

/// (1/B) Σ f_b over B fixed batches, with a count of what it cost.
#[derive(Debug, Clone)]
pub struct MeanLoss<T> {
    space: Parallel<T>,
    gpt: Gpt<T>,
    batches: Vec<Batch>,
    part: Vec<T>,
    evaluated: u64,
}

impl<T: Real> MeanLoss<T> {
    /// The mean loss of `gpt` on `batches`.
    ///
    /// # Panics
    ///
    /// If there are no batches.
    pub fn new(gpt: Gpt<T>, batches: Vec<Batch>) -> Self {
        assert!(!batches.is_empty(), "the mean over 0 batches; at least 1 is needed");
        let part = vec![T::ZERO; gpt.layout().len()];
        MeanLoss { space: Parallel::new(Threads::Pool), gpt, batches, part, evaluated: 0 }
    }

    /// The batches, to be exchanged for others.
    pub fn batches_mut(&mut self) -> &mut [Batch] {
        &mut self.batches
    }

    /// Gradients of single batches evaluated so far: B for every gradient of the mean.
    pub fn gradients(&self) -> u64 {
        self.evaluated
    }
}

impl<T: Real> Objective<[T]> for MeanLoss<T> {
    fn value(&mut self, x: &[T]) -> f64 {
        let count = self.batches.len() as f64;
        self.batches.iter().map(|batch| self.gpt.on(batch).value(x)).sum::<f64>() / count
    }

    fn value_grad(&mut self, x: &[T], gradient: &mut [T]) -> f64 {
        let share = 1.0 / self.batches.len() as f64;
        let mut sum = 0.0;
        for (b, batch) in self.batches.iter().enumerate() {
            sum += self.gpt.on(batch).value_grad(x, &mut self.part);
            // The first sum must not read what the gradient held before.
            let keep = if b == 0 { 0.0 } else { 1.0 };
            self.space.axpby(share, &self.part, keep, gradient);
        }
        self.evaluated += self.batches.len() as u64;
        sum * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deo_models::data::{Corpus, evaluation_batches};
    use deo_models::gpt::GptConfig;

    #[test]
    fn the_gradient_is_that_of_the_mean() {
        let corpus =
            Corpus::from_text(&"to be or not to be, that is the question. ".repeat(20)).unwrap();
        let batches = evaluation_batches(corpus.train(), 3, 2, 8, 5).unwrap();
        let shape = GptConfig { block: 8, ..GptConfig::tiny(corpus.vocabulary().len()) };
        let gpt = Gpt::<f64>::new(shape, Threads::One).unwrap();
        let x = gpt.init(2);
        let mut f = MeanLoss::new(gpt, batches);
        // Whatever was there before must not matter.
        let mut g = vec![f64::NAN; x.len()];
        let loss = f.value_grad(&x, &mut g);
        assert_eq!(f.gradients(), 3);
        assert!((f.value(&x) - loss).abs() < 1e-14 * loss);
        // Central differences along a fixed direction: steps far below the weights' 0.02, and ε f/h = 1e-9.
        let v: Vec<f64> = (0..x.len() as u64).map(|i| deo_core::noise::noise(3, i)).collect();
        let h = 1e-6;
        let at = |f: &mut MeanLoss<f64>, h: f64| {
            let y: Vec<f64> = x.iter().zip(&v).map(|(x, v)| x + h * v).collect();
            f.value(&y)
        };
        let slope = (at(&mut f, h) - at(&mut f, -h)) / (2.0 * h);
        let along: f64 = g.iter().zip(&v).map(|(g, v)| g * v).sum();
        assert!((slope - along).abs() < 1e-6 * along.abs().max(1.0), "{slope} {along}");
    }
}
