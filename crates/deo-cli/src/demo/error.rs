//! Why `deo demo` stopped, and with which exit code.

use crate::output::OutputError;
use crate::setting::SettingError;
use deo_bench::escape::CompareError;
use std::io;

/// Why there is no page; each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// An option out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
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

impl DemoError {
    /// 2 for bad usage or input, 1 for a page that could not be written.
    pub fn exit_code(&self) -> u8 {
        match self {
            DemoError::Stdout(_) | DemoError::Output(OutputError::Write { .. }) => 1,
            _ => 2,
        }
    }
}
