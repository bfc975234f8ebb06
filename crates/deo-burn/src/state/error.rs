//! Why a machine can't be saved, or can't go on from a file.

use crate::ModuleError;
use std::path::PathBuf;

/// Why a machine can't be saved, or a file isn't one that it can go on from.
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
        source: burn_pack::Error,
    },
    /// The file can't be read, or is no whole burnpack file.
    #[error("{} can't be read ({source}); a file that ModuleDeo::save wrote is needed", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: burn_pack::Error,
    },
    /// It is a burnpack file of something else, such as a module's record.
    #[error("{} holds no state of DEO; a file that ModuleDeo::save wrote is needed", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is of another version of this crate.
    #[error("{} has version {version} of the format; this deo-burn reads version {}", path.display(), super::VERSION)]
    Version {
        /// The file.
        path: PathBuf,
        /// That of the file.
        version: u32,
    },
    /// What isn't tensors can't be read.
    #[error("{}: what it says of DEO can't be read: {source}", path.display())]
    Rest {
        /// The file.
        path: PathBuf,
        /// Where, and what was wanted there.
        source: serde_json::Error,
    },
    /// It was saved with other settings.
    #[error("{}: saved with {field} = {file}; this machine has {here}. Make it with the settings of the file", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// The first field of `DeoSettings` that differs.
        field: &'static str,
        /// Its value in the file.
        file: String,
        /// Its value here.
        here: String,
    },
    /// It was saved for another module.
    #[error("{}: {source}", path.display())]
    Module {
        /// The file.
        path: PathBuf,
        /// In what they differ.
        source: ModuleError,
    },
    /// A tensor isn't there.
    #[error("{} has no tensor {name}; this machine needs one, {wanted}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Its name.
        name: String,
        /// Its type and shape.
        wanted: String,
    },
    /// A tensor is of another type or shape.
    #[error("{}: tensor {name} is {found}; in this machine it is {wanted}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// Its name.
        name: String,
        /// Type and shape in the file.
        found: String,
        /// Type and shape here.
        wanted: String,
    },
    /// The numbers are none that a machine with these settings could have.
    #[error("{}: the machine in it doesn't belong to the settings and lengths in it; it was changed since", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
    },
}
