//! What a spectrum comes to: pairs with their errors, and what they cost.
//!
//! A number that isn't known, or isn't finite, becomes `null` in JSON.

use super::settings::Settings;
use super::verify::Verified;
use super::whole::{DensityResult, TraceResult};
use deo_core::statistics::BatchEstimate;
use deo_core::{Estimate, Status};
use serde::Serialize;

/// An eigenpair; its vector is a row of the file of `--vectors`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// "lowest" or "highest".
    pub end: &'static str,
    /// Its place from that end, counted from 1.
    pub index: usize,
    /// λ.
    pub eigenvalue: f64,
    /// ‖Hn − λn‖: an eigenvalue lies within it.
    pub residual: f64,
    /// The error of λ from finite differences, measured along the eigenvector.
    pub secant_error: f64,
    /// The distance to the nearest other Ritz value; `None` if there is none.
    pub gap: Option<f64>,
    /// The standard error of the curvature along n over the batches; `None` unless there are two or more.
    pub standard_error: Option<f64>,
    /// How far the list of this end is complete: no eigenvalue beyond its pairs lies before this value. `None` if that wasn't
    /// confirmed, or there is none.
    pub complete_to: Option<f64>,
    /// The curvature along n on fresh batches; `None` if there are none.
    pub fresh: Option<f64>,
    /// Its standard error; `None` unless there are two or more.
    pub fresh_error: Option<f64>,
    /// How the search for it ended.
    pub status: &'static str,
    /// Half the widths of the 95 % intervals that the two standard errors give for so few batches.
    #[serde(skip)]
    pub(super) margins: [Option<f64>; 2],
    /// The residual at which the search calls it converged.
    #[serde(skip)]
    goal: f64,
}

/// Standard errors of a normal distribution whose confidence makes a difference significant: 95 %. Few batches need more
/// of them, which [`BatchEstimate::margin`] knows.
const SIGNIFICANT: f64 = 2.0;

impl Pair {
    pub(super) fn new(
        end: &'static str,
        index: usize,
        estimate: &Estimate,
        goal: f64,
        complete_to: Option<f64>,
    ) -> Self {
        Pair {
            end,
            index,
            eigenvalue: estimate.curvature,
            residual: estimate.residual,
            secant_error: estimate.secant_error,
            gap: estimate.gap,
            standard_error: None,
            complete_to: complete_to.filter(|value| value.is_finite()),
            fresh: None,
            fresh_error: None,
            margins: [None; 2],
            goal,
            status: match estimate.status {
                Status::Converged => CONVERGED,
                Status::Noise => NOISE,
                Status::Unconfirmed => UNCONFIRMED,
                Status::Budget => BUDGET,
                _ => "unknown",
            },
        }
    }

    /// Takes over what was measured along the axis itself; converged is what is so by that, to `slack` times what the search
    /// asked for.
    pub(super) fn verify(&mut self, verified: &Verified, slack: f64) {
        let known = |error: f64| (!error.is_nan()).then_some(error);
        let BatchEstimate { curvature, residual, secant_error, standard_error, .. } = verified.own;
        (self.eigenvalue, self.residual, self.secant_error) = (curvature, residual, secant_error);
        self.standard_error = known(standard_error);
        self.fresh = verified.fresh.map(|fresh| fresh.curvature);
        self.fresh_error = verified.fresh.and_then(|fresh| known(fresh.standard_error));
        let margin = |of: BatchEstimate| known(of.margin(SIGNIFICANT));
        self.margins = [Some(verified.own), verified.fresh].map(|of| of.and_then(margin));
        if self.is_closed() {
            let converged = residual <= slack * self.goal;
            self.status = if converged { CONVERGED } else { NOISE };
        }
    }

    /// The search was satisfied with it.
    pub(super) fn is_closed(&self) -> bool {
        [CONVERGED, NOISE].contains(&self.status)
    }

    pub(super) fn is_converged(&self) -> bool {
        self.status == CONVERGED
    }

