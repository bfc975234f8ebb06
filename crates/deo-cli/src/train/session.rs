//! A training in progress: its runs one after the other, watched, saved and stopped.

use super::error::TrainError;
use super::experiment::Experiment;
use super::progress::Progress;
use super::record::Metrics;
use super::resume::{Training, checkpoints, clear_up};
use super::run::{RunEnd, RunState, Watch};
use super::save::{Mark, Saver};
use super::signals::{Signal, Signals};
use crate::output::{OutputDir, OutputError, Stream};
use deo_bench::Ledger;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// The file of metrics.
pub(super) const METRICS: &str = "metrics.jsonl";

/// What goes on while the runs of a training do.
#[derive(Debug)]
pub(super) struct Session {
    progress: Progress,
    pub(super) training: Training,
    keeper: Option<Keeper>,
    signals: Signals,
    /// The run and its steps when a signal stopped it.
    pub(super) stopped: Option<Stop>,
}

/// Where a signal stopped a training.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) signal: Signal,
    pub(super) run: String,
    pub(super) steps: u64,
}

/// What grows on the disk.
#[derive(Debug)]
struct Keeper {
    dir: PathBuf,
    /// Until it has its name.
    metrics: Option<Stream>,
    saver: Saver,
}

impl Session {
    /// A training that begins, or goes on from `loaded`; kept in `output`, if anywhere.
    pub(super) fn new(
        experiment: &Experiment<'_>,
        output: Option<&OutputDir>,
        training: Training,
        resumed: Option<(u64, PathBuf)>,
    ) -> Result<Self, TrainError> {
        let settings = experiment.settings();
        let keeper = match (output, settings.save_every) {
            (Some(output), Some(every)) => {
                Some(Keeper::new(output, every, training.metrics, resumed)?)
            }
            _ => None,
        };
        Ok(Session {
            progress: Progress::new(settings.steps),
            training,
            keeper,
            signals: Signals::watch().map_err(TrainError::Signals)?,
            stopped: None,
        })
    }

    /// Takes the runs in order, up to the first that fails or is stopped; `first` may have begun already.
    pub(super) fn train(
        &mut self,
        experiment: &Experiment<'_>,
        first: Option<RunState>,
    ) -> Result<(), TrainError> {
        let mut first = first;
        for &helped in &experiment.runs()[self.training.finished.len()..] {
            let state = first.take().map_or_else(|| experiment.start(helped), Ok)?;
            match experiment.go_on(state, self)? {
                RunEnd::Finished(run) => self.training.finished.push(*run),
                RunEnd::Stopped => break,
            }
        }
        Ok(())
    }

    /// The failure with the last good checkpoint, if there is one.
    pub(super) fn with_checkpoint(&mut self, failure: TrainError) -> TrainError {
        let Some(Keeper { dir, saver, .. }) = &mut self.keeper else { return failure };
        // A save in flight counts if it succeeds; if it doesn't, the failure at hand is the first.
        let _ = saver.wait();
        match saver.last_good() {
            None => failure,
            Some(checkpoint) => TrainError::Kept {
                failure: Box::new(failure),
                checkpoint: checkpoint.to_owned(),
                dir: dir.clone(),
            },
        }
    }

    /// Gives the file of metrics its name: nothing is written to it any more.
    pub(super) fn finish_metrics(&mut self) -> Result<(), OutputError> {
        let metrics = self.keeper.as_mut().and_then(|keeper| keeper.metrics.take());
        metrics.map_or(Ok(()), Stream::finish)
    }

    /// Removes the checkpoints: the results are on the disk.
    pub(super) fn remove_checkpoints(mut self) {
        let Some(Keeper { dir, saver, .. }) = &mut self.keeper else { return };
        let _ = saver.wait();
        // A resume from one that stays gives the same results again.
        clear_up(dir);
    }

    /// The signal that came, if one did.
    pub(super) fn signal(&self) -> Option<Signal> {
        self.signals.received()
    }

    pub(super) fn clear(&self) {
        self.progress.clear();
    }
}

impl Keeper {
    fn new(
        output: &OutputDir,
        every: u64,
        position: u64,
        resumed: Option<(u64, PathBuf)>,
    ) -> Result<Self, TrainError> {
        let dir = output.path().to_owned();
        let metrics = match resumed {
            Some(_) => output.stream_from(METRICS, position)?,
            None => output.stream(METRICS)?,
        };
        let store = checkpoints(&dir);
        fs::create_dir_all(&store)
            .map_err(|reason| OutputError::Write { path: store.clone(), reason })?;
        Ok(Keeper { saver: Saver::new(&store, every, resumed), dir, metrics: Some(metrics) })
    }

    fn save(&mut self, training: &mut Training, state: &RunState) -> Result<(), TrainError> {
        let number = training.steps() + state.steps();
        let metrics = self.metrics.as_mut().expect("it has its name after the last step only");
        let (position, file) = metrics.mark()?;
        training.metrics = position;
        let mark = Mark { path: metrics.partial_path().to_owned(), file };
        self.saver.begin(number, &(&*training, state), mark)
    }
}

impl Watch for Session {
    fn begin(&mut self, state: &RunState) -> Result<(), TrainError> {
        self.progress.begin(state);
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        if keeper.saver.last_good().is_some() {
            return Ok(());
        }
        // From the first step on there is something to go on with, and a disk that is full shows before the work.
        keeper.save(&mut self.training, state)?;
        keeper.saver.wait()
    }

    fn step(&mut self, metrics: &Metrics<'_>, spent: &Ledger) -> Result<(), TrainError> {
        self.progress.step(metrics.loss, spent.whole());
        let stream = self.keeper.as_mut().and_then(|keeper| keeper.metrics.as_mut());
        stream.map_or(Ok(()), |stream| Ok(stream.write_line(metrics)?))
    }

    fn between(&mut self, state: &RunState) -> Result<ControlFlow<()>, TrainError> {
        let signal = self.signals.received();
        if let Some(keeper) = &mut self.keeper {
            keeper.saver.poll()?;
            let due = keeper.saver.is_due(self.training.steps() + state.steps());
            // In trouble a save waits: what led there is no state to go back to.
            if due && state.is_sound() || signal.is_some() && state.is_finite() {
                keeper.save(&mut self.training, state)?;
            }
            if signal.is_some() {
                keeper.saver.wait()?;
            }
        }
        let Some(signal) = signal else { return Ok(ControlFlow::Continue(())) };
        self.stopped = Some(Stop { signal, run: state.name().to_owned(), steps: state.steps() });
        Ok(ControlFlow::Break(()))
    }

    fn hurries(&self) -> bool {
        self.signal().is_some()
    }
}
