//! `mpirun -n 2 deo-mpi-train`: a character GPT on several processes.
//!
//! All ranks read the same command line, so where it can't be understood all of them know; rank 0 says so.

mod options;
mod outcome;
mod train;

use clap::Parser;
use deo_core::space::Communicator;
use options::Options;
use std::convert::Infallible;
use std::io::Write;
use std::process::ExitCode;

/// The exit code of a bad command line, as of the `deo` program.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(message) => return explain(&message),
    };
    let train = if options.double { train::train::<f64> } else { train::train::<f32> };
    let finished = deo_mpi::run(|comm| train(comm, &options));
    if let Some(outcome) = finished {
        let text = if options.json { outcome.json() } else { outcome.table() };
        // Whoever reads it may have seen enough, as `head` has; the work is done.
        let _ = std::io::stdout().write_all(text.as_bytes());
    }
    ExitCode::SUCCESS
}

/// Help, version or what is wrong with the command line, once.
fn explain(message: &clap::Error) -> ExitCode {
    deo_mpi::run(|comm| {
        if comm.rank() == 0 {
            let _ = message.print();
        }
        Ok::<_, Infallible>(())
    });
    ExitCode::from(if message.use_stderr() { USAGE } else { 0 })
}
