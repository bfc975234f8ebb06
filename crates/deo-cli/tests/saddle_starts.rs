//! `deo saddle --engine` from starts that lead nowhere by themselves: atoms on a line, and ends that number equal atoms
//! differently.
#![cfg(unix)]

mod common;

use common::argon::{clients, record};
use common::{Bench, refused};
use deo_ipi::{Question, Reply};

/// Water of three terms, eV and Å: two Morse bonds of 0.96 Å, and 5/2 (cos θ + ¼)², by which straight water is unstable.
fn water(x: &[f64]) -> f64 {
    let arm = |i: usize| [0, 1, 2].map(|k| x[3 * i + k] - x[k]);
    let length = |v: [f64; 3]| v[0].hypot(v[1]).hypot(v[2]);
    let (a, b) = (arm(1), arm(2));
    let bond = |v| 5.0 * (1.0 - f64::exp(-2.2 * (length(v) - 0.96))).powi(2);
    let cosine = (0..3).map(|k| a[k] * b[k]).sum::<f64>() / (length(a) * length(b));
    bond(a) + bond(b) + 2.5 * (cosine + 0.25).powi(2)
}

/// Its forces, by differences that are good to 1e-9 eV/Å.
fn reply(question: &Question) -> Reply {
    let x = &question.positions;
    let beside = |i: usize, h: f64| {
        let mut x = x.to_vec();
        x[i] += h;
        water(&x)
    };
    let forces = (0..x.len()).map(|i| (beside(i, -1e-4) - beside(i, 1e-4)) / 2e-4).collect();
    Reply::new(water(x), forces)
}

/// The model takes the bend for stiffer than a bond, and no force on the line says otherwise.
#[test]
fn straight_water_is_a_point_of_index_2_and_no_run_up_a_bond() {
    let bench = Bench::new();
    bench.write("line.xyz", b"3\n\nO 0 0 0\nH 0.95 0 0\nH -0.95 0 0\n");
    let engine = format!("ipi:{}", bench.path("socket").display());
    let run = |arguments: &[&str]| {
        let answers = clients(&bench, || |question: &Question| Some(reply(question)));
        let outcome =
            bench.deo(&[&["saddle", "line.xyz", "--engine", &engine], arguments].concat());
        answers.join().unwrap();
        outcome
    };
    let found = record(&run(&["--json"]));
    assert_eq!((&found["status"], &found["index"]), (&"wrong-index".into(), &2.into()), "{found}");
    assert_eq!(found["straight"], true);
    assert!(found["gradients"].as_u64().unwrap() <= 10, "{found}");
    let outcome = run(&[]);
    for words in ["the first probe bends it", "move an atom some 0.1 Å off the line"] {
        assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
    }
}

/// Nobody is listened for, and nothing computed.
#[test]
fn ends_that_exchange_equal_atoms_are_named() {
    let bench = Bench::new();
    let (one, two) = ("H 0.63 0.63 0.63\n", "H -0.63 -0.63 0.63\n");
    let text =
        |hydrogens: String| format!("5\n\nC 0 0 0\n{hydrogens}F -0.8 0.8 -0.8\nCl 1 -1 -1\n");
    bench.write("a.xyz", text(format!("{one}{two}")).as_bytes());
    bench.write("b.xyz", text(format!("{two}{one}")).as_bytes());
    let engine = format!("ipi:{}", bench.path("socket").display());
    let outcome = bench.deo(&["saddle", "--between", "a.xyz", "b.xyz", "--engine", &engine]);
    refused(&outcome, &["atoms 1 and 2 go through each other", "b.xyz", "exchange their lines"]);
}
