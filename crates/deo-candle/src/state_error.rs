//! Why a run can't be saved, or can't go on from a file.

use std::io;
use std::path::PathBuf;

/// Why a run can't be saved, or a file isn't one that it can go on from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// Some number of the state has no place in a file.
    #[error("the state can't be saved, a number in it isn't finite: {0}")]
    NotSaved(#[source] serde_json::Error),
    /// The file can't be written. What had the name before is still there.
    #[error("{} can't be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file can't be read.
    #[error("{} can't be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no safetensors file, or not all of one.
    #[error("{} is no whole safetensors file ({source}); one that WithDeo::save wrote is needed", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: candle_core::Error,
    },
    /// It is a safetensors file of something else.
    #[error("{} holds tensors, but no state of a run; one that WithDeo::save wrote is needed", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is of another version of this crate.
    #[error("{} has version {version} of the format; this deo-candle reads version {reads}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// That of the file.
        version: u32,
        /// That of this crate.
        reads: u32,
    },
    /// What isn't tensors can't be read.
    #[error("{}: what it says of DEO can't be read: {source}", path.display())]
    Rest {
        /// The file.
        path: PathBuf,
        /// Where, and what was wanted there.
        source: serde_json::Error,
    },
    /// The run was saved with other settings.
    #[error("{}: saved with {field} = {file}; this run has {here}. Make it with the settings of the file", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// The first field of `DeoSettings` that differs.
        field: &'static str,
        /// Its value in the file.
        file: String,
        /// Its value in this run.
        here: String,
    },
    /// The run was saved with another number of `Var`s.
    #[error(
        "{} has {found} parameters; this run has {wanted}. Give it the Vars of the saved model, in the same order",
        path.display()
    )]
    Parameters {
        /// The file.
        path: PathBuf,
        /// Those in the file.
        found: usize,
        /// Those of this run.
        wanted: usize,
    },
    /// A tensor isn't there.
    #[error("{} has no tensor {name}; this run needs one, {wanted}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Its name.
        name: String,
        /// Its type and shape.
        wanted: String,
    },
    /// A tensor is of another type or shape.
    #[error("{}: tensor {name} is {found}; in this run it is {wanted}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// Its name.
        name: String,
        /// Type and shape in the file.
        found: String,
        /// Type and shape in this run.
        wanted: String,
    },
    /// A tensor is for an optimizer or a model that this run hasn't.
    #[error("{} has a tensor {name}; this run has none. Make it with the optimizer that was saved", path.display())]
    Left {
        /// The file.
        path: PathBuf,
        /// Its name.
        name: String,
    },
    /// The numbers are none that a machine with these settings could have.
    #[error("{}: the machine in it doesn't belong to the settings and shapes in it; it was changed since", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
    },
}
