//! The shape of a fully connected net.

use crate::layers::Activation;
use thiserror::Error;

/// The shape of an [`Mlp`](super::Mlp).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MlpConfig {
    /// Components of a row at the input, after each hidden layer, and at the output: at least two sizes.
    pub sizes: Vec<usize>,
    /// What follows every layer but the last.
    pub activation: Activation,
}

/// Why an [`MlpConfig`] is no net.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MlpConfigError {
    /// No layer, hence nothing to train.
    #[error("{count} sizes make no layer; give at least the sizes of input and output")]
    TooFew {
        /// The number of sizes.
        count: usize,
    },
    /// A layer without components.
    #[error("size {index} is 0; it must be at least 1")]
    Zero {
        /// Its place in `sizes`.
        index: usize,
    },
}

impl MlpConfig {
    /// Whether the sizes make a net.
    ///
    /// # Errors
    ///
    /// An [`MlpConfigError`] that says which size is wrong.
    pub fn validate(&self) -> Result<(), MlpConfigError> {
        let count = self.sizes.len();
        if count < 2 {
            return Err(MlpConfigError::TooFew { count });
        }
        match self.sizes.iter().position(|&size| size == 0) {
            Some(index) => Err(MlpConfigError::Zero { index }),
            None => Ok(()),
        }
    }
}
