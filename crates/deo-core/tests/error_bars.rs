//! Error bars over batches against what they are to predict: the scatter that is found when everything is repeated.

#[path = "common/jacobi.rs"]
mod jacobi;

use deo_core::determinism::{self, NoisyOracle};
use deo_core::drive::Workspace;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::space::Host;
use deo_core::statistics::{Advice, BatchCurvature, BatchEstimate, MeanOf, Sample};
use deo_core::two_lengths::TwoLengthsSettings;
use deo_core::{Answer, Length, Objective, Rule, Status};

const SPACE: Host<f64> = Host::new();
const EXACT: TwoLengthsSettings =
    TwoLengthsSettings { rule: Rule::Product, length: None, diagnose: false };

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn multiply(m: &[f64], v: &[f64]) -> Vec<f64> {
    m.chunks(v.len()).map(|row| dot(row, v)).collect()
}

/// diag(spectrum) + a symmetric matrix of independent normal entries, `scale` off the diagonal and √2 `scale` on it.
fn noisy(spectrum: &[f64], scale: f64, seed: u64) -> Vec<f64> {
    let n = spectrum.len();
    let mut m = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let entry = scale * noise(seed, (i * n + j) as u64);
            (m[i * n + j], m[j * n + i]) = (entry, entry);
        }
        m[i * n + i] = spectrum[i] + 2f64.sqrt() * m[i * n + i];
    }
    m
}

fn mean(matrices: &[Vec<f64>]) -> Vec<f64> {
    let count = matrices.len() as f64;
    (0..matrices[0].len()).map(|i| matrices.iter().map(|m| m[i]).sum::<f64>() / count).collect()
}

/// Exact products with one matrix a batch.
fn over_batches(axis: &[f64], batches: &[Vec<f64>]) -> BatchCurvature<Vec<f64>> {
    let mut machine = BatchCurvature::new(&SPACE, axis, EXACT).unwrap();
    for matrix in batches {
        machine.begin_batch();
        while let Some(probe) = machine.ask(&SPACE) {
            let product = multiply(matrix, probe.direction());
            machine.tell(&SPACE, Answer::product(&product));
        }
    }
    machine
}

fn lowest(m: &[f64]) -> (f64, Vec<f64>) {
    jacobi::eigen(m).swap_remove(0)
}

#[test]
fn the_standard_errors_are_the_scatter_found_by_repetition() {
    let spectrum = [-1.0, 0.5, 0.8, 1.0, 2.0];
    let (scale, count) = (0.3, 6);
    let axis = [0.6, 0.0, 0.8, 0.0, 0.0];
    let (mut curvatures, mut residuals) = (Sample::EMPTY, Sample::EMPTY);
    let (mut variance, mut residual_variance) = (Sample::EMPTY, Sample::EMPTY);
    let exact_curvature = 0.64 * 0.8 - 0.36;
    for repetition in 0..2000u64 {
        let batches: Vec<Vec<f64>> =
            (0..count).map(|b| noisy(&spectrum, scale, 10 * repetition + b)).collect();
        let machine = over_batches(&axis, &batches);
        let estimate = machine.estimate();
        curvatures.push(estimate.curvature);
        variance.push(estimate.standard_error.powi(2));
        // The residual's noise: its distance from the true residual, across the axis.
        let true_product: Vec<f64> = axis.iter().zip(spectrum).map(|(n, l)| n * l).collect();
        let off: Vec<f64> =
            machine.mean_product().iter().zip(&true_product).map(|(a, b)| a - b).collect();
        residuals.push(dot(&off, &off) - dot(&off, &axis).powi(2));
        residual_variance.push(estimate.residual_standard_error.powi(2));
    }
    // nᵀEn has variance 2 scale² for these matrices.
    let expected = 2.0 * scale * scale / count as f64;
    // Five standard errors of a variance from 2000 samples, 5·√(2/2000) = 16 %; that of the mean se² is smaller.
    assert!((curvatures.variance() / expected - 1.0).abs() < 0.16);
    assert!((variance.mean() / expected - 1.0).abs() < 0.08);
    assert!((curvatures.mean() - exact_curvature).abs() < 5.0 * curvatures.standard_error());
    // Across the axis: four components of variance scale² each, and the two means agree.
    let across = 4.0 * scale * scale / count as f64;
    assert!((residuals.mean() / across - 1.0).abs() < 0.1, "{}", residuals.mean() / across);
    assert!((residual_variance.mean() / across - 1.0).abs() < 0.1);
}

