//! The Davidson process against known spectra, degenerate ones included, and its protocol.

mod common;

use common::{Diagonal, dot, random_unit, uniform};
use deo_core::krylov::{Krylov, KrylovSettings, Which};
use deo_core::space::Host;
use deo_core::{Answer, Space, Status};

const SPACE: Host<f64> = Host::new();

/// Answers by exact products until nothing is asked; returns the number of answers.
fn run(krylov: &mut Krylov<Host<f64>>, problem: &Diagonal) -> usize {
    let mut answers = 0;
    while let Some(probe) = krylov.ask(&SPACE) {
        let product = problem.product(probe.direction());
        krylov.tell(&SPACE, Answer::product(&product));
        answers += 1;
        assert!(answers <= 10_000, "the process does not end");
    }
    answers
}

fn solve(spectrum: Vec<f64>, settings: KrylovSettings, seed: u64) -> (Krylov<Host<f64>>, usize) {
    let problem = Diagonal(spectrum);
    let mut krylov = Krylov::new(&SPACE, &problem.0, settings).unwrap();
    krylov.draw(&SPACE, seed);
    let answers = run(&mut krylov, &problem);
    (krylov, answers)
}

fn random_spectrum(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    (0..n).map(|_| 4.0 * uniform(&mut state) - 1.5).collect()
}

#[test]
fn several_pairs_at_either_end_or_both() {
    for seed in 0..4 {
        let spectrum = random_spectrum(200, seed);
        let mut sorted = spectrum.clone();
        sorted.sort_by(f64::total_cmp);
        for (which, count, memory) in
            [(Which::Lowest, 5, 20), (Which::Highest, 3, 12), (Which::Both, 3, 24)]
        {
            let settings = KrylovSettings {
                which,
                count,
                memory,
                tolerance: 1e-9,
                floor: 1.0,
                max_gradients: 2_000,
                ..Default::default()
            };
            let (krylov, _) = solve(spectrum.clone(), settings, seed);
            assert_eq!(krylov.status(), Status::Converged);
            let low = sorted.iter().take(count);
            let high = sorted.iter().rev().take(count);
            let expected: Vec<f64> = match which {
                Which::Lowest => low.copied().collect(),
                Which::Highest => high.copied().collect(),
                Which::Both => low.chain(high).copied().collect(),
            };
            assert_eq!(krylov.estimates().len(), expected.len());
            for (i, (estimate, value)) in krylov.estimates().iter().zip(&expected).enumerate() {
                // Quadratic in the residual of 1e-9, so roundoff remains.
                assert!(
                    (estimate.curvature - value).abs() < 1e-12,
                    "{which:?} {i}: {estimate:?} {value}"
                );
                let v = krylov.axis(i);
                let residual: f64 = (v.iter().zip(&spectrum))
                    .map(|(v, l)| ((l - estimate.curvature) * v).powi(2))
                    .sum();
                // The residual claimed is the residual measured, and the axes are orthonormal.
                assert!((residual.sqrt() - estimate.residual).abs() < 1e-12);
                for j in 0..=i {
                    let expected = f64::from(u8::from(i == j));
                    assert!((dot(v, krylov.axis(j)) - expected).abs() < 1e-12);
                }
            }
        }
    }
}

#[test]
fn degenerate_problems_end_early_and_right() {
    let settings = KrylovSettings { count: 2, memory: 8, tolerance: 1e-8, ..Default::default() };
    for (spectrum, lowest, most) in [
        (vec![3.0], vec![3.0], 1),                  // smaller than what is wanted
        (vec![-1.0, 2.0, 5.0], vec![-1.0, 2.0], 3), // smaller than the memory
        (vec![0.0; 50], vec![0.0, 0.0], 3),         // zero
        (vec![2.5; 50], vec![2.5, 2.5], 3),         // a multiple of the identity
    ] {
        let n = spectrum.len();
        let (krylov, answers) = solve(spectrum, settings, 3);
        for (estimate, value) in krylov.estimates().iter().zip(&lowest) {
            assert!((estimate.curvature - value).abs() < 1e-12, "{n}: {estimate:?}");
        }
        assert!(answers <= most, "n = {n}: {answers}");
        assert_eq!(krylov.estimates()[0].status, Status::Converged);
        // The pair that doesn't exist is reported as not measured.
        assert_eq!(krylov.estimates()[1].curvature.is_nan(), n == 1);
    }
    // Low rank: two negative directions in a space of zeros.
    let mut spectrum = vec![0.0; 60];
    (spectrum[7], spectrum[31]) = (-2.0, -5.0);
    let (krylov, answers) = solve(spectrum, settings, 4);
    assert!((krylov.estimates()[0].curvature + 5.0).abs() < 1e-12);
    assert!((krylov.estimates()[1].curvature + 2.0).abs() < 1e-12);
    assert!(answers < 10);
}

