//! What `deo train` prints and writes.

mod common;

use common::{Bench, names, read_json, read_lines};
use deo_core::Objective;
use deo_linalg::Threads;
use deo_models::data::{Corpus, evaluation_batches};
use deo_models::gpt::{Gpt, GptConfig};
use deo_models::weights;
use serde_json::Value;
use std::fs;

const RUN_KEYS: [&str; 9] = [
    "name",
    "train_loss",
    "val_loss",
    "gradients",
    "losses",
    "seconds",
    "rotations",
    "kicks",
    "curvature",
];

fn runs(json: &Value) -> &Vec<Value> {
    json["runs"].as_array().unwrap()
}

/// Whether DEO evaluated anything.
fn worked(run: &Value) -> bool {
    run["rotations"].as_u64() > Some(0) || run["losses"].as_u64() > Some(0)
}

/// 3·gradients + losses.
fn thirds(run: &Value) -> u64 {
    3 * run["gradients"].as_u64().unwrap() + run["losses"].as_u64().unwrap()
}

#[test]
fn the_json_object_has_its_keys_in_order_and_its_types() {
    let bench = Bench::new();
    let outcome = bench.train(&["--steps", "30", "--seed", "9", "--json"]);
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(json["command"], "train");
    assert_eq!(json["preset"], "tiny");
    assert_eq!(json["seed"], 9);
    let [base, helped] = &runs(&json)[..] else { panic!("two runs by default: {json}") };
    assert_eq!((&base["name"], &helped["name"]), (&"adamw".into(), &"adamw+escape".into()));
    assert_eq!(base["curvature"], Value::Null);
    for run in runs(&json) {
        assert_eq!(run.as_object().unwrap().len(), RUN_KEYS.len());
        assert!(["train_loss", "val_loss", "seconds"].iter().all(|key| run[key].is_f64()), "{run}");
        let counts = ["gradients", "losses", "rotations", "kicks"];
        assert!(counts.iter().all(|key| run[key].is_u64()), "{run}");
    }
    // serde_json's map sorts its keys: their order is seen in the text only.
    let order = |keys: &[&str], text: &str| {
        let places: Vec<_> = keys.iter().map(|key| text.find(&format!("\"{key}\":"))).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
    };
    order(&["command", "preset", "seed", "runs"], &outcome.stdout);
    order(&RUN_KEYS, &outcome.stdout);
    assert_eq!(outcome.stdout.lines().count(), 1);
}

#[test]
fn all_runs_get_the_same_budget() {
    let bench = Bench::new();
    for policy in ["escape", "deflate", "amplify", "compat-paper", "compat-sophia", "compat-adam"] {
        let mut arguments = ["--steps", "80", "--interval", "2", "--policy", policy].to_vec();
        if policy == "escape" {
            // All that it wants to spend, and a run that stands, to give it an occasion.
            arguments.extend(["--share", "1", "--allowance", "50", "--lr", "1e-6"]);
        }
        let json = bench.json(&arguments);
        let [base, helped] = &runs(&json)[..] else { panic!("two runs: {json}") };
        assert_eq!((thirds(base), &base["losses"]), (240, &0.into()));
        // Within the budget, and less than a gradient left.
        assert!((238..=240).contains(&thirds(helped)), "{policy}: {helped}");
        assert!(worked(helped), "{policy} must spend something: {helped}");
    }
}

#[test]
fn without_a_policy_there_is_one_run_and_it_is_the_first_of_two() {
    let bench = Bench::new();
    let steps = ["--steps", "12", "--optimizer", "sgd"];
    let alone = bench.json(&[&steps[..], &["--policy", "off"]].concat());
    let both = bench.json(&[&steps[..], &["--policy", "deflate"]].concat());
    assert_eq!(runs(&alone).len(), 1);
    assert_eq!(runs(&both)[1]["name"], "sgd+deflate");
    let losses = |run: &Value| (run["train_loss"].clone(), run["val_loss"].clone());
    assert_eq!(losses(&runs(&alone)[0]), losses(&runs(&both)[0]));
    // It has learnt something: better than the log of the 17 characters of the text.
    assert!(runs(&alone)[0]["val_loss"].as_f64().unwrap() < 2.8);
}