#[test]
fn the_standard_error_of_an_eigenvalue_is_that_of_the_rayleigh_quotient() {
    let spectrum: Vec<f64> = (0..12).map(|i| if i == 0 { -1.0 } else { 0.3 * i as f64 }).collect();
    let (scale, count, gap) = (0.25, 16, 1.3);
    let (mut values, mut bars, mut shifts) = (Sample::EMPTY, Sample::EMPTY, Sample::EMPTY);
    for repetition in 0..300u64 {
        let batches: Vec<Vec<f64>> =
            (0..count).map(|b| noisy(&spectrum, scale, 100 * repetition + b)).collect();
        let (value, vector) = lowest(&mean(&batches));
        let estimate = over_batches(&vector, &batches).estimate();
        assert!((estimate.curvature - value).abs() < 1e-12, "the same Rayleigh quotient");
        assert!(estimate.residual < 1e-12, "an eigenvector of the mean");
        values.push(value);
        bars.push(estimate.standard_error.powi(2));
        shifts.push(estimate.residual_standard_error.powi(2) / gap);
    }
    // Closed form: dλ = dH₁₁ with variance 2 scale²/B. 25 % is five standard errors of a variance of 300 samples,
    // with some room for the second order.
    let expected = 2.0 * scale * scale / count as f64;
    let ratio = [values.variance() / expected, bars.mean() / expected];
    assert!(ratio.iter().all(|r| (r - 1.0).abs() < 0.25), "{ratio:?}");
    // Concavity: too low on average, by at most the second-order bound (and five standard errors).
    let (shift, room) = (-1.0 - values.mean(), 5.0 * values.standard_error());
    assert!(shift > -room && shift < shifts.mean() + room, "{shift} {}", shifts.mean());
}

#[test]
fn the_standard_error_of_an_eigenvalue_agrees_with_the_bootstrap() {
    let spectrum: Vec<f64> = (0..10).map(|i| if i == 0 { -1.0 } else { 0.4 * i as f64 }).collect();
    let count = 40;
    let batches: Vec<Vec<f64>> = (0..count).map(|b| noisy(&spectrum, 0.3, 7000 + b)).collect();
    let (_, vector) = lowest(&mean(&batches));
    let bar = over_batches(&vector, &batches).estimate().standard_error;
    let resampled: Sample = (0..400)
        .map(|round| {
            let pick = |i: u64| (noise(round, i).to_bits() >> 20) as usize % count as usize;
            let again: Vec<Vec<f64>> = (0..count).map(|i| batches[pick(i)].clone()).collect();
            lowest(&mean(&again)).0
        })
        .collect();
    let bootstrap = resampled.variance().sqrt();
    // 400 resamplings know a standard deviation to 4 %, and the bootstrap's own factor √(1 − 1/B) is 1 %.
    assert!((bar / bootstrap - 1.0).abs() < 0.2, "{bar} {bootstrap}");
}

#[test]
fn an_axis_fits_the_noise_of_its_own_batches_and_is_judged_on_fresh_ones() {
    // H = 0: there is nothing to find, in 60 dimensions of noise.
    let spectrum = [0.0; 60];
    let (mut own, mut fresh, mut ratio) = (0, 0, Sample::EMPTY);
    for repetition in 0..20u64 {
        let batches: Vec<_> =
            (0..16).map(|b| noisy(&spectrum, 0.1, 100 * repetition + b)).collect();
        let (seen, unseen) = batches.split_at(8);
        let (_, axis) = lowest(&mean(seen));
        own += u64::from(over_batches(&axis, seen).estimate().is_negative(2.3));
        let estimate = over_batches(&axis, unseen).estimate();
        fresh += u64::from(estimate.is_negative(2.3));
        ratio.push(estimate.curvature / estimate.standard_error);
    }
    // A normal number is below −2.3 once in a hundred, and so is C̄/se below what the gate makes of 2.3 for eight
    // batches, −3. Student's t with 7 degrees of freedom has the variance 7/5.
    assert!((own, fresh) == (20, 0), "{own} {fresh}");
    assert!(ratio.mean().abs() < 5.0 * (1.4 / 20f64).sqrt(), "{}", ratio.mean());
}

/// ½ Σ λᵢxᵢ² + (t/6) Σ xᵢ³: third derivatives without coupling.
fn cubic(spectrum: [f64; 3], third: f64) -> impl Objective<[f64]> {
    FromFn(move |x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            for i in 0..3 {
                g[i] = x[i] * (spectrum[i] + third / 2.0 * x[i]);
            }
        }
        (0..3).map(|i| x[i] * x[i] * (spectrum[i] / 2.0 + third / 6.0 * x[i])).sum()
    })
}

