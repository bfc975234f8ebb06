//! Stationary points whose index is known, and guesses of their Hessians that are good, poor and false.
#![allow(unreachable_pub, dead_code)] // a module of several programs

use deo_core::noise::noise;
use deo_core::space::Host;
use deo_saddle::{HessianGuess, Verification, VerificationSettings};

pub const SPACE: Host<f64> = Host::new();

/// Σ ½ λᵢ xᵢ² + ¼ xᵢ⁴ + Σₖ ⅙ c (uₖ·x)³ at 0: a diagonal Hessian, and what makes differences of gradients err.
pub struct Point {
    pub spectrum: Vec<f64>,
    pub cubic: f64,
    directions: Vec<Vec<f64>>,
}

/// A random number of [0, 1).
fn uniform(seed: u64, i: usize) -> f64 {
    noise(seed, i as u64).rem_euclid(1.0)
}

impl Point {
    pub fn new(spectrum: Vec<f64>, cubic: f64, seed: u64) -> Self {
        let n = spectrum.len();
        let direction = |k: usize| {
            let u: Vec<f64> = (0..n).map(|i| noise(seed ^ 0xc0b1c, (k * n + i) as u64)).collect();
            let norm = u.iter().map(|u| u * u).sum::<f64>().sqrt();
            u.iter().map(|u| u / norm).collect()
        };
        Point { spectrum, cubic, directions: (0..3).map(direction).collect() }
    }

    pub fn index(&self) -> usize {
        self.spectrum.iter().filter(|l| **l < 0.0).count()
    }

    pub fn gradient(&self, x: &[f64], g: &mut [f64]) {
        for ((g, x), l) in g.iter_mut().zip(x).zip(&self.spectrum) {
            *g = l * x + x.powi(3);
        }
        for u in &self.directions {
            let along: f64 = u.iter().zip(x).map(|(u, x)| u * x).sum();
            g.iter_mut().zip(u).for_each(|(g, u)| *g += 0.5 * self.cubic * along * along * u);
        }
    }

    pub fn verify(
        &self,
        settings: VerificationSettings,
        guess: Option<&HessianGuess<Vec<f64>>>,
    ) -> Verification<Host<f64>> {
        let x = vec![0.0; self.spectrum.len()];
        let mut g = x.clone();
        let mut verification = match guess {
            Some(guess) => Verification::preconditioned(&SPACE, &x, settings, guess).unwrap(),
            None => Verification::new(&SPACE, &x, settings).unwrap(),
        };
        while let Some(point) = verification.ask() {
            self.gradient(point, &mut g);
            verification.tell(&SPACE, &g);
        }
        verification
    }
}

/// Spectra of N values, `negative` of them below zero.
pub const SPECTRA: [&str; 5] = ["simple", "lowest twice", "pairs", "molecule", "soft"];

pub fn spectrum(kind: &str, n: usize, negative: usize, seed: u64) -> Vec<f64> {
    let positive = |i: usize| match kind {
        "pairs" => 0.1 + 4.0 * uniform(seed + 1000, i / 2),
        // Three decades, as bonds and torsions.
        "molecule" | "soft" => 0.1 * 1000f64.powf(uniform(seed, i)),
        _ => 0.1 + 4.0 * uniform(seed, i),
    };
    let mut values: Vec<f64> = (0..n).map(positive).collect();
    for i in 0..negative {
        values[i] = match kind {
            "simple" => -0.3 - uniform(seed + 7, i),
            "soft" => -0.02 * (1.0 + uniform(seed + 7, i)),
            "molecule" => -3.0 * uniform(seed + 7, i) - 0.1,
            _ if i < 2 => -1.0,
            _ => -0.4,
        };
    }
    if kind == "soft" && n > negative {
        values[negative] = 0.02;
    }
    // Not the first coordinates: the order must not matter.
    values.rotate_right(n / 3);
    values
}

pub const GUESSES: [&str; 5] = ["none", "good", "poor", "false", "random"];

/// What a search, or a model, says of a diagonal Hessian; `None` for no guess.
///
/// | good | each entry right to a fifth in the metric of |H| |
/// | poor | each curvature wrong by a factor of about e, their axes turned |
/// | false | stiff where the truth is negative, and negative where it is stiff |
/// | random | a matrix that knows nothing |
pub fn guess(kind: &str, spectrum: &[f64], seed: u64) -> Option<HessianGuess<Vec<f64>>> {
    let n = spectrum.len();
    let entry = |i: usize, j: usize| noise(seed + 77, (i.min(j) * n + i.max(j)) as u64);
    let stiffest = spectrum.iter().fold(0.0, |m: f64, l| m.max(l.abs()));
    let width = 0.2 / (n as f64).sqrt();
    let of = |i: usize, j: usize| {
        let scale = |i: usize| spectrum[i].abs().sqrt();
        let sign = |i: usize| spectrum[i].signum();
        let diagonal = |value: f64| if i == j { value } else { 0.0 };
        match kind {
            "good" => diagonal(spectrum[i]) + width * scale(i) * scale(j) * entry(i, j),
            "poor" => {
                let factor = |i: usize| (0.5 * noise(seed + 78, i as u64)).exp();
                let turned = if i == j { sign(i) } else { 5.0 * width * entry(i, j) };
                factor(i) * factor(j) * scale(i) * scale(j) * turned
            }
            "false" if spectrum[i] < 0.0 => diagonal(stiffest),
            "false" if spectrum[i] == stiffest => diagonal(-1.0),
            "false" => diagonal(spectrum[i]),
            _ => stiffest * entry(i, j),
        }
    };
    let matrix: Vec<f64> = (0..n * n).map(|k| of(k / n, k % n)).collect();
    let apply = |v: &[f64], p: &mut [f64]| {
        for (p, row) in p.iter_mut().zip(matrix.chunks(n)) {
            *p = row.iter().zip(v).map(|(b, v)| b * v).sum();
        }
    };
    (kind != "none").then(|| HessianGuess::from_products(&SPACE, &vec![0.0; n][..], apply))
}
