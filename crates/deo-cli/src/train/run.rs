//! A run, from any step to its end: the loop of a training.
//!
//! Everything that step k depends on is in the [`RunState`] after step k − 1, in the [`Settings`] and in the text. So
//! a run that is stopped after any step and gone on with from its state, by another process with other threads, takes
//! the same steps to the last bit.
//!
//! | of the step | from |
//! |---|---|
//! | batch | the seed and k: one batch is drawn for each step, so k is the position |
//! | learning rate, end of the run | the ledger |
//! | parameters, optimizer, DEO or rule | the trainer |
//! | counts, curves, last validation | the log |
//! | the monitor's axes and counts | the monitor |
//! | the step itself, while its validation is under way | the pending step |
//!
//! A validation can take as long as many steps. It may be stopped between two of its batches; the run is then between two
//! steps all the same, and goes on with the whole validation.

use super::error::TrainError;
use super::experiment::Experiment;
use super::finished::Finished;
use super::log::{Log, Taken};
use super::monitor::{MonitorRun, MonitorState};
use super::record::Metrics;
use super::settings::Settings;
use super::trainer::Trainer;
use deo_bench::Ledger;
use deo_core::{Objective, Space};
use deo_models::data::{Batch, Batches};
use deo_models::gpt::Gpt;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::time::Instant;

/// All that a run is between two steps. Plain data: clone it, serialise it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunState {
    /// It has something beside its optimizer.
    helped: bool,
    pub(super) trainer: Trainer,
    pub(super) log: Log,
    monitor: Option<MonitorState>,
    /// Validations that the budget spent has called for.
    evaluated: u64,
    /// The step that was taken last, until it is validated and entered.
    pending: Option<Taken>,
}

impl RunState {
    /// The run's name.
    pub fn name(&self) -> &str {
        &self.log.name
    }

    /// The steps taken and entered.
    pub fn steps(&self) -> u64 {
        self.log.steps
    }

    /// The budget and what was spent of it.
    pub fn spent(&self) -> &Ledger {
        self.trainer.ledger()
    }

    /// Whether something works beside the base optimizer.
    pub fn helped(&self) -> bool {
        self.helped
    }

    /// Whether it is worth keeping: the parameters are finite, and the last step was taken.
    pub fn is_sound(&self) -> bool {
        !self.log.in_trouble() && self.is_finite()
    }

    /// Whether the parameters are finite.
    pub fn is_finite(&self) -> bool {
        Trainer::space().norm(self.trainer.parameters()).is_finite()
    }

    /// The same state with all clocks at zero: what two runs of the same settings agree on to the last bit.
    #[must_use]
    pub fn without_clocks(mut self) -> Self {
        self.log.seconds = 0.0;
        if let Some(monitor) = &mut self.monitor {
            monitor.seconds = 0.0;
        }
        if let Some(step) = &mut self.pending {
            step.seconds = 0.0;
        }
        self
    }
}

/// How a call of [`Experiment::go_on`] ended.
#[derive(Debug)]
pub enum RunEnd {
    /// The budget is spent.
    Finished(Box<Finished>),
    /// The watcher wanted it to end before; it has seen the state.
    Stopped,
}

/// Who watches a run.
pub trait Watch {
    /// Before the first step, or the first since it was stopped.
    ///
    /// # Errors
    ///
    /// What it returns ends the run.
    fn begin(&mut self, state: &RunState) -> Result<(), TrainError>;

    /// After every step: its numbers, and what was spent.
    ///
    /// # Errors
    ///
    /// What it returns ends the run.
    fn step(&mut self, metrics: &Metrics<'_>, spent: &Ledger) -> Result<(), TrainError>;

    /// After that: the state, to be saved, and the occasion to stop.
    ///
    /// # Errors
    ///
    /// What it returns ends the run.
    fn between(&mut self, state: &RunState) -> Result<ControlFlow<()>, TrainError>;

    /// Whether it wants to stop as soon as may be, asked between two batches of a validation; then it is shown the state.
    fn hurries(&self) -> bool {
        false
    }
}

impl Experiment<'_> {
    /// A run before its first step, with or without help.
    ///
    /// # Errors
    ///
    /// [`TrainError`] names a setting that is out of its range.
    pub fn start(&self, helped: bool) -> Result<RunState, TrainError> {
        let (gpt, settings) = (self.gpt(), self.settings());
        let trainer = Trainer::new(settings, gpt.layout(), gpt.init(settings.seed), helped)?;
        let monitor = settings.monitor.map(|monitoring| {
            MonitorState::new(gpt.layout().len(), monitoring.visits, settings.seed)
        });
        let (log, monitor) = (Log::new(self.name(helped)), monitor.transpose()?);
        Ok(RunState { helped, trainer, log, monitor, evaluated: 0, pending: None })
    }

