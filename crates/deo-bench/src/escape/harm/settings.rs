//! The settings of the suite.

use super::cell::{Cell, REPORTED, product};
use super::cover::cover;
use crate::escape::settings::all_cores;
use serde::Serialize;

/// Everything that decides the numbers of the suite, and the number of threads, which doesn't.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// The names of the suite: the cover, and the whole product.
    pub const SUITES: [&str; 2] = ["harm", "harm-full"];

    /// The whole suite of that name; `None` if there is none.
    pub fn of(suite: &str) -> Option<HarmSettings> {
        let suite = Self::SUITES.into_iter().find(|known| *known == suite)?;
        let crossed = if suite == "harm" { cover() } else { product() };
        let all = [REPORTED].into_iter().chain(crossed);
        // One seed in twenty may be harmed, so it takes twenty to see one; the product is for a night, and has cells enough.
        let seeds = if suite == "harm" { 20 } else { 8 };
        Some(HarmSettings {
            suite,
            cells: (1..).zip(all).collect(),
            seeds,
            seed: 1,
            threads: all_cores(),
        })
    }
}
