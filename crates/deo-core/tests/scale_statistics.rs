//! Optimizers, statistics and stochastic estimates at every scale that f64 has: the same answer, or a status that says so.

use deo_core::noise::noise;
use deo_core::optim::{Adam, AdamSettings, Optimizer, Sgd, SgdSettings, Transform, clip_norm};
use deo_core::space::{Host, Space};
use deo_core::statistics::{BatchCurvature, BatchEstimate};
use deo_core::stochastic::{Sampling, SpectralDensity, StochasticSettings, Trace};
use deo_core::{Answer, Rule, two_lengths::TwoLengthsSettings};

const SPACE: Host<f64> = Host::new();

/// Powers of two, so that scaling rounds nothing: 1e-301 … 1e301.
const EXPONENTS: [i32; 9] = [-1000, -600, -500, -27, 0, 27, 500, 600, 1000];

fn vector(n: usize, seed: u64, scale: f64) -> Vec<f64> {
    (0..n as u64).map(|i| scale * noise(seed, i)).collect()
}

#[test]
fn a_clip_keeps_the_direction_of_a_gradient_of_any_size() {
    for exponent in EXPONENTS {
        let scale = 2f64.powi(exponent);
        let g = vector(5, 1, scale);
        let mut clipped = g.clone();
        let norm = clip_norm(&SPACE, 1.0, &mut clipped);
        let plain = SPACE.norm(&vector(5, 1, 1.0));
        assert_eq!(norm / scale, plain, "2^{exponent}");
        let length = SPACE.norm(&clipped);
        if norm > 1.0 {
            // max/(norm + 1e-6).
            assert!((length - norm / (norm + 1e-6)).abs() < 1e-15, "2^{exponent}: {length}");
            assert!((clipped[2] / length - g[2] / norm).abs() < 1e-15);
        } else {
            assert_eq!(clipped, g);
        }
        // The same folded into a step of gradient descent.
        let settings = AdamSettings { epsilon: 1e-30, ..AdamSettings::adam() };
        let (mut x, mut y) = (vec![0.0; 5], vec![0.0; 5]);
        Adam::new(settings, &SPACE, &x).unwrap().step(&SPACE, &mut x, &clipped, 0.1);
        let transform = Transform::default().clip(norm, 1.0);
        let mut adam = Adam::new(settings, &SPACE, &y).unwrap();
        adam.step_transformed(&SPACE, &mut y, &g, &transform, 0.1);
        assert_eq!(x, y);
    }
}

/// f·a and x·s: x moves by η g, so that η a/s² is the same step in units of s.
#[test]
fn gradient_descent_has_no_scale() {
    let settings = SgdSettings { momentum: 0.9, nesterov: true, weight_decay: 0.0, dampening: 0.0 };
    let run = |scale: f64| {
        let mut x = vec![0.0; 3];
        let mut optimizer = Sgd::new(settings, &SPACE, &x).unwrap();
        for step in 0..5 {
            optimizer.step(&SPACE, &mut x, &vector(3, step, scale), 0.25 / scale);
        }
        x
    };
    for exponent in EXPONENTS {
        assert_eq!(run(2f64.powi(exponent)), run(1.0), "2^{exponent}");
    }
}

/// Where g² is a number, Adam's path doesn't depend on the scale of the loss but through ε.
#[test]
fn adam_has_no_scale_where_squares_are_numbers() {
    for betas in [(0.9, 0.999), (0.9, 0.0), (0.0, 0.3), (0.5, 0.5)] {
        let run = |scale: f64| {
            let (beta1, beta2) = betas;
            let epsilon = if scale < 1.0 { 1e-30 } else { 1e-8 };
            let settings = AdamSettings { beta1, beta2, epsilon, ..AdamSettings::nadamw() };
            let mut x = vec![1.0; 3];
            let mut adam = Adam::new(settings, &SPACE, &x).unwrap();
            for step in 0..5 {
                adam.step(&SPACE, &mut x, &vector(3, step, scale), 0.01);
            }
            x
        };
        // From 1e-20, ten decades above ε, to 1e150. Where a component's gradient happens to be small, ε shows.
        let plain = run(2f64.powi(100));
        for exponent in [-66, 0, 100, 498] {
            for (x, plain) in run(2f64.powi(exponent)).iter().zip(&plain) {
                assert!((x - plain).abs() < 1e-6, "{betas:?} 2^{exponent}: {x}, {plain}");
            }
        }
    }
}

fn batches(scale: f64, n: usize) -> BatchEstimate {
    let exact = TwoLengthsSettings { rule: Rule::Product, ..Default::default() };
    let mut axis = vec![0.0; n];
    if let Some(first) = axis.first_mut() {
        *first = 1.0;
    }
    let mut machine = BatchCurvature::new(&SPACE, &axis, exact).unwrap();
    for b in 0..4 {
        machine.begin_batch();
        while machine.ask(&SPACE).is_some() {
            let mut product = vector(n, b, scale);
            product.iter_mut().take(1).for_each(|c| *c -= 3.0 * scale);
            machine.tell(&SPACE, Answer::product(&product));
        }
    }
    machine.estimate()
}

