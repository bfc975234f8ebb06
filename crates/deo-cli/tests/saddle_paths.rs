//! What comes after the saddle of another program's energies: the path, the minima it joins, and rates. The rhombus of four
//! argon-like atoms again; oracles are the closed formulas, dense Hessians of them, and the six bonds of a tetrahedron.
#![cfg(unix)]

mod common;

use common::argon::{
    EPSILON, GUESS, SIGMA, clients, lennard_jones, numbers, record, reply, search,
};
use common::{Bench, read_json, refused};
use deo_cli::saddle::xyz::parse_structures;
use deo_ipi::{Address, Client, Question};
use nalgebra::{DMatrix, Matrix3, Vector3};
use serde_json::Value;
use std::f64::consts::PI;
use std::path::Path;
use std::thread::spawn;
use std::time::Duration;

/// Of argon, u.
const MASS: f64 = 39.948;

/// A tetrahedron with bonds of 2^⅙σ, turned; its mirror image has two atoms exchanged.
fn tetrahedron(mirrored: bool) -> String {
    let half = 2f64.powf(1.0 / 6.0) * SIGMA / 8f64.sqrt();
    let mut corners = [[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]];
    if mirrored {
        corners.swap(2, 3);
    }
    let (s, c) = 0.8_f64.sin_cos();
    let atoms = corners.map(|[x, y, z]| {
        let [x, y, z] = [x, y, z].map(|r: f64| half * r);
        format!("Ar {} {} {}\n", c * x - s * y + 7.0, s * x + c * y, z - 3.0)
    });
    format!("4\n\n{}", atoms.concat())
}

fn found(arguments: &[&str], prepare: impl Fn(&Bench)) -> (Bench, Value) {
    let bench = Bench::new();
    prepare(&bench);
    let engine = clients(&bench, || |question: &Question| Some(reply(question)));
    let found = record(&search(&bench, arguments));
    engine.join().unwrap();
    (bench, found)
}

