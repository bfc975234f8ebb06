//! Why `deo report` stopped, and with which exit code.

use crate::output::OutputError;
use crate::setting::SettingError;
use std::io;
use std::path::PathBuf;

/// Why there is no page; each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Not a directory of a run.
    #[error(
        "{dir:?} holds no run ({reason}); give a directory that a run was written to with --out"
    )]
    NoRun {
        /// The directory as given.
        dir: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A file that is there but can't be read.
    #[error("cannot read {path:?} ({reason})")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said. Part of the message, hence not its source.
        reason: io::Error,
    },
    /// A file that isn't what its name says.
    #[error("{path:?} is damaged ({reason}); put the file back or leave the run out")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// An option out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The output.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Standard output.
    #[error("cannot write the results to standard output ({0})")]
    Stdout(io::Error),
}

impl ReportError {
    /// 2 for bad usage or input, 1 for a page that could not be written.
    pub fn exit_code(&self) -> u8 {
        match self {
            ReportError::Stdout(_) | ReportError::Output(OutputError::Write { .. }) => 1,
            _ => 2,
        }
    }
}
