//! The King James Bible that cargo brings.
#![cfg(feature = "corpus")]

use deo_models::data::{Corpus, king_james};

#[test]
fn format_and_extent() {
    let text = king_james();
    let books: Vec<&str> = text.split("\n\n").collect();
    assert_eq!(books.len(), 66);
    assert!(books[0].starts_with("In the beginning God created the heaven and the earth.\n"));
    assert!(books[65].ends_with("\nThe grace of our Lord Jesus Christ [be] with you all. Amen.\n"));
    // Counts known of the King James Bible: Genesis 1533, Psalms 2461, the third epistle of John 14 verses.
    let verses: Vec<usize> = books.iter().map(|book| book.lines().count()).collect();
    assert_eq!((verses[0], verses[18], verses[63]), (1533, 2461, 14));
    assert_eq!(verses.iter().sum::<usize>(), 31_102);
    assert_eq!(text, king_james(), "hash maps must not show through");
}

#[test]
fn corpus() {
    let corpus = Corpus::king_james();
    assert_eq!(corpus.vocabulary().len(), 66);
    let characters = corpus.tokens().len();
    assert!((3_400_000..3_500_000).contains(&characters), "{characters}");
    corpus.check_block(1024).unwrap();
    // The crate loses what follows a colon; if this fails, it has been mended and the docs are out of date.
    assert_eq!(corpus.vocabulary().token(':'), None);
}
