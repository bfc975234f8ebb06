//! Everything that is measured at the point, in order: that the function is one, its eigenpairs, trace and density.

use super::advice::advice;
use super::error::SpectrumError;
use super::results::{Pair, Results};
use super::search::{Search, Watch, search};
use super::settings::Settings;
use super::target::Target;
use super::whole::{density, trace};
use deo_core::determinism::NoisyOracle;
use deo_linalg::Real;
use std::time::Instant;

/// Results and eigenvectors.
pub(super) struct Found {
    pub(super) results: Results,
    /// Unit vectors, one for each pair; NaN for a pair that the budget didn't suffice for.
    pub(super) vectors: Vec<Vec<f64>>,
}

/// Measures in the precision `T`.
pub(super) fn measure<T: Real>(
    target: &Target,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Result<Found, SpectrumError> {
    let clock = Instant::now();
    let mut source = target.source::<T>(settings)?;
    let at_point = source.at_point();
    match (source.check(), at_point) {
        (Err(NoisyOracle::NonFinite), Some(at)) => {
            let (loss, gradient_norm) = (at.loss, at.gradient_norm);
            return Err(SpectrumError::NoGradient { loss, gradient_norm });
        }
        (checked, _) => checked?,
    }
    let Search { pairs, axes, length } = search(&mut *source, settings, watch)?;
    let trace = trace(&mut *source, settings, length, watch)?;
    let density = density(&mut *source, settings, length, watch)?;

    let (n, counts) = (source.dimension(), source.counts());
    let mut results = Results {
        dimension: n,
        loss: at_point.map(|at| at.loss),
        gradient_norm: at_point.map(|at| at.gradient_norm),
        batches: target.batches(),
        length: settings.rule.is_some().then_some(length),
        known_lowest: target.known(),
        trace,
        density,
        products: counts.products,
        gradients: counts.gradients,
        converged: pairs.iter().all(Pair::is_converged),
        pairs,
        // Whole milliseconds: what a clock is good for.
        seconds: (clock.elapsed().as_secs_f64() * 1e3).round() / 1e3,
        advice: Vec::new(),
    };
    results.advice = advice(settings, &results);
    let wide = |axis: &Option<Vec<T>>| match axis {
        Some(axis) => axis.iter().map(|value| value.to_f64()).collect(),
        None => vec![f64::NAN; n],
    };
    Ok(Found { results, vectors: axes.iter().map(wide).collect() })
}
