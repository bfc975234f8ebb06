//! What `deo train --monitor` measures and leaves. That it changes nothing is in `determinism.rs`.

mod common;

use common::{Bench, names, read_json, read_lines};
use serde_json::Value;
use std::fs;

const END: [&str; 4] = ["curvature", "residual", "secant_error", "status"];

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn metrics_record_table_and_plot_have_both_ends() {
    let bench = Bench::new();
    let arguments = ["--steps", "45", "--monitor", "--monitor-interval", "10", "--out", "o"];
    let outcome = bench.train(&arguments);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let dir = bench.path("o");
    assert_eq!(
        names(&dir),
        ["curvature.svg", "curves.svg", "metrics.jsonl", "record.json", "weights.safetensors"]
    );
    let record = read_json(&dir.join("record.json"));
    let monitor = &record["settings"]["monitor"];
    assert_eq!((&monitor["batches"], &monitor["interval"]), (&2.into(), &10.into()));
    let lines = read_lines(&dir.join("metrics.jsonl"));
    for run in record["runs"].as_array().unwrap() {
        let of_run: Vec<_> = lines.iter().filter(|line| line["run"] == run["name"]).collect();
        let seen: Vec<_> = of_run.iter().filter(|line| line.get("monitor").is_some()).collect();
        let steps: Vec<_> = seen.iter().map(|line| line["step"].as_u64().unwrap()).collect();
        assert!(steps.starts_with(&[1, 11, 21, 31]), "before every tenth step: {steps:?}");
        let mut gradients = 0;
        for line in &seen {
            let sight = &line["monitor"];
            for end in ["lowest", "highest"] {
                assert!(END.iter().all(|key| !sight[end][key].is_null()), "{sight}");
                assert!(number(&sight[end]["residual"]) >= 0.0);
            }
            assert!(number(&sight["lowest"]["curvature"]) < number(&sight["highest"]["curvature"]));
            let now = sight["gradients"].as_u64().unwrap();
            // The one at x and at least one for each end, on two batches.
            assert!(now >= gradients + 6 && now % 2 == 0, "{gradients} then {now}");
            gradients = now;
        }
        let last = &run["monitor"];
        assert_eq!(last["visits"].as_u64().unwrap() as usize, seen.len() + 1, "one at the end");
        assert!(last["gradients"].as_u64().unwrap() > gradients && last["seconds"].is_f64());
        assert!(outcome.stdout.contains(&format!("{:.3}", number(&last["lowest"]["curvature"]))));
    }
    for word in
        ["λ_min", "± residual", "2 fixed training batches", "every 10 steps", "curvature.svg"]
    {
        assert!(outcome.stdout.contains(word), "{word} is not in:\n{}", outcome.stdout);
    }
    let plot = fs::read_to_string(dir.join("curvature.svg")).unwrap();
    assert!(["λ_max", "λ_min", "adamw+escape"].iter().all(|word| plot.contains(word)));
}

#[test]
fn the_last_visit_agrees_with_the_spectrum_of_the_weights() {
    let bench = Bench::new();
    let run = ["--steps", "60", "--policy", "off", "--seed", "3", "--out", "o"];
    // Enough gradients that both ends converge, to a residual of 1 %.
    let monitor = ["--monitor", "--monitor-gradients", "400", "--monitor-batches", "3"];
    let json = bench.json(&[&run[..], &monitor].concat());
    let seen = &json["runs"][0]["monitor"];
    let spectrum = bench.deo(
        &[
            &[
                "spectrum",
                "--preset",
                "tiny",
                "--weights",
                "o/weights.safetensors",
                "--text",
                "text.txt",
            ],
            &["--batch", "4", "--block", "8", "--batches", "3", "--seed", "3"][..],
            &["--which", "both", "--precision", "f64", "--json"],
        ]
        .concat(),
    );
    assert_eq!(spectrum.code, 0, "{}", spectrum.stderr);
    let spectrum: Value = serde_json::from_str(&spectrum.stdout).unwrap();
    assert_eq!(spectrum["converged"], true);
    let eigenvalues = spectrum["eigenvalues"].as_array().unwrap();
    assert_eq!(eigenvalues.len(), 2);
    for (exact, end) in eigenvalues.iter().map(number).zip(["lowest", "highest"]) {
        assert_eq!(seen[end]["status"], "converged", "{seen}");
        let found = number(&seen[end]["curvature"]);
        // An eigenvalue lies within the residual, up to the error of single precision.
        let bar = number(&seen[end]["residual"]) + 2.0 * number(&seen[end]["secant_error"]);
        assert!((exact - found).abs() <= bar, "{end}: {found} ± {bar}, {exact}");
    }
}

#[test]
fn a_file_may_ask_for_it_and_the_command_line_decide() {
    let bench = Bench::new();
    let toml = "monitor = true\nmonitor-interval = 3\nmonitor_gradients = 2\nmonitor-batches = 1\n";
    bench.write("run.toml", toml.as_bytes());
    let run = ["--steps", "7", "--policy", "off", "--config", "run.toml"];
    let monitor =
        |more: &[&str]| bench.json(&[&run[..], more].concat())["runs"][0]["monitor"].clone();
    let from_file = monitor(&[]);
    // Before steps 0, 3 and 6, and at the end.
    assert_eq!(from_file["visits"], 4);
    // After the first, one gradient at x and at most two for each end, all on one batch; the first has 81 at most.
    let gradients = from_file["gradients"].as_u64().unwrap();
    assert!((4 * 3..=81 + 3 * 5).contains(&gradients), "{gradients}");
    assert_eq!(monitor(&["--monitor-interval", "2"])["visits"], 5);
    // Switched off there, its other settings in the file are no mistake.
    assert_eq!(monitor(&["--monitor=false"]), Value::Null);
}
