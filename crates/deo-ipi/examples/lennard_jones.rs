//! An engine in sixty lines: Lennard-Jones atoms in hartree and bohr, as a client of whatever server listens.
//!
//! `cargo run -p deo-ipi --example lennard_jones -- ADDRESS [ANSWERS]`, ADDRESS as in `deo saddle --engine ipi:ADDRESS`;
//! after so many answers it goes away in the middle of the next one, as an engine does that is killed.

use deo_ipi::units::{BOHR, FORCE, HARTREE};
use deo_ipi::{Address, Client, IpiError, Question, Reply};
use std::process::ExitCode;
use std::time::Duration;

/// ε in hartree and σ in bohr: a pair of 2.0 eV at 2.4 Å.
const EPSILON: f64 = 0.0735;
const SIGMA: f64 = 4.04;

/// 4ε Σ (σ/r)¹² − (σ/r)⁶ over all pairs, without the cell.
fn lennard_jones(question: &Question) -> Reply {
    let x: Vec<f64> = question.positions.iter().map(|x| x / BOHR).collect();
    let (mut energy, mut forces) = (0.0, vec![0.0; x.len()]);
    for i in 0..x.len() / 3 {
        for j in 0..i {
            let d = [0, 1, 2].map(|a| x[3 * i + a] - x[3 * j + a]);
            let square: f64 = d.iter().map(|d| d * d).sum();
            let sixth = (SIGMA * SIGMA / square).powi(3);
            energy += 4.0 * EPSILON * sixth * (sixth - 1.0);
            let push = 24.0 * EPSILON * sixth * (2.0 * sixth - 1.0) / square;
            for a in 0..3 {
                forces[3 * i + a] += push * d[a];
                forces[3 * j + a] -= push * d[a];
            }
        }
    }
    forces.iter_mut().for_each(|force| *force *= FORCE);
    Reply::new(energy * HARTREE, forces)
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(address) = arguments.next() else {
        eprintln!("give the address of a server: NAME or HOST:PORT");
        return ExitCode::from(2);
    };
    let mut left = arguments.next().and_then(|count| count.parse::<u64>().ok());
    let answered = address.parse::<Address>().map_err(IpiError::from).and_then(|address| {
        Client::connect(&address, Duration::from_secs(60))?.serve(|question| {
            if let Some(left) = &mut left {
                *left = left.checked_sub(1)?;
            }
            Some(lennard_jones(question))
        })
    });
    match answered {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
