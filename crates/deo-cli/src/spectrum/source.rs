//! Where products Hv come from: one face for gradients of networks and landscapes and for a stored matrix.

use deo_core::SettingError;
use deo_core::determinism::NoisyOracle;
use deo_core::drive::Asks;
use deo_core::{Answer, Probe, Question};
use deo_linalg::{Parallel, Real, Threads};

/// Answers questions about a Hessian at a point.
pub(super) trait Source<T: Real> {
    /// N.
    fn dimension(&self) -> usize;

    /// The loss and the norm of the gradient at the point; `None` where there is only a matrix.
    fn at_point(&self) -> Option<AtPoint>;

    /// Whether the same question gets the same answer.
    fn check(&mut self) -> Result<(), NoisyOracle>;

    /// Answers with the mean over the batches.
    fn answer(&mut self, probe: Probe<'_, [T]>) -> Answer<'_, [T]>;

    /// Answers with one batch, that of the last call of [`open_batch`](Self::open_batch).
    fn answer_batch(&mut self, probe: Probe<'_, [T]>) -> Answer<'_, [T]>;

    /// Makes a batch ready for questions.
    fn open_batch(&mut self, batch: Part);

    /// The length of the most accurate product along n on the first batch, relative to max(‖x‖, 1).
    fn best_length(&mut self, n: &[T]) -> Result<f64, SettingError>;

    /// How many there are of a kind.
    fn batches(&self) -> Batches;

    /// What was evaluated so far.
    fn counts(&self) -> Counts;
}

/// Whose product answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The mean over the batches.
    Mean,
    /// The batch that is open.
    Batch,
}

/// Answers everything that `machine` asks, and shows it after each answer.
///
/// Not deo-core's loop, because a source may have the products themselves.
pub(super) fn answer_all<T: Real, M: Asks<Parallel<T>>>(
    source: &mut dyn Source<T>,
    of: Of,
    machine: &mut M,
    mut seen: impl FnMut(&M, Counts),
) {
    let space = Parallel::new(Threads::Pool);
    // Nobody who asks for curvatures looks at the gradient.
    while let Some(Question::Gradient(probe)) = machine.ask(&space, &[]) {
        let answer = match of {
            Of::Mean => source.answer(probe),
            Of::Batch => source.answer_batch(probe),
        };
        machine.tell(&space, answer);
        seen(machine, source.counts());
    }
}

/// One of the batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Of those whose mean is looked at.
    Own(usize),
    /// Of those that only judge what was found on the others.
    Fresh(usize),
}

/// How many batches there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batches {
    /// Whose mean is looked at, at least 1.
    pub(super) own: usize,
    /// Others, for judgement.
    pub(super) fresh: usize,
}

/// The function where its curvature is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct AtPoint {
    /// f(x).
    pub(super) loss: f64,
    /// ‖∇f(x)‖.
    pub(super) gradient_norm: f64,
}

/// What was evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    /// Products Hv of the mean over the batches.
    pub(super) products: u64,
    /// Gradients; of a mean over B batches each batch counts 1/B, and the sum is rounded up.
    pub(super) gradients: u64,
}
