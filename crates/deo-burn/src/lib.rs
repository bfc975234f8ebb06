#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod buffers;
mod curvature;
mod deo;
mod error;
mod layout;
mod objective;
mod space;

pub use curvature::curvature;
pub use deo::{ModuleDeo, Step};
pub use error::ModuleError;
pub use space::{Reduction, Tensors};

/// The crate whose machines these are: settings, events, estimates.
pub use deo_core;
