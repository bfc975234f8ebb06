//! Batches are a function of text, shape, seed and number, and uniform over the places of the text.

use deo_models::data::{Batch, Batches, Corpus, evaluation_batches};

/// A text of `n` characters that are all different, so that a token tells its place.
fn distinct(n: usize) -> Corpus {
    let text: String = ('\0'..).take(n).collect();
    Corpus::from_text(&text).unwrap()
}

#[test]
fn the_seed_decides() {
    let corpus = distinct(5_000);
    let draw = |seed| {
        let mut batches = Batches::new(corpus.train(), 12, 64, seed).unwrap();
        [(); 3].map(|()| batches.next_batch())
    };
    let first = draw(1);
    assert_eq!(first, draw(1));
    assert_ne!(first[0], draw(2)[0]);
    assert_ne!(first[0], first[1], "successive batches differ");
}

/// What `data_golden.py`, a ChaCha8 in Python, prints. Another generator, stream or mapping would change every
/// published run.
#[test]
fn the_sequence_is_the_documented_one() {
    let corpus = distinct(5_000);
    let mut batches = Batches::new(corpus.train(), 4, 1, 2025).unwrap();
    assert_eq!(batches.next_batch().inputs, [2571, 44, 123, 3239]);
    batches.skip_to(1_000_000_007);
    assert_eq!(batches.next_batch().inputs, [3165, 932, 755, 1467]);
    let fixed = evaluation_batches(corpus.train(), 1, 4, 1, 2025).unwrap();
    assert_eq!(fixed[0].inputs, [3822, 1614, 609, 1025]);
}

#[test]
fn targets_are_the_following_tokens() {
    let corpus = distinct(1_000);
    let part = corpus.validation();
    let mut batches = Batches::new(part, 5, 7, 3).unwrap();
    for _ in 0..100 {
        let batch = batches.next_batch();
        assert_eq!((batch.rows, batch.block, batch.len()), (5, 7, 35));
        for row in 0..5 {
            let inputs = &batch.inputs[7 * row..][..7];
            let targets = &batch.targets[7 * row..][..7];
            // Tokens of distinct characters in code order are their places in the whole text.
            let start = inputs[0] as usize;
            assert!(start >= 900, "the validation part begins at 900");
            assert_eq!(inputs, &corpus.tokens()[start..start + 7]);
            assert_eq!(targets, &corpus.tokens()[start + 1..start + 8]);
        }
    }
}

#[test]
fn starts_are_uniform_from_the_first_to_the_last() {
    // 40 tokens, blocks of 8: starts 0 … 31.
    let corpus = distinct(400);
    let part = corpus.validation();
    let starts = part.starts(8).unwrap();
    assert_eq!((part.tokens().len(), starts), (40, 32));

    let mut counts = vec![0_u32; starts];
    let mut batches = Batches::new(part, 16, 8, 11).unwrap();
    let mut batch = Batch::default();
    let rounds = 4_000;
    for _ in 0..rounds {
        batches.next_into(&mut batch);
        for row in 0..16 {
            counts[batch.inputs[8 * row] as usize - 360] += 1;
        }
    }
    let expected = (16 * rounds) as f64 / starts as f64;
    let chi_square: f64 =
        counts.iter().map(|&count| (count as f64 - expected).powi(2) / expected).sum();
    // 31 degrees of freedom: the 0.1 % and 99.9 % points of the chi-square distribution.
    assert!((11.0..61.1).contains(&chi_square), "{chi_square}: {counts:?}");
}

#[test]
fn a_part_of_one_start_always_gives_it() {
    let corpus = distinct(51);
    let mut batches = Batches::new(corpus.validation(), 3, 5, 0).unwrap();
    let batch = batches.next_batch();
    assert_eq!(batch.inputs, [45, 46, 47, 48, 49].repeat(3));
    assert_eq!(batch.targets, [46, 47, 48, 49, 50].repeat(3));
}

#[test]
fn skipping_is_drawing() {
    let corpus = distinct(3_000);
    // An odd number of rows leaves ChaCha's blocks of 16 words at every alignment.
    let new = || Batches::new(corpus.train(), 7, 32, 5).unwrap();
    let mut drawn = new();
    let all: Vec<Batch> = (0..40).map(|_| drawn.next_batch()).collect();
    assert_eq!((drawn.seed(), drawn.drawn()), (5, 40));

    let mut skipping = new();
    for n in [39, 0, 13, 14, 1, 38] {
        skipping.skip_to(n);
        assert_eq!(skipping.drawn(), n);
        assert_eq!(skipping.next_batch(), all[n as usize], "batch {n}");
        assert_eq!(skipping.drawn(), n + 1);
    }
}

#[test]
fn evaluation_batches_are_fixed_and_not_those_trained_on() {
    let corpus = distinct(5_000);
    let fixed = evaluation_batches(corpus.train(), 20, 12, 64, 9).unwrap();
    assert_eq!(fixed.len(), 20);
    let again = evaluation_batches(corpus.train(), 20, 12, 64, 9).unwrap();
    assert_eq!(fixed, again);
    assert_ne!(fixed[0], fixed[1]);
    // More of them begin with the same.
    let more = evaluation_batches(corpus.train(), 25, 12, 64, 9).unwrap();
    assert_eq!(more[..20], fixed);
    let mut trained = Batches::new(corpus.train(), 12, 64, 9).unwrap();
    assert!((0..20).all(|_| !fixed.contains(&trained.next_batch())));
}

#[test]
fn a_batch_of_the_right_shape_is_reused() {
    let corpus = distinct(3_000);
    let mut batches = Batches::new(corpus.train(), 6, 16, 5).unwrap();
    let mut batch = Batch::zeros(6, 16);
    let before = (batch.inputs.as_ptr(), batch.targets.as_ptr());
    for _ in 0..10 {
        batches.next_into(&mut batch);
    }
    assert_eq!(before, (batch.inputs.as_ptr(), batch.targets.as_ptr()));

    // Any other shape is brought to the right one.
    for mut batch in [Batch::default(), Batch::zeros(16, 6), Batch::zeros(1, 999)] {
        batches.next_into(&mut batch);
        assert_eq!((batch.rows, batch.block), (6, 16));
        assert_eq!((batch.inputs.len(), batch.targets.len()), (96, 96));
    }
}
