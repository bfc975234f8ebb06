//! Why `deo train` stopped, and with which exit code.

use super::resume::ResumeError;
use super::signals::Signal;
use crate::config::ConfigError;
use crate::output::OutputError;
use crate::setting::{SettingError, UnusedOption};
use deo_core::optim::OptimError;
use deo_models::checkpoint::CheckpointError;
use deo_models::data::DataError;
use std::io;
use std::path::PathBuf;

/// Why a training was refused or failed; each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The configuration file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A number, here or in a machine.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// An option on the command line that this run has no use for.
    #[error(transparent)]
    Unused(#[from] UnusedOption),
    /// A setting of the optimizer.
    #[error(transparent)]
    Optimizer(#[from] OptimError),
    /// The text.
    #[error(transparent)]
    Text(#[from] DataError),
    /// The output.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// What was to be gone on with.
    #[error(transparent)]
    Resume(#[from] ResumeError),
    /// A checkpoint that was to be read.
    #[error("{0}")]
    Checkpoint(CheckpointError),
    /// A checkpoint that was to be written.
    #[error("{0}")]
    Save(CheckpointError),
    /// A failure before which there is an earlier state, to be gone on with unless it leads to the failure again.
    #[error(
        "{failure}; the last good checkpoint is {checkpoint:?}, from which deo train --resume {} {}",
        dir.display(), if failure.is_of_the_run() { "comes to the same" } else { "goes on" }
    )]
    Kept {
        /// What failed.
        failure: Box<TrainError>,
        /// What is left.
        checkpoint: PathBuf,
        /// The output directory.
        dir: PathBuf,
    },
    /// A signal, and nothing was kept.
    #[error(
        "{signal} after step {steps} of {run}: nothing was kept; with --out DIR it could go on"
    )]
    Interrupted {
        /// The signal.
        signal: Signal,
        /// The run that was in progress.
        run: String,
        /// The steps that it had taken.
        steps: u64,
    },
    /// The signals could not be watched for.
    #[error("cannot watch for signals ({0})")]
    Signals(io::Error),
    /// The threads could not be started.
    #[error("cannot start {threads} threads ({reason}); give a smaller --threads")]
    Threads {
        /// How many were wanted.
        threads: usize,
        /// What the thread pool said. Part of the message, hence not its source.
        reason: rayon::ThreadPoolBuildError,
    },
    /// The loss or the gradient was not finite, step after step.
    #[error(
        "{run} failed: loss or gradient not finite in {count} steps in a row, from step {first} on; \
         a smaller lr or a smaller clip may help"
    )]
    Diverged {
        /// The run.
        run: String,
        /// The first of these steps.
        first: u64,
        /// Their number.
        count: u64,
    },
    /// The last steps ruined the parameters.
    #[error(
        "{run} failed: the loss at the end is not finite; a smaller lr or a smaller clip may help"
    )]
    Ruined {
        /// The run.
        run: String,
    },
    /// Standard output.
    #[error("cannot write the results to standard output ({0})")]
    Stdout(io::Error),
}

impl TrainError {
    /// 2 for bad usage or input, 1 for a run that was hindered, 3 for one that failed by itself and, since its steps are the
    /// same every time, would fail again when gone on with; 128 + its number for a signal.
    pub fn exit_code(&self) -> u8 {
        match self {
            TrainError::Kept { failure, .. } => failure.exit_code(),
            TrainError::Interrupted { signal, .. } => signal.exit_code(),
            _ if self.is_of_the_run() => 3,
            TrainError::Stdout(_)
            | TrainError::Save(_)
            | TrainError::Signals(_)
            | TrainError::Output(OutputError::Write { .. }) => 1,
            _ => 2,
        }
    }

    /// Whether the training itself failed, so that its record says so; else it was hindered.
    pub(super) fn is_of_the_run(&self) -> bool {
        matches!(self, TrainError::Diverged { .. } | TrainError::Ruined { .. })
    }
}
