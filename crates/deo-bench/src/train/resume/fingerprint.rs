//! What tells one text from another.

use deo_models::data::Corpus;
use serde::{Deserialize, Serialize};

/// The length of a text, and a hash of its tokens and its vocabulary (FNV-1a, 64 bits; it is to
/// show a mistake, not to withstand an attack).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    hash: u64,
    pub(super) characters: u64,
}

impl Fingerprint {
    pub(super) fn of(corpus: &Corpus) -> Self {
        let symbols = corpus.vocabulary().symbols().iter().map(|&symbol| u64::from(symbol));
        let tokens = corpus.tokens().iter().map(|&token| u64::from(token));
        let hash = symbols.chain(tokens).fold(0xcbf2_9ce4_8422_2325, |hash: u64, number| {
            (hash ^ number).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Fingerprint { hash, characters: corpus.tokens().len() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_one_length_or_of_the_same_tokens_differ() {
        let of = |text: &str| Fingerprint::of(&Corpus::from_text(text).unwrap());
        assert_eq!(of("abcab"), of("abcab"));
        // The first two have the same vocabulary, the first and the third the same tokens.
        assert_eq!([of("abcab"), of("abcba"), of("xyzxy")].map(|print| print.characters), [5; 3]);
        assert_ne!(of("abcab"), of("abcba"));
        assert_ne!(of("abcab"), of("xyzxy"));
    }
}
