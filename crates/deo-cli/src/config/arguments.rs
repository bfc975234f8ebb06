//! A configuration file as arguments, for the subcommands whose options are no struct of the file.
//!
//! Problem: a file and a command line that are read by two parsers drift apart. Here there is one: each key is the long name of an
//! option, or of the argument without one, and its value is handed to the parser of the command line as if it stood there, before
//! everything that does. What comes later wins.

use super::{ConfigError, in_words, one_line, place};
use clap::{Arg, ArgAction, Command};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Subcommands that take their files in this way.
const COMMANDS: [&str; 4] = ["demo", "diagnose", "report", "spectrum"];

const CONFIG: &str = "config";

/// The arguments with those of the file in them, if one is named for such a subcommand.
///
/// # Errors
///
/// A [`ConfigError`] with a message of one line.
pub fn with_file(arguments: Vec<OsString>, all: &Command) -> Result<Vec<OsString>, ConfigError> {
    let Some((at, command)) = subcommand(&arguments, all) else { return Ok(arguments) };
    let Some(path) = named(&arguments[at + 1..]) else { return Ok(arguments) };
    let text = std::fs::read_to_string(&path)
        .map_err(|reason| ConfigError::Unreadable { path: path.clone(), reason })?;
    let from_file = arguments_of(&text, &path, command)?;
    let (before, after) = arguments.split_at(at + 1);
    Ok([before, &from_file, after].concat())
}

/// Its place in the arguments, and its definition.
fn subcommand<'a>(arguments: &[OsString], all: &'a Command) -> Option<(usize, &'a Command)> {
    let known = |word: &OsString| {
        let name = word.to_str().filter(|name| COMMANDS.contains(name))?;
        all.find_subcommand(name)
    };
    // The first word that isn't an option or the value of --color.
    let mut words = arguments.iter().enumerate().skip(1);
    while let Some((at, word)) = words.next() {
        match word.to_str() {
            Some("--color") => drop(words.next()),
            Some(option) if option.starts_with('-') => {}
            _ => return known(word).map(|command| (at, command)),
        }
    }
    None
}

/// The file behind the last --config.
fn named(arguments: &[OsString]) -> Option<PathBuf> {
    let mut path = None;
    for (i, word) in arguments.iter().enumerate() {
        let Some(text) = word.to_str() else { continue };
        if text == "--" {
            break;
        }
        if text == "--config" {
            path = arguments.get(i + 1).map(PathBuf::from);
        } else if let Some(value) = text.strip_prefix("--config=") {
            path = Some(PathBuf::from(value));
        }
    }
    path
}

fn arguments_of(text: &str, path: &Path, command: &Command) -> Result<Vec<OsString>, ConfigError> {
    let refuse = |at: std::ops::Range<usize>, reason: String| {
        let (place, path) = (place(text, at), path.to_owned());
        ConfigError::Invalid { path, line: place.line, key: place.key, reason }
    };
    let table = DeTable::parse(text).map_err(|error| {
        refuse(error.span().unwrap_or(0..0), in_words(&one_line(error.message())))
    })?;
    let mut entries: Vec<_> = table.into_inner().into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let (mut arguments, mut names) = (vec![], vec![]);
    for (key, value) in entries {
        let name = key.get_ref().replace('_', "-");
        // TOML itself refuses a key that stands twice in the same spelling.
        if names.contains(&name) {
            return Err(refuse(key.span(), format!("duplicate field `{name}`")));
        }
        let takes = |arg: &&Arg| {
            let long = arg.get_long() == Some(&name);
            long || (arg.is_positional() && arg.get_id() == name.as_str())
        };
        let option = command.get_arguments().find(takes).filter(|_| name != CONFIG);
        let option = option.ok_or_else(|| refuse(key.span(), unknown(key.get_ref(), command)))?;
        let words =
            words(option, &value, command).map_err(|reason| refuse(value.span(), reason))?;
        // By itself, so that what is wrong with it is told with its place.
        let alone = [OsString::from("deo")].into_iter().chain(words.iter().cloned());
        if let Err(error) = command.clone().ignore_errors(false).try_get_matches_from(alone)
            && is_of_a_value(&error)
        {
            let complaint = error.render().to_string();
            let first = complaint.split("\n\n").next().unwrap_or(&complaint);
            let first = in_words(&one_line(first));
            let reason = first.strip_prefix("error: ").unwrap_or(&first).to_owned();
            return Err(refuse(value.span(), reason));
        }
        arguments.extend(words);
        names.push(name);
    }
    Ok(arguments)
}

/// It is about the value, not about other options that are missing or in its way.
fn is_of_a_value(error: &clap::Error) -> bool {
    use clap::error::ErrorKind as Kind;
    let kinds =
        [Kind::InvalidValue, Kind::ValueValidation, Kind::WrongNumberOfValues, Kind::TooManyValues];
    kinds.contains(&error.kind())
}

