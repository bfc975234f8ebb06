//! An eigenpair measured again: along its own axis, at a length that is right there, batch by batch.
//!
//! Problem: a secant of length h sees the function, not its Hessian. Along an eigenvector of a network, which is far from
//! a random direction, the function may bend at a length that is harmless elsewhere: at the initialisation of the tiny GPT,
//! central secants over 8e-3 ‖x‖ gave −17.8 for an eigenvalue of −21.98, and nothing that the search sees tells. So the
//! length is chosen anew, by trying, along the axis that was found. There
//! [`BatchCurvature`] takes mean, secant error and standard error over the batches, and once more over fresh ones, which
//! the axis was not fitted to.

use super::error::SpectrumError;
use super::source::{Of, Part, Source, answer_all};
use deo_core::statistics::{BatchCurvature, BatchEstimate};
use deo_core::two_lengths::TwoLengthsSettings;
use deo_core::{Length, Rule};
use deo_linalg::{Parallel, Real, Threads};

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verified {
    /// Over the batches of the search.
    pub(super) own: BatchEstimate,
    /// Over fresh batches, if there are any.
    pub(super) fresh: Option<BatchEstimate>,
    /// The length that was used.
    pub(super) length: f64,
}

/// Measures along the unit vector n, at the length that is given or best. Lengths are relative to max(‖x‖, 1).
pub(super) fn verify<T: Real>(
    source: &mut dyn Source<T>,
    n: &[T],
    rule: Rule,
    given: Option<f64>,
) -> Result<Verified, SpectrumError> {
    let length = given.map_or_else(|| source.best_length(n), Ok)?;
    let settings =
        TwoLengthsSettings { rule, length: Some(Length::Relative(length)), diagnose: false };
    let batches = source.batches();
    let own = over(source, n, settings, (0..batches.own).map(Part::Own))?;
    let fresh = match batches.fresh {
        0 => None,
        fresh => Some(over(source, n, settings, (0..fresh).map(Part::Fresh))?),
    };
    Ok(Verified { own, fresh, length })
}

/// Mean and errors over some batches.
fn over<T: Real>(
    source: &mut dyn Source<T>,
    n: &[T],
    settings: TwoLengthsSettings,
    parts: impl Iterator<Item = Part>,
) -> Result<BatchEstimate, SpectrumError> {
    let space = Parallel::<T>::new(Threads::Pool);
    let mut curvature = BatchCurvature::new(&space, n, settings)?;
    for part in parts {
        source.open_batch(part);
        curvature.begin_batch();
        answer_all(source, Of::Batch, &mut curvature, |_, _| {});
    }
    Ok(curvature.estimate())
}
