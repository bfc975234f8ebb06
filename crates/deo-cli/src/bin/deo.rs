//! The `deo` program: reads the command line and maps the outcome to an exit code.

use clap::CommandFactory;
use clap::builder::styling::{AnsiColor, Style};
use deo_cli::cli::{self, Cli, Command, is_bare, is_wish, usage_line};
use deo_cli::colour::Colour;
use deo_cli::demo::{self, DemoError};
use deo_cli::diagnose::{self, DiagnoseError};
use deo_cli::escape::{self, EscapeError};
use deo_cli::manual::{self, ManualError};
use deo_cli::report::{self, ReportError};
use deo_cli::saddle::{self, SaddleError};
use deo_cli::spectrum::{self, SpectrumError};
use deo_cli::train::{self, TrainError};
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let colour = Colour::asked(&arguments).on_stderr();
    let cli = match cli::parse(arguments) {
        Ok(cli) => cli,
        // clap would take it for an error.
        Err(wish) if is_bare(&wish) => {
            let _ = write!(io::stdout(), "{}", wish.render());
            return ExitCode::SUCCESS;
        }
        Err(wish) if is_wish(&wish) => wish.exit(),
        Err(error) => {
            say(&usage_line(&error), colour);
            return ExitCode::from(2);
        }
    };
    let failed = |error: &dyn Display, code: u8| {
        say(&format!("error: {error}"), colour);
        ExitCode::from(code)
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
        Command::Demo(arguments) => match demo::execute(&arguments, stdout) {
            Ok(()) => ExitCode::SUCCESS,
            Err(DemoError::Stdout(reason)) if nobody_reads(&reason) => ExitCode::SUCCESS,
            Err(error) => failed(&error, error.exit_code()),
        },
        Command::Report(arguments) => match report::execute(&arguments, stdout) {
            Ok(()) => ExitCode::SUCCESS,
            Err(ReportError::Stdout(reason)) if nobody_reads(&reason) => ExitCode::SUCCESS,
            Err(error) => failed(&error, error.exit_code()),
        },
        Command::Completions(arguments) => {
            of_manual(manual::completions(Cli::command(), &arguments, stdout), failed)
        }
        Command::Man(arguments) => {
            of_manual(manual::man(Cli::command(), &arguments, stdout), failed)
        }
        _ => unreachable!("the program and its library are of one version"),
    }
}

/// Whoever reads the output has seen enough, as `head` does.
fn nobody_reads(reason: &io::Error) -> bool {
    reason.kind() == ErrorKind::BrokenPipe
}

fn of_manual(
    done: Result<(), ManualError>,
    failed: impl Fn(&dyn Display, u8) -> ExitCode,
) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(ManualError::Stdout(reason)) if nobody_reads(&reason) => ExitCode::SUCCESS,
        Err(error) => failed(&error, error.exit_code()),
    }
}

/// The exit code tells it, too: that nobody reads the line is no reason for another one, as `eprintln!` has it.
fn say(line: &str, colour: bool) {
    const ERROR: Style = AnsiColor::Red.on_default().bold();
    let _ = match line.strip_prefix("error: ").filter(|_| colour) {
        Some(rest) => writeln!(io::stderr(), "{ERROR}error:{ERROR:#} {rest}"),
        None => writeln!(io::stderr(), "{line}"),
    };
}
