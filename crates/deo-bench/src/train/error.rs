//! Why `deo train` stopped, and with which exit code.

use crate::config::ConfigError;
use crate::output::OutputError;
use crate::setting::{SettingError, UnusedOption};
use deo_core::compat::CompatError;
use deo_core::optim::OptimError;
use deo_core::{DeoSettingsError, SettingsError};
use deo_models::data::DataError;
use std::io;

/// Why a training was refused or failed; each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The configuration file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A number.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// An option on the command line that this run has no use for.
    #[error(transparent)]
    Unused(#[from] UnusedOption),
    /// A setting of the optimizer or the schedule.
    #[error(transparent)]
    Optimizer(#[from] OptimError),
    /// A setting of DEO.
    #[error(transparent)]
    Deo(#[from] DeoSettingsError),
    /// A setting of the monitor.
    #[error(transparent)]
    Monitor(#[from] SettingsError),
    /// A constant of a published rule.
    #[error(transparent)]
    Published(#[from] CompatError),
    /// The text.
    #[error(transparent)]
    Text(#[from] DataError),
    /// The output.
    #[error(transparent)]
    Output(#[from] OutputError),
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
    /// 2 for bad usage or input, 1 for a run that failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            TrainError::Diverged { .. }
            | TrainError::Ruined { .. }
            | TrainError::Stdout(_)
            | TrainError::Output(OutputError::Write { .. }) => 1,
            _ => 2,
        }
    }
}