fn measure(
    objectives: &mut [impl Objective<[f64]>],
    settings: TwoLengthsSettings,
) -> BatchCurvature<Vec<f64>> {
    let x = [0.5, -0.25, 1.0];
    let mut machine = BatchCurvature::new(&SPACE, &[1.0, 0.0, 0.0], settings).unwrap();
    let mut workspace = Workspace::new(&SPACE, &x, settings.rule);
    let mut g = vec![0.0; 3];
    for objective in objectives {
        objective.value_grad(&x, &mut g);
        machine.measure(&SPACE, objective, &x, &g, &mut workspace);
    }
    machine
}

#[test]
fn secants_give_the_curvatures_of_the_batches() {
    for (rule, gradients) in [(Rule::Forward, 4), (Rule::Central, 8)] {
        let mut batches = [-2.0, -1.0, -1.5].map(|first| cubic([first, 1.0, 2.0], 1.0));
        let settings = TwoLengthsSettings { rule, ..Default::default() };
        let estimate = measure(&mut batches, settings).estimate();
        // H₁₁ = λ + t x₁ = λ + ½, over the three batches −1.5, −0.5, −1.
        assert!((estimate.curvature + 1.0).abs() < 1e-6, "{estimate:?}");
        assert!((estimate.standard_error - 0.5 / 3f64.sqrt()).abs() < 1e-6);
        assert!(estimate.secant_error < 1e-6 && estimate.residual < 1e-6);
        assert_eq!((estimate.batches, estimate.gradients), (3, gradients));
        // −1 ± 0.289 of three batches: t = 2√3 with two degrees of freedom has the tail ½(1 − t/√(2 + t²)) = 0.0371, that of
        // z = 1.786.
        assert!(estimate.is_negative(1.77) && !estimate.is_negative(1.80), "{estimate:?}");
    }
}

#[test]
fn the_advice_names_the_error_that_dominates() {
    let long = Some(Length::Absolute(2.0));
    // The sign of 0.05 ± something along the first axis, H₁₁ = λ + t/2.
    let advice = |spread: f64, third: f64, rule, length| {
        let first = 0.05 - third / 2.0;
        let mut batches =
            [first - spread, first + spread, first].map(|first| cubic([first, 1.0, 2.0], third));
        let settings = TwoLengthsSettings { rule, length, diagnose: true };
        measure(&mut batches, settings).advice(2.0)
    };
    assert_eq!(advice(1e-3, 1.0, Rule::Forward, None), Advice::None);
    assert_eq!(advice(1.0, 1.0, Rule::Forward, None), Advice::UseMoreBatches);
    assert_eq!(advice(1e-3, 1.0, Rule::Forward, long), Advice::UseCentral);
    let mut one = [cubic([0.0, 1.0, 2.0], 1.0)];
    let forward = TwoLengthsSettings { rule: Rule::Forward, ..EXACT };
    assert_eq!(measure(&mut one, forward).advice(2.0), Advice::UseMoreBatches);
}

#[test]
fn scripted_curvatures_at_three_lengths_give_the_advice_of_their_regime() {
    // C at h, ρh and ρ²h of the first batch; the second batch agrees with the first.
    for (rule, curvatures, expected) in [
        (Rule::Forward, [1.0, -1.0, 0.0], Advice::RaiseLength),
        (Rule::Forward, [1.0, 2.0, 4.0], Advice::UseCentral),
        (Rule::Forward, [1.0, 1.2, 1.6], Advice::None),
        (Rule::Central, [1.0, -1.0, 0.5], Advice::RaiseLength),
        (Rule::Central, [1.0, 2.0, 3.3], Advice::None),
        (Rule::Central, [1.0, 2.25, 5.0625], Advice::LowerLength),
    ] {
        let settings = TwoLengthsSettings { rule, length: None, diagnose: true };
        let mut machine = BatchCurvature::new(&SPACE, &[1.0, 0.0], settings).unwrap();
        for script in [&curvatures[..], &curvatures[..1]] {
            machine.begin_batch();
            for &curvature in script {
                let h = machine.ask(&SPACE).unwrap().length(1.0);
                machine.tell(&SPACE, Answer::forward(h, &[0.0; 2], &[curvature * h, 0.0]));
            }
            assert!(machine.ask(&SPACE).is_none());
        }
        assert_eq!(machine.advice(2.0), expected, "{rule:?} {curvatures:?}");
    }
}

