//! `deo saddle GUESS.xyz --engine … --searches N`: one table, whoever answers. Seven atoms of Lennard and Jones, whose four
//! minima are known (Hoare and Pal); the index of every saddle by a dense Hessian.
#![cfg(unix)]

mod common;

use common::argon::{EPSILON, SIGMA, clients, lennard_jones, numbers, record, reply};
use common::{Bench, Outcome, names, read_json, refused};
use deo_ipi::{Address, Client, Question, Reply};
use nalgebra::DMatrix;
use serde_json::Value;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

/// Of seven atoms, in ε.
const MINIMA: [f64; 4] = [-16.505384, -15.935043, -15.593211, -15.533060];

/// A pentagonal bipyramid, in Å.
fn bipyramid() -> Vec<[f64; 3]> {
    let (bond, turn) = (1.12 * SIGMA, std::f64::consts::TAU / 5.0);
    let ring = bond / (2.0 * (turn / 2.0).sin());
    let height = 0.5 * bond;
    let mut atoms: Vec<[f64; 3]> = (0..5)
        .map(|i| [ring * (turn * f64::from(i)).cos(), ring * (turn * f64::from(i)).sin(), 0.0])
        .collect();
    atoms.extend([[0.0, 0.0, height], [0.0, 0.0, -height]]);
    atoms
}

fn xyz(atoms: &[[f64; 3]]) -> String {
    let lines = atoms.iter().map(|[x, y, z]| format!("Ar {x} {y} {z}\n"));
    format!("{}\n\n{}", atoms.len(), lines.collect::<String>())
}

fn searches(bench: &Bench, arguments: &[&str]) -> Outcome {
    if !bench.path("guess.xyz").exists() {
        bench.write("guess.xyz", xyz(&bipyramid()).as_bytes());
    }
    let engine = format!("ipi:{}", bench.path("socket").display());
    let first = ["saddle", "guess.xyz", "--engine", &engine, "--json", "--fmax", "1e-3"];
    bench.deo(&[&first[..], arguments].concat())
}

/// A client that comes once, and stays for so many answers.
fn once(bench: &Bench, answers: usize) -> JoinHandle<()> {
    let (address, mut left) = (Address::Unix(bench.path("socket")), answers);
    spawn(move || {
        let client = Client::connect(&address, Duration::from_secs(20)).unwrap();
        let _ = client.serve(|question| {
            left = left.checked_sub(1)?;
            // Slow enough for the other one to have its share.
            sleep(Duration::from_micros(300));
            Some(reply(question))
        });
    })
}

fn negative(x: &[f64]) -> usize {
    let (n, h) = (x.len(), 1e-4);
    let mut hessian = DMatrix::zeros(n, n);
    for i in 0..n {
        let at = |s: f64| {
            let mut x = x.to_vec();
            x[i] += s;
            lennard_jones(&x).1
        };
        let (ahead, behind) = (at(h), at(-h));
        (0..n).for_each(|j| hessian[(i, j)] = (behind[j] - ahead[j]) / (2.0 * h));
    }
    let symmetric = (&hessian + hessian.transpose()) / 2.0;
    symmetric.symmetric_eigenvalues().iter().filter(|value| **value < -0.01).count()
}

const MANY: &[&str] = &["--searches", "16", "--displace", "0.3", "--connect"];
/// What doesn't depend on who answers.
const SAME: [&str; 6] = ["searches", "distinct", "minima", "answers", "check", "start_gradients"];

