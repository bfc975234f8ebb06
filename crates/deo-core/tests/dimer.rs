//! The dimer against closed forms, its own symmetries, and a scripted loop.

mod common;

use common::{Diagonal, angle_to_first, dot, random_unit};
use deo_core::dimer::{Recheck, Target};
use deo_core::drive::Workspace;
use deo_core::objective::FromFn;
use deo_core::space::Host;
use deo_core::{Answer, Dimer, DimerSettings, Estimate, Length, Objective, Rule, Space, Status};

const SPACE: Host<f64> = Host::new();

fn settings(tolerance: f64, max_gradients: u64) -> DimerSettings {
    DimerSettings { tolerance, max_gradients, ..Default::default() }
}

/// Runs an estimate with exact products; `each` sees the dimer after every answer.
fn by_products(
    dimer: &mut Dimer<Host<f64>>,
    problem: &Diagonal,
    mut each: impl FnMut(&Dimer<Host<f64>>),
) -> Estimate {
    dimer.begin(&SPACE);
    while let Some(probe) = dimer.ask(&SPACE) {
        let product = problem.product(probe.direction());
        dimer.tell(&SPACE, Answer::product(&product));
        each(dimer);
    }
    dimer.estimate()
}

#[test]
fn recycled_products_do_not_drift() {
    let problem = Diagonal::gap_family(300, 1e-3, 5);
    let mut dimer = Dimer::new(&SPACE, &problem.0, settings(0.0, 101)).unwrap();
    dimer.draw(&SPACE, 3);
    let mut worst = 0.0_f64;
    let estimate = by_products(&mut dimer, &problem, |dimer| {
        let fresh = problem.product(dimer.axis());
        let error =
            fresh.iter().zip(dimer.axis_product()).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        worst = worst.max(error.sqrt());
    });
    assert_eq!(estimate.rotations, 100);
    assert!(worst <= 1e-12, "‖H‖ = 1, drift {worst:e}"); // the bound, relative to ‖H‖ = 1
}

#[test]
fn an_eigenvector_is_a_fixed_point_and_a_drawn_axis_is_none() {
    let problem = Diagonal::gap_family(40, 0.1, 2);
    let mut highest = vec![0.0; 40];
    let last = problem.0.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
    highest[last.0] = 1.0;
    let mut dimer = Dimer::new(&SPACE, &problem.0, settings(1e-6, 200)).unwrap();
    dimer.set_axis(&SPACE, &highest);
    assert_eq!(by_products(&mut dimer, &problem, |_| {}).curvature, *last.1);
    dimer.draw(&SPACE, 9);
    let estimate = by_products(&mut dimer, &problem, |_| {});
    assert!((estimate.curvature + 1.0).abs() < 1e-9, "{estimate:?}");
}

#[test]
fn rotation_never_raises_the_curvature() {
    for seed in 0..5 {
        let problem = Diagonal::gap_family(120, 1e-2, seed);
        for (target, sign) in [(Target::Lowest, 1.0), (Target::Highest, -1.0)] {
            let mut dimer =
                Dimer::new(&SPACE, &problem.0, DimerSettings { target, ..settings(0.0, 60) })
                    .unwrap();
            dimer.draw(&SPACE, seed);
            let mut last = f64::INFINITY;
            by_products(&mut dimer, &problem, |dimer| {
                // Recomputed from the axis itself; a few roundoffs of ‖H‖ = 1 are allowed.
                let curvature = sign * dot(dimer.axis(), &problem.product(dimer.axis()));
                assert!(curvature <= last + 1e-14, "{curvature} after {last}");
                last = curvature;
            });
        }
    }
}

#[test]
fn lowest_and_highest_pairs_of_a_known_spectrum() {
    let problem = Diagonal(vec![-3.5, -1.0, 0.0, 0.25, 2.0, 7.5]);
    for (target, value, index) in [(Target::Lowest, -3.5, 0), (Target::Highest, 7.5, 5)] {
        for rule in [Rule::Forward, Rule::Central] {
            let chosen = DimerSettings { target, rule, ..settings(1e-7, 100) };
            let mut dimer = Dimer::new(&SPACE, &problem.0, chosen).unwrap();
            let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
                if let Some(g) = g {
                    g.copy_from_slice(&problem.product(x));
                }
                dot(x, &problem.product(x)) / 2.0
            });
            let x = random_unit(6, 9);
            let mut g = vec![0.0; 6];
            f.value_grad(&x, &mut g);
            dimer.draw(&SPACE, 11);
            let estimate =
                dimer.measure(&SPACE, &mut f, &x, &g, &mut Workspace::new(&SPACE, &x, rule));
            assert!(estimate.status.is_final(), "{estimate:?}");
            // Secants of a quadratic have no truncation error; what is left is the reported rounding.
            assert!(
                (estimate.curvature - value).abs() <= estimate.secant_error.max(1e-12),
                "{estimate:?}"
            );
            assert!(estimate.secant_error < 1e-5);
            assert!(dimer.axis()[index].abs() > 1.0 - 1e-6);
        }
    }
}

