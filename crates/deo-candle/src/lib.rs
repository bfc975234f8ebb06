#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod adamw;
mod error;
mod estimate;
mod parameters;
mod probing;
mod resumable;
mod space;
mod state;
mod state_error;
mod with_deo;

pub use adamw::AdamW;
pub use error::Error;
pub use estimate::{answer_all, lowest_curvature};
pub use parameters::{Parameters, sorted_vars};
pub use resumable::Resumable;
pub use space::Tensors;
pub use state_error::StateError;
pub use with_deo::WithDeo;

// What the signatures above are made of.
pub use deo_core;
pub use deo_core::drive::StepReport;
