//! What can go wrong, each with a message that says what would be right.

use crate::address::{Address, AddressError};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why there is no answer, or no server.
#[derive(Debug)]
#[non_exhaustive]
pub enum IpiError {
    /// Text that is no address.
    Address(AddressError),
    /// Another server answers at that address.
    Taken {
        /// The address.
        address: Address,
    },
    /// Something that is no socket has the name of the socket.
    NotASocket {
        /// Its path.
        path: PathBuf,
    },
    /// The operating system refuses the address.
    Bind {
        /// The address.
        address: Address,
        /// What it says.
        reason: io::Error,
    },
    /// Nobody listens at an address that a client was to connect to.
    Connect {
        /// The address.
        address: Address,
        /// What the operating system says.
        reason: io::Error,
    },
    /// No client has come in time.
    NoClient {
        /// Where it was waited for.
        address: Address,
        /// How long.
        waited: Duration,
        /// How the client before was lost, if there was one.
        lost: Option<String>,
    },
    /// The program that was to be the client is gone, as whoever watches it says.
    EngineEnded {
        /// How it ended.
        how: String,
        /// How the connection was lost, if there was one.
        lost: Option<String>,
    },
    /// Connected, but without an answer in time.
    Silent {
        /// What was waited for.
        wanted: &'static str,
        /// How long.
        waited: Duration,
    },
    /// Several clients in a row were lost at the same question.
    Lost {
        /// How many.
        clients: u32,
        /// How the last one was.
        reason: String,
    },
    /// An answer for another number of atoms.
    Atoms {
        /// Atoms that were asked about.
        asked: usize,
        /// Atoms answered for.
        answered: i64,
    },
    /// A word that has no place where it came.
    Word {
        /// The word, what isn't printable escaped.
        found: String,
        /// What may stand there.
        wanted: &'static str,
    },
    /// A client that is asked again and again whether it is ready and always says the same.
    Stuck {
        /// What it says.
        word: &'static str,
    },
    /// A pool was closed.
    Closed,
    /// A question that makes no sense.
    Question {
        /// What is wrong with it.
        fault: &'static str,
    },
}

impl fmt::Display for IpiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = |lost: &Option<String>| {
            lost.as_ref()
                .map_or_else(String::new, |lost| format!("; the one before was lost: {lost}"))
        };
        match self {
            IpiError::Address(error) => error.fmt(f),
            IpiError::Taken { address } => {
                write!(
                    f,
                    "another server answers at {address}; stop it or take another name or port"
                )
            }
            IpiError::NotASocket { path } => {
                write!(f, "{path:?} is there and is no socket; remove it or take another name")
            }
            IpiError::Bind { address, reason } => {
                write!(f, "cannot listen at {address} ({reason})")
            }
            IpiError::Connect { address, reason } => {
                write!(f, "cannot connect to {address} ({reason})")
            }
            IpiError::NoClient { address, waited, lost } => write!(
                f,
                "no client has connected to {address} within {} s{}",
                waited.as_secs_f64(),
                before(lost)
            ),
            IpiError::EngineEnded { how, lost } => {
                write!(f, "the engine has ended ({how}) and no other has connected{}", before(lost))
            }
            IpiError::Silent { wanted, waited } => write!(
                f,
                "the client is connected but has been silent for {} s, where {wanted} was due",
                waited.as_secs_f64()
            ),
            IpiError::Lost { clients, reason } => write!(
                f,
                "{clients} clients in a row were lost at the same question, the last one by: {reason}"
            ),
            IpiError::Atoms { asked, answered } => write!(
                f,
                "the client answers for {answered} atoms and was asked about {asked}; give it the same structure"
            ),
            IpiError::Word { found, wanted } => {
                write!(f, "the client says \"{found}\" where {wanted} should be")
            }
            IpiError::Stuck { word } => {
                write!(f, "the client says {word} again and again, whatever it is sent")
            }
            IpiError::Closed => {
                f.write_str("no question is asked any more: another one has ended the run")
            }
            IpiError::Question { fault } => write!(f, "a question cannot be asked: {fault}"),
        }
    }
}

impl From<AddressError> for IpiError {
    fn from(error: AddressError) -> Self {
        IpiError::Address(error)
    }
}

impl std::error::Error for IpiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            IpiError::Bind { reason, .. } | IpiError::Connect { reason, .. } => Some(reason),
            _ => None,
        }
    }
}
