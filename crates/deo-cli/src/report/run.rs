//! The files of a run, read and checked.
//!
//! | the directory has | the page shows |
//! |---|---|
//! | `record.json` | the run; for a training with its `metrics.jsonl`, or a word that it is missing |
//! | `metrics.jsonl.partial` only | a training that goes on or was killed, as far as it got |
//! | `record.json` and `metrics.jsonl.partial` only | an earlier end, and the steps of what was gone on with |
//! | none of these | nothing: it is refused |

use super::error::ReportError;
use super::metrics::{self, Curves};
use crate::config::one_line;
use crate::output::{RECORD, inside};
use serde_json::Value;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const METRICS: &str = "metrics.jsonl";
const GROWING: &str = "metrics.jsonl.partial";

/// What a subcommand left.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    /// What it is called here: its directory.
    pub(super) label: String,
    pub(super) command: Command,
    /// The record as it is; `Null` if there is none yet.
    pub(super) record: Value,
    /// Of a training.
    pub(super) curves: Vec<Curves>,
    /// What a reader must know about the files.
    pub(super) notes: Vec<String>,
}

/// The subcommand of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Train,
    Escape,
    Spectrum,
    Saddle,
    /// A saddle on another program's energies.
    Engine,
    /// Many of them.
    Searches,
    Other,
}

impl Command {
    fn of(name: &str) -> Self {
        match name {
            "train" => Command::Train,
            "escape" => Command::Escape,
            "spectrum" => Command::Spectrum,
            "saddle" => Command::Saddle,
            "saddle-engine" => Command::Engine,
            "saddle-engine-searches" => Command::Searches,
            _ => Command::Other,
        }
    }
}

impl Run {
    /// The run in `dir`.
    fn read(dir: &Path) -> Result<Self, ReportError> {
        let no_run = |reason: String| ReportError::NoRun { dir: dir.to_owned(), reason };
        match fs::metadata(dir) {
            Ok(facts) if facts.is_dir() => {}
            Ok(_) => return Err(no_run("it is a file".to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(no_run("there is no such directory".to_owned()));
            }
            Err(error) => return Err(no_run(error.to_string())),
        }
        let record = record(&dir.join(RECORD))?;
        let (mut notes, mut curves) = (vec![], vec![]);
        let command = match &record {
            Some(record) => Command::of(record["command"].as_str().unwrap_or("")),
            None => Command::Train,
        };
        if command == Command::Train {
            let (whole, growing) = (dir.join(METRICS), dir.join(GROWING));
            if whole.exists() {
                curves = metrics::read(&whole, false)?;
                if record.is_none() {
                    notes.push("record.json is missing: only the steps are shown.".to_owned());
                }
            } else if growing.exists() {
                curves = metrics::read(&growing, true)?;
                notes.push(
                    "This training goes on or was killed: the steps are those so far.".to_owned(),
                );
            } else if record.is_some() {
                notes.push("metrics.jsonl is missing: there are no curves.".to_owned());
            } else {
                return Err(no_run("it has neither record.json nor metrics.jsonl".to_owned()));
            }
        }
        let record = record.unwrap_or(Value::Null);
        Ok(Run { label: String::new(), command, record, curves, notes })
    }

    /// The command as the record calls it.
    pub(super) fn command_name(&self) -> &str {
        self.record["command"].as_str().unwrap_or("train")
    }

    /// The elements of an array of the record; none if there is no such array.
    pub(super) fn list(&self, pointer: &str) -> &[Value] {
        self.record.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// What the record says there; `Null` if nothing.
    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.record.pointer(pointer).unwrap_or(&Value::Null)
    }
}

fn record(path: &Path) -> Result<Option<Value>, ReportError> {
    let damaged = |reason: String| ReportError::Damaged { path: path.to_owned(), reason };
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(reason) => return Err(ReportError::Read { path: path.to_owned(), reason }),
    };
    let record: Value =
        serde_json::from_slice(&content).map_err(|error| damaged(one_line(&error.to_string())))?;
    if record["command"].is_string() {
        Ok(Some(record))
    } else {
        Err(damaged("it names no command, so it is no record of deo".to_owned()))
    }
}

