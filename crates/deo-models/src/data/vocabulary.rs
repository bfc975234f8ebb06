//! The characters of a text, numbered.

use super::DataError;

/// The sorted distinct characters of a text; a token is an index into them.
///
/// To store one, store [`symbols`](Self::symbols) as a string: `Vocabulary::of` that string is the same
/// vocabulary again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    symbols: Vec<char>,
}

impl Vocabulary {
    /// The most characters that a `u16` can number.
    pub const MAXIMUM: usize = u16::MAX as usize + 1;

    /// The vocabulary of `text`.
    ///
    /// # Errors
    ///
    /// [`DataError::TooManySymbols`] for more than [`MAXIMUM`](Self::MAXIMUM) distinct characters.
    pub fn of(text: &str) -> Result<Self, DataError> {
        // One bit for each Unicode scalar value, 136 kB, counts any text in one pass without hashing.
        let mut seen = vec![0_u64; (char::MAX as usize + 1).div_ceil(64)];
        for symbol in text.chars() {
            seen[symbol as usize / 64] |= 1 << (symbol as usize % 64);
        }
        let symbols: Vec<char> = ('\0'..=char::MAX)
            .filter(|&symbol| seen[symbol as usize / 64] >> (symbol as usize % 64) & 1 == 1)
            .collect();
        if symbols.len() > Self::MAXIMUM {
            return Err(DataError::TooManySymbols {
                symbols: symbols.len(),
                maximum: Self::MAXIMUM,
            });
        }
        Ok(Vocabulary { symbols })
    }

    /// The number of characters, the width of the model's output.
    pub fn len(&self) -> usize {
        self.symbols.len()
    }

    /// Whether there is no character at all, which happens for an empty text only.
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// The characters in the order of their tokens.
    pub fn symbols(&self) -> &[char] {
        &self.symbols
    }

    /// The token of one character, if the text has it.
    pub fn token(&self, symbol: char) -> Option<u16> {
        let index = self.symbols.binary_search(&symbol).ok()?;
        Some(index as u16) // cannot truncate: `of` refuses more than 2¹⁶ characters
    }

    /// The tokens of `text`, one a character.
    ///
    /// # Errors
    ///
    /// [`DataError::UnknownSymbol`] at the first character that the vocabulary lacks.
    pub fn encode(&self, text: &str) -> Result<Vec<u16>, DataError> {
        let mut tokens = Vec::with_capacity(text.len());
        for (position, symbol) in text.chars().enumerate() {
            let token = self.token(symbol).ok_or(DataError::UnknownSymbol {
                symbol,
                position,
                symbols: self.len(),
            })?;
            tokens.push(token);
        }
        Ok(tokens)
    }

    /// The text of `tokens`, the inverse of [`encode`](Self::encode).
    ///
    /// # Panics
    ///
    /// On a token that is not below [`len`](Self::len).
    pub fn decode(&self, tokens: &[u16]) -> String {
        tokens.iter().map(|&token| self.symbol(token)).collect()
    }

    /// The character of one token.
    ///
    /// # Panics
    ///
    /// On a token that is not below [`len`](Self::len).
    #[track_caller]
    pub fn symbol(&self, token: u16) -> char {
        let count = self.len();
        let symbol = self.symbols.get(token as usize);
        *symbol.unwrap_or_else(|| panic!("token {token} in a vocabulary of {count} characters"))
    }
}
