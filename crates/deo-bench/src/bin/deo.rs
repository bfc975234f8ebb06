//! The `deo` program: reads the command line and maps the outcome to an exit code.

use clap::Parser;
use deo_bench::cli::{Cli, Command, is_wish, usage_line};
use deo_bench::train;
use std::io::{self, ErrorKind};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(wish) if is_wish(&wish) => wish.exit(),
        Err(error) => {
            eprintln!("{}", usage_line(&error));
            return ExitCode::from(2);
        }
    };
    let done = match cli.command {
        Command::Train(arguments) => train::execute(*arguments, &mut io::stdout().lock()),
        _ => unreachable!("the program and its library are of one version"),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough, as `head` does.
        Err(train::TrainError::Stdout(reason)) if reason.kind() == ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
