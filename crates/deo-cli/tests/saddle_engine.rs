//! `deo saddle GUESS.xyz --engine …` against a client of our own: argon-like atoms, whose rhombus of four is the saddle between
//! two tetrahedra. Oracles: a dense Hessian of the closed formulas, and the six bonds of a tetrahedron.
#![cfg(unix)]

mod common;

use common::argon::{EPSILON, GUESS, clients, lennard_jones, numbers, record, reply, search};
use common::{Bench, read_json, refused};
use deo_ipi::{Address, Client, Question, Reply};
use nalgebra::DMatrix;
use std::thread::spawn;
use std::time::Duration;

/// Eigenvalues of the dense Hessian, mass-weighted, ascending; six of them are rigid motions.
fn eigenvalues(x: &[f64], mass: f64) -> Vec<f64> {
    let (n, h) = (x.len(), 1e-4);
    let mut hessian = DMatrix::zeros(n, n);
    for i in 0..n {
        let at = |s: f64| {
            let mut x = x.to_vec();
            x[i] += s;
            lennard_jones(&x).1
        };
        let (ahead, behind) = (at(h), at(-h));
        (0..n).for_each(|j| hessian[(i, j)] = (behind[j] - ahead[j]) / (2.0 * h * mass));
    }
    let symmetric = (&hessian + hessian.transpose()) / 2.0;
    let mut values: Vec<f64> = symmetric.symmetric_eigenvalues().iter().copied().collect();
    values.sort_by(f64::total_cmp);
    values
}

#[test]
fn a_saddle_with_its_vibrations_and_minima() {
    let bench = Bench::new();
    let engine = clients(&bench, || |question: &Question| Some(reply(question)));
    let arguments = ["--json", "--fmax", "1e-3", "--frequencies", "--connect", "--out", "out"];
    let found = record(&search(&bench, &arguments));
    assert_eq!(engine.join().unwrap(), 1);
    assert_eq!((&found["status"], &found["index"]), (&"converged".into(), &1.into()));
    assert_eq!((&found["dimension"], &found["motions"]), (&6.into(), &6.into()));
    let x = numbers(&found["x"]);
    let (energy, forces) = lennard_jones(&x);
    let largest = forces.chunks(3).map(|f| f[0].hypot(f[1]).hypot(f[2])).fold(0.0, f64::max);
    assert!(largest <= 1e-3 && (found["fmax"].as_f64().unwrap() - largest).abs() < 1e-8);
    assert!((found["energy"].as_f64().unwrap() - energy).abs() < 1e-7);
    let values = eigenvalues(&x, 1.0);
    assert_eq!(values.iter().filter(|value| **value < -0.05).count(), 1, "{values:?}");
    let curvature = found["curvatures"][0].as_f64().unwrap();
    assert!((curvature / values[0] - 1.0).abs() < 0.02, "{curvature} {values:?}");
    // √(eV/Å²/u) in cm⁻¹, of argon; CODATA.
    let vibrations: Vec<f64> = eigenvalues(&x, 39.948)
        .into_iter()
        .filter(|value| value.abs() > 1e-5)
        .map(|value| value.signum() * value.abs().sqrt() * 521.4709)
        .collect();
    let wavenumbers = numbers(&found["frequencies"]["wavenumbers"]);
    assert_eq!(wavenumbers.len(), 6);
    for (found, expected) in wavenumbers.iter().zip(&vibrations) {
        assert!((found - expected).abs() < 0.3 + 0.002 * expected.abs(), "{wavenumbers:?}");
    }
    let zero_point = 0.5 * 1.239_842e-4 * vibrations[1..].iter().sum::<f64>();
    assert!(
        (found["frequencies"]["zero_point_energy"].as_f64().unwrap() - zero_point).abs() < 1e-4
    );
    for side in found["minima"].as_array().unwrap() {
        // Six bonds.
        assert!((side["energy"].as_f64().unwrap() + 6.0 * EPSILON).abs() < 1e-5, "{side}");
        let barrier = side["barrier"].as_f64().unwrap();
        assert!((barrier - (energy + 6.0 * EPSILON)).abs() < 1e-5, "{side}");
    }
    let on_disk = read_json(&bench.path("out/record.json"));
    assert_eq!((&on_disk["x"], &on_disk["minima"]), (&found["x"], &found["minima"]));
}

