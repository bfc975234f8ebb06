//! Trace and density of matrices whose spectra are known.

use deo_core::drive::Workspace;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::space::{Blocks, Host, Masked};
use deo_core::statistics::Sample;
use deo_core::stochastic::{
    Density, Sampling, SpectralDensity, StochasticSettings, Trace, TraceEstimate,
};
use deo_core::{Answer, Objective, Rule};

const SPACE: Host<f64> = Host::new();

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn multiply(m: &[f64], v: &[f64]) -> Vec<f64> {
    m.chunks(v.len()).map(|row| dot(row, v)).collect()
}

/// Symmetric, with independent entries of standard deviation `scale`, √2 `scale` on the diagonal.
fn symmetric(n: usize, scale: f64, seed: u64) -> Vec<f64> {
    let mut m = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let entry = scale * noise(seed, (i * n + j) as u64);
            (m[i * n + j], m[j * n + i]) = (entry, entry);
        }
        m[i * n + i] *= 2f64.sqrt();
    }
    m
}

fn settings(vectors: usize, steps: usize, seed: u64) -> StochasticSettings {
    StochasticSettings { vectors, steps, seed, rule: Rule::Product, length: None }
}

fn trace_of(m: &[f64], settings: StochasticSettings) -> TraceEstimate {
    let like = vec![0.0; m.len().isqrt()];
    let mut trace = Trace::new(&SPACE, &like, settings).unwrap();
    while let Some(probe) = trace.ask(&SPACE) {
        let product = multiply(m, probe.direction());
        trace.tell(&SPACE, Answer::product(&product));
    }
    trace.estimate()
}

/// The density by products with `multiply`, and the products it took.
fn density_by(
    n: usize,
    settings: StochasticSettings,
    multiply: impl Fn(&[f64]) -> Vec<f64>,
) -> (Density, u64) {
    let mut process = SpectralDensity::new(&SPACE, &vec![0.0; n], settings).unwrap();
    while let Some(probe) = process.ask(&SPACE) {
        let product = multiply(probe.direction());
        process.tell(&SPACE, Answer::product(&product));
    }
    assert_eq!(process.sampling(), Sampling::Finished);
    (process.density().clone(), process.gradients())
}

fn diagonal_density(spectrum: &[f64], settings: StochasticSettings) -> (Density, u64) {
    let multiply = |v: &[f64]| v.iter().zip(spectrum).map(|(v, l)| v * l).collect();
    density_by(spectrum.len(), settings, multiply)
}

#[test]
fn the_trace_lies_within_its_error_bar() {
    let n = 60;
    let m = symmetric(n, 1.0, 3);
    let exact: f64 = (0..n).map(|i| m[i * n + i]).sum();
    let mut scores = Sample::EMPTY;
    for seed in 0..200 {
        let found = trace_of(&m, settings(30, 1, seed));
        let score = (found.trace - exact) / found.standard_error;
        assert!(score.abs() < 4.5, "seed {seed}: {found:?} for {exact}"); // 200 chances at 4.5 sd of Student's t
        scores.push(score);
    }
    // Student's t with 29 degrees of freedom has variance 29/27; five standard errors of a variance are 50 %.
    assert!((scores.variance() / (29.0 / 27.0) - 1.0).abs() < 0.5, "{}", scores.variance());
    assert!(scores.mean().abs() < 5.0 * scores.standard_error());
}

#[test]
fn the_variance_of_the_trace_is_hutchinsons() {
    let n = 40;
    let m = symmetric(n, 0.5, 8);
    let off: f64 = (0..n * n).filter(|i| i / n != i % n).map(|i| m[i] * m[i]).sum();
    let found = trace_of(&m, settings(4000, 1, 1));
    let variance = found.standard_error.powi(2) * 4000.0;
    // Kurtosis apart, a variance of 4000 samples is known to 2 %.
    assert!((variance / (2.0 * off) - 1.0).abs() < 0.1, "{variance} {}", 2.0 * off);
}

