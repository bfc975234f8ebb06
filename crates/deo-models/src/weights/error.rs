//! What can be wrong with a file of weights.

use safetensors::SafeTensorError;
use std::io;
use std::path::{Path, PathBuf};

/// Why weights were refused or could not be written; each message is one line and says what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// There is no such file.
    #[error("there is no file {path:?}; give the path of a safetensors file")]
    NoFile {
        /// The path as given.
        path: PathBuf,
    },

    /// The file exists but could not be read.
    #[error("cannot read {path:?} ({reason}); give the path of a readable safetensors file")]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// What the operating system said. Part of the message, hence not its source.
        reason: io::Error,
    },

    /// The length of the file isn't that which its header describes.
    #[error(
        "{path:?} is truncated or has bytes too many: its {bytes} bytes are not what its header describes; copy or \
         export it again"
    )]
    Truncated {
        /// The path as given.
        path: PathBuf,
        /// The length of the file.
        bytes: usize,
    },

    /// The header makes no sense.
    #[error(
        "{path:?} is no safetensors file ({}); export the weights as safetensors",
        one_line(reason)
    )]
    Malformed {
        /// The path as given.
        path: PathBuf,
        /// What the parser said. Part of the message, hence not its source.
        reason: SafeTensorError,
    },

    /// The layout has a tensor that the file lacks.
    #[error("{path:?} has no tensor {name:?}; {}", missing_hint(hint))]
    MissingTensor {
        /// The path as given.
        path: PathBuf,
        /// The tensor's name in the layout.
        name: String,
        /// A name in the file that ends in it.
        hint: Option<String>,
    },

    /// The file has a tensor that the layout lacks.
    #[error(
        "{path:?} has a tensor {name:?} that this model lacks; give the weights of a model of this kind, or leave it out \
         if it is no parameter"
    )]
    Unexpected {
        /// The path as given.
        path: PathBuf,
        /// The tensor's name in the file.
        name: String,
    },

    /// A tensor has another shape in the file than in the layout.
    #[error("{path:?} has {name:?} of shape {found:?}; this model has it of shape {expected:?}")]
    WrongShape {
        /// The path as given.
        path: PathBuf,
        /// The tensor's name.
        name: String,
        /// The shape in the file.
        found: Vec<usize>,
        /// The shape in the layout.
        expected: Vec<usize>,
    },

    /// A tensor isn't stored as floating-point numbers of single or double precision.
    #[error("{path:?} has {name:?} of type {found}; convert it to F32 or F64")]
    WrongType {
        /// The path as given.
        path: PathBuf,
        /// The tensor's name.
        name: String,
        /// The type in the file.
        found: String,
    },

    /// A tensor of double precision was to be read in single precision.
    #[error(
        "{path:?} has {name:?} of type F64, which F32 would round; compute in double precision or convert it to F32"
    )]
    WouldRound {
        /// The path as given.
        path: PathBuf,
        /// The tensor's name.
        name: String,
    },

    /// The file could not be written.
    #[error("cannot write {path:?} ({reason}); give a path in a directory that can be written")]
    Write {
        /// The path as given.
        path: PathBuf,
        /// What the operating system said. Part of the message, hence not its source.
        reason: io::Error,
    },
}

impl WeightsError {
    /// What the parser's complaint about a file of so many bytes means.
    pub(super) fn of_format(path: &Path, bytes: usize, error: SafeTensorError) -> Self {
        let path = path.to_owned();
        match error {
            SafeTensorError::HeaderTooSmall
            | SafeTensorError::InvalidHeaderLength
            | SafeTensorError::MetadataIncompleteBuffer => WeightsError::Truncated { path, bytes },
            reason => WeightsError::Malformed { path, reason },
        }
    }
}

fn missing_hint(hint: &Option<String>) -> String {
    match hint {
        Some(other) => format!(
            "rename {other:?} and the others like it, or give the weights of a model of this kind"
        ),
        None => "give the weights of a model of this kind and size".to_owned(),
    }
}

/// What the parser said, which may quote the file, on one line.
fn one_line(reason: &SafeTensorError) -> String {
    reason.to_string().replace(char::is_control, " ")
}
