//! What tells one text from another.

use deo_models::data::Corpus;
use serde::{Deserialize, Serialize};
use std::hash::Hasher;
use twox_hash::XxHash3_64;

/// The length of a text, and a hash of its vocabulary and its tokens (XXH3, as of checkpoints; it is to show a mistake,
/// not to withstand an attack).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    hash: u64,
    pub(super) characters: u64,
}

impl Fingerprint {
    pub(super) fn of(corpus: &Corpus) -> Self {
        let mut hash = XxHash3_64::new();
        for &symbol in corpus.vocabulary().symbols() {
            hash.write(&u32::from(symbol).to_le_bytes());
        }
        for token in corpus.tokens() {
            hash.write(&token.to_le_bytes());
        }
        Fingerprint { hash: hash.finish(), characters: corpus.tokens().len() as u64 }
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
