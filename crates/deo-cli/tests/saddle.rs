//! What `deo saddle` prints and writes, against published saddles and closed Hessians.

mod common;

use common::{Bench, Outcome, names, read_json};
use deo_core::Objective;
use deo_models::clusters::{Cluster, LennardJones, Morse, Pair};
use nalgebra::DMatrix;
use serde_json::Value;
use std::fs;

fn saddle(bench: &Bench, arguments: &[&str]) -> Outcome {
    let outcome = bench.deo(&[&["saddle"], arguments].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "", "a pipe is no terminal: no progress");
    outcome
}

fn json(bench: &Bench, arguments: &[&str]) -> Value {
    let outcome = saddle(bench, &[arguments, &["--json"]].concat());
    assert_eq!(outcome.stdout.lines().count(), 1);
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn list<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json[key].as_array().unwrap()
}

fn numbers(json: &Value) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn number(json: &Value, key: &str) -> f64 {
    json[key].as_f64().unwrap_or(f64::NAN)
}

#[track_caller]
fn assert_near(found: f64, expected: f64, absolute: f64) {
    assert!((found - expected).abs() <= absolute, "{found} for {expected}");
}

/// x, y, E and the two curvatures: S2, then S1, to all digits (design study; also Müller & Brown 1979).
const MULLER_BROWN: [[f64; 5]; 2] = [
    [0.212486582000662, 0.2929883251073678, -72.24894011232521, -735.24726211, 510.88656547],
    [-0.8220015587327321, 0.6243128028148714, -40.6648435086574, -750.86266284, 490.24070806],
];
/// E of its minima A, B, C.
const MINIMA: [f64; 3] = [-146.699517209954, -80.76781812965903, -108.1667241168524];

#[test]
fn muller_brown_has_its_two_saddles_by_either_mode() {
    let bench = Bench::new();
    for mode in ["newton", "dimer"] {
        let json = json(&bench, &["--potential", "muller-brown", "--mode", mode, "--connect"]);
        assert_eq!((&json["command"], &json["mode"]), (&"saddle".into(), &mode.into()));
        let distinct = list(&json, "distinct");
        assert_eq!(distinct.len(), 2, "{json}");
        for (saddle, [x, y, energy, lowest, next]) in distinct.iter().zip(MULLER_BROWN) {
            let found = numbers(&saddle["x"]);
            assert_near(found[0], x, 1e-6);
            assert_near(found[1], y, 1e-6);
            assert_near(number(saddle, "energy"), energy, 1e-6);
            // Residuals of 1e-2 leave eigenvalues an error of the square of it; central differences add less.
            assert_near(number(saddle, "curvature"), lowest, 1e-3);
            assert_near(numbers(&saddle["curvatures"])[1], next, 0.1);
            assert_eq!(saddle["index"], 1);
        }
        // C and B meet at the lower one, A and B at the higher.
        for (saddle, minima) in distinct.iter().zip([[2, 1], [0, 1]]) {
            let energy = number(saddle, "energy");
            for (side, minimum) in list(saddle, "joins").iter().zip(minima) {
                assert_eq!(side["minimum"], minimum + 1);
                assert_near(number(side, "energy"), MINIMA[minimum], 1e-6);
                assert_near(number(side, "barrier"), energy - MINIMA[minimum], 1e-6);
            }
        }
    }
}

#[test]
fn barriers_are_above_the_start_they_name() {
    let bench = Bench::new();
    let json = json(&bench, &["--potential", "muller-brown", "--searches", "12"]);
    let searches = list(&json, "searches");
    for (i, saddle) in list(&json, "distinct").iter().enumerate() {
        let mut found = 0;
        for origin in list(saddle, "from") {
            let minimum: usize =
                origin["start"].as_str().unwrap()["minimum-".len()..].parse().unwrap();
            assert_near(
                number(origin, "barrier"),
                number(saddle, "energy") - MINIMA[minimum - 1],
                1e-6,
            );
            let same =
                |search: &&Value| search["saddle"] == i + 1 && search["start"] == origin["start"];
            assert_eq!(origin["found"], searches.iter().filter(same).count());
            found += origin["found"].as_u64().unwrap();
        }
        assert_eq!(saddle["found"], found);
        assert_eq!(saddle["barrier"], saddle["from"][0]["barrier"]);
    }
}

