//! A text as a corpus: nothing is lost in it, and batches are cut out of it or refused.
//!
//! The first two bytes are the shape of the batches, the rest is the text.

use deo_models::data::{Batch, Batches, Corpus};

pub(crate) fn run(data: &[u8]) {
    let &[rows, block, ref text @ ..] = data else { return };
    let (rows, block) = (usize::from(rows % 8), usize::from(block % 32));
    let Ok(text) = str::from_utf8(text) else { return };
    let corpus = match Corpus::from_text(text) {
        Err(error) => return assert_eq!(error.to_string().lines().count(), 1, "{error}"),
        Ok(corpus) => corpus,
    };
    let vocabulary = corpus.vocabulary();
    assert!(vocabulary.symbols().is_sorted_by(|a, b| a < b));
    let parts = [corpus.train(), corpus.validation()];
    assert_eq!(parts.map(|part| vocabulary.decode(part.tokens())).concat(), text);
    for part in parts {
        match Batches::new(part, rows, block, 1) {
            Err(error) => assert_eq!(error.to_string().lines().count(), 1, "{error}"),
            Ok(mut batches) => {
                let mut batch = Batch::zeros(rows, block);
                batches.next_into(&mut batch);
                let known = |token: &_| part.tokens().contains(token);
                assert!(batch.inputs.iter().chain(&batch.targets).all(known));
            }
        }
    }
}
