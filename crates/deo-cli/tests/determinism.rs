//! The same seed gives the same numbers, whatever the threads, and whoever watches.

mod common;

use common::Bench;
use serde_json::Value;
use std::fs;

/// Without what depends on the clock.
fn timeless(object: &mut Value) {
    for key in ["ms", "seconds"] {
        object.as_object_mut().unwrap().remove(key);
    }
    if let Some(monitor) = object.get_mut("monitor") {
        timeless(monitor);
    }
}

/// The results and every line of metrics, without the times.
fn numbers(bench: &Bench, arguments: &[&str]) -> (Value, Vec<Value>) {
    let mut json = bench.json(&[arguments, &["--out", "out"]].concat());
    for run in json["runs"].as_array_mut().unwrap() {
        timeless(run);
    }
    let mut lines = common::read_lines(&bench.path("out/metrics.jsonl"));
    lines.iter_mut().for_each(timeless);
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

/// What a run leaves of its path: the weights, the loss curves, and each line of metrics up to the times, where what a
/// monitor adds follows; all as bytes.
fn trace(bench: &Bench, arguments: &[&str]) -> [Vec<u8>; 3] {
    let outcome = bench.train(&[arguments, &["--out", "out"]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let read = |name: &str| fs::read(bench.path("out").join(name)).unwrap();
    let metrics = String::from_utf8(read("metrics.jsonl")).unwrap();
    let before_times = |line: &str| line.split_once(",\"ms\":").unwrap().0.to_owned() + "\n";
    let metrics: String = metrics.lines().map(before_times).collect();
    let trace = [read("weights.safetensors"), read("curves.svg"), metrics.into_bytes()];
    fs::remove_dir_all(bench.path("out")).unwrap();
    trace
}

#[test]
fn a_monitored_run_is_the_same_run_to_the_last_bit() {
    let bench = Bench::new();
    let run = ["--steps", "30", "--batch", "16", "--block", "32"];
    let escape = ["--interval", "2", "--allowance", "30", "--lr", "0.03"];
    let monitor = ["--monitor", "--monitor-interval", "7"];
    let policies = [&["--policy", "off"][..], &[&["--policy", "escape"], &escape[..]].concat()];
    for policy in policies {
        let plain = [&run[..], policy].concat();
        let worked = bench.json(&plain)["runs"].as_array().unwrap().last().unwrap().clone();
        let spent = ["rotations", "losses"].map(|key| worked[key].as_u64() > Some(0));
        assert_eq!(spent.contains(&true), policy[1] == "escape", "{worked}");
        for threads in ["1", "2"] {
            let plain = [&plain[..], &["--threads", threads]].concat();
            let watched = [&plain[..], &monitor].concat();
            let [weights, curves, metrics] = trace(&bench, &plain);
            let [watched_weights, watched_curves, watched_metrics] = trace(&bench, &watched);
            assert!(weights == watched_weights, "{policy:?} on {threads}: other weights");
            assert!(curves == watched_curves, "{policy:?} on {threads}: other curves");
            assert!(metrics == watched_metrics, "{policy:?} on {threads}: other metrics");
        }
    }
}

#[test]
fn what_a_monitor_sees_does_not_depend_on_the_threads() {
    let bench = Bench::new();
    let run = ["--steps", "10", "--batch", "16", "--block", "32", "--monitor"];
    let with = |threads| {
        numbers(&bench, &[&run[..], &["--monitor-interval", "4", "--threads", threads]].concat())
    };
    let one = with("1");
    assert!(one.1.iter().any(|line| line["monitor"]["lowest"]["curvature"].is_f64()));
    assert_eq!(with("2"), one);
    assert_eq!(with("8"), one);
}
