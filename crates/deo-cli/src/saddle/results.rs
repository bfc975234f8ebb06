//! What the searches come to.
//!
//! A number that isn't known, or isn't finite, becomes `null` in JSON. Minima, searches and saddles are counted from 1
//! where they refer to each other.

use super::options::Mode;
use super::settings::Settings;
use deo_saddle::{Outcome, Saddle, Verdict};
use serde::Serialize;

/// One search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Search {
    /// How it ended: "converged" if the index was confirmed, else why not.
    pub status: &'static str,
    /// f at the end.
    pub energy: f64,
    /// The lowest curvature there, if it converged.
    pub curvature: Option<f64>,
    /// Negative curvatures among the lowest k + 1, if they are known, k being the index sought. Where all of these are
    /// negative there may be more.
    pub index: Option<usize>,
    /// Gradients of the search, probes included.
    pub gradients: u64,
    /// Gradients of the verification.
    pub verification: u64,
    /// ‖g‖ at the end.
    pub gradient_norm: f64,
    /// The start's name.
    pub start: String,
    /// The number of its distinct saddle.
    pub saddle: Option<usize>,
    /// The end.
    pub x: Vec<f64>,
}

pub(super) const CONVERGED: &str = "converged";

impl Search {
    /// `index` is the one sought.
    pub(super) fn new(saddle: &Saddle<Vec<f64>>, index: usize, start: &str) -> Self {
        let Saddle { found, verdict, curvatures, .. } = saddle;
        Search {
            status: status(found.outcome, *verdict),
            energy: found.value,
            curvature: curvatures.first().copied(),
            index: match verdict {
                Verdict::Confirmed => Some(index),
                Verdict::WrongIndex { negative } => Some(*negative),
                _ => None,
            },
            gradients: found.counts.gradients(),
            verification: saddle.verification_gradients,
            gradient_norm: found.gradient_norm,
            start: start.to_owned(),
            saddle: None,
            x: found.x.clone(),
        }
    }

    /// One whose engine gave no answer, at its start; `gradients` are those that were answered.
    pub(super) fn lost(x: Vec<f64>, gradients: u64, start: &str) -> Self {
        Search {
            status: "lost",
            energy: f64::NAN,
            curvature: None,
            index: None,
            gradients,
            verification: 0,
            gradient_norm: f64::NAN,
            start: start.to_owned(),
            saddle: None,
            x,
        }
    }

    /// A point of the index sought was found and confirmed.
    pub fn is_converged(&self) -> bool {
        self.status == CONVERGED
    }
}

/// How a search ended, in one word; "converged" if it did and the index is the one sought.
pub(super) fn status(outcome: Outcome, verdict: Verdict) -> &'static str {
    match (outcome, verdict) {
        (Outcome::Converged, Verdict::Confirmed) => CONVERGED,
        (Outcome::Converged, Verdict::WrongIndex { .. }) => "wrong-index",
        (Outcome::Converged, Verdict::Flat) | (Outcome::Flat, _) => "flat",
        (Outcome::Converged, Verdict::NotInvariant) | (Outcome::NotInvariant, _) => "not-invariant",
        (Outcome::Converged, _) => "unresolved",
        (Outcome::Convex, _) => "convex",
        (Outcome::Cycling, _) => "cycling",
        (Outcome::NonFinite, _) => "non-finite",
        (Outcome::Budget, _) => "budget",
        _ => "unknown",
    }
}

/// A saddle, however often it was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distinct {
    /// f there.
    pub energy: f64,
    /// f there above the minimum below the first start of `from`.
    pub barrier: Option<f64>,
    /// The lowest curvature.
    pub curvature: f64,
    /// The k + 1 lowest, ascending; in k dimensions all k.
    pub curvatures: Vec<f64>,
    /// k, the negative ones.
    pub index: usize,
    /// Searches that ended here.
    pub found: usize,
    /// The median of their gradients.
    pub gradients: f64,
    /// The starts of these searches, most frequent first.
    pub from: Vec<Origin>,
    /// The minima on its two sides, the deeper one first; empty unless they were looked for.
    pub joins: Vec<Side>,
    /// The point, of the search with the smallest gradient norm.
    pub x: Vec<f64>,
}

/// A start that led to a saddle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Origin {
    /// Its name.
    pub start: String,
    /// How many searches.
    pub found: usize,
    /// The saddle above the minimum below this start, if that is known.
    pub barrier: Option<f64>,
}

/// One side of a saddle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    /// How the descent ended: "converged", or why not.
    pub status: &'static str,
    /// The number of the minimum, if it is one: no curvature there is negative.
    pub minimum: Option<usize>,
    /// f at the end.
    pub energy: f64,
    /// The saddle above it, if it is a minimum.
    pub barrier: Option<f64>,
    /// Gradients of the descent and of its verification.
    pub gradients: u64,
}

/// A minimum below a start, or joined by a saddle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Minimum {
    /// f there.
    pub energy: f64,
    /// The point.
    pub x: Vec<f64>,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Results {
    /// N.
    pub dimension: usize,
    /// How it was searched.
    pub mode: Mode,
    /// One for each search, in order.
    pub searches: Vec<Search>,
    /// Confirmed saddles by energy.
    pub distinct: Vec<Distinct>,
    /// Those below the starts, then those joined by saddles.
    pub minima: Vec<Minimum>,
    /// Seconds.
    pub seconds: f64,
}

/// The object of `--json`; without the seconds it is the same at every run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Summary<'a> {
    command: &'static str,
    potential: String,
    dimension: usize,
    mode: Mode,
    index: usize,
    seed: u64,
    searches: &'a [Search],
    distinct: &'a [Distinct],
    minima: &'a [Minimum],
}

impl<'a> Summary<'a> {
    pub(super) fn of(record: &'a Record<'_>) -> Self {
        let Record { command, settings, results, .. } = record;
        Summary {
            command,
            potential: settings.potential.name(),
            dimension: results.dimension,
            mode: results.mode,
            index: settings.index,
            seed: settings.seed,
            searches: &results.searches,
            distinct: &results.distinct,
            minima: &results.minima,
        }
    }
}

/// `record.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Record<'a> {
    /// "saddle".
    pub(super) command: &'static str,
    /// The version of the program.
    pub(super) version: &'static str,
    /// All settings, the seed among them.
    pub(super) settings: &'a Settings,
    /// What was found.
    pub(super) results: &'a Results,
    /// In two dimensions the way of each search, in their order.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) ways: &'a [Vec<[f64; 2]>],
    /// In two dimensions the ways down from the saddles.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) descents: &'a [Vec<[f64; 2]>],
}
