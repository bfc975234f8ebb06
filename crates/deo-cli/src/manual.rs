//! `deo completions` and `deo man`: what a shell and `man` want to know, made from the definition of the command line.

use crate::output::{OutputDir, OutputError};
use crate::setting::SettingError;
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use std::io::{self, Write};
use std::path::PathBuf;

/// The arguments of `deo completions`.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_help = "\
Examples:
  deo completions bash > ~/.local/share/bash-completion/completions/deo
  deo completions zsh  > ~/.zfunc/_deo
  deo completions fish > ~/.config/fish/completions/deo.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// The arguments of `deo man`.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_help = "\
Examples:
  deo man train | man -l -                   read one
  deo man --out ~/.local/share/man/man1      install all: deo.1, deo-train.1, …")]
pub struct ManArgs {
    /// The page of this subcommand [default: that of deo]
    pub subcommand: Option<String>,

    /// Write all pages to this directory
    #[arg(long, value_name = "DIR", conflicts_with = "subcommand")]
    pub out: Option<PathBuf>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManualError {
    /// No such subcommand.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The directory.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Standard output.
    #[error("cannot write to standard output ({0})")]
    Stdout(io::Error),
}

impl ManualError {
    /// 2 for bad usage, 1 for what could not be written.
    pub fn exit_code(&self) -> u8 {
        match self {
            ManualError::Stdout(_) | ManualError::Output(OutputError::Write { .. }) => 1,
            _ => 2,
        }
    }
}

/// Writes the script by which a shell completes `command`.
///
/// # Errors
///
/// [`ManualError::Stdout`].
pub fn completions(
    mut command: Command,
    arguments: &CompletionsArgs,
    stdout: &mut dyn Write,
) -> Result<(), ManualError> {
    // clap_complete panics where it can't write, so it writes to memory.
    let mut script = vec![];
    clap_complete::generate(arguments.shell, &mut command, "deo", &mut script);
    stdout.write_all(&script).and_then(|()| stdout.flush()).map_err(ManualError::Stdout)
}

/// Writes one page of `command` to `stdout`, or all of them to a directory.
///
/// # Errors
///
/// [`ManualError`], with a message of one line and an exit code.
pub fn man(
    command: Command,
    arguments: &ManArgs,
    stdout: &mut dyn Write,
) -> Result<(), ManualError> {
    let pages = pages(command).map_err(ManualError::Stdout)?;
    if let Some(dir) = &arguments.out {
        let files: Vec<String> = pages.iter().map(|(name, _)| format!("{name}.1")).collect();
        let names: Vec<&str> = files.iter().map(String::as_str).collect();
        let output = OutputDir::shared(dir, &names)?;
        for (name, (_, page)) in names.iter().zip(&pages) {
            output.write(name, page)?;
        }
        return writeln!(stdout, "{} are in {}", files.join(", "), dir.display())
            .map_err(ManualError::Stdout);
    }
    let wanted = match &arguments.subcommand {
        Some(name) => format!("deo-{name}"),
        None => "deo".to_owned(),
    };
    let Some((_, page)) = pages.iter().find(|(name, _)| *name == wanted) else {
        let known: Vec<&str> =
            pages.iter().filter_map(|(name, _)| name.strip_prefix("deo-")).collect();
        let given = arguments.subcommand.as_deref().unwrap_or_default();
        let wanted = format!("one of {}", known.join(", "));
        return Err(SettingError::new("the subcommand", given, wanted).into());
    };
    stdout.write_all(page).and_then(|()| stdout.flush()).map_err(ManualError::Stdout)
}

/// The page of the program and that of each subcommand, by name.
fn pages(mut command: Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    command.build();
    let all = std::iter::once(command.clone()).chain(command.get_subcommands().cloned());
    let shown = all.filter(|command| command.get_name() != "help");
    shown
        .map(|command| {
            let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
            let mut page = vec![];
            Man::new(command).render(&mut page)?;
            Ok((name, page))
        })
        .collect()
}