#[test]
fn the_json_object_has_its_shape() {
    let bench = Bench::new();
    let arguments = ["--potential", "muller-brown", "--searches", "5", "--seed", "7", "--json"];
    let text = saddle(&bench, &arguments).stdout;
    assert!(text.starts_with("{\"command\":\"saddle\","), "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(json.as_object().unwrap().len(), 9);
    assert_eq!((&json["potential"], &json["dimension"]), (&"muller-brown".into(), &2.into()));
    assert_eq!((&json["seed"], &json["index"]), (&7.into(), &1.into()));
    let searches = list(&json, "searches");
    assert_eq!(searches.len(), 5);
    for search in searches {
        for key in ["status", "energy", "curvature", "index", "gradients", "x", "verification"] {
            assert!(keys(search).contains(&key.to_owned()), "{key}");
        }
        assert_eq!(list(search, "x").len(), 2);
        let converged = search["status"] == "converged";
        assert_eq!(converged, search["saddle"].is_u64());
        assert_eq!(converged, search["index"] == 1);
    }
    for key in ["energy", "barrier", "curvature", "index", "found", "gradients", "x"] {
        assert!(keys(&json["distinct"][0]).contains(&key.to_owned()), "{key}");
    }
}

#[test]
fn the_numbers_depend_on_the_seed_and_not_on_the_threads() {
    let bench = Bench::new();
    let run = |potential: &str, threads: &str, seed: &str| {
        let arguments = ["--potential", potential, "--threads", threads, "--seed", seed];
        let more = ["--searches", "6", "--connect", "--json"];
        saddle(&bench, &[&arguments[..], &more].concat()).stdout
    };
    for potential in ["muller-brown", "lj13"] {
        let one = run(potential, "1", "3");
        assert_eq!(one, run(potential, "2", "3"));
        assert_ne!(one, run(potential, "1", "4"));
    }
}

/// Every converged search ends where the closed Hessian has as many negative eigenvalues as were asked for, the lowest
/// the one reported.
fn check_cluster<P: Pair>(json: &Value, potential: P) {
    let index = json["index"].as_u64().unwrap() as usize;
    let mut cluster = Cluster::new(potential);
    let mut converged = 0;
    for search in list(json, "searches").iter().filter(|s| s["status"] == "converged") {
        let x = numbers(&search["x"]);
        let mut g = vec![0.0; x.len()];
        assert_near(cluster.value_grad(&x, &mut g), number(search, "energy"), 1e-10);
        assert!(g.iter().map(|g| g * g).sum::<f64>().sqrt() <= 1e-5);
        let hessian = DMatrix::from_row_slice(x.len(), x.len(), &cluster.hessian(&x));
        let values = hessian.symmetric_eigenvalues();
        // Rigid motions leave eigenvalues of the size of the gradient.
        assert_eq!(values.iter().filter(|value| **value < -1e-3).count(), index, "{values}");
        assert_eq!(search["index"], index);
        let mut values: Vec<f64> = values.iter().copied().collect();
        values.sort_by(f64::total_cmp);
        // At a minimum the rigid motions come first.
        let lowest = values[if index == 0 { 6 } else { 0 }];
        assert_near(number(search, "curvature"), lowest, 1e-3 * lowest.abs());
        converged += 1;
    }
    assert!(converged >= 1, "{json}");
}

#[test]
fn the_icosahedron_has_known_passes() {
    let bench = Bench::new();
    let json =
        json(&bench, &["--potential", "lj13", "--searches", "24", "--seed", "2", "--connect"]);
    assert_eq!(json["mode"], "newton");
    check_cluster(&json, LennardJones);
    // The icosahedron (Cambridge Cluster Database), and the lowest way out of it that the design study knows.
    assert_near(number(&json["minima"][0], "energy"), -44.326801, 1e-6);
    let distinct = list(&json, "distinct");
    let near = |saddle: &&Value| (number(saddle, "energy") + 40.63172367).abs() < 1e-7;
    let known = distinct.iter().find(near).expect("the lowest way out");
    assert_near(number(known, "barrier"), 3.695078, 1e-6);
    assert_near(number(&known["joins"][0], "barrier"), 3.695078, 1e-6);
    // Every minimum is one by the closed Hessian, also where the way down met a saddle.
    for minimum in list(&json, "minima") {
        let x = numbers(&minimum["x"]);
        let hessian = Cluster::new(LennardJones).hessian(&x);
        let values = DMatrix::from_row_slice(39, 39, &hessian).symmetric_eigenvalues();
        assert!(values.min() > -1e-3, "{values}");
    }
    let energies: Vec<f64> = distinct.iter().map(|saddle| number(saddle, "energy")).collect();
    assert!(energies.is_sorted());
    let found: u64 = distinct.iter().map(|saddle| saddle["found"].as_u64().unwrap()).sum();
    let converged = list(&json, "searches").iter().filter(|s| s["status"] == "converged").count();
    assert_eq!(found, converged as u64);
}

#[test]
fn points_of_other_indices() {
    let bench = Bench::new();
    let lj = |index: &str, more: &[&str]| {
        let options = ["--potential", "lj13", "--index", index, "--searches", "6"];
        let json = json(&bench, &[&options[..], more].concat());
        check_cluster(&json, LennardJones);
        json
    };
    let two = lj("2", &["--connect"]);
    for saddle in list(&two, "distinct") {
        let curvatures = numbers(&saddle["curvatures"]);
        assert!(saddle["index"] == 2 && curvatures.len() == 3);
        assert!(curvatures[1] < 0.0 && curvatures[2] > 0.0, "{curvatures:?}");
        for side in list(saddle, "joins").iter().filter(|side| side["minimum"].is_u64()) {
            assert!(number(side, "barrier") > 0.0);
        }
    }
    let none = lj("0", &[]);
    assert_near(number(&none["distinct"][0], "energy"), -44.326801, 1e-6);

    // Three minima and two saddles: a surface that rises on all sides has no maximum then, by Euler's formula.
    let plane = json(&bench, &["--potential", "muller-brown", "--index", "2", "--searches", "6"]);
    assert_eq!(plane["distinct"], serde_json::json!([]));
    assert!(list(&plane, "searches").iter().all(|search| search["status"] != "converged"));
}

#[test]
fn a_file_gives_what_the_command_line_leaves_open() {
    let bench = Bench::new();
    let text = "potential = 'lj13'\nindex = 2\nmax_gradients = 500\nsearches = 9\nmode = 'dimer'\n";
    bench.write("passes.toml", text.as_bytes());
    let mixed =
        ["--config", "passes.toml", "--searches", "2", "--mode", "newton", "--out", "mixed"];
    let mixed = json(&bench, &mixed);
    assert_eq!((&mixed["index"], &mixed["mode"]), (&2.into(), &"newton".into()));
    assert_eq!(list(&mixed, "searches").len(), 2);
    let plain =
        ["--potential", "lj13", "--index", "2", "--max-gradients", "500", "--searches", "2"];
    assert_eq!(mixed, json(&bench, &plain));
    let record = read_json(&bench.path("mixed/record.json"));
    assert_eq!(record["settings"]["max_gradients"], 500);
}

#[test]
fn morse_atoms_of_any_range_by_the_dimer() {
    let bench = Bench::new();
    for rho in ["6", "4.5"] {
        let options =
            ["--potential", "morse13", "--rho", rho, "--mode", "dimer", "--searches", "4"];
        let json = json(&bench, &options);
        assert_eq!(json["mode"], "dimer");
        check_cluster(&json, Morse::new(rho.parse().unwrap()).unwrap());
    }
}

#[test]
fn files_are_whole_and_may_be_starts() {
    let bench = Bench::new();
    let out = ["--potential", "lj13", "--searches", "6", "--out", "runs/lj", "--json"];
    let printed: Value = serde_json::from_str(&saddle(&bench, &out).stdout).unwrap();
    assert_eq!(names(&bench.path("runs/lj")), ["minima.xyz", "record.json", "saddles.xyz"]);
    let record = read_json(&bench.path("runs/lj/record.json"));
    assert_eq!(record["results"]["distinct"], printed["distinct"]);
    assert_eq!(record["settings"]["potential"]["kind"], "lennard-jones");
    assert_eq!(record["settings"]["displace"], 0.1);

    // From the saddles themselves the same ones are found again, each once.
    let count = list(&printed, "distinct").len().to_string();
    let again = json(
        &bench,
        &[
            "--potential",
            "lj",
            "--start",
            "runs/lj/saddles.xyz",
            "--displace",
            "1e-4",
            "--searches",
            &count,
        ],
    );
    let energies = |json: &Value| -> Vec<f64> {
        list(json, "distinct").iter().map(|saddle| number(saddle, "energy")).collect()
    };
    let (first, second) = (energies(&printed), energies(&again));
    assert_eq!(first.len(), second.len());
    first.iter().zip(&second).for_each(|(a, b)| assert_near(*b, *a, 1e-7));
    assert_eq!(again["searches"][0]["start"], "frame-1");
}

#[test]
fn the_surface_is_drawn_in_two_dimensions_only() {
    let bench = Bench::new();
    saddle(&bench, &["--potential", "muller-brown", "--out", "plane"]);
    assert_eq!(names(&bench.path("plane")), ["record.json", "surface.svg"]);
    let svg = fs::read_to_string(bench.path("plane/surface.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert!(!svg.contains("NaN") && svg.contains("muller-brown"));
    // Axes with their names, and contour lines in hundreds of pieces.
    for name in ["x", "y"] {
        assert!(svg.contains(&format!(">{name}</text>")), "no axis {name}");
    }
    let contours = svg.split("<path").filter(|path| path.contains("stroke-width=\"0.7\""));
    assert!(contours.map(|path| path.matches('L').count()).sum::<usize>() > 500);
    saddle(&bench, &["--potential", "gaussian-bump", "--searches", "1", "--out", "ten"]);
    assert_eq!(names(&bench.path("ten")), ["record.json"]);
}

#[test]
fn a_search_that_fails_is_a_row() {
    let bench = Bench::new();
    let few = ["--potential", "muller-brown", "--searches", "3", "--max-gradients", "4"];
    let short = json(&bench, &few);
    assert!(list(&short, "searches").iter().all(|search| search["status"] == "budget"));
    assert!(list(&short, "searches").iter().all(|s| s["gradients"].as_u64().unwrap() <= 4));
    assert_eq!(short["distinct"], serde_json::json!([]));
    let table = saddle(&bench, &few).stdout;
    assert!(table.contains("budget") && table.contains("0 converged to 0 saddles"), "{table}");

    // e^{0.7·30²} overflows.
    let far =
        ["--potential", "muller-brown", "--start", "30,30", "--searches", "2", "--out", "far"];
    let far = json(&bench, &far);
    for search in list(&far, "searches") {
        assert_eq!((&search["status"], &search["curvature"]), (&"non-finite".into(), &Value::Null));
    }
    assert!(!fs::read_to_string(bench.path("far/surface.svg")).unwrap().contains("NaN"));

    // A landscape without a saddle, one without a minimum, and atoms in one place.
    for name in ["rosenbrock", "monkey", "xor"] {
        let options = ["--potential", name, "--searches", "2", "--max-gradients", "200"];
        assert_eq!(list(&json(&bench, &options), "searches").len(), 2);
    }
    bench.write("one-place.xyz", b"3\n\nAr 0 0 0\nAr 0 0 0\nAr 1 0 0\n");
    let options =
        ["--potential", "lj", "--start", "one-place.xyz", "--displace", "0", "--searches", "1"];
    assert_eq!(json(&bench, &options)["searches"][0]["status"], "non-finite");

    // A square has two negative curvatures; of a point of index 0 or 1 one and two are looked at.
    let square = b"4\n\nAr 0 0 0\nAr 1.1 0 0\nAr 1.1 1.1 0\nAr 0 1.1 0\n";
    bench.write("square.xyz", square);
    for (index, said) in [("0", "wrong-index: 1 or more"), ("1", "wrong-index: 2 or more")] {
        let start = ["--potential", "lj", "--start", "square.xyz", "--displace", "0"];
        let table =
            saddle(&bench, &[&start[..], &["--searches", "1", "--index", index]].concat()).stdout;
        assert!(table.contains(said), "{table}");
    }
}
