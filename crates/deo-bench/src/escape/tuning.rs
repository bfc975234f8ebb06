//! The learning rate and the knobs of a method on a problem.
//!
//! Problem: a comparison with an untuned baseline is worth nothing, and one that tunes some methods harder than
//! others little more. So every method goes through the same search, from a middle rate of its own. A setting is a point
//! of a lattice: the rate and each knob in steps of about two, 1, 2, 5, 10, …
//!
//! 1. The grid: as many rates for every method, from the middle outwards, knobs at their customary values.
//! 2. The climb: as long as a neighbour of the best rate hasn't been tried, it is. That extends the grid where the best
//!    rate lies at an edge, up to [`REACH`] steps beyond it.
//! 3. For methods with knobs: every combination of a few values of the knobs at the best rate, then the climb again, now
//!    over rate and knobs. So the baselines that have knobs are tuned in more directions than Escape.
//!
//! Where every run of every rate failed, the climb goes down from the lowest. Where the rate is given, there is the
//! third part only, at that rate.
//!
//! A setting that can't win is left early: where the best one so far solves every tuning seed, a run ends at
//! [`SLACK`] times the cost of the slowest of its runs.

use super::run::Outcome;
use super::statistics::{Score, known};
use serde::Serialize;
use std::ops::Range;

/// A number that is tuned beside the learning rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knob {
    /// Its name in the results.
    pub name: &'static str,
    /// What the grid tries, the customary value first, in thirds of a decade: 3k for 10ᵏ, 3k + 1 for 2·10ᵏ, 3k + 2 for
    /// 5·10ᵏ.
    pub grid: &'static [i32],
}

/// How far the climb may go: four decades beyond the grid of rates, and from the customary value of a knob.
const REACH: i32 = 12;

/// A setting with one run slower than the best one's slowest may still have the lower median; one with a run twice
/// as slow hardly, and it would be the less reliable choice.
const SLACK: f64 = 2.0;

/// A setting that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The learning rate.
    pub lr: f64,
    /// The values of the knobs, in the order of [`MethodKind::knobs`](super::MethodKind::knobs).
    pub knobs: Vec<f64>,
    /// Tuning seeds that it solved.
    pub solved: usize,
    /// Tuning seeds on which it met a number that isn't finite.
    pub failed: usize,
    /// The median cost to the target, `None` unless more than half are solved.
    pub cost_median: Option<f64>,
    /// The median measure at the end, or where the run was left.
    pub measure_median: Option<f64>,
    #[serde(skip)]
    point: Vec<i32>,
    #[serde(skip)]
    score: Score,
}

/// 10^(k/3) as one writes it: 1, 2, 5, 10, 20, …
pub(super) fn value(k: i32) -> f64 {
    let mantissa = [1, 2, 5][k.rem_euclid(3) as usize];
    // Parsed, so that 2e-3 is the number nearest to 0.002.
    format!("{mantissa}e{}", k.div_euclid(3)).parse().expect("a decimal number")
}

/// The values of the knobs that nobody has tuned.
pub(super) fn customary(knobs: &[Knob]) -> Vec<f64> {
    knobs.iter().map(|knob| value(knob.grid[0])).collect()
}

/// The search for the best setting of a method.
pub(super) struct Tuning<'a, T> {
    /// The runs of all tuning seeds, at (rate, knobs) within a budget.
    trial: T,
    budget: u64,
    /// The only rate, where one is given.
    given: Option<f64>,
    /// Rates of the grid.
    grid: u32,
    knobs: &'a [Knob],
    /// The middle rate and the customary knobs.
    customary: Vec<i32>,
    tried: Vec<Candidate>,
    best: usize,
}

impl<'a, T: FnMut(f64, &[f64], u64) -> Vec<Outcome>> Tuning<'a, T> {
    /// A search around the rate `middle` over `grid` rates; an even number has one more below than above.
    pub(super) fn new(trial: T, budget: u64, middle: i32, grid: u32, knobs: &'a [Knob]) -> Self {
        let customary = [middle].into_iter().chain(knobs.iter().map(|knob| knob.grid[0])).collect();
        Tuning { trial, budget, given: None, grid, knobs, customary, tried: vec![], best: 0 }
    }

