//! A configuration file: options, or a complaint of one line that has the number of a line of the file.

use deo_cli::config::{ConfigError, parse};
use deo_cli::{escape, saddle, train};
use std::fmt::Display;
use std::path::Path;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let path = Path::new("a.toml");
    if let Err(error) = parse::<train::Options>(text, path) {
        check(text, &error);
    }
    match parse::<escape::Options>(text, path) {
        Err(error) => check(text, &error),
        Ok(options) => one_line(options.resolve()),
    }
    match parse::<saddle::Options>(text, path) {
        Err(error) => check(text, &error),
        Ok(options) => one_line(saddle::Settings::resolve(options)),
    }
}

fn one_line<T, E: Display>(resolved: Result<T, E>) {
    if let Err(error) = resolved {
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
    }
}

fn check(text: &str, error: &ConfigError) {
    let message = error.to_string();
    assert_eq!(message.lines().count(), 1, "{message:?}");
    let ConfigError::Invalid { line, .. } = error else { panic!("{message}") };
    // An error at the end may be on the line after the last.
    assert!((1..=text.matches('\n').count() + 1).contains(line), "{message}");
}