#[test]
fn both_searches_and_a_higher_index() {
    for (mode, index) in [("dimer", "1"), ("newton", "1"), ("newton", "2")] {
        let bench = Bench::new();
        let engine = clients(&bench, || |question: &Question| Some(reply(question)));
        let found = record(&search(&bench, &["--json", "--mode", mode, "--index", index]));
        engine.join().unwrap();
        assert_eq!(found["status"], "converged", "{mode} {index}");
        let values = eigenvalues(&numbers(&found["x"]), 1.0);
        let negative = values.iter().filter(|value| **value < -0.05).count();
        assert_eq!(negative.to_string(), index, "{values:?}");
    }
}

/// Whichever answer is the one that isn't finite, but the first.
/// Four in a square are a point of index 2, with the ridge to the rhombus and the fold out of the plane.
#[test]
fn a_point_of_index_2_is_no_transition_state() {
    let bench = Bench::new();
    let square = "4\n\nAr 0.1 0 0.05\nAr 2.75 0.05 -0.05\nAr 2.7 2.8 0\nAr 0 2.75 0.1\n";
    bench.write("square.xyz", square.as_bytes());
    let engine = format!("ipi:{}", bench.path("socket").display());
    let run = |arguments: &[&str]| {
        let answers = clients(&bench, || |question: &Question| Some(reply(question)));
        let first = ["saddle", "square.xyz", "--engine", &engine, "--index", "2", "--fmax", "1e-3"];
        let outcome = bench.deo(&[&first[..], arguments].concat());
        answers.join().unwrap();
        outcome
    };
    let found = record(&run(&["--json", "--frequencies", "--connect"]));
    assert_eq!((&found["status"], &found["index"]), (&"converged".into(), &2.into()));
    let x = numbers(&found["x"]);
    let values = eigenvalues(&x, 1.0);
    assert_eq!(values.iter().filter(|value| **value < -0.05).count(), 2, "{values:?}");
    let wavenumbers = numbers(&found["frequencies"]["wavenumbers"]);
    assert!(wavenumbers[1] < 0.0 && 0.0 < wavenumbers[2], "{wavenumbers:?}");
    // Four bonds of length r and two of √2 r: 4(r⁻¹² − r⁻⁶)(…) at its minimum in r.
    let (a, b) = (4.0 + 2.0 / 64.0, 4.0 + 2.0 / 8.0);
    assert!((found["energy"].as_f64().unwrap() + EPSILON * b * b / a).abs() < 1e-5);
    for side in found["minima"].as_array().unwrap() {
        assert!((side["energy"].as_f64().unwrap() + 6.0 * EPSILON).abs() < 1e-5, "{side}");
    }
    let outcome = run(&["--connect"]);
    for words in ["index 2 confirmed", "below; ", "no transition state"] {
        assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains(", barrier "), "{}", outcome.stdout);
}

