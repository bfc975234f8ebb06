//! The `deo` program: reads the command line and maps the outcome to an exit code.

use clap::Parser;
use deo_cli::cli::{Cli, Command, is_wish, usage_line};
use deo_cli::diagnose::{self, DiagnoseError};
use deo_cli::escape::{self, EscapeError};
use deo_cli::report::{self, ReportError};
use deo_cli::saddle::{self, SaddleError};
use deo_cli::spectrum::{self, SpectrumError};
use deo_cli::train::{self, TrainError};
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(wish) if is_wish(&wish) => wish.exit(),
        Err(error) => {
            say(&usage_line(&error));
            return ExitCode::from(2);
        }
    };
    let stdout = &mut io::stdout().lock();
    match cli.command {
        Command::Train(arguments) => match train::execute(*arguments, stdout, &mut io::stderr()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(TrainError::Stdout(reason)) if nobody_reads(&reason) => ExitCode::SUCCESS,
            Err(error) => failed(&error, error.exit_code()),
        },
        Command::Escape(arguments) => match escape::execute(*arguments, stdout) {
            Ok(()) => ExitCode::SUCCESS,
            Err(EscapeError::Stdout(reason)) if nobody_reads(&reason) => ExitCode::SUCCESS,
            Err(error) => failed(&error, error.exit_code()),
        },
        Command::Diagnose(arguments) => match diagnose::execute(&arguments, stdout) {
            Ok(()) => ExitCode::SUCCESS,
            Err(DiagnoseError::Stdout(reason)) if nobody_reads(&reason) => ExitCode::SUCCESS,
            Err(error) => failed(&error, error.exit_code()),
        },
        Command::Saddle(arguments) => match saddle::execute(&arguments, stdout) {
            Ok(()) => ExitCode::SUCCESS,
            Err(SaddleError::Stdout(reason)) if nobody_reads(&reason) => ExitCode::SUCCESS,
            Err(error) => failed(&error, error.exit_code()),
        },
        Command::Spectrum(arguments) => match spectrum::execute(&arguments, stdout) {
            Ok(()) => ExitCode::SUCCESS,
            Err(SpectrumError::Stdout(reason)) if nobody_reads(&reason) => ExitCode::SUCCESS,
            Err(error) => failed(&error, error.exit_code()),
        },
        Command::Report(arguments) => match report::execute(&arguments, stdout) {
            Ok(()) => ExitCode::SUCCESS,
            Err(ReportError::Stdout(reason)) if nobody_reads(&reason) => ExitCode::SUCCESS,
            Err(error) => failed(&error, error.exit_code()),
        },
        _ => unreachable!("the program and its library are of one version"),
    }
}

/// Whoever reads the output has seen enough, as `head` does.
fn nobody_reads(reason: &io::Error) -> bool {
    reason.kind() == ErrorKind::BrokenPipe
}

fn failed(error: &dyn Display, code: u8) -> ExitCode {
    say(&format_args!("error: {error}"));
    ExitCode::from(code)
}

/// The exit code tells it, too: that nobody reads the line is no reason for another one, as `eprintln!` has it.
fn say(line: &dyn Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
