//! Why `deo escape` stopped, and with which exit code.

use crate::config::ConfigError;
use crate::output::OutputError;
use crate::setting::{SettingError, UnusedOption};
use deo_bench::escape::{CompareError, MethodKind};
use std::io;

/// Why a comparison was refused or failed; each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EscapeError {
    /// The configuration file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A number out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// An option that this comparison has no use for.
    #[error(transparent)]
    Unused(#[from] UnusedOption),
    /// Neither a suite nor a problem.
    #[error(
        "there is no suite or problem {name:?}; there are quick, full, {}, and harm or harm-full by itself",
        deo_models::problems::names().join(", ")
    )]
    UnknownSuite {
        /// The name as given.
        name: String,
    },
    /// No such method.
    #[error("there is no method {name:?}; there are {}", MethodKind::known())]
    UnknownMethod {
        /// The name as given.
        name: String,
    },
    /// The suite of harm with something else.
    #[error("the suite is {given:?}; harm, or harm-full, must stand by itself")]
    HarmAlone {
        /// The suite as given.
        given: String,
    },
    /// No cell of that name.
    #[error(
        "there is no cell {name:?}; a name is DATA-LAYERS-ACTIVATION-BATCH-BASE-RATE-GRADIENTS, as in \
         digits-5-sigmoid-full-adam-x0.15-600"
    )]
    UnknownCell {
        /// The name as given.
        name: String,
    },
    /// No range of cells.
    #[error(
        "cells is {given:?}; it must be I..J with 1 ≤ I ≤ J ≤ {count}, one of the two ends may be left out"
    )]
    Cells {
        /// The range as given.
        given: String,
        /// Cells of the suite.
        count: usize,
    },
    /// The comparison itself.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// The output.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Standard output.
    #[error("cannot write the results to standard output ({0})")]
    Stdout(io::Error),
}

impl EscapeError {
    /// 2 for bad usage or input, 1 for a run that failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            EscapeError::Stdout(_) | EscapeError::Output(OutputError::Write { .. }) => 1,
            _ => 2,
        }
    }
}
