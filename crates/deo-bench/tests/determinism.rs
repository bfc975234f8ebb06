//! The same seed gives the same numbers, whatever the threads.

mod common;

use common::Bench;
use serde_json::Value;
use std::fs;

/// The results and every line of metrics, without the times.
fn numbers(bench: &Bench, arguments: &[&str]) -> (Value, Vec<Value>) {
    let mut json = bench.json(&[arguments, &["--out", "out"]].concat());
    for run in json["runs"].as_array_mut().unwrap() {
        run.as_object_mut().unwrap().remove("seconds");
    }
    let mut lines = common::read_lines(&bench.path("out/metrics.jsonl"));
    for line in &mut lines {
        line.as_object_mut().unwrap().remove("ms");
    }
    fs::remove_dir_all(bench.path("out")).unwrap();
    (json, lines)
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let bench = Bench::new();
    for policy in ["escape", "deflate", "amplify", "compat-paper", "compat-sophia", "compat-adam"] {
        // Large enough that matrices, rows and vectors are all split, and with frequent visits.
        let mut run =
            ["--steps", "30", "--batch", "16", "--block", "32", "--interval", "2"].to_vec();
        if policy == "escape" {
            run.extend(["--allowance", "30", "--lr", "0.03"]);
        }
        let with = |threads| {
            numbers(&bench, &[&run[..], &["--policy", policy, "--threads", threads]].concat())
        };
        let one = with("1");
        let worked = ["rotations", "losses"].map(|key| one.0["runs"][1][key].as_u64() > Some(0));
        assert_ne!(worked, [false; 2], "{policy} must do something, or nothing is tested");
        assert_eq!(with("2"), one, "{policy} on 2 threads");
        assert_eq!(with("8"), one, "{policy} on 8 threads");
    }
}

#[test]
fn the_seed_changes_everything_and_nothing_else_does() {
    let bench = Bench::new();
    let run = |seed| numbers(&bench, &["--steps", "20", "--interval", "5", "--seed", seed]);
    let seven = run("7");
    assert_eq!(run("7"), seven);
    let (json, lines) = run("8");
    assert_ne!(json["runs"][0]["val_loss"], seven.0["runs"][0]["val_loss"]);
    assert_ne!(lines[0]["loss"], seven.1[0]["loss"]);
}
