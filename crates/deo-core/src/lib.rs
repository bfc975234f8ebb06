#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod budget;
pub mod certify;
pub mod compat;
pub mod deo;
pub mod determinism;
pub mod diagnose;
pub mod dimer;
pub mod drive;
pub mod estimate;
pub mod krylov;
#[cfg(any(test, feature = "testing", all(doc, not(doctest))))]
// in the documentation of every build
pub mod laws;
pub mod monitor;
pub mod noise;
pub mod objective;
pub mod optim;
pub mod oracle;
pub mod policy;
pub mod probe;
mod ritz;
mod secant_error;
pub mod setting;
pub mod space;
pub mod statistics;
pub mod stochastic;
mod student;
pub mod trigger;
pub mod two_lengths;

pub use deo::{Deo, DeoSettings, Event, PolicySettings, Question};
pub use dimer::{Dimer, DimerSettings};
pub use estimate::{Estimate, Status};
pub use objective::Objective;
pub use probe::{Answer, Length, Probe, Rule};
pub use setting::SettingError;
pub use space::Space;
