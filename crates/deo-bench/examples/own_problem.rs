//! A problem of one's own in the comparison of `deo escape`: the same tuning, budgets, controls and pages, and nothing changed in DEO.
//!
//! Run: `cargo run --release -p deo-bench --example own_problem [DIR]`, then `deo report DIR`
//!
//! The problem is to factorise a number, f(x, y) = (xy − 1)²/2, from a start whose gradient leads into the saddle at the origin. The
//! minima are the hyperbola xy = 1; at the origin the gradient (y(xy − 1), x(xy − 1)) vanishes and the Hessian has the eigenvalues
//! ±1. It is there twice: as a landscape, whose minima are known, and written by hand, as what is no landscape has to be.

use deo_bench::escape::results::{Record, rows};
use deo_bench::escape::{MethodKind, Settings, compare_from, markdown};
use deo_core::Objective;
use deo_models::landscapes::{Landscape, StationaryPoint};
use deo_models::problems::{self, OnLandscape, Problem, ProblemError, Start};
use std::error::Error;
use std::path::PathBuf;

// ANCHOR: landscape
#[derive(Debug)]
struct Loss;

impl Objective<[f64]> for Loss {
    fn value(&mut self, x: &[f64]) -> f64 {
        (x[0] * x[1] - 1.0).powi(2) / 2.0
    }
    fn value_grad(&mut self, x: &[f64], g: &mut [f64]) -> f64 {
        let rest = x[0] * x[1] - 1.0;
        g.copy_from_slice(&[x[1] * rest, x[0] * rest]);
        rest * rest / 2.0
    }
}

impl Landscape for Loss {
    fn name(&self) -> &'static str {
        "product"
    }
    fn dimension(&self) -> usize {
        2
    }
    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-2.0, 2.0); 2]
    }
    fn minima(&self) -> Vec<StationaryPoint> {
        vec![StationaryPoint { x: vec![1.0, 1.0], value: 0.0, curvature: Some(0.0) }]
    }
    fn saddles(&self) -> Vec<StationaryPoint> {
        vec![StationaryPoint { x: vec![0.0, 0.0], value: 0.5, curvature: Some(-1.0) }]
    }
}

/// Yours by their names, and those of deo-models.
fn registry(name: &str) -> Result<Box<dyn Problem>, ProblemError> {
    // On the side from which the gradient leads into the saddle: a millionth beside it, by the seed.
    let start = Start::sphere(1e-6).about(vec![0.5, -0.5]);
    match name {
        // Solved at f − f_min ≤ 1e-6; 2 000 gradients a run.
        "product" => Ok(Box::new(OnLandscape::new(name, Loss, start, 1e-6, 2_000)?)),
        "by-hand" => Ok(Box::new(ByHand(Loss))),
        other => problems::by_name(other),
    }
}
// ANCHOR_END: landscape

// ANCHOR: by_hand
#[derive(Debug)]
struct ByHand(Loss);

impl Problem for ByHand {
    fn name(&self) -> &str {
        "by-hand"
    }
    fn dimension(&self) -> usize {
        2
    }
    // As above, but on a line.
    fn start(&self, seed: u64) -> Vec<f64> {
        let beside = 1e-6 * deo_core::noise::noise(seed, 0);
        vec![0.5, -0.5 + beside]
    }
    fn objective(&mut self, _seed: u64, _step: u64) -> &mut dyn Objective<[f64]> {
        &mut self.0
    }
    fn measure(&mut self, x: &[f64]) -> f64 {
        self.0.value(x)
    }
    fn target(&self) -> Option<f64> {
        Some(1e-6)
    }
    fn budget(&self) -> u64 {
        2_000
    }
}
// ANCHOR_END: by_hand

fn main() -> Result<(), Box<dyn Error>> {
    // ANCHOR: compare
    let names = ["gd", "heavy-ball", "adam", "perturbed-gd", "line-search+gd", "escape+gd"];
    let settings = Settings {
        problems: vec!["product".to_owned(), "by-hand".to_owned()],
        methods: names.iter().filter_map(|name| MethodKind::by_name(name)).collect(),
        ..Settings::default()
    };
    let compared = compare_from(&settings, &registry, &|_, _| {})?;
    let rows = rows(&compared);
    for one in &compared {
        let of_problem: Vec<_> =
            rows.iter().filter(|row| row.problem == one.problem.name).collect();
        println!("{}", markdown::section(&one.problem, &of_problem));
    }
    // ANCHOR_END: compare
    if let Some(dir) = std::env::args_os().nth(1).map(PathBuf::from) {
        std::fs::create_dir_all(&dir)?;
        let record = serde_json::to_vec_pretty(&Record::new(&settings, &compared, &rows))?;
        std::fs::write(dir.join("record.json"), record)?;
    }
    Ok(())
}
