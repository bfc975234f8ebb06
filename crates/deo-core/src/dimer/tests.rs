//! What scripted answers can't reach from outside: the verdicts at their bounds, the errors that a rotation carries,
//! and the directions that nearly depend on others.

use super::{Dimer, DimerSettings, Phase, Recheck, Target};
use crate::estimate::{Estimate, Evidence, Status};
use crate::noise::noise;
use crate::probe::{Answer, Length};
use crate::secant_error::student;
use crate::space::{Host, Space};

const SPACE: Host<f64> = Host::new();
const ZERO: [f64; 3] = [0.0; 3];

/// A dimer of a given length along the first of three axes with Hn = (1, `residual`, 0), which has rotated and is about to
/// decide on a tolerance of 1e-2.
fn at(residual: f64) -> Dimer<Vec<f64>> {
    with(residual, DimerSettings { length: Some(Length::Absolute(1.0)), ..Default::default() })
}

fn with(residual: f64, settings: DimerSettings) -> Dimer<Vec<f64>> {
    let mut dimer = Dimer::new(&SPACE, &ZERO[..], settings).unwrap();
    dimer.set_axis(&SPACE, &[1.0, 0.0, 0.0]);
    dimer.begin(&SPACE);
    dimer.estimate.rotations = 1;
    dimer.axis_product = vec![1.0, residual, 0.0];
    (dimer.product_known, dimer.secants, dimer.rounding) = (true, true, 0.0);
    dimer.estimate.curvature = 1.0;
    dimer
}

/// The same where the answer (1, `residual`, 0) to the question of `phase` is to come.
fn told(dimer: &mut Dimer<Vec<f64>>, phase: Phase, product: [f64; 3]) -> Status {
    dimer.phase = phase;
    dimer.tell(&SPACE, Answer::forward(1.0, &ZERO[..], &product));
    dimer.estimate.status
}

#[test]
fn a_residual_is_small_only_if_the_error_of_its_product_is() {
    // The goal is 1e-2 · 1. What asymmetries show of an error is taken twice.
    for (residual, error, verdict) in [
        (0.01, 0.01, Some(Status::Converged)),
        (0.01, 0.011, Some(Status::Noise)),
        (0.2, 0.1, Some(Status::Noise)),
        (0.2, 0.099, None),
        (0.0101, 0.0, None),
    ] {
        let mut dimer = at(residual);
        dimer.axis_error = error;
        assert_eq!(dimer.judge(&SPACE), verdict, "{residual} {error}");
        assert_eq!(dimer.estimate.residual, residual);
    }
}

#[test]
fn a_check_may_fail_again_only_if_it_has_halved_the_residual() {
    for (failed, residual, status) in [
        (f64::NAN, 0.4, Status::Running),
        (0.81, 0.4, Status::Running),
        (0.8, 0.4, Status::Noise),
        (0.4, 0.4, Status::Noise),
    ] {
        let mut dimer = at(0.0);
        (dimer.failed, dimer.ending) = (failed, Status::Converged);
        // C = 1 isn't negative, so nothing is certified.
        let mut told_status = told(&mut dimer, Phase::Check, [1.0, residual, 0.0]);
        if status == Status::Noise {
            // That it is noise is measured: here at a second length that agrees.
            assert_eq!((told_status, dimer.phase), (Status::Running, Phase::Recheck));
            told_status = told(&mut dimer, Phase::Recheck, [1.0, residual, 0.0]);
        }
        assert_eq!(told_status, status, "{failed}");
        if status == Status::Running {
            assert_eq!((dimer.phase, dimer.failed), (Phase::Torque, residual));
            assert_eq!(dimer.ask(&SPACE).unwrap().direction()[1].abs(), 1.0);
        }
    }
}

#[test]
fn a_second_length_that_disagrees_beyond_the_goal_leaves_noise() {
    for (ending, off, status) in [
        (Status::Converged, 0.0099, Status::Converged),
        (Status::Converged, 0.0101, Status::Noise),
        (Status::Budget, 0.0101, Status::Budget),
    ] {
        let mut dimer = at(0.0);
        dimer.estimate.evidence = Evidence::Fresh;
        dimer.ending = ending;
        assert_eq!(told(&mut dimer, Phase::Recheck, [1.0, 0.0, off]), status, "{off}");
        let Estimate { secant_error, evidence, .. } = dimer.estimate;
        // Student's t of three components is 3.182; C itself didn't change.
        assert!((secant_error / (2.1 * 3.182 * off) - 1.0).abs() < 0.03, "{secant_error}");
        assert_eq!(evidence, Evidence::TwoLengths);
    }
}