#[test]
fn the_output_directory_has_all_files_whole() {
    let bench = Bench::new();
    let steps = ["--steps", "40", "--eval-every", "10", "--out", "runs/first"];
    let outcome = bench.train(&steps);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let dir = bench.path("runs/first");
    assert_eq!(names(&dir), ["curves.svg", "metrics.jsonl", "record.json", "weights.safetensors"]);

    let record = read_json(&dir.join("record.json"));
    assert_eq!(record["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(record["settings"]["seed"], 1);
    assert_eq!(record["settings"]["optimizer"]["adamw"]["beta2"], 0.99);
    let budget = &record["settings"]["method"]["deo"]["budget"];
    assert_eq!(budget["allowance"], 0.8, "2 % of a short run");
    assert_eq!(budget["share"], 0.0, "all of it from the start");
    assert_eq!(record["failure"], Value::Null);
    assert_eq!(record["model"]["block"], 8);
    let text = fs::read_to_string(bench.path("text.txt")).unwrap();
    assert_eq!(record["text"]["characters"], text.chars().count());
    assert_eq!(record["sample"].as_str().unwrap().chars().count(), 20);

    let lines = read_lines(&dir.join("metrics.jsonl"));
    for run in runs(&record) {
        let of_run: Vec<_> = lines.iter().filter(|line| line["run"] == run["name"]).collect();
        assert_eq!(of_run.len() as u64, run["steps"].as_u64().unwrap());
        let (first, last) = (of_run[0], of_run[of_run.len() - 1]);
        assert_eq!((&first["step"], &first["gradients"]), (&1.into(), &1.into()));
        assert_eq!(last["gradients"], run["gradients"]);
        assert_eq!(last["losses"], run["losses"]);
        assert_eq!(last["val_loss"], run["val_loss"]);
        let evaluated = of_run.iter().filter(|line| !line["val_loss"].is_null());
        assert!((4..=5).contains(&evaluated.count()), "every 10 gradients, and at the end");
        assert!(of_run.iter().all(|line| line["ms"].as_f64().unwrap() > 0.0));
    }
    assert_eq!(lines[0]["event"], "quiet");
    assert!(
        fs::read_to_string(dir.join("curves.svg")).unwrap().contains("adamw+escape, validation")
    );

    // The weights are those of the last run: their loss on its validation batches is the recorded one.
    let corpus = Corpus::from_file(bench.path("text.txt")).unwrap();
    let shape = GptConfig { block: 8, ..GptConfig::tiny(corpus.vocabulary().len()) };
    let mut gpt = Gpt::<f32>::new(shape, Threads::One).unwrap();
    let weights = weights::load::<f32>(&dir.join("weights.safetensors"), gpt.layout()).unwrap();
    let batch = record["settings"]["batch"].as_u64().unwrap() as usize;
    let count = record["settings"]["eval_batches"].as_u64().unwrap() as usize;
    let batches = evaluation_batches(corpus.validation(), count, batch, 8, 1).unwrap();
    let sum: f64 = batches.iter().map(|batch| gpt.on(batch).value(&weights)).sum();
    let recorded = runs(&record)[1]["val_loss"].as_f64().unwrap();
    // The same numbers in the same order, but for the sum.
    assert!((sum / count as f64 - recorded).abs() < 1e-12 * recorded);

    for word in ["run", "adamw+escape", "curvature", "writes:", "runs/first"] {
        assert!(outcome.stdout.contains(word), "{word} is not in:\n{}", outcome.stdout);
    }
}

#[test]
fn metrics_show_what_was_measured_and_where() {
    let bench = Bench::new();
    bench.json(&["--steps", "50", "--policy", "deflate", "--interval", "5", "--out", "o"]);
    let lines = read_lines(&bench.path("o/metrics.jsonl"));
    let helped = || lines.iter().filter(|line| line["run"] == "adamw+deflate");
    let tracked: Vec<_> = helped().filter(|line| line["event"] == "tracked").collect();
    assert!(!tracked.is_empty());
    assert!(tracked.iter().all(|line| line["curvature"].is_f64() && line["residual"].is_f64()));
    assert!(
        helped().filter(|line| line["event"] == "quiet").all(|line| line["curvature"].is_null())
    );
    let record = read_json(&bench.path("o/record.json"));
    let last = tracked[tracked.len() - 1];
    assert_eq!(record["runs"][1]["curvature"], last["curvature"]);
}

#[test]
fn both_runs_start_alike() {
    let bench = Bench::new();
    bench.json(&["--steps", "30", "--policy", "compat-paper", "--interval", "20", "--out", "o"]);
    let lines = read_lines(&bench.path("o/metrics.jsonl"));
    let losses = |run: &str| -> Vec<Value> {
        let of_run = lines.iter().filter(|line| line["run"] == run);
        of_run.map(|line| line["loss"].clone()).collect()
    };
    let (base, helped) = (losses("adamw"), losses("adamw+compat-paper"));
    assert_eq!(base[0], helped[0], "the same weights and the same batch");
    // The paper's rule projects from the first step on, with its random axis.
    assert_ne!(base[1..], helped[1..]);
    assert_eq!((base.len(), helped.len()), (30, 29));
}

#[test]
fn the_command_line_beats_the_file_and_the_file_beats_the_preset() {
    let bench = Bench::new();
    let toml = "preset = 'paper-small'\nbatch = 2\nsteps = 7\nseed = 5\nlr = 0.5\neval_every = 3\nalpha = 0.25\n";
    bench.write("run.toml", toml.as_bytes());
    let arguments = ["--config", "run.toml", "--lr", "0.001", "--policy", "off", "--out", "o"];
    let json = bench.json(&arguments);
    assert_eq!((&json["preset"], &json["seed"]), (&"paper-small".into(), &5.into()));
    let settings = read_json(&bench.path("o/record.json"))["settings"].clone();
    assert_eq!(settings["steps"], 7, "the file beats the preset's 2000");
    assert_eq!(settings["batch"], 4, "the command line beats the file");
    assert_eq!(settings["schedule"]["WarmupCosine"]["peak"], 0.001);
    assert_eq!(settings["eval_every"], 3);
    assert_eq!(settings["policy"], "off", "a file may hold settings of other policies");
}

#[test]
fn the_experiments_of_this_crate_are_valid() {
    let bench = Bench::new();
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/experiments");
    assert!(!names(dir.as_ref()).is_empty());
    for name in names(dir.as_ref()) {
        let path = format!("{dir}/{name}");
        let short = ["--config", &path, "--steps", "2", "--warmup", "0", "--eval-batches", "1"];
        assert_eq!(runs(&bench.json(&short)).len(), 2, "{name}");
    }
}

#[test]
fn a_run_that_diverges_fails_and_says_so() {
    let bench = Bench::new();
    let arguments =
        ["--steps", "40", "--optimizer", "sgd", "--lr", "1e37", "--clip", "0", "--warmup", "0"];
    let outcome = bench.train(&[&arguments[..], &["--json", "--out", "o"]].concat());
    assert_eq!(outcome.code, 3, "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(outcome.stdout, "");
    assert_eq!(outcome.stderr.lines().count(), 1);
    assert!(outcome.stderr.contains("not finite in 10 steps in a row"), "{}", outcome.stderr);
    let record = read_json(&bench.path("o/record.json"));
    assert!(record["failure"].as_str().unwrap().contains("sgd failed"));
    assert_eq!(record["runs"], Value::Array(vec![]));
    let lines = read_lines(&bench.path("o/metrics.jsonl"));
    let skipped: Vec<_> = lines.iter().filter(|line| line["event"] == "skipped").collect();
    assert_eq!(skipped.len(), 10);
    assert!(skipped.iter().all(|line| line["loss"].is_null() || line["gradient_norm"].is_null()));
    assert!(lines.len() < 40, "it stopped early");
    assert!(skipped.iter().all(|line| line["non_finite"] == 1));
    assert!(
        lines.iter().all(|line| (line["event"] == "skipped") == line.get("non_finite").is_some())
    );
}

#[test]
fn a_failure_names_the_last_good_checkpoint_which_is_from_before() {
    let bench = Bench::new();
    let arguments =
        ["--steps", "40", "--optimizer", "sgd", "--lr", "1e37", "--clip", "0", "--warmup", "0"];
    let save = ["--save-every", "1", "--out", "o"];
    let outcome = bench.train(&[&arguments[..], &save].concat());
    assert_eq!(outcome.code, 3);
    let number = |text: &str, before: &str| -> u64 {
        let digits = text.split_once(before).unwrap().1.split(|c: char| !c.is_ascii_digit());
        digits.into_iter().next().unwrap().parse().unwrap()
    };
    let name = "last good checkpoint is \"o/checkpoints/checkpoint-";
    let (first, good) = (number(&outcome.stderr, "from step "), number(&outcome.stderr, name));
    assert!(good < first, "{}", outcome.stderr);
    let files = names(&bench.path("o/checkpoints"));
    let newer = |name: &&String| number(name, "checkpoint-") > good;
    assert_eq!(files.iter().filter(newer).count(), 0, "{files:?}");
    let failed = fs::read(bench.path("o/record.json")).unwrap();
    // Its steps are taken again, and it fails again.
    let again = bench.deo(&["train", "--resume", "o"]);
    assert_eq!((again.code, &again.stderr), (3, &outcome.stderr));
    assert_eq!(fs::read(bench.path("o/record.json")).unwrap(), failed);
}

#[test]
fn how_often_it_saves_changes_nothing() {
    let bench = Bench::new();
    let run = |save: &[&str]| {
        bench.json(&[&["--steps", "25", "--out", "o"], save].concat());
        let weights = fs::read(bench.path("o/weights.safetensors")).unwrap();
        fs::remove_dir_all(bench.path("o")).unwrap();
        weights
    };
    let weights = run(&[]);
    assert!(run(&["--save-every", "1"]) == weights);
    assert!(run(&["--save-every", "7"]) == weights);
}

#[test]
fn help_goes_to_standard_output() {
    let bench = Bench::new();
    for arguments in [&["--help"][..], &["train", "--help"], &["--version"]] {
        let outcome = bench.deo(arguments);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
        assert!(outcome.stdout.contains("deo"));
    }
    let help = bench.deo(&["train", "--help"]).stdout;
    for word in ["Examples:", "Optimizer:", "DEO:", "paper-small", "default: tiny"] {
        assert!(help.contains(word), "{word}");
    }
}

#[test]
fn several_seeds_give_means_and_spreads_of_the_runs_of_each() {
    let bench = Bench::new();
    let short = ["--steps", "12", "--seed", "3"];
    let all = bench.json(&[&short[..], &["--seeds", "3"]].concat());
    assert_eq!(all["seeds"], serde_json::json!([3, 4, 5]));
    // A training of several seeds is the trainings of each.
    let one = bench.json(&["--steps", "12", "--seed", "4"]);
    for run in [0, 1] {
        assert_eq!(all["trainings"][1][run]["val_loss"], one["runs"][run]["val_loss"]);
    }
    let losses = |run: usize| -> Vec<f64> {
        let trainings = all["trainings"].as_array().unwrap();
        trainings.iter().map(|training| training[run]["val_loss"].as_f64().unwrap()).collect()
    };
    let mean = losses(1).iter().zip(losses(0)).map(|(h, a)| h - a).sum::<f64>() / 3.0;
    let told = all["val_loss_difference"]["mean"].as_f64().unwrap();
    assert!((told - mean).abs() < 1e-12, "{told} and {mean}");

    let outcome = bench.train(&[&short[..], &["--seeds", "2"]].concat());
    assert!(outcome.stdout.contains(" ± ") && outcome.stdout.contains("within each seed"));
    common::refused(
        &bench.deo(&["train", "--seeds", "2", "--resume", "o"]),
        &["seeds", "--resume"],
    );
    common::refused(&bench.train(&["--seeds", "0"]), &["seeds", "between 1"]);
}

#[test]
fn several_seeds_are_kept_each_as_the_training_that_it_is() {
    let bench = Bench::new();
    let short = ["--steps", "6", "--seed", "3"];
    let outcome = bench.train(&[&short[..], &["--seeds", "2", "--out", "all"]].concat());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    assert!(outcome.stdout.contains("all/seed-3 to all/seed-4"), "{}", outcome.stdout);
    assert_eq!(common::names(&bench.path("all")), ["seed-3", "seed-4"]);
    assert_eq!(bench.train(&["--steps", "6", "--seed", "4", "--out", "one"]).code, 0);
    let [mut all, mut one] =
        ["all/seed-4", "one"].map(|dir| common::read_json(&bench.path(dir).join("record.json")));
    for record in [&mut all, &mut one] {
        for run in record["runs"].as_array_mut().unwrap() {
            run["seconds"] = 0.into();
        }
    }
    assert_eq!(all, one);
}
