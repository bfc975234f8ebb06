//! Oracle: gradients to an angle of 1e-3 rad against Lanczos with full reorthogonalisation.

mod common;

use common::{Diagonal, angle_to_first, lanczos_count, median, random_unit};
use deo_core::krylov::{Krylov, KrylovSettings};
use deo_core::space::Host;
use deo_core::{Answer, Dimer, DimerSettings};

/// Forward-difference gradients until the axis is within 1e-3 rad of the lowest eigenvector.
fn dimer_count(problem: &Diagonal, start: &[f64]) -> usize {
    let space = Host::<f64>::new();
    let x = random_unit(start.len(), 1);
    let settings = DimerSettings { tolerance: 0.0, max_gradients: 5_000, ..Default::default() };
    let mut dimer = Dimer::new(&space, start, settings).unwrap();
    dimer.set_axis(&space, start);
    dimer.begin(&space);
    let (g, mut y) = (problem.product(&x), x.clone());
    while let Some(probe) = dimer.ask(&space) {
        let h = probe.displace(&space, &x, &mut y);
        dimer.tell(&space, Answer::forward(h, &g, &problem.product(&y)));
        if angle_to_first(dimer.axis()) <= 1e-3 {
            break;
        }
    }
    dimer.estimate().gradients as usize
}

/// The same for the lowest Ritz vector of a Davidson process with a memory of `memory`.
fn krylov_count(problem: &Diagonal, start: &[f64], memory: usize) -> usize {
    let space = Host::<f64>::new();
    let settings =
        KrylovSettings { memory, tolerance: 0.0, max_gradients: 5_000, ..Default::default() };
    let mut krylov = Krylov::new(&space, start, settings).unwrap();
    krylov.start_from(&space, &[start], 0);
    let mut ritz = start.to_vec();
    while let Some(probe) = krylov.ask(&space) {
        let product = problem.product(probe.direction());
        krylov.tell(&space, Answer::product(&product));
        krylov.ritz_vector(&space, 0, &mut ritz);
        if angle_to_first(&ritz) <= 1e-3 {
            break;
        }
    }
    krylov.gradients() as usize
}

#[test]
fn gradients_to_an_angle_stay_near_the_lanczos_bound() {
    for (n, gap) in [(100, 1e-1), (100, 1e-2), (1_000, 1e-1), (1_000, 1e-2)] {
        let runs: Vec<[f64; 4]> = (0..8)
            .map(|seed| {
                let problem = Diagonal::gap_family(n, gap, 1000 + seed);
                let start = random_unit(n, 77 + seed);
                [
                    lanczos_count(&problem, &start, 1e-3, n),
                    dimer_count(&problem, &start),
                    krylov_count(&problem, &start, 8),
                    krylov_count(&problem, &start, 20),
                ]
                .map(|count| count as f64)
            })
            .collect();
        let [lanczos, dimer, short, long] =
            [0, 1, 2, 3].map(|column| median(runs.iter().map(|run| run[column]).collect()));
        println!(
            "n = {n}, gap = {gap}: Lanczos {lanczos}, {{n,w,p}} {dimer}, m = 8 {short}, m = 20 {long}"
        );
        // The bounds of the issues: what three directions may cost, and what a memory must recover.
        assert!(dimer <= 1.5 * lanczos, "{dimer} > 1.5 × {lanczos}");
        assert!(short <= 1.15 * lanczos && long <= 1.15 * lanczos, "{short}, {long}, {lanczos}");
    }
}

#[test]
fn a_preconditioner_pays_for_both() {
    // Eigenvalues over four decades, and M = the diagonal of H − λ₁ off by factors of one half to two.
    let n = 400;
    let problem = Diagonal(
        (0..n).map(|i| if i == 0 { -1.0 } else { 10f64.powf(4.0 * i as f64 / n as f64) }).collect(),
    );
    let approximate: Vec<f64> = (0..n as u64)
        .map(|i| {
            (problem.0[i as usize] + 1.0).max(0.5)
                * 2f64.powf(deo_core::noise::noise(5, i).clamp(-1.0, 1.0))
        })
        .collect();
    let apply = |w: &mut [f64]| w.iter_mut().zip(&approximate).for_each(|(w, m)| *w /= m);
    let space = Host::<f64>::new();
    let start = random_unit(n, 3);
    let dimer = |preconditioned: bool| {
        let settings =
            DimerSettings { tolerance: 1e-3, max_gradients: 5_000, ..Default::default() };
        let mut dimer = Dimer::new(&space, &start, settings).unwrap();
        dimer.set_axis(&space, &start);
        dimer.begin(&space);
        while let Some(probe) = dimer.ask(&space) {
            let product = problem.product(probe.direction());
            dimer.tell(&space, Answer::product(&product));
            if preconditioned {
                dimer.precondition(&space, apply);
            }
        }
        (dimer.estimate().curvature, dimer.estimate().gradients)
    };
    let krylov = |preconditioned: bool| {
        let settings = KrylovSettings { memory: 12, max_gradients: 5_000, ..Default::default() };
        let mut krylov = Krylov::new(&space, &start, settings).unwrap();
        krylov.start_from(&space, &[&start], 0);
        while let Some(probe) = krylov.ask(&space) {
            let product = problem.product(probe.direction());
            krylov.tell(&space, Answer::product(&product));
            if preconditioned {
                krylov.precondition(&space, apply);
            }
        }
        (krylov.estimates()[0].curvature, krylov.gradients())
    };
    for (plain, better) in [(dimer(false), dimer(true)), (krylov(false), krylov(true))] {
        assert!(
            (plain.0 + 1.0).abs() < 1e-3 && (better.0 + 1.0).abs() < 1e-3,
            "{plain:?} {better:?}"
        );
        assert!(better.1 * 4 < plain.1, "{better:?} against {plain:?}");
    }
}
