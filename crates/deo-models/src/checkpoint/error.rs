//! What can be wrong with a checkpoint.

use super::Kind;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Whose content an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Bytes that [`decode`](super::decode) was given.
    Memory,
    /// A file.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Memory => f.write_str("the checkpoint in memory"),
            // Quoted, so that a line end in a name doesn't end the message's line.
            Origin::File(path) => write!(f, "{path:?}"),
        }
    }
}

/// Why a checkpoint was refused or could not be written; each message is one line and says what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It doesn't begin as a checkpoint.
    #[error("{origin} is no checkpoint; give a file that deo saved")]
    NotACheckpoint {
        /// What was read.
        origin: Origin,
    },

    /// Its header is of another version than this one.
    #[error(
        "{origin} has format version {found}, this program reads version {known}; use the program that saved it"
    )]
    Version {
        /// What was read.
        origin: Origin,
        /// The version in the file.
        found: u32,
        /// The version that this program reads and writes.
        known: u32,
    },

    /// It is shorter than its header says.
    #[error(
        "{origin} is truncated: {bytes} of {expected} bytes; use an older checkpoint or copy it again"
    )]
    Truncated {
        /// What was read.
        origin: Origin,
        /// Its length.
        bytes: u64,
        /// What its length should be.
        expected: u64,
    },

    /// It is longer than its header says.
    #[error(
        "{origin} has {bytes} bytes where {expected} are right; use an older checkpoint or copy it again"
    )]
    TrailingBytes {
        /// What was read.
        origin: Origin,
        /// Its length.
        bytes: u64,
        /// What its length should be.
        expected: u64,
    },

    /// It is as long as its header says, but longer than the memory that this machine can address.
    #[error("{origin} has {bytes} bytes, more than this machine can address; use a 64-bit program")]
    TooLarge {
        /// What was read.
        origin: Origin,
        /// Its length.
        bytes: u64,
    },

    /// Some of its bytes aren't those that were written.
    #[error(
        "{origin} is damaged: its checksum is another; use an older checkpoint or copy it again"
    )]
    Checksum {
        /// What was read.
        origin: Origin,
    },

    /// It is whole, and a checkpoint of something else.
    #[error("{origin} is a checkpoint of kind {found}; give one of kind {expected}")]
    Kind {
        /// What was read.
        origin: Origin,
        /// The kind in the file.
        found: Kind,
        /// The kind that was asked for.
        expected: Kind,
    },

    /// Its payload is as it was written and doesn't describe a value of the type asked for.
    #[error(
        "{origin} has a payload that is no such value ({reason}); use the program that saved it"
    )]
    Payload {
        /// What was read.
        origin: Origin,
        /// What the decoder said. Part of the message, hence not its source.
        reason: String,
    },

    /// Its payload is longer than the value of the type asked for.
    #[error(
        "{origin} has a payload of {length} bytes, of which a value takes {consumed}; use the program that saved it"
    )]
    PayloadLength {
        /// What was read.
        origin: Origin,
        /// The bytes that the value took.
        consumed: usize,
        /// The bytes of the payload.
        length: usize,
    },

    /// The value can't be written in this format.
    #[error("the state cannot be encoded ({reason}); derive its serialisation field by field")]
    Encode {
        /// What the encoder said.
        reason: String,
    },

    /// There are checkpoints, and none can be used.
    #[error(
        "none of the {} checkpoints in {directory:?} can be used; restore one or start in another directory; the newest: {}",
        damaged.len(), newest_reason(damaged)
    )]
    NoneWhole {
        /// The directory.
        directory: PathBuf,
        /// Each file with its fault, the newest first.
        damaged: Vec<(PathBuf, CheckpointError)>,
    },

    /// The operating system refused.
    #[error("cannot {action} {path:?} ({reason}); {}", action.remedy())]
    Io {
        /// What was to be done.
        action: Action,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said. Part of the message, hence not its source.
        reason: io::Error,
    },
}

/// What the operating system was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// To list a directory or read a file.
    Read,
    /// To write a file or its name through to the disk.
    Write,
    /// To remove or rename a file of an earlier save.
    Retire,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Read => "read",
            Action::Write => "write",
            Action::Retire => "remove or rename",
        })
    }
}

impl Action {
    fn remedy(self) -> &'static str {
        match self {
            Action::Read => "give the directory of a run whose files can be read",
            Action::Write => "give a directory that exists, can be written and has room",
            Action::Retire => "the new checkpoint is saved; let its directory be written",
        }
    }
}

impl CheckpointError {
    /// Of reading.
    pub(super) fn io(origin: &Origin, reason: io::Error) -> Self {
        let path = match origin {
            Origin::Memory => PathBuf::new(),
            Origin::File(path) => path.clone(),
        };
        CheckpointError::Io { action: Action::Read, path, reason }
    }

    pub(super) fn at(action: Action, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |reason| CheckpointError::Io { action, path: path.to_owned(), reason }
    }
}

fn newest_reason(damaged: &[(PathBuf, CheckpointError)]) -> String {
    damaged.first().map_or_else(String::new, |(_, error)| error.to_string())
}