#[test]
fn the_path_goes_along_the_forces_from_one_tetrahedron_to_the_other() {
    let arguments = ["--json", "--fmax", "1e-3", "--irc", "--irc-step", "0.05", "--out", "out"];
    let (bench, found) = found(&arguments, |_| {});
    let path = std::fs::read_to_string(bench.path("out/irc.xyz")).unwrap();
    let frames = parse_structures(&path, Path::new("irc.xyz")).unwrap();
    let table = std::fs::read_to_string(bench.path("out/irc.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|row| row.split(',').collect()).collect();
    assert_eq!(
        (rows.len(), rows[0][0], rows[rows.len() - 1][0]),
        (frames.len(), "minimum", "minimum")
    );
    let saddle = rows.iter().position(|row| row[0] == "saddle").unwrap();
    assert!(saddle > 10 && rows.len() - saddle > 10, "{table}");
    let number = |row: usize, column: usize| rows[row][column].parse::<f64>().unwrap();
    for (i, frame) in frames.iter().enumerate() {
        let (energy, _) = lennard_jones(&frame.x);
        assert!((energy - number(i, 2)).abs() < 1e-6, "{i}");
        if i > 0 {
            assert_eq!(
                number(i, 2) > number(i - 1, 2),
                i <= saddle,
                "up to the saddle and down: {i}"
            );
            assert!(number(i, 1) > number(i - 1, 1), "{i}");
        }
        // The chord to the next point but one is the tangent here to second order, and so is the force.
        if i > 1 && i + 2 < frames.len() && i != saddle {
            let chord = difference(&frames[i + 1].x, &frames[i - 1].x);
            let (_, forces) = lennard_jones(&frame.x);
            let cosine =
                dot(&chord, &forces) / (dot(&chord, &chord) * dot(&forces, &forces)).sqrt();
            let down = if i > saddle { 1.0 } else { -1.0 };
            // The angle of 0.03 up to which a point is taken, twice.
            assert!(cosine * down > 0.998, "{i} {cosine}");
        }
    }
    for side in found["minima"].as_array().unwrap() {
        assert!((side["energy"].as_f64().unwrap() + 6.0 * EPSILON).abs() < 1e-5, "{side}");
    }
    // All atoms alike: √m times the Cartesian length.
    let last = frames.len() - 2;
    let chords: f64 = (saddle..last)
        .map(|i| difference(&frames[i + 1].x, &frames[i].x))
        .map(|chord| (MASS * dot(&chord, &chord)).sqrt())
        .sum();
    assert!((number(last, 1) / chords - 1.0).abs() < 1e-3, "{chords}");
    let drawing = std::fs::read_to_string(bench.path("out/profile.svg")).unwrap();
    for word in ["saddle", "minimum", "</svg>", "√u·Å"] {
        assert!(drawing.contains(word), "{word}");
    }
    let on_disk = read_json(&bench.path("out/record.json"));
    assert_eq!(on_disk["profile"].as_array().unwrap().len(), frames.len());
    // The first is known before anything of the search is done again.
    assert!(on_disk["steps"][0]["gradients"] == 1);
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn a_reactant_is_recognised_however_it_is_turned_and_not_its_mirror_image() {
    for way in ["--irc", "--connect"] {
        let mut same = vec![];
        for mirrored in [false, true] {
            let arguments = ["--json", "--fmax", "1e-3", way, "--reactant", "reactant.xyz"];
            let (_, found) = found(&arguments, |bench| {
                bench.write("reactant.xyz", tetrahedron(mirrored).as_bytes());
            });
            let away = [0, 1].map(|i| found["minima"][i]["from_reactant"].as_f64().unwrap());
            same.push(away.map(|away| away < 0.01));
            assert!(away.iter().all(|away| *away < 0.01 || *away > 0.5), "{away:?}");
        }
        // One of them is at one side, its image at the other.
        assert!(
            same[0][0] != same[0][1] && same[0][0] == same[1][1] && same[0][1] == same[1][0],
            "{same:?}"
        );
    }
}

/// The mass-weighted Hessian of the atoms from `first` on: its eigenvalues but for the `motions` nearest to zero.
fn squares(x: &[f64], first: usize, motions: usize) -> Vec<f64> {
    let (n, h) = (x.len(), 1e-4);
    let free: Vec<usize> = (3 * first..n).collect();
    let mut hessian = DMatrix::zeros(free.len(), free.len());
    for (row, i) in free.iter().enumerate() {
        let at = |s: f64| {
            let mut x = x.to_vec();
            x[*i] += s;
            lennard_jones(&x).1
        };
        let (ahead, behind) = (at(h), at(-h));
        for (column, j) in free.iter().enumerate() {
            hessian[(row, column)] = (behind[*j] - ahead[*j]) / (2.0 * h * MASS);
        }
    }
    let symmetric = (&hessian + hessian.transpose()) / 2.0;
    let mut values: Vec<f64> = symmetric.symmetric_eigenvalues().iter().copied().collect();
    values.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    values.drain(..motions);
    values.sort_by(f64::total_cmp);
    values
}

/// The moments of inertia of the turns that are left if the atoms before `first` are held, multiplied; u Å².
fn inertia(x: &[f64], first: usize) -> f64 {
    let place = |atom: usize| Vector3::new(x[3 * atom], x[3 * atom + 1], x[3 * atom + 2]);
    let atoms = x.len() / 3;
    let centre = match first {
        0 => (0..atoms).map(place).sum::<Vector3<f64>>() / atoms as f64,
        _ => place(0),
    };
    let tensor: Matrix3<f64> = (first..atoms)
        .map(|atom| place(atom) - centre)
        .map(|r| MASS * (Matrix3::identity() * r.norm_squared() - r * r.transpose()))
        .sum();
    if first == 2 {
        let axis = (place(1) - place(0)).normalize();
        return axis.dot(&(tensor * axis));
    }
    tensor.determinant()
}

/// Of all free, one held, two held: six motions, three turns, one turn.
#[test]
fn rates_are_those_of_the_dense_hessians() {
    for (first, fix, motions, turns) in
        [(0, None, 6, 3), (1, Some("0"), 3, 3), (2, Some("0-1"), 1, 1)]
    {
        let temperature = 60.0;
        let mut arguments = vec!["--json", "--fmax", "1e-4", "--connect", "--temperature", "60"];
        arguments.extend(fix.iter().flat_map(|fix| ["--fix", fix]));
        let (_, found) = found(&arguments, |_| {});
        let saddle = numbers(&found["x"]);
        // e, u, k_B, h of CODATA 2018.
        let (e, u, k, h) =
            (1.602_176_634e-19, 1.660_539_066_60e-27, 1.380_649e-23, 6.626_070_15e-34);
        let heat: f64 = k * temperature;
        let frequency = |square: f64| (square * e / (1e-20 * u)).sqrt() / (2.0 * PI);
        let logarithm = |x: &[f64], imaginary: usize| {
            let squares = squares(x, first, motions);
            let vibrations: f64 =
                squares[imaginary..].iter().map(|s| (heat / (h * frequency(*s))).ln()).sum();
            // Volumes of the turns are the same at both.
            let power = (1e-20 * u).powi(turns);
            vibrations + 0.5 * (inertia(x, first) * power * heat.powi(turns)).ln()
                - f64::from(turns) * h.ln()
                + 0.5 * f64::from(turns) * (2.0 * PI).ln()
        };
        for (side, rate) in found["minima"]
            .as_array()
            .unwrap()
            .iter()
            .zip(found["rates"]["sides"].as_array().unwrap())
        {
            let moving = numbers(&side["x"]);
            let mut minimum = saddle.clone();
            minimum[3 * first..].copy_from_slice(&moving);
            let difference = logarithm(&saddle, 1) - logarithm(&minimum, 0);
            let expected = heat / h * difference.exp();
            let prefactor = rate["prefactor"].as_f64().unwrap();
            // The squares of h = 0.01 Å, in a potential of twelfth powers.
            assert!(
                (prefactor / expected - 1.0).abs() < 0.01,
                "{first}: {prefactor:e} {expected:e}"
            );
            let barrier = side["barrier"].as_f64().unwrap();
            let classical = prefactor * (-barrier * e / heat).exp();
            assert!((rate["classical"].as_f64().unwrap() / classical - 1.0).abs() < 1e-4);
        }
    }
    // A tetrahedron of springs: one mode at 4k/m, three at 2k/m, two at k/m; k = 72·2^(−1/3) ε/σ².
    let (_, found) =
        found(&["--json", "--fmax", "1e-4", "--connect", "--temperature", "60"], |_| {});
    let spring = 72.0 * 2f64.powf(-1.0 / 3.0) * EPSILON / (SIGMA * SIGMA) / MASS;
    let expected = [1.0, 1.0, 2.0, 2.0, 2.0, 4.0].map(|f: f64| (f * spring).sqrt() * 521.4709);
    for rate in found["rates"]["sides"].as_array().unwrap() {
        let wavenumbers = numbers(&rate["vibrations"]["wavenumbers"]);
        for (found, expected) in wavenumbers.iter().zip(&expected) {
            assert!((found / expected - 1.0).abs() < 2e-3, "{wavenumbers:?} {expected}");
        }
    }
}

/// A path that was cut goes on to the same bits.
#[test]
fn an_engine_lost_on_the_path_loses_nothing() {
    let options = ["--json", "--irc", "--temperature", "50", "--restart", "answers"];
    let (_, whole) = found(&options, |_| {});
    let answers = whole["answers"].as_u64().unwrap() as usize;
    let path = whole["irc"]["branches"][0]["gradients"].as_u64().unwrap() as usize;
    for answered in [answers / 2 - path / 2, answers - 10] {
        let bench = Bench::new();
        let address = Address::Unix(bench.path("socket"));
        let engine = spawn(move || {
            let mut left = answered;
            let client = Client::connect(&address, Duration::from_secs(20)).unwrap();
            client.serve(|question| {
                left = left.checked_sub(1)?;
                Some(reply(question))
            })
        });
        let outcome = search(&bench, &[&options[..], &["--wait", "0.3"]].concat());
        engine.join().unwrap().unwrap();
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        let engine = clients(&bench, || |question: &Question| Some(reply(question)));
        let found = record(&search(&bench, &options));
        engine.join().unwrap();
        for key in ["irc", "profile", "minima", "rates", "answers"] {
            assert_eq!(found[key], whole[key], "{key}");
        }
    }
}

/// An atom on two triangles of four that are held, over the first or over the second, `up` above the hollow.
fn on_triangles(second: bool, up: f64) -> String {
    let bond = 2f64.powf(1.0 / 6.0) * SIGMA;
    let (half, row) = (0.5 * bond, 0.75f64.sqrt() * bond);
    let [x, y] = if second { [bond, row * 2.0 / 3.0] } else { [half, row / 3.0] };
    let z = (2.0_f64 / 3.0).sqrt() * bond + up;
    format!(
        "5\n\nAr 0 0 0\nAr {bond} 0 0\nAr {half} {row} 0\nAr {} {row} 0\nAr {x} {y} {z}\n",
        3.0 * half
    )
}

/// The bridge between both, over the bond that they share.
#[track_caller]
fn is_the_bridge(found: &Value) {
    let bond = 2f64.powf(1.0 / 6.0) * SIGMA;
    assert_eq!((&found["status"], &found["index"]), (&"converged".into(), &1.into()));
    let x = numbers(&found["x"]);
    let middle = [0.75 * bond, 0.5 * 0.75f64.sqrt() * bond];
    assert!((x[12] - middle[0]).hypot(x[13] - middle[1]) < 0.05, "{x:?} {middle:?}");
}

#[test]
fn a_search_between_two_hollows_finds_the_bridge() {
    let bench = Bench::new();
    bench.write("a.xyz", on_triangles(false, 0.0).as_bytes());
    bench.write("b.xyz", on_triangles(true, 0.0).as_bytes());
    let engine = clients(&bench, || |question: &Question| Some(reply(question)));
    let address = format!("ipi:{}", bench.path("socket").display());
    let base = ["saddle", "--between", "a.xyz", "b.xyz", "--engine", &address, "--fix", "0-3"];
    let outcome = bench.deo(&[&base[..], &["--json", "--connect", "--reactant", "a.xyz"]].concat());
    let found = record(&outcome);
    engine.join().unwrap();
    is_the_bridge(&found);
    let near = [0, 1].map(|i| found["minima"][i]["from_reactant"].as_f64().unwrap() < 0.1);
    assert!(near[0] != near[1], "{}", found["minima"]);
    // Seven images, and the way from there is short.
    assert!(found["gradients"].as_u64().unwrap() < 15, "{}", found["gradients"]);
    let engine = clients(&bench, || |question: &Question| Some(reply(question)));
    let outcome = bench.deo(&base);
    engine.join().unwrap();
    assert!(outcome.stdout.contains("begins at image 4, the highest"), "{}", outcome.stdout);
}

/// From a guess a little on the way: with the axis along it the search knows what to follow, and takes another way there.
#[test]
fn a_first_axis_is_followed() {
    let bench = Bench::new();
    let (a, b) = (on_triangles(false, 0.05), on_triangles(true, 0.05));
    let place = |text: &str| -> Vec<f64> {
        let last = text.lines().last().unwrap();
        last.split(' ').skip(1).map(|number| number.parse().unwrap()).collect()
    };
    let on: Vec<f64> = place(&a).iter().zip(place(&b)).map(|(a, b)| 0.7 * a + 0.3 * b).collect();
    let held = a.rsplit_once("Ar").unwrap().0;
    let guess = format!("{held}Ar {} {} {}\n", on[0], on[1], on[2]);
    bench.write("guess.xyz", guess.as_bytes());
    bench.write("b.xyz", b.as_bytes());
    let address = format!("ipi:{}", bench.path("socket").display());
    let base = ["saddle", "guess.xyz", "--engine", &address, "--fix", "0-3", "--json"];
    let found = [&[][..], &["--axis", "b.xyz"]].map(|axis| {
        let engine = clients(&bench, || |question: &Question| Some(reply(question)));
        let found = record(&bench.deo(&[&base[..], axis].concat()));
        engine.join().unwrap();
        found
    });
    is_the_bridge(&found[1]);
    assert_ne!(found[0]["steps"], found[1]["steps"]);
}

/// A guess of eOn's: its cell, its held atoms, and results in its format.
#[test]
fn files_of_eon_are_read_and_written() {
    let bench = Bench::new();
    let atoms: String = GUESS
        .lines()
        .skip(2)
        .enumerate()
        .map(|(i, line)| format!("{} {} {i}\n", &line[3..], i32::from(i < 3)))
        .collect();
    let head =
        "seed\n\n30 30 30\n90 90 90\n0 0\n0 0 0\n1\n4\n39.948\nAr\nCoordinates of Component 1\n";
    bench.write("guess.con", (head.to_owned() + &atoms).as_bytes());
    let engine = clients(&bench, || |question: &Question| Some(reply(question)));
    let address = format!("ipi:{}", bench.path("socket").display());
    let arguments =
        ["saddle", "guess.con", "--engine", &address, "--connect", "--json", "--out", "out"];
    let found = record(&bench.deo(&arguments));
    engine.join().unwrap();
    assert_eq!(
        (&found["motions"], &found["dimension"], &found["index"]),
        (&0.into(), &3.into(), &1.into())
    );
    let text = std::fs::read_to_string(bench.path("out/saddle.con")).unwrap();
    let frame = deo_cli::saddle::con::parse(&text, Path::new("saddle.con")).unwrap().remove(0);
    assert_eq!(frame.x, numbers(&found["x"]));
    assert_eq!(frame.movable, [false, false, false, true]);
    assert_eq!(frame.x[..3], [0.05, 0.0, 0.1]);
    bench.write("bad.con", head.replace("90 90 90", "90 90").as_bytes());
    let outcome = bench.deo(&["saddle", "bad.con", "--engine", &address]);
    refused(&outcome, &["bad.con", "line 4", "angles"]);
}

#[test]
fn ends_and_axes_of_no_use_are_refused() {
    let bench = Bench::new();
    bench.write("a.xyz", on_triangles(false, 0.0).as_bytes());
    bench.write("b.xyz", on_triangles(true, 0.0).as_bytes());
    bench.write("guess.xyz", GUESS.as_bytes());
    let moved = on_triangles(true, 0.0).replacen("Ar 0 0 0", "Ar 0.3 0 0", 1);
    bench.write("moved.xyz", moved.as_bytes());
    let engine = format!("ipi:{}", bench.path("socket").display());
    for (arguments, words) in [
        (&["--between", "a.xyz", "a.xyz"][..], &["a.xyz", "within 0.01 Å"][..]),
        (&["--between", "a.xyz", "guess.xyz"], &["guess.xyz", "4 atoms", "the guess 5"]),
        (&["--between", "a.xyz", "none.xyz"], &["none.xyz", "cannot read"]),
        (
            &["--between", "a.xyz", "moved.xyz", "--fix", "0-3"],
            &["which is held", "Å from its place"],
        ),
        (&["--between", "a.xyz", "b.xyz", "--axis", "b.xyz"], &["--axis", "no --between"]),
        (&["a.xyz", "--axis", "a.xyz"], &["a.xyz", "within 0.01 Å"]),
        (&["guess.xyz", "--between", "a.xyz", "b.xyz"], &["guess.xyz", "give one of them"]),
    ] {
        refused(&bench.deo(&[&["saddle", "--engine", &engine], arguments].concat()), words);
    }
    refused(
        &bench.deo(&["saddle", "--potential", "lj13", "--axis", "a.xyz"]),
        &["--axis", "--engine"],
    );
    assert!(!bench.path("socket").exists());
}

#[test]
fn what_has_no_use_or_no_sense_is_refused() {
    let bench = Bench::new();
    bench.write("guess.xyz", GUESS.as_bytes());
    bench.write("three.xyz", b"3\n\nAr 0 0 0\nAr 2 0 0\nAr 0 2 0\n");
    bench.write("neon.xyz", GUESS.replacen("Ar 2.8", "Ne 2.8", 1).as_bytes());
    bench.write("labels.xyz", GUESS.replace("Ar", "Qx").as_bytes());
    let engine = format!("ipi:{}", bench.path("socket").display());
    for (guess, arguments, words) in [
        ("guess.xyz", &["--irc", "--index", "2"][..], &["--irc", "--index 1"][..]),
        ("guess.xyz", &["--irc-step", "0.1"], &["--irc-step", "--irc"]),
        ("guess.xyz", &["--irc", "--irc-step", "2"], &["irc-step is 2", "0.001 and 0.5"]),
        ("guess.xyz", &["--reactant", "guess.xyz"], &["--reactant", "--connect or --irc"]),
        ("guess.xyz", &["--temperature", "300"], &["--temperature", "--connect or --irc"]),
        ("guess.xyz", &["--irc", "--temperature", "0"], &["temperature is 0", "above 0"]),
        (
            "guess.xyz",
            &["--irc", "--reactant", "three.xyz"],
            &["three.xyz", "3 atoms", "the guess 4"],
        ),
        ("guess.xyz", &["--irc", "--reactant", "neon.xyz"], &["Ne as its atom 1", "the guess Ar"]),
        ("labels.xyz", &["--irc"], &["mass", "Qx"]),
    ] {
        refused(&bench.deo(&[&["saddle", guess, "--engine", &engine], arguments].concat()), words);
    }
    refused(&bench.deo(&["saddle", "--potential", "lj13", "--irc"]), &["--irc", "--engine"]);
    assert!(!bench.path("socket").exists());
}
