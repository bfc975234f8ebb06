//! What the options ask for of the suite of harm: every name and number checked.

use super::error::EscapeError;
use super::options::Options;
use crate::setting::{UnusedOption, threads, within};
use deo_bench::escape::Settings;
use deo_bench::escape::harm::{Cell, HarmSettings};

impl Options {
    /// Whether they ask for the suite of harm.
    pub fn want_harm(&self) -> bool {
        let suites = HarmSettings::SUITES;
        let wanted = |names: &Vec<String>| names.iter().any(|name| suites.contains(&name.as_str()));
        self.suite.as_ref().is_some_and(wanted)
    }

    /// The settings of that suite that these options ask for.
    ///
    /// # Errors
    ///
    /// [`EscapeError`] with a message of one line.
    pub fn resolve_harm(&self) -> Result<HarmSettings, EscapeError> {
        let given = self.suite.as_deref().unwrap_or_default();
        let whole = match given {
            [name] => HarmSettings::of(name),
            _ => None,
        };
        let whole = whole.ok_or_else(|| EscapeError::HarmAlone { given: given.join(",") })?;
        let unused = [
            ("methods", self.methods.is_some()),
            ("grid", self.grid.is_some()),
            ("lr", self.lr.is_some()),
            ("tuning-seeds", self.tuning_seeds.is_some()),
            ("budget", self.budget.is_some()),
            ("cells", self.cells.is_some() && self.cell.is_some()),
        ];
        if let Some((name, _)) = unused.into_iter().find(|(_, given)| *given) {
            let needs = if name == "cells" {
                "to be without --cell, which names the cells"
            } else {
                "problems in --suite; the cells of harm have methods, rates and budgets of their own"
            };
            return Err(UnusedOption { name, needs }.into());
        }
        let cells = match (&self.cell, &self.cells) {
            (Some(names), _) => named(names, &whole.cells)?,
            (None, Some(range)) => whole.cells[places(range, whole.cells.len())?].to_vec(),
            (None, None) => whole.cells,
        };
        Ok(HarmSettings {
            suite: whole.suite,
            cells,
            seeds: within("seeds", self.seeds.unwrap_or(whole.seeds), 1, Settings::MOST_SEEDS)?,
            seed: within("seed", self.seed.unwrap_or(whole.seed), 0, Settings::MOST_SEED)?,
            threads: threads(self.threads)?,
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
