//! The vocabulary, the two parts and the errors of a corpus.

use deo_models::data::{Batches, Corpus, DataError, Part, Vocabulary, evaluation_batches};
use proptest::prelude::*;
use std::path::PathBuf;

/// A file of the given bytes that is removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let file = format!("deo-models-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(file);
        std::fs::write(&path, bytes).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The message is one line and contains every one of `parts`.
#[track_caller]
fn says(error: &DataError, parts: &[&str]) {
    let message = error.to_string();
    assert!(!message.contains('\n'), "more than one line: {message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} is missing in {message:?}");
    }
}

#[test]
fn vocabulary_is_sorted_and_of_the_whole_text() {
    // 'z' and 'é' stand in the validation part only.
    let corpus = Corpus::from_text("cab bac cab zé").unwrap();
    let symbols = corpus.vocabulary().symbols();
    assert_eq!(symbols, [' ', 'a', 'b', 'c', 'z', 'é']);
    let tokens = corpus.vocabulary().encode("cabé ").unwrap();
    assert_eq!(tokens, [3, 1, 2, 5, 0]);
}

#[test]
fn vocabulary_comes_back_from_its_symbols() {
    let vocabulary = Vocabulary::of("to be, or not").unwrap();
    let stored: String = vocabulary.symbols().iter().collect();
    assert_eq!(Vocabulary::of(&stored).unwrap(), vocabulary);
}

#[test]
fn the_extreme_scalar_values_are_characters() {
    let vocabulary = Vocabulary::of("\u{10ffff}\0\u{d7ff}\u{e000}").unwrap();
    let expected = ['\0', '\u{d7ff}', '\u{e000}', '\u{10ffff}'];
    assert_eq!(vocabulary.symbols(), expected);
}

#[test]
fn unknown_characters_are_refused_by_name_and_place() {
    let vocabulary = Vocabulary::of("ab").unwrap();
    let error = vocabulary.encode("abé?").unwrap_err();
    assert!(matches!(error, DataError::UnknownSymbol { symbol: 'é', position: 2, symbols: 2 }));
    says(&error, &["'é'", "character 2", "2 characters"]);
    // A line end in the prompt must not break the message's line.
    says(&vocabulary.encode("a\n").unwrap_err(), &["'\\n'"]);
}

#[test]
#[should_panic(expected = "token 2 in a vocabulary of 2 characters")]
fn decoding_a_foreign_token_panics() {
    Vocabulary::of("ab").unwrap().decode(&[0, 2]);
}

#[test]
fn token_numbers_are_used_up_to_the_last_and_not_beyond() {
    let exact: String = ('\0'..).take(Vocabulary::MAXIMUM).collect();
    let vocabulary = Vocabulary::of(&exact).unwrap();
    let last = exact.chars().next_back().unwrap();
    assert_eq!(vocabulary.token(last), Some(u16::MAX));

    let beyond: String = ('\0'..).take(Vocabulary::MAXIMUM + 1).collect();
    let error = Corpus::from_text(&beyond).unwrap_err();
    says(&error, &["65537", "65536", "16 bits"]);
}

#[test]
fn the_cut_is_at_nine_tenths() {
    for (characters, train) in [(1, 0), (9, 8), (10, 9), (11, 9), (19, 17), (1_115_394, 1_003_854)]
    {
        let corpus = Corpus::from_text(&"x".repeat(characters)).unwrap();
        // 1 115 394 is tinyshakespeare, for which nanoGPT prints 1 003 854 and 111 540.
        assert_eq!(corpus.train().tokens().len(), train, "of {characters}");
        let rest = characters - train;
        assert_eq!(corpus.validation().tokens().len(), rest, "of {characters}");
    }
}

#[test]
fn files_and_their_faults() {
    let good = Scratch::new("good", "grün\r\n".as_bytes());
    let corpus = Corpus::from_file(&good.0).unwrap();
    assert_eq!(corpus, Corpus::from_text("grün\r\n").unwrap());

    let bad = Scratch::new("latin1", b"gr\xfcn");
    let error = Corpus::from_file(&bad.0).unwrap_err();
    assert!(matches!(error, DataError::NotUtf8 { offset: 2, .. }));
    says(&error, &["latin1", "byte 2", "UTF-8"]);

    let empty = Scratch::new("empty", b"");
    let error = Corpus::from_file(&empty.0).unwrap_err();
    assert!(matches!(error, DataError::Empty { .. }));
    says(&error, &["empty", "at least one character"]);
    says(&Corpus::from_text("").unwrap_err(), &["the text is empty"]);

    let missing = std::env::temp_dir().join("deo-models-no-such\nfile");
    let error = Corpus::from_file(&missing).unwrap_err();
    assert!(matches!(error, DataError::Missing { .. }));
    says(&error, &["no file", "deo-models-no-such\\nfile"]);

    let error = Corpus::from_file(std::env::temp_dir()).unwrap_err();
    assert!(matches!(error, DataError::Unreadable { .. }));
    says(&error, &["cannot read", "readable UTF-8 text"]);
}

#[test]
fn a_part_must_hold_a_block_and_one_more() {
    // 10 B + 1 characters are the least that hold a block of B twice: ⌈(10 B + 1)/10⌉ = B + 1.
    let block = 7;
    let enough = Corpus::from_text(&"x".repeat(10 * block + 1)).unwrap();
    enough.check_block(block).unwrap();
    assert_eq!(enough.validation().starts(block).unwrap(), 1);
    evaluation_batches(enough.validation(), 1, 1, block, 0).unwrap();

    let short = Corpus::from_text(&"x".repeat(10 * block)).unwrap();
    let error = short.check_block(block).unwrap_err();
    assert!(matches!(
        error,
        DataError::TooShort { part: Part::Validation, tokens: 7, block: 7, minimum: 8 }
    ));
    says(&error, &["validation part", "7 characters", "block of 7", "at least 8"]);

    let error = Batches::new(short.train(), 1, 63, 0).unwrap_err();
    says(&error, &["training part", "63 characters", "at least 64"]);
    assert!(short.train().starts(usize::MAX).is_err());
}

#[test]
fn empty_shapes_are_refused() {
    let corpus = Corpus::from_text(&"x".repeat(100)).unwrap();
    let error = Batches::new(corpus.train(), 0, 4, 0).unwrap_err();
    says(&error, &["rows", "at least 1"]);
    let error = Batches::new(corpus.train(), 4, 0, 0).unwrap_err();
    says(&error, &["block", "at least 1"]);
    let error = evaluation_batches(corpus.train(), 0, 4, 4, 0).unwrap_err();
    says(&error, &["evaluation batches", "at least 1"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoding_undoes_encoding(text in any::<String>()) {
        let vocabulary = Vocabulary::of(&text).unwrap();
        let tokens = vocabulary.encode(&text).unwrap();
        prop_assert_eq!(tokens.len(), text.chars().count());
        prop_assert!(tokens.iter().all(|&token| (token as usize) < vocabulary.len()));
        prop_assert_eq!(vocabulary.decode(&tokens), text);
    }
}
