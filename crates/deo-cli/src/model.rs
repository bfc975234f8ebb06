//! The options of a character GPT as something to look at, for `deo spectrum` and `deo diagnose`.

use crate::train::Preset;
use clap::Args;
use std::path::PathBuf;

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
