//! `deo spectrum` on a GPT: batches, weights, precision, threads.

mod common;

use common::Bench;
use deo_cli::npy;
use deo_core::Objective;
use deo_linalg::Threads;
use deo_models::data::{Corpus, evaluation_batches};
use deo_models::gpt::{Gpt, GptConfig};
use deo_models::weights;
use serde_json::Value;

/// The tiny GPT on the small text: an eighth of a millisecond a gradient.
const SMALL: &[&str] =
    &["spectrum", "--preset", "tiny", "--text", "text.txt", "--batch", "3", "--block", "8"];

fn json(bench: &Bench, arguments: &[&str]) -> Value {
    let outcome = bench.deo(&[SMALL, arguments, &["--json"]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn numbers(json: &Value, key: &str) -> Vec<f64> {
    json[key].as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

fn model(bench: &Bench) -> (Gpt<f64>, Corpus) {
    let corpus = Corpus::from_file(bench.path("text.txt")).unwrap();
    let config = GptConfig { block: 8, ..GptConfig::tiny(corpus.vocabulary().len()) };
    (Gpt::new(config, Threads::One).unwrap(), corpus)
}

#[test]
fn eigenvalue_and_standard_errors_are_those_of_the_batches() {
    let bench = Bench::new();
    let arguments =
        ["--batches", "4", "--fresh", "3", "--seed", "5", "--which", "both", "--vectors", "v.npy"];
    let json = json(&bench, &arguments);
    assert_eq!(json["converged"], true);
    let (mut gpt, corpus) = model(&bench);
    let x = gpt.init(5);
    let batches = evaluation_batches(corpus.train(), 7, 3, 8, 5).unwrap();
    let n = x.len();
    let vectors = npy::read(&bench.path("v.npy")).unwrap();
    for (pair, v) in vectors.values.chunks(n).enumerate() {
        // ⟨v, ∇f(x + hv) − ∇f(x − hv)⟩/2h of every batch, at a length of this test's own.
        let h = 1e-4;
        let mut slope = |batch, h: f64| {
            let point: Vec<f64> = x.iter().zip(v).map(|(x, v)| x + h * v).collect();
            let mut g = vec![0.0; n];
            gpt.on(batch).value_grad(&point, &mut g);
            g.iter().zip(v).map(|(g, v)| g * v).sum::<f64>()
        };
        let curvatures: Vec<f64> =
            batches.iter().map(|batch| (slope(batch, h) - slope(batch, -h)) / (2.0 * h)).collect();
        for (keys, part) in [
            (["eigenvalues", "standard_errors"], &curvatures[..4]),
            (["fresh", "fresh_errors"], &curvatures[4..]),
        ] {
            let count = part.len() as f64;
            let mean = part.iter().sum::<f64>() / count;
            let variance = part.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / (count - 1.0);
            let [found, error] = keys.map(|key| numbers(&json, key)[pair]);
            // Central differences at 1e-4 leave some 1e-6 of a curvature of ten.
            assert!((found - mean).abs() < 1e-4 * mean.abs(), "{found} for {mean}");
            assert!((error - (variance / count).sqrt()).abs() < 1e-3 * error, "{error}");
        }
    }
}

#[test]
fn the_tokens_of_the_batches_are_kept_for_others_to_check() {
    let bench = Bench::new();
    json(&bench, &["--batches", "2", "--fresh", "3", "--seed", "5", "--tokens", "t.npy"]);
    let (_, corpus) = model(&bench);
    let batches = evaluation_batches(corpus.train(), 2, 3, 8, 5).unwrap();
    let tokens = npy::read(&bench.path("t.npy")).unwrap();
    assert_eq!(tokens.shape, [2 * 2 * 3, 8]);
    let inputs = batches.iter().flat_map(|batch| &batch.inputs);
    let targets = batches.iter().flat_map(|batch| &batch.targets);
    let expected: Vec<f64> = inputs.chain(targets).copied().map(f64::from).collect();
    assert_eq!(tokens.values, expected);
}

#[test]
fn one_batch_has_no_standard_error_and_more_batches_are_advised() {
    let bench = Bench::new();
    let json = json(&bench, &["--batches", "1"]);
    assert!(numbers(&json, "standard_errors")[0].is_nan() && numbers(&json, "fresh")[0].is_nan());
    let advice = json["advice"].as_array().unwrap();
    assert!(advice.iter().any(|line| line.as_str().unwrap().contains("--batches")), "{json}");
}

#[test]
fn single_precision_finds_what_double_does_by_either_rule() {
    let bench = Bench::new();
    let find = |arguments: &[&str]| {
        let json = json(&bench, &[&["--batches", "2", "--which", "both"], arguments].concat());
        numbers(&json, "eigenvalues")
    };
    let double = find(&[]);
    // At the length that suits functions of a few variables the central rule misses by half.
    for arguments in [
        &["--precision", "f32"][..],
        &["--precision", "f32", "--rule", "central"],
        &["--rule", "central"],
    ] {
        for (found, double) in find(arguments).iter().zip(&double) {
            assert!(
                (found - double).abs() < 2e-3 * double.abs(),
                "{found} for {double} by {arguments:?}"
            );
        }
    }
}

#[test]
fn a_length_that_is_too_long_is_used_if_asked_for_and_shows_in_the_error() {
    let bench = Bench::new();
    let exact = numbers(&json(&bench, &["--batches", "2"]), "eigenvalues")[0];
    let long = json(
        &bench,
        &["--batches", "2", "--length", "1e-2", "--no-confirm", "--max-gradients", "60"],
    );
    let (found, error) = (numbers(&long, "eigenvalues")[0], numbers(&long, "secant_errors")[0]);
    assert_eq!(long["length"], 0.01);
    assert!(
        (found - exact).abs() > 0.05 * exact.abs(),
        "{found} for {exact}: else this test shows nothing"
    );
    assert!(error > 0.2 * (found - exact).abs(), "{found} ± {error} for {exact}");
}

#[test]
fn weights_from_a_file_are_the_model() {
    let bench = Bench::new();
    let (gpt, _) = model(&bench);
    let single = Gpt::<f32>::new(*gpt.config(), Threads::One).unwrap();
    weights::save(&bench.path("w.safetensors"), single.layout(), &single.init(3)).unwrap();
    let at = |arguments: &[&str]| {
        json(&bench, &[&["--batches", "2", "--seed", "3"], arguments].concat())
    };
    let file = ["--weights", "w.safetensors", "--precision", "f32"];
    let (own, mut read) = (at(&["--precision", "f32"]), at(&file));
    read["seconds"] = own["seconds"].clone();
    assert_eq!(own, read);
    // In double precision the initial weights are other numbers than their roundings, but hardly.
    let (own, read) = (at(&[]), at(&file[..2]));
    let (own, read) = (numbers(&own, "eigenvalues")[0], numbers(&read, "eigenvalues")[0]);
    assert!(own != read && (own - read).abs() < 1e-4 * own.abs(), "{own} {read}");
}

#[test]
fn the_numbers_do_not_depend_on_the_threads() {
    let bench = Bench::new();
    let with = |threads: &str| {
        let arguments =
            ["--batches", "2", "--which", "both", "--trace", "--probes", "3", "--threads", threads];
        let mut json = json(&bench, &arguments);
        json["seconds"] = Value::Null;
        json
    };
    let one = with("1");
    assert_eq!(one, with("2"));
    assert_eq!(one, with("3"));
}
