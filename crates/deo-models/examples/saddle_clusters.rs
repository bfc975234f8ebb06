//! Saddle searches on Müller–Brown and Lennard-Jones clusters: how many succeed, and in how many gradients.
//!
//! `cargo run --release -p deo-models --example saddle_clusters -- [method=newton|min-mode] [run=mnslr]
//! [seed=N] [starts=N] [starts.json]`
//!
//! Rows: Müller–Brown from its minima, LJ13 from the icosahedron (n), LJ13 near its lowest saddle found here (s),
//! LJ38 from its minimum (l), LJ38 refined near saddles (r). With a file name the starts are written there, for
//! experiments/saddle/peers.py to run other packages from the very same. Success is checked by the closed Hessian.

use deo_core::noise::noise;
use deo_core::space::{FreeBody, Host};
use deo_core::{Length, Objective};
use deo_models::clusters::{Cluster, LennardJones, geometry};
use deo_models::landscapes::MullerBrown;
use deo_saddle::{Found, Method, MinModeSettings, NewtonSettings, Outcome, in_parallel, search};
use nalgebra::DMatrix;
use std::fmt::Write;

#[derive(Clone)]
struct Start {
    x: Vec<f64>,
    axis: Option<Vec<f64>>,
}

fn displaced(x: &[f64], sigma: f64, seed: u64) -> Vec<f64> {
    x.iter().enumerate().map(|(i, x)| x + sigma * noise(seed, i as u64)).collect()
}

/// The number of curvatures below −0.01, beyond the rounding of zero modes and the slopes of an evaporating atom.
fn negative(x: &[f64]) -> usize {
    let hessian = Cluster::new(LennardJones).hessian(x);
    let values = DMatrix::from_row_slice(x.len(), x.len(), &hessian).symmetric_eigenvalues();
    values.iter().filter(|l| **l < -1e-2).count()
}

/// Newton's method with the closed Hessian, reflected along the lowest `index` modes: ‖g‖ at the end.
fn relax(x: &mut [f64], index: usize) -> f64 {
    let n = x.len();
    let (mut cluster, mut g) = (Cluster::new(LennardJones), vec![0.0; n]);
    let mut norm = f64::INFINITY;
    for _ in 0..300 {
        cluster.value_grad(x, &mut g);
        norm = g.iter().map(|g| g * g).sum::<f64>().sqrt();
        if norm < 1e-9 {
            break;
        }
        let pairs = DMatrix::from_row_slice(n, n, &cluster.hessian(x)).symmetric_eigen();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| pairs.eigenvalues[*a].total_cmp(&pairs.eigenvalues[*b]));
        let mut s = vec![0.0; n];
        for (rank, k) in order.into_iter().enumerate() {
            let (value, v) = (pairs.eigenvalues[k].abs(), pairs.eigenvectors.column(k));
            if value > 1e-4 {
                let along: f64 = v.iter().zip(&g).map(|(v, g)| v * g).sum::<f64>() / value;
                let step = if rank < index { along } else { -along };
                s.iter_mut().zip(v.iter()).for_each(|(s, v)| *s += step * v);
            }
        }
        let length = s.iter().map(|s| s * s).sum::<f64>().sqrt();
        let scale = (0.1 / length).min(1.0);
        x.iter_mut().zip(&s).for_each(|(x, s)| *x += scale * s);
    }
    norm
}

/// Saddles of index 1 near the minimum x, by energy, no two alike.
fn saddles(x: &[f64], sigma: f64, seeds: std::ops::Range<u64>) -> Vec<Vec<f64>> {
    let mut found: Vec<(f64, Vec<f64>)> = Vec::new();
    let relaxed = in_parallel(2, seeds.clone().count(), |i| {
        let mut y = displaced(x, sigma, seeds.start + i as u64);
        (relax(&mut y, 1) < 1e-8 && negative(&y) == 1).then_some(y)
    });
    for y in relaxed.into_iter().flatten() {
        let e = Cluster::new(LennardJones).value(&y);
        if found.iter().all(|(other, _)| (other - e).abs() > 1e-6) {
            found.push((e, y));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, x)| x).collect()
}

/// Whether it is the saddle sought, and what the search came to.
type Judged = (bool, Found<Vec<f64>>);

fn run_cluster(start: &Start, method: &Method) -> Judged {
    let space = FreeBody::new(&start.x);
    let mut cluster = Cluster::new(LennardJones);
    let found = search(&space, &mut cluster, &start.x, start.axis.as_deref(), method).unwrap();
    let good = found.outcome == Outcome::Converged && negative(&found.x) == 1;
    (good, found)
}

fn run_plane(start: &Start, method: &Method) -> Judged {
    let mut surface = MullerBrown::default();
    let found = search(&Host::new(), &mut surface, &start.x, None, method).unwrap();
    let at = |s: &[f64; 2]| (s[0] - found.x[0]).hypot(s[1] - found.x[1]) < 1e-4;
    (MullerBrown::SADDLES.iter().any(|(s, _)| at(s)), found)
}

