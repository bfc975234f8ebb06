//! What the ratios of a cell say.
//!
//! ```text
//! r = min(max(f, φ), Φ) with / the same without,   φ = 1e-4 f(start),   Φ = 10 f(start)
//! m = mean of ln r,   s = its standard error        passes:  m − s ≤ ln 1.01   and   20 #{r > 1.25} ≤ seeds
//! ```
//!
//! φ: the mean over some hundred rows of which a single one is doubted by 0.1 nats is above it; whether a net ends at
//! 1e-12 or 1e-13 is decided by when the run happened to end. Φ: a run that ended there has failed, by whatever factor.

use super::columns::Column;
use super::pair::{Ended, Pair};
use crate::escape::method::Deeds;
use crate::escape::statistics;
use serde::Serialize;

/// φ and Φ in losses at the start.
const FLOOR: f64 = 1e-4;
const CEILING: f64 = 10.0;

/// What may be lost in the mean: the price of looking.
const MEAN: f64 = 1.01;
/// A run that ends higher by more than this is harmed,
const HIGHER: f64 = 1.25;
/// and one in so many may be: runs near the edge of stability part by as much without any help.
const ONE_IN: usize = 20;

/// A column of a cell, or of many.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Which runs are held against the base alone.
    pub column: Column,
    /// The geometric mean of r.
    pub ratio: f64,
    /// s, the standard error of ln r; 0 for a single seed.
    pub error: f64,
    /// The median of r.
    pub median: f64,
    /// The largest r.
    pub worst: f64,
    /// Seeds with r > 1.25.
    pub higher: usize,
    /// Seeds with r < 0.8.
    pub lower: usize,
    /// Seeds.
    pub seeds: usize,
    /// Seeds in which the runs with and without ended below the floor.
    pub floor: usize,
    /// The median of how often x was moved.
    pub moves: f64,
    /// The median of how often it was moved along an axis.
    pub kicks: f64,
    /// m − s ≤ ln 1.01.
    pub mean_holds: bool,
    /// At most one seed in twenty has r > 1.25.
    pub seeds_hold: bool,
}

/// A loss between φ and Φ, NaN and infinity being Φ.
fn bounded(run: &Ended, start: f64) -> f64 {
    let ceiling = CEILING * start;
    if run.failed || run.loss.is_nan() { ceiling } else { run.loss.clamp(FLOOR * start, ceiling) }
}

/// r of one column.
pub(super) fn ratio(pair: &Pair, column: Column) -> f64 {
    let with = &pair.with[column as usize];
    bounded(with, pair.start) / bounded(&pair.without, pair.start)
}

impl Verdict {
    /// Of these seeds.
    ///
    /// # Panics
    ///
    /// Without one.
    pub fn of<'a>(pairs: impl Iterator<Item = &'a Pair> + Clone, column: Column) -> Self {
        let mut ratios: Vec<f64> = pairs.clone().map(|pair| ratio(pair, column)).collect();
        let at_floor = |pair: &&Pair| {
            let low = |run: &Ended| !run.failed && run.loss <= FLOOR * pair.start;
            low(&pair.without) && low(&pair.with[column as usize])
        };
        let floor = pairs.clone().filter(at_floor).count();
        let deeds = |of: fn(&Deeds) -> u64| {
            let deed = |pair: &Pair| of(&pair.with[column as usize].deeds) as f64;
            statistics::median(pairs.clone().map(deed))
        };
        let seeds = ratios.len();
        assert!(seeds > 0, "no seeds, no verdict");
        let (mean, error) = mean_and_error(&ratios);
        ratios.sort_by(f64::total_cmp);
        let higher = ratios.iter().filter(|&&r| r > HIGHER).count();
        Verdict {
            column,
            ratio: mean.exp(),
            error,
            median: (ratios[(seeds - 1) / 2] * ratios[seeds / 2]).sqrt(),
            worst: ratios[seeds - 1],
            higher,
            lower: ratios.iter().filter(|&&r| r < 1.0 / HIGHER).count(),
            seeds,
            floor,
            moves: deeds(|deeds| deeds.moves),
            kicks: deeds(|deeds| deeds.kicks),
            mean_holds: mean - error <= MEAN.ln(),
            seeds_hold: ONE_IN * higher <= seeds,
        }
    }

    /// Both hold.
    pub fn passes(&self) -> bool {
        self.mean_holds && self.seeds_hold
    }
}

