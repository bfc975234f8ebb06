//! The options of `deo diagnose`, as given; [`Settings::resolve`](super::Settings::resolve) checks them.

use crate::model::ModelArgs;
use clap::Args;
use std::path::PathBuf;

/// The arguments of `deo diagnose`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(after_help = MORE, args_override_self = true, allow_negative_numbers = true)]
pub struct DiagnoseArgs {
    /// A problem of deo escape, such as tanh-plateau
    #[arg(long, value_name = "NAME", help_heading = TARGET)]
    pub problem: Option<String>,

    /// A network.
    #[command(flatten, next_help_heading = TARGET)]
    pub model: ModelArgs,

    /// Sequences in its batch [default: 64]
    #[arg(long, value_name = "N", help_heading = TARGET)]
    pub batch: Option<usize>,

    /// Characters in a sequence, the model's context [default: 32 (tiny), 64 (paper-…)]
    #[arg(long, value_name = "N", help_heading = TARGET)]
    pub block: Option<usize>,

    /// Seeds the start, the batches and the random direction [default: 1]
    #[arg(long, value_name = "N", help_heading = TARGET)]
    pub seed: Option<u64>,

    /// The base optimizer: gd, heavy-ball, nesterov, adam, adamw, nadamw, rmsprop, rprop, lbfgs or muon [default: adam]
    #[arg(long, value_name = "NAME", help_heading = BASE)]
    pub base: Option<String>,

    /// Its learning rate, which its own rate of leaving depends on [default: 0.2 for gd, 0.02 for heavy-ball, 1e-3 for the others]
    #[arg(long, value_name = "RATE", help_heading = BASE, alias = "rate")]
    pub lr: Option<f64>,

    /// Steps of the base before the diagnosis [default: 0]
    #[arg(long, value_name = "N", help_heading = BASE)]
    pub steps: Option<u64>,

    /// Further batches that judge the axis, where steps have batches [default: 4]
    #[arg(long, value_name = "B", help_heading = HOW)]
    pub others: Option<usize>,

    /// Gradients for the Krylov space [default: 100]
    #[arg(long, value_name = "N", help_heading = HOW)]
    pub max_gradients: Option<u64>,

    /// λ_min and λ_max are sought to this share of themselves [default: 0.1]
    #[arg(long, value_name = "X", help_heading = HOW)]
    pub tol: Option<f64>,

    /// Print the results as one JSON object instead of a table
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,

    /// Take options from a TOML file, its keys the long names; the command line wins
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub config: Option<PathBuf>,

    /// Draw the loss along the axis and along the base's step, an SVG; its losses are not counted
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub plot: Option<PathBuf>,
}

const TARGET: &str = "What to look at";
const BASE: &str = "Base optimizer";
const HOW: &str = "Diagnosis";
const OUTPUT: &str = "Output";

const MORE: &str = "\
Examples:
  deo diagnose --problem strict-saddle --base gd --lr 0.5
  deo diagnose --problem tanh-plateau-64 --base adam --lr 0.001 --steps 50
  deo diagnose --preset tiny --weights w.safetensors --base adamw --lr 0.001 --plot bend.svg

Sentences: at a saddle worth leaving; the base leaves sooner by itself; a bend, not a door (the loss turns within ten steps of the
base); a valley (no negative curvature, the gradient isn't zero); the batch's direction, not the loss's; a minimum as far as
can be resolved.";
