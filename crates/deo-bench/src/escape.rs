//! `deo escape`: methods that leave saddles and plateaus, on problems with known answers, at equal budgets.
//!
//! Problem: a policy that escapes saddles has to be held against tuned baselines and against controls that have one
//! part of it only, at an equal cost in gradients, on starts that nothing was tuned on.
//!
//! ```text
//! Options    as given              ─┐ command line over file
//! Settings   names and numbers checked ◄┘
//! compare    for each problem and method:  Tuning ──► rate and knobs ──► runs on fresh seeds
//!                                             └── run: Method steps, Metered counts, Ledger pays ──► Outcome
//! Row        medians, with missed targets as infinite costs ──► tables, JSON, CSV, SVG
//! ```
//!
//! A cost is gradients plus a third of the losses; evaluations of the problem's measure are the observer's and free.

mod compare;
mod curves;
mod error;
mod harm;
mod kinds;
mod markdown;
mod meter;
mod method;
mod methods;
mod options;
mod report;
mod results;
mod run;
mod settings;
mod statistics;
mod tuning;

pub use compare::{Compared, Judged, ProblemFacts, compare};
pub use error::EscapeError;
pub use harm::{Cell, Column, HarmSettings};
pub use kinds::{Base, MethodKind, Policy};
pub use meter::Metered;
pub use method::{Deeds, Method};
pub use options::{EscapeArgs, Options};
pub use report::execute;
pub use results::Row;
pub use run::{End, Outcome};
pub use settings::Settings;
pub use tuning::{Candidate, Knob};