#[test]
fn errors_are_carried_through_a_recombination_as_the_products_are() {
    // Three independent errors are orthogonal vectors; what the recombination makes of them has these norms.
    let (of_axis, of_torque, of_previous) = (3.0, 5.0, 7.0);
    for (c, w, p) in [(0.6, 0.48, 0.64), (0.8, -0.6, 0.0), (0.28, 0.0, 0.96), (0.0, 0.6, 0.8)] {
        let s = f64::hypot(w, p);
        let mut dimer = at(0.0);
        (dimer.axis_error, dimer.previous_error) = (of_axis, of_previous);
        dimer.propagate_errors(of_torque, [c, w, p], s);
        let q = [0.0, w / s * of_torque, p / s * of_previous];
        let norm = |v: [f64; 3]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
        let axis = norm([c * of_axis, s * q[1], s * q[2]]);
        let previous = norm([s * of_axis, c * q[1], c * q[2]]);
        assert!((dimer.axis_error - axis).abs() < 1e-14, "{} {axis}", dimer.axis_error);
        assert!((dimer.previous_error - previous).abs() < 1e-14);
        assert_eq!(dimer.asymmetry, of_torque);
    }
}

#[test]
fn a_fresh_product_has_none_of_the_errors_of_the_last() {
    let mut dimer = at(0.3);
    (dimer.axis_error, dimer.asymmetry, dimer.previous_error) = (4.0, 5.0, 6.0);
    // Converged to the last bit: an error that had stayed would have called it noise.
    assert_eq!(told(&mut dimer, Phase::Axis, [2.0, 0.0, 0.0]), Status::Converged);
    assert_eq!((dimer.axis_error, dimer.asymmetry), (0.0, 0.0));
    let mut dimer = at(0.3);
    (dimer.previous, dimer.has_previous, dimer.previous_error) = (vec![0.0, 0.0, 1.0], true, 6.0);
    assert_eq!(told(&mut dimer, Phase::Previous, [0.0, 0.0, 3.0]), Status::Running);
    assert_eq!((dimer.previous_error, dimer.phase), (0.0, Phase::Torque));
    assert_eq!(dimer.previous_product, [0.0, 0.0, 3.0]);
}

#[test]
fn a_torque_that_nearly_depends_on_the_others_is_orthogonal_to_them_all_the_same() {
    let n = 50;
    let random = |seed| -> Vec<f64> { (0..n).map(|i| noise(seed, i)).collect() };
    let unit = |mut v: Vec<f64>, others: &[&Vec<f64>]| {
        for _ in 0..2 {
            for other in others {
                SPACE.deflate(1.0, other, &mut v);
            }
        }
        let norm = SPACE.norm(&v);
        v.iter().map(|v| v / norm).collect::<Vec<f64>>()
    };
    let axis = unit(random(1), &[]);
    let previous = unit(random(2), &[&axis]);
    let new = unit(random(3), &[&axis, &previous]);
    for share in [0.9, 0.3, 1e-3, 1e-9, 1e-12] {
        let mut dimer = Dimer::new(&SPACE, &axis, DimerSettings::default()).unwrap();
        (dimer.axis, dimer.previous, dimer.has_previous) = (axis.clone(), previous.clone(), true);
        let of = |i: usize| 0.6 * axis[i] - 0.8 * previous[i] + share * new[i];
        dimer.torque = (0..n as usize).map(of).collect();
        let w = &dimer.torque;
        let products = SPACE.dots([(w, w), (w, &axis), (w, &previous)]);
        let left = dimer.orthonormalise_torque(&SPACE, products);
        // The sum of three vectors is rounded, so of 1e-12 four digits are left.
        assert!((left / share - 1.0).abs() < 1e-15 / share, "{share}: {left}");
        let [square, along_n, along_p, along_new] = SPACE.dots([
            (&dimer.torque, &dimer.torque),
            (&dimer.torque, &axis),
            (&dimer.torque, &previous),
            (&dimer.torque, &new),
        ]);
        assert!((square - 1.0).abs() < 1e-14, "{share}: {square}");
        assert!(along_n.abs().max(along_p.abs()) < 1e-15, "{share}: {along_n:e} {along_p:e}");
        assert!((along_new - 1.0).abs() < 1e-6, "{share}: {along_new}");
    }
}

#[test]
fn the_second_value_kept_is_the_one_nearest_to_the_wanted_end() {
    for (target, best) in [(Target::Lowest, -3.0), (Target::Highest, 4.0)] {
        let settings = DimerSettings { target, recheck: Recheck::Never, ..Default::default() };
        let mut dimer = Dimer::new(&SPACE, &ZERO[..], settings).unwrap();
        for second in [2.0, -3.0, 4.0, 1.0] {
            dimer.note_second(second);
        }
        dimer.estimate.curvature = 0.5;
        dimer.set_gap();
        assert_eq!(dimer.estimate.gap, Some(f64::abs(best - 0.5)));
    }
}

#[test]
fn a_product_or_a_gradient_beyond_the_range_of_numbers_is_poison() {
    let (steep, far) = ([1e300, 0.0, 0.0], [f64::INFINITY, 0.0, 0.0]);
    for (h, here, ahead) in [(1e-60, &ZERO, &steep), (1.0, &far, &far)] {
        for phase in [Phase::Axis, Phase::Check] {
            let mut dimer = at(0.0);
            dimer.phase = phase;
            dimer.tell(&SPACE, Answer::forward(h, &here[..], &ahead[..]));
            assert_eq!(dimer.estimate.status, Status::NonFinite, "{phase:?}, {h:e}");
        }
    }
}