#[test]
fn error_bars_over_batches_scale_with_the_loss() {
    let plain = batches(1.0, 4);
    for exponent in EXPONENTS {
        let scale = 2f64.powi(exponent);
        let found = batches(scale, 4);
        assert_eq!(found.status, plain.status);
        for (name, found, plain) in [
            ("C", found.curvature, plain.curvature),
            ("se(C)", found.standard_error, plain.standard_error),
            ("residual", found.residual, plain.residual),
            ("se(r)", found.residual_standard_error, plain.residual_standard_error),
        ] {
            assert!((found / scale / plain - 1.0).abs() < 1e-12, "2^{exponent} {name}: {found:e}");
        }
        for z in [0.5, 1.0, 2.0, 3.0] {
            assert_eq!(found.is_negative(z), plain.is_negative(z), "2^{exponent} {z}");
        }
    }
    // One component: all of the product is along the axis.
    let one = batches(1.0, 1);
    assert!(one.residual < 1e-15 && one.residual_standard_error < 1e-7, "{one:?}");
}

/// diag(λ) + the coupling of neighbours, times `scale`.
fn product(v: &[f64], scale: f64) -> Vec<f64> {
    (0..v.len())
        .map(|i| {
            let beside = |j: Option<&f64>| 0.5 * j.copied().unwrap_or(0.0);
            let before = i.checked_sub(1).and_then(|i| v.get(i));
            scale * ((i as f64 - 2.0) * v[i] + beside(before) + beside(v.get(i + 1)))
        })
        .collect()
}

#[test]
fn traces_and_densities_scale_with_the_loss() {
    let settings =
        StochasticSettings { vectors: 4, steps: 6, rule: Rule::Product, ..Default::default() };
    let run = |n: usize, scale: f64| {
        let like = vec![0.0; n];
        let mut trace = Trace::new(&SPACE, &like, settings).unwrap();
        while let Some(probe) = trace.ask(&SPACE) {
            let product = product(probe.direction(), scale);
            trace.tell(&SPACE, Answer::product(&product));
        }
        let mut density = SpectralDensity::new(&SPACE, &like, settings).unwrap();
        while let Some(probe) = density.ask(&SPACE) {
            let product = product(probe.direction(), scale);
            density.tell(&SPACE, Answer::product(&product));
        }
        assert_eq!(density.sampling(), Sampling::Finished, "{n} {scale:e}");
        (trace.estimate(), density.density().clone())
    };
    for n in [1, 2, 9] {
        let (plain, spectrum) = run(n, 1.0);
        for exponent in EXPONENTS {
            let scale = 2f64.powi(exponent);
            let (trace, density) = run(n, scale);
            assert_eq!(trace.sampling, Sampling::Finished);
            let close = |found: f64, plain: f64| (found / scale - plain).abs() < 1e-12;
            assert!(close(trace.trace, plain.trace), "{n}, 2^{exponent}: {trace:?}");
            assert!(
                close(trace.standard_error, plain.standard_error),
                "{n}, 2^{exponent}: {trace:?}"
            );
            assert_eq!(density.nodes().len(), spectrum.nodes().len(), "{n}, 2^{exponent}");
            for (found, plain) in density.nodes().iter().zip(spectrum.nodes()) {
                assert!(close(*found, *plain), "{n}, 2^{exponent}: {found:e}, {plain:e}");
            }
            for (found, plain) in density.weights().iter().zip(spectrum.weights()) {
                assert!((found - plain).abs() < 1e-10, "{n}, 2^{exponent}");
            }
        }
    }
}

#[test]
fn nothing_has_a_trace_of_nothing() {
    let settings = StochasticSettings { vectors: 2, rule: Rule::Product, ..Default::default() };
    let mut trace = Trace::new(&SPACE, &[], settings).unwrap();
    for _ in 0..settings.vectors {
        assert!(trace.ask(&SPACE).is_some());
        trace.tell(&SPACE, Answer::product(&[]));
    }
    assert!(trace.ask(&SPACE).is_none());
    assert_eq!((trace.estimate().trace, trace.estimate().standard_error), (0.0, 0.0));
    let mut x: Vec<f64> = vec![];
    Adam::new(AdamSettings::adamw(), &SPACE, &x).unwrap().step(&SPACE, &mut x, &[], 0.1);
    Sgd::new(SgdSettings::default(), &SPACE, &x).unwrap().step(&SPACE, &mut x, &[], 0.1);
    assert_eq!(clip_norm(&SPACE, 1.0, &mut x), 0.0);
}
