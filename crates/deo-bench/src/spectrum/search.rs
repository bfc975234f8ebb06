//! The search: deo-core's Krylov process asks, a source answers.

use super::advice::advice;
use super::choices::Ends;
use super::error::SpectrumError;
use super::results::{Pair, Results};
use super::settings::Settings;
use super::source::{Remeasured, Source};
use super::target::Target;
use deo_core::krylov::Krylov;
use deo_core::{Estimate, Status};
use deo_linalg::{Parallel, Real, Threads};
use std::time::Instant;

/// Who watches: it gets the products so far and the first pair as it stands.
pub(super) trait Watch {
    fn product(&mut self, products: u64, first: &Estimate);
}

/// Results and eigenvectors.
pub(super) struct Found {
    pub(super) results: Results,
    /// Unit vectors, one for each pair.
    pub(super) vectors: Vec<Vec<f64>>,
}

/// Searches in the precision `T`.
pub(super) fn search<T: Real>(
    target: &Target,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Result<Found, SpectrumError> {
    let clock = Instant::now();
    let mut source = target.source::<T>(settings)?;
    let n = source.dimension();
    check_count(settings, n)?;
    let at_point = source.at_point();
    if let Some(at) = at_point.filter(|at| !(at.loss.is_finite() && at.gradient_norm.is_finite())) {
        let (loss, gradient_norm) = (at.loss, at.gradient_norm);
        return Err(SpectrumError::NoGradient { loss, gradient_norm });
    }
    let krylov = run(&mut *source, settings, watch)?;
    let axes: Vec<&[T]> = (0..settings.wanted()).map(|i| krylov.axis(i).as_slice()).collect();
    let mut pairs = pairs(&krylov, settings);
    if let Some(again) = source.remeasure(&axes) {
        pairs.iter_mut().zip(&again).for_each(|(pair, again)| correct(pair, again));
    }
    let counts = source.counts();
    let mut results = Results {
        dimension: n,
        loss: at_point.map(|at| at.loss),
        gradient_norm: at_point.map(|at| at.gradient_norm),
        batches: target.batches(),
        known_lowest: target.known(),
        pairs,
        products: counts.products,
        gradients: counts.gradients,
        converged: krylov.estimates().iter().all(|pair| pair.status == Status::Converged),
        // Whole milliseconds: what a clock is good for.
        seconds: (clock.elapsed().as_secs_f64() * 1e3).round() / 1e3,
        advice: Vec::new(),
    };
    results.advice = advice(settings, &results);
    let wide = |axis: &&[T]| axis.iter().map(|value| value.to_f64()).collect();
    let vectors = axes.iter().map(wide).collect();
    Ok(Found { results, vectors })
}

/// There must be as many eigenvalues as are wanted.
fn check_count(settings: &Settings, n: usize) -> Result<(), SpectrumError> {
    if settings.wanted() <= n {
        return Ok(());
    }
    let most = if settings.which == Ends::Both { n / 2 } else { n };
    let wanted = format!("at most {most}, for there are {n} eigenvalues");
    Err(SpectrumError::setting("k", settings.k, wanted))
}

/// Runs the process to its end.
fn run<T: Real>(
    source: &mut dyn Source<T>,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Result<Krylov<Vec<T>>, SpectrumError> {
    let space = Parallel::<T>::new(Threads::Pool);
    let like = vec![T::ZERO; source.dimension()];
    let mut krylov = Krylov::new(&space, &like, settings.krylov())?;
    krylov.draw(&space, settings.seed);
    while let Some(probe) = krylov.ask(&space) {
        let answer = source.answer(probe);
        krylov.tell(&space, answer);
        watch.product(source.counts().products, &krylov.estimates()[0]);
    }
    if krylov.estimates().iter().any(|estimate| estimate.status == Status::NonFinite) {
        let product = source.counts().products;
        let remedy = match settings.rule {
            Some(_) => "a smaller --length may help",
            None => "divide the matrix by its largest component",
        };
        return Err(SpectrumError::NonFinite { product, remedy });
    }
    Ok(krylov)
}

fn pairs<V>(krylov: &Krylov<V>, settings: &Settings) -> Vec<Pair> {
    let pair = |(i, estimate): (usize, &Estimate)| {
        let highest = settings.which == Ends::Highest || i >= settings.k;
        let end = if highest { "highest" } else { "lowest" };
        Pair::new(end, i % settings.k + 1, estimate, krylov.gap(i))
    };
    krylov.estimates().iter().enumerate().map(pair).collect()
}

/// Takes over what was measured along the axis itself.
fn correct(pair: &mut Pair, again: &Remeasured) {
    pair.eigenvalue = again.curvature;
    // What the search saw of rounding and asymmetry stays a lower bound.
    pair.secant_error = again.secant_error.max(pair.secant_error);
    pair.standard_error = (again.over_batches.len() > 1).then(|| standard_error(&again.over_batches));
}

/// σ/√B, σ² the unbiased variance of B ≥ 2 values.
fn standard_error(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (square / (count - 1.0) / count).sqrt()
}