#[test]
fn a_product_whose_square_is_no_number_is_measured_in_other_units() {
    for (h, ahead) in [(1e-60, 1e120), (1e60, 1e-120), (1.0, 1e200), (1.0, 1e-300)] {
        let mut dimer = at(0.0);
        (dimer.phase, dimer.measured) = (Phase::Axis, f64::NAN);
        dimer.tell(&SPACE, Answer::forward(h, &ZERO[..], &[ahead, 0.25 * ahead, 0.0]));
        let Estimate { curvature, residual, .. } = dimer.estimate();
        assert!((curvature * h / ahead - 1.0).abs() < 1e-15, "{h:e}: {curvature:e}");
        assert!((residual * h / ahead - 0.25).abs() < 1e-15, "{h:e}: {residual:e}");
    }
}

#[test]
fn a_rotation_by_a_product_beyond_the_range_of_numbers_is_poison() {
    // ⟨w, Hw⟩ overflows alone, then ⟨n, Hw⟩ alone.
    for ahead in [[0.0, 1e300, 0.0], [1e300, 0.0, 0.0]] {
        let mut dimer = at(0.5);
        (dimer.torque, dimer.phase) = (vec![0.0, -1.0, 0.0], Phase::Torque);
        dimer.tell(&SPACE, Answer::forward(1e-60, &ZERO[..], &ahead));
        assert_eq!(dimer.estimate.status, Status::NonFinite, "{ahead:?}");
        assert_eq!(dimer.axis, [1.0, 0.0, 0.0], "and the axis stays");
    }
}

#[test]
fn students_t_is_that_of_the_tables() {
    for (freedom, t) in
        [(1.0, 12.706), (2.0, 4.303), (3.0, 3.182), (5.0, 2.571), (30.0, 2.042), (1e6, 1.960)]
    {
        assert!((student(freedom) / t - 1.0).abs() < 2e-4, "{freedom}: {}", student(freedom));
    }
}

#[test]
fn a_residual_below_an_assumed_rounding_is_measured_before_it_is_called_noise() {
    // Hn = (1, 0.3, 0) where a rounding of 0.5 was assumed. At the second length 0.3 is 0.3 − `off`.
    for (off, status, phase) in
        [(1e-3, Status::Running, Phase::Torque), (0.4, Status::Running, Phase::Recheck)]
    {
        let mut dimer = at(0.3);
        dimer.rounding = 0.5;
        dimer.estimate.evidence = Evidence::Fresh;
        dimer.prepare_rotation(&SPACE);
        assert_eq!(dimer.phase, Phase::Measure);
        assert_eq!(dimer.ask(&SPACE).unwrap().length(0.0), 2.0, "a given length is only doubled");
        assert_eq!(told(&mut dimer, Phase::Measure, [1.0, 0.3 - off, 0.0]), status, "{off}");
        assert_eq!(dimer.phase, phase, "{off}");
        assert!((dimer.rounding - off).abs() < 1e-15);
        assert_eq!(dimer.ending == Status::Noise, off > 0.3);
    }
}

#[test]
fn without_room_to_measure_it_nothing_is_called_noise() {
    let settings = DimerSettings { recheck: Recheck::Never, ..Default::default() };
    let mut dimer = with(0.3, settings);
    (dimer.rounding, dimer.allowance) = (0.5, 0);
    dimer.prepare_rotation(&SPACE);
    assert_eq!(dimer.estimate.status, Status::Budget);
}

#[test]
fn a_length_grows_while_that_makes_a_product_better_and_no_further() {
    // Errors of Hn = (1, 0.3, 0) at 1, 4, 16, 64, 256 times the length, and the longest that is confirmed. Half a hundredth
    // of ‖Hn‖ is wanted.
    for (errors, longest) in [
        ([0.16, 0.04, 0.01, 0.0025, 0.0006], 64.0), // rounding
        ([0.16, 0.04, 0.16, 0.64, 2.56], 1.0),      // truncation from 16 on
        ([0.02, 0.0, 0.0, 0.0, 0.0], 4.0),
        ([0.004, 0.0, 0.0, 0.0, 0.0], 1.0), // good enough
    ] {
        let mut dimer = with(0.3, DimerSettings::default());
        dimer.rounding = 0.5;
        dimer.axis_product[2] = errors[0];
        dimer.prepare_rotation(&SPACE);
        for error in &errors[1..] {
            if dimer.phase == Phase::Measure {
                told(&mut dimer, Phase::Measure, [1.0, 0.3, *error]);
            }
        }
        assert!(dimer.phase != Phase::Measure, "{errors:?}");
        assert_eq!(dimer.factor, longest, "{errors:?}");
    }
}
