//! Repeated eigenvalues: saddles that are confirmed have their index, and what a budget cut short has no verdict.

use deo_core::{noise::noise, space::Host};
use deo_saddle::{Verdict, Verification, VerificationSettings};

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