#[test]
fn the_residual_bounds_the_distance_to_an_eigenvalue() {
    let problem = Diagonal::gap_family(60, 0.05, 2);
    let mut dimer = Dimer::new(&SPACE, &problem.0, settings(0.0, 40)).unwrap();
    dimer.draw(&SPACE, 8);
    by_products(&mut dimer, &problem, |dimer| {
        let Estimate { curvature, residual, .. } = dimer.estimate();
        let nearest = problem.0.iter().map(|l| (l - curvature).abs()).fold(f64::INFINITY, f64::min);
        assert!(nearest <= residual + 1e-14, "{nearest} {residual}");
    });
}

#[test]
fn the_sign_of_the_axis_does_not_matter() {
    let problem = Diagonal::gap_family(50, 0.1, 4);
    let start = random_unit(50, 6);
    let flipped: Vec<f64> = start.iter().map(|v| -v).collect();
    let mut runs = [start, flipped].map(|start| {
        let mut dimer = Dimer::new(&SPACE, &start, settings(1e-3, 100)).unwrap();
        dimer.set_axis(&SPACE, &start);
        let estimate = by_products(&mut dimer, &problem, |_| {});
        (estimate, dimer.into_axis())
    });
    runs[1].1.iter_mut().for_each(|v| *v = -*v);
    assert_eq!(runs[0], runs[1], "bit for bit");
}

#[test]
fn scaling_the_loss_scales_the_estimate_and_changes_no_decision() {
    let problem = Diagonal::gap_family(80, 0.03, 12);
    let run = |scale: f64| {
        let scaled = Diagonal(problem.0.iter().map(|l| scale * l).collect());
        let mut dimer = Dimer::new(&SPACE, &scaled.0, settings(1e-4, 200)).unwrap();
        dimer.draw(&SPACE, 21);
        let estimate = by_products(&mut dimer, &scaled, |_| {});
        (estimate, dimer.into_axis())
    };
    let (plain, axis) = run(1.0);
    for scale in [2f64.powi(-40), 2f64.powi(40)] {
        // Powers of two scale without rounding, so the axes are equal bit for bit.
        let (scaled, same_axis) = run(scale);
        assert_eq!(axis, same_axis);
        assert_eq!(plain.gradients, scaled.gradients);
        assert_eq!(plain.curvature * scale, scaled.curvature);
        assert_eq!(plain.residual * scale, scaled.residual);
    }
}

/// f = Σ λᵢxᵢ²/2 + (t/6)(Σ xᵢ)³: along any unit n the third derivative is t(Σnᵢ)³.
fn cubic(x: &[f64], third: f64) -> Vec<f64> {
    let sum: f64 = x.iter().sum();
    x.iter().enumerate().map(|(i, x)| (i as f64 - 1.0) * x + third / 2.0 * sum * sum).collect()
}

#[test]
fn the_certified_secant_error_is_that_of_the_truncation_error() {
    for (third, h) in [(0.7, 1e-3), (-5.0, 1e-4), (30.0, 1e-5)] {
        let x = vec![0.2, -0.1, 0.4, 0.3];
        let chosen = DimerSettings {
            recheck: Recheck::Always,
            length: Some(Length::Absolute(h)),
            ..settings(1e-9, 1) // one gradient: the two_lengths is taken from what `limit` leaves
        };
        let chosen = DimerSettings { max_gradients: 2, ..chosen };
        let mut dimer = Dimer::new(&SPACE, &x, chosen).unwrap();
        let n = [0.5, 0.5, -0.1, 0.7];
        dimer.set_axis(&SPACE, &n);
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            g.expect("only gradients are asked for").copy_from_slice(&cubic(x, third));
            0.0
        });
        let estimate = dimer.measure(
            &SPACE,
            &mut f,
            &x,
            &cubic(&x, third),
            &mut Workspace::new(&SPACE, &x, Rule::Forward),
        );
        assert_eq!((estimate.gradients, estimate.status), (2, Status::Budget));
        let sum: f64 = dimer.axis().iter().sum();
        let truncation = 0.5 * h * third.abs() * sum.abs().powi(3);
        // h → 2h changes C by the truncation error at h, and the bar is twice that plus 2.1 t ‖Δ‖, t of four components
        // 2.776, where Δ has the third derivative in every component: ‖Δ‖ = √4/|Σn| of it.
        let bar = 2.0 + 2.1 * 2.776 * 2.0 / sum.abs();
        let ratio = estimate.secant_error / truncation / bar;
        assert!((0.9..1.1).contains(&ratio), "{ratio}");
        // And C really is off by the truncation error.
        let along: f64 = x.iter().sum();
        let exact: f64 =
            dimer.axis().iter().enumerate().map(|(i, n)| (i as f64 - 1.0) * n * n).sum::<f64>()
                + third * along * sum * sum;
        let off = (estimate.curvature - exact).abs();
        assert!((0.9..1.1).contains(&(off / truncation)), "{off} {truncation}");
    }
}

