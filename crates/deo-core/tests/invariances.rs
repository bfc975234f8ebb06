//! What must not change an estimate, or must change it in a known way, for any matrix, axis and shape.
//!
//! The matrices are H = Q diag(λ) Q, Q a reflection, so all eigenvalues are known; the answers are exact products.

use deo_core::dimer::Target;
use deo_core::drive::WithDeo;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::optim::{Sgd, SgdSettings};
use deo_core::space::{Blocks, Host};
use deo_core::{Answer, DeoSettings, Dimer, DimerSettings, Estimate, Space};
use proptest::collection::vec;
use proptest::prelude::*;

const HOST: Host<f64> = Host::new();

/// H = Q diag(λ) Q with Q = 1 − 2uuᵀ/⟨u, u⟩.
#[derive(Debug, Clone)]
struct Matrix {
    spectrum: Vec<f64>,
    u: Vec<f64>,
}

impl Matrix {
    fn reflect(&self, v: &[f64]) -> Vec<f64> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let share = 2.0 * dot(&self.u, v) / dot(&self.u, &self.u);
        v.iter().zip(&self.u).map(|(v, u)| v - share * u).collect()
    }

    fn product(&self, v: &[f64]) -> Vec<f64> {
        let turned: Vec<f64> =
            self.reflect(v).iter().zip(&self.spectrum).map(|(v, lambda)| v * lambda).collect();
        self.reflect(&turned)
    }

    fn size(&self) -> f64 {
        self.spectrum.iter().fold(0.0, |size, lambda| lambda.abs().max(size))
    }
}

/// A matrix, an axis to start from, and the answers allowed.
fn problems() -> impl Strategy<Value = (Matrix, Vec<f64>, u64)> {
    (2..12_usize).prop_flat_map(|n| {
        let spectrum = vec(-5.0..20.0, n);
        let u = vec(0.1..1.0, n);
        let axis = vec(prop_oneof![-1.0..-0.1, 0.1..1.0], n);
        ((spectrum, u).prop_map(|(spectrum, u)| Matrix { spectrum, u }), axis, 1..12_u64)
    })
}

fn settings(target: Target, max_gradients: u64) -> DimerSettings {
    DimerSettings { target, max_gradients, tolerance: 1e-8, ..Default::default() }
}

/// An estimate from `axis`, and where the axis ended.
fn estimate(
    product: impl Fn(&[f64]) -> Vec<f64>,
    axis: &[f64],
    settings: DimerSettings,
) -> (Estimate, Vec<f64>) {
    let mut dimer = Dimer::new(&HOST, axis, settings).unwrap();
    dimer.set_axis(&HOST, axis);
    dimer.begin(&HOST);
    while let Some(probe) = dimer.ask(&HOST) {
        let answer = product(probe.direction());
        dimer.tell(&HOST, Answer::product(&answer));
    }
    (dimer.estimate(), dimer.into_axis())
}

