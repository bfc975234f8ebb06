//! Oracle: gradients to an angle of 1e-3 rad against Lanczos with full reorthogonalisation.

mod common;
#[path = "common/rotations.rs"]
mod rotations;

use common::{Diagonal, random_unit};
use deo_core::krylov::{Krylov, KrylovSettings};
use deo_core::space::Host;
use deo_core::{Answer, Dimer, DimerSettings};

#[test]
fn the_race_is_won_by_the_margins_asked_for() {
    for (n, gap) in rotations::CASES {
        let medians = rotations::race(n, gap);
        println!(
            "n = {n}, gap = {gap}: {:?}",
            rotations::NAMES.iter().zip(medians).collect::<Vec<_>>()
        );
        let [lanczos, long, short, three, plane, extrapolated, default, fixed] = medians;
        // What three directions may cost, and what a memory must recover.
        assert!(three <= 1.5 * lanczos, "{three} > 1.5 × {lanczos}");
        assert!(long <= 1.15 * lanczos && short <= 1.15 * lanczos, "{long}, {short}, {lanczos}");
        // A fit along the torque is the best angle in its plane: the same path, at one or two gradients a rotation.
        assert!((extrapolated / plane - 1.0).abs() < 0.05, "{extrapolated} {plane}");
        assert!((default / extrapolated - 2.0).abs() < 0.1, "{default} {extrapolated}");
        assert!(plane > 1.5 * three && fixed > plane, "{three} {plane} {fixed}");
        if (n, gap) == (1_000, 1e-2) {
            assert!(default >= 8.0 * three, "{default} {three}");
        }
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