fn unknown(key: &str, command: &Command) -> String {
    let long = |arg: &Arg| arg.get_long().map(str::to_owned);
    let name =
        |arg: &Arg| long(arg).or_else(|| arg.is_positional().then(|| arg.get_id().to_string()));
    let names = command.get_arguments().filter_map(name);
    let names: Vec<String> =
        names.filter(|name| !["config", "help", "version"].contains(&name.as_str())).collect();
    format!("unknown field `{key}`, expected one of `{}`", names.join("`, `"))
}

/// An option as it would be typed.
fn words(
    option: &Arg,
    value: &Spanned<DeValue<'_>>,
    command: &Command,
) -> Result<Vec<OsString>, String> {
    let text = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.to_string()),
        DeValue::Float(number) => Ok(number.to_string()),
        DeValue::Boolean(truth) => Ok(truth.to_string()),
        other => Err(format!("it is a {}; it must be a word, a number or true", other.type_str())),
    };
    let typed = |value: String| match option.get_long() {
        Some(long) => OsString::from(format!("--{long}={value}")),
        None => OsString::from(value),
    };
    match (option.get_action(), value.get_ref()) {
        (ArgAction::SetTrue, DeValue::Boolean(truth)) => {
            let switch = if *truth { option.get_long() } else { opposite(option, command) };
            Ok(switch.map(|long| OsString::from(format!("--{long}"))).into_iter().collect())
        }
        (ArgAction::SetTrue, _) => Err("it must be true or false".to_owned()),
        (_, DeValue::Array(items)) if option.is_positional() => {
            items.iter().map(|item| text(item.get_ref()).map(OsString::from)).collect()
        }
        (_, value) => Ok(vec![typed(text(value)?)]),
    }
}

/// The switch that turns off what this one turns on: what is the default needn't be what it says.
fn opposite<'a>(option: &Arg, command: &'a Command) -> Option<&'a str> {
    let long = option.get_long()?;
    let name = long.strip_prefix("no-").map_or_else(|| format!("no-{long}"), str::to_owned);
    command.get_arguments().filter_map(Arg::get_long).find(|other| *other == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    fn taken(text: &str, command: &str) -> Result<Vec<String>, String> {
        let all = Cli::command();
        let command = all.find_subcommand(command).unwrap();
        let arguments = arguments_of(text, Path::new("c.toml"), command);
        let words =
            |list: Vec<OsString>| list.into_iter().map(|w| w.into_string().unwrap()).collect();
        arguments.map(words).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_become_the_options_in_their_order() {
        let text =
            "landscape = 'muller-brown'\nk = 2\nmax_gradients = 30\nconfirm = true\nat = '-1,2'";
        let expected =
            ["--landscape=muller-brown", "--k=2", "--max-gradients=30", "--confirm", "--at=-1,2"];
        assert_eq!(taken(text, "spectrum").unwrap(), expected);
        let runs = "out = 'a.html'\ndirs = ['one', 'two']\njson = false";
        assert_eq!(taken(runs, "report").unwrap(), ["--out=a.html", "one", "two"]);
        // False of a switch that has an opposite is that one, not nothing.
        assert_eq!(taken("confirm = false", "spectrum").unwrap(), ["--no-confirm"]);
        assert_eq!(taken("no-confirm = false", "spectrum").unwrap(), ["--confirm"]);
    }

    #[test]
    fn complaints_are_one_line_with_line_and_key() {
        for (command, text, words) in [
            ("demo", "seed = 1\nsteps = 3", ["line 2", "unknown field `steps`", "`out`, `seed`"]),
            ("demo", "\nseed = 'x'", ["line 2", "\"seed\"", "whole number"]),
            ("demo", "seed = [1]", ["line 1", "\"seed\"", "it must be a word"]),
            ("spectrum", "confirm = 3", ["line 1", "\"confirm\"", "true or false"]),
            ("spectrum", "config = 'x'", ["line 1", "\"config\"", "unknown field"]),
            ("demo", "seed = 1\nseed = 2", ["line 2", "seed", "duplicate"]),
            ("report", "\u{feff}seed = 1", ["line 1", ", \"seed\":", "unknown field `seed`"]),
            (
                "spectrum",
                "max-gradients = 1\nmax_gradients = 2",
                ["line 2", "\"max_gradients\"", "duplicate field `max-gradients`"],
            ),
        ] {
            let message = taken(text, command).unwrap_err();
            assert_eq!(message.lines().count(), 1, "{message}");
            assert!(words.iter().all(|word| message.contains(word)), "{words:?} in {message}");
        }
    }

    #[test]
    fn only_the_file_of_such_a_subcommand_is_read() {
        let all = Cli::command();
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        for untouched in
            ["deo train --config no.toml", "deo demo", "deo report -- --config=no.toml", "deo"]
        {
            assert_eq!(with_file(words(untouched), &all).unwrap(), words(untouched));
        }
        let missing =
            with_file(words("deo --color never demo --config no.toml"), &all).unwrap_err();
        assert!(missing.to_string().contains("no.toml"));
    }
}
