//! What can go wrong between candle and DEO.

use crate::StateError;
use candle_core::{DType, Shape};
use deo_core::SettingError;

/// An error of candle, or a use of this crate that makes no sense.
///
/// A loss or a gradient that isn't finite is no error: the step is skipped and its report says so. Converts into a
/// [`candle_core::Error`], so `?` works in functions that return candle's `Result`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Candle, or the closure that makes the loss, failed.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
    /// A setting out of its range.
    #[error(transparent)]
    Settings(#[from] SettingError),
    /// The run can't be saved, or can't go on from a file.
    #[error(transparent)]
    State(#[from] StateError),
    /// A parameter is of a type that a displacement would vanish in.
    #[error("parameter {index} holds {dtype:?}; it must hold f32, f64, f16 or bf16")]
    Storage {
        /// Its place in the list.
        index: usize,
        /// What it holds.
        dtype: DType,
    },
    /// No floating-point parameter was given.
    #[error("there is no floating-point parameter; at least one is needed")]
    NoParameters,
    /// One `Var` is listed twice, so the same number would be two components.
    #[error("parameters {first} and {second} are the same Var; list it once")]
    Repeated {
        /// Its first place in the list.
        first: usize,
        /// Its second.
        second: usize,
    },
    /// The loss is no single number.
    #[error("the loss has shape {shape:?}; it must be a single number")]
    LossShape {
        /// Its shape.
        shape: Shape,
    },
}

impl From<Error> for candle_core::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Candle(error) => error,
            other => candle_core::Error::wrap(other),
        }
    }
}
