//! `deo saddle`: the passes around a minimum, from many starts, each one once.
//!
//! Problem: a search finds one saddle, and which one depends on its start. A list of the passes of a surface takes many
//! searches from displaced starts, an independent check of each result, and a way to see that two results are the same
//! one, turned round or with its atoms renamed.
//!
//! ```text
//! Options     as given, on the command line or in a file
//! Settings    decided, checked
//! Starts      file or geometry read, relaxed once for its minimum
//!      │ + σ·noise(seed, search)
//!      ▼
//! run   find (deo-saddle) in parallel ──► Search, one each, failures too
//!       merge ──► Distinct, by energy ──► join (with --connect) ──► table, JSON, record, XYZ, SVG
//! ```
//!
//! Points of another index, maxima among them, are searched for in the same way. Two results are one if their energies
//! agree and, for a cluster, their sorted interatomic distances, which don't change by turning, mirroring or renaming;
//! for a landscape, their coordinates.

pub mod con;
mod distinct;
mod elements;
mod engine;
mod error;
mod merge;
mod options;
mod potential;
mod report;
mod results;
mod run;
mod settings;
mod starts;
mod tables;
pub mod xyz;

pub use engine::EngineError;
pub use error::SaddleError;
pub use options::{Mode, Options, SaddleArgs};
pub use potential::Potential;
pub use report::execute;
pub use results::{Distinct, Minimum, Origin, Results, Search, Side};
pub use settings::Settings;
pub use starts::Start;
