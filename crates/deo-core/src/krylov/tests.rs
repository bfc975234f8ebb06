//! The verdicts of a check at their bounds, and the errors of products through a restart.

use super::check::Check;
use super::judge::Open;
use super::{Krylov, KrylovSettings};
use crate::estimate::{Estimate, Evidence, Status};
use crate::noise::noise;
use crate::probe::Answer;
use crate::space::{Host, Space};

const SPACE: Host<f64> = Host::new();
const ZERO: [f64; 3] = [0.0; 3];

/// One pair along the first of three axes with Hv = (C, `residual`, 0), measured afresh and said to be converged.
fn checked(curvature: f64, residual: f64) -> Krylov<Host<f64>> {
    let settings = KrylovSettings { tolerance: 1e-2, confirm: false, ..Default::default() };
    let mut krylov = Krylov::new(&SPACE, &ZERO[..], settings).unwrap();
    krylov.draw(&SPACE, 1);
    krylov.basis[0] = vec![1.0, 0.0, 0.0];
    krylov.products[0] = vec![curvature, residual, 0.0];
    krylov.matrix[0] = curvature;
    (krylov.filled, krylov.queued, krylov.secants) = (1, 1, true);
    krylov.rounding = 0.0;
    krylov.solve_projected();
    krylov.estimates[0] = Estimate {
        curvature,
        residual,
        secant_error: 0.0,
        evidence: Evidence::Fresh,
        status: Status::Converged,
        ..Estimate::UNKNOWN
    };
    krylov
}

#[test]
fn a_pair_may_fail_again_only_if_it_has_halved_its_residual() {
    for (failed, status) in
        [(f64::MAX, Status::Running), (0.81, Status::Running), (0.8, Status::Noise)]
    {
        let mut krylov = checked(1.0, 0.4);
        krylov.failed[0] = failed;
        krylov.check = Check::Fresh { pair: 0 };
        let product = [1.0, 0.4, 0.0];
        krylov.tell(&SPACE, Answer::forward(1.0, &ZERO[..], &product));
        assert_eq!(krylov.estimates[0].status, status, "{failed}");
        // What goes on asks for the direction of the residual.
        let asked = krylov.ask(&SPACE).map(|probe| probe.direction()[1].abs());
        assert_eq!(asked, (status == Status::Running).then_some(1.0));
        assert_eq!(krylov.failed[0], if asked.is_some() { 0.4 } else { failed });
    }
}

#[test]
fn a_pair_whose_second_length_disagrees_beyond_the_goal_is_noise() {
    for (off, status) in [(0.0099, Status::Converged), (0.0101, Status::Noise)] {
        let mut krylov = checked(-1.0, 0.0);
        krylov.check = Check::Second { pair: 0 };
        let product = [-1.0, 0.0, off];
        krylov.tell(&SPACE, Answer::forward(1.0, &ZERO[..], &product));
        assert_eq!(krylov.estimates[0].status, status, "{off}");
        assert_eq!(krylov.estimates[0].evidence, Evidence::TwoLengths);
        // Forward differences: the truncation doubles with the length. One component of three, and a bar that holds.
        let error = krylov.estimates[0].secant_error;
        assert!((off / 3f64.sqrt()..10.0 * off).contains(&error), "{error}");
        assert!(krylov.ask(&SPACE).is_none());
    }
}

#[test]
fn errors_of_products_are_carried_through_a_restart_as_the_products_are() {
    // Independent errors are orthogonal vectors: put them into the products themselves, as components of their own.
    let settings = KrylovSettings { memory: 5, ..Default::default() };
    let mut krylov = Krylov::new(&SPACE, &[0.0; 8][..], settings).unwrap();
    krylov.draw(&SPACE, 1);
    let errors = [0.3, 0.5, 0.2, 0.7, 0.1];
    // The basis are the first five unit vectors. H is the Laplacian of a chain on them.
    let k = errors.len();
    for i in 0..k {
        krylov.basis[i] = vec![0.0; 8];
        krylov.basis[i][i] = 1.0;
        krylov.products[i] = vec![0.0; 8];
        for j in 0..k {
            let entry = match i.abs_diff(j) {
                0 => 2.0 + 0.1 * i as f64,
                1 => -1.0,
                _ => 0.0,
            };
            krylov.matrix[i * k + j] = entry;
            krylov.products[i][j] = entry;
        }
    }
    krylov.errors.copy_from_slice(&errors);
    (krylov.filled, krylov.queued) = (k, k);
    krylov.solve_projected();
    krylov.remember(&Open::Residual(0));
    krylov.restart(&SPACE);
    assert!(krylov.filled >= 2 && krylov.filled < k);
    for a in 0..krylov.filled {
        // Basis vector a is Σ cᵢ eᵢ, so that its components are the weights.
        let weights = &krylov.basis[a][..k];
        let expected = weights.iter().zip(errors).map(|(c, e)| (c * e).powi(2)).sum::<f64>().sqrt();
        assert!(
            (krylov.errors[a] - expected).abs() < 1e-14,
            "{a}: {} {expected}",
            krylov.errors[a]
        );
    }
}

