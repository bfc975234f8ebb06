//! `deo escape --suite harm`: a smoke test of two cells, what it leaves behind, and what it refuses.

mod common;

use common::{Bench, json, names, quiet, read_json, read_lines, refused};
use serde_json::Value;
use std::fs;

/// Two cells of a second: one with mini-batches, one without.
const CELLS: &str = "iris-2-tanh-mini-adam-x1-200,iris-3-sigmoid-full-heavy-ball-x3-200";
const SMALL: &[&str] = &["escape", "--suite", "harm", "--cell", CELLS, "--seeds", "2"];
const COLUMNS: [&str; 5] = ["again", "fewer-steps", "line-search", "escape", "escape-for-run"];

fn run(bench: &Bench, arguments: &[&str]) -> String {
    quiet(bench, &[SMALL, arguments].concat())
}

#[test]
fn the_record_holds_what_the_verdicts_are_made_of() {
    let bench = Bench::new();
    let json = json(&run(&bench, &["--json", "--out", "out"]));
    assert_eq!((&json["command"], &json["suite"]), (&"escape".into(), &"harm".into()));
    assert_eq!(names(&bench.path("out")), ["record.json", "results.csv", "runs.jsonl"]);
    let record = read_json(&bench.path("out/record.json"));
    assert_eq!((&record["results"], &record["totals"]), (&json["results"], &json["totals"]));
    let lines = read_lines(&bench.path("out/runs.jsonl"));
    assert_eq!((lines.len(), json["results"].as_array().unwrap().len()), (4, 2));
    for row in json["results"].as_array().unwrap() {
        let of_cell = lines.iter().filter(|line| line["cell"] == row["cell"]);
        let pairs: Vec<&Value> = of_cell.map(|line| &line["pair"]).collect();
        assert_eq!(pairs.len(), 2);
        for pair in &pairs {
            let loss = |run: &Value| run["loss"].as_f64().unwrap();
            let (without, with) = (&pair["without"], pair["with"].as_array().unwrap());
            assert_eq!(without["steps"], 200);
            assert!(loss(without) < pair["start"].as_f64().unwrap(), "{pair}");
            // Equal budgets: a gradient that no longer fits is all that may be left over.
            for run in [&with[0], &with[2], &with[3], &with[4]] {
                let cost = run["cost"].as_f64().unwrap();
                assert!(cost > 199.0 && cost <= 200.0, "{run}");
            }
            let steps = |run: &Value, key: &str| run[key].as_u64().unwrap();
            assert_eq!(
                steps(&with[1], "steps"),
                steps(&with[3], "steps") - steps(&with[3], "moves")
            );
        }
        // The ratio, anew: no loss here is near the floor or the ceiling.
        for (place, column) in COLUMNS.into_iter().enumerate() {
            let verdict = &row["verdicts"][place];
            assert_eq!(verdict["column"], column);
            let ratio = |pair: &Value| {
                pair["with"][place]["loss"].as_f64().unwrap()
                    / pair["without"]["loss"].as_f64().unwrap()
            };
            let ratios: Vec<f64> = pairs.iter().copied().map(ratio).collect();
            let mean = (ratios[0] * ratios[1]).sqrt();
            // Rounding of a logarithm and its inverse.
            assert!((verdict["ratio"].as_f64().unwrap() / mean - 1.0).abs() < 1e-12, "{verdict}");
            let higher = ratios.iter().filter(|&&ratio| ratio > 1.25).count();
            assert_eq!(verdict["higher"], higher);
        }
    }
    let totals = json["totals"].as_array().unwrap();
    assert_eq!(totals.iter().map(|total| &total["column"]).collect::<Vec<_>>(), COLUMNS);
    let csv = fs::read_to_string(bench.path("out/results.csv")).unwrap();
    let widths: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(widths, [17; 1 + 2 * 5]);
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let bench = Bench::new();
    let one = run(&bench, &["--json", "--threads", "1"]);
    assert_eq!(run(&bench, &["--json", "--threads", "3"]), one);
    assert_ne!(run(&bench, &["--json", "--seed", "2"]), one);
}

