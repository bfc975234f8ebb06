#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod buffers;
mod curvature;
mod deo;
mod error;
mod layout;
mod objective;
mod space;
mod state;

pub use curvature::curvature;
pub use deo::{ModuleDeo, Step};
pub use error::ModuleError;
pub use space::{Reduction, Tensors};
pub use state::StateError;

/// The crate whose machines these are: settings, events, estimates.
pub use deo_core;
