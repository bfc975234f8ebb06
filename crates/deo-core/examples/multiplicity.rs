//! Lists of eigenvalues that repeat, against what is known of them: how many of those called converged are wrong, how
//! many are called so, and what they cost.
//!
//! ```console
//! $ cargo run --release -p deo-core --example multiplicity            # a table
//! $ cargo run --release -p deo-core --example multiplicity -- --json  # a line a problem, for experiments/curvature/multiplicity.py
//! ```

use deo_core::krylov::{Krylov, KrylovSettings, Which};
use deo_core::noise::noise;
use deo_core::space::Host;
use deo_core::{Answer, Status};

const SPACE: Host<f64> = Host::new();

/// A symmetric matrix with a known spectrum: Q diag(λ) Q, Q the reflection along a random vector.
struct Problem {
    name: String,
    /// Ascending.
    spectrum: Vec<f64>,
    mirror: Vec<f64>,
}

impl Problem {
    fn new(name: impl Into<String>, mut spectrum: Vec<f64>, seed: u64) -> Self {
        spectrum.sort_by(f64::total_cmp);
        let mirror: Vec<f64> = (0..spectrum.len() as u64).map(|i| noise(!seed, i)).collect();
        let norm = mirror.iter().map(|m| m * m).sum::<f64>().sqrt();
        Problem {
            name: name.into(),
            spectrum,
            mirror: mirror.into_iter().map(|m| m / norm).collect(),
        }
    }

    fn reflect(&self, v: &[f64]) -> Vec<f64> {
        let along: f64 = 2.0 * v.iter().zip(&self.mirror).map(|(v, m)| v * m).sum::<f64>();
        v.iter().zip(&self.mirror).map(|(v, m)| v - along * m).collect()
    }

    fn product(&self, v: &[f64]) -> Vec<f64> {
        let v = self.reflect(v);
        self.reflect(&v.iter().zip(&self.spectrum).map(|(v, l)| v * l).collect::<Vec<_>>())
    }
}

/// Random spectra with each value repeated, and matrices of graphs.
fn problems() -> Vec<Problem> {
    let mut all = vec![];
    for (i, times) in [2, 3, 10].into_iter().enumerate() {
        for (j, n) in [12usize, 24, 39, 60, 120, 250, 400].into_iter().enumerate() {
            for kind in 0..3 {
                let seed = (100 * i + 10 * j + kind) as u64;
                let value = |k: u64| match kind {
                    0 => 4.0 * noise(seed, k).abs() - 1.5,
                    1 => noise(seed, k).powi(3), // dense around 0
                    _ => 3.0 * noise(seed, k).abs().exp(), // a long upper tail
                };
                let spectrum = (0..n).map(|k| value((k / times) as u64)).collect();
                all.push(Problem::new(format!("random-{kind} x{times} N{n}"), spectrum, seed));
            }
        }
    }
    let turn = |j: usize, n: usize| 2.0 - 2.0 * (std::f64::consts::TAU * j as f64 / n as f64).cos();
    for n in [12, 30, 101, 400] {
        all.push(Problem::new(
            format!("cycle {n}"),
            (0..n).map(|j| turn(j, n)).collect(),
            n as u64,
        ));
    }
    for (p, q) in [(4, 4), (5, 7), (8, 8), (12, 12), (20, 20)] {
        let sums = (0..p).flat_map(|a| (0..q).map(move |b| turn(a, p) + turn(b, q)));
        all.push(Problem::new(format!("torus {p}x{q}"), sums.collect(), (p * q) as u64));
    }
    for d in [4u32, 6, 8] {
        let spectrum = (0..1u32 << d).map(|v| 2.0 * f64::from(v.count_ones())).collect();
        all.push(Problem::new(format!("hypercube {d}"), spectrum, u64::from(d)));
    }
    for (n, rank) in [(12, 4), (40, 5), (100, 50), (400, 20)] {
        let spectrum = |below: usize| {
            (0..n).map(move |i| match i {
                i if i < below => -1.0 - noise(3, i as u64).abs(),
                i if i < rank => 1.0 + noise(4, i as u64).abs(),
                _ => 0.0,
            })
        };
        all.push(Problem::new(format!("null space {n}-{rank}"), spectrum(0).collect(), n as u64));
        let indefinite = spectrum(2).collect();
        all.push(Problem::new(format!("null space {n}-{rank}, indefinite"), indefinite, n as u64));
    }
    for n in [12, 60, 200, 400] {
        let spectrum = (0..n).map(|i| -1.0 + 2.0 * noise(n, i).abs()).collect();
        all.push(Problem::new(format!("simple uniform N{n}"), spectrum, n));
    }
    all
}

