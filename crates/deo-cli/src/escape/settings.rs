//! What the options ask for: every name and number of a comparison checked.

use super::error::EscapeError;
use super::options::Options;
use crate::setting::{SettingError, UnusedOption, threads, within};
use deo_bench::escape::{MethodKind, Settings};
use deo_models::problems;

/// Ranges that keep thirds of gradients countable in 64 bits, and a slip of the finger from costing a week.
const MOST_GRID: u32 = 31;
const MOST_BUDGET: u64 = 1_000_000_000_000;

/// What an option of the suite of harm needs.
pub(super) const OF_HARM: &str = "--suite harm or --suite harm-full";

impl Options {
    /// The settings that these options ask for.
    ///
    /// # Errors
    ///
    /// [`EscapeError`] with a message of one line.
    pub fn resolve(self) -> Result<Settings, EscapeError> {
        let of_harm = [("cells", self.cells.is_some()), ("cell", self.cell.is_some())];
        if let Some((name, _)) = of_harm.into_iter().find(|(_, given)| *given) {
            return Err(UnusedOption { name, needs: OF_HARM }.into());
        }
        let default = Settings::default();
        let methods = self.methods.as_deref().map_or(Ok(default.methods), methods)?;
        if let Some(lr) = self.lr {
            check_rate(lr, &methods, &self)?;
        }
        let (seeds, tuning_seeds) = (self.seeds, self.tuning_seeds);
        Ok(Settings {
            problems: self.suite.map_or(Ok(default.problems), problem_names)?,
            methods,
            seeds: within("seeds", seeds.unwrap_or(default.seeds), 1, Settings::MOST_SEEDS)?,
            tuning_seeds: within(
                "tuning-seeds",
                tuning_seeds.unwrap_or(default.tuning_seeds),
                u64::from(self.lr.is_none()),
                Settings::MOST_SEEDS,
            )?,
            grid: within("grid", self.grid.unwrap_or(default.grid), 1, MOST_GRID)?,
            lr: self.lr,
            budget: self
                .budget
                .map(|budget| within("budget", budget, 1, MOST_BUDGET))
                .transpose()?,
            seed: within("seed", self.seed.unwrap_or(default.seed), 0, Settings::MOST_SEED)?,
            threads: threads(self.threads)?,
        })
    }
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
        let settings = options(&["octopus-5-1", "quick"], &["gd", "adam", "gd"]).resolve().unwrap();
        assert_eq!(settings.problems[0], "octopus-5-1");
        assert_eq!(settings.problems.iter().filter(|name| *name == "octopus-5-1").count(), 1);
        assert_eq!(settings.problems.len(), problems::suite("quick").unwrap().len());
        assert_eq!(settings.methods.len(), 2);
        for (suite, methods) in [(&["q"][..], &["gd"][..]), (&["quick"], &["sgd"]), (&[], &["gd"])]
        {
            assert!(options(suite, methods).resolve().is_err());
        }
    }
}
