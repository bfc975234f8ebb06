//! Text for the character model: symbols, the two parts of a text, seeded mini-batches.
//!
//! Problem: two training runs may be compared only if they read the same characters in the same order. So
//! the batches are a function of (text, shape, seed, number) and of nothing else: [`Batches`] owns its
//! generator and hands it to nobody, batch n can be drawn without drawing the n before it, and whatever else
//! in a run needs chance (weights, dropout, the axis of a dimer) cannot change the batches.
//!
//! | here | meaning |
//! |---|---|
//! | [`Vocabulary`] | the distinct characters of a text, sorted; a token is a character's index |
//! | [`Corpus`] | a text as tokens, 90 % for training, the rest for validation, in order |
//! | [`Split`] | one of the two parts |
//! | [`Batches`] | sequences cut out of a part at uniformly random places |
//! | [`Batch`] | inputs and, shifted by one character, targets |
//!
//! # Examples
//!
//! ```
//! use deo_models::data::{Batch, Batches, Corpus};
//! let corpus = Corpus::from_text(&"to be or not to be, ".repeat(20))?;
//! let mut batches = Batches::new(corpus.train(), 4, 8, 1)?;
//! let mut batch = Batch::zeros(4, 8);
//! batches.next_into(&mut batch);
//! assert_eq!(batch.inputs[1..8], batch.targets[..7]);
//! # Ok::<(), deo_models::data::DataError>(())
//! ```
//!
//! The layout of the data follows nanoGPT (`data/shakespeare_char/prepare.py` and `get_batch`).

mod batch;
mod batches;
mod corpus;
mod error;
#[cfg(feature = "corpus")]
mod king_james;
mod vocabulary;

pub use batch::Batch;
pub use batches::{Batches, evaluation_batches};
pub use corpus::{Corpus, Part, Split};
pub use error::DataError;
#[cfg(feature = "corpus")]
pub use king_james::king_james;
pub use vocabulary::Vocabulary;
