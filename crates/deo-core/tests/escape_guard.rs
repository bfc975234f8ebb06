//! The guard: steps that are too long are cut, steps that are not stay as they are, and everything is counted.

mod common;

use common::uniform;
use deo_core::SettingError;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::optim::{Optimizer, Sgd, SgdSettings};
use deo_core::policy::{Guard, GuardSettings};
use deo_core::space::Host;
use deo_core::{Objective, Space};

const SPACE: Host<f64> = Host::new();

/// How the guard is told of the curvature.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Nothing,
    Gradients,
    Losses,
}

/// ‖x‖ after `steps` of SGD with the rate `lr` on ½Σ λᵢxᵢ², λ in [0.1, 1], the gradients evaluated and the guard's cost.
fn quadratic(by: By, lr: f64, momentum: f64, steps: usize, scale: f64) -> (f64, u64, f64) {
    let n = 20;
    let mut state = 7;
    let spectrum: Vec<f64> =
        (0..n).map(|i| if i == 0 { 1.0 } else { 0.1 + 0.9 * uniform(&mut state) }).collect();
    let mut evaluated = 0;
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            evaluated += 1;
            for ((g, x), l) in g.iter_mut().zip(x).zip(&spectrum) {
                *g = scale * l * x;
            }
        }
        scale * x.iter().zip(&spectrum).map(|(x, l)| l * x * x / 2.0).sum::<f64>()
    });
    let mut x: Vec<f64> = (0..n as u64).map(|i| noise(3, i)).collect();
    let (mut before, mut g, mut after) = (x.clone(), x.clone(), x.clone());
    let settings = SgdSettings { momentum, ..Default::default() };
    let mut sgd = Sgd::new(settings, &SPACE, &x).unwrap();
    let mut guard = Guard::new(&SPACE, &x, GuardSettings::default()).unwrap();
    for _ in 0..steps {
        let loss = f.value_grad(&x, &mut g);
        before.copy_from_slice(&x);
        sgd.step(&SPACE, &mut x, &g, lr / scale);
        match by {
            By::Nothing => {}
            By::Gradients => {
                if guard.cut(&SPACE, &before, &g, &mut x) {
                    f.value_grad(&x, &mut after);
                    guard.tell_gradient(&SPACE, &before, &g, &mut x, &after);
                }
            }
            By::Losses => {
                if guard.cut(&SPACE, &before, &g, &mut x) {
                    let there = f.value(&x);
                    guard.tell_losses(&SPACE, &before, &g, &mut x, [loss, there]);
                }
            }
        }
    }
    (SPACE.norm(&x), evaluated, guard.cost())
}

#[test]
fn a_rate_five_times_beyond_stability_converges() {
    // η = 10/λ_max; 2/λ_max is the limit.
    let (free, ..) = quadratic(By::Nothing, 10.0, 0.0, 200, 1.0);
    assert!(free > 1e100, "{free}");
    for by in [By::Gradients, By::Losses] {
        let (start, ..) = quadratic(by, 10.0, 0.0, 0, 1.0);
        let (end, ..) = quadratic(by, 10.0, 0.0, 1_000, 1.0);
        assert!(end < 1e-3 * start, "{start} {end}");
    }
}

#[test]
fn both_measurements_agree_on_a_quadratic() {
    let (a, ..) = quadratic(By::Gradients, 10.0, 0.0, 60, 1.0);
    let (b, ..) = quadratic(By::Losses, 10.0, 0.0, 60, 1.0);
    assert!((a - b).abs() < 1e-9 * a, "{a} {b}");
}

#[test]
fn the_scale_of_the_loss_does_not_matter() {
    let (plain, ..) = quadratic(By::Gradients, 10.0, 0.0, 200, 1.0);
    for scale in [2f64.powi(-20), 2f64.powi(20)] {
        assert_eq!(quadratic(By::Gradients, 10.0, 0.0, 200, scale).0, plain);
    }
}

