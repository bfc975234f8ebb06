#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod objective;
pub mod space;

pub use objective::Objective;
pub use space::Space;
