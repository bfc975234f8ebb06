//! The options of `deo report`.

use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  deo report runs/first                               writes report.html
  deo report runs/adamw runs/sgd --out compared.html  side by side, with the settings that differ
  deo report runs/* --tensorboard logs                for tensorboard --logdir logs

A run that is going on, or was killed, is shown as far as it got. The page needs no network and no script.";

/// The arguments of `deo report`.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_help = EXAMPLES, args_override_self = true)]
pub struct ReportArgs {
    /// Directories that runs were written to with their --out; one of several runs, as of train --seeds, stands for all of them
    #[arg(required = true, value_name = "DIR")]
    pub dirs: Vec<PathBuf>,

    /// The page
    #[arg(long, value_name = "FILE.html", default_value = "report.html")]
    pub out: PathBuf,

    /// Write the curves of trainings there as TensorBoard's event files too
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,

    /// Print what was written as one JSON object
    #[arg(long)]
    pub json: bool,

    /// Take options from a TOML file, its keys the long names, and directories as dirs = […]; the command line wins, and its
    /// directories come after those
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
