//! The settings of a comparison: every option decided, every name and number checked.

use super::error::EscapeError;
use super::kinds::MethodKind;
use super::options::Options;
use crate::setting::{SettingError, UnusedOption, threads, within};
use deo_models::problems::{self, Problem};
use serde::Serialize;

/// Everything that decides the numbers of a comparison, and the number of threads, which doesn't.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Settings {
    /// Names of problems, each once.
    pub problems: Vec<String>,
    /// The methods, each once.
    pub methods: Vec<MethodKind>,
    /// Seeds of the judgement.
    pub seeds: u64,
    /// Seeds of the tuning; 0, at a given rate, leaves other numbers at their customary values.
    pub tuning_seeds: u64,
    /// Learning rates of the grid.
    pub grid: u32,
    /// The learning rate of every method, whose other numbers are tuned at it; `None` to tune all of them.
    pub lr: Option<f64>,
    /// The budget of each run in gradients; `None` for the problem's own.
    pub budget: Option<u64>,
    /// Seeds everything that is random.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
}

/// Ranges that keep the two kinds of seeds apart (see [`Settings::fresh_seed`]), thirds of gradients countable in 64
/// bits, and a slip of the finger from costing a week.
pub(super) const MOST_SEEDS: u64 = 1000;
const MOST_GRID: u32 = 31;
const MOST_BUDGET: u64 = 1_000_000_000_000;
pub(super) const MOST_SEED: u64 = u64::MAX >> SEED_BITS;
/// Seeds of one comparison differ in their lowest bits, those of tuning and judgement in the highest of these.
const SEED_BITS: u32 = 20;

/// What an option of the suite of harm needs.
pub(super) const OF_HARM: &str = "--suite harm or --suite harm-full";

impl Settings {
    /// The settings that `options` ask for.
    ///
    /// # Errors
    ///
    /// [`EscapeError`] with a message of one line.
    pub fn resolve(options: Options) -> Result<Settings, EscapeError> {
        let of_harm = [("cells", options.cells.is_some()), ("cell", options.cell.is_some())];
        if let Some((name, _)) = of_harm.into_iter().find(|(_, given)| *given) {
            return Err(UnusedOption { name, needs: OF_HARM }.into());
        }
        let methods = match &options.methods {
            Some(names) => methods(names)?,
            None => MethodKind::DEFAULT.to_vec(),
        };
        if let Some(lr) = options.lr {
            check_rate(lr, &methods, &options)?;
        }
        Ok(Settings {
            problems: problem_names(options.suite.unwrap_or_else(|| vec!["quick".to_owned()]))?,
            methods,
            seeds: within("seeds", options.seeds.unwrap_or(5), 1, MOST_SEEDS)?,
            tuning_seeds: within(
                "tuning-seeds",
                options.tuning_seeds.unwrap_or(5),
                u64::from(options.lr.is_none()),
                MOST_SEEDS,
            )?,
            grid: within("grid", options.grid.unwrap_or(7), 1, MOST_GRID)?,
            lr: options.lr,
            budget: (options.budget)
                .map(|budget| within("budget", budget, 1, MOST_BUDGET))
                .transpose()?,
            seed: within("seed", options.seed.unwrap_or(1), 0, MOST_SEED)?,
            threads: threads(options.threads)?,
        })
    }

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

/// A seed of a judgement, see [`Settings::fresh_seed`].
pub(super) fn fresh_seed(seed: u64, index: u64) -> u64 {
    (seed << SEED_BITS) + index
}

/// A seed of a tuning, see [`Settings::tuning_seed`].
pub(super) fn tuning_seed(seed: u64, index: u64) -> u64 {
    (seed << SEED_BITS) + (1 << (SEED_BITS - 1)) + index
}

/// Checks a given rate, and that no option beside it asks for a tuning that then has nothing to do.
fn check_rate(lr: f64, methods: &[MethodKind], options: &Options) -> Result<(), EscapeError> {
    if !(lr > 0.0 && lr.is_finite()) {
        return Err(SettingError::new("lr", lr, "finite and above 0").into());
    }
    let name = if options.grid.is_some() {
        "grid"
    } else if options.tuning_seeds.is_some() && methods.iter().all(|kind| kind.knobs().is_empty()) {
        "tuning-seeds"
    } else {
        return Ok(());
    };
    Err(UnusedOption { name, needs: "something to tune, and --lr gives the rate" }.into())
}

/// Suites replaced by their problems, each problem once, in the order given.
fn problem_names(given: Vec<String>) -> Result<Vec<String>, EscapeError> {
    let mut names: Vec<String> = vec![];
    for name in given {
        let of_suite = problems::suite(&name).unwrap_or_default();
        if of_suite.is_empty() && !problems::names().contains(&name.as_str()) {
            return Err(EscapeError::UnknownSuite { name });
        }
        let found = if of_suite.is_empty() { vec![name.as_str()] } else { of_suite };
        for name in found {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    if names.is_empty() {
        Err(EscapeError::UnknownSuite { name: String::new() })
    } else {
        Ok(names)
    }
}

fn methods(names: &[String]) -> Result<Vec<MethodKind>, EscapeError> {
    let mut kinds = vec![];
    for name in names {
        let unknown = || EscapeError::UnknownMethod { name: name.clone() };
        let kind = MethodKind::by_name(name).ok_or_else(unknown)?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() {
        return Err(EscapeError::UnknownMethod { name: String::new() });
    }
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(suite: &[&str], methods: &[&str]) -> Options {
        let owned = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
        Options { suite: owned(suite), methods: owned(methods), ..Options::default() }
    }

    #[test]
    fn names_are_expanded_and_kept_once() {
        let settings =
            Settings::resolve(options(&["octopus-5-1", "quick"], &["gd", "adam", "gd"])).unwrap();
        assert_eq!(settings.problems[0], "octopus-5-1");
        assert_eq!(settings.problems.iter().filter(|name| *name == "octopus-5-1").count(), 1);
        assert_eq!(settings.problems.len(), problems::suite("quick").unwrap().len());
        assert_eq!(settings.methods.len(), 2);
        for (suite, methods) in [(&["q"][..], &["gd"][..]), (&["quick"], &["sgd"]), (&[], &["gd"])]
        {
            assert!(Settings::resolve(options(suite, methods)).is_err());
        }
    }

    #[test]
    fn tuning_and_judgement_never_share_a_seed() {
        let mut seen = std::collections::HashSet::new();
        for seed in [0, 1, 2, MOST_SEED] {
            let settings = Settings { seed, ..Settings::resolve(Options::default()).unwrap() };
            for index in [0, 1, MOST_SEEDS - 1] {
                assert!(seen.insert(settings.fresh_seed(index)));
                assert!(seen.insert(settings.tuning_seed(index)));
            }
        }
    }
}
