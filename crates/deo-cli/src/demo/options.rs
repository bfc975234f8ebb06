//! The options of `deo demo`.

use clap::Args;
use std::path::PathBuf;

const MORE: &str = "\
Examples:
  deo demo                                   some seconds; the page is deo-demo.html
  deo demo --seed 2 --out another.html       other starts, axes and noise

The problem is identical-units of deo escape: thirteen weights of a network whose four hidden units start alike. To compare
other methods on it, or these on other problems:
  deo escape --suite identical-units --methods adam,escape+adam
  deo escape";

/// The arguments of `deo demo`.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_long_help = MORE, args_override_self = true, allow_negative_numbers = true)]
pub struct DemoArgs {
    /// The page that is written, one file of HTML that needs nothing else
    #[arg(long, value_name = "FILE", default_value = "deo-demo.html")]
    pub out: PathBuf,

    /// Seeds starts, noise and axes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Threads; the numbers don't depend on them [default: all cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,

    /// Print the results as one JSON object instead of the table
    #[arg(long)]
    pub json: bool,

    /// Take options from a TOML file, its keys the long names; the command line wins
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