#[test]
fn one_batch_is_significant_of_nothing() {
    let BatchEstimate { standard_error, residual_standard_error, curvature, .. } =
        over_batches(&[1.0, 0.0], &[vec![-5.0, 0.0, 0.0, 1.0]]).estimate();
    assert_eq!(curvature, -5.0);
    assert!(standard_error.is_nan() && residual_standard_error.is_nan());
    let two = vec![vec![-5.0, 0.0, 0.0, 1.0]; 2];
    assert!(!over_batches(&[1.0, 0.0], &two[..1]).estimate().is_negative(0.0));
    assert!(over_batches(&[1.0, 0.0], &two).estimate().is_negative(100.0));
}

#[test]
fn a_batch_that_is_not_finite_ends_it_with_the_numbers_of_before() {
    let good = vec![-5.0, 0.0, 0.0, 1.0];
    let before = over_batches(&[1.0, 0.0], &[good.clone(), good.clone()]).estimate();
    for poison in [f64::NAN, f64::INFINITY] {
        let mut bad = good.clone();
        bad[2] = poison;
        let machine = over_batches(&[1.0, 0.0], &[good.clone(), good.clone(), bad, good.clone()]);
        let after = machine.estimate();
        assert_eq!(after.status, Status::NonFinite);
        assert_eq!((after.curvature, after.batches), (before.curvature, 2));
        assert!(machine.ask(&SPACE).is_none());
    }
}

#[test]
#[should_panic(expected = "tell without a question")]
fn telling_before_a_batch_was_begun_is_a_programmers_error() {
    let mut machine = BatchCurvature::new(&SPACE, &[1.0, 0.0], EXACT).unwrap();
    assert!(machine.ask(&SPACE).is_none());
    machine.tell(&SPACE, Answer::product(&[1.0, 0.0]));
}

#[test]
fn the_mean_of_objectives_is_the_mean() {
    let x = [0.5, -0.25, 1.0];
    let mut batches = [-2.0, 0.5, 4.0].map(|first| cubic([first, 1.0, 2.0], 0.5));
    let expected: Vec<(f64, Vec<f64>)> = (batches.iter_mut())
        .map(|batch| {
            let mut g = vec![0.0; 3];
            (batch.value_grad(&x, &mut g), g)
        })
        .collect();
    let mut mean = MeanOf::new(&SPACE, &mut batches, &x);
    let mut g = vec![f64::NAN; 3];
    let loss = mean.value_grad(&x, &mut g);
    assert!((loss - expected.iter().map(|e| e.0).sum::<f64>() / 3.0).abs() < 1e-15);
    assert_eq!(loss, mean.value(&x));
    for i in 0..3 {
        let exact = expected.iter().map(|e| e.1[i]).sum::<f64>() / 3.0;
        assert!((g[i] - exact).abs() < 1e-15, "{} {exact}", g[i]);
    }
}

#[test]
#[should_panic(expected = "the mean of 0 objectives")]
fn the_mean_of_nothing_is_a_programmers_error() {
    let mut batches = [cubic([1.0; 3], 0.0)];
    let _ = MeanOf::new(&SPACE, &mut batches[..0], &[0.0; 3]);
}

#[test]
fn a_noisy_oracle_is_refused_and_an_exact_one_is_not() {
    let check = |loss_noise: f64, gradient_noise: f64, value_noise: f64| {
        let mut calls = 0.0;
        let mut f = FromFn(move |x: &[f64], g: Option<&mut [f64]>| {
            calls += 1.0;
            let (scale, mut noise) = (x[0] * x[0], value_noise);
            if let Some(g) = g {
                g.copy_from_slice(&[2.0 * x[0] * (1.0 + calls * gradient_noise), 0.0]);
                noise = loss_noise;
            }
            scale * (1.0 + calls * noise)
        });
        determinism::check(&SPACE, &mut f, &[3.0, 1.0])
    };
    assert_eq!(check(0.0, 0.0, 0.0), Ok(()));
    // A few roundings, as from sums in another order, are allowed: 2 ε of f64 is one in 2⁵².
    assert_eq!(check(f64::EPSILON, f64::EPSILON, f64::EPSILON), Ok(()));
    for [loss, gradient, value] in [[1e-6, 0.0, 0.0], [0.0, 0.0, 1e-6]] {
        let Err(NoisyOracle::Loss { difference }) = check(loss, gradient, value) else {
            panic!("not refused: {loss} {gradient} {value}")
        };
        assert!((0.5e-6..2e-6).contains(&difference), "{difference}");
    }
    let refused = check(0.0, 0.25, 0.0).unwrap_err();
    // 1.25 against 1.5, relative to the larger.
    assert!(
        matches!(refused, NoisyOracle::Gradient { difference } if (difference - 1.0 / 6.0).abs() < 1e-12)
    );
    let message = refused.to_string();
    for word in ["gradient", "1.7e-1", "batch", "dropout", "seed"] {
        assert!(message.contains(word), "{message}");
    }
    assert_eq!(check(f64::NAN, 0.0, 0.0), Err(NoisyOracle::NonFinite));
    assert_eq!(check(0.0, f64::INFINITY, 0.0), Err(NoisyOracle::NonFinite));
}