#[test]
fn the_trace_of_a_diagonal_matrix_is_exact_by_products_and_by_secants() {
    fn check<T: deo_core::space::Real>(rule: Rule, tolerance: f64) {
        let space = Host::<T>::new();
        let spectrum: Vec<f64> = (0..37).map(|i| 2.0 - 0.25 * f64::from(i)).collect();
        let exact: f64 = spectrum.iter().sum();
        let mut f = FromFn(|x: &[T], g: Option<&mut [T]>| {
            if let Some(g) = g {
                for ((g, x), l) in g.iter_mut().zip(x).zip(&spectrum) {
                    *g = T::from_f64(l * x.to_f64());
                }
            }
            0.0
        });
        let x: Vec<T> = (0..37).map(|i| T::from_f64(noise(4, i))).collect();
        let mut g = x.clone();
        f.value_grad(&x, &mut g);
        let chosen = StochasticSettings { rule, ..settings(5, 1, 2) };
        let mut trace = Trace::new(&space, &x, chosen).unwrap();
        let found = trace.measure(&space, &mut f, &x, &g, &mut Workspace::new(&space, &x, rule));
        assert!((found.trace - exact).abs() < tolerance, "{found:?} for {exact}");
        assert!(found.standard_error < tolerance);
        let each = if rule == Rule::Central { 2 } else { 1 };
        assert_eq!((found.vectors, found.gradients), (5, 5 * each));
        assert_eq!(found.sampling, Sampling::Finished);
    }
    // N times the rounding of a secant of default length.
    check::<f64>(Rule::Forward, 1e-5);
    check::<f64>(Rule::Central, 1e-7);
    check::<f32>(Rule::Forward, 0.1);
    check::<f32>(Rule::Central, 0.02);
    let diagonal: Vec<f64> =
        (0..9).map(|i| if i % 4 == 0 { f64::from(i) - 5.0 } else { 0.0 }).collect();
    let found = trace_of(&diagonal, settings(3, 1, 0));
    assert!((found.trace + 3.0).abs() < 1e-14 && found.standard_error < 1e-14, "{found:?}");
}

#[test]
fn vectors_are_the_same_in_every_representation() {
    let flat = trace_of(&symmetric(12, 1.0, 5), settings(7, 1, 11));
    let m = symmetric(12, 1.0, 5);
    let blocks = Blocks::new(SPACE);
    let like = vec![vec![0.0; 5], vec![0.0; 7]];
    let mut trace = Trace::new(&blocks, &like, settings(7, 1, 11)).unwrap();
    while let Some(probe) = trace.ask(&blocks) {
        let product = multiply(&m, &probe.direction().concat());
        let (a, b) = product.split_at(5);
        trace.tell(&blocks, Answer::product(&[a.to_vec(), b.to_vec()]));
    }
    // Sums are bracketed by blocks: a few roundings of 12 terms.
    assert!((trace.estimate().trace - flat.trace).abs() < 1e-13);
    let single = Host::<f32>::new();
    let mut trace = Trace::new(&single, &[0.0f32; 12], settings(7, 1, 11)).unwrap();
    while let Some(probe) = trace.ask(&single) {
        let v: Vec<f64> = probe.direction().iter().map(|v| f64::from(*v)).collect();
        let product: Vec<f32> = multiply(&m, &v).iter().map(|p| *p as f32).collect();
        trace.tell(&single, Answer::product(&product));
    }
    assert!((trace.estimate().trace - flat.trace).abs() < 1e-5);
}

#[test]
fn frozen_components_do_not_count() {
    let spectrum = [1.0, -4.0, 0.5, 100.0, 200.0];
    let space = Masked::frozen(SPACE, 5, std::iter::once(3..5)).unwrap();
    let multiply = |v: &[f64]| -> Vec<f64> { v.iter().zip(spectrum).map(|(v, l)| v * l).collect() };
    let mut trace = Trace::new(&space, &spectrum, settings(3, 1, 1)).unwrap();
    while let Some(probe) = trace.ask(&space) {
        let product = multiply(probe.direction());
        trace.tell(&space, Answer::product(&product));
    }
    assert!((trace.estimate().trace + 2.5).abs() < 1e-14);
    let mut process = SpectralDensity::new(&space, &spectrum, settings(3, 10, 1)).unwrap();
    while let Some(probe) = process.ask(&space) {
        let product = multiply(probe.direction());
        process.tell(&space, Answer::product(&product));
    }
    let (low, high) = process.density().range().unwrap();
    assert!((low + 4.0).abs() < 1e-12 && (high - 1.0).abs() < 1e-12, "{low} {high}");
}