    /// An estimate of the angle to the eigenvector, in radians: residual/gap.
    pub fn angle(&self) -> Option<f64> {
        self.gap.map(|gap| self.residual / gap)
    }
}

pub(super) const CONVERGED: &str = "converged";
pub(super) const NOISE: &str = "noise";
pub(super) const BUDGET: &str = "budget";
pub(super) const UNCONFIRMED: &str = "unconfirmed";

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Results {
    /// N.
    pub dimension: usize,
    /// f(x); `None` for a matrix.
    pub loss: Option<f64>,
    /// ‖∇f(x)‖; `None` for a matrix.
    pub gradient_norm: Option<f64>,
    /// The batches whose mean f is; `None` if it isn't one.
    pub batches: Option<usize>,
    /// The displacement of the last search, relative to max(‖x‖, 1); `None` for a matrix.
    pub length: Option<f64>,
    /// λ_min, where a formula gives it.
    pub known_lowest: Option<f64>,
    /// The lowest ascending, then the highest descending.
    pub pairs: Vec<Pair>,
    /// The trace, if wanted.
    pub trace: Option<TraceResult>,
    /// The density of eigenvalues, if wanted.
    pub density: Option<DensityResult>,
    /// Hessian products of the mean over all batches.
    pub products: u64,
    /// Gradients, each the mean over all batches: of the products, of the point, and of the verification, rounded up.
    pub gradients: u64,
    /// Whether every pair is converged.
    pub converged: bool,
    /// Seconds of the search.
    pub seconds: f64,
    /// What would make it better.
    pub advice: Vec<String>,
}

/// The object of `--json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Summary<'a> {
    command: &'static str,
    eigenvalues: Vec<f64>,
    residuals: Vec<f64>,
    products: u64,
    gradients: u64,
    converged: bool,
    standard_errors: Vec<Option<f64>>,
    secant_errors: Vec<f64>,
    gaps: Vec<Option<f64>>,
    complete_to: Vec<Option<f64>>,
    fresh: Vec<Option<f64>>,
    fresh_errors: Vec<Option<f64>>,
    statuses: Vec<&'static str>,
    trace: Option<TraceResult>,
    density: Option<&'a DensityResult>,
    dimension: usize,
    batches: Option<usize>,
    length: Option<f64>,
    loss: Option<f64>,
    gradient_norm: Option<f64>,
    seed: u64,
    seconds: f64,
    advice: &'a [String],
}

impl<'a> Summary<'a> {
    pub(super) fn of(record: &'a Record<'_>) -> Self {
        let Record { settings, results, .. } = record;
        let numbers = |of: fn(&Pair) -> f64| results.pairs.iter().map(of).collect();
        Summary {
            command: record.command,
            eigenvalues: numbers(|pair| pair.eigenvalue),
            residuals: numbers(|pair| pair.residual),
            products: results.products,
            gradients: results.gradients,
            converged: results.converged,
            standard_errors: results.pairs.iter().map(|pair| pair.standard_error).collect(),
            secant_errors: numbers(|pair| pair.secant_error),
            gaps: results.pairs.iter().map(|pair| pair.gap).collect(),
            complete_to: results.pairs.iter().map(|pair| pair.complete_to).collect(),
            fresh: results.pairs.iter().map(|pair| pair.fresh).collect(),
            fresh_errors: results.pairs.iter().map(|pair| pair.fresh_error).collect(),
            statuses: results.pairs.iter().map(|pair| pair.status).collect(),
            trace: results.trace,
            density: results.density.as_ref(),
            dimension: results.dimension,
            batches: results.batches,
            length: results.length,
            loss: results.loss,
            gradient_norm: results.gradient_norm,
            seed: settings.seed,
            seconds: results.seconds,
            advice: &results.advice,
        }
    }
}

/// `record.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Record<'a> {
    /// "spectrum".
    pub(super) command: &'static str,
    /// The version of the program.
    pub(super) version: &'static str,
    /// All settings, the seed among them.
    pub(super) settings: &'a Settings,
    /// The target in words.
    pub(super) target: String,
    /// What was found.
    pub(super) results: &'a Results,
}
