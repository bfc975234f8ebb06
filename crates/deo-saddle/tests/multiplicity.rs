//! Repeated eigenvalues: saddles that are confirmed have their index, and what a budget cut short has no verdict.

#[path = "common/spectra.rs"]
mod spectra;

use deo_core::probe::Length;
use deo_core::{noise::noise, space::Host};
use deo_saddle::{Verdict, Verification, VerificationSettings};
use spectra::{GUESSES, Point, SPECTRA, guess, spectrum};

const SPACE: Host<f64> = Host::new();

/// Verifies the saddle at 0 of Σ ½ λᵢ xᵢ² + ¼ xᵢ⁴.
fn verify(spectrum: &[f64], settings: VerificationSettings) -> Verification<Host<f64>> {
    let x = vec![0.0; spectrum.len()];
    let mut verification = Verification::new(&SPACE, &x, settings).unwrap();
    while let Some(point) = verification.ask() {
        let gradient: Vec<f64> =
            point.iter().zip(spectrum).map(|(x, l)| l * x + x.powi(3)).collect();
        verification.tell(&SPACE, &gradient);
    }
    verification
}

/// `negative` equal negative values, or pairs of them, below a positive spectrum in groups of `times`.
fn saddle(n: usize, negative: usize, times: usize, seed: u64) -> Vec<f64> {
    // A random number of [0, 1) from one of variance 1: its fractional part.
    let uniform = |i: usize| noise(seed + 1_000 * n as u64, i as u64).rem_euclid(1.0);
    let mut values: Vec<f64> = (0..n).map(|i| 0.1 + 4.0 * uniform(i)).collect();
    (0..n).for_each(|i| values[i] = values[i / times * times]);
    (0..negative).for_each(|i| values[(7 * i + 3) % n] = if i < 2 { -1.0 } else { -0.4 });
    values
}

#[test]
fn a_point_of_another_index_is_never_confirmed_and_one_of_this_index_is() {
    for n in [10, 31, 57, 120] {
        for (index, negative) in [(0, 0), (1, 1), (1, 2), (2, 2), (2, 3), (2, 4), (3, 3), (0, 2)] {
            for (times, seed) in [(1, 0), (1, 1), (2, 2), (2, 3), (3, 4), (3, 5)] {
                let spectrum = saddle(n, negative, times, seed);
                let settings = VerificationSettings { index, seed, ..Default::default() };
                let verdict = verify(&spectrum, settings).verdict();
                let right = match verdict {
                    Verdict::Confirmed => index == negative,
                    Verdict::WrongIndex { negative: found } => index != negative && found > index,
                    _ => false,
                };
                assert!(
                    right,
                    "N = {n}, {negative} negative, index {index}, seed {seed}: {verdict:?}"
                );
            }
        }
    }
}

#[test]
fn a_budget_has_the_last_verdict_or_none() {
    let spectrum = saddle(90, 2, 2, 8);
    let of = |max_gradients| VerificationSettings { seed: 5, max_gradients, ..Default::default() };
    let needed = verify(&spectrum, of(2000)).gradients();
    for budget in 1..=2 * needed {
        let verdict = verify(&spectrum, of(budget)).verdict();
        let allowed = [Verdict::Unresolved, Verdict::WrongIndex { negative: 2 }];
        assert!(allowed.contains(&verdict), "{budget} of {needed}: {verdict:?}");
    }
}

/// Probes as of an engine: a hundredth of the length on which the Hessian changes by its own size.
fn coarse(index: usize, seed: u64) -> VerificationSettings {
    let length = Some(Length::Absolute(0.01));
    VerificationSettings { index, seed, length, flat: 1e-3, ..Default::default() }
}

/// The large table is the program `verification`.
#[test]
fn no_guess_of_the_hessian_good_poor_or_false_confirms_what_is_wrong() {
    let (mut right, mut confirmed) = (0, 0);
    for kind in SPECTRA {
        for n in [11, 34] {
            for (seed, guessed) in GUESSES.into_iter().enumerate() {
                for negative in 0..=3 {
                    let values = spectrum(kind, n, negative, seed as u64);
                    let guess = guess(guessed, &values, seed as u64);
                    let stiffest = values.iter().fold(0.0, |m: f64, l| m.max(l.abs()));
                    let point = Point::new(values, stiffest, seed as u64);
                    for index in 0..=3 {
                        let settings = coarse(index, seed as u64);
                        let verdict = point.verify(settings, guess.as_ref()).verdict();
                        let is = verdict == Verdict::Confirmed;
                        assert!(
                            !is || index == negative,
                            "{kind}, N = {n}, {guessed}: {negative} for {index}"
                        );
                        right += usize::from(index == negative);
                        confirmed += usize::from(is);
                    }
                }
            }
        }
    }
    assert!(confirmed * 20 >= right * 19, "{confirmed} of {right}");
}

#[test]
fn a_good_guess_saves_more_than_half() {
    for seed in 0..10 {
        let values = spectrum("molecule", 57, 1, seed);
        let guess = guess("good", &values, seed);
        let point = Point::new(values, 1.0, seed);
        let [with, without] =
            [guess.as_ref(), None].map(|guess| point.verify(coarse(1, seed), guess));
        assert_eq!([with.verdict(), without.verdict()], [Verdict::Confirmed; 2]);
        assert!(2 * with.gradients() < without.gradients());
    }
}

#[test]
fn curvatures_and_axes_come_back_to_the_space_of_the_point() {
    for seed in 0..10 {
        let values = spectrum("molecule", 40, 2, seed);
        let guess = guess("good", &values, seed);
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let point = Point::new(values, 0.0, seed);
        let settings = VerificationSettings { index: 2, seed, ..Default::default() };
        let verification = point.verify(settings, guess.as_ref());
        assert_eq!(verification.verdict(), Verdict::Confirmed);
        let found = verification.curvatures().zip(verification.errors()).zip(&sorted);
        for ((curvature, error), exact) in found {
            assert!((curvature - exact).abs() <= error, "{curvature} ± {error}: {exact}");
            // Of the best axes of a space, eigenvalues are bounds from above.
            assert!(curvature > exact - 1e-6, "{curvature}, {exact}");
        }
        let [a, b] = [verification.axis(0), verification.axis(1)];
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        assert!((dot(a, a) - 1.0).abs() < 1e-9 && dot(a, b).abs() < 1e-9);
    }
}
