//! The built program, run on small texts.
#![allow(dead_code)] // every test file uses a part

#[cfg(unix)]
pub(crate) mod argon;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A directory with a small text in it.
pub(crate) struct Bench {
    dir: TempDir,
}

/// What a call of the program left.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Options that make a run of a second or less: one evaluation of one batch, a short block.
pub(crate) const SMALL: &[&str] =
    &["--batch", "4", "--block", "8", "--eval-batches", "2", "--sample", "20", "--threads", "2"];

/// Methods compared on one problem, in the directory of that name.
pub(crate) const ESCAPE: &[&str] =
    &["escape", "--suite", "monkey-well", "--methods", "gd,adam", "--lr", "0.1", "--out", "escape"];

/// A spectrum with all that one has, in the directory of that name.
pub(crate) const SPECTRUM: &[&str] = &[
    "spectrum",
    "--landscape",
    "muller-brown",
    "--which",
    "both",
    "--density",
    "--out",
    "spectrum",
];

/// Saddles that are joined to their minima, in the directory of that name.
pub(crate) const SADDLE: &[&str] =
    &["saddle", "--potential", "muller-brown", "--searches", "6", "--connect", "--out", "saddle"];

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Bench { dir: tempfile::tempdir().unwrap() };
        let words = ["the cat ", "sat on ", "a mat, ", "and the dog ", "ran. ", "\n"];
        // A walk through the words that doesn't repeat before the text ends.
        let text: String = (0..600_usize).map(|i| words[(i * i / 7 + i) % words.len()]).collect();
        bench.write("text.txt", text.as_bytes());
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// `deo` with these arguments, in the directory.
    pub(crate) fn deo(&self, arguments: &[&str]) -> Outcome {
        let output = Command::new(env!("CARGO_BIN_EXE_deo"))
            .args(arguments)
            .current_dir(self.dir.path())
            .output()
            .unwrap();
        Outcome {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// `deo train` on the small text, with these arguments last.
    pub(crate) fn train(&self, arguments: &[&str]) -> Outcome {
        self.deo(&[&["train", "--text", "text.txt"], SMALL, arguments].concat())
    }

    /// The object that `deo train --json` prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let outcome = self.train(&[arguments, &["--json"]].concat());
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert_eq!(outcome.stderr, "", "a pipe is no terminal: no progress bar");
        serde_json::from_str(&outcome.stdout).expect("one JSON object and nothing else")
    }
}

/// Checks the contract for bad usage and bad input, with these words in the complaint: exit code 2, nothing on standard
/// output, one line on standard error.
#[track_caller]
pub(crate) fn refused(outcome: &Outcome, words: &[&str]) {
    let Outcome { code, stdout, stderr } = outcome;
    assert_eq!(*code, 2, "{stderr}");
    assert_eq!(stdout, "");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word} is not in: {stderr}");
    }
}

/// A JSON file.
pub(crate) fn read_json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A file with a JSON object on each line.
pub(crate) fn read_lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The names in a directory, sorted.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

/// The standard output of a command that succeeds, with nothing on standard error: a pipe is no terminal.
pub(crate) fn quiet(bench: &Bench, arguments: &[&str]) -> String {
    let outcome = bench.deo(arguments);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "", "no progress bar");
    outcome.stdout
}

/// The one line of JSON that a command has written.
pub(crate) fn json(text: &str) -> serde_json::Value {
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap()
}
