//! The contenders of the rotation race: gradients until the axis is within 1e-3 rad of the lowest eigenvector.
//!
//! All start from the same axis on ½ Σ λᵢxᵢ², λ₁ = −1 and the rest uniform in [−1 + gap, 1], and are counted in
//! gradients beyond the one at x. The crate's machines run as anybody would run them, by forward differences; the others
//! are written here from the formulas of the literature:
//!
//! | contender | formula | source |
//! |---|---|---|
//! | [`plane`] | φ = ½ atan2(−b, −a) in the plane of n and torque, Hn recombined | Heyden, Bell & Keil 2005 |
//! | [`fourier`] | trial rotation by φ₁ = π/4, fit C(φ) = a₀/2 + a₁ cos 2φ + b₁ sin 2φ | Kästner & Sherwood 2008, as in ASE |
//! | [`fixed_step`] | n ← unit(n − η r) | Hu, Cao & Liu 2025 |
#![allow(dead_code, unreachable_pub)] // a module of a test binary and of an example

use crate::common::{Diagonal, angle_to_first, dot, lanczos_count, median, random_unit};
use deo_core::dimer::Recheck;
use deo_core::krylov::{Krylov, KrylovSettings};
use deo_core::space::Host;
use deo_core::{Answer, Dimer, DimerSettings};

const SPACE: Host<f64> = Host::new();
const ANGLE: f64 = 1e-3;
const CAP: usize = 10_000;

/// The columns of the table.
pub const NAMES: [&str; 8] = [
    "full Lanczos",
    "Krylov, m = 20",
    "Krylov, m = 8",
    "{n, w, p}",
    "{n, w}",
    "Fourier, extrapolated",
    "Fourier, default",
    "fixed step",
];

/// The rows: dimension and gap.
pub const CASES: [(usize, f64); 4] = [(100, 1e-1), (100, 1e-2), (1_000, 1e-1), (1_000, 1e-2)];

/// The medians over eight seeds, in the order of the names.
pub fn race(n: usize, gap: f64) -> [f64; 8] {
    let runs: Vec<[usize; 8]> = (0..8)
        .map(|seed| {
            let problem = Diagonal::gap_family(n, gap, 1000 + seed);
            let start = random_unit(n, 77 + seed);
            [
                lanczos_count(&problem, &start, ANGLE, n),
                krylov(&problem, &start, 20),
                krylov(&problem, &start, 8),
                dimer(&problem, &start),
                plane(&problem, &start),
                fourier(&problem, &start, true),
                fourier(&problem, &start, false),
                fixed_step(&problem, &start, 0.7),
            ]
        })
        .collect();
    std::array::from_fn(|column| median(runs.iter().map(|run| run[column] as f64).collect()))
}

fn dimer(problem: &Diagonal, start: &[f64]) -> usize {
    let x = random_unit(start.len(), 1);
    let settings = DimerSettings {
        tolerance: 0.0,
        max_gradients: CAP as u64,
        recheck: Recheck::Never,
        ..Default::default()
    };
    let mut dimer = Dimer::new(&SPACE, start, settings).unwrap();
    dimer.set_axis(&SPACE, start);
    dimer.begin(&SPACE);
    let (g, mut y) = (problem.product(&x), x.clone());
    while let Some(probe) = dimer.ask(&SPACE) {
        let h = probe.displace(&SPACE, &x, &mut y);
        dimer.tell(&SPACE, Answer::forward(h, &g, &problem.product(&y)));
        if angle_to_first(dimer.axis()) <= ANGLE {
            return dimer.estimate().gradients as usize;
        }
    }
    CAP
}

fn krylov(problem: &Diagonal, start: &[f64], memory: usize) -> usize {
    let x = random_unit(start.len(), 1);
    let settings =
        KrylovSettings { memory, tolerance: 0.0, max_gradients: CAP as u64, ..Default::default() };
    let mut krylov = Krylov::new(&SPACE, start, settings).unwrap().with_recheck(Recheck::Never);
    krylov.start_from(&SPACE, &[start], 0);
    let (g, mut y, mut ritz) = (problem.product(&x), x.clone(), start.to_vec());
    while let Some(probe) = krylov.ask(&SPACE) {
        let h = probe.displace(&SPACE, &x, &mut y);
        krylov.tell(&SPACE, Answer::forward(h, &g, &problem.product(&y)));
        krylov.ritz_vector(&SPACE, 0, &mut ritz);
        if angle_to_first(&ritz) <= ANGLE {
            return krylov.gradients() as usize;
        }
    }
    CAP
}

