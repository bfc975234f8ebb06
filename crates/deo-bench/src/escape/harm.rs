//! The suite of harm: what Escape costs where there may be nothing to escape from.
//!
//! Problem: a policy that promises to do no harm has to be held against the base optimizer alone where people train:
//! small nets on real data, at good rates and at bad ones, in short runs and in long ones. The harm found so far sat in
//! combinations (deep sigmoids, Adam, full batches, 600 gradients), which no list of a few problems meets.
//!
//! | factor | levels |
//! |---|---|
//! | data | digits, cancer, iris, char-gpt |
//! | hidden layers | 2, 3, 4, 5, 6 |
//! | activation | sigmoid, tanh, relu, gelu; gelu for the GPT |
//! | batch | full, mini |
//! | base | gd, heavy-ball, adam, adamw, nadamw |
//! | rate | 0.3, 1, 3 times the tuned one |
//! | run | 200, 600, 2 000 gradients |
//!
//! The suite is a cover of 60 of them, in which each two levels of two factors meet, and before it one cell at 0.15 times the
//! tuned rate, where harm was first seen.
//!
//! ```text
//! cell     a level of each factor
//! rates    the tuned rate of each net, batch and base, committed
//! pair     for each cell and seed: base, controls, Escape, from one start, on the same batches, at the same cost
//! verdict  r = loss with / loss without, of the training data at the end ──► geometric mean, its error, r > 1.25
//! ```
//!
//! A cell passes if the geometric mean of r is at most 1.01 within its standard error and at most one seed in twenty has
//! r > 1.25. Beside Escape with its default settings and with the budget of a known run there are
//!
//! | control | what it is | what it says |
//! |---|---|---|
//! | again | the base once more, on other batches; on full batches from a start moved by a thousandth | the noise of r |
//! | fewer steps | the base, given as many steps as Escape was left with | the price of the looks alone |
//! | line search | Escape without its axis | what the axis does |
//!
//! An error is a standard deviation, so of the cells in which nothing happens one in six is above it by chance, and two runs
//! of the same base near the edge of stability part by more than 25 %: what fails is to be read beside how often *again* fails.
//!
//! Losses below 1e-4 of that at the start count as that: there one sample of doubt among some hundreds would weigh
//! more, and a ratio says nothing. Losses above ten times that at the start, infinite ones among them, count as that.

mod cell;
mod columns;
mod cover;
mod pair;
pub mod rates;
mod records;
mod run;
mod settings;
mod table;
mod verdict;

pub use cell::Cell;
pub use columns::Column;
pub use pair::{Ended, Pair};
pub use records::{CellRecord, Record, Summary, csv};
pub use run::{Memory, run, tuned};
pub use settings::HarmSettings;
pub use table::text;
pub use verdict::Verdict;
