//! Two runs on one directory, and what can happen to a directory in the course of a run.

use crate::common::{Bench, names, refused};
use crate::process::{ENDLESS, RUN, SAVE_EVERY, begin, end, newest, results, resume, steps_of};
use crate::process::{straight, terminate, wait_for};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[test]
fn two_runs_on_one_directory() {
    let bench = Bench::new();
    let mut first = begin(&bench, ENDLESS);
    wait_for(&bench, 20);
    let before = names(&bench.path("o"));
    assert_eq!(before, [".lock", "checkpoints", "metrics.jsonl.partial"]);
    let words = ["another run", "\"o\"", "another directory"];
    refused(&bench.train(&["--out", "o"]), &words);
    refused(&bench.deo(&["train", "--resume", "o"]), &words);
    assert_eq!(names(&bench.path("o")), before, "it touched nothing");
    wait_for(&bench, steps_of(&bench) + 20);
    first.kill().unwrap();
    first.wait().unwrap();
    // The lock went with the process. What it did isn't destroyed by a new run.
    refused(&bench.train(&["--out", "o"]), &["isn't finished", "--resume o", "o/checkpoints"]);
    let saved = newest(&bench);
    let mut second = resume(&bench, &[]);
    while newest(&bench) == saved {
        assert!(second.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(2));
    }
    second.kill().unwrap();
    second.wait().unwrap();
}

/// Ends within a minute, with exit code 1 and one line with these words.
#[track_caller]
fn fails(child: Child, words: &[&str]) {
    let (output, stdout, stderr) = end(child);
    assert_eq!((output.status.code(), &*stdout), (Some(1), ""), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word} is not in: {stderr}");
    }
}

#[test]
fn a_directory_that_vanishes() {
    let bench = Bench::new();
    let child = begin(&bench, ENDLESS);
    wait_for(&bench, 20);
    // It may be saving while its files are removed.
    while bench.path("o").exists() {
        let _ = fs::remove_dir_all(bench.path("o"));
    }
    fails(child, &["error: cannot write", "No such file"]);
    assert!(!bench.path("o").exists());
}

/// A training that was begun and stopped: the number and the path of its newest checkpoint.
fn stopped(bench: &Bench) -> (u64, PathBuf) {
    let child = begin(bench, RUN);
    wait_for(bench, 40);
    terminate(&child);
    assert_eq!(end(child).0.status.code(), Some(0));
    let number = newest(bench).unwrap();
    (number, bench.path(&format!("o/checkpoints/checkpoint-{number:010}.deo")))
}

#[test]
fn checkpoints_that_cannot_be_written() {
    let bench = Bench::new();
    let expected = straight(&bench);
    let (number, path) = stopped(&bench);
    let steps = steps_of(&bench);
    let before = fs::read(&path).unwrap();
    // A limit on the size of files, in blocks of 512 bytes or 1024, below that of a checkpoint, as a disk that is full.
    // The signal that comes with it is ignored, as it is by whoever starts a daemon.
    let script = format!(
        "trap '' XFSZ; ulimit -f {}; exec '{}' train --resume o",
        before.len() / 2048,
        env!("CARGO_BIN_EXE_deo")
    );
    let mut command = Command::new("sh");
    let command = command.args(["-c", &script]).current_dir(bench.path("."));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let name = format!("last good checkpoint is \"o/checkpoints/checkpoint-{number:010}.deo\"");
    fails(child, &["cannot write", "File too large", &name, "deo train --resume o"]);
    assert_eq!(fs::read(&path).unwrap(), before, "the old checkpoint is intact");
    assert!(steps_of(&bench) - steps <= SAVE_EVERY, "it ended soon");
    let (output, _, stderr) = end(resume(&bench, &[]));
    assert!(output.status.success(), "{stderr}");
    assert!(results(&bench.path("o")) == expected);
}

#[test]
fn a_damaged_checkpoint_is_told_and_the_one_before_is_taken() {
    let bench = Bench::new();
    let expected = straight(&bench);
    let (_, path) = stopped(&bench);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (output, _, stderr) = end(resume(&bench, &[]));
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("is damaged") && stderr.contains("going on from"), "{stderr}");
    assert!(results(&bench.path("o")) == expected);
}
