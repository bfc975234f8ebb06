//! Why `deo diagnose` stopped, and with which exit code.

use crate::model::ModelError;
use crate::output::OutputError;
use crate::setting::{SettingError, UnusedOption};
use deo_models::data::DataError;
use deo_models::problems::ProblemError;
use std::io;

/// Why a diagnosis was refused or failed; each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiagnoseError {
    /// Nothing to look at, or two things.
    #[error("{given} to look at; give one of --problem and --preset")]
    Target {
        /// "there is nothing" or "there are two things".
        given: &'static str,
    },
    /// No such base.
    #[error(
        "there is no base {name:?}; there are gd, heavy-ball, nesterov, adam, adamw, nadamw, rmsprop, rprop, lbfgs, muon"
    )]
    UnknownBase {
        /// The name as given.
        name: String,
    },
    /// Muon without a matrix.
    #[error("{base} needs parameters that are matrices, and {problem} has none")]
    NoMatrix {
        /// The base.
        base: &'static str,
        /// What is looked at.
        problem: String,
    },
    /// An option that this target has no use for.
    #[error(transparent)]
    Unused(#[from] UnusedOption),
    /// A number out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The problem.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The weights.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The text.
    #[error(transparent)]
    Text(#[from] DataError),
    /// The base has diverged before the point was reached.
    #[error(
        "the base left the finite numbers at step {step} of {steps}; a smaller --lr or fewer --steps may help"
    )]
    Diverged {
        /// The step, counted from 1.
        step: u64,
        /// The steps wanted.
        steps: u64,
    },
    /// The output.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Standard output.
    #[error("cannot write the results to standard output ({0})")]
    Stdout(io::Error),
}

impl DiagnoseError {
    /// 2 for bad usage or input, 1 for a run that failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            DiagnoseError::Stdout(_)
            | DiagnoseError::Diverged { .. }
            | DiagnoseError::Output(OutputError::Write { .. }) => 1,
            _ => 2,
        }
    }
}