#[test]
fn moments_of_a_diagonal_matrix_are_exact_up_to_twice_the_steps() {
    // Every power of a diagonal matrix is diagonal, so every vector of signs has the exact moments.
    let spectrum: Vec<f64> = (0..50).map(|i| noise(6, i)).collect();
    let steps = 5;
    let (density, gradients) = diagonal_density(&spectrum, settings(4, steps, 9));
    assert_eq!(gradients, 20);
    assert_eq!((density.vectors(), density.nodes().len()), (4, 20));
    assert!((density.weights().iter().sum::<f64>() - 1.0).abs() < 1e-14);
    assert!(density.weights().iter().all(|w| *w >= 0.0));
    for k in 0..2 * steps as i32 {
        let exact = spectrum.iter().map(|l| l.powi(k)).sum::<f64>() / 50.0;
        let scale = spectrum.iter().map(|l| l.abs().powi(k)).sum::<f64>() / 50.0;
        let (found, error) = density.mean_of(|l| l.powi(k));
        assert!((found - exact).abs() < 1e-12 * scale, "moment {k}: {found} {exact}");
        assert!(error < 1e-12 * scale);
        assert_eq!(found, density.moment(k));
    }
    let exact = spectrum.iter().map(|l| l.powi(10)).sum::<f64>() / 50.0;
    assert!((density.moment(10) / exact - 1.0).abs() > 1e-6, "the next one is not");
}

#[test]
fn first_moment_and_trace_of_the_same_seed_agree() {
    let n = 30;
    let m = symmetric(n, 1.0, 12);
    let (density, _) = density_by(n, settings(6, 8, 4), |v| multiply(&m, v));
    let trace = trace_of(&m, settings(6, 8, 4));
    let (mean, error) = density.mean_of(|l| l);
    assert!((mean * n as f64 - trace.trace).abs() < 1e-12 * n as f64);
    assert!((error * n as f64 - trace.standard_error).abs() < 1e-12 * n as f64);
    // ‖H‖²_F/N within its own error bar.
    let square = m.iter().map(|m| m * m).sum::<f64>() / n as f64;
    let (found, error) = density.mean_of(|l| l * l);
    assert!((found - square).abs() < 4.0 * error, "{found} ± {error} for {square}");
}

#[test]
fn the_density_of_a_wigner_matrix_is_the_semicircle() {
    let n = 400;
    let radius = 2.0;
    let m = symmetric(n, radius / (2.0 * (n as f64).sqrt()), 21);
    let (density, _) = density_by(n, settings(12, 40, 2), |v| multiply(&m, v));
    let width = 0.15;
    // The semicircle (2/πR²)√(R² − λ²), smoothed by the same normal curve: midpoint sums.
    let smoothed = |lambda: f64| {
        let cells = 4000;
        (0..cells)
            .map(|i| {
                let at = radius * (2.0 * (f64::from(i) + 0.5) / f64::from(cells) - 1.0);
                let circle = (radius * radius - at * at).sqrt()
                    / (std::f64::consts::PI * radius * radius / 2.0);
                let z = (lambda - at) / width;
                circle * (-0.5 * z * z).exp() / (width * (2.0 * std::f64::consts::PI).sqrt())
            })
            .sum::<f64>()
            * 2.0
            * radius
            / f64::from(cells)
    };
    for lambda in [-2.3, -1.5, -0.6, 0.0, 0.4, 1.2, 1.9, 3.0] {
        let (found, error) = density.at_with_error(lambda, width);
        // The eigenvalues of one matrix are rigid: they add some 1/N to the error of sampling.
        let room = 5.0 * error + 0.01;
        assert!((found - smoothed(lambda)).abs() < room, "{lambda}: {found} {}", smoothed(lambda));
        assert_eq!(found, density.at(lambda, width));
    }
    let half = density.below(0.0);
    assert!((half - 0.5).abs() < 0.05, "{half}");
    let grid = (-400..400).map(|i| density.at(f64::from(i) * 0.01, width));
    assert!((grid.sum::<f64>() * 0.01 - 1.0).abs() < 1e-6, "the curve integrates to one");
}

