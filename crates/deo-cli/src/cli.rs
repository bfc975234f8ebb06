//! The command line of `deo`.

use crate::colour::Colour;
use crate::config::{in_words, one_line, with_file};
use crate::demo::DemoArgs;
use crate::diagnose::DiagnoseArgs;
use crate::escape::EscapeArgs;
use crate::manual::{CompletionsArgs, ManArgs};
use crate::report::ReportArgs;
use crate::saddle::SaddleArgs;
use crate::spectrum::SpectrumArgs;
use crate::train::TrainArgs;
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;

/// Minimum curvature and dimer-enhanced optimization: experiments and tools.
#[derive(Debug, Parser)]
#[command(name = "deo", version, long_version = crate::version::long(), max_term_width = 100)]
#[command(after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    /// Colours in the help and in errors; NO_COLOR turns them off too
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true
    )]
    pub color: Colour,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 the run failed, 2 bad usage or input, 3 a training failed and would fail \
    in the same way when gone on with, 128 + n stopped by signal n with nothing kept.";

/// The subcommands.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// See in seconds what this is about: a run stuck at a saddle, the same run leaving it, and a page about it
    Demo(DemoArgs),
    /// Train a character GPT with and without DEO, at an equal budget of gradients
    Train(Box<TrainArgs>),
    /// Compare methods that leave saddles and plateaus, each tuned, at equal budgets of gradients
    Escape(Box<EscapeArgs>),
    /// Say whether curvature is what holds a training up, and whether an axis would pay
    Diagnose(Box<DiagnoseArgs>),
    /// Search for saddles from many starts, verify each, and list the distinct ones
    Saddle(Box<SaddleArgs>),
    /// Eigenvalues of a Hessian or of a symmetric matrix, with error bars
    Spectrum(Box<SpectrumArgs>),
    /// One page of HTML about one or several runs, readable without a network
    Report(ReportArgs),
    /// Print what completes the options of deo in a shell
    Completions(CompletionsArgs),
    /// Print a manual page, or install all of them
    Man(ManArgs),
}

/// The arguments as they stand, the program's name first.
///
/// # Errors
///
/// clap's, which may be a [wish](is_wish).
pub fn parse(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command().color(Colour::asked(&arguments).choice());
    let arguments = with_file(arguments, &command)
        .map_err(|error| clap::Error::raw(ErrorKind::ValueValidation, error))?;
    let matches = command.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// A usage error as one line: what was wrong, and what would be right.
///
/// clap's own text has a paragraph for the usage and one that points to the help.
pub fn usage_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::InvalidUtf8 {
        return not_utf8(std::env::args_os());
    }
    let text = error.render().to_string();
    let complaint = text.split("\n\nUsage:").next().unwrap_or(&text);
    let complaint = complaint.split("\n\nFor more information").next().unwrap_or(complaint);
    format!("{}; see deo --help or deo COMMAND --help", in_words(&one_line(complaint)))
}

/// clap doesn't say which argument it is. Paths of files need not be UTF-8, so several may come into question.
fn not_utf8(arguments: impl Iterator<Item = OsString>) -> String {
    let these: Vec<String> =
        arguments.filter_map(|a| a.into_string().err()).map(|a| format!("{a:?}")).collect();
    format!("error: {} is not UTF-8, which a name or a number must be", these.join(" or "))
}

/// Whether the error is a wish: for the help or the version, to be printed as it is. `deo` by itself is one for the help.
pub fn is_wish(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) || is_bare(error)
}

/// `deo` by itself, or a subcommand that can't be without arguments: its help is printed, as for `--help`.
pub fn is_bare(error: &clap::Error) -> bool {
    error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn usage_errors_are_one_line_that_says_what_would_be_right() {
        for (arguments, words) in [
            (&["train", "--preset", "huge"][..], ["huge", "tiny, paper-small, paper-large"]),
            (&["train", "--steps", "many"], ["many", "it must be a whole number"]),
            (&["train", "--lr", "fast"], ["fast", "it must be a number"]),
            (&["train", "--step", "3"], ["--step", "--steps"]),
            (&["train", "--steps", "-3"], ["-3", "it must be a whole number, not below 0"]),
            (&["trane"], ["trane", "train"]),
        ] {
            let error = Cli::try_parse_from([&["deo"], arguments].concat()).unwrap_err();
            assert!(!is_wish(&error));
            let line = usage_line(&error);
            assert_eq!(line.lines().count(), 1, "{line}");
            assert!(words.iter().all(|word| line.contains(word)), "{line}");
        }
    }

    /// Where clap takes -1 for an option, it says so instead of what the option takes.
    #[test]
    fn a_negative_number_is_a_value_of_every_option() {
        let mut options = 0;
        for command in Cli::command().get_subcommands() {
            // Numbers by their names in every usage.
            let is_number = |arg: &&clap::Arg| {
                let names = arg.get_value_names().unwrap_or_default();
                names.iter().any(|name| ["N", "M", "B", "X", "H"].contains(&name.as_str()))
            };
            for arg in command.get_arguments().filter(is_number) {
                let option = format!("--{}", arg.get_long().expect("all options have long names"));
                let arguments = ["deo", command.get_name(), option.as_str(), "-1"];
                let Err(error) = Cli::try_parse_from(arguments) else { continue };
                assert_ne!(
                    error.kind(),
                    ErrorKind::UnknownArgument,
                    "{arguments:?}: {}",
                    usage_line(&error)
                );
                options += 1;
            }
        }
        assert!(options > 20, "{options} options refuse -1");
    }

    #[test]
    fn the_program_by_itself_asks_for_its_help() {
        let error = parse(vec!["deo".into()]).unwrap_err();
        assert!(is_wish(&error) && is_bare(&error));
        let help = error.render().to_string();
        for command in Cli::command().get_subcommands() {
            assert!(help.contains(command.get_name()), "{help}");
        }
        let error = parse(["deo", "--version"].map(OsString::from).to_vec()).unwrap_err();
        assert!(error.render().to_string().contains("kernels: "));
    }
}