#[test]
fn the_right_rate_is_left_alone_to_the_last_bit() {
    // A step of half the way to the minimum along it is shorter than a/q.
    let (free, ..) = quadratic(By::Nothing, 0.5, 0.0, 19, 1.0);
    assert_eq!(quadratic(By::Gradients, 0.5, 0.0, 19, 1.0).0, free);
}

#[test]
fn every_evaluation_is_counted() {
    let (_, evaluated, cost) = quadratic(By::Gradients, 3.0, 0.5, 100, 1.0);
    assert_eq!((evaluated, cost), (105, 5.0));
    let (_, evaluated, cost) = quadratic(By::Losses, 3.0, 0.5, 100, 1.0);
    assert_eq!(evaluated, 100);
    assert!((cost - 5.0 / 3.0).abs() < 1e-12);
}

#[test]
fn the_first_cut_is_the_minimum_along_the_step() {
    // f = 2x², x = 1, g = 4: the step −4η is cut to −1, whatever η above ¼.
    for lr in [0.3, 7.0, 1e4] {
        let mut guard = Guard::new(&SPACE, &[0.0][..], GuardSettings::default()).unwrap();
        let (before, g) = ([1.0], [4.0]);
        let mut x = [1.0 - lr * 4.0];
        assert!(guard.cut(&SPACE, &before, &g, &mut x));
        let after = [4.0 * x[0]];
        guard.tell_gradient(&SPACE, &before, &g, &mut x, &after);
        assert!(x[0].abs() < 1e-12 * lr.max(1.0), "{x:?}");
        assert!((guard.longest() - 1.0).abs() < 1e-12);
    }
}

/// The same where squares of lengths, or products with gradients, leave the range of numbers: f = 2c x²/s, from x = s.
#[test]
fn scales_change_nothing() {
    for s in [1e-200, 1e-160, 1e-100, 1.0, 1e100, 1e160, 1e200] {
        for c in [1e-250, 1e-160, 1e-50, 1.0, 1e50, 1e160, 1e250] {
            // Curvatures c/s that are numbers.
            if !(1e-290..1e290).contains(&(c / s)) {
                continue;
            }
            for by in [By::Gradients, By::Losses] {
                // A loss that isn't a number has no curvature.
                if by == By::Losses && !(1e-290..1e290).contains(&(c * s)) {
                    continue;
                }
                let context = format!("{s:e} {c:e} {}", by == By::Losses);
                let mut guard = Guard::new(&SPACE, &[0.0][..], GuardSettings::default()).unwrap();
                let (before, g) = ([s], [4.0 * c]);
                let mut x = [-27.0 * s];
                assert!(guard.cut(&SPACE, &before, &g, &mut x), "{context}");
                if by == By::Gradients {
                    let after = [4.0 * c * (x[0] / s)];
                    guard.tell_gradient(&SPACE, &before, &g, &mut x, &after);
                } else {
                    let loss = |x: f64| 2.0 * c * s * (x / s) * (x / s);
                    let losses = [loss(before[0]), loss(x[0])];
                    guard.tell_losses(&SPACE, &before, &g, &mut x, losses);
                }
                assert!(x[0].abs() < 1e-12 * s, "{context}: {x:?}");
                assert!((guard.longest() / s - 1.0).abs() < 1e-12, "{context}");
                let mut next = [-9.0 * s];
                assert!(!guard.cut(&SPACE, &[s / 2.0], &[2.0 * c], &mut next), "{context}");
                assert!(next[0].abs() < 1e-12 * s, "{context}: {next:?}");
            }
        }
    }
}

