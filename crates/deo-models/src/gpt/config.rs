//! The shape of a GPT.

use thiserror::Error;

/// The shape of a [`Gpt`](super::Gpt).
///
/// # Examples
///
/// ```
/// use deo_models::gpt::{Gpt, GptConfig};
/// use deo_linalg::Threads;
/// let config = GptConfig::paper_small(65);
/// let gpt = Gpt::<f32>::new(config, Threads::Pool).unwrap();
/// assert_eq!(gpt.layout().len(), 804_096);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GptConfig {
    /// The number of tokens that exist; a token is below it.
    pub vocabulary: usize,
    /// The longest sequence, in tokens.
    pub block: usize,
    /// Transformer blocks.
    pub layers: usize,
    /// Attention heads of a block; divides the width.
    pub heads: usize,
    /// Components of a token's vector.
    pub width: usize,
}

/// Why a [`GptConfig`] is no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GptConfigError {
    /// A size is zero.
    #[error("{what} is 0; it must be at least 1")]
    Zero {
        /// Which size.
        what: &'static str,
    },
    /// The heads do not share the width evenly.
    #[error("{heads} heads do not divide a width of {width}; the width must be a multiple of them")]
    Heads {
        /// The number of heads.
        heads: usize,
        /// The width.
        width: usize,
    },
    /// There are more tokens than 16 bits can number.
    #[error("a vocabulary of {vocabulary} is too large; at most 65536 tokens are possible")]
    Vocabulary {
        /// The number of tokens.
        vocabulary: usize,
    },
}

impl GptConfig {
    /// 2 layers, 2 heads, width 64, block 32; 0.10 M parameters at 65 symbols. For trying things out: the
    /// gradient of 16 sequences takes a few milliseconds.
    pub const fn tiny(vocabulary: usize) -> Self {
        GptConfig { vocabulary, block: 32, layers: 2, heads: 2, width: 64 }
    }

    /// The small model of arXiv 2507.19968: 4 layers, 4 heads, width 128, block 64; 0.80 M parameters at 65
    /// symbols.
    pub const fn paper_small(vocabulary: usize) -> Self {
        GptConfig { vocabulary, block: 64, layers: 4, heads: 4, width: 128 }
    }

    /// The large model of arXiv 2507.19968: 6 layers, 6 heads, width 384, block 64; 10.67 M parameters at 65
    /// symbols.
    pub const fn paper_large(vocabulary: usize) -> Self {
        GptConfig { vocabulary, block: 64, layers: 6, heads: 6, width: 384 }
    }

    /// Whether the sizes fit together.
    ///
    /// # Errors
    ///
    /// A [`GptConfigError`] that names the first size that is wrong.
    pub fn validate(&self) -> Result<(), GptConfigError> {
        let sizes = [
            ("vocabulary", self.vocabulary),
            ("block", self.block),
            ("layers", self.layers),
            ("heads", self.heads),
            ("width", self.width),
        ];
        if let Some((what, _)) = sizes.into_iter().find(|(_, size)| *size == 0) {
            return Err(GptConfigError::Zero { what });
        }
        let GptConfig { vocabulary, heads, width, .. } = *self;
        if !width.is_multiple_of(heads) {
            return Err(GptConfigError::Heads { heads, width });
        }
        if vocabulary > 1 << 16 {
            return Err(GptConfigError::Vocabulary { vocabulary });
        }
        Ok(())
    }
}
