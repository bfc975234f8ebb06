//! The names that options choose from, and what a choice implies.

use clap::ValueEnum;
use deo_models::gpt::GptConfig;
use serde::{Deserialize, Serialize};

/// A model of a fixed shape with defaults for its training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// 2 layers, 2 heads, width 64
    #[default]
    Tiny,
    /// The small model of arXiv 2507.19968: 4 layers, 4 heads, width 128
    PaperSmall,
    /// The large model of arXiv 2507.19968: 6 layers, 6 heads, width 384
    PaperLarge,
}

/// What a preset supplies where no option does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Defaults {
    pub(super) batch: usize,
    pub(super) steps: u64,
    /// Peak learning rate of Adam and its relatives, and of Muon, whose steps are made as long.
    pub(super) adam_lr: f64,
    /// Peak learning rate of SGD with momentum 0.9.
    pub(super) sgd_lr: f64,
}

impl Preset {
    /// The model's shape for a vocabulary.
    pub fn model(self, vocabulary: usize) -> GptConfig {
        match self {
            Preset::Tiny => GptConfig::tiny(vocabulary),
            Preset::PaperSmall => GptConfig::paper_small(vocabulary),
            Preset::PaperLarge => GptConfig::paper_large(vocabulary),
        }
    }

    /// The paper's presets train as nanoGPT does on a CPU: 2000 steps of 12 × 64 characters at 1e-3. The learning
    /// rates of SGD, and of the tiny model, are the best of a coarse grid on the built-in text.
    pub(super) fn defaults(self) -> Defaults {
        match self {
            Preset::Tiny => Defaults { batch: 16, steps: 2000, adam_lr: 1e-2, sgd_lr: 0.3 },
            Preset::PaperSmall | Preset::PaperLarge => {
                Defaults { batch: 12, steps: 2000, adam_lr: 1e-3, sgd_lr: 0.1 }
            }
        }
    }

    /// The name on the command line.
    pub fn name(self) -> String {
        name_of(self)
    }
}

/// The base optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Gradient descent with momentum
    Sgd,
    /// Adam, weight decay coupled to the gradient
    Adam,
    /// AdamW, weight decay apart from the gradient
    #[default]
    Adamw,
    /// AdamW with Nesterov's step
    Nadamw,
    /// AdamW that divides by the largest second moment so far
    Amsgrad,
    /// The matrices of the blocks by their orthogonalised momentum, AdamW for all else
    Muon,
}

impl OptimizerKind {
    /// The name on the command line.
    pub fn name(self) -> String {
        name_of(self)
    }
}

/// What DEO does with the axis of lowest curvature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    /// Train without DEO only
    Off,
    /// Where progress stalls, lengthen the step or kick along the axis
    #[default]
    Escape,
    /// Take a share of the gradient along the axis away: the paper's formula
    Deflate,
    /// Strengthen the gradient along the axis where the curvature is negative
    Amplify,
    /// The paper's rule with the published rotation, beside the optimizer
    CompatPaper,
    /// The published optimizer "Sophia v7", with its own base update instead of the optimizer
    CompatSophia,
    /// The rule of the published dimer-Adam, -AdamW and -SGD, beside the optimizer
    CompatAdam,
}

impl PolicyKind {
    /// The name on the command line.
    pub fn name(self) -> String {
        name_of(self)
    }
}

/// The name of a choice on the command line and in files.
fn name_of<C: ValueEnum>(choice: C) -> String {
    let value = choice.to_possible_value().expect("no choice is hidden");
    value.get_name().to_owned()
}
