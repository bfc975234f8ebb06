//! What `deo spectrum` prints and writes, against closed forms and dense solvers.

mod common;

use common::{Bench, Outcome, names, read_json};
use deo_cli::npy::{self, Scalar};
use deo_linalg::eigen::symmetric_eigen;
use serde_json::Value;
use std::fs;

fn spectrum(bench: &Bench, arguments: &[&str]) -> Outcome {
    let outcome = bench.deo(&[&["spectrum"], arguments].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "", "a pipe is no terminal: no progress");
    outcome
}

fn json(bench: &Bench, arguments: &[&str]) -> Value {
    let outcome = spectrum(bench, &[arguments, &["--json"]].concat());
    assert_eq!(outcome.stdout.lines().count(), 1);
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn numbers(json: &Value) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

/// A symmetric matrix of order n without structure, row after row.
fn matrix(n: usize) -> Vec<f64> {
    let entry = |i: usize, j: usize| {
        ((i * j + 7 * (i + j)) as f64).sin() + if i == j { (i % 5) as f64 } else { 0.0 }
    };
    (0..n * n).map(|k| entry(k / n, k % n)).collect()
}

fn write_matrix(bench: &Bench, name: &str, scalar: Scalar, n: usize, values: &[f64]) {
    let rows: Vec<Vec<f64>> = values.chunks(n).map(<[f64]>::to_vec).collect();
    bench.write(name, &npy::to_bytes(scalar, n, &rows));
}

#[track_caller]
fn assert_near(found: f64, expected: f64, relative: f64) {
    let scale = expected.abs().max(f64::MIN_POSITIVE);
    assert!((found - expected).abs() <= relative * scale, "{found} for {expected}");
}

#[test]
fn the_json_object_has_its_keys_in_order() {
    let bench = Bench::new();
    let arguments = ["--landscape", "muller-brown", "--which", "both", "--json"];
    let text = spectrum(&bench, &arguments).stdout;
    let keys = [
        "command",
        "eigenvalues",
        "residuals",
        "products",
        "gradients",
        "converged",
        "standard_errors",
        "secant_errors",
        "gaps",
        "complete_to",
        "fresh",
        "fresh_errors",
        "statuses",
        "trace",
        "density",
        "dimension",
        "batches",
        "length",
        "loss",
        "gradient_norm",
        "seed",
        "seconds",
        "advice",
    ];
    let places: Vec<_> = keys.iter().map(|key| text.find(&format!("\"{key}\":"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json.as_object().unwrap().len(), keys.len());
    assert_eq!((&json["command"], &json["converged"]), (&"spectrum".into(), &true.into()));
    assert_eq!(json["standard_errors"], serde_json::json!([null, null]));
    assert!(json["products"].is_u64() && json["gradients"].is_u64());
}

#[test]
fn curvatures_of_closed_form_are_found_in_either_precision() {
    let bench = Bench::new();
    // Eigenvalues of the Hessian, lowest and highest.
    for (target, lowest, highest) in [
        (&["muller-brown"][..], -750.862662839277, 490.240708063741),
        (&["muller-brown", "--at", "saddle-2"], -735.247262112371, 510.88656547),
        (
            &["muller-brown", "--at", "0.6234994049308765,0.02803775852868567"],
            543.83618902,
            3005.39586453,
        ),
        (&["strict-saddle"], -1.0, 2.25),
        (&["strict-saddle", "--at", "-2, 0"], 2.0, 2.25),
        (&["octopus", "--at", "saddle-3"], -2.0, 2.0),
        (&["octopus", "--at", "minimum"], 2.0, 2.0),
        // ±6 √(x² + y²)
        (&["monkey", "--at", "-0.3,0.4"], -3.0, 3.0),
        // 1 + 5b ∓ √((1 + 3b)² + 16b²), b = 100
        (&["rosenbrock"], 0.3993607674876216, 1001.6006392325124),
    ] {
        // Storage in single precision turns an axis by 1e-7 or so, times the ratio of the eigenvalues.
        let stiff = highest / f64::abs(lowest) > 1e3;
        for (precision, tolerance) in [("f64", 1e-6), ("f32", if stiff { 1e-2 } else { 1e-3 })] {
            for rule in ["forward", "central"] {
                let more = ["--which", "both", "--precision", precision, "--rule", rule];
                let json = json(&bench, &[&["--landscape"], target, &more].concat());
                let found = numbers(&json["eigenvalues"]);
                assert_near(found[0], lowest, tolerance);
                assert_near(found[1], highest, tolerance);
            }
        }
    }
}

#[test]
fn a_vanishing_hessian_has_no_sign() {
    let bench = Bench::new();
    for rule in ["forward", "central"] {
        let json = json(&bench, &["--landscape", "monkey", "--rule", rule]);
        let (found, error) = (numbers(&json["eigenvalues"])[0], numbers(&json["secant_errors"])[0]);
        assert!(found.abs() <= error.max(f64::MIN_POSITIVE), "{found} ± {error}");
    }
}

#[test]
fn a_matrix_gives_the_pairs_of_a_dense_solver() {
    let (bench, n) = (Bench::new(), 60);
    let values = matrix(n);
    write_matrix(&bench, "m.npy", Scalar::F64, n, &values);
    let dense = symmetric_eigen(&values, n).unwrap();
    let expected: Vec<f64> =
        dense.values[..3].iter().chain(dense.values.iter().rev().take(3)).copied().collect();
    let arguments =
        ["--matrix", "m.npy", "--k", "3", "--which", "both", "--tol", "1e-7", "--vectors", "v.npy"];
    let json = json(&bench, &arguments);
    for (found, expected) in numbers(&json["eigenvalues"]).iter().zip(&expected) {
        assert_near(*found, *expected, 1e-12);
    }
    assert_eq!((&json["gradients"], &json["loss"]), (&0.into(), &Value::Null));

    let vectors = npy::read(&bench.path("v.npy")).unwrap();
    assert_eq!((&vectors.shape[..], vectors.scalar), (&[6, n][..], Scalar::F64));
    let residuals = numbers(&json["residuals"]);
    for (i, v) in vectors.values.chunks(n).enumerate() {
        let mv: Vec<f64> =
            values.chunks(n).map(|row| row.iter().zip(v).map(|(a, v)| a * v).sum()).collect();
        let r: f64 =
            mv.iter().zip(v).map(|(mv, v)| (mv - expected[i] * v).powi(2)).sum::<f64>().sqrt();
        let norm: f64 = v.iter().map(|v| v * v).sum();
        assert_near(norm, 1.0, 1e-12);
        assert!(r <= 1e-7 * expected[i].abs(), "residual {r}");
        // Rounding of sixty terms.
        assert!(
            (r - residuals[i]).abs() <= 1e-12,
            "the residual reported is the residual: {r} {}",
            residuals[i]
        );
    }
}

#[test]
fn matrices_of_single_precision_and_of_column_order_are_read() {
    let (bench, n) = (Bench::new(), 40);
    let values: Vec<f64> = matrix(n).iter().map(|value| f64::from(*value as f32)).collect();
    write_matrix(&bench, "m.npy", Scalar::F32, n, &values);
    let exact = symmetric_eigen(&values, n).unwrap();
    let found = numbers(&json(&bench, &["--matrix", "m.npy", "--which", "both"])["eigenvalues"]);
    assert_near(found[0], exact.values[0], 1e-6);
    let single = json(&bench, &["--matrix", "m.npy", "--which", "both", "--precision", "f32"]);
    assert_near(numbers(&single["eigenvalues"])[1], exact.values[n - 1], 1e-6);
}

#[test]
fn a_multiple_eigenvalue_is_found_as_often_as_it_is_there_and_the_identity_ends() {
    let (bench, n) = (Bench::new(), 30);
    let diagonal = |of: &dyn Fn(usize) -> f64| {
        (0..n * n).map(|k| if k / n == k % n { of(k / n) } else { 0.0 }).collect::<Vec<_>>()
    };
    write_matrix(
        &bench,
        "twice.npy",
        Scalar::F64,
        n,
        &diagonal(&|i| if i < 2 { -3.0 } else { i as f64 }),
    );
    let found = numbers(&json(&bench, &["--matrix", "twice.npy", "--k", "3"])["eigenvalues"]);
    for (found, expected) in found.iter().zip([-3.0, -3.0, 2.0]) {
        assert_near(*found, expected, 1e-6);
    }
    write_matrix(&bench, "one.npy", Scalar::F64, n, &diagonal(&|_| 1.0));
    let found = json(&bench, &["--matrix", "one.npy", "--k", "4", "--which", "both"]);
    assert!(numbers(&found["eigenvalues"]).iter().all(|value| (value - 1.0).abs() < 1e-12));
    write_matrix(&bench, "zero.npy", Scalar::F64, n, &diagonal(&|_| 0.0));
    assert_eq!(numbers(&json(&bench, &["--matrix", "zero.npy"])["eigenvalues"]), [0.0]);
    bench.write("single.npy", &npy::to_bytes(Scalar::F64, 1, &[vec![-7.0]]));
    assert_eq!(numbers(&json(&bench, &["--matrix", "single.npy"])["eigenvalues"]), [-7.0]);
}

#[test]
fn trace_and_density_are_those_of_the_matrix() {
    let (bench, n) = (Bench::new(), 50);
    let values = matrix(n);
    write_matrix(&bench, "m.npy", Scalar::F64, n, &values);
    let dense = symmetric_eigen(&values, n).unwrap();
    let arguments =
        ["--matrix", "m.npy", "--trace", "--probes", "200", "--density", "--density-vectors", "30"];
    let json = json(&bench, &[&arguments[..], &["--density-steps", "20", "--out", "out"]].concat());
    let trace: f64 = dense.values.iter().sum();
    let error = json["trace"]["standard_error"].as_f64().unwrap();
    // Four standard errors; and it is an error bar, not a guess.
    assert!((json["trace"]["trace"].as_f64().unwrap() - trace).abs() < 4.0 * error);
    assert!(error < 0.2 * dense.values.iter().map(|value| value * value).sum::<f64>().sqrt());

    let (nodes, weights) =
        (numbers(&json["density"]["nodes"]), numbers(&json["density"]["weights"]));
    assert_eq!(nodes.len(), 20 * 30);
    assert_near(weights.iter().sum(), 1.0, 1e-9);
    let second: f64 = nodes.iter().zip(&weights).map(|(node, weight)| weight * node * node).sum();
    // Its deviation over thirty vectors is a few per cent.
    assert_near(
        second,
        dense.values.iter().map(|value| value * value).sum::<f64>() / n as f64,
        0.2,
    );
    let flat = json["density"]["flat"].as_f64().unwrap();
    let below = dense.values.iter().filter(|value| **value < -flat).count() as f64 / n as f64;
    let negative = &json["density"]["negative"];
    let (share, error) =
        (negative["share"].as_f64().unwrap(), negative["standard_error"].as_f64().unwrap());
    // A step between two nodes of a quadrature of 20 is uncertain by a node more.
    assert!((share - below).abs() < 4.0 * error + 0.05, "{share} ± {error} for {below}");

    assert_eq!(names(&bench.path("out")), ["density.svg", "record.json"]);
    assert!(fs::read_to_string(bench.path("out/density.svg")).unwrap().contains("</svg>"));
}

#[test]
fn a_record_keeps_settings_and_results() {
    let bench = Bench::new();
    spectrum(&bench, &["--landscape", "octopus", "--k", "2", "--seed", "9", "--out", "runs/a"]);
    assert_eq!(names(&bench.path("runs/a")), ["record.json"]);
    let record = read_json(&bench.path("runs/a/record.json"));
    assert_eq!((&record["command"], &record["settings"]["seed"]), (&"spectrum".into(), &9.into()));
    assert_eq!(record["settings"]["target"]["name"], "octopus");
    assert_eq!(record["results"]["pairs"][1]["index"], 2);
    assert_eq!(record["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_search_out_of_gradients_says_so_and_is_no_failure() {
    let (bench, n) = (Bench::new(), 80);
    write_matrix(&bench, "m.npy", Scalar::F64, n, &matrix(n));
    let arguments = ["--matrix", "m.npy", "--k", "4", "--max-gradients", "3", "--vectors", "v.npy"];
    let json = json(&bench, &arguments);
    assert_eq!(json["converged"], false);
    assert_eq!(
        numbers(&json["eigenvalues"]).iter().filter(|value| value.is_nan()).count(),
        1,
        "{json}"
    );
    assert!(json["advice"][0].as_str().unwrap().contains("--max-gradients"), "{json}");
    let text = spectrum(&bench, &arguments).stdout;
    assert!(text.contains("budget") && text.contains('–'), "{text}");
}

#[test]
fn the_table_names_what_it_shows() {
    let bench = Bench::new();
    let text = spectrum(&bench, &["--landscape", "muller-brown", "--k", "2"]).stdout;
    for word in [
        "muller-brown at saddle-1",
        "lowest 2",
        "-750.8627",
        "secant error",
        "converged",
        "by formula",
    ] {
        assert!(text.contains(word), "{word} is not in: {text}");
    }
}