fn with_one_client() -> Value {
    let bench = Bench::new();
    let engine = clients(&bench, || |question: &Question| Some(reply(question)));
    let found = record(&searches(&bench, &[MANY, &["--out", "out"]].concat()));
    assert_eq!(engine.join().unwrap(), 1);
    let on_disk = read_json(&bench.path("out/record.json"));
    assert_eq!(on_disk["results"]["distinct"], found["distinct"]);
    assert_eq!(names(&bench.path("out")), ["minima.xyz", "record.json", "saddles.xyz"]);
    let text = std::fs::read_to_string(bench.path("out/saddles.xyz")).unwrap();
    let frames = deo_cli::saddle::xyz::parse_structures(&text, "saddles.xyz".as_ref()).unwrap();
    let rows = found["distinct"].as_array().unwrap();
    assert_eq!(frames.len(), rows.len());
    for (frame, row) in frames.iter().zip(rows) {
        assert_eq!(frame.x, numbers(&row["x"]));
    }
    assert!(text.contains(":forces:R:3:mode:R:3") && text.contains("barrier="));
    found
}

#[test]
fn the_table_is_right_and_the_same_with_two_clients_of_which_one_is_killed() {
    let alone = with_one_client();
    let rows = alone["distinct"].as_array().unwrap();
    assert!(rows.len() > 2, "{rows:?}");
    let of = |value: &Value| value.as_f64().unwrap();
    for row in rows {
        let x = numbers(&row["x"]);
        let (energy, forces) = lennard_jones(&x);
        assert!((of(&row["energy"]) - energy).abs() < 1e-7);
        let largest = forces.chunks(3).map(|f| f[0].hypot(f[1]).hypot(f[2])).fold(0.0, f64::max);
        assert!(largest <= 1e-3 && negative(&x) == 1, "{row}");
        assert!((of(&row["barrier"]) - (energy - EPSILON * MINIMA[0])).abs() < 1e-4, "{row}");
        assert_eq!(row["joins"].as_array().unwrap().len(), 2);
        let from: u64 =
            row["from"].as_array().unwrap().iter().map(|o| o["found"].as_u64().unwrap()).sum();
        assert_eq!(from, row["found"].as_u64().unwrap());
    }
    let energies: Vec<f64> = rows.iter().map(|row| of(&row["energy"])).collect();
    assert!(energies.windows(2).all(|pair| pair[1] - pair[0] > 1e-6), "each once: {energies:?}");
    let minima = alone["minima"].as_array().unwrap();
    assert!(minima.len() > 1);
    for minimum in minima {
        let energy = of(&minimum["energy"]) / EPSILON;
        assert!(MINIMA.iter().any(|known| (known - energy).abs() < 1e-5), "{energy}");
    }
    // The first client dies in the middle of the work, with a question.
    let answers = alone["answers"].as_u64().unwrap() as usize;
    for (dies_after, threads) in [(answers / 4, "2"), (answers / 3, "4")] {
        let bench = Bench::new();
        let killed = once(&bench, dies_after);
        let stays = once(&bench, usize::MAX);
        let found = record(&searches(&bench, &[MANY, &["--clients", threads]].concat()));
        killed.join().unwrap();
        stays.join().unwrap();
        for key in SAME {
            assert_eq!(found[key], alone[key], "{key}");
        }
    }
}

/// The engine is gone for good in the middle; with another number of clients the run is gone on with, to the same bits.
#[test]
fn a_run_of_many_is_gone_on_with() {
    let few = &["--searches", "5", "--connect"][..];
    let whole = {
        let bench = Bench::new();
        let engine = clients(&bench, || |question: &Question| Some(reply(question)));
        let found = record(&searches(&bench, few));
        engine.join().unwrap();
        found
    };
    let answers = whole["answers"].as_u64().unwrap() as usize;
    for part in [3, answers / 3, answers - 20] {
        let bench = Bench::new();
        let gone = [once(&bench, part / 2), once(&bench, part - part / 2)];
        let arguments = [few, &["--clients", "2", "--wait", "0.5"]].concat();
        let outcome = searches(&bench, &arguments);
        gone.into_iter().for_each(|client| client.join().unwrap());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{}", outcome.stderr);
        let kept = format!("{part} answers are in guess.answers");
        assert!(outcome.stderr.contains(&kept), "{}", outcome.stderr);
        let engine = clients(&bench, || |question: &Question| Some(reply(question)));
        let arguments = [few, &["--restart", "guess.answers"]].concat();
        let found = record(&searches(&bench, &arguments));
        engine.join().unwrap();
        for key in SAME {
            assert_eq!(found[key], whole[key], "{key} after {part}");
        }
        // And once more, without any engine, but for two searches more.
        assert_eq!(record(&searches(&bench, &arguments))["distinct"], whole["distinct"]);
        let engine = clients(&bench, || |question: &Question| Some(reply(question)));
        let more = ["--connect", "--restart", "guess.answers", "--searches", "7", "--clients", "1"];
        let found = record(&searches(&bench, &more));
        engine.join().unwrap();
        let these = &found["searches"].as_array().unwrap()[..5];
        let same = |(a, b): (&Value, &Value)| a["x"] == b["x"] && a["status"] == b["status"];
        assert!(these.iter().zip(whole["searches"].as_array().unwrap()).all(same));
    }
}