/// Index 0 is a minimisation: four atoms in a plane stay there by symmetry, and are led off the rhombus.
#[test]
fn a_minimisation_leaves_a_saddle() {
    let bench = Bench::new();
    bench.write("flat.xyz", b"4\n\nAr 0 0 0\nAr 2.8 0 0\nAr 1.4 2.4 0\nAr 1.4 -2.4 0\n");
    let engine = format!("ipi:{}", bench.path("socket").display());
    let run = |arguments: &[&str]| {
        let answers = clients(&bench, || |question: &Question| Some(reply(question)));
        let first = ["saddle", "flat.xyz", "--engine", &engine, "--index", "0", "--fmax", "1e-3"];
        let outcome = bench.deo(&[&first[..], arguments].concat());
        answers.join().unwrap();
        outcome
    };
    let outcome = run(&["--frequencies"]);
    for words in ["index 0 confirmed", "1 saddle was met and left"] {
        assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
    }
    let found = record(&run(&["--json"]));
    assert_eq!((&found["status"], &found["index"]), (&"converged".into(), &0.into()));
    assert!((found["energy"].as_f64().unwrap() + 6.0 * EPSILON).abs() < 1e-5);
    let many = record(&run(&["--json", "--searches", "3", "--displace", "1e-9"]));
    for search in many["searches"].as_array().unwrap() {
        assert!((search["energy"].as_f64().unwrap() + 6.0 * EPSILON).abs() < 1e-5, "{search}");
    }
}

#[test]
fn one_answer_that_is_not_finite_is_survived() {
    for bad in 2..22 {
        let bench = Bench::new();
        let mut count = 0;
        let engine = clients(&bench, move || {
            move |question: &Question| {
                count += 1;
                let mut reply = reply(question);
                if count == bad {
                    reply.forces[4] = f64::NAN;
                }
                Some(reply)
            }
        });
        let found = record(&search(&bench, &["--json"]));
        engine.join().unwrap();
        assert_eq!((&found["status"], &found["index"]), (&"converged".into(), &1.into()), "{bad}");
    }
    let bench = Bench::new();
    let engine = clients(&bench, || |_: &Question| Some(Reply::new(f64::NAN, vec![0.0; 12])));
    let outcome = search(&bench, &[]);
    engine.join().unwrap();
    assert!(outcome.code == 1 && outcome.stderr.contains("at the guess are not finite"));
}

/// Clients that are killed at every fifth question change no bit.
#[test]
fn clients_that_are_lost_change_nothing() {
    let undisturbed = {
        let bench = Bench::new();
        let engine = clients(&bench, || |question: &Question| Some(reply(question)));
        let found = record(&search(&bench, &["--json", "--connect"]));
        engine.join().unwrap();
        found
    };
    let bench = Bench::new();
    let engine = clients(&bench, || {
        let mut left = 5;
        move |question: &Question| {
            left -= 1;
            (left > 0).then(|| reply(question))
        }
    });
    let found = record(&search(&bench, &["--json", "--connect"]));
    assert!(engine.join().unwrap() > 5);
    for key in ["x", "answers", "gradients", "curvatures", "minima"] {
        assert_eq!(found[key], undisturbed[key], "{key}");
    }
}

