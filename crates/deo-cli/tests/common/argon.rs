//! An engine of our own: argon-like atoms of Lennard and Jones, and the rhombus of four that is the saddle between two
//! tetrahedra.

use super::{Bench, Outcome};
use deo_core::Objective;
use deo_ipi::{Address, Client, Ended, Question, Reply};
use deo_models::clusters::{Cluster, LennardJones};
use serde_json::Value;
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

/// ε in eV, and σ in Å.
pub(crate) const EPSILON: f64 = 1.0;
pub(crate) const SIGMA: f64 = 2.5;

/// Energy and forces of Lennard-Jones atoms.
pub(crate) fn lennard_jones(x: &[f64]) -> (f64, Vec<f64>) {
    let reduced: Vec<f64> = x.iter().map(|x| x / SIGMA).collect();
    let mut gradient = vec![0.0; x.len()];
    let energy = Cluster::new(LennardJones).value_grad(&reduced, &mut gradient);
    (EPSILON * energy, gradient.iter().map(|g| -EPSILON / SIGMA * g).collect())
}

pub(crate) fn reply(question: &Question) -> Reply {
    let (energy, forces) = lennard_jones(&question.positions);
    Reply::new(energy, forces)
}

/// A rhombus, a little off.
pub(crate) const GUESS: &str =
    "4\n\nAr 0.05 0 0.1\nAr 2.8 0 0\nAr 1.45 2.4 -0.1\nAr 1.4 -2.45 0.05\n";

/// Clients that serve one after another until the server tells one to go; each answers by what `make` gives.
pub(crate) fn clients<E>(
    bench: &Bench,
    mut make: impl FnMut() -> E + Send + 'static,
) -> JoinHandle<u32>
where
    E: FnMut(&Question) -> Option<Reply>,
{
    let address = Address::Unix(bench.path("socket"));
    spawn(move || {
        let mut count = 0;
        loop {
            // Nobody listens any more when the server has had enough.
            let Ok(client) = Client::connect(&address, Duration::from_secs(5)) else { break };
            count += 1;
            if client.serve(make()).unwrap() == Ended::Exit {
                break;
            }
        }
        count
    })
}

/// The search from the guess, with these arguments.
pub(crate) fn search(bench: &Bench, arguments: &[&str]) -> Outcome {
    bench.write("guess.xyz", GUESS.as_bytes());
    let engine = format!("ipi:{}", bench.path("socket").display());
    bench.deo(&[&["saddle", "guess.xyz", "--engine", &engine], arguments].concat())
}

pub(crate) fn record(outcome: &Outcome) -> Value {
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).expect("one JSON object and nothing else")
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}
