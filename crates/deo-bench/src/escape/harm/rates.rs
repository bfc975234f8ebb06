//! The tuned rate of each net, batch and base.
//!
//! Problem: the suite is to take no longer than its runs, and its rates are to be the same in every run of it. So they are
//! tuned once, on seeds of their own, by the search that the other suites use, and committed:
//!
//! ```text
//! deo escape --suite harm --rates > crates/deo-bench/src/escape/harm/rates.toml      # half an hour on two cores
//! ```
//!
//! Criterion: the median loss of the training data after 600 gradients, the middle one of the three runs, over
//! three seeds. What isn't in the file, most of the whole product, is tuned in the same way when it is wanted.

use super::cell::Cell;
use crate::escape::error::CompareError;
use crate::escape::kinds::MethodKind;
use crate::escape::methods::plain;
use crate::escape::run::{Outcome, run};
use crate::escape::settings::tuning_seed;
use crate::escape::tuning::Tuning;
use deo_models::problems::ProblemError;
use std::collections::BTreeMap;

/// Rates by what they are tuned for.
pub type Rates = BTreeMap<String, f64>;

const COMMITTED: &str = include_str!("rates.toml");

/// Gradients of a run of the tuning.
const GRADIENTS: u64 = 600;
/// Seeds of the tuning.
const SEEDS: u64 = 3;
/// Rates of the grid; the search goes on from its best one.
const GRID: u32 = 3;

/// The committed rates.
pub fn committed() -> Rates {
    toml::from_str(COMMITTED).expect("the committed rates are read by a test")
}

/// The cells whose rates aren't known, one for each rate.
pub fn missing(cells: &[(usize, Cell)], known: &Rates) -> Vec<Cell> {
    let mut missing: BTreeMap<String, Cell> = BTreeMap::new();
    for (_, cell) in cells {
        if !known.contains_key(&cell.rated()) {
            missing.entry(cell.rated()).or_insert(*cell);
        }
    }
    missing.into_values().collect()
}

/// Tunes the base of a cell on its net, on seeds that no cell is judged on.
///
/// # Errors
///
/// [`ProblemError`] if the data aren't compiled in.
pub(super) fn tune(cell: &Cell) -> Result<f64, ProblemError> {
    let mut problem = cell.net().problem()?;
    let base = cell.base();
    let trial = |lr: f64, _: &[f64], limit: u64| -> Vec<Outcome> {
        let mut one = |index| {
            // Of the seed 0, whatever the seed of the suite: the rates are to be the same.
            let seed = tuning_seed(0, index);
            let x = problem.start(seed);
            let mut method = plain(base, lr, &x, &problem.groups());
            run(&mut *problem, &mut *method, x, seed, limit, false)
        };
        (0..SEEDS).map(&mut one).collect()
    };
    let middle = MethodKind::Plain(base).middle();
    Ok(Tuning::new(trial, GRADIENTS, middle, GRID, &[]).search().0.lr)
}

/// The rates as they are committed.
pub fn text(rates: &Rates) -> String {
    let head = "# Tuned learning rates of the nets of `deo escape --suite harm`; made by\n\
                # deo escape --suite harm --rates > crates/deo-bench/src/escape/harm/rates.toml\n";
    let line = |(name, rate): (&String, &f64)| format!("{name} = {rate}\n");
    head.to_owned() + &rates.iter().map(line).collect::<String>()
}

/// The rate of a cell.
pub(super) fn rate(cell: &Cell, rates: &Rates) -> Result<f64, CompareError> {
    let tuned = rates.get(&cell.rated());
    let tuned = tuned.ok_or_else(|| CompareError::NoRate { cell: cell.rated() })?;
    Ok(tuned * cell.scale())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::harm::cover::cover;

    #[test]
    fn every_cell_of_the_cover_has_a_rate_and_no_rate_is_of_none() {
        let (rates, cover) = (committed(), cover());
        let cells: Vec<(usize, Cell)> = (1..).zip(cover).collect();
        assert_eq!(missing(&cells, &rates), []);
        for (name, &rate) in &rates {
            assert!(rate > 0.0 && rate.is_finite(), "{name}");
            assert!(cells.iter().any(|(_, cell)| cell.rated() == *name), "{name}");
        }
    }

    #[test]
    fn the_text_of_rates_gives_them_back() {
        let rates = committed();
        assert_eq!(toml::from_str::<Rates>(&text(&rates)).unwrap(), rates);
    }
}