#[test]
fn a_run_is_gone_on_with() {
    let bench = Bench::new();
    let whole = run(&bench, &["--json", "--out", "whole"]);
    // A run that was stopped: three of its four lines are there, the last one half.
    let text = fs::read_to_string(bench.path("whole/runs.jsonl")).unwrap();
    assert_eq!(read_lines(&bench.path("whole/runs.jsonl")).len(), 4);
    let third = text.match_indices('\n').nth(2).unwrap().0;
    fs::create_dir(bench.path("cut")).unwrap();
    // A loss that no run would give shows that the line was read.
    let kept = text[..third].replacen("\"start\":", "\"start\":1e9,\"was\":", 1);
    bench.write("cut/runs.jsonl.partial", &kept.as_bytes()[..kept.len() - 9]);
    let gone_on = run(&bench, &["--json", "--out", "cut", "--resume"]);
    assert_ne!(gone_on, whole);
    bench.write("cut/runs.jsonl.partial", &text.as_bytes()[..third - 9]);
    fs::remove_file(bench.path("cut/runs.jsonl")).unwrap();
    assert_eq!(run(&bench, &["--json", "--out", "cut", "--resume"]), whole);
    assert_eq!(read_lines(&bench.path("cut/runs.jsonl")).len(), 4);
}

#[test]
fn the_table_names_cells_and_what_fails() {
    let table = run(&Bench::new(), &[]);
    for word in CELLS.split(',').chain(["| again ", "line search", "**for_run**", "| heavy-ball |"])
    {
        assert!(table.contains(word), "{word}: {table}");
    }
}

#[test]
fn rates_are_printed_as_they_are_committed() {
    let bench = Bench::new();
    let cell = "iris-2-tanh-mini-adam-x1-200";
    let outcome = bench.deo(&["escape", "--suite", "harm", "--cell", cell, "--rates"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let line = outcome.stdout.lines().last().unwrap();
    let (name, rate) = line.split_once(" = ").unwrap();
    assert_eq!(name, "iris-2-tanh-mini-adam");
    assert!(rate.parse::<f64>().unwrap() > 0.0);
}

#[test]
fn bad_usage() {
    let bench = Bench::new();
    let deo = |arguments: &[&str]| bench.deo(&[&["escape"], arguments].concat());
    let harm = |arguments: &[&str]| deo(&[&["--suite", "harm"], arguments].concat());
    for range in ["99..", "0..3", "5..3", "59..62", "", "x", "1..x", "62"] {
        refused(&harm(&["--cells", range]), &["cells is", "1 ≤ I ≤ J ≤ 61"]);
    }
    for cell in
        ["", "digits", "digits-4-sigmoid-full-adam-x2-600", "char-gpt-2-relu-full-gd-x1-200"]
    {
        refused(&harm(&["--cell", cell]), &["no cell", "digits-5-sigmoid-full-adam-x0.15-600"]);
    }
    refused(&harm(&["--cell", CELLS, "--cells", "1..2"]), &["--cells does nothing here", "--cell"]);
    for option in ["--methods=gd", "--grid=3", "--lr=0.1", "--budget=9", "--tuning-seeds=2"] {
        refused(&harm(&[option]), &["does nothing here", "problems in --suite"]);
    }
    for suite in ["harm,quick", "quick,harm-full", "harm,harm"] {
        refused(&deo(&["--suite", suite]), &[suite, "must stand by itself"]);
    }
    for option in [&["--cells", "1..2"][..], &["--cell", "x"], &["--rates"], &["--resume"]] {
        refused(&deo(option), &[option[0], "does nothing here", "--suite harm"]);
    }
    refused(&harm(&["--resume"]), &["--resume does nothing here", "--out"]);
    refused(&harm(&["--rates", "--out", "out"]), &["--out does nothing here", "--rates"]);
    refused(&harm(&["--seeds", "0"]), &["seeds is 0", "between 1 and"]);
    bench.write("file", b"");
    refused(&harm(&["--cell", CELLS, "--out", "file"]), &["\"file\"", "directory"]);
}
