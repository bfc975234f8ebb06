//! What can be wrong with a text, a prompt or the shape of a batch.

use super::Part;
use std::path::PathBuf;

/// Why a text or a batch was refused; each message is one line and says what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no such file.
    #[error("there is no file {path:?}; give the path of a UTF-8 text")]
    Missing {
        /// The path as given.
        path: PathBuf,
    },

    /// The file exists but could not be read.
    #[error("cannot read {path:?} ({reason}); give the path of a readable UTF-8 text")]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// What the operating system said. Part of the message, hence not its source.
        reason: std::io::Error,
    },

    /// The file holds bytes that are not UTF-8.
    #[error("{path:?} is not UTF-8 at byte {offset}; convert it to UTF-8 first")]
    NotUtf8 {
        /// The path as given.
        path: PathBuf,
        /// The number of valid bytes before the first invalid one.
        offset: usize,
    },

    /// The text has no characters.
    #[error("{name} is empty; a text needs at least one character")]
    Empty {
        /// The quoted path, or "the text".
        name: String,
    },

    /// The text has more distinct characters than a token can number.
    #[error(
        "the text has {symbols} distinct characters; a token of 16 bits numbers at most {maximum}"
    )]
    TooManySymbols {
        /// The number of distinct characters.
        symbols: usize,
        /// The number of values of a `u16`.
        maximum: usize,
    },

    /// A text to encode holds a character that the vocabulary lacks.
    #[error(
        "{symbol:?} at character {position} is not among the vocabulary's {symbols} characters; \
         use only characters of the training text"
    )]
    UnknownSymbol {
        /// The character.
        symbol: char,
        /// How many characters stand before it.
        position: usize,
        /// The size of the vocabulary.
        symbols: usize,
    },

    /// A part of the text cannot hold one block and the character after it.
    #[error(
        "the {part} part has {tokens} characters; a block of {block} needs at least {minimum}: \
         take a shorter block or a longer text"
    )]
    TooShort {
        /// The part that is too short.
        part: Part,
        /// Its length.
        tokens: usize,
        /// The block asked for.
        block: usize,
        /// The shortest part that would do, `block + 1`.
        minimum: usize,
    },

    /// A batch of no tokens, or no batches at all.
    #[error("{what} is 0; it must be at least 1")]
    Zero {
        /// The name of the number that is zero.
        what: &'static str,
    },
}
