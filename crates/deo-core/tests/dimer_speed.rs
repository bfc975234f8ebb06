//! Oracle: gradients to an angle of 1e-3 rad against Lanczos with full reorthogonalisation.

mod common;

use common::{Diagonal, angle_to_first, lanczos_count, median, random_unit};
use deo_core::space::Host;
use deo_core::krylov::{Krylov, KrylovSettings};
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

/// The same with a Davidson process of memory `m`; the angle is that of its Ritz vector.
fn krylov_count(problem: &Diagonal, start: &[f64], memory: usize) -> usize {
    let space = Host::<f64>::new();
    // The residual that goes with the angle isn't known beforehand: find the first cap that suffices.
    let mut low = 1;
    let mut high = 600;
    while low < high {
        let middle = (low + high) / 2;
        let settings = KrylovSettings {
            memory,
            tolerance: 0.0,
            max_gradients: middle as u64,
            ..Default::default()
        };
        let mut krylov = Krylov::new(&space, start, settings).unwrap();
        krylov.start_from(&space, &[start], 0);
        while let Some(probe) = krylov.ask(&space) {
            let product = problem.product(probe.direction());
            krylov.tell(&space, Answer::product(&product));
        }
        if angle_to_first(krylov.axis(0)) <= 1e-3 { high = middle } else { low = middle + 1 }
    }
    low
}

#[test]
fn krylov() {
    for (n, gap) in [(100, 1e-1), (100, 1e-2), (1_000, 1e-1), (1_000, 1e-2)] {
        for memory in [8, 12, 16, 20, 30] {
        let (mut ours, mut bound) = (vec![], vec![]);
        for seed in 0..8 {
            let problem = Diagonal::gap_family(n, gap, 1000 + seed);
            let start = random_unit(n, 77 + seed);
            ours.push(krylov_count(&problem, &start, memory) as f64);
            bound.push(lanczos_count(&problem, &start, 1e-3, n) as f64);
        }
        println!("{ours:?} {bound:?}");
        let (ours, bound) = (median(ours), median(bound));
        println!("n = {n}, gap = {gap}: m = {memory} {ours}, Lanczos {bound}, ratio {:.3}", ours / bound);
        }
    }
}

#[test]
fn gradients_to_an_angle_stay_near_the_lanczos_bound() {
    for (n, gap) in [(100, 1e-1), (100, 1e-2), (1_000, 1e-1), (1_000, 1e-2)] {
        let (mut ours, mut bound) = (vec![], vec![]);
        for seed in 0..8 {
            let problem = Diagonal::gap_family(n, gap, 1000 + seed);
            let start = random_unit(n, 77 + seed);
            ours.push(dimer_count(&problem, &start) as f64);
            bound.push(lanczos_count(&problem, &start, 1e-3, n) as f64);
        }
        let (ours, bound) = (median(ours), median(bound));
        println!(
            "n = {n}, gap = {gap}: {{n,w,p}} {ours}, Lanczos {bound}, ratio {:.2}",
            ours / bound
        );
        assert!(ours <= 1.5 * bound, "{ours} > 1.5 × {bound}");
    }
}