fn row(name: &str, starts: &[Start], method: &Method, run: fn(&Start, &Method) -> Judged) {
    let results = in_parallel(2, starts.len(), |i| run(&starts[i], method));
    let mut good: Vec<u64> =
        results.iter().filter(|r| r.0).map(|r| r.1.counts.gradients()).collect();
    good.sort_unstable();
    let n = good.len();
    let median = if n > 0 { (good[(n - 1) / 2] + good[n / 2]) as f64 / 2.0 } else { f64::NAN };
    let mean = good.iter().sum::<u64>() as f64 / n as f64;
    let probes: u64 = results.iter().filter(|r| r.0).map(|r| r.1.counts.probes).sum();
    let failed: Vec<String> = results
        .iter()
        .enumerate()
        .filter(|(_, r)| !r.0)
        .map(|(i, r)| {
            format!(
                "{i}: {}, E {:.2}, {} gradients",
                r.1.outcome,
                r.1.value,
                r.1.counts.gradients()
            )
        })
        .collect();
    println!(
        "{name}: {n} of {}, median {median}, mean {mean:.1}, most {:?}, of which probes {:.1}",
        starts.len(),
        good.last(),
        probes as f64 / n as f64
    );
    if !failed.is_empty() {
        println!("    {}", failed.join("; "));
    }
}

fn json(name: &str, starts: &[Start]) -> String {
    let mut text = format!("\"{name}\": [\n");
    for (i, start) in starts.iter().enumerate() {
        let axis = start.axis.as_ref().map_or("null".to_owned(), |a| format!("{a:?}"));
        let comma = if i + 1 < starts.len() { "," } else { "" };
        writeln!(text, "{{\"x\": {:?}, \"axis\": {axis}}}{comma}", start.x).unwrap();
    }
    text + "]"
}

fn main() {
    let mut newton = NewtonSettings::default();
    let mut min_mode =
        MinModeSettings { length: Some(Length::Absolute(1e-4)), ..Default::default() };
    let (mut which, mut name, mut file) = ("mnslr".to_owned(), "newton".to_owned(), None);
    let (mut starts, mut seed) = (20, 0);
    for arg in std::env::args().skip(1) {
        let Some((key, value)) = arg.split_once('=') else {
            file = Some(arg);
            continue;
        };
        let number = || value.parse::<f64>().expect("a number");
        match key {
            "run" => which = value.to_owned(),
            "method" => name = value.to_owned(),
            "length_scale" => newton.length_scale = number(),
            "radius" => newton.radius = number(),
            "max_radius" => newton.max_radius = number(),
            "prior_curvature" => newton.prior_curvature = number(),
            "unexplored" => newton.unexplored = number(),
            "first_probes" => newton.first_probes = number() as usize,
            "seed" => seed = number() as u64,
            "starts" => starts = number() as u64,
            "restarts" => newton.restarts = number() as u64,
            "probes" => newton.probes = number() as usize,
            "max_step" => min_mode.max_step = number(),
            "residual" => min_mode.residual = number(),
            "max_rotations" => min_mode.max_rotations = number() as u64,
            "memory" => min_mode.memory = number() as usize,
            "interval" => min_mode.max_interval = number() as u64,
            "tolerance" => {
                (newton.goal.tolerance, min_mode.goal.tolerance) = (number(), number());
            }
            _ => panic!("there is no setting {key}"),
        }
    }
    let method = if name == "newton" { Method::Newton(newton) } else { Method::MinMode(min_mode) };

    let plane: Vec<Start> = (0..24)
        .map(|i| displaced(&MullerBrown::MINIMA[i / 8].0, 0.1, 700 + i as u64 + seed))
        .map(|x| Start { x, axis: None })
        .collect();
    let mut ico = geometry::icosahedron(1.1);
    relax(&mut ico, 0);
    let from_minimum: Vec<Start> = (0..starts)
        .map(|s| Start { x: displaced(&ico, 0.1, 100 + s + seed), axis: None })
        .collect();
    let near_saddle: Vec<Start> = {
        let lowest = &saddles(&ico, 0.08, 900..940)[0];
        println!("LJ13: saddle at {:.8}", Cluster::new(LennardJones).value(lowest));
        let axis = |s| Some(displaced(&[0.0; 39], 1.0, 500 + s));
        (0..starts)
            .map(|s| Start { x: displaced(lowest, 0.1, 300 + s + seed), axis: axis(s) })
            .collect::<Vec<_>>()
    };
    let mut fcc = geometry::truncated_octahedron(1.1);
    relax(&mut fcc, 0);
    let large: Vec<Start> = (0..starts)
        .map(|s| Start { x: displaced(&fcc, 0.05, 100 + s + seed), axis: None })
        .collect();
    let refined: Vec<Start> = if which.contains('r') || file.is_some() {
        let found = saddles(&fcc, 0.12, 2000..2400);
        println!("LJ38: {} saddles", found.len());
        let near = |s: usize| displaced(&found[s % found.len()], 0.05, 3000 + s as u64 + seed);
        (0..50).map(|s| Start { x: near(s), axis: None }).collect()
    } else {
        Vec::new()
    };
    if let Some(file) = file {
        let rows = [
            json("plane", &plane),
            json("from_minimum", &from_minimum),
            json("near_saddle", &near_saddle),
            json("large", &large),
            json("refined", &refined),
        ];
        std::fs::write(file, format!("{{{}}}\n", rows.join(",\n"))).expect("a writable file");
    }
    for (letter, name, starts) in [
        ('m', "Müller–Brown from the minima", &plane),
        ('n', "LJ13 from the icosahedron", &from_minimum),
        ('s', "LJ13 near a saddle, random axis", &near_saddle),
        ('l', "LJ38 from the truncated octahedron", &large),
        ('r', "LJ38 refined near saddles", &refined),
    ] {
        if which.contains(letter) {
            row(name, starts, &method, if letter == 'm' { run_plane } else { run_cluster });
        }
    }
}