    /// Whether a state that was read from somewhere is one of this experiment's runs.
    pub fn fits(&self, state: &RunState) -> bool {
        let Ok(new) = self.start(state.helped) else { return false };
        let monitor = match (&state.monitor, &new.monitor) {
            (Some(here), Some(new)) => here.continues(new),
            (here, new) => here.is_none() && new.is_none(),
        };
        self.runs().contains(&state.helped)
            && state.log.name == new.log.name
            && state.trainer.continues(&new.trainer)
            && monitor
    }

    /// Trains to the end of the budget, from any state of the run.
    ///
    /// # Errors
    ///
    /// [`TrainError::Diverged`], [`TrainError::Ruined`], and what `watch` returns.
    pub fn go_on(&self, mut state: RunState, watch: &mut dyn Watch) -> Result<RunEnd, TrainError> {
        let Settings { batch, block, seed, .. } = *self.settings();
        let (space, mut gpt, mut monitor_run) = (Trainer::space(), self.gpt(), self.monitor_run());
        let mut batches = Batches::new(self.corpus().train(), batch, block, seed)?;
        batches.skip_to(state.log.steps.saturating_add(state.pending.is_some().into()));
        let mut batch = Batch::default();
        watch.begin(&state)?;
        loop {
            let RunState { trainer, log, monitor, pending, .. } = &mut state;
            if pending.is_none() {
                if !trainer.ledger().affords_gradient() {
                    break;
                }
                let readings = monitor_run.as_mut().zip(monitor.as_mut()).and_then(
                    |(monitor_run, monitor)| {
                        monitor_run.before(log.steps, trainer.parameters(), monitor)
                    },
                );
                batches.next_into(&mut batch);
                let clock = Instant::now();
                let Some(step) = trainer.step(self.settings(), &space, &mut gpt.on(&batch)) else {
                    break;
                };
                *pending = Some(Taken::new(&step, readings, clock.elapsed().as_secs_f64()));
            }
            let Some(val_loss) = self.validate(&mut state, &mut gpt, watch) else {
                return stopped(watch, &state);
            };
            let RunState { trainer, log, pending, .. } = &mut state;
            let (step, ledger) = (pending.take().expect("taken above"), *trainer.ledger());
            let metrics = log.enter(&step, val_loss, &ledger);
            watch.step(&metrics, &ledger)?;
            log.check()?;
            if watch.between(&state)?.is_break() {
                return Ok(RunEnd::Stopped);
            }
        }
        let x = state.trainer.parameters();
        match mean_loss(&mut gpt, x, self.training(), watch) {
            Some(train_loss) => {
                Ok(RunEnd::Finished(Box::new(Self::finish(state, train_loss, monitor_run)?)))
            }
            None => stopped(watch, &state),
        }
    }

    /// The validation loss after the pending step, if one is due; `None` if there was no time for it.
    fn validate(
        &self,
        state: &mut RunState,
        gpt: &mut Gpt<f32>,
        watch: &dyn Watch,
    ) -> Option<Option<f64>> {
        let ledger = state.trainer.ledger();
        let called = ledger.whole() / self.settings().eval_every;
        if called <= state.evaluated && ledger.affords_gradient() {
            return Some(None);
        }
        let loss = mean_loss(gpt, state.trainer.parameters(), self.validation(), watch)?;
        state.evaluated = called;
        Some(Some(loss))
    }

    fn finish(
        state: RunState,
        train_loss: f64,
        monitor_run: Option<MonitorRun>,
    ) -> Result<Finished, TrainError> {
        let RunState { trainer, log, monitor, .. } = state;
        let monitored = monitor_run.zip(monitor).map(|(mut monitor_run, mut monitor)| {
            let last = monitor_run.look(log.steps, trainer.parameters(), &mut monitor);
            monitor.finish(last)
        });
        let spent = (*trainer.ledger(), trainer.totals());
        Finished::new(log, train_loss, spent, monitored, trainer.into_parameters())
    }
}

/// Shows the state to whom it was in a hurry.
fn stopped(watch: &mut dyn Watch, state: &RunState) -> Result<RunEnd, TrainError> {
    let end = watch.between(state)?;
    debug_assert!(end.is_break(), "who hurries stops");
    Ok(RunEnd::Stopped)
}

/// The mean loss on `batches`, which no budget pays; `None` if the watcher wants to stop.
fn mean_loss(gpt: &mut Gpt<f32>, x: &[f32], batches: &[Batch], watch: &dyn Watch) -> Option<f64> {
    let mut sum = 0.0;
    for batch in batches {
        if watch.hurries() {
            return None;
        }
        sum += gpt.on(batch).value(x);
    }
    Some(sum / batches.len() as f64)
}