#[test]
fn invariant_subspaces_end_a_process_early() {
    for (spectrum, distinct) in [
        (vec![3.0], 1),
        (vec![2.0; 40], 1),
        (vec![0.0; 40], 1),
        (vec![-1.0, 5.0], 2),
        ([vec![7.0, -2.0], vec![0.0; 60]].concat(), 3),
        (vec![1.0, 2.0, 3.0, 4.0, 5.0], 5),
    ] {
        let (density, gradients) = diagonal_density(&spectrum, settings(3, 20, 5));
        assert_eq!(gradients, 3 * distinct as u64, "{spectrum:?}");
        for eigenvalue in &spectrum {
            let share =
                spectrum.iter().filter(|l| *l == eigenvalue).count() as f64 / spectrum.len() as f64;
            let near = |l: f64| if (l - eigenvalue).abs() < 1e-9 { 1.0 } else { 0.0 };
            let (found, _) = density.mean_of(near);
            assert!((found - share).abs() < 1e-12, "{spectrum:?}: {found} at {eigenvalue}");
        }
    }
}

#[test]
fn secants_in_single_precision_end_a_process_at_the_whole_space() {
    let space = Host::<f32>::new();
    let spectrum = [-1.0f32, 0.5, 2.0, 2.0, 4.0];
    let mut f = FromFn(|x: &[f32], g: Option<&mut [f32]>| {
        if let Some(g) = g {
            g.iter_mut().zip(x).zip(spectrum).for_each(|((g, x), l)| *g = l * x);
        }
        0.0
    });
    let x = [0.3f32, -0.2, 0.1, 0.5, -0.4];
    let mut g = vec![0.0; 5];
    f.value_grad(&x, &mut g);
    let chosen = StochasticSettings { rule: Rule::Forward, ..settings(8, 50, 3) };
    let mut process = SpectralDensity::new(&space, &x, chosen).unwrap();
    let mut workspace = Workspace::new(&space, &x, Rule::Forward);
    process.measure(&space, &mut f, &x, &g, &mut workspace);
    assert_eq!(process.sampling(), Sampling::Finished);
    assert!(process.gradients() <= 8 * 5, "{}", process.gradients());
    let density = process.density();
    // The noise of a secant, some ε/h = 1e-4, moves the nodes and lets a little weight go astray.
    assert!((density.moment(1) - 1.5).abs() < 2e-3, "{}", density.moment(1));
    assert!((density.below(0.0) - 0.2).abs() < 2e-3, "{}", density.below(0.0));
}

#[test]
fn converged_eigenvalues_do_not_come_back_as_ghosts() {
    let mut spectrum: Vec<f64> = (0..120).map(|i| f64::from(i) / 120.0).collect();
    spectrum[0] = 1e4;
    spectrum[1] = -3e3;
    let (density, _) = diagonal_density(&spectrum, settings(3, 60, 7));
    for outlier in [1e4, -3e3] {
        let near: Vec<usize> = (0..density.nodes().len())
            .filter(|i| (density.nodes()[*i] - outlier).abs() < 1.0)
            .collect();
        assert_eq!(near.len(), 3, "one node a vector");
        let share: f64 = near.iter().map(|i| density.weights()[*i]).sum();
        assert!((share * 120.0 - 1.0).abs() < 1e-9, "{share}");
    }
}