#[test]
fn degenerate_problems_end_with_a_sensible_status() {
    for (spectrum, curvature) in [
        (vec![5.0], 5.0),
        (vec![0.0; 7], 0.0),
        (vec![2.0; 7], 2.0),
        (vec![-1.0, 4.0], -1.0),
        (vec![-1.0, -1.0, 3.0, 3.0], -1.0),
    ] {
        let problem = Diagonal(spectrum);
        let mut dimer = Dimer::new(&SPACE, &problem.0, settings(1e-10, 50)).unwrap();
        dimer.draw(&SPACE, 1);
        let estimate = by_products(&mut dimer, &problem, |_| {});
        assert!(estimate.status.is_final(), "{:?}: {estimate:?}", problem.0);
        assert!((estimate.curvature - curvature).abs() < 1e-9, "{:?}: {estimate:?}", problem.0);
        assert!(estimate.gradients <= 4, "{:?}: {estimate:?}", problem.0);
    }
}

#[test]
fn without_an_axis_nothing_is_asked_and_nothing_known() {
    let problem = Diagonal(vec![1.0, 2.0, 3.0]);
    let mut never_drawn = Dimer::new(&SPACE, &problem.0, settings(1e-3, 9)).unwrap();
    let empty = Diagonal(vec![]);
    let mut of_nothing = Dimer::new(&SPACE, &empty.0, settings(1e-3, 9)).unwrap();
    of_nothing.draw(&SPACE, 1);
    for (dimer, problem) in [(&mut never_drawn, &problem), (&mut of_nothing, &empty)] {
        let estimate = by_products(dimer, problem, |_| {});
        assert_eq!((estimate.status, estimate.gradients), (Status::Unknown, 0));
        assert!(estimate.curvature.is_nan() && !estimate.is_negative(0.0));
        dimer.extend(&SPACE, 5);
        assert!(dimer.ask(&SPACE).is_none());
    }
    // Drawn later, it goes on as any other.
    never_drawn.draw(&SPACE, 1);
    let estimate = by_products(&mut never_drawn, &problem, |_| {});
    assert!((estimate.curvature - 1.0).abs() < 1e-3, "{estimate:?}");
}

#[test]
fn an_answer_that_is_not_finite_ends_the_estimate_and_leaves_a_finite_axis() {
    let problem = Diagonal::gap_family(40, 0.1, 3);
    for poison in [f64::NAN, f64::INFINITY] {
        for at in 0..6 {
            let mut dimer = Dimer::new(&SPACE, &problem.0, settings(0.0, 30)).unwrap();
            dimer.draw(&SPACE, 2);
            dimer.begin(&SPACE);
            let mut asked = 0;
            let mut before = dimer.axis().clone();
            while let Some(probe) = dimer.ask(&SPACE) {
                let mut product = problem.product(probe.direction());
                if asked == at {
                    product[17] = poison;
                }
                before.clone_from(dimer.axis());
                dimer.tell(&SPACE, Answer::product(&product));
                asked += 1;
            }
            assert_eq!((dimer.estimate().status, asked), (Status::NonFinite, at + 1));
            assert_eq!(&before, dimer.axis());
            // It recovers at the next x.
            let estimate = by_products(&mut dimer, &problem, |_| {});
            assert!(estimate.curvature.is_finite() && estimate.gradients == 30);
        }
    }
}

#[test]
fn the_first_rotation_at_a_new_x_costs_two_answers() {
    let problem = Diagonal::gap_family(40, 0.1, 3);
    let mut dimer = Dimer::new(&SPACE, &problem.0, settings(0.0, 10)).unwrap();
    dimer.draw(&SPACE, 2);
    let mut log = vec![];
    for _ in 0..2 {
        by_products(&mut dimer, &problem, |dimer| log.push(dimer.estimate().rotations));
    }
    assert_eq!(log[10..12], [0, 1]);
}

