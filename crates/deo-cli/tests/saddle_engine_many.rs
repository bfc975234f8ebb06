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

/// Of argon, u.
const MASS: f64 = 39.948;
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

/// ω² of the atoms from `first` on, eV/(Å² u), ascending; the `motions` nearest to zero are left out.
fn squares(x: &[f64], first: usize, motions: usize) -> Vec<f64> {
    let (n, h) = (x.len() - 3 * first, 1e-4);
    let mut hessian = DMatrix::zeros(n, n);
    for i in 0..n {
        let at = |s: f64| {
            let mut x = x.to_vec();
            x[3 * first + i] += s;
            lennard_jones(&x).1
        };
        let (ahead, behind) = (at(h), at(-h));
        let entry = |j: usize| (behind[3 * first + j] - ahead[3 * first + j]) / (2.0 * h * MASS);
        (0..n).for_each(|j| hessian[(i, j)] = entry(j));
    }
    let symmetric = (&hessian + hessian.transpose()) / 2.0;
    let mut values: Vec<f64> = symmetric.symmetric_eigenvalues().iter().copied().collect();
    values.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    values.drain(..motions);
    values.sort_by(f64::total_cmp);
    values
}

/// Three atoms held: nothing turns, and prefactors are Vineyard's, Πν/Πν‡ of dense Hessians.
#[test]
fn the_event_table_has_vineyards_prefactors_of_the_atoms_that_move() {
    let held = ["--searches", "12", "--displace", "0.4", "--connect", "--fix", "0-2"];
    let run = |bench: &Bench, arguments: &[&str]| {
        let engine = clients(bench, || |question: &Question| Some(reply(question)));
        let found = record(&searches(bench, &[&held, arguments].concat()));
        engine.join().unwrap();
        found
    };
    let bench = Bench::new();
    let temperature = 200.0;
    let found = run(&bench, &["--temperature", "200", "--out", "out"]);
    assert_eq!(read_json(&bench.path("out/record.json"))["events"], found["events"]);
    let rows = |found: &Value, key: &str| found[key].as_array().unwrap().clone();
    let (distinct, minima) = (rows(&found, "distinct"), rows(&found, "minima"));
    let events = rows(&found["events"], "events");
    assert!(distinct.len() > 1 && events.len() >= distinct.len(), "{events:?}");
    let of = |value: &Value| value.as_f64().unwrap();
    let place = |event: &Value, key: &str| event[key].as_u64().unwrap() as usize - 1;
    // 521.47 cm⁻¹ for ω² of 1 eV/(Å² u), and the speed of light in cm/s.
    let frequency = |square: &f64| square.abs().sqrt() * 521.470_898_3 * 2.997_924_58e10;
    for event in &events {
        let (saddle, from) = (&distinct[place(event, "saddle")], &minima[place(event, "from")]);
        let joins = rows(saddle, "joins");
        let sides: Vec<u64> = joins.iter().map(|side| side["minimum"].as_u64().unwrap()).collect();
        let itself = sides[0] == sides[1];
        let to =
            if itself { sides[0] } else { sides[0] + sides[1] - event["from"].as_u64().unwrap() };
        assert_eq!(event["to"], to, "{event}");
        let of_saddle = squares(&numbers(&saddle["x"]), 3, 0);
        let of_minimum = squares(&numbers(&from["x"]), 3, 0);
        assert!(of_saddle[0] < 0.0 && of_saddle[1] > 0.0 && of_minimum[0] > 0.0);
        let product = |all: &[f64]| all.iter().map(|square| frequency(square).ln()).sum::<f64>();
        let expected = (product(&of_minimum) - product(&of_saddle[1..])).exp();
        // The squares of h = 0.01 Å, in a potential of twelfth powers.
        assert!((of(&event["prefactor"]) / expected - 1.0).abs() < 0.01, "{event} {expected:e}");
        // Within what fmax leaves of either minimum, some 1e-6 eV.
        let barrier = of(&saddle["energy"]) - of(&from["energy"]);
        assert!((of(&event["barrier"]) - barrier).abs() < 1e-4, "{event}");
        let classical = expected * (-barrier / (8.617_333_262e-5 * temperature)).exp();
        assert!((of(&event["classical"]) / classical - 1.0).abs() < 0.02, "{event} {classical:e}");
        assert!(event["refused"].is_null());
    }
    let joined = |minimum: &usize| {
        let mut sides = distinct.iter().flat_map(|row| row["joins"].as_array().unwrap());
        sides.any(|side| side["minimum"] == minimum + 1)
    };
    let known = rows(&found["events"], "minima");
    for place in 0..minima.len() {
        assert_eq!(known[place].is_null(), !joined(&place), "each that is joined, {place}");
    }
    // Twice for each coordinate of the four atoms that move.
    let structures = distinct.len() + known.iter().filter(|known| !known.is_null()).count();
    assert_eq!(found["events"]["gradients"], 24 * structures);
    // Without a temperature, the same prefactors and no rates; without minima, no events.
    let without = run(&Bench::new(), &["--frequencies"]);
    let pairs = rows(&without["events"], "events").into_iter().zip(&events);
    for (one, other) in pairs {
        assert!((of(&one["prefactor"]) / of(&other["prefactor"]) - 1.0).abs() < 1e-9);
        assert!(one["classical"].is_null() && one["quantum"].is_null());
    }
}