#[test]
fn a_fresh_product_is_off_by_its_distance_from_the_recombined_one() {
    // Within the tolerance, 1e-2 · 2, so that the process ends with it.
    for (off, error) in [(0.0, 0.0), (0.012, 0.004)] {
        let mut krylov = checked(2.0, 0.01);
        krylov.root_dimension = 3.0;
        (krylov.check, krylov.asking) = (Check::Fresh { pair: 0 }, true);
        krylov.tell(&SPACE, Answer::product(&[2.0, 0.01, off]));
        let Estimate { curvature, residual, secant_error, evidence, .. } = krylov.estimates[0];
        assert_eq!((curvature, evidence), (2.0, Evidence::Fresh));
        assert!((residual - (0.01_f64.powi(2) + off * off).sqrt()).abs() < 1e-15);
        // An answer has some roundings of its own.
        assert!((secant_error - error).abs() < 1e-14, "{off}: {secant_error}");
    }
}

#[test]
fn what_a_missed_eigenvector_would_hold_is_what_a_real_one_holds() {
    // Component 17 is an eigenvector with the cutoff's value, whatever the restarts make of it; with a tolerance one beside it
    // would be watched, too.
    let n = 40;
    let spectrum: Vec<f64> =
        (0..n).map(|i| if i == 17 { 0.3 } else { -1.0 + i as f64 / 7.0 }).collect();
    let settings =
        KrylovSettings { memory: 9, cutoff: Some(0.3), tolerance: 0.0, ..Default::default() };
    let mut krylov = Krylov::new(&SPACE, &spectrum, settings).unwrap();
    krylov.draw(&SPACE, 3);
    let start = krylov.basis[0][17];
    for answers in 0..14 {
        let direction = krylov.ask(&SPACE).unwrap().direction();
        let product: Vec<f64> = direction.iter().zip(&spectrum).map(|(v, l)| v * l).collect();
        krylov.tell(&SPACE, Answer::product(&product));
        for j in 0..krylov.queued {
            let weights: Vec<f64> =
                (0..krylov.queued).map(|i| f64::from(u8::from(i == j))).collect();
            let share = krylov.confirmation.missed.share(&weights);
            let held = (krylov.basis[j][17] / start).abs();
            assert!((share - held).abs() < 1e-9 * held.max(1.0), "{answers}, {j}: {share} {held}");
        }
        // A unit vector holds no more than it has.
        let chance = krylov.confirmation.missed.chance(0, std::iter::empty(), (n as f64).sqrt());
        assert!(start.abs() * (n as f64).sqrt() <= chance * (1.0 + 1e-9));
    }
}

#[test]
fn an_answer_of_a_check_beyond_the_range_of_numbers_is_poison() {
    // A norm is right where its square overflows, so only what is infinite is poison beside a product's own square.
    let (steep, far) = ([1e300, 0.0, 0.0], [f64::INFINITY, 0.0, 0.0]);
    for (h, here, ahead) in [(1e-60, &ZERO, &steep), (1.0, &far, &far)] {
        let mut krylov = checked(2.0, 0.25);
        (krylov.check, krylov.asking) = (Check::Fresh { pair: 0 }, true);
        krylov.tell(&SPACE, Answer::forward(h, &here[..], &ahead[..]));
        assert_eq!(krylov.estimates[0].status, Status::NonFinite, "{h:e}");
    }
}

#[test]
fn a_direction_that_nearly_depends_on_the_basis_is_orthogonal_to_it_all_the_same() {
    let n = 50;
    for share in [1e-3, 1e-9, 1e-12] {
        let settings = KrylovSettings { memory: 8, ..Default::default() };
        let mut krylov = Krylov::new(&SPACE, &vec![0.0; n], settings).unwrap();
        krylov.draw(&SPACE, 1);
        for seed in [2, 3] {
            krylov.basis[krylov.queued] = (0..n as u64).map(|i| noise(seed, i)).collect();
            assert!(krylov.queue(&SPACE).is_some());
        }
        krylov.basis[3] = (0..n)
            .map(|i| {
                let known =
                    krylov.basis[0][i] - 0.5 * krylov.basis[1][i] + 0.3 * krylov.basis[2][i];
                known + share * noise(4, i as u64)
            })
            .collect();
        assert!(krylov.queue(&SPACE).is_some(), "{share}");
        for i in 0..=3 {
            let along = SPACE.dot(&krylov.basis[3], &krylov.basis[i]);
            let expected = f64::from(u8::from(i == 3));
            assert!((along - expected).abs() < 1e-15, "{share}, {i}: {along:e}");
        }
        // What depends on the basis to the last bit is no direction.
        krylov.basis[4] =
            (0..n).map(|i| 3.0 * krylov.basis[0][i] - 2.0 * krylov.basis[3][i]).collect();
        assert!(krylov.queue(&SPACE).is_none());
    }
}