#[test]
fn an_eigenvalue_of_multiplicity_two_is_found_twice() {
    let mut spectrum = vec![1.0; 40];
    spectrum[3..5].fill(-2.0);
    spectrum[20..30].fill(0.5);
    let settings = KrylovSettings {
        count: 3,
        memory: 12,
        tolerance: 1e-8,
        confirm: true,
        ..Default::default()
    };
    let (krylov, _) = solve(spectrum, settings, 9);
    let values: Vec<f64> = krylov.estimates().iter().map(|e| e.curvature).collect();
    for (value, expected) in values.iter().zip([-2.0, -2.0, 0.5]) {
        assert!((value - expected).abs() < 1e-8, "{values:?}");
    }
}

#[test]
fn the_budget_caps_every_start() {
    let settings =
        KrylovSettings { tolerance: 0.0, max_gradients: 37, memory: 6, ..Default::default() };
    let (krylov, answers) = solve(random_spectrum(300, 5), settings, 1);
    assert_eq!((answers, krylov.status()), (37, Status::Budget));
}

#[test]
fn poison_ends_the_process_and_spares_what_was_known() {
    let problem = Diagonal(random_spectrum(100, 6));
    for at in [0, 1, 5, 11, 12, 30] {
        let settings = KrylovSettings { tolerance: 0.0, memory: 12, ..Default::default() };
        let mut krylov = Krylov::new(&SPACE, &problem.0, settings).unwrap();
        krylov.draw(&SPACE, 2);
        let mut answers = 0;
        while let Some(probe) = krylov.ask(&SPACE) {
            let mut product = problem.product(probe.direction());
            if answers == at {
                product[50] = f64::NAN;
            }
            krylov.tell(&SPACE, Answer::product(&product));
            answers += 1;
        }
        assert_eq!((answers, krylov.status()), (at + 1, Status::NonFinite));
        let v = krylov.axis(0);
        assert!(v.iter().all(|v| v.is_finite()));
        assert!((dot(v, v) - 1.0).abs() < 1e-12);
        // What it had before the poison is still a Rayleigh quotient of its axis.
        if at > 0 {
            let curvature = dot(v, &problem.product(v));
            assert!((curvature - krylov.estimates()[0].curvature).abs() < 1e-12, "{at}");
        }
    }
}

#[test]
fn a_new_point_starts_from_the_old_pairs() {
    let mut problem = Diagonal(random_spectrum(500, 8));
    problem.0[77] = -2.5;
    // A confirmation starts from nothing at every point.
    let settings =
        KrylovSettings { memory: 12, tolerance: 1e-4, confirm: false, ..Default::default() };
    let mut krylov = Krylov::new(&SPACE, &problem.0, settings).unwrap();
    krylov.draw(&SPACE, 2);
    let cold = run(&mut krylov, &problem);
    problem.0[77] = -2.4; // the spectrum moved, the axis did not
    krylov.restart_at_new_point(&SPACE);
    let warm = run(&mut krylov, &problem);
    assert!((krylov.estimates()[0].curvature + 2.4).abs() < 1e-6);
    assert!(warm < cold / 2, "{warm} {cold}");
    // And an old pair that has ceased to be the lowest is left, thanks to the random direction.
    problem.0[77] = 3.0;
    problem.0[123] = -4.0;
    krylov.restart_at_new_point(&SPACE);
    run(&mut krylov, &problem);
    assert!((krylov.estimates()[0].curvature + 4.0).abs() < 1e-6, "{:?}", krylov.estimates());
}

#[test]
fn the_angle_claimed_is_the_angle_measured() {
    for seed in 0..8 {
        let problem = Diagonal::gap_family(300, 5e-2, seed);
        let settings =
            KrylovSettings { memory: 16, tolerance: 1e-3, confirm: true, ..Default::default() };
        let mut krylov = Krylov::new(&SPACE, &problem.0, settings).unwrap();
        krylov.start_from(&SPACE, &[&random_unit(300, seed)], 0);
        run(&mut krylov, &problem);
        let claimed = krylov.estimates()[0].residual / krylov.gap(0).unwrap();
        let measured = common::angle_to_first(krylov.axis(0));
        // residual/gap bounds the angle where the gap is that to the nearest other eigenvalue; the Ritz gap
        // exceeds it a little, since its neighbour is not converged.
        assert!(measured <= 2.0 * claimed, "{measured} {claimed}");
        assert!(measured >= 0.02 * claimed, "{measured} {claimed}: the claim is not vacuous");
    }
}

