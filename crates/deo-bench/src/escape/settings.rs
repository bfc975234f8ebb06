//! The settings of a comparison, and the seeds that follow from them.

use super::kinds::MethodKind;
use deo_models::problems::{self, Problem};
use serde::Serialize;
use std::thread;

/// Everything that decides the numbers of a comparison, and the number of threads, which doesn't.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// Names of problems, each once.
    /// Default: those of the quick suite.
    pub problems: Vec<String>,
    /// The methods, each once.
    /// Default: [`MethodKind::DEFAULT`].
    pub methods: Vec<MethodKind>,
    /// Seeds of the judgement.
    /// Default: 5; 1 to [`MOST_SEEDS`](Self::MOST_SEEDS).
    pub seeds: u64,
    /// Seeds of the tuning; 0, at a given rate, leaves other numbers at their customary values.
    /// Default: 5; at most [`MOST_SEEDS`](Self::MOST_SEEDS).
    pub tuning_seeds: u64,
    /// Learning rates of the grid.
    /// Default: 7; 1 or above.
    pub grid: u32,
    /// The learning rate of every method, whose other numbers are tuned at it; `None` to tune all of them.
    /// Default: `None`.
    pub lr: Option<f64>,
    /// The budget of each run in gradients; `None` for the problem's own.
    /// Default: `None`.
    pub budget: Option<u64>,
    /// Seeds everything that is random.
    /// Default: 1; at most [`MOST_SEED`](Self::MOST_SEED).
    pub seed: u64,
    /// Threads, on which no number depends.
    /// Default: one for each core.
    pub threads: usize,
}

/// Seeds of one comparison differ in their lowest bits, those of tuning and judgement in the highest of these.
const SEED_BITS: u32 = 20;

impl Settings {
    /// The most seeds, of judgement and of tuning, with which the two kinds keep apart.
    pub const MOST_SEEDS: u64 = 1000;

    /// The largest `seed` that leaves room for the index of a run.
    pub const MOST_SEED: u64 = u64::MAX >> SEED_BITS;

    /// A seed of the judgement.
    pub fn fresh_seed(&self, index: u64) -> u64 {
        fresh_seed(self.seed, index)
    }

    /// A seed of the tuning: never one of a judgement, whatever the seeds of both comparisons.
    pub fn tuning_seed(&self, index: u64) -> u64 {
        tuning_seed(self.seed, index)
    }

    /// The budget of a run on `problem`.
    pub fn budget(&self, problem: &dyn Problem) -> u64 {
        self.budget.unwrap_or_else(|| problem.budget())
    }
}

/// The quick suite with the default methods, tuned and judged on five seeds each.
impl Default for Settings {
    fn default() -> Self {
        let quick = problems::suite("quick").unwrap_or_default();
        Settings {
            problems: quick.into_iter().map(str::to_owned).collect(),
            methods: MethodKind::DEFAULT.to_vec(),
            seeds: 5,
            tuning_seeds: 5,
            grid: 7,
            lr: None,
            budget: None,
            seed: 1,
            threads: all_cores(),
        }
    }
}

/// One thread for each core.
pub(super) fn all_cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// A seed of a judgement, see [`Settings::fresh_seed`].
pub(super) fn fresh_seed(seed: u64, index: u64) -> u64 {
    (seed << SEED_BITS) + index
}

/// A seed of a tuning, see [`Settings::tuning_seed`].
pub(super) fn tuning_seed(seed: u64, index: u64) -> u64 {
    (seed << SEED_BITS) + (1 << (SEED_BITS - 1)) + index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuning_and_judgement_never_share_a_seed() {
        let mut seen = std::collections::HashSet::new();
        for seed in [0, 1, 2, Settings::MOST_SEED] {
            let settings = Settings { seed, ..Settings::default() };
            for index in [0, 1, Settings::MOST_SEEDS - 1] {
                assert!(seen.insert(settings.fresh_seed(index)));
                assert!(seen.insert(settings.tuning_seed(index)));
            }
        }
    }
}