proptest! {
    #[test]
    fn an_estimate_is_an_upper_bound_with_an_eigenvalue_within_its_residual(
        (h, axis, gradients) in problems()
    ) {
        let (found, n) = estimate(|v| h.product(v), &axis, settings(Target::Lowest, gradients));
        let lowest = h.spectrum.iter().copied().fold(f64::INFINITY, f64::min);
        // What a dozen operations on n numbers of the size of H may round.
        let rounding = 1e-13 * h.size();
        prop_assert!(found.curvature >= lowest - rounding, "{found:?} below {lowest}");
        let nearest = h.spectrum.iter().map(|l| (l - found.curvature).abs()).fold(f64::INFINITY, f64::min);
        prop_assert!(nearest <= found.residual + rounding, "{found:?}, {:?}", h.spectrum);
        prop_assert!(found.gradients <= gradients);
        prop_assert!((HOST.norm(&n) - 1.0).abs() < 1e-13);
    }

    #[test]
    fn the_sign_of_the_axis_changes_nothing_but_itself((h, axis, gradients) in problems()) {
        let opposite: Vec<f64> = axis.iter().map(|v| -v).collect();
        let run = |axis: &[f64]| estimate(|v| h.product(v), axis, settings(Target::Lowest, gradients));
        let ((a, n), (b, m)) = (run(&axis), run(&opposite));
        prop_assert_eq!(a, b);
        let flipped: Vec<f64> = m.iter().map(|v| -v).collect();
        prop_assert!(n == m || n == flipped, "{n:?} {m:?}");
    }

    #[test]
    fn a_multiple_of_f_has_that_multiple_of_the_curvature(
        (h, axis, gradients) in problems(), power in -40..40_i32
    ) {
        // Powers of two round nothing.
        let c = 2.0_f64.powi(power);
        let scaled = |v: &[f64]| h.product(v).iter().map(|x| c * x).collect::<Vec<_>>();
        let settings = settings(Target::Lowest, gradients);
        let ((a, n), (b, m)) =
            (estimate(|v| h.product(v), &axis, settings), estimate(scaled, &axis, settings));
        prop_assert_eq!(c * a.curvature, b.curvature);
        prop_assert_eq!(c * a.residual, b.residual);
        prop_assert_eq!((a.rotations, a.status, n), (b.rotations, b.status, m));
    }

    #[test]
    fn the_highest_of_f_is_the_lowest_of_its_negative((h, axis, gradients) in problems()) {
        let negative = |v: &[f64]| h.product(v).iter().map(|x| -x).collect::<Vec<_>>();
        let (a, n) = estimate(|v| h.product(v), &axis, settings(Target::Highest, gradients));
        let (b, m) = estimate(negative, &axis, settings(Target::Lowest, gradients));
        prop_assert_eq!((a.curvature, a.residual, a.rotations), (-b.curvature, b.residual, b.rotations));
        prop_assert_eq!(n, m);
    }

    #[test]
    fn the_order_of_the_coordinates_does_not_matter((h, axis, gradients) in problems()) {
        let reversed = |v: &[f64]| v.iter().rev().copied().collect::<Vec<f64>>();
        let turned = |v: &[f64]| reversed(&h.product(&reversed(v)));
        // A few rotations: rounding grows by the order of summation, as in any Lanczos method.
        let settings = settings(Target::Lowest, gradients.min(5));
        let (a, _) = estimate(|v| h.product(v), &axis, settings);
        let (b, _) = estimate(turned, &reversed(&axis), settings);
        prop_assert!((a.curvature - b.curvature).abs() <= 1e-8 * h.size(), "{a:?} {b:?}");
    }

    #[test]
    fn blocks_of_any_lengths_are_the_flat_vector(
        (h, axis, gradients) in problems(), at in 0.0..1.0_f64
    ) {
        let cut = (at * axis.len() as f64) as usize;
        let split = |v: &[f64]| vec![v[..cut].to_vec(), v[cut..].to_vec()];
        let settings = settings(Target::Lowest, gradients.min(5));
        let (flat, _) = estimate(|v| h.product(v), &axis, settings);
        let (space, axis) = (Blocks::new(HOST), split(&axis));
        let mut dimer = Dimer::new(&space, axis.as_slice(), settings).unwrap();
        dimer.set_axis(&space, axis.as_slice());
        dimer.begin(&space);
        while let Some(probe) = dimer.ask(&space) {
            let answer = split(&h.product(&probe.direction().concat()));
            dimer.tell(&space, Answer::product(answer.as_slice()));
        }
        let blocks = dimer.estimate();
        prop_assert!((flat.curvature - blocks.curvature).abs() <= 1e-8 * h.size());
    }
}

proptest! {
    // Each is two trainings of sixty steps.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_multiple_of_f_with_the_rate_divided_is_the_same_training(
        power in -20..20_i32, seed in 0..1000_u64, slope in 0.2..3.0_f64
    ) {
        let train = |c: f64| {
            // f(x) = c (x₁⁴/4 − x₁²/2 + slope·x₂²/2 + x₃²): from beside the saddle at 0.
            let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
                if let Some(g) = g {
                    g.copy_from_slice(&[c * (x[0].powi(3) - x[0]), c * (slope * x[1]), c * (2.0 * x[2])]);
                }
                c * (x[0].powi(4) / 4.0 - x[0] * x[0] / 2.0 + slope * x[1] * x[1] / 2.0 + x[2] * x[2])
            });
            let mut x: Vec<f64> = (0..3).map(|i| 1e-3 * noise(seed, i)).collect();
            let sgd = Sgd::new(SgdSettings::default(), &HOST, &x).unwrap();
            let mut run = WithDeo::new(&HOST, &x, sgd, DeoSettings { seed, ..Default::default() }).unwrap();
            let mut events = vec![];
            for _ in 0..60 {
                events.push(run.step(&HOST, &mut f, &mut x, 0.1 / c).event.name());
            }
            (events, x, run.counts())
        };
        prop_assert_eq!(train(1.0), train(2.0_f64.powi(power)));
    }
}
