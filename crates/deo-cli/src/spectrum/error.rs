//! Why `deo spectrum` stopped, and with which exit code.

use super::settings::Settings;
use crate::model::ModelError;
use crate::npy::NpyError;
use crate::output::OutputError;
use crate::setting::{SettingError, UnusedOption};
use crate::train::TrainError;
use deo_core::determinism::NoisyOracle;
use deo_models::data::DataError;
use deo_models::landscapes::LandscapeError;
use std::io;
use std::path::PathBuf;

/// Why a spectrum was refused or failed; each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpectrumError {
    /// Nothing to look at.
    #[error("there is nothing to look at; give one of --preset, --landscape and --matrix")]
    NoTarget,
    /// Two things to look at.
    #[error(
        "{first} and {second} exclude each other; give one of --preset, --landscape and --matrix"
    )]
    TwoTargets {
        /// An option that chooses what to look at.
        first: &'static str,
        /// Another.
        second: &'static str,
    },
    /// An option that this target has no use for.
    #[error(transparent)]
    Unused(#[from] UnusedOption),
    /// A number out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A setting that `deo train` has too.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The weights.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The text.
    #[error(transparent)]
    Text(#[from] DataError),
    /// The landscape's name.
    #[error(transparent)]
    Landscape(#[from] LandscapeError),
    /// A point that makes no sense or isn't known.
    #[error("at is {at:?}; {landscape} takes {wanted}")]
    Point {
        /// What was given.
        at: String,
        /// The landscape.
        landscape: String,
        /// What would be right.
        wanted: String,
    },
    /// The matrix's file.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// The array isn't a square matrix.
    #[error("{path:?} is of shape {shape:?}; a square matrix of one row at least is needed")]
    NotSquare {
        /// The path as given.
        path: PathBuf,
        /// Its extents.
        shape: Vec<usize>,
    },
    /// The matrix differs from its transpose by more than rounding.
    #[error(
        "{path:?} is not symmetric: component ({row}, {col}) is {value} and its mirror image {mirrored}; give (A + Aᵀ)/2"
    )]
    NotSymmetric {
        /// The path as given.
        path: PathBuf,
        /// Where.
        row: usize,
        /// Where.
        col: usize,
        /// aᵢⱼ.
        value: f64,
        /// aⱼᵢ.
        mirrored: f64,
    },
    /// An input holds a NaN or an infinity, or a number too large for single precision.
    #[error("{what} holds {value} at {place}; every number must be finite in the precision used")]
    NonFiniteInput {
        /// The file or the option.
        what: String,
        /// What it is.
        value: f64,
        /// Where.
        place: String,
    },
    /// The output.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The threads could not be started.
    #[error("cannot start {threads} threads ({reason}); give a smaller --threads")]
    Threads {
        /// How many were wanted.
        threads: usize,
        /// What the thread pool said. Part of the message, hence not its source.
        reason: rayon::ThreadPoolBuildError,
    },
    /// The function has no curvature where it has no value.
    #[error(
        "the search failed: loss {loss} and gradient norm {gradient_norm} at the point must be finite"
    )]
    NoGradient {
        /// f(x).
        loss: f64,
        /// ‖∇f(x)‖.
        gradient_norm: f64,
    },
    /// The function isn't one.
    #[error("the search failed: {0}")]
    Noisy(#[from] NoisyOracle),
    /// A product wasn't finite.
    #[error("the search failed: product {product} is not finite; {remedy}")]
    NonFinite {
        /// Which product, counted from 1.
        product: u64,
        /// What may help.
        remedy: &'static str,
    },
    /// Standard output.
    #[error("cannot write the results to standard output ({0})")]
    Stdout(io::Error),
}

impl SpectrumError {
    pub(super) fn non_finite(settings: &Settings, product: u64) -> Self {
        let remedy = match settings.rule {
            Some(_) => "a smaller --length may help",
            None => "divide the matrix by its largest component",
        };
        SpectrumError::NonFinite { product, remedy }
    }

    /// 2 for bad usage or input, 1 for a run that failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            SpectrumError::NoGradient { .. }
            | SpectrumError::NonFinite { .. }
            | SpectrumError::Noisy(_)
            | SpectrumError::Stdout(_)
            | SpectrumError::Output(OutputError::Write { .. }) => 1,
            SpectrumError::Train(error) => error.exit_code(),
            _ => 2,
        }
    }
}
