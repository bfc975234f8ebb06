//! Placeholder.

pub mod real;

pub use real::Real;