/// Frames in turn, as they are; what no client survives is lost alone.
#[test]
fn a_start_that_kills_every_client_is_lost_and_the_others_are_found() {
    let bench = Bench::new();
    let shifted = |atom: usize, way: [f64; 3]| {
        let mut atoms = bipyramid();
        (0..3).for_each(|k| atoms[atom][k] += way[k]);
        xyz(&atoms)
    };
    // Not displaced, the first would stay at the minimum's point of symmetry.
    let frames =
        [shifted(0, [0.3, 0.5, 0.2]), shifted(5, [0.0, 0.1, -1.9]), shifted(1, [0.2, 0.4, 0.6])];
    bench.write("guess.xyz", frames.concat().as_bytes());
    let nearest = |x: &[f64]| {
        let atoms: Vec<&[f64]> = x.chunks(3).collect();
        let pair = |i: usize, j: usize| {
            atoms[i].iter().zip(atoms[j]).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
        };
        (0..7).flat_map(|i| (0..i).map(move |j| pair(i, j))).fold(f64::INFINITY, f64::min)
    };
    let engine = clients(&bench, move || {
        move |question: &Question| (nearest(&question.positions) > 1.5).then(|| reply(question))
    });
    let found = record(&searches(&bench, &["--searches", "3"]));
    assert!(engine.join().unwrap() > 3);
    let ended = found["searches"].as_array().unwrap();
    let status: Vec<&str> = ended.iter().map(|s| s["status"].as_str().unwrap()).collect();
    assert_eq!(status[1], "lost", "{status:?}");
    assert!(ended[1]["energy"].is_null() && status[0] != "lost" && status[2] != "lost");
    let starts: Vec<&str> = ended.iter().map(|s| s["start"].as_str().unwrap()).collect();
    assert_eq!(starts, ["frame-1", "frame-2", "frame-3"]);
    for row in found["distinct"].as_array().unwrap() {
        assert!(negative(&numbers(&row["x"])) == 1 && row["barrier"].is_null(), "{row}");
    }
}

/// Other atoms end all searches at once.
#[test]
fn what_concerns_all_ends_all() {
    let bench = Bench::new();
    let engine = clients(&bench, || {
        let mut left = 40;
        move |question: &Question| {
            left -= 1;
            Some(if left > 0 { reply(question) } else { Reply::new(0.0, vec![0.0; 9]) })
        }
    });
    let outcome = searches(&bench, &[MANY, &["--clients", "3"]].concat());
    assert!(
        outcome.code == 1 && outcome.stderr.contains("answers for 3 atoms"),
        "{}",
        outcome.stderr
    );
    // The next client may have answered once more before all have heard of it.
    let answers = outcome.stderr.split(" answers are in guess.answers").next().unwrap();
    let answers: usize = answers.rsplit('\n').next().unwrap().parse().unwrap();
    assert!((39..80).contains(&answers), "{}", outcome.stderr);
    engine.join().unwrap();
}