/// The runs in these directories, each with a label of its own: the last part of its path, or all of it.
pub(super) fn read_all<P: AsRef<Path>>(dirs: &[P]) -> Result<Vec<Run>, ReportError> {
    let dirs: Vec<PathBuf> = dirs.iter().flat_map(|dir| runs_of(dir.as_ref())).collect();
    let mut runs: Vec<Run> = dirs.iter().map(|dir| Run::read(dir)).collect::<Result<_, _>>()?;
    let short: Vec<String> = dirs.iter().map(|dir| last_part(dir)).collect();
    for (i, run) in runs.iter_mut().enumerate() {
        let alone = short.iter().filter(|name| **name == short[i]).count() == 1;
        run.label = if alone {
            short[i].clone()
        } else {
            let whole = dirs[i].display().to_string();
            let before = dirs[..i].iter().filter(|dir| **dir == dirs[i]).count();
            if before == 0 { whole } else { format!("{whole} ({})", before + 1) }
        };
    }
    Ok(runs)
}

/// The directory itself, or those in it that hold a run where it holds none: what `--seeds` leaves.
fn runs_of(dir: &Path) -> Vec<PathBuf> {
    let holds_run = |dir: &Path| [RECORD, METRICS, GROWING].iter().any(|n| dir.join(n).exists());
    let runs = if holds_run(dir) { Vec::new() } else { inside(dir, holds_run) };
    if runs.is_empty() { vec![dir.to_owned()] } else { runs }
}

fn last_part(dir: &Path) -> String {
    let whole = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    whole
        .file_name()
        .map_or_else(|| dir.display().to_string(), |n| n.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short_where_they_can_be_and_differ_always() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join(RECORD), r#"{"command":"later"}"#).unwrap();
            path
        };
        let (a, b, c) = (make("x/a"), make("y/a"), make("c"));
        let runs = read_all(&[&a, &b, &c, &b]).unwrap();
        let labels: Vec<&str> = runs.iter().map(|run| run.label.as_str()).collect();
        assert_eq!(labels[0], a.display().to_string());
        assert_eq!(labels[2], "c");
        assert_eq!(labels[3], format!("{} (2)", b.display()));
        assert_eq!(runs[0].command, Command::Other);
    }

    #[test]
    fn a_directory_of_runs_stands_for_them_in_the_order_of_their_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let five = dir.path().join("five");
        for name in ["seed-10", "seed-9", "notes"] {
            fs::create_dir_all(five.join(name)).unwrap();
        }
        fs::write(five.join("seed-10").join(RECORD), r#"{"command":"later"}"#).unwrap();
        fs::write(five.join("seed-9").join(GROWING), "").unwrap();
        let runs = read_all(&[&five]).unwrap();
        let labels: Vec<&str> = runs.iter().map(|run| run.label.as_str()).collect();
        assert_eq!(labels, ["seed-9", "seed-10"]);
        // A run of its own comes before what lies in it, as the checkpoints of a training do.
        fs::write(five.join(RECORD), r#"{"command":"later"}"#).unwrap();
        assert_eq!(read_all(&[&five]).unwrap()[0].label, "five");
        assert!(read_all(&[five.join("notes")]).is_err());
    }

    #[test]
    fn a_training_is_shown_as_far_as_it_got() {
        let dir = tempfile::tempdir().unwrap();
        let line = r#"{"run":"a","step":1,"loss":1,"gradient_norm":1,"gradients":1}"#;
        fs::write(dir.path().join(GROWING), format!("{line}\n{{\"ru")).unwrap();
        let runs = read_all(&[dir.path()]).unwrap();
        assert_eq!((runs[0].curves.len(), runs[0].notes.len()), (1, 1));
        assert_eq!(runs[0].command, Command::Train);
    }
}
