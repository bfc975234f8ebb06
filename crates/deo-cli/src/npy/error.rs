//! What can be wrong with a `.npy` file.

use std::io;
use std::path::{Path, PathBuf};

/// Why an array was refused; each message is one line and says what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// There is no such file.
    #[error("there is no file {path:?}; give the path of a .npy file")]
    NoFile {
        /// The path as given.
        path: PathBuf,
    },
    /// The file exists but could not be read.
    #[error("cannot read {path:?} ({reason}); give the path of a readable .npy file")]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// What the operating system said. Part of the message, hence not its source.
        reason: io::Error,
    },
    /// The first bytes aren't those of the format.
    #[error("{path:?} is no .npy file; write it by np.save(file, a)")]
    Foreign {
        /// The path as given.
        path: PathBuf,
    },
    /// A version of the format that doesn't exist yet.
    #[error(
        "{path:?} is of version {major}.{minor} of the .npy format; 1.0, 2.0 and 3.0 are known"
    )]
    Version {
        /// The path as given.
        path: PathBuf,
        /// The version's first number.
        major: u8,
        /// Its second.
        minor: u8,
    },
    /// The file ends before its header does.
    #[error("{path:?} ends within its header; copy or write it again")]
    HeaderCut {
        /// The path as given.
        path: PathBuf,
    },
    /// The header isn't the table of three entries that the format prescribes.
    #[error("the header of {path:?} is malformed ({reason}); write it again by np.save(file, a)")]
    Header {
        /// The path as given.
        path: PathBuf,
        /// What is wrong with it.
        reason: HeaderFault,
    },
    /// The numbers aren't of a type that is read.
    #[error(
        "{path:?} holds {descr:?}; save float32 or float64, as by np.save(file, a.astype('<f8'))"
    )]
    Type {
        /// The path as given.
        path: PathBuf,
        /// The type in the file.
        descr: String,
    },
    /// Neither one nor two dimensions.
    #[error("{path:?} has {dimensions} dimensions; an array of 1 or 2 is needed")]
    Dimensions {
        /// The path as given.
        path: PathBuf,
        /// How many it has.
        dimensions: usize,
    },
    /// There are fewer or more numbers than the shape says.
    #[error(
        "{path:?} has {found} bytes of data; its shape {shape:?} needs {}; copy or write it again",
        .expected.map_or_else(|| "more than a machine can hold".to_owned(), |bytes| bytes.to_string())
    )]
    Length {
        /// The path as given.
        path: PathBuf,
        /// The extents in the header.
        shape: Vec<usize>,
        /// The bytes after the header.
        found: usize,
        /// The bytes that the shape needs; `None` if their number overflows.
        expected: Option<usize>,
    },
}

/// What is wrong with a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderFault {
    /// Not text.
    #[error("it is not ASCII text")]
    Text,
    /// Not `{…}`, or something is behind it.
    #[error("it is not one table in braces")]
    Braces,
    /// An entry's key or value isn't one of the known.
    #[error("at {0:?} a key with its value was expected")]
    Entry(String),
    /// An entry is there twice.
    #[error("it has {0:?} twice")]
    Twice(&'static str),
    /// An entry is missing.
    #[error("it has no {0:?}")]
    Missing(&'static str),
}

impl NpyError {
    pub(super) fn header(path: &Path, reason: HeaderFault) -> Self {
        NpyError::Header { path: path.to_owned(), reason }
    }
}