#[test]
fn an_oracle_at_a_stationary_point_is_exact_or_noisy() {
    let still = [0.0; 2];
    assert_eq!(determinism::compare(&SPACE, [1.0, 1.0], &still, &mut [0.0; 2]), Ok(()));
    let refused = determinism::compare(&SPACE, [1.0, 1.0], &still, &mut [1e-9, 0.0]);
    assert_eq!(refused, Err(NoisyOracle::Gradient { difference: 1.0 }));
}

#[cfg(feature = "serde")]
#[test]
fn a_machine_saved_between_two_answers_goes_on_bit_for_bit() {
    let spectrum = [-1.0, 0.5, 2.0];
    let run = |save: bool| {
        let mut machine = BatchCurvature::new(&SPACE, &[1.0, 0.5, 0.0], EXACT).unwrap();
        for seed in 0..4 {
            machine.begin_batch();
            if save {
                let saved = serde_json::to_string(&machine).unwrap();
                machine = serde_json::from_str(&saved).unwrap();
            }
            let matrix = noisy(&spectrum, 0.2, seed);
            while let Some(probe) = machine.ask(&SPACE) {
                let product = multiply(&matrix, probe.direction());
                machine.tell(&SPACE, Answer::product(&product));
            }
        }
        machine.estimate()
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn the_residual_of_a_check_at_two_lengths_is_the_distance_from_an_eigenvector() {
    use deo_core::drive::Workspace;
    use deo_core::objective::{FromFn, Objective};
    use deo_core::space::Host;
    use deo_core::two_lengths::{TwoLengths, TwoLengthsSettings};
    // H = diag(1, 3) and n at the angle whose sine is 0.6: ‖Hn − Cn‖ = (3 − 1) · 0.6 · 0.8.
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[x[0], 3.0 * x[1]]);
        }
        0.0
    });
    let (space, x, mut g) = (Host::<f64>::new(), [0.3, -0.2], vec![0.0; 2]);
    f.value_grad(&x, &mut g);
    let settings = TwoLengthsSettings::default();
    let mut two_lengths = TwoLengths::new(&space, &x, settings).unwrap();
    two_lengths.set_axis(&space, &[0.8, 0.6]);
    let mut workspace = Workspace::new(&space, &x[..], settings.rule);
    two_lengths.measure(&space, &mut f, &x[..], &g, &mut workspace);
    assert!((two_lengths.residual() - 0.96).abs() < 1e-6, "{}", two_lengths.residual());
    assert!((two_lengths.curvature() - (0.64 + 3.0 * 0.36)).abs() < 1e-6);
}

/// The gate of the book's recipe: a sign believed at z = 2 is wrong in 2.3 % of cases on either side, at any number of
/// batches. H = 0 along the axis.
#[test]
fn a_sign_is_believed_wrongly_as_often_as_two_standard_errors_say() {
    const REPETITIONS: u64 = 10_000;
    for batches in [2, 3, 4, 8, 30] {
        let (mut negative, mut known) = (0u64, 0u64);
        for repetition in 0..REPETITIONS {
            let mut machine = BatchCurvature::new(&SPACE, &[1.0], EXACT).unwrap();
            for b in 0..batches {
                machine.begin_batch();
                while machine.ask(&SPACE).is_some() {
                    let product = [0.3 * noise(77 + batches, repetition * batches + b)];
                    machine.tell(&SPACE, Answer::product(&product));
                }
            }
            negative += u64::from(machine.estimate().is_negative(2.0));
            known += u64::from(machine.advice(2.0) == Advice::None);
        }
        let [negative, known] = [negative, known].map(|n| n as f64 / REPETITIONS as f64);
        // Four standard errors of these shares: 0.6 and 0.83 %.
        assert!((negative - 0.02275).abs() < 0.006, "{batches} batches: {negative}");
        assert!((known - 0.0455).abs() < 0.0083, "{batches} batches: {known}");
    }
}