#[test]
fn single_precision_stops_at_its_own_noise() {
    let space = Host::<f32>::new();
    let spectrum: Vec<f32> = random_spectrum(300, 3).iter().map(|l| *l as f32).collect();
    let lowest = spectrum.iter().copied().fold(f32::INFINITY, f32::min);
    let settings = KrylovSettings { tolerance: 0.0, max_gradients: 400, ..Default::default() };
    let mut krylov = Krylov::new(&space, &spectrum, settings).unwrap();
    krylov.draw(&space, 5);
    let x: Vec<f32> = spectrum.iter().map(|l| 1.0 + l).collect();
    let gradient = |x: &[f32]| x.iter().zip(&spectrum).map(|(x, l)| x * l).collect::<Vec<f32>>();
    let (g, mut y) = (gradient(&x), x.clone());
    while let Some(probe) = krylov.ask(&space) {
        let h = probe.displace(&space, &x, &mut y);
        krylov.tell(&space, Answer::forward(h, &g, &gradient(&y)));
    }
    let estimate = krylov.estimates()[0];
    assert_eq!(estimate.status, Status::Noise, "{estimate:?}");
    // It stops where the residual is noise, so the curvature is as far off as that bound allows.
    let off = (estimate.curvature - f64::from(lowest)).abs();
    assert!(off <= estimate.residual + estimate.secant_error, "{estimate:?}");
    assert!(space.norm(krylov.axis(0)) > 0.999);
}

#[test]
fn settings_out_of_range_are_named() {
    let refuse = |settings: KrylovSettings| {
        Krylov::new(&SPACE, &[0.0][..], settings).map(|_| ()).unwrap_err().to_string()
    };
    let settings = KrylovSettings { count: 3, memory: 7, ..Default::default() };
    assert_eq!(refuse(settings), "memory is 7; it must be at least 8 for 3 pairs");
    assert!(Krylov::new(&SPACE, &[0.0][..], KrylovSettings { memory: 8, ..settings }).is_ok());
    let settings = KrylovSettings { tolerance: -1.0, ..Default::default() };
    assert!(refuse(settings).contains("tolerance is -1"));
    assert!(refuse(KrylovSettings { count: 0, ..Default::default() }).contains("at least 1"));
}

#[cfg(feature = "serde")]
#[test]
fn a_process_saved_at_any_answer_goes_on_bit_for_bit() {
    let problem = Diagonal(random_spectrum(60, 2));
    let straight = |save_at: Option<usize>| {
        let settings = KrylovSettings { memory: 8, tolerance: 1e-6, ..Default::default() };
        let mut krylov = Krylov::new(&SPACE, &problem.0, settings).unwrap();
        krylov.draw(&SPACE, 5);
        let mut answers = 0;
        while let Some(probe) = krylov.ask(&SPACE) {
            let product = problem.product(probe.direction());
            if save_at == Some(answers) {
                krylov = serde_json::from_str(&serde_json::to_string(&krylov).unwrap()).unwrap();
            }
            krylov.tell(&SPACE, Answer::product(&product));
            answers += 1;
        }
        (krylov.estimates().to_vec(), krylov.axis(0).clone())
    };
    let expected = straight(None);
    for at in [0, 3, 8, 9, 15] {
        assert_eq!(straight(Some(at)), expected);
    }
}

/// A list from axes of an earlier one: with the same seed its first random direction is a combination of what is there
/// already, which isn't the whole space.
#[test]
fn directions_that_depend_on_the_basis_are_not_the_whole_space() {
    let space = Host::<f64>::new();
    for (n, times) in [(7, 4), (9, 6), (12, 5)] {
        let spectrum: Vec<f64> =
            (0..n).map(|i| if i < times { -1.0 } else { 1.0 + i as f64 }).collect();
        // All that one random direction leads to: one vector of the repeated eigenvalue, and each of the others.
        let distinct = n - times + 1;
        for seed in 0..12 {
            let solve = |count, confirm, axes: &[Vec<f64>]| {
                let settings = KrylovSettings { count, memory: 40, confirm, ..Default::default() };
                let mut krylov = Krylov::new(&space, &spectrum, settings).unwrap();
                let known: Vec<&[f64]> = axes.iter().map(Vec::as_slice).collect();
                if known.is_empty() {
                    krylov.draw(&space, seed);
                } else {
                    krylov.start_from(&space, &known, seed);
                }
                while let Some(probe) = krylov.ask(&space) {
                    let v = probe.direction();
                    let hv: Vec<f64> = v.iter().zip(&spectrum).map(|(v, l)| v * l).collect();
                    krylov.tell(&space, Answer::product(&hv));
                }
                krylov
            };
            let first = solve(distinct, false, &[]);
            let axes: Vec<Vec<f64>> = (0..distinct).map(|i| first.axis(i).clone()).collect();
            for count in 2..=distinct {
                let krylov = solve(count, true, &axes);
                let found = krylov.estimates().iter().map(|e| e.curvature);
                let wrong = found.zip(&spectrum).any(|(found, truth)| (found - truth).abs() > 1e-6);
                let context = format!("{n}, {times}, {count}, seed {seed}");
                assert!(!wrong || !krylov.is_confirmed(), "{context}: {:?}", krylov.estimates());
            }
        }
    }
}

#[test]
fn without_a_parameter_nothing_is_asked_and_no_pair_claimed() {
    let (krylov, answers) = solve(vec![], KrylovSettings::default(), 1);
    assert_eq!((answers, krylov.status()), (0, Status::Unknown));
    assert!(krylov.estimates().iter().all(|estimate| estimate.curvature.is_nan()));
}
