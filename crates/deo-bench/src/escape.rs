//! Methods that leave saddles and plateaus, on problems with known answers, at equal budgets.
//!
//! Problem: a policy that escapes saddles has to be held against tuned baselines and against controls that have one
//! part of it only, at an equal cost in gradients, on starts that nothing was tuned on.
//!
//! ```text
//! Settings   problems, methods, seeds, budgets
//! compare    for each problem and method:  Tuning ──► rate and knobs ──► runs on fresh seeds
//!                                             └── run: Method steps, Metered counts, Ledger pays ──► Outcome
//! Row        medians, with missed targets as infinite costs ──► tables, JSON, CSV, SVG
//! ```
//!
//! A cost is gradients plus a third of the losses; evaluations of the problem's measure are the observer's and free.

mod compare;
pub mod curves;
mod error;
pub mod harm;
mod kinds;
mod look;
pub mod markdown;
mod meter;
mod method;
mod methods;
pub mod predicted;
pub mod results;
mod run;
mod settings;
mod statistics;
mod trainer;
mod tuning;

pub use compare::{Compared, Judged, ProblemFacts, Registry, compare, compare_from};
pub use error::CompareError;
pub use kinds::{Base, MethodKind, Policy};
pub use look::{Point, look};
pub use meter::Metered;
pub use method::{Deeds, Method};
pub use run::{End, Outcome};
pub use settings::Settings;
pub use trainer::{Outlook, Trainer};
pub use tuning::{Candidate, Knob};