#[derive(Default, Clone, Copy)]
struct Tally {
    runs: usize,
    called: usize,
    wrong: usize,
    products: u64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|a| a == "--json");
    let verbose = arguments.iter().any(|a| a == "--verbose");
    let seeds: u64 = std::env::var("SEEDS").map_or(20, |s| s.parse().expect("a number"));
    let mut all = Tally::default();
    for problem in problems() {
        for which in [Which::Lowest, Which::Highest] {
            for count in [1, 2, 4, 8] {
                let mut tally = Tally::default();
                for seed in 0..seeds {
                    let settings = KrylovSettings {
                        count,
                        which,
                        memory: (4 * count).max(20),
                        confirm: true,
                        max_gradients: 1000,
                        ..Default::default()
                    };
                    let mut krylov = Krylov::new(&SPACE, &problem.mirror, settings).unwrap();
                    krylov.draw(&SPACE, seed);
                    while let Some(probe) = krylov.ask(&SPACE) {
                        let product = problem.product(probe.direction());
                        krylov.tell(&SPACE, Answer::product(&product));
                    }
                    tally.runs += 1;
                    tally.products += krylov.gradients();
                    if krylov.status() == Status::Converged {
                        tally.called += 1;
                        let n = problem.spectrum.len();
                        // The residual bounds the error; the relative tolerance is 1e-3, its square the error expected.
                        let scale = problem.spectrum[0].abs().max(problem.spectrum[n - 1].abs());
                        let wrong = krylov.estimates().iter().enumerate().any(|(i, e)| {
                            let right = if which == Which::Lowest {
                                problem.spectrum[i]
                            } else {
                                problem.spectrum[n - 1 - i]
                            };
                            (e.curvature - right).abs() > (1e-3 * right.abs()).max(1e-10 * scale)
                        });
                        if wrong && verbose {
                            let values: Vec<f64> =
                                krylov.estimates().iter().map(|e| e.curvature).collect();
                            println!(
                                "  {} {which:?} {count} seed {seed}: {values:?}, {} products",
                                problem.name,
                                krylov.gradients()
                            );
                        }
                        tally.wrong += usize::from(wrong);
                    } else if verbose {
                        println!(
                            "  {} {which:?} {count} seed {seed}: {:?} after {}",
                            problem.name,
                            krylov
                                .estimates()
                                .iter()
                                .map(|e| (e.curvature, e.residual, e.status))
                                .collect::<Vec<_>>(),
                            krylov.gradients()
                        );
                    }
                }
                let mean = tally.products as f64 / tally.runs as f64;
                if json {
                    println!(
                        "{{\"name\":{:?},\"which\":\"{which:?}\",\"count\":{count},\"spectrum\":{:?},\"called\":{},\"wrong\":{},\"runs\":{},\"products\":{mean}}}",
                        problem.name, problem.spectrum, tally.called, tally.wrong, tally.runs
                    );
                } else if tally.wrong > 0 || tally.called < tally.runs {
                    println!(
                        "{:32} {which:?} {count}: called {} wrong {} of {}, {mean:.1} products",
                        problem.name, tally.called, tally.wrong, tally.runs
                    );
                }
                all.runs += tally.runs;
                all.called += tally.called;
                all.wrong += tally.wrong;
                all.products += tally.products;
            }
        }
    }
    if !json {
        println!(
            "{} runs: {} called converged, {} of them wrong; {:.1} products in the mean",
            all.runs,
            all.called,
            all.wrong,
            all.products as f64 / all.runs as f64
        );
    }
}
