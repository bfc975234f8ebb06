//! The bookkeeping of a run: from its steps to its results.

use super::error::TrainError;
use super::ledger::Ledger;
use super::trainer::{Step, Trainer};
use crate::plot::Curve;
use crate::plot::curvature::Path;
use crate::record::{Metrics, MonitorSummary, RunRecord, RunSummary, Sight};
use std::collections::BTreeMap;

/// This many steps in a row whose loss or gradient isn't finite end a run: parameters that overflowed do not come
/// back by themselves.
const PATIENCE: u64 = 10;

/// The end of a run.
#[derive(Debug)]
pub struct Finished {
    /// The numbers.
    pub record: RunRecord,
    /// The losses on the way.
    pub curve: Curve,
    /// The curvatures on the way, where a monitor looked.
    pub path: Option<Path>,
    /// The trained parameters.
    pub parameters: Vec<f32>,
}

/// The bookkeeping of a run.
pub(super) struct Log<'a> {
    name: &'a str,
    steps: u64,
    seconds: f64,
    skipped: u64,
    /// Steps skipped since the last that wasn't.
    in_a_row: u64,
    measured: Option<[f64; 2]>,
    last_val_loss: f64,
    best_val_loss: f64,
    events: BTreeMap<&'static str, u64>,
    curve: Curve,
}

impl<'a> Log<'a> {
    pub(super) fn new(name: &'a str) -> Self {
        Log {
            name,
            steps: 0,
            seconds: 0.0,
            skipped: 0,
            in_a_row: 0,
            measured: None,
            last_val_loss: f64::NAN,
            best_val_loss: f64::NAN,
            events: BTreeMap::new(),
            curve: Curve::new(name),
        }
    }

    pub(super) fn enter(
        &mut self,
        step: &Step,
        sight: Option<Sight>,
        val_loss: Option<f64>,
        seconds: f64,
        ledger: &Ledger,
    ) -> Metrics<'a> {
        self.steps += 1;
        self.seconds += seconds;
        self.in_a_row = if step.deed.is_none() { self.in_a_row + 1 } else { 0 };
        self.skipped += u64::from(step.deed.is_none());
        let event = step.deed.map_or("skipped", |deed| deed.event);
        *self.events.entry(event).or_default() += 1;
        let measured = step.deed.and_then(|deed| deed.measured);
        self.measured = measured.or(self.measured);
        self.curve.training.push((ledger.spent(), step.loss));
        if let Some(val_loss) = val_loss {
            self.last_val_loss = val_loss;
            self.best_val_loss = self.best_val_loss.min(val_loss);
            self.curve.validation.push((ledger.spent(), val_loss));
        }
        Metrics {
            run: self.name,
            step: self.steps,
            loss: step.loss,
            val_loss,
            gradient_norm: step.gradient_norm,
            curvature: measured.map(|[curvature, _]| curvature),
            residual: measured.map(|[_, residual]| residual),
            event,
            gradients: ledger.gradients(),
            losses: ledger.losses(),
            lr: step.lr,
            // Whole microseconds: what a clock is good for.
            ms: (seconds * 1e6).round() / 1e3,
            monitor: sight,
        }
    }

    /// Ends a run that has no finite losses left.
    pub(super) fn check(&self) -> Result<(), TrainError> {
        if self.in_a_row < PATIENCE {
            return Ok(());
        }
        let (run, count) = (self.name.to_owned(), self.in_a_row);
        Err(TrainError::Diverged { run, first: self.steps - count + 1, count })
    }

    pub(super) fn finish(
        self,
        train_loss: f64,
        trainer: Trainer<'_>,
        monitored: Option<(MonitorSummary, Path)>,
    ) -> Result<Finished, TrainError> {
        if !(train_loss.is_finite() && self.last_val_loss.is_finite()) {
            return Err(TrainError::Ruined { run: self.name.to_owned() });
        }
        let (monitor, path) = monitored.unzip();
        let (ledger, tally) = (*trainer.ledger(), trainer.tally());
        let summary = RunSummary {
            name: self.name.to_owned(),
            train_loss,
            val_loss: self.last_val_loss,
            gradients: ledger.gradients(),
            losses: ledger.losses(),
            seconds: self.seconds,
            rotations: tally.rotations,
            kicks: tally.kicks,
            curvature: self.measured.map(|[curvature, _]| curvature),
            monitor,
        };
        let record = RunRecord {
            summary,
            steps: self.steps,
            skipped: self.skipped,
            visits: tally.visits,
            moves: tally.moves,
            residual: self.measured.map(|[_, residual]| residual),
            best_val_loss: self.best_val_loss,
            events: self.events,
        };
        let parameters = trainer.into_parameters();
        Ok(Finished { record, curve: self.curve, path, parameters })
    }
}
