//! A character GPT as something to look at, for `deo spectrum` and `deo diagnose`: its options, and its weights from a file.

use crate::train::Preset;
use clap::Args;
use deo_linalg::Real;
use deo_models::gpt::GptConfig;
use deo_models::layout::Layout;
use deo_models::weights::{self, WeightsError};
use std::path::{Path, PathBuf};

/// Which network, with which weights, on which text.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct ModelArgs {
    /// A character GPT, at initialisation if there are no --weights
    #[arg(long, value_name = "NAME")]
    pub preset: Option<Preset>,

    /// Its weights: a safetensors file with the names of nanoGPT's state_dict
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,

    /// The UTF-8 text of its batches [default: the King James Bible, built in]
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,
}

/// Why a network can't be given weights from a file; each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file.
    #[error(transparent)]
    Weights(WeightsError),
    /// A tensor has the shape of another model.
    #[error("{error}; {hint}")]
    Shape {
        /// Which tensor, and both shapes.
        error: WeightsError,
        /// What decides that shape.
        hint: String,
    },
    /// A NaN or an infinity.
    #[error(
        "{path:?} holds {value} at component {index} of {tensor}; every number must be finite in the precision used"
    )]
    NonFinite {
        /// The file.
        path: PathBuf,
        /// What it is.
        value: f64,
        /// Where.
        index: usize,
        /// Where.
        tensor: String,
    },
}

/// The weights of a model of that shape, all finite.
///
/// # Errors
///
/// [`ModelError`], with what the option would have to be where an option decides the shape.
pub(crate) fn read_weights<T: Real>(
    path: &Path,
    layout: &Layout,
    config: &GptConfig,
) -> Result<Vec<T>, ModelError> {
    let x: Vec<T> = weights::load(path, layout).map_err(|error| of_shape(error, config))?;
    for (tensor, values) in layout.split(&x) {
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let (path, tensor) = (path.to_owned(), tensor.name().to_owned());
            return Err(ModelError::NonFinite {
                path,
                value: values[index].to_f64(),
                index,
                tensor,
            });
        }
    }
    Ok(x)
}

/// The shape of a tensor says little to who has chosen a text, a block and a preset.
fn of_shape(error: WeightsError, config: &GptConfig) -> ModelError {
    let WeightsError::WrongShape { name, found, expected, .. } = &error else {
        return ModelError::Weights(error);
    };
    let same_width = found.len() == 2 && found[1] == expected[1];
    let hint = match name.as_str() {
        "transformer.wte.weight" if same_width => format!(
            "its rows are the characters that occur in the text, {} here: give the model's own with --text",
            config.vocabulary
        ),
        "transformer.wpe.weight" if same_width => {
            format!("its rows are the characters of a sequence: --block {}", found[0])
        }
        _ => "give the --preset of its size".to_owned(),
    };
    ModelError::Shape { error, hint }
}
