//! The layers of the networks, each a forward function and its gradient, a backward function written by hand.
//!
//! A layer is a small value that holds its shape, not its data: parameters, activations and gradients are
//! slices that the model lends it, so nothing is allocated while training. An activation is a row-major
//! matrix, one row for each sample or token; R is its number of rows, taken from the lengths of the slices.
//!
//! | layer | forward | reads its parameters from |
//! |---|---|---|
//! | [`Embedding`] | x = E\[token\] + P\[position\] | E: vocabulary × width, P: block × width |
//! | [`LayerNorm`] | y = w ∘ (x − mean)/√(variance + ε) | w: width |
//! | [`Linear`] | y = x Wᵀ + b | W: outputs × inputs, b: outputs |
//! | [`Attention`] | y = softmax(q kᵀ/√d, causal) v for each head | |
//! | [`gelu`], [`Activation`] | y = σ(x) | |
//! | [`CrossEntropy`], [`mean_square`] | the loss | |
//!
//! **Names.** `dy` is ∂f/∂y, of the shape of y. A comment `// y = …` in a backward function cites the
//! forward line whose gradient the next lines compute.
//!
//! **The rule for gradients.** A backward function overwrites the gradients that it computes, so nothing has
//! to be zeroed first and old content, NaN included, does not matter. A tensor that has a second reader (the
//! residual stream, the tied embedding) gets its second contribution from a function whose name says `add`;
//! it accumulates (+=).
//!
//! **Threads.** Every function takes [`Threads`](deo_linalg::Threads); the bits of its result do not depend on them.
//!
//! **Panics.** Every function panics with both numbers if the lengths of its slices do not fit the layer.

mod activation;
mod attention;
mod cross_entropy;
mod elementary;
mod embedding;
pub mod gelu;
mod layer_norm;
mod linear;
pub mod mean_square;
mod parallel;
mod sums;

pub use activation::Activation;
pub use attention::Attention;
pub use cross_entropy::CrossEntropy;
pub use embedding::Embedding;
pub use layer_norm::{LayerNorm, Normalised};
pub use linear::Linear;

pub(crate) use parallel::inside;

/// The number of rows of a matrix of `width` columns.
#[track_caller]
fn rows_of<T>(name: &str, data: &[T], width: usize) -> usize {
    assert!(
        width > 0 && data.len().is_multiple_of(width),
        "{name} has {} components, no whole number of rows of {width}",
        data.len()
    );
    data.len() / width
}

/// Panics unless `data` has the length `want`.
#[track_caller]
fn check_len<T>(name: &str, data: &[T], want: usize) {
    assert_eq!(data.len(), want, "{name} has the wrong length");
}
