//! Configuration files: TOML with the keys of the command line.
//!
//! Problem: a mistyped key that is silently ignored costs a night of training. So unknown keys are refused,
//! and every complaint is one line that names the file, the line, the key and what would be right.

mod arguments;

pub use arguments::with_file;

use serde::de::DeserializeOwned;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Why a configuration file was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It could not be read.
    #[error("cannot read the configuration {path:?} ({reason}); give the path of a TOML file")]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// What the operating system said. Part of the message, hence not its source.
        reason: std::io::Error,
    },
    /// It isn't TOML, or has a key or a value that isn't an option.
    #[error("{path:?} line {line}, {key:?}: {reason}")]
    Invalid {
        /// The path as given.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The key, or the whole line where there is none.
        key: String,
        /// What the parser said.
        reason: String,
    },
}

/// The options in a TOML file.
///
/// # Errors
///
/// A [`ConfigError`] with a message of one line.
pub fn read<O: DeserializeOwned>(path: &Path) -> Result<O, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|reason| {
        let path = path.to_owned();
        ConfigError::Unreadable { path, reason }
    })?;
    parse(&text, path)
}

/// The options in a text of TOML; `path` is only its name in errors.
///
/// # Errors
///
/// [`ConfigError::Invalid`].
pub fn parse<O: DeserializeOwned>(text: &str, path: &Path) -> Result<O, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let Place { line, key } = place(text, error.span().unwrap_or(0..0));
        let reason = in_words(&one_line(&without_aliases(error.message())));
        let path = path.to_owned();
        ConfigError::Invalid { path, line, key, reason }
    })
}

/// Where an error is.
struct Place {
    line: usize,
    key: String,
}

fn place(text: &str, span: Range<usize>) -> Place {
    let before = text.get(..span.start).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next().unwrap_or("");
    let key =
        line.split('=').next().unwrap_or(line).trim_start_matches('\u{feff}').trim().to_owned();
    Place { line: before.matches('\n').count() + 1, key }
}

/// The message without the second spelling of every key in serde's list of keys.
fn without_aliases(message: &str) -> String {
    let list = "expected one of ";
    let Some((what, keys)) = message.split_once(list) else { return message.to_owned() };
    let keys: Vec<&str> = keys.split(", ").filter(|key| !key.contains('_')).collect();
    format!("{what}{list}{}", keys.join(", "))
}

/// The lines of a message as one.
pub(crate) fn one_line(message: &str) -> String {
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ").replace(":; ", ": ") // a list begins
}

/// What parsers call things, and what they are.
const WORDS: [(&str, &str); 10] = [
    ("expected usize", "it must be a whole number, not below 0"),
    ("expected u64", "it must be a whole number, not below 0"),
    ("expected u32", "it must be a whole number, not below 0"),
    ("expected f64", "it must be a number"),
    ("invalid digit found in string", "it must be a whole number, not below 0"),
    ("cannot parse integer from empty string", "it must be a whole number, not below 0"),
    ("number too large to fit in target type", "it must be at most 18446744073709551615"),
    ("invalid float literal", "it must be a number"),
    ("cannot parse float from empty string", "it must be a number"),
    ("invalid type: sequence", "invalid type: a list"),
];

/// A parser's message without the names of Rust's types and errors.
pub(crate) fn in_words(message: &str) -> String {
    let spell = |text: String, (name, words): (&str, &str)| text.replace(name, words);
    WORDS.into_iter().fold(message.to_owned(), spell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Options;
    use std::io::Write;

    fn parse(text: &str) -> Result<Options, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        read(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_are_those_of_the_command_line_in_either_spelling() {
        let options = parse("lr = 1\nmin-lr = 0.5\neval_every = 7\npolicy = 'deflate'\n").unwrap();
        assert_eq!(
            (options.lr, options.min_lr, options.eval_every),
            (Some(1.0), Some(0.5), Some(7))
        );
        assert_eq!(parse("min_lr = 0.5").unwrap(), parse("min-lr = 0.5").unwrap());
        assert_eq!(parse("").unwrap(), Options::default());
    }

    #[test]
    fn complaints_are_one_line_with_line_and_key() {
        for (text, line, words) in [
            ("steps = 3\nsteps_ = 4\n", 2, ["unknown field `steps_`", "`lr`, `min-lr`, `warmup`"]),
            ("# a comment\n\nsteps = 'many'", 3, ["\"steps\"", "it must be a whole number"]),
            ("steps = -3", 1, ["-3", "it must be a whole number, not below 0"]),
            ("steps = 1.5", 1, ["\"steps\"", "1.5"]),
            ("lr = 'fast'", 1, ["fast", "it must be a number"]),
            ("preset = 'huge'", 1, ["\"preset\"", "paper-small"]),
            ("seed = 1\nseed = 2", 2, ["\"seed\"", "duplicate"]),
            ("[train]\nsteps = 3", 1, ["train", "unknown field"]),
        ] {
            let message = parse(text).unwrap_err();
            assert_eq!(message.lines().count(), 1, "{message}");
            let line = format!("line {line},");
            for word in words.iter().copied().chain([line.as_str()]) {
                assert!(message.contains(word), "{word} is not in: {message}");
            }
        }
    }

    #[test]
    fn files_that_cannot_be_read_are_named() {
        let missing = read::<Options>(Path::new("no/such.toml")).unwrap_err();
        assert!(missing.to_string().contains("no/such.toml"));
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"lr = \xff").unwrap();
        assert!(read::<Options>(file.path()).unwrap_err().to_string().contains("UTF-8"));
    }
}
