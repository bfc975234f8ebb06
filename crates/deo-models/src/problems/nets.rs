//! Small nets on real data, by data set, depth, activation and batch.
//!
//! Problem: that a method does no harm where it has little to gain can't be shown on one net. It may do harm in some
//! combinations only, on deep sigmoid nets with full batches, say. So the nets are given by four factors of which a
//! benchmark can run all combinations, and each is small enough for a run of 2 000 gradients to take some seconds.
//!
//! | data | rows R | row | net | hidden units | rows of a mini-batch |
//! |---|---|---|---|---|---|
//! | `digits` | 599, every third image | 64 pixels in [0, 1] | [`Mlp`](crate::mlp::Mlp), 10 classes | 32 | 32 |
//! | `cancer` | 569 | 30 measurements, standardised | 2 classes | 16 | 32 |
//! | `iris` | 150 | 4 measurements, standardised | 3 classes | 16 | 32 |
//! | `char-gpt` | 16 sequences of 16 characters | | [`Gpt`](crate::gpt::Gpt) of width 16, 2 heads | 64 in each block | 8 sequences |
//!
//! f = mean cross entropy in nats. With mini-batches the rows of a step are drawn with replacement, those of the GPT
//! anywhere in the text; the full batch is all rows, for the GPT one fixed sample of the text.
//!
//! | | |
//! |---|---|
//! | start | as [`Mlp`](crate::mlp::Mlp::init) or [`Gpt`](crate::gpt::Gpt::init) is initialised |
//! | measure | f on the training data: all rows; for the GPT with mini-batches 64 fixed sequences of the training part |
//! | target | none, the measure at the end counts |
//! | minima, saddles | not known in closed form |
//!
//! The depth of the GPT is its number of blocks, each with one hidden layer; its activation is GELU, the only one it has.

#[cfg(feature = "digits")]
mod on_table;
#[cfg(feature = "corpus")]
mod on_text;
pub(super) mod rows;
#[cfg(feature = "digits")]
mod table;

use super::{Problem, ProblemError};
use crate::layers::Activation;

/// What a net is trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Data {
    /// Handwritten digits.
    Digits,
    /// The Wisconsin breast cancer data.
    Cancer,
    /// Fisher's irises.
    Iris,
    /// Characters of the King James Bible, for the GPT.
    CharGpt,
}

/// The rows that a step sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Batching {
    /// All of them.
    Full,
    /// A few drawn for each step.
    Mini,
}

/// A net on data.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "digits")] {
/// use deo_models::layers::Activation;
/// use deo_models::problems::{Batching, Data, Net};
/// let net = Net { data: Data::Iris, depth: 2, activation: Activation::Tanh, batching: Batching::Full };
/// let mut problem = net.problem()?;
/// assert_eq!(problem.dimension(), (4 + 1) * 16 + (16 + 1) * 16 + (16 + 1) * 3);
/// let start = problem.start(1);
/// assert!(problem.measure(&start) > 0.5); // a blind answer costs ln 3
/// # }
/// # Ok::<(), deo_models::problems::ProblemError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    /// What it is trained on.
    pub data: Data,
    /// Hidden layers, or blocks of the GPT.
    pub depth: usize,
    /// What follows each hidden layer.
    pub activation: Activation,
    /// The rows of a step.
    pub batching: Batching,
}

impl Data {
    /// All of them.
    pub const ALL: [Data; 4] = [Data::Digits, Data::Cancer, Data::Iris, Data::CharGpt];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Data::Digits => "digits",
            Data::Cancer => "cancer",
            Data::Iris => "iris",
            Data::CharGpt => "char-gpt",
        }
    }

    /// The feature that compiles it in.
    fn feature(self) -> &'static str {
        if self == Data::CharGpt { "corpus" } else { "digits" }
    }
}

impl Net {
    /// Whether there is such a net: the GPT has GELU only.
    pub fn exists(&self) -> bool {
        self.data != Data::CharGpt || self.activation == Activation::Gelu
    }

    /// The problem of training it.
    ///
    /// # Errors
    ///
    /// [`ProblemError::NoSuchNet`] unless it [exists](Self::exists) and has a hidden layer, [`ProblemError::FeatureOff`] if
    /// its data are not compiled in.
    pub fn problem(&self) -> Result<Box<dyn Problem>, ProblemError> {
        if self.depth == 0 || !self.exists() {
            let (data, depth) = (self.data.name(), self.depth);
            return Err(ProblemError::NoSuchNet { data, depth, activation: self.activation });
        }
        match self.data {
            #[cfg(feature = "digits")]
            Data::Digits | Data::Cancer | Data::Iris => Ok(Box::new(on_table::OnTable::new(self))),
            #[cfg(feature = "corpus")]
            Data::CharGpt => Ok(Box::new(on_text::OnText::new(self))),
            #[allow(unreachable_patterns)] // with both features on
            data => Err(ProblemError::FeatureOff { name: data.name(), feature: data.feature() }),
        }
    }
}

#[cfg(all(test, feature = "digits"))]
mod tests;
