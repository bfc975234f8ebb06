//! Verifications of stationary points of known index: right, wrong, and their gradients, with guesses of the Hessian that are
//! good, poor and false, and without.
//!
//! Of each spectrum with 0 to 3 negative values every index from 0 to 3 is claimed. The probes are of a hundredth of the
//! length on which the Hessian changes by its own size, as with an engine, or with `--fine` as short as rounding allows.
//!
//! Run: `cargo run --release -p deo-saddle --example verification -- [--seeds N] [--fine] [--sizes 10,30,57] [--index K]`; with
//! an index only points of it are made, and claimed to have it.

#[path = "../tests/common/spectra.rs"]
mod spectra;

use deo_core::probe::Length;
use deo_saddle::{Verdict, VerificationSettings, in_parallel};
use spectra::{GUESSES, Point, SPECTRA, guess, spectrum};

/// Verdicts on right claims and on wrong ones.
#[derive(Default, Clone, Copy)]
struct Tally {
    right: u64,
    confirmed: u64,
    wrong: u64,
    wrongly_confirmed: u64,
    refused: u64,
    gradients: [u64; 2],
}

fn claims(
    kind: &str,
    guessed: &str,
    n: usize,
    seed: u64,
    fine: bool,
    only: Option<usize>,
) -> Tally {
    let mut tally = Tally::default();
    let asked = |k: &usize| only.is_none_or(|only| only == *k);
    for negative in (0..=3).filter(asked) {
        let values = spectrum(kind, n, negative, seed);
        let stiffest = values.iter().fold(0.0, |m: f64, l| m.max(l.abs()));
        let guess = guess(guessed, &values, seed);
        let point = Point::new(values, stiffest, seed);
        let length = (!fine).then_some(Length::Absolute(0.01));
        let flat = if fine { 1e-6 } else { 1e-3 };
        for index in (0..=3).filter(asked) {
            let settings = VerificationSettings { index, seed, length, flat, ..Default::default() };
            let verification = point.verify(settings, guess.as_ref());
            let confirmed = u64::from(verification.verdict() == Verdict::Confirmed);
            if index == negative {
                tally.right += 1;
                tally.confirmed += confirmed;
                tally.gradients[0] += verification.gradients();
            } else {
                tally.wrong += 1;
                tally.wrongly_confirmed += confirmed;
                let refused = matches!(verification.verdict(), Verdict::WrongIndex { .. });
                tally.refused += u64::from(refused);
                tally.gradients[1] += verification.gradients();
            }
        }
    }
    tally
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1).cloned()
    };
    let seeds: usize = after("--seeds").map_or(50, |s| s.parse().expect("a number of seeds"));
    let fine = arguments.iter().any(|a| a == "--fine");
    let only = after("--index").map(|k| k.parse().expect("an index"));
    let sizes = after("--sizes").unwrap_or("10,30,57".into());
    let sizes = sizes.split(',').map(|n| n.parse().expect("numbers of coordinates"));
    let sizes: Vec<usize> = sizes.collect();
    println!(
        "| spectrum | N | guess | right claims | confirmed | wrong claims | confirmed | refused | gradients, right and wrong |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for kind in SPECTRA {
        for &n in &sizes {
            for guessed in GUESSES {
                let all =
                    in_parallel(2, seeds, |seed| claims(kind, guessed, n, seed as u64, fine, only));
                let sum = |of: fn(&Tally) -> u64| all.iter().map(of).sum::<u64>();
                let (right, wrong) = (sum(|t| t.right), sum(|t| t.wrong));
                println!(
                    "| {kind} | {n} | {guessed} | {right} | {} | {wrong} | {} | {} | {:.1}, {:.1} |",
                    sum(|t| t.confirmed),
                    sum(|t| t.wrongly_confirmed),
                    sum(|t| t.refused),
                    sum(|t| t.gradients[0]) as f64 / right as f64,
                    sum(|t| t.gradients[1]) as f64 / wrong.max(1) as f64
                );
            }
        }
    }
}
