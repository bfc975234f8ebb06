//! Two runs on one directory: the second is refused, whatever it is, and touches nothing.

mod common;

use common::{Bench, names, refused};
use deo_bench::output::Lock;
use std::fs;

#[test]
fn a_directory_in_use_is_refused() {
    let bench = Bench::new();
    let dir = bench.path("runs");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("record.json"), "the other's").unwrap();
    let lock = Lock::take(&dir).unwrap();
    let runs: [&[&str]; 5] = [
        &["train", "--text", "text.txt", "--steps", "1", "--out", "runs"],
        &["train", "--resume", "runs"],
        &["escape", "--suite", "octopus-5-1", "--methods", "gd", "--out", "runs"],
        &["spectrum", "--landscape", "monkey", "--out", "runs"],
        &["saddle", "--potential", "monkey", "--out", "runs"],
    ];
    for run in runs {
        refused(&bench.deo(run), &["another run is writing to \"runs\"", "another directory"]);
        assert_eq!(names(&dir), [".lock", "record.json"], "{run:?}");
    }
    assert_eq!(fs::read_to_string(dir.join("record.json")).unwrap(), "the other's");

    drop(lock);
    let outcome = bench.deo(&["saddle", "--potential", "monkey", "--out", "runs"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(names(&dir), ["record.json", "surface.svg"], "nothing of the lock is left");
}