    /// A search over the knobs alone, at the rate `lr`.
    pub(super) fn at_rate(trial: T, budget: u64, lr: f64, knobs: &'a [Knob]) -> Self {
        Tuning { given: Some(lr), ..Tuning::new(trial, budget, 0, 1, knobs) }
    }

    /// The best setting, and all that were tried.
    pub(super) fn search(mut self) -> (Candidate, Vec<Candidate>) {
        for offset in outwards(self.grid) {
            let mut point = self.customary.clone();
            point[0] += offset;
            self.consider(point);
        }
        if self.given.is_none() {
            self.climb(0..1);
        }
        if !self.knobs.is_empty() {
            let rate = self.tried[self.best].point[0];
            // The first combination has been tried at every rate.
            for knobs in combinations(self.knobs).into_iter().skip(1) {
                self.consider([&[rate], &knobs[..]].concat());
            }
            let first = usize::from(self.given.is_some());
            self.climb(first..self.customary.len());
        }
        (self.tried[self.best].clone(), self.tried)
    }

    fn consider(&mut self, point: Vec<i32>) {
        let best = self.tried.get(self.best).map(|best| best.score);
        let limit = best.map_or(f64::INFINITY, |best| SLACK * best.worst_cost.max(1.0));
        let limit = if limit < self.budget as f64 { limit.ceil() as u64 } else { self.budget };
        let mut numbers: Vec<f64> = point.iter().map(|&k| value(k)).collect();
        numbers[0] = self.given.unwrap_or(numbers[0]);
        let score = Score::of(&(self.trial)(numbers[0], &numbers[1..], limit));
        if best.is_some_and(|best| score.beats(&best)) {
            self.best = self.tried.len();
        }
        self.tried.push(Candidate {
            lr: numbers[0],
            knobs: numbers[1..].to_vec(),
            solved: score.solved,
            failed: score.failed,
            cost_median: known(score.cost),
            measure_median: known(score.measure),
            point,
            score,
        });
    }

    /// Tries the neighbours of the best setting in these coordinates until they all have been tried.
    fn climb(&mut self, directions: Range<usize>) {
        while let Some(point) = self.neighbour(directions.clone()) {
            self.consider(point);
        }
    }

    fn neighbour(&self, directions: Range<usize>) -> Option<Vec<i32>> {
        if directions.contains(&0)
            && self.tried.iter().all(|tried| tried.failed == tried.score.runs)
        {
            let mut lowest = self.tried.iter().map(|tried| &tried.point).min()?.clone();
            lowest[0] -= 1;
            return self.is_within_reach(&lowest).then_some(lowest);
        }
        let best = &self.tried[self.best].point;
        let steps = directions.flat_map(|direction| [(direction, -1), (direction, 1)]);
        let mut neighbours = steps.map(|(direction, step)| {
            let mut point = best.clone();
            point[direction] += step;
            point
        });
        neighbours.find(|point| {
            self.is_within_reach(point) && self.tried.iter().all(|tried| tried.point != *point)
        })
    }

    fn is_within_reach(&self, point: &[i32]) -> bool {
        let beyond = |(i, (at, customary)): (usize, (&i32, &i32))| {
            let grid = if i == 0 { (self.grid / 2) as i32 } else { 0 };
            (at - customary).abs() <= grid + REACH
        };
        point.iter().zip(&self.customary).enumerate().all(beyond)
    }
}

/// 0, −1, 1, −2, 2, …: the middle first, so that what can't win is left early.
fn outwards(count: u32) -> impl Iterator<Item = i32> {
    (0..count as i32).map(|i| if i % 2 == 0 { i / 2 } else { -(i + 1) / 2 })
}

/// Every combination of the grids of the knobs, the customary one first.
fn combinations(knobs: &[Knob]) -> Vec<Vec<i32>> {
    knobs.iter().fold(vec![vec![]], |settings, knob| {
        let with = |setting: Vec<i32>| {
            knob.grid.iter().map(move |&value| [&setting[..], &[value]].concat())
        };
        settings.into_iter().flat_map(with).collect()
    })
}

#[cfg(test)]
mod tests;
