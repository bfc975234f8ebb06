//! A text as tokens, cut into a training and a validation part.

use super::{DataError, Vocabulary};
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

/// Which part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The first nine tenths, for training.
    Train,
    /// The last tenth, for validation.
    Validation,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Train => "training",
            Part::Validation => "validation",
        })
    }
}

/// A contiguous part of a corpus.
#[derive(Debug, Clone, Copy)]
pub struct Split<'a> {
    part: Part,
    tokens: &'a [u16],
}

impl<'a> Split<'a> {
    /// Which part it is.
    pub fn part(&self) -> Part {
        self.part
    }

    /// Its tokens in the order of the text.
    pub fn tokens(&self) -> &'a [u16] {
        self.tokens
    }

    /// The number of places where a block can start: a block of B tokens and its targets cover B + 1 tokens,
    /// so the starts are 0, …, len − B − 1.
    ///
    /// # Errors
    ///
    /// [`DataError::TooShort`] if there is none, [`DataError::Zero`] if the block is empty.
    pub fn starts(&self, block: usize) -> Result<usize, DataError> {
        if block == 0 {
            return Err(DataError::Zero { what: "the block" });
        }
        if self.tokens.len() <= block {
            return Err(DataError::TooShort {
                part: self.part,
                tokens: self.tokens.len(),
                block,
                minimum: block.saturating_add(1),
            });
        }
        Ok(self.tokens.len() - block)
    }
}

/// A text as tokens of its own vocabulary.
///
/// The vocabulary is that of the *whole* text, so that the validation part holds no unknown character. The
/// cut is at ⌊9n/10⌋ characters, as in nanoGPT. Nothing is normalised: line ends, a byte order mark and
/// every space are characters like others.
///
/// # Examples
///
/// ```
/// use deo_models::data::Corpus;
/// let corpus = Corpus::from_text("hello, hello")?;
/// assert_eq!(corpus.vocabulary().symbols(), [' ', ',', 'e', 'h', 'l', 'o']);
/// assert_eq!(corpus.train().tokens().len(), 10);
/// assert_eq!(corpus.vocabulary().decode(corpus.validation().tokens()), "lo");
/// # Ok::<(), deo_models::data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corpus {
    vocabulary: Vocabulary,
    tokens: Vec<u16>,
}

impl Corpus {
    /// The corpus of a text in memory.
    ///
    /// # Errors
    ///
    /// [`DataError::Empty`] and [`DataError::TooManySymbols`].
    pub fn from_text(text: &str) -> Result<Self, DataError> {
        if text.is_empty() {
            let name = "the text".to_owned();
            return Err(DataError::Empty { name });
        }
        let vocabulary = Vocabulary::of(text)?;
        let tokens = vocabulary.encode(text)?;
        Ok(Corpus { vocabulary, tokens })
    }

    /// The corpus of a UTF-8 file.
    ///
    /// # Errors
    ///
    /// [`DataError::Missing`], [`DataError::Unreadable`], [`DataError::NotUtf8`], and those of
    /// [`from_text`](Self::from_text).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|reason| {
            let path = path.to_owned();
            match reason.kind() {
                ErrorKind::NotFound => DataError::Missing { path },
                _ => DataError::Unreadable { path, reason },
            }
        })?;
        if bytes.is_empty() {
            let name = format!("{path:?}");
            return Err(DataError::Empty { name });
        }
        let text = str::from_utf8(&bytes).map_err(|error| DataError::NotUtf8 {
            path: path.to_owned(),
            offset: error.valid_up_to(),
        })?;
        Self::from_text(text)
    }

    /// The King James Bible, see [`king_james`](super::king_james) for its format.
    #[cfg(feature = "corpus")]
    pub fn king_james() -> Self {
        // Neither empty nor rich in symbols: it is a constant.
        Self::from_text(&super::king_james()).expect("the King James Bible is a valid text")
    }

    /// The characters of the text.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// All tokens in the order of the text.
    pub fn tokens(&self) -> &[u16] {
        &self.tokens
    }

    /// The first ⌊9n/10⌋ tokens.
    pub fn train(&self) -> Split<'_> {
        Split { part: Part::Train, tokens: &self.tokens[..self.cut()] }
    }

    /// The tokens after the training part.
    pub fn validation(&self) -> Split<'_> {
        Split { part: Part::Validation, tokens: &self.tokens[self.cut()..] }
    }

    /// Checks that both parts can hold a block, so that a run is refused before it starts.
    ///
    /// # Errors
    ///
    /// [`DataError::TooShort`] for the first part that cannot, [`DataError::Zero`] for an empty block.
    pub fn check_block(&self, block: usize) -> Result<(), DataError> {
        self.train().starts(block)?;
        self.validation().starts(block)?;
        Ok(())
    }

    fn cut(&self) -> usize {
        // n − ⌈n/10⌉ = ⌊9n/10⌋, without the overflow of 9n.
        self.tokens.len() - self.tokens.len().div_ceil(10)
    }
}
