//! Bad usage of `deo escape`: exit code 2, nothing on standard output, one line that says what would be right.

mod common;

use common::{Bench, refused};

#[test]
fn names() {
    let bench = Bench::new();
    let deo = |arguments: &[&str]| bench.deo(&[&["escape"], arguments].concat());
    for suite in ["slow", "octopus", "", "quick,slow"] {
        refused(&deo(&["--suite", suite]), &["no suite or problem", "quick, full, octopus-5-1"]);
    }
    for method in ["sgd", "escape+", "+gd", "escape", "escape+sam", "", "gd,sgd", "GD"] {
        let words = ["no method", "gd, heavy-ball", "perturbed-gd", "POLICY+BASE", "escape, line"];
        refused(&deo(&["--methods", method]), &words);
    }
    refused(&deo(&["--method", "gd"]), &["--method", "--methods"]);
    refused(&deo(&["quick"]), &["quick", "--help"]);
}

#[test]
fn numbers() {
    let bench = Bench::new();
    for (option, values, words) in [
        ("--budget", &["0", "99999999999999999"][..], &["budget is", "between 1 and"][..]),
        ("--budget", &["-5", "many", "1.5", ""], &["--budget"]),
        ("--seeds", &["0", "99999999"], &["seeds is", "between 1 and"]),
        ("--seeds", &["-1", "x"], &["--seeds"]),
        ("--tuning-seeds", &["0"], &["tuning-seeds is 0", "between 1 and"]),
        ("--grid", &["0", "1000"], &["grid is", "between 1 and"]),
        ("--lr", &["0", "-1", "NaN", "inf"], &["lr is", "above 0"]),
        ("--lr", &["fast"], &["--lr"]),
        ("--threads", &["0", "99999999"], &["threads is", "between 1 and"]),
        ("--seed", &["-1", "x"], &["--seed"]),
        ("--seed", &["18446744073709551615"], &["seed is", "between 0 and"]),
    ] {
        for value in values {
            refused(&bench.deo(&["escape", option, value]), words);
        }
    }
}

#[test]
fn a_rate_that_is_given_is_not_tuned() {
    let bench = Bench::new();
    let deo = |more: &[&str]| bench.deo(&[&["escape", "--lr", "0.1"], more].concat());
    refused(&deo(&["--grid", "3"]), &["--grid does nothing here", "--lr"]);
    refused(&bench.deo(&["escape", "--tuning-seeds", "0"]), &["tuning-seeds is 0", "between 1"]);
    let unused = ["--tuning-seeds does nothing here", "--lr"];
    refused(&deo(&["--methods", "gd,escape+gd", "--tuning-seeds", "3"]), &unused);
}

#[test]
fn files() {
    let bench = Bench::new();
    bench.write("file", b"");
    std::fs::create_dir_all(bench.path("taken/octopus-5-1.svg")).unwrap();
    let out = |dir| bench.deo(&["escape", "--suite", "octopus-5-1", "--out", dir]);
    refused(&out("file"), &["\"file\"", "directory that can be created"]);
    refused(&out("file/below"), &["file/below"]);
    refused(&out("taken"), &["octopus-5-1.svg", "is a directory"]);
    assert_eq!(common::names(&bench.path("taken")), ["octopus-5-1.svg"]);
    let config = |text: &str| {
        bench.write("run.toml", text.as_bytes());
        bench.deo(&["escape", "--config", "run.toml"])
    };
    refused(&config("seeds = 3\nmethod = ['gd']"), &["line 2", "method", "`methods`"]);
    refused(&config("methods = 'gd'"), &["line 1", "methods"]);
    refused(&config("methods = ['sgd']"), &["no method", "sgd"]);
    refused(&config("seeds = 0"), &["seeds is 0"]);
    refused(&bench.deo(&["escape", "--config", "missing.toml"]), &["missing.toml"]);
}
