//! The bookkeeping of a run, from step to step. Plain data, part of every checkpoint.

use super::error::TrainError;
use super::record::{Metrics, Readings};
use super::trainer::Step;
use deo_bench::Ledger;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// This many steps in a row whose loss or gradient isn't finite end a run: parameters that overflowed do not come
/// back by themselves.
const PATIENCE: u64 = 10;

/// The bookkeeping of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Log {
    pub(super) name: String,
    pub(super) steps: u64,
    pub(super) seconds: f64,
    pub(super) skipped: u64,
    /// Steps skipped since the last that wasn't.
    in_a_row: u64,
    /// Curvature and residual, as last measured.
    pub(super) measured: Option<[f64; 2]>,
    pub(super) last_val_loss: f64,
    pub(super) best_val_loss: f64,
    pub(super) events: BTreeMap<String, u64>,
    /// (gradients spent, loss) of every step and of every validation.
    pub(super) training: Vec<(f64, f64)>,
    pub(super) validation: Vec<(f64, f64)>,
}

/// A step that was taken and isn't entered yet: its validation may be stopped and gone on with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Taken {
    loss: f64,
    gradient_norm: f64,
    lr: f64,
    non_finite: u64,
    skipped: bool,
    event: String,
    measured: Option<[f64; 2]>,
    readings: Option<Readings>,
    /// Without the validation.
    pub(super) seconds: f64,
}

impl Taken {
    pub(super) fn new(step: &Step, readings: Option<Readings>, seconds: f64) -> Self {
        Taken {
            loss: step.loss,
            gradient_norm: step.gradient_norm,
            lr: step.lr,
            non_finite: step.non_finite,
            skipped: step.outcome.is_none(),
            event: step.event().to_owned(),
            measured: step.outcome.and_then(|outcome| outcome.measured),
            readings,
            seconds,
        }
    }
}

impl Log {
    pub(super) fn new(name: String) -> Self {
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
            training: vec![],
            validation: vec![],
        }
    }

    pub(super) fn enter<'a>(
        &'a mut self,
        step: &'a Taken,
        val_loss: Option<f64>,
        ledger: &Ledger,
    ) -> Metrics<'a> {
        self.steps += 1;
        self.seconds += step.seconds;
        self.in_a_row = if step.skipped { self.in_a_row + 1 } else { 0 };
        self.skipped += u64::from(step.skipped);
        self.count(&step.event);
        self.measured = step.measured.or(self.measured);
        self.training.push((ledger.spent(), step.loss));
        if let Some(val_loss) = val_loss {
            self.last_val_loss = val_loss;
            self.best_val_loss = self.best_val_loss.min(val_loss);
            self.validation.push((ledger.spent(), val_loss));
        }
        Metrics {
            run: &self.name,
            step: self.steps,
            loss: step.loss,
            val_loss,
            gradient_norm: step.gradient_norm,
            curvature: step.measured.map(|[curvature, _]| curvature),
            residual: step.measured.map(|[_, residual]| residual),
            event: &step.event,
            non_finite: step.non_finite,
            gradients: ledger.gradients(),
            losses: ledger.losses(),
            lr: step.lr,
            // Whole microseconds: what a clock is good for.
            ms: (step.seconds * 1e6).round() / 1e3,
            monitor: step.readings,
        }
    }

    fn count(&mut self, event: &str) {
        match self.events.get_mut(event) {
            Some(count) => *count += 1,
            None => _ = self.events.insert(event.to_owned(), 1),
        }
    }

    /// The last step was skipped.
    pub(super) fn in_trouble(&self) -> bool {
        self.in_a_row > 0
    }

    /// Ends a run that has no finite losses left.
    pub(super) fn check(&self) -> Result<(), TrainError> {
        if self.in_a_row < PATIENCE {
            return Ok(());
        }
        let (run, count) = (self.name.clone(), self.in_a_row);
        Err(TrainError::Diverged { run, first: self.steps - count + 1, count })
    }
}
