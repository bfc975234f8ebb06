//! What a step of `NewtonSearch` costs beside its gradient: milliseconds an answer, by coordinates and by gradients seen, medians.
//!
//! `cargo run --release -p deo-saddle --example algebra_seconds -- [COORDINATES …]`, by default 39, 108 and 219, those of free
//! clusters of 13, 38 and 75 atoms.
//!
//! The surface is a chain of double wells whose gradients are noisy, so that no search ends; its gradient takes no time. Up to a
//! quarter of r gradients the fit takes place in the span of what was seen; beyond r in all coordinates. With a model its error is
//! fitted four times a step.

use deo_core::noise::noise;
use deo_core::space::Host;
use deo_saddle::{Goal, Matrix, NewtonSearch, NewtonSettings};
use std::error::Error;
use std::time::Instant;

const SPACE: Host<f64> = Host::new();
/// Of a spring between neighbours.
const SPRING: f64 = 0.5;
/// Of every component of a gradient; the tolerance is far below it.
const NOISE: f64 = 1e-3;

/// ∇ of Σ (xᵢ² − 1)²/4 + (xᵢ₊₁ − xᵢ)²/4, with noise that never comes again.
fn gradient(x: &[f64], count: u64) -> Vec<f64> {
    let mut g: Vec<f64> = x.iter().map(|x| x * (x * x - 1.0)).collect();
    for (i, pair) in x.windows(2).enumerate() {
        let pull = SPRING * (pair[1] - pair[0]);
        g[i] -= pull;
        g[i + 1] += pull;
    }
    g.iter_mut().enumerate().for_each(|(i, g)| *g += NOISE * noise(count, i as u64));
    g
}

/// The springs, and the stiffness of a minimum.
fn model(r: usize) -> Matrix {
    let mut matrix = vec![0.0; r * r];
    for i in 0..r {
        matrix[i * r + i] = 2.0 + 2.0 * SPRING;
        if i > 0 {
            (matrix[i * r + i - 1], matrix[(i - 1) * r + i]) = (-SPRING, -SPRING);
        }
    }
    Matrix::new(matrix)
}

/// Milliseconds an answer, the medians up to each of the counts of gradients.
fn times(r: usize, marks: &[usize], with_model: bool) -> Result<Vec<f64>, Box<dyn Error>> {
    let last = marks.last().copied().unwrap_or(0);
    let goal = Goal { tolerance: 1e-9, max_gradients: last as u64 + 1, ..Goal::default() };
    let settings = NewtonSettings { goal, length_scale: 3.0, restarts: 1000, ..Default::default() };
    let x: Vec<f64> = (0..r as u64).map(|i| 1.0 + 0.1 * noise(1, i)).collect();
    let mut search = NewtonSearch::new(&SPACE, &x[..], settings)?;
    let mut model = model(r);
    let mut seconds = Vec::new();
    while let Some(x) = search.ask() {
        let g = gradient(x, seconds.len() as u64);
        let clock = Instant::now();
        if with_model {
            search.tell_with(&SPACE, f64::NAN, &g, &mut model);
        } else {
            search.tell(&SPACE, f64::NAN, &g);
        }
        seconds.push(clock.elapsed().as_secs_f64());
    }
    // A fifth of the answers up to the mark, probes and steps; what else the machine does disturbs a mean.
    let median = |mark: &usize| {
        let mut seen = seconds.get(mark - mark.div_ceil(5)..*mark)?.to_vec();
        seen.sort_by(f64::total_cmp);
        Some(1e3 * seen[seen.len() / 2])
    };
    Ok(marks.iter().map(|mark| median(mark).unwrap_or(f64::NAN)).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<usize> =
        std::env::args().skip(1).map(|a| a.parse()).collect::<Result<_, _>>()?;
    let coordinates = if given.is_empty() { vec![39, 108, 219] } else { given };
    println!("milliseconds an answer, and with a model");
    println!("{:>12}  {:>16}  {:>16}  {:>16}", "coordinates", "r/4 gradients", "r", "3 r");
    for r in coordinates {
        let marks = [r.div_ceil(4), r, 3 * r];
        let (plain, modelled) = (times(r, &marks, false)?, times(r, &marks, true)?);
        let cells = plain
            .iter()
            .zip(&modelled)
            .map(|(p, m)| format!("  {:>16}", format!("{p:.2}; {m:.2}")));
        println!("{r:>12}{}", cells.collect::<String>());
    }
    Ok(())
}
