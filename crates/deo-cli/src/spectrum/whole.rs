//! The whole spectrum from random vectors: density and trace.

use super::error::SpectrumError;
use super::search::Watch;
use super::settings::Settings;
use super::source::{Of, Source, answer_all};
use deo_core::Length;
use deo_core::stochastic::{Density, Sampling, SpectralDensity, StochasticSettings, Trace};
use deo_linalg::{Parallel, Real, Threads};
use serde::Serialize;

/// The trace and its error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TraceResult {
    /// The mean over the random vectors.
    pub trace: f64,
    /// Its standard error from the choice of vectors; NaN for one.
    pub standard_error: f64,
    /// Random vectors.
    pub vectors: u64,
}

/// A share of all eigenvalues.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Between 0 and 1.
    pub share: f64,
    /// Its standard error from the choice of vectors; NaN for one.
    pub standard_error: f64,
}

/// The density as a quadrature: (1/N) Σ f(λᵢ) ≈ Σ w f(θ).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DensityResult {
    /// θ, those of one random vector after those of another, each ascending.
    pub nodes: Vec<f64>,
    /// w, in the order of the nodes; they sum to 1.
    pub weights: Vec<f64>,
    /// An eigenvalue closer to zero than this is called flat: a hundredth of the largest |θ|.
    pub flat: f64,
    /// The share of eigenvalues below −`flat`.
    pub negative: Share,
    /// The share of eigenvalues above `flat`.
    pub positive: Share,
    /// Random vectors.
    pub vectors: usize,
    /// What the plot is drawn from.
    #[serde(skip)]
    pub density: Density,
}

pub(super) fn trace<T: Real>(
    source: &mut dyn Source<T>,
    settings: &Settings,
    length: f64,
    watch: &mut dyn Watch,
) -> Result<Option<TraceResult>, SpectrumError> {
    let Some(vectors) = settings.probes else { return Ok(None) };
    let space = Parallel::<T>::new(Threads::Pool);
    let stochastic = StochasticSettings { vectors, ..stochastic(settings, length, b"trace   ") };
    let mut trace = Trace::new(&space, &vec![T::ZERO; source.dimension()], stochastic)?;
    answer_all(source, Of::Mean, &mut trace, |_, counts| watch.see("trace", counts.products));
    let estimate = trace.estimate();
    if estimate.sampling == Sampling::NonFinite {
        return Err(SpectrumError::non_finite(settings, source.counts().products));
    }
    let (trace, standard_error) = (estimate.trace, estimate.standard_error);
    Ok(Some(TraceResult { trace, standard_error, vectors: estimate.vectors }))
}

pub(super) fn density<T: Real>(
    source: &mut dyn Source<T>,
    settings: &Settings,
    length: f64,
    watch: &mut dyn Watch,
) -> Result<Option<DensityResult>, SpectrumError> {
    let Some(wanted) = settings.density else { return Ok(None) };
    let space = Parallel::<T>::new(Threads::Pool);
    let stochastic = StochasticSettings {
        vectors: wanted.vectors,
        // More steps than dimensions would only take memory.
        steps: wanted.steps.min(source.dimension()),
        ..stochastic(settings, length, b"density ")
    };
    let mut process = SpectralDensity::new(&space, &vec![T::ZERO; source.dimension()], stochastic)?;
    answer_all(source, Of::Mean, &mut process, |_, counts| watch.see("density", counts.products));
    if process.sampling() == Sampling::NonFinite {
        return Err(SpectrumError::non_finite(settings, source.counts().products));
    }
    let density = process.density().clone();
    let largest = density.nodes().iter().fold(0.0, |largest: f64, node| largest.max(node.abs()));
    let flat = FLAT * largest;
    let share = |of: &dyn Fn(f64) -> bool| {
        let (share, standard_error) = density.mean_of(|node| f64::from(u8::from(of(node))));
        Share { share, standard_error }
    };
    Ok(Some(DensityResult {
        nodes: density.nodes().to_vec(),
        weights: density.weights(),
        flat,
        negative: share(&|node| node < -flat),
        positive: share(&|node| node > flat),
        vectors: density.vectors(),
        density,
    }))
}

/// The bulk of a network's spectrum is zero but for the error of secants: its signs mean nothing.
const FLAT: f64 = 0.01;

/// The name makes a stream of its own out of the one seed, apart from that of the search.
fn stochastic(settings: &Settings, length: f64, name: &[u8; 8]) -> StochasticSettings {
    StochasticSettings {
        rule: settings.krylov().rule,
        length: Some(Length::Relative(length)),
        seed: settings.seed ^ u64::from_le_bytes(*name),
        ..StochasticSettings::default()
    }
}
