//! What many searches leave: a record, and the structures.

use super::super::check::Check;
use super::super::settings::Settings;
use super::events::Events;
use super::runs::Found;
use super::starts::Starts;
use crate::saddle::options::Hessian;
use crate::saddle::results::{Distinct, Minimum, Results, Search};
use serde::Serialize;

pub(super) const COMMAND: &str = "saddle-engine-searches";

/// `record.json`.
#[derive(Debug, Serialize)]
pub(super) struct Record<'a> {
    command: &'static str,
    version: &'static str,
    pub(super) settings: &'a Settings,
    atoms: usize,
    /// Motions of the whole that are left out.
    motions: usize,
    frames: usize,
    /// σ, Å.
    displace: f64,
    hessian: Hessian,
    check: &'a Check,
    /// Gradients of the way down from a single guess.
    start_gradients: Option<u64>,
    /// Answers of the engine in all, those of the run that this one goes on with included.
    answers: usize,
    pub(super) results: &'a Results,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) events: Option<&'a Events>,
}

impl<'a> Record<'a> {
    pub(super) fn of(settings: &'a Settings, starts: &Starts, found: &'a Found) -> Self {
        let structure = &starts.structures[0];
        let x = structure.moving(&structure.frame.x);
        Record {
            command: COMMAND,
            version: env!("CARGO_PKG_VERSION"),
            settings,
            atoms: structure.frame.species.len(),
            motions: structure.space(&x).motions(),
            frames: starts.structures.len(),
            displace: starts.displace,
            hessian: found.hessian,
            check: &found.check,
            start_gradients: found.below,
            answers: found.answers,
            results: &found.results,
            events: found.events.as_ref(),
        }
    }
}

/// The object of `--json`; without the seconds it is the same at every run.
#[derive(Debug, Serialize)]
pub(super) struct Summary<'a> {
    command: &'static str,
    index: usize,
    seed: u64,
    atoms: usize,
    dimension: usize,
    motions: usize,
    hessian: Hessian,
    check: &'a Check,
    start_gradients: Option<u64>,
    answers: usize,
    searches: &'a [Search],
    distinct: &'a [Distinct],
    minima: &'a [Minimum],
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<&'a Events>,
}

impl<'a> Summary<'a> {
    pub(super) fn of(record: &'a Record<'_>) -> Self {
        let Record { command, atoms, motions, hessian, start_gradients, answers, .. } = *record;
        let Results { dimension, searches, distinct, minima, .. } = record.results;
        Summary {
            command,
            index: record.settings.index,
            seed: record.settings.seed,
            atoms,
            dimension: *dimension,
            motions,
            hessian,
            check: record.check,
            start_gradients,
            answers,
            searches,
            distinct,
            minima,
            events: record.events,
        }
    }
}

/// The frames of the saddles, with forces and the way across, and of the minima.
pub(super) fn texts(starts: &Starts, found: &Found) -> (String, String) {
    let Results { distinct, minima, .. } = &found.results;
    let saddle = |(row, top): (&Distinct, &super::runs::Top)| {
        let structure = starts.of(top.search);
        let barrier = row.barrier.map_or_else(String::new, |b| format!(" barrier={b}"));
        let facts = format!(
            "energy={} curvature={} index={} found={}{barrier}",
            row.energy, row.curvature, row.index, row.found
        );
        let mode = structure.spread(&top.axis);
        let columns = [("forces", &top.forces[..]), ("mode", &mode)];
        let there: Vec<_> = columns.into_iter().filter(|(_, v)| v.len() == row.x.len()).collect();
        structure.text(&structure.moving(&row.x), &facts, &there)
    };
    let structure = &starts.structures[0];
    let minimum = |minimum: &Minimum| {
        structure.text(&structure.moving(&minimum.x), &format!("energy={}", minimum.energy), &[])
    };
    (distinct.iter().zip(&found.tops).map(saddle).collect(), minima.iter().map(minimum).collect())
}