/// An engine that is gone for good ends it, with all answers in a file; a run from there comes to the same bits.
#[test]
fn a_lost_engine_loses_nothing() {
    let whole = {
        let bench = Bench::new();
        let engine = clients(&bench, || |question: &Question| Some(reply(question)));
        let found = record(&search(&bench, &["--json", "--frequencies", "--connect"]));
        engine.join().unwrap();
        found
    };
    let answers = whole["answers"].as_u64().unwrap() as usize;
    // In the check, the search, the verification, the vibrations, the ways down.
    for (answered, file) in
        [(1, true), (4, false), (9, true), (answers / 2, false), (answers - 1, true)]
    {
        let bench = Bench::new();
        let mut left = answered;
        let engine = {
            let address = Address::Unix(bench.path("socket"));
            spawn(move || {
                let client = Client::connect(&address, Duration::from_secs(20)).unwrap();
                client.serve(|question| {
                    left = left.checked_sub(1)?;
                    Some(reply(question))
                })
            })
        };
        let restart: &[&str] = if file { &["--restart", "my.answers"] } else { &[] };
        let arguments =
            [&["--json", "--frequencies", "--connect", "--wait", "0.3"], restart].concat();
        let outcome = search(&bench, &arguments);
        engine.join().unwrap().unwrap();
        assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{}", outcome.stderr);
        let kept = if file { "my.answers" } else { "guess.answers" };
        let words = ["no client has connected", "the one before was lost", kept, "--restart"];
        assert!(words.iter().all(|word| outcome.stderr.contains(word)), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(&format!("{answered} answers")), "{}", outcome.stderr);
        let engine = clients(&bench, || |question: &Question| Some(reply(question)));
        let arguments = ["--json", "--frequencies", "--connect", "--restart", kept];
        let found = record(&search(&bench, &arguments));
        engine.join().unwrap();
        for key in ["x", "answers", "curvatures", "minima", "frequencies", "check"] {
            assert_eq!(found[key], whole[key], "{key} after {answered}");
        }
        // And once more, without any engine.
        assert_eq!(record(&search(&bench, &arguments))["x"], whole["x"]);
        // Answers to other questions are refused.
        let outcome = search(&bench, &[&arguments[..], &["--fix", "0"]].concat());
        assert!(
            outcome.code == 2 && outcome.stderr.contains("other questions"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn an_engine_of_other_atoms_is_named() {
    let bench = Bench::new();
    let engine = clients(&bench, || |_: &Question| Some(Reply::new(0.0, vec![0.0; 9])));
    let outcome = search(&bench, &[]);
    engine.join().unwrap();
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.stderr.contains("answers for 3 atoms and was asked about 4"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_command_that_ends_is_named() {
    let bench = Bench::new();
    let outcome = search(&bench, &["--run", "exit 7"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("exit status: 7"), "{}", outcome.stderr);
}

#[test]
fn noise_and_forces_of_other_energies_are_printed() {
    let bench = Bench::new();
    let mut count = 0_u64;
    let engine = clients(&bench, move || {
        move |question: &Question| {
            let mut reply = reply(question);
            count += 1;
            let noise = |i: usize| 1e-3 * deo_core::noise::noise(count, i as u64);
            reply.forces.iter_mut().enumerate().for_each(|(i, f)| *f = 1.5 * *f + noise(i));
            Some(reply)
        }
    });
    let outcome = search(&bench, &["--check", "3", "--max-gradients", "30"]);
    engine.join().unwrap();
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("THEY DON'T FIT"), "{}", outcome.stdout);
    let line = outcome.stdout.lines().find(|line| line.starts_with("noise ")).unwrap();
    let noise: f64 = line.split(' ').nth(1).unwrap().parse().unwrap();
    // The largest of twelve differences, each of a deviation of √2·1e-3.
    assert!((1e-3..6e-3).contains(&noise), "{line}");
}

/// The space follows from what is held and from the cell.
#[test]
fn motions_follow_from_what_is_held() {
    let lattice = "Lattice=\"20 0 0 0 20 0 0 0 20\"";
    for (comment, fix, motions, dimension) in [
        ("", None, 6, 6),
        ("", Some("0"), 3, 6),
        ("", Some("0-1"), 1, 5),
        ("", Some("1-2,0"), 0, 3),
        (lattice, None, 3, 9),
        (format!("{lattice} pbc=\"F F F\"").as_str(), None, 6, 6),
        (format!("{lattice} pbc=\"F F T\"").as_str(), None, 4, 8),
    ] {
        let bench = Bench::new();
        let engine = clients(&bench, || |question: &Question| Some(reply(question)));
        bench.write("held.xyz", GUESS.replacen("\n\n", &format!("\n{comment}\n"), 1).as_bytes());
        let address = format!("ipi:{}", bench.path("socket").display());
        let mut arguments = vec!["saddle", "held.xyz", "--engine", &address, "--json"];
        arguments.extend(["--check", "0", "--trajectory", "way.xyz", "--out", "out"]);
        arguments.extend(fix.iter().flat_map(|fix| ["--fix", fix]));
        let found = record(&bench.deo(&arguments));
        engine.join().unwrap();
        assert_eq!((&found["motions"], &found["dimension"]), (&motions.into(), &dimension.into()));
        // Held atoms are where they were, in every frame.
        let read = |name: &str| {
            let text = std::fs::read_to_string(bench.path(name)).unwrap();
            deo_cli::saddle::xyz::parse_structures(&text, std::path::Path::new(name)).unwrap()
        };
        let guess = read("held.xyz").remove(0);
        let way = read("way.xyz");
        assert!(way.len() > 1);
        for frame in way.iter().chain(&read("out/saddle.xyz")) {
            assert_eq!((frame.cell, frame.pbc), (guess.cell, guess.pbc));
            assert_eq!(
                frame.movable.iter().filter(|m| !**m).count(),
                fix.map_or(0, |fix| [1, 2, 3][(fix.len() - 1) / 2])
            );
            for (atom, _) in frame.movable.iter().enumerate().filter(|(_, movable)| !**movable) {
                assert_eq!(frame.x[3 * atom..3 * atom + 3], guess.x[3 * atom..3 * atom + 3]);
            }
        }
    }
}

#[test]
fn bad_usage_is_refused_before_anything_listens() {
    let bench = Bench::new();
    bench.write("guess.xyz", GUESS.as_bytes());
    bench.write("labels.xyz", GUESS.replace("Ar", "Qx").as_bytes());
    bench.write("cell.xyz", GUESS.replacen("\n\n", "\npbc=\"T T F\"\n", 1).as_bytes());
    let meet = "2\nLattice=\"9 0 0 0 9 0 0 0 9\"\nAr 0.02 0 0\nAr 8.97 0 0\n";
    bench.write("meet.xyz", meet.as_bytes());
    bench.write("bad.answers", b"3\n\nAr 0 0 0\n");
    let engine = format!("ipi:{}", bench.path("socket").display());
    for (arguments, words) in [
        (&["--engine", &engine][..], &["needs a guess", "guess.xyz"][..]),
        (&["guess.xyz"], &["--engine", "--start"]),
        (&["guess.xyz", "--engine", "ase:emt"], &["ase:emt", "ipi:NAME"]),
        (&["guess.xyz", "--engine", "ipi:"], &["no address", "HOST:PORT"]),
        (&["guess.xyz", "--engine", "ipi:host:port"], &["no number"]),
        (&["none.xyz", "--engine", &engine], &["none.xyz", "XYZ"]),
        (&["guess.xyz", "--engine", &engine, "--fix", "0-4"], &["fix", "4 atoms", "up to 3"]),
        (&["guess.xyz", "--engine", &engine, "--fix", "x"], &["fix", "0-8,12"]),
        (&["guess.xyz", "--engine", &engine, "--fix-below", "99"], &["all 4 atoms are held"]),
        (&["guess.xyz", "--engine", &engine, "--wait", "0"], &["wait is 0", "above 0"]),
        (&["guess.xyz", "--engine", &engine, "--fmax", "-1"], &["fmax is -1", "above 0"]),
        (&["guess.xyz", "--engine", &engine, "--potential", "lj"], &["--potential", "no --engine"]),
        (
            &["guess.xyz", "--engine", &engine, "--restart", "bad.answers"],
            &["bad.answers", "line 1"],
        ),
        (&["labels.xyz", "--engine", &engine, "--frequencies"], &["mass", "Qx"]),
        (&["labels.xyz", "--engine", &engine, "--hessian", "lindh"], &["Qx", "--hessian none"]),
        (
            &["guess.xyz", "--engine", &engine, "--hessian", "lindh", "--mode", "dimer"],
            &["--hessian", "--mode newton"],
        ),
        (&["--potential", "lj13", "--hessian", "none"], &["--hessian", "--engine"]),
        (&["cell.xyz", "--engine", &engine], &["pbc", "no Lattice"]),
        (&["meet.xyz", "--engine", &engine], &["meet.xyz", "atoms 0 and 1", "its own place"]),
        (&["--potential", "lj13", "--frequencies"], &["--frequencies", "--engine"]),
    ] {
        refused(&bench.deo(&[&["saddle"], arguments].concat()), words);
    }
    assert!(!bench.path("socket").exists());
}
