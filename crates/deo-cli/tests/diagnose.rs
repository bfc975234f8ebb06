//! `deo diagnose`: what it says of points whose answer is known, what it writes, what it refuses.

mod common;

use common::{Bench, refused};
use serde_json::Value;

fn json(bench: &Bench, arguments: &[&str]) -> Value {
    let out = bench.deo(&[&["diagnose", "--json"], arguments].concat());
    assert_eq!((out.code, out.stderr.as_str()), (0, ""), "{}", out.stdout);
    serde_json::from_str(&out.stdout).unwrap()
}

#[test]
fn a_flat_saddle_is_worth_leaving_and_its_numbers_are_those_of_the_formula() {
    let bench = Bench::new();
    let found = json(&bench, &["--problem", "strict-saddle", "--base", "gd", "--lr", "0.5"]);
    assert_eq!(found["sentence"], "at a saddle worth leaving");
    assert_eq!(found["verdict"], "saddle");
    let number = |value: &Value| value.as_f64().unwrap();
    // λ_min = −1e-3 at 0, the minima at distance 2, from 1e-6: ln(R)/ln(1 + 5e-4) with R = 2/d.
    assert!((number(&found["lowest"]["curvature"]) / -1e-3 - 1.0).abs() < 1e-3);
    assert!((number(&found["turn"]).abs() / 2.0 - 1.0).abs() < 0.1);
    let distance = number(&found["slope"]).abs() / 1e-3;
    let exact = (2.0 / distance).ln() / 5e-4_f64.ln_1p();
    assert!((number(&found["base_gradients"]) / exact - 1.0).abs() < 0.05, "{found} {exact}");
    assert!(number(&found["axis_gradients"]) < 100.0);
}

#[test]
fn other_batches_are_heard_and_other_seeds_change_the_answer() {
    let bench = Bench::new();
    let arguments =
        ["--problem", "tanh-plateau-64", "--base", "adam", "--steps", "5", "--others", "3"];
    let found = json(&bench, &arguments);
    let others = &found["others"];
    assert_eq!(others["batches"], 3);
    assert!(others["standard_error"].as_f64().unwrap() > 0.0);
    assert_eq!(found, json(&bench, &arguments), "the same bits again");
    let seed = json(&bench, &[&arguments[..], &["--seed", "2"]].concat());
    assert_ne!(found["loss"], seed["loss"]);
    let alone = json(&bench, &["--problem", "tanh-plateau-64", "--others", "0"]);
    assert_eq!(alone["others"], Value::Null);
}

#[test]
fn the_table_and_the_plot() {
    let bench = Bench::new();
    let out =
        bench.deo(&["diagnose", "--problem", "quartic-well", "--base", "gd", "--plot", "door.svg"]);
    assert_eq!(out.code, 0, "{}", out.stderr);
    for words in
        ["At a saddle worth leaving.", "λ_min", "gradients for the base to leave", "It cost "]
    {
        assert!(out.stdout.contains(words), "{}", out.stdout);
    }
    let svg = std::fs::read_to_string(bench.path("door.svg")).unwrap();
    assert!(
        svg.starts_with("<svg") && svg.contains("distance along the axis") && !svg.contains("NaN")
    );
}

#[test]
fn a_network_at_its_start() {
    let bench = Bench::new();
    let arguments = [
        "--preset",
        "tiny",
        "--text",
        "text.txt",
        "--batch",
        "2",
        "--others",
        "2",
        "--max-gradients",
        "12",
    ];
    let found = json(&bench, &arguments);
    assert!(found["dimension"].as_u64().unwrap() > 90_000);
    assert!(found["gradients"].as_u64().unwrap() <= 13 + 5);
}

#[test]
fn weights_of_another_context_are_looked_at_with_it() {
    let bench = Bench::new();
    let train = ["--steps", "2", "--block", "8", "--batch", "2", "--out", "run", "--policy", "off"];
    assert_eq!(bench.train(&train).code, 0);
    let run = ["--preset", "tiny", "--text", "text.txt", "--weights", "run/weights.safetensors"];
    let asked = [&run[..], &["--batch", "2", "--others", "0", "--max-gradients", "8"]].concat();
    let of = bench.deo(&[&["diagnose"], &asked[..]].concat());
    refused(&of, &["[8, 64]", "[32, 64]", "--block 8"]);
    let found = json(&bench, &[&asked[..], &["--block", "8"]].concat());
    assert_eq!(found["settings"]["target"]["gpt"]["block"], 8, "{found}");
}

#[test]
fn what_is_wrong_is_said() {
    let bench = Bench::new();
    let deo = |arguments: &[&str]| bench.deo(&[&["diagnose"], arguments].concat());
    refused(&deo(&[]), &["there is nothing to look at", "--problem and --preset"]);
    refused(
        &deo(&["--problem", "xor", "--preset", "tiny"]),
        &["two things", "--problem and --preset"],
    );
    refused(&deo(&["--problem", "xxor"]), &["no problem \"xxor\"", "identical-units, xor"]);
    refused(
        &deo(&["--problem", "xor", "--weights", "w"]),
        &["--weights does nothing here", "--preset"],
    );
    refused(&deo(&["--problem", "xor", "--block", "8"]), &["--block does nothing here"]);
    refused(&deo(&["--preset", "tiny", "--block", "0"]), &["block is 0", "between 1 and 1024"]);
    refused(&deo(&["--problem", "xor", "--base", "sgd"]), &["no base \"sgd\"", "gd, heavy-ball"]);
    for lr in ["0", "-1", "NaN"] {
        refused(&deo(&["--problem", "xor", "--lr", lr]), &["lr is", "above 0"]);
    }
    refused(&deo(&["--problem", "xor", "--tol", "2"]), &["tol is 2", "below 1"]);
    refused(
        &deo(&["--problem", "xor", "--max-gradients", "3"]),
        &["max-gradients is 3", "between 8"],
    );
    refused(&deo(&["--preset", "tiny", "--weights", "none.safetensors"]), &["none.safetensors"]);
    std::fs::create_dir(bench.path("taken")).unwrap();
    refused(&deo(&["--problem", "xor", "--plot", "taken"]), &["\"taken\"", "directory"]);
    let out = deo(&["--problem", "xor", "--base", "gd", "--lr", "1e9", "--steps", "99"]);
    assert_eq!(out.code, 1, "{}", out.stdout);
    assert!(
        out.stderr.contains("a smaller --lr") && out.stderr.lines().count() == 1,
        "{}",
        out.stderr
    );
}