/// --run starts one for each client, which knows its number.
#[test]
fn each_client_is_started_with_its_number() {
    let bench = Bench::new();
    let engines = [once(&bench, usize::MAX), once(&bench, usize::MAX), once(&bench, usize::MAX)];
    let run = "echo $DEO_CLIENT >> numbers; while test -e socket; do sleep 0.05; done";
    let arguments = ["--searches", "6", "--clients", "3", "--run", run];
    record(&searches(&bench, &arguments));
    engines.into_iter().for_each(|engine| engine.join().unwrap());
    let text = std::fs::read_to_string(bench.path("numbers")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["0", "1", "2"]);
}

/// Atoms near one are displaced, the others stay.
#[test]
fn only_atoms_near_one_are_displaced() {
    let bench = Bench::new();
    let mut far = bipyramid();
    far.push([20.0, 0.0, 0.0]);
    bench.write("guess.xyz", xyz(&far).as_bytes());
    let (send, asked) = std::sync::mpsc::channel();
    let engine = clients(&bench, move || {
        let send = send.clone();
        move |question: &Question| {
            send.send(question.positions.clone()).unwrap();
            Some(reply(question))
        }
    });
    let near =
        ["--displace-around", "5", "--within", "3.5", "--check", "0", "--max-gradients", "1"];
    record(&searches(&bench, &[&["--searches", "3", "--displace", "0.2"], &near[..]].concat()));
    engine.join().unwrap();
    let guess: Vec<f64> = far.concat();
    let starts: Vec<Vec<f64>> = asked
        .iter()
        .filter(|x| {
            x[..21].iter().zip(&guess).all(|(a, b)| (a - b).abs() > 1e-3)
                && (x[21] - 20.0).abs() < 1e-9
        })
        .collect();
    assert!(starts.len() >= 3, "{}", starts.len());
}

#[test]
fn bad_usage_is_refused_before_anything_listens() {
    let bench = Bench::new();
    let atoms = xyz(&bipyramid());
    bench.write("guess.xyz", atoms.as_bytes());
    bench.write("two.xyz", atoms.repeat(2).as_bytes());
    let cell = atoms.replacen("\n\n", "\nLattice=\"20 0 0 0 20 0 0 0 20\"\n", 1);
    bench.write("cells.xyz", (atoms + &cell).as_bytes());
    let engine = format!("ipi:{}", bench.path("socket").display());
    for (guess, arguments, words) in [
        ("guess.xyz", &["--clients", "2"][..], &["--clients", "--searches"][..]),
        ("guess.xyz", &["--displace", "0.1"], &["--displace", "--searches"]),
        ("guess.xyz", &["--searches", "0"], &["searches is 0"]),
        ("guess.xyz", &["--searches", "2", "--clients", "0"], &["clients is 0"]),
        ("guess.xyz", &["--searches", "2", "--irc"], &["--irc", "no --searches"]),
        ("guess.xyz", &["--searches", "2", "--displace", "-1"], &["displace is -1", "not below 0"]),
        ("guess.xyz", &["--searches", "2", "--displace", "0"], &["2 searches", "1 places"]),
        ("two.xyz", &["--searches", "3"], &["3 searches", "2 places", "--displace"]),
        ("guess.xyz", &["--searches", "2", "--within", "3"], &["--within", "--displace-around"]),
        ("guess.xyz", &["--searches", "2", "--displace-around", "7"], &["around is 7", "7 atoms"]),
        (
            "guess.xyz",
            &["--searches", "2", "--displace-around", "5", "--within", "0.1", "--fix", "5"],
            &["within 0.1 Å of atom 5"],
        ),
        ("cells.xyz", &["--searches", "2"], &["frame 2", "another cell"]),
    ] {
        refused(&bench.deo(&[&["saddle", guess, "--engine", &engine], arguments].concat()), words);
    }
    refused(
        &bench.deo(&["saddle", "--potential", "lj13", "--clients", "2"]),
        &["--clients", "--engine"],
    );
    assert!(!bench.path("socket").exists());
}
