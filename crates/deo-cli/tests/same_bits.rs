//! A list of commands whose figures were recorded, to the last bit.
//!
//! Nobody claims that the figures of `golden/same_bits.json` are right: other tests do. They are what the program printed,
//! so that a change that is to leave all results alone can't change one unnoticed. Who changes one on purpose writes the record
//! anew and says in the commit which and why:
//!
//! ```text
//! DEO_RECORD=1 cargo test -p deo-cli --test same_bits
//! ```
//!
//! A command's figures are all numbers of the JSON that it prints, without times: how many they are, and a digest of them in
//! ascending order, which a renamed field leaves alone.
//!
//! Two things below the program differ from machine to machine, and the record has a digest of both, and the instruction sets: the
//! last bits of the functions of the C library, as `exp` and `hypot`, and the matrix products, whose kernels are chosen by the
//! processor. Where one differs from the record, the commands that rest on it are compared among themselves only, on 1 and 2 threads.

mod common;

use common::{Bench, SMALL, quiet, read_json};
use deo_linalg::{Accumulate, MatMut, MatRef, Threads, matmul};
use serde_json::{Map, Value, json};
use std::fs;
use std::hash::Hasher;
use std::path::Path;
use twox_hash::XxHash3_64;

/// Quick commands that go through every policy, every machine and both searches, by what their bits rest on.
const COMMANDS: [(&str, &[&str]); 2] = [
    (
        "library",
        &[
            "escape --suite octopus-5-1,quartic-saddle,monkey-well,matrix-factorisation,xor --lr 0.05 --seeds 1 --budget 300",
            "escape --suite strict-saddle --methods deflate+gd,amplify+gd,escape+adam,neon --lr 0.05 --seeds 2 --budget 300",
            "spectrum --landscape muller-brown --at saddle-2 --k 2 --confirm",
            "spectrum --landscape rosenbrock --at=-1.2,1 --rule central --which both --density --trace",
            "saddle --potential muller-brown --mode newton --searches 4 --connect",
            "saddle --potential muller-brown --mode dimer --searches 4 --connect",
            "saddle --potential lj13 --mode newton --searches 2",
            "saddle --potential lj13 --mode dimer --searches 2 --index 2",
            "diagnose --problem monkey-well",
        ],
    ),
    (
        "matmul",
        &[
            "train --policy escape --interval 2 --allowance 30 --lr 0.03",
            "train --policy escape --interval 2 --allowance 30 --optimizer sgd --monitor --monitor-interval 4",
            "train --policy deflate --interval 2",
            "train --policy amplify --interval 2 --optimizer adam --clip 0.5",
            "train --policy compat-paper --interval 2",
            "train --policy compat-sophia --interval 2",
            "train --policy compat-adam --interval 2",
        ],
    ),
];

#[test]
fn the_figures_are_those_of_the_record() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/same_bits.json");
    let bench = Bench::new();
    let mut now = Map::new();
    for (machine, commands) in COMMANDS {
        now.insert(
            machine.to_owned(),
            json!(if machine == "matmul" { products() } else { library() }),
        );
        for command in commands {
            let [one, two] = ["1", "2"].map(|threads| figures(&bench, command, threads));
            assert_eq!(one, two, "on 1 and 2 threads: deo {command}");
            now.insert((*command).to_owned(), one);
        }
    }
    if std::env::var_os("DEO_RECORD").is_some() {
        let text = serde_json::to_string_pretty(&Value::Object(now)).unwrap();
        return fs::write(path, text + "\n").unwrap();
    }
    let record = read_json(&path);
    for (machine, commands) in COMMANDS {
        if record[machine] == now[machine] {
            let changed: Vec<_> =
                commands.iter().filter(|command| record[**command] != now[**command]).collect();
            assert!(
                changed.is_empty(),
                "the figures are not those of the record: deo {changed:#?}"
            );
        } else {
            eprintln!("another {machine} than the record's: only the threads were compared");
        }
    }
}

