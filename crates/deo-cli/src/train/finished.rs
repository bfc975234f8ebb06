//! The end of a run: its results, and what is drawn of it.

use super::error::TrainError;
use super::helper::Totals;
use super::log::Log;
use super::monitor::Monitored;
use super::plot::Curve;
use super::plot::curvature::Path;
use super::record::{RunRecord, RunSummary};
use deo_bench::Ledger;
use serde::{Deserialize, Serialize};

/// A run that has spent its budget. The checkpoints of the run after it hold it, too.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Finished {
    log: Log,
    train_loss: f64,
    ledger: Ledger,
    totals: Totals,
    monitored: Option<Monitored>,
    /// The trained parameters.
    pub parameters: Vec<f32>,
}

impl Finished {
    /// # Errors
    ///
    /// [`TrainError::Ruined`] if a final loss isn't finite.
    pub(super) fn new(
        log: Log,
        train_loss: f64,
        (ledger, totals): (Ledger, Totals),
        monitored: Option<Monitored>,
        parameters: Vec<f32>,
    ) -> Result<Self, TrainError> {
        if !(train_loss.is_finite() && log.last_val_loss.is_finite()) {
            return Err(TrainError::Ruined { run: log.name });
        }
        Ok(Finished { log, train_loss, ledger, totals, monitored, parameters })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.log.name
    }

    /// The steps it took.
    pub fn steps(&self) -> u64 {
        self.log.steps
    }

    /// The numbers.
    pub fn record(&self) -> RunRecord {
        let Finished { log, ledger, totals, .. } = self;
        let summary = RunSummary {
            name: log.name.clone(),
            train_loss: self.train_loss,
            val_loss: log.last_val_loss,
            gradients: ledger.gradients(),
            losses: ledger.losses(),
            seconds: log.seconds,
            rotations: totals.rotations,
            kicks: totals.kicks,
            curvature: log.measured.map(|[curvature, _]| curvature),
            monitor: self.monitored.as_ref().map(|monitored| monitored.summary),
        };
        RunRecord {
            summary,
            steps: log.steps,
            skipped: log.skipped,
            visits: totals.visits,
            moves: totals.moves,
            residual: log.measured.map(|[_, residual]| residual),
            best_val_loss: log.best_val_loss,
            events: log.events.clone(),
        }
    }

    /// The losses on the way.
    pub fn curve(&self) -> Curve {
        let Log { name, training, validation, .. } = &self.log;
        Curve { name: name.clone(), training: training.clone(), validation: validation.clone() }
    }

    /// The curvatures on the way, where a monitor looked.
    pub fn path(&self) -> Option<Path> {
        let visits = self.monitored.as_ref()?.visits.clone();
        Some(Path { name: self.log.name.clone(), visits })
    }
}