/// The mean of ln r and its standard error.
fn mean_and_error(ratios: &[f64]) -> (f64, f64) {
    let count = ratios.len() as f64;
    let mean = ratios.iter().map(|r| r.ln()).sum::<f64>() / count;
    if ratios.len() == 1 {
        return (mean, 0.0);
    }
    let square: f64 = ratios.iter().map(|r| (r.ln() - mean).powi(2)).sum();
    (mean, (square / (count - 1.0) / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(loss: f64) -> Ended {
        Ended { loss, failed: loss.is_infinite(), steps: 1, cost: 1.0, deeds: Deeds::default() }
    }

    /// Seeds that start at 2.
    fn verdict(losses: &[(f64, f64)]) -> Verdict {
        let pair = |&(without, with): &(f64, f64)| Pair {
            seed: 0,
            start: 2.0,
            without: ended(without),
            with: [ended(with); 5],
        };
        let pairs: Vec<Pair> = losses.iter().map(pair).collect();
        Verdict::of(pairs.iter(), Column::Escape)
    }

    #[test]
    fn the_mean_is_geometric_and_its_error_that_of_the_logarithms() {
        let v = verdict(&[(1.0, 1.0), (1.0, 1.2), (0.5, 0.55)]);
        let logs = [0.0, 1.2_f64.ln(), 1.1_f64.ln()];
        let mean = logs.iter().sum::<f64>() / 3.0;
        let variance = logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / 2.0;
        // Rounding of a handful of operations on numbers of order 1.
        assert!((v.ratio - mean.exp()).abs() < 1e-12);
        assert!((v.error - (variance / 3.0).sqrt()).abs() < 1e-12);
        assert!((v.median - 1.1).abs() < 1e-12 && (v.worst - 1.2).abs() < 1e-12);
        assert!(!v.mean_holds && v.seeds_hold && !v.passes());
    }

    #[test]
    fn a_mean_within_its_error_of_one_per_cent_holds() {
        assert!(verdict(&[(1.0, 1.009); 8]).passes());
        assert!(!verdict(&[(1.0, 1.011); 8]).passes());
        let mut noisy = [(1.0, 1.2); 8];
        noisy[..4].fill((1.0, 0.87));
        assert!(verdict(&noisy).passes());
    }

    #[test]
    fn one_seed_in_twenty_may_end_higher() {
        let mut losses = vec![(1.0, 0.9); 20];
        losses[0] = (1.0, 1.3);
        assert!(verdict(&losses).passes());
        losses[1] = (1.0, 1.3);
        let v = verdict(&losses);
        assert!(v.mean_holds && !v.seeds_hold && v.higher == 2);
        assert!(!verdict(&[(1.0, 0.5), (1.0, 0.5), (1.0, 1.3)]).passes());
    }

    #[test]
    fn losses_are_compared_between_a_floor_and_a_ceiling() {
        let v = verdict(&[(1e-12, 1e-9), (1e-13, 1.9e-4), (1e-9, 4e-4)]);
        assert_eq!((v.floor, v.worst), (2, 2.0));
        let infinite = f64::INFINITY;
        assert_eq!(verdict(&[(infinite, infinite), (1e9, infinite)]).worst, 1.0);
        let v = verdict(&[(2.0, infinite), (infinite, 2.0)]);
        assert_eq!((v.worst, v.higher, v.lower), (10.0, 1, 1));
    }
}
