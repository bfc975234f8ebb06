//! The command line.

use clap::Parser;
use std::path::PathBuf;

/// Trains a character GPT of 0.1 M parameters on the ranks of an MPI job, Adam with DEO beside it.
#[derive(Debug, Clone, Parser)]
#[command(
    version,
    after_help = "Examples:\n  mpirun -n 2 deo-mpi-train\n  mpirun -n 4 deo-mpi-train --text shakespeare.txt --steps 2000 --json"
)]
pub(crate) struct Options {
    /// A UTF-8 text [default: the King James Bible]
    #[arg(long, value_name = "FILE")]
    pub(crate) text: Option<PathBuf>,

    /// Training steps
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: u64,

    /// Sequences of a batch, over all ranks
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) batch: usize,

    /// Peak learning rate
    #[arg(long, default_value_t = 0.01)]
    pub(crate) lr: f64,

    /// In double precision, where runs on any number of ranks stay the same for longer
    #[arg(long)]
    pub(crate) double: bool,

    /// Without DEO: Adam alone
    #[arg(long)]
    pub(crate) off: bool,

    /// Seed of weights, batches and axes
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Threads of each rank
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    pub(crate) threads: usize,

    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n >= 1 => Ok(n),
        _ => Err("it must be a whole number of at least 1".to_owned()),
    }
}
