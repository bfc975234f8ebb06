//! The default estimate in single precision, where λ_min = −1 is known: C within 1 % and the axis within 0.1 rad, or a verdict
//! of noise whose error bar holds, from 1 to 1e5 parameters (the example `single_precision` goes to 1e7).

#[path = "common/valley.rs"]
mod valley;

use deo_core::drive::curvature;
use deo_core::space::Host;
use deo_core::{DimerSettings, Estimate, Length, Rule, Space, Status};
use valley::{Kind, Shape, Terms, Valley};

const SPACE: Host<f32> = Host::new();

/// An estimate by the default settings; the error of its C, by an exact product along its axis; the angle to u.
fn estimate(kind: Kind, rule: Rule, seed: u64) -> (Estimate, f64, f64) {
    let mut f = Valley::new(kind, seed + 1);
    let x = f.x.clone();
    let settings = DimerSettings { rule, ..Default::default() };
    let (estimate, axis) = curvature(&SPACE, &mut f, &x, settings, seed + 7).unwrap();
    (estimate, (estimate.curvature - f.curvature(&axis)).abs(), f.angle(&axis))
}

fn kinds(n: usize, supports: [usize; 2]) -> Vec<(Kind, Rule)> {
    let mut kinds = vec![];
    for support in supports {
        for shape in [Shape::Quartic(1.0), Shape::Wave(1.0)] {
            for terms in [Terms::Whole, Terms::Rounded] {
                for slope in [30.0, 1.0, 0.0] {
                    for rule in [Rule::Forward, Rule::Central] {
                        kinds.push((Kind { n, support, shape, terms, slope }, rule));
                    }
                }
            }
        }
    }
    kinds
}

#[test]
fn the_lowest_curvature_is_found_however_many_parameters_there_are() {
    for (n, runs) in [(1_000, 3), (10_000, 2), (100_000, 1)] {
        for (kind, rule) in kinds(n, [n, 100]) {
            for seed in 0..runs {
                let (e, _, angle) = estimate(kind, rule, seed);
                let right = (e.curvature + 1.0).abs() <= 0.01 && angle <= 0.1;
                assert!(right, "{kind:?} {rule:?} {seed}: {e:?}, angle {angle}");
                assert!(e.is_negative(2.0), "{kind:?} {rule:?} {seed}: {e:?}");
            }
        }
    }
}

#[test]
fn error_bars_hold_in_95_of_100_runs_of_each_kind() {
    for (n, supports) in [(1, [1, 1]), (2, [2, 1]), (5, [5, 1]), (60, [60, 1]), (300, [300, 3])] {
        for (kind, rule) in kinds(n, supports) {
            let mut held = 0;
            for seed in 0..200 {
                let (e, off, _) = estimate(kind, rule, seed);
                held += u32::from(off <= e.secant_error);
            }
            assert!(held >= 190, "{kind:?} {rule:?}: {held} of 200");
        }
    }
}

#[test]
fn noise_that_was_only_assumed_costs_a_few_gradients_and_no_verdict() {
    // 20 ε‖g‖/h of the first length is larger than any residual here.
    let kind = Kind {
        n: 30_000,
        support: 30_000,
        shape: Shape::Quartic(1.0),
        terms: Terms::Whole,
        slope: 1.0,
    };
    for seed in 0..4 {
        let (e, off, angle) = estimate(kind, Rule::Forward, seed);
        assert_eq!(e.status, Status::Converged, "{e:?}");
        assert!(off <= e.secant_error && angle < 0.03 && e.gradients <= 20, "{e:?} {angle}");
    }
}

#[test]
fn the_default_length_is_not_lost_in_the_rounding_of_the_point() {
    // Storage turns a displacement of 16 ε‖x‖ by a fortieth of a radian.
    for n in [1_000usize, 100_000, 1_000_000] {
        let x: Vec<f32> = (0..n).map(|i| deo_core::noise::noise(3, i as u64) as f32).collect();
        let mut axis: Vec<f32> =
            (0..n).map(|i| deo_core::noise::noise(4, i as u64) as f32).collect();
        let scale = 1.0 / SPACE.norm(&axis);
        axis.iter_mut().for_each(|v| *v = (scale * f64::from(*v)) as f32);
        for rule in [Rule::Forward, Rule::Central] {
            let h = Length::balanced(rule, SPACE.epsilon(), n as f64).at(SPACE.norm(&x));
            let mut y = x.clone();
            let realised = SPACE.displace(h, &axis, &x, &mut y);
            let square: f64 =
                y.iter().zip(&x).map(|(y, x)| (f64::from(*y) - f64::from(*x)).powi(2)).sum();
            let angle = (realised / square.sqrt()).min(1.0).acos();
            assert!(angle < 0.03, "N {n} {rule:?}: {angle}");
        }
    }
}
