//! The settings of the suite: every option decided, every name and number checked.

use super::cell::{Cell, REPORTED, product};
use super::cover::cover;
use crate::escape::error::EscapeError;
use crate::escape::options::Options;
use crate::escape::settings::{MOST_SEED, MOST_SEEDS};
use crate::setting::{UnusedOption, threads, within};
use serde::Serialize;

/// The names of the suite: the cover, and the whole product.
pub(super) const NAMES: [&str; 2] = ["harm", "harm-full"];

/// Everything that decides the numbers of the suite, and the number of threads, which doesn't.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HarmSettings {
    /// `harm` or `harm-full`.
    pub suite: &'static str,
    /// The cells, each with its number in the suite, counted from 1; 0 for one that isn't of the suite.
    pub cells: Vec<(usize, Cell)>,
    /// Seeds of each cell.
    pub seeds: u64,
    /// Seeds everything that is random.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
}

impl HarmSettings {
    /// Whether the options ask for this suite.
    pub fn are_wanted(options: &Options) -> bool {
        let wanted = |names: &Vec<String>| names.iter().any(|name| NAMES.contains(&name.as_str()));
        options.suite.as_ref().is_some_and(wanted)
    }

    /// The settings that `options` ask for.
    ///
    /// # Errors
    ///
    /// [`EscapeError`] with a message of one line.
    pub fn resolve(options: &Options) -> Result<HarmSettings, EscapeError> {
        let given = options.suite.as_deref().unwrap_or_default();
        let suite = match given {
            [name] => NAMES.into_iter().find(|known| known == name),
            _ => None,
        };
        let suite = suite.ok_or_else(|| EscapeError::HarmAlone { given: given.join(",") })?;
        let unused = [
            ("methods", options.methods.is_some()),
            ("grid", options.grid.is_some()),
            ("lr", options.lr.is_some()),
            ("tuning-seeds", options.tuning_seeds.is_some()),
            ("budget", options.budget.is_some()),
            ("cells", options.cells.is_some() && options.cell.is_some()),
        ];
        if let Some((name, _)) = unused.into_iter().find(|(_, given)| *given) {
            let needs = if name == "cells" {
                "to be without --cell, which names the cells"
            } else {
                "problems in --suite; the cells of harm have methods, rates and budgets of their own"
            };
            return Err(UnusedOption { name, needs }.into());
        }
        let crossed = if suite == "harm" { cover() } else { product() };
        let all = [REPORTED].into_iter().chain(crossed);
        // One seed in twenty may be harmed, so it takes twenty to see one; the product is for a night, and has cells enough.
        let seeds = if suite == "harm" { 20 } else { 8 };
        let numbered: Vec<(usize, Cell)> = (1..).zip(all).collect();
        Ok(HarmSettings {
            suite,
            cells: match (&options.cell, &options.cells) {
                (Some(names), _) => named(names, &numbered)?,
                (None, Some(range)) => numbered[places(range, numbered.len())?].to_vec(),
                (None, None) => numbered,
            },
            seeds: within("seeds", options.seeds.unwrap_or(seeds), 1, MOST_SEEDS)?,
            seed: within("seed", options.seed.unwrap_or(1), 0, MOST_SEED)?,
            threads: threads(options.threads)?,
        })
    }
}

/// The cells of those names, each once, in the order given.
fn named(names: &[String], suite: &[(usize, Cell)]) -> Result<Vec<(usize, Cell)>, EscapeError> {
    let mut cells: Vec<(usize, Cell)> = vec![];
    for name in names {
        let unknown = || EscapeError::UnknownCell { name: name.clone() };
        let cell = Cell::by_name(name).ok_or_else(unknown)?;
        let number = suite.iter().find(|(_, of)| *of == cell).map_or(0, |(number, _)| *number);
        if cells.iter().all(|(_, known)| *known != cell) {
            cells.push((number, cell));
        }
    }
    if cells.is_empty() {
        return Err(EscapeError::UnknownCell { name: String::new() });
    }
    Ok(cells)
}

/// The places I − 1 … J − 1 of `I..J`, of which either end may be left out, or of `I`.
fn places(range: &str, count: usize) -> Result<std::ops::Range<usize>, EscapeError> {
    let refuse = || EscapeError::Cells { given: range.to_owned(), count };
    let end = |text: &str, default: usize| match text {
        "" => Some(default),
        text => text.parse::<usize>().ok(),
    };
    let ends = match range.split_once("..") {
        Some((first, last)) => end(first, 1).zip(end(last, count)),
        None => range.parse().ok().map(|one| (one, one)),
    };
    let (first, last) = ends.ok_or_else(refuse)?;
    if first >= 1 && first <= last && last <= count { Ok(first - 1..last) } else { Err(refuse()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_count_from_one_and_include_both_ends() {
        for (range, expected) in
            [("1..60", 0..60), ("3..5", 2..5), ("7", 6..7), ("58..", 57..60), ("..2", 0..2)]
        {
            assert_eq!(places(range, 60).unwrap(), expected, "{range}");
        }
        for bad in ["0..3", "5..3", "59..61", "99..", "", "x", "1..x", "-1..3", "1...3", "1..=3"] {
            assert!(places(bad, 60).is_err(), "{bad}");
        }
    }
}
