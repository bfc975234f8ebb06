#![doc = include_str!("../README.md")]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod eigen;
pub mod kernels;
pub mod matmul;
pub mod parallel;
pub mod real;
mod simd;
#[cfg(feature = "deo-core")]
pub mod space;
mod vzeroupper;

pub use matmul::{Accumulate, MatMut, MatRef, matmul};
pub use parallel::Threads;
pub use real::Real;
pub use simd::vectorised;
#[cfg(feature = "deo-core")]
pub use space::Parallel;