fn combine(a: f64, x: &[f64], b: f64, y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(x, y)| a * x + b * y).collect()
}

fn unit(v: &[f64]) -> Vec<f64> {
    combine(1.0 / dot(v, v).sqrt(), v, 0.0, v)
}

/// The dimer of two vectors: the best angle in the plane of axis and torque, one gradient a rotation.
pub fn plane(problem: &Diagonal, start: &[f64]) -> usize {
    let (mut n, mut hn) = (start.to_vec(), problem.product(start));
    for count in 1..CAP {
        if angle_to_first(&n) <= ANGLE {
            return count;
        }
        let c = dot(&n, &hn);
        let w = unit(&combine(c, &n, -1.0, &hn));
        let hw = problem.product(&w);
        let (a, b) = ((c - dot(&w, &hw)) / 2.0, dot(&hn, &w));
        let (sin, cos) = (0.5 * (-b).atan2(-a)).sin_cos();
        (n, hn) = (unit(&combine(cos, &n, sin, &w)), combine(cos, &hn, sin, &hw));
    }
    CAP
}

/// The customary dimer: a trial rotation by π/4, a fit of C(φ), and a rotation to its minimum, whose gradient is either
/// extrapolated from those of the two ends or evaluated anew.
pub fn fourier(problem: &Diagonal, start: &[f64], extrapolate: bool) -> usize {
    let (x, h, trial) = (random_unit(start.len(), 1), 1e-3, std::f64::consts::FRAC_PI_4);
    let at = |n: &[f64]| problem.product(&combine(1.0, &x, h, n));
    let g0 = problem.product(&x);
    let secant = |g: &[f64]| combine(1.0 / h, g, -1.0 / h, &g0);
    let (mut n, mut g1) = (start.to_vec(), at(start));
    let mut count = 1;
    while count < CAP && angle_to_first(&n) > ANGLE {
        let hn = secant(&g1);
        let c0 = dot(&n, &hn);
        let theta = unit(&combine(c0, &n, -1.0, &hn));
        let ahead = combine(trial.cos(), &n, trial.sin(), &theta);
        let g_trial = at(&ahead);
        count += 1;
        let c1 = dot(&ahead, &secant(&g_trial));
        let b1 = dot(&theta, &hn);
        let a1 = (c0 - c1 + b1 * (2.0 * trial).sin()) / (1.0 - (2.0 * trial).cos());
        let mut phi = 0.5 * (b1 / a1).atan();
        let fitted = c0 - a1 + a1 * (2.0 * phi).cos() + b1 * (2.0 * phi).sin();
        if fitted > c0 {
            phi += std::f64::consts::FRAC_PI_2;
        }
        n = unit(&combine(phi.cos(), &n, phi.sin(), &theta));
        g1 = if extrapolate {
            let (old, new) = ((trial - phi).sin() / trial.sin(), phi.sin() / trial.sin());
            let rest = 1.0 - phi.cos() - phi.sin() * (trial / 2.0).tan();
            combine(1.0, &combine(old, &g1, new, &g_trial), rest, &g0)
        } else {
            count += 1;
            at(&n)
        };
    }
    count
}

/// Descent of C by a fixed step. The spectrum lies in [−1, 1], so steps from 1 on diverge: nobody knows that beforehand.
pub fn fixed_step(problem: &Diagonal, start: &[f64], step: f64) -> usize {
    let mut n = start.to_vec();
    for count in 0..CAP {
        if angle_to_first(&n) <= ANGLE {
            return count;
        }
        let hn = problem.product(&n);
        n = unit(&combine(1.0 + step * dot(&n, &hn), &n, -step, &hn));
    }
    CAP
}
