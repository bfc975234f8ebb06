//! `deo escape`: the comparisons of [`deo_bench::escape`], from a command line to tables and files.
//!
//! ```text
//! Options    as given ── command line over file
//!   resolve  ──► Settings ──► compare ──► Row: tables, JSON, CSV, SVG
//!   resolve_harm  ──► HarmSettings ──► harm::run ──► CellRecord: tables, JSON, CSV
//!                                         └── Journal: the seeds that are done
//! ```
//!
//! What a method is, how it is tuned and what a row says is there; here are names, ranges, progress bars and files.

mod error;
mod harm;
mod harm_settings;
mod journal;
mod options;
mod report;
mod settings;

pub use error::EscapeError;
pub use options::{EscapeArgs, Options};
pub use report::execute;