/// Free atoms turn: a prefactor needs a temperature. A run is gone on with in the vibrations, for more searches, too.
#[test]
fn events_of_free_atoms_and_a_run_that_is_gone_on_with_in_them() {
    let few = ["--searches", "4", "--displace", "0.3", "--restart", "answers"];
    let run = |bench: &Bench, arguments: &[&str]| {
        let engine = clients(bench, || |question: &Question| Some(reply(question)));
        let found = record(&searches(bench, &[&few, arguments].concat()));
        engine.join().unwrap();
        found
    };
    let rates = ["--connect", "--temperature", "80"];
    let whole = run(&Bench::new(), &rates);
    let events = whole["events"]["events"].as_array().unwrap();
    assert!(!events.is_empty() && events.iter().all(|event| event["prefactor"].is_f64()));
    let free = run(&Bench::new(), &["--connect", "--frequencies"]);
    for event in free["events"]["events"].as_array().unwrap() {
        assert!(event["prefactor"].is_null() && event["refused"].is_null(), "{event}");
        assert!(event["zero_point_barrier"].is_f64());
    }
    let alone = run(&Bench::new(), &["--frequencies"]);
    assert_eq!(alone["events"]["events"].as_array().unwrap().len(), 0);
    assert_eq!(alone["events"]["saddles"], whole["events"]["saddles"]);
    let answers = whole["answers"].as_u64().unwrap() as usize;
    let spent = whole["events"]["gradients"].as_u64().unwrap() as usize;
    let bench = Bench::new();
    let dies = once(&bench, answers - spent / 2);
    let outcome = searches(&bench, &[&few[..], &rates, &["--wait", "0.5"]].concat());
    dies.join().unwrap();
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let found = run(&bench, &[&rates[..], &["--clients", "2"]].concat());
    assert_eq!((&found["events"], &found["answers"]), (&whole["events"], &whole["answers"]));
    let engine = clients(&bench, || |question: &Question| Some(reply(question)));
    let more = ["--searches", "7", "--displace", "0.3", "--restart", "answers"];
    let found = record(&searches(&bench, &[&more[..], &rates].concat()));
    engine.join().unwrap();
    assert!(found["events"]["events"].as_array().unwrap().len() >= events.len());
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
    bench.write("nobody.xyz", atoms.replacen("Ar", "Xx", 1).as_bytes());
    let cell = atoms.replacen("\n\n", "\nLattice=\"20 0 0 0 20 0 0 0 20\"\n", 1);
    bench.write("cells.xyz", (atoms + &cell).as_bytes());
    let engine = format!("ipi:{}", bench.path("socket").display());
    for (guess, arguments, words) in [
        ("guess.xyz", &["--clients", "2"][..], &["--clients", "--searches"][..]),
        ("guess.xyz", &["--displace", "0.1"], &["--displace", "--searches"]),
        ("guess.xyz", &["--searches", "0"], &["searches is 0"]),
        ("guess.xyz", &["--searches", "2", "--clients", "0"], &["clients is 0"]),
        ("guess.xyz", &["--searches", "2", "--irc"], &["--irc", "no --searches"]),
        ("guess.xyz", &["--searches", "2", "--temperature", "9"], &["--temperature", "--connect"]),
        (
            "nobody.xyz",
            &["--searches", "2", "--frequencies", "--hessian", "none"],
            &["the mass of", "Xx"],
        ),
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