#[test]
fn a_steeper_place_allows_no_longer_step_and_a_flatter_one_a_shorter() {
    // f = 2x²: ā/q̄ = 1 from x = 1, where g = 4.
    for (x, left) in [(2.0, 1.0), (1.0, 0.0), (0.5, 0.0), (0.25, 0.0)] {
        let mut guard = Guard::new(&SPACE, &[0.0][..], GuardSettings::default()).unwrap();
        let mut first = [-27.0];
        assert!(guard.cut(&SPACE, &[1.0], &[4.0], &mut first));
        let after = [4.0 * first[0]];
        guard.tell_gradient(&SPACE, &[1.0], &[4.0], &mut first, &after);
        assert!((guard.longest() - 1.0).abs() < 1e-12);
        // min(ā, a)/q̄ with a = 4x: one from 2, all the way from the others.
        let mut end = [x - 10.0];
        assert!(!guard.cut(&SPACE, &[x], &[4.0 * x], &mut end));
        assert!((end[0] - left).abs() < 1e-12, "{x}: {end:?}");
    }
    // A step that climbs has no minimum ahead: the means are all that is known.
    let mut guard = Guard::new(&SPACE, &[0.0][..], GuardSettings::default()).unwrap();
    let mut x = [-27.0];
    guard.cut(&SPACE, &[1.0], &[4.0], &mut x);
    let after = [4.0 * x[0]];
    guard.tell_gradient(&SPACE, &[1.0], &[4.0], &mut x, &after);
    let mut up = [11.0];
    guard.cut(&SPACE, &[1.0], &[4.0], &mut up);
    assert!((up[0] - 2.0).abs() < 1e-12, "{up:?}");
}

#[test]
fn the_means_are_over_as_many_measurements_as_are_remembered() {
    // Slopes and curvatures that change from one measurement to the next; both means by their recursion.
    let seen = [(1.0, 2.0), (3.0, 5.0), (2.0, 11.0), (5.0, 3.0), (0.5, 7.0)];
    for memory in [1.0, 2.0, 3.0, 10.0] {
        let mut guard =
            Guard::new(&SPACE, &[0.0][..], GuardSettings { interval: 1, memory }).unwrap();
        let (mut fall, mut curvature) = (0.0, 0.0);
        for (k, (slope, q)) in seen.into_iter().enumerate() {
            let mut x = [-8.0];
            assert!(guard.cut(&SPACE, &[0.0], &[slope], &mut x));
            let after = [slope + q * x[0]];
            guard.tell_gradient(&SPACE, &[0.0], &[slope], &mut x, &after);
            // The arithmetic mean while all are remembered, then a share of 1/memory for the newest.
            let share = 1.0 / memory.min(k as f64 + 1.0);
            fall = (1.0 - share) * fall + share * slope;
            curvature = (1.0 - share) * curvature + share * q;
            let longest = fall / curvature;
            assert!((guard.longest() / longest - 1.0).abs() < 1e-12, "{memory} {k}");
        }
    }
}

#[test]
fn a_step_out_of_the_domain_is_halved_until_it_is_inside() {
    let mut guard =
        Guard::new(&SPACE, &[0.0][..], GuardSettings { interval: 1, memory: 1.0 }).unwrap();
    let (before, g) = ([1.0], [1.0]);
    for length in [8.0, 4.0, 2.0] {
        let mut x = [1.0 - 8.0];
        assert!(guard.cut(&SPACE, &before, &g, &mut x));
        assert_eq!(x, [1.0 - length]);
        guard.tell_gradient(&SPACE, &before, &g, &mut x, &[f64::NAN]);
        assert_eq!(x, [1.0 - length / 2.0]);
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let guard = |interval, memory| {
        Guard::new(&SPACE, &[0.0][..], GuardSettings { interval, memory }).map(|_| ()).unwrap_err()
    };
    assert_eq!(guard(0, 3.0), SettingError::new("guard interval", 0, "at least 1"));
    let message = guard(20, 0.5).to_string();
    assert_eq!(message, "guard memory is 0.5; it must be finite and at least 1");
    assert_eq!(guard(20, f64::NAN).name, "guard memory");
}
