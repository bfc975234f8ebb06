//! Whether the help and the word "error" have colours.
//!
//! | `--color` | |
//! |---|---|
//! | `auto`, the default | on a terminal, unless the variable NO_COLOR isn't empty (no-color.org) or TERM is dumb |
//! | `always`, `never` | as it says |

use clap::{ColorChoice, ValueEnum};
use std::ffi::OsString;
use std::io::{self, IsTerminal};

/// When there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Colour {
    /// What the arguments ask for, before they are parsed: an error in them has a colour, too.
    pub fn asked(arguments: &[OsString]) -> Self {
        let words = || arguments.iter().map(|argument| argument.to_str().unwrap_or_default());
        let value = words()
            .zip(words().skip(1))
            .filter_map(|(name, value)| (name == "--color").then_some(value))
            .chain(words().filter_map(|word| word.strip_prefix("--color=")))
            .last();
        value
            .and_then(|value| <Colour as ValueEnum>::from_str(value, false).ok())
            .unwrap_or_default()
    }

    /// Whether standard error gets colours.
    pub fn on_stderr(self) -> bool {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match self {
            Colour::Auto => io::stderr().is_terminal() && !set("NO_COLOR") && !dumb,
            Colour::Always => true,
            Colour::Never => false,
        }
    }

    /// The same for clap.
    pub fn choice(self) -> ColorChoice {
        match self {
            Colour::Auto => ColorChoice::Auto,
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts_in_either_spelling() {
        for (arguments, colour) in [
            (&["train"][..], Colour::Auto),
            (&["--color", "never", "train"], Colour::Never),
            (&["train", "--color=always"], Colour::Always),
            (&["--color", "pink"], Colour::Auto),
            (&["--color"], Colour::Auto),
        ] {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            assert_eq!(Colour::asked(&arguments), colour, "{arguments:?}");
        }
        assert!(Colour::Always.on_stderr() && !Colour::Never.on_stderr());
    }
}