#[test]
fn an_answer_that_is_not_finite_leaves_the_vectors_of_before() {
    for poison in [f64::NAN, f64::NEG_INFINITY] {
        let mut process = SpectralDensity::new(&SPACE, &[0.0; 6], settings(4, 3, 1)).unwrap();
        let mut trace = Trace::new(&SPACE, &[0.0; 6], settings(4, 3, 1)).unwrap();
        for asked in 0..5 {
            let mut answer = process.ask(&SPACE).unwrap().direction().to_vec();
            answer.iter_mut().enumerate().for_each(|(i, v)| *v *= i as f64);
            answer[2] = if asked == 4 { poison } else { answer[2] };
            process.tell(&SPACE, Answer::product(&answer));
        }
        assert_eq!((process.sampling(), process.density().vectors()), (Sampling::NonFinite, 1));
        assert!(process.ask(&SPACE).is_none());
        trace.tell(&SPACE, Answer::product(&[1.0; 6]));
        trace.tell(&SPACE, Answer::product(&[poison; 6]));
        let estimate = trace.estimate();
        assert_eq!((estimate.sampling, estimate.vectors), (Sampling::NonFinite, 1));
        assert!(estimate.trace.is_finite() && estimate.standard_error.is_nan());
        assert!(trace.ask(&SPACE).is_none());
    }
}

#[test]
fn stopping_and_starting_again_give_the_same_numbers() {
    let m = symmetric(10, 1.0, 2);
    let mut trace = Trace::new(&SPACE, &[0.0; 10], settings(9, 1, 3)).unwrap();
    let mut run = |stop_at: u64| {
        trace.begin(&SPACE);
        while let Some(probe) = trace.ask(&SPACE) {
            let product = multiply(&m, probe.direction());
            trace.tell(&SPACE, Answer::product(&product));
            if trace.estimate().vectors == stop_at {
                trace.stop();
            }
        }
        trace.estimate()
    };
    let (whole, part, again) = (run(0), run(4), run(0));
    assert_eq!((part.sampling, part.vectors), (Sampling::Stopped, 4));
    assert_eq!(whole, again);
    let mut process = SpectralDensity::new(&SPACE, &[0.0; 10], settings(2, 3, 3)).unwrap();
    process.stop();
    assert_eq!(process.sampling(), Sampling::Stopped);
    assert!(process.density().range().is_none() && process.density().moment(1).is_nan());
}

#[test]
fn settings_out_of_range_are_named() {
    let refuse = |settings| {
        SpectralDensity::<Host<f64>>::new(&SPACE, &[0.0], settings)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refuse(settings(0, 5, 0)), "vectors is 0; it must be at least 1");
    assert_eq!(refuse(settings(3, 0, 0)), "steps is 0; it must be at least 1");
    let length = Some(deo_core::Length::Relative(f64::NAN));
    assert!(refuse(StochasticSettings { length, ..settings(1, 1, 0) }).contains("above 0"));
}

#[test]
#[should_panic(expected = "tell without a question")]
fn telling_without_a_question_is_a_programmers_error() {
    let mut trace = Trace::new(&SPACE, &[0.0; 2], settings(1, 1, 0)).unwrap();
    trace.stop();
    trace.tell(&SPACE, Answer::product(&[1.0, 2.0]));
}

#[cfg(feature = "serde")]
#[test]
fn machines_saved_between_two_answers_go_on_bit_for_bit() {
    let m = symmetric(10, 1.0, 2);
    let run = |save: bool| {
        let mut trace = Trace::new(&SPACE, &[0.0; 10], settings(4, 6, 3)).unwrap();
        let mut process = SpectralDensity::new(&SPACE, &[0.0; 10], settings(4, 6, 3)).unwrap();
        while let Some(probe) = process.ask(&SPACE) {
            let product = multiply(&m, probe.direction());
            process.tell(&SPACE, Answer::product(&product));
            if let Some(probe) = trace.ask(&SPACE) {
                let product = multiply(&m, probe.direction());
                trace.tell(&SPACE, Answer::product(&product));
            }
            if save {
                let saved = serde_json::to_string(&(&trace, &process)).unwrap();
                (trace, process) = serde_json::from_str(&saved).unwrap();
            }
        }
        (trace.estimate(), process.density().clone())
    };
    assert_eq!(run(true), run(false));
}
