//! Two runs on one directory, at once or of two subcommands: the second is refused and touches nothing.

mod common;

use common::{Bench, names, refused};
use deo_cli::output::Lock;
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

#[test]
fn the_results_of_another_subcommand_stay() {
    let bench = Bench::new();
    let monkey = |out: &str| bench.deo(&["saddle", "--potential", "monkey", "--out", out]);
    assert_eq!(monkey("runs").code, 0);
    let before = fs::read(bench.path("runs/record.json")).unwrap();
    let others: [&[&str]; 3] = [
        &["train", "--text", "text.txt", "--steps", "1", "--out", "runs"],
        &["escape", "--suite", "octopus-5-1", "--methods", "gd", "--out", "runs"],
        &["spectrum", "--landscape", "monkey", "--out", "runs"],
    ];
    for run in others {
        refused(&bench.deo(run), &["\"runs\" has the results of deo saddle", "another directory"]);
        assert_eq!(fs::read(bench.path("runs/record.json")).unwrap(), before, "{run:?}");
    }
    assert_eq!(monkey("runs").code, 0, "its own are replaced");

    fs::create_dir_all(bench.path("begun/checkpoints")).unwrap();
    refused(&monkey("begun"), &["\"begun\" has a training that isn't finished"]);
}