#[test]
fn extending_goes_on_without_a_new_axis_probe() {
    let problem = Diagonal::gap_family(90, 0.02, 7);
    let run = |parts: &[u64]| {
        let mut dimer = Dimer::new(&SPACE, &problem.0, settings(0.0, parts[0])).unwrap();
        dimer.draw(&SPACE, 5);
        by_products(&mut dimer, &problem, |_| {});
        for &part in &parts[1..] {
            dimer.extend(&SPACE, part);
            while let Some(probe) = dimer.ask(&SPACE) {
                let product = problem.product(probe.direction());
                dimer.tell(&SPACE, Answer::product(&product));
            }
        }
        (dimer.estimate(), dimer.into_axis())
    };
    assert_eq!(run(&[31]), run(&[10, 1, 20]));
}

#[test]
#[should_panic(expected = "tell without a question")]
fn telling_without_a_question_is_a_programmers_error() {
    let mut dimer = Dimer::new(&SPACE, &[1.0, 2.0][..], DimerSettings::default()).unwrap();
    dimer.tell(&SPACE, Answer::product(&[1.0, 2.0]));
}

#[test]
fn settings_out_of_range_are_named() {
    let refuse = |settings: DimerSettings| {
        Dimer::new(&SPACE, &[0.0][..], settings).map(|_| ()).unwrap_err().to_string()
    };
    assert!(refuse(settings(f64::NAN, 5)).contains("tolerance is NaN"));
    assert!(refuse(settings(0.1, 0)).contains("max_gradients is 0"));
    let length = Some(Length::Relative(-1.0));
    assert!(refuse(DimerSettings { length, ..settings(0.1, 5) }).contains("above 0"));
}

#[test]
fn single_precision_resolves_what_its_error_bar_says() {
    let space = Host::<f32>::new();
    let problem = Diagonal::gap_family(500, 0.2, 14);
    let spectrum: Vec<f32> = problem.0.iter().map(|l| *l as f32).collect();
    let mut f = FromFn(|x: &[f32], g: Option<&mut [f32]>| {
        if let Some(g) = g {
            g.iter_mut().zip(x).zip(&spectrum).for_each(|((g, x), l)| *g = l * x);
        }
        0.0
    });
    let x: Vec<f32> = random_unit(500, 3).iter().map(|v| 20.0 * *v as f32).collect();
    let chosen = DimerSettings { tolerance: 0.0, max_gradients: 300, ..Default::default() };
    let mut dimer = Dimer::new(&space, &x, chosen).unwrap();
    dimer.draw(&space, 1);
    let mut g = space.zeros_like(&x);
    f.value_grad(&x, &mut g);
    let estimate =
        dimer.measure(&space, &mut f, &x, &g, &mut Workspace::new(&space, &x, Rule::Forward));
    assert_eq!(estimate.status, Status::Noise, "it stops where the torque is noise: {estimate:?}");
    assert!(estimate.gradients < 100);
    let axis: Vec<f64> = dimer.axis().iter().map(|v| f64::from(*v)).collect();
    let truth: f64 = axis.iter().zip(&spectrum).map(|(n, l)| f64::from(*l) * n * n).sum();
    // A certified error is about one standard deviation.
    assert!((estimate.curvature - truth).abs() <= 3.0 * estimate.secant_error, "{estimate:?}");
    // Temple: C − λ ≤ ‖r‖²/gap.
    assert!(
        estimate.curvature + 1.0 <= estimate.residual.powi(2) / 0.2 + 3.0 * estimate.secant_error
    );
    assert!(angle_to_first(&axis) < 0.1);
}

#[cfg(feature = "serde")]
#[test]
fn a_dimer_saved_in_mid_rotation_goes_on_bit_for_bit() {
    let problem = Diagonal::gap_family(30, 0.05, 7);
    let run = |save_at: Option<usize>| {
        let mut dimer = Dimer::new(&SPACE, &problem.0, settings(1e-6, 100)).unwrap();
        dimer.draw(&SPACE, 5);
        dimer.begin(&SPACE);
        let mut asked = 0;
        while let Some(probe) = dimer.ask(&SPACE) {
            let product = problem.product(probe.direction());
            if save_at == Some(asked) {
                let saved = serde_json::to_string(&dimer).unwrap();
                dimer = serde_json::from_str(&saved).unwrap();
            }
            dimer.tell(&SPACE, Answer::product(&product));
            asked += 1;
        }
        (dimer.estimate(), dimer.into_axis())
    };
    let straight = run(None);
    for at in [0, 1, 2, 7] {
        assert_eq!(run(Some(at)), straight);
    }
}
