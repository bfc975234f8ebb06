//! `deo escape`: what it prints, what it leaves behind, and that neither depends on the threads.

mod common;

use common::{Bench, json, names, quiet, read_json};
use deo_cli::config;
use deo_cli::escape::Options;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A comparison of a second: two problems, a baseline with knobs, one without, a control and Escape.
const SMALL: &[&str] = &[
    "escape",
    "--suite",
    "octopus-5-1,strict-saddle",
    "--methods",
    "gd,neon,random-axis+gd,escape+gd",
    "--budget",
    "600",
    "--seeds",
    "3",
    "--tuning-seeds",
    "2",
    "--grid",
    "3",
];

fn run(bench: &Bench, arguments: &[&str]) -> String {
    quiet(bench, &[SMALL, arguments].concat())
}

#[test]
fn the_json_has_a_row_for_each_problem_and_method() {
    let json = json(&run(&Bench::new(), &["--json"]));
    assert_eq!(json["command"], "escape");
    let rows = json["results"].as_array().unwrap();
    let key = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let pairs: Vec<_> = rows.iter().map(|row| (key(row, "problem"), key(row, "method"))).collect();
    let problems = ["octopus-5-1", "strict-saddle"];
    let methods = ["gd", "neon", "random-axis+gd", "escape+gd"];
    let expected: Vec<_> = (problems.iter())
        .flat_map(|problem| methods.iter().map(|method| (problem.to_string(), method.to_string())))
        .collect();
    assert_eq!(pairs, expected);
    for row in rows {
        let number = |key: &str| row[key].as_f64();
        assert!(number("lr") > Some(0.0));
        assert_eq!((row["seeds"].as_u64(), row["budget"].as_u64()), (Some(3), Some(600)));
        let solved = row["solved"].as_u64().unwrap();
        // Of three runs two make a median.
        assert_eq!(row["gradients_median"].is_null(), solved < 2, "{row}");
        assert_eq!(row["losses_median"].is_null(), solved < 2, "{row}");
        assert_eq!(row["cost_max"].is_null(), solved < 3, "{row}");
        if let (Some(cost), Some(least)) = (number("cost_median"), number("cost_min")) {
            assert!(least <= cost && cost <= 600.0);
        }
        assert!(number("final_loss_median").is_some() && number("final_measure_median").is_some());
    }
    // What the experiment is about: an octopus is left sooner with Escape than without.
    let row = |problem: &str, method: &str| {
        rows.iter().find(|row| row["problem"] == problem && row["method"] == method).unwrap()
    };
    let cost = |method: &str| row("octopus-5-1", method)["cost_median"].as_f64();
    assert!(cost("escape+gd").is_some(), "{rows:?}");
    assert!(cost("gd").is_none_or(|gd| cost("escape+gd") < Some(gd)), "{rows:?}");
    assert!(row("strict-saddle", "neon")["knobs"]["length"].is_number());
}

#[test]
fn a_rate_that_is_given_is_the_rate_of_every_method() {
    let bench = Bench::new();
    let with = |methods, more: &[&str]| {
        let given = ["escape", "--suite", "octopus-5-1", "--methods", methods, "--lr", "0.03"];
        bench.deo(&[&given, more].concat()).stdout
    };
    let rows = json(&with("gd,clip+gd", &["--tuning-seeds", "2", "--json"]))["results"].clone();
    assert_eq!((&rows[0]["lr"], &rows[1]["lr"]), (&Value::from(0.03), &Value::from(0.03)));
    assert!(rows[1]["knobs"]["norm"].is_number(), "the norm is tuned at that rate");
    assert!(rows[0]["failed"] == 0 && rows[0]["seeds"] == 5, "{rows}");
    let text = with("gd,escape+gd", &[]);
    assert!(text.contains("The rate 0.03 is given, nothing is tuned."), "{text}");
    let rows = json(&with("clip+gd", &["--tuning-seeds", "0", "--json"]))["results"].clone();
    assert_eq!(rows[0]["knobs"]["norm"], 1.0, "the customary number");
    let text = with("clip+gd", &["--tuning-seeds", "2"]);
    assert!(text.contains("is given, other numbers are tuned on 2 other seeds."), "{text}");
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let bench = Bench::new();
    let with = |threads: &str, seed: &str| {
        let out = format!("out-{threads}-{seed}");
        let stdout = run(&bench, &["--json", "--threads", threads, "--seed", seed, "--out", &out]);
        let mut record = read_json(&bench.path(&out).join("record.json"));
        record["settings"].as_object_mut().unwrap().remove("threads");
        (stdout, record)
    };
    let one = with("1", "5");
    assert_eq!(with("2", "5"), one);
    assert_eq!(with("7", "5"), one);
    assert_ne!(with("2", "6").0, one.0);
}

#[test]
fn what_is_left_behind() {
    let bench = Bench::new();
    let table = run(&bench, &["--out", "out"]);
    let out = bench.path("out");
    let files = ["octopus-5-1.svg", "record.json", "results.csv", "strict-saddle.svg"];
    assert_eq!(names(&out), files);
    for file in files {
        assert!(table.contains(file), "{file}");
    }
    assert!(table.contains("## octopus-5-1\n") && table.contains("| escape+gd "), "{table}");

    let record = read_json(&out.join("record.json"));
    assert_eq!(record["command"], "escape");
    assert_eq!(record["settings"]["methods"][3], "escape+gd");
    assert_eq!(record["results"].as_array().unwrap().len(), 8);
    let runs = record["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 8 * 3);
    for run in runs {
        let number = |key: &str| run[key].as_f64().unwrap();
        // One cost for all: gradients and a third of the losses, within the budget.
        assert!((number("cost") - number("gradients") - number("losses") / 3.0).abs() < 1e-9);
        assert!(number("cost") <= 600.0);
        assert!(number("steps") <= number("gradients"));
    }
    // gd tries its grid; neon has twelve settings of its knobs besides.
    let tried = |index: usize| record["tuning"][index]["tried"].as_array().unwrap().len();
    assert!(tried(0) >= 3 && tried(1) >= 3 + 11, "{} {}", tried(0), tried(1));

    let csv = fs::read_to_string(out.join("results.csv")).unwrap();
    let cells: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(cells, [18; 9]);
    // Files of an earlier run are replaced, others stay.
    fs::write(out.join("notes.txt"), "mine").unwrap();
    run(&bench, &["--out", "out", "--seed", "2"]);
    assert!(out.join("notes.txt").exists());
    assert_ne!(fs::read_to_string(out.join("results.csv")).unwrap(), csv);
}

#[test]
fn a_file_may_hold_the_options() {
    let bench = Bench::new();
    let text = "suite = ['strict-saddle']\nmethods = ['escape+gd']\nseeds = 2\ntuning-seeds = 1\ngrid = 1\nbudget = 300\n";
    bench.write("small.toml", text.as_bytes());
    let from_file = bench.deo(&["escape", "--config", "small.toml", "--json", "--seeds", "1"]);
    assert_eq!(from_file.code, 0, "{}", from_file.stderr);
    let json = json(&from_file.stdout);
    assert_eq!(json["results"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&json["results"][0]["seeds"], &json["results"][0]["budget"]),
        (&1.into(), &300.into())
    );
}

#[test]
fn the_experiments_are_valid() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/escape");
    let files = names(&dir);
    assert!(files.contains(&"controls.toml".to_owned()), "{files:?}");
    for file in files.iter().filter(|file| file.ends_with(".toml")) {
        let options: Options = config::read(&dir.join(file)).unwrap();
        let settings = options.resolve().unwrap();
        assert!(settings.methods.len() >= 8, "{file}");
    }
}