/// How many numbers `deo` prints, and their digest.
fn figures(bench: &Bench, command: &str, threads: &str) -> Value {
    let mut arguments: Vec<&str> = command.split(' ').collect();
    match arguments[0] {
        "train" => {
            arguments.splice(1..1, [&["--text", "text.txt", "--steps", "8"], SMALL].concat());
            let at = arguments.iter().position(|word| *word == "--threads").unwrap() + 1;
            arguments[at] = threads;
        }
        "diagnose" => {} // on one thread always
        _ => arguments.extend(["--threads", threads]),
    }
    arguments.push("--json");
    let mut numbers = Vec::new();
    collect(&common::json(&quiet(bench, &arguments)), &mut numbers);
    numbers.sort_unstable();
    let mut digest = XxHash3_64::new();
    numbers.iter().for_each(|number| digest.write(number.as_bytes()));
    json!(format!("{} {:016x}", numbers.len(), digest.finish()))
}

/// All numbers, as serde_json writes them, which tells any two apart; without times and what a run was told of threads.
fn collect(value: &Value, numbers: &mut Vec<String>) {
    match value {
        Value::Number(number) => numbers.push(number.to_string() + "\n"),
        Value::Array(values) => values.iter().for_each(|value| collect(value, numbers)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if !["ms", "seconds", "threads"].contains(&name.as_str()) {
                    collect(value, numbers);
                }
            }
        }
        _ => {}
    }
}

/// A digest of the functions of the C library that the crates call.
fn library() -> String {
    let mut digest = XxHash3_64::new();
    for i in 1..2000 {
        let x = f64::from(i) / 311.0;
        let of_doubles = [
            x.exp(),
            (-x).exp(),
            x.ln(),
            x.ln_1p(),
            x.sin(),
            x.cos(),
            x.tanh(),
            x.cbrt(),
            x.atan(),
            x.powf(0.3),
            x.hypot(1.7),
            x.log10(),
            x.sin_cos().0,
            0.96f64.powf(x),
            x.atan2(0.9),
            (x / 7.0).acos(),
        ];
        of_doubles.iter().for_each(|y| digest.write_u64(y.to_bits()));
        let x = x as f32;
        [x.exp(), x.ln(), x.tanh(), x.cos()].iter().for_each(|y| digest.write_u32(y.to_bits()));
    }
    format!("{:016x} {}", digest.finish(), instruction_sets())
}

/// What kernels are chosen by, those of faer's eigenvalues among them.
fn instruction_sets() -> String {
    #[cfg(target_arch = "x86_64")]
    let found = [
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let found = [(std::env::consts::ARCH, true)];
    let names: Vec<&str> = found.iter().filter(|set| set.1).map(|set| set.0).collect();
    names.join("+")
}

/// The same, and one of matrix products, in shapes of the small network: as it is, and with either side transposed.
fn products() -> String {
    let mut digest = XxHash3_64::new();
    let entries =
        |n: usize| -> Vec<f32> { (0..n).map(|i| (i * i % 997) as f32 / 997.0 - 0.4).collect() };
    for (m, k, n) in [(32, 64, 192), (64, 32, 256), (8, 16, 8), (32, 256, 64), (7, 13, 5)] {
        let (a, b, mut c) = (entries(m * k), entries(k * n), vec![0.0; m * n]);
        for transposed in [false, true] {
            let (left, right) = if transposed {
                (MatRef::new(&a, k, m).t(), MatRef::new(&b, n, k).t())
            } else {
                (MatRef::new(&a, m, k), MatRef::new(&b, k, n))
            };
            matmul(Threads::One, 1.0, left, right, Accumulate::Replace, MatMut::new(&mut c, m, n));
            c.iter().for_each(|y| digest.write_u32(y.to_bits()));
        }
    }
    format!("{} {:016x}", library(), digest.finish())
}
