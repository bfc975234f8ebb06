//! Why a machine can't be saved, or can't go on from a file.

use crate::ModuleError;
use std::fmt;
use std::path::PathBuf;

/// Why a machine can't be saved, or a file isn't one that it can go on from.
#[derive(Debug)]
#[non_exhaustive]
pub enum StateError {
    /// Some number of the state has no place in a file.
    NotSaved(serde_json::Error),
    /// The file can't be written. What had the name before is still there.
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: burn_pack::Error,
    },
    /// The file can't be read, or is no whole burnpack file.
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: burn_pack::Error,
    },
    /// It is a burnpack file of something else, such as a module's record.
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is of another version of this crate.
    Version {
        /// The file.
        path: PathBuf,
        /// That of the file.
        version: u32,
    },
    /// What isn't tensors can't be read.
    Rest {
        /// The file.
        path: PathBuf,
        /// Where, and what was wanted there.
        source: serde_json::Error,
    },
    /// It was saved with other settings.
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
    Module {
        /// The file.
        path: PathBuf,
        /// In what they differ.
        source: ModuleError,
    },
    /// A tensor isn't there.
    Missing {
        /// The file.
        path: PathBuf,
        /// Its name.
        name: String,
        /// Its type and shape.
        wanted: String,
    },
    /// A tensor is of another type or shape.
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
    Unfit {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateError::NotSaved(source) => {
                write!(f, "the state can't be saved, a number in it isn't finite: {source}")
            }
            StateError::Write { path, source } => {
                write!(f, "{} can't be written: {source}", path.display())
            }
            StateError::Read { path, source } => write!(
                f,
                "{} can't be read ({source}); a file that ModuleDeo::save wrote is needed",
                path.display()
            ),
            StateError::Foreign { path } => write!(
                f,
                "{} holds no state of DEO; a file that ModuleDeo::save wrote is needed",
                path.display()
            ),
            StateError::Version { path, version } => write!(
                f,
                "{} has version {version} of the format; this deo-burn reads version {}",
                path.display(),
                super::VERSION
            ),
            StateError::Rest { path, source } => {
                write!(f, "{}: what it says of DEO can't be read: {source}", path.display())
            }
            StateError::Settings { path, field, file, here } => write!(
                f,
                "{}: saved with {field} = {file}; this machine has {here}. Make it with the settings of the file",
                path.display()
            ),
            StateError::Module { path, source } => write!(f, "{}: {source}", path.display()),
            StateError::Missing { path, name, wanted } => write!(
                f,
                "{} has no tensor {name}; this machine needs one, {wanted}",
                path.display()
            ),
            StateError::Tensor { path, name, found, wanted } => write!(
                f,
                "{}: tensor {name} is {found}; in this machine it is {wanted}",
                path.display()
            ),
            StateError::Unfit { path } => write!(
                f,
                "{}: the machine in it doesn't belong to the settings and lengths in it; it was changed since",
                path.display()
            ),
        }
    }
}

impl std::error::Error for StateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StateError::Write { source, .. } | StateError::Read { source, .. } => Some(source),
            StateError::NotSaved(source) | StateError::Rest { source, .. } => Some(source),
            StateError::Module { source, .. } => Some(source),
            _ => None,
        }
    }
}
