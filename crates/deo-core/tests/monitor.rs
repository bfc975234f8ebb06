//! The monitor: right values at both ends, and no trace in the run.

mod common;

use common::random_unit;
use deo_core::drive::{WithDeo, Workspace};
use deo_core::monitor::{Monitor, MonitorSettings};
use deo_core::objective::FromFn;
use deo_core::optim::{Adam, AdamSettings, Optimizer};
use deo_core::space::Host;
use deo_core::{DeoSettings, Objective};

const SPACE: Host<f64> = Host::new();

/// Σ (1 − cos(kᵢxᵢ)) + coupling: curvatures move as x does.
fn waves(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    let k = |i: usize| 1.0 + 0.05 * i as f64;
    let sum: f64 = x.iter().sum();
    if let Some(g) = g {
        for (i, (g, x)) in g.iter_mut().zip(x).enumerate() {
            *g = k(i) * (k(i) * x).sin() + 0.2 * sum;
        }
    }
    x.iter().enumerate().map(|(i, x)| 1.0 - (k(i) * x).cos()).sum::<f64>() + 0.1 * sum * sum
}

/// The two curvatures at a visit, and the x it was made at.
type Seen = ([f64; 2], Vec<f64>);

/// A run of Adam, with DEO or alone; returns its path and what the monitor saw at each visit, if there is one.
fn run(monitored: bool, with_deo: bool) -> (Vec<Vec<f64>>, Vec<Seen>) {
    let mut f = FromFn(waves);
    let mut x: Vec<f64> = random_unit(30, 4).iter().map(|v| 8.0 * v).collect();
    let adam = Adam::new(AdamSettings::adam(), &SPACE, &x).unwrap();
    let mut alone = adam.clone();
    let mut deo = WithDeo::new(&SPACE, &x, adam, DeoSettings::default()).unwrap();
    let settings = MonitorSettings { interval: 10, gradients: 4, ..Default::default() };
    let mut monitor = Monitor::new(&SPACE, &x, settings, 5).unwrap();
    let mut workspace = Workspace::new(&SPACE, &x, Default::default());
    let mut g = vec![0.0; x.len()];
    let (mut path, mut seen) = (vec![], vec![]);
    for step in 0..120 {
        if monitored && monitor.is_due(step) {
            f.value_grad(&x, &mut g);
            let estimates = monitor.measure(&SPACE, &mut f, &x, &g, &mut workspace);
            seen.push((estimates.map(|estimate| estimate.curvature), x.clone()));
        }
        if with_deo {
            deo.step(&SPACE, &mut f, &mut x, 0.005);
        } else {
            f.value_grad(&x, &mut g);
            alone.step(&SPACE, &mut x, &g, 0.005);
        }
        path.push(x.clone());
    }
    (path, seen)
}

#[test]
fn a_monitored_run_has_the_same_bits() {
    assert_eq!(run(true, true).0, run(false, true).0);
}

#[test]
fn both_ends_follow_the_closed_form() {
    for ([lowest, highest], x) in run(true, false).1 {
        // H = diag(k² cos kx) + 0.2 · 11ᵀ; the ends by bisection of the secular equation
        // 1 + 0.2 Σ 1/(dᵢ − λ) = 0, which is monotone between the dᵢ.
        let mut d: Vec<f64> = (x.iter().enumerate())
            .map(|(i, x)| (1.0 + 0.05 * i as f64).powi(2) * ((1.0 + 0.05 * i as f64) * x).cos())
            .collect();
        d.sort_by(f64::total_cmp);
        let root = |mut low: f64, mut high: f64| {
            for _ in 0..100 {
                let middle = (low + high) / 2.0;
                let secular = 1.0 + 0.2 * d.iter().map(|d| 1.0 / (d - middle)).sum::<f64>();
                // From −∞ just above a pole to +∞ just below the next: rising.
                if secular < 0.0 { low = middle } else { high = middle }
            }
            (low + high) / 2.0
        };
        let n = d.len();
        let (exact_lowest, exact_highest) =
            (root(d[0], d[1]), root(d[n - 1], d[n - 1] + 0.2 * n as f64));
        // Tracked with four gradients every ten steps: within a few per cent of the spread.
        let spread = exact_highest - exact_lowest;
        assert!(
            lowest >= exact_lowest - 1e-6 && lowest - exact_lowest < 0.05 * spread,
            "{lowest} {exact_lowest}"
        );
        assert!(
            highest <= exact_highest + 1e-6 && exact_highest - highest < 0.05 * spread,
            "{highest} {exact_highest}"
        );
    }
}

#[test]
fn the_first_visit_costs_more_than_every_later_one() {
    let x: Vec<f64> = random_unit(30, 4).iter().map(|v| 8.0 * v).collect();
    let mut settings = MonitorSettings { first: 9, gradients: 4, ..Default::default() };
    settings.dimer.tolerance = 0.0;
    let mut monitor = Monitor::new(&SPACE, &x, settings, 5).unwrap();
    let mut workspace = Workspace::new(&SPACE, &x, Default::default());
    let (mut f, mut g) = (FromFn(waves), vec![0.0; x.len()]);
    f.value_grad(&x, &mut g);
    // Two ends.
    for total in [18, 26, 34, 42] {
        monitor.measure(&SPACE, &mut f, &x, &g, &mut workspace);
        assert_eq!(monitor.total_gradients(), total);
    }
    assert_eq!([49, 50, 100, 101].map(|step| monitor.is_due(step)), [false, true, true, false]);
}
