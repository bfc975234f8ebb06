//! [`Space`](deo_core::Space) implementations over the kernels.
//!
//! | space | vectors |
//! |---|---|
//! | [`Parallel`] | slices of `f32` or `f64` |
//! | [`Dense`] | any type whose components are one slice, see [`Contiguous`] |
//! | [`FaerCol`] | faer's `Col`, an alias |
//! | [`NalgebraVector`] | nalgebra's `DVector`, an alias, feature `nalgebra` |
//!
//! All give the same bits, those of [`kernels`](crate::kernels).

mod dense;
pub(crate) mod parallel;

#[cfg(feature = "nalgebra")]
pub use dense::NalgebraVector;
pub use dense::{Contiguous, Dense, FaerCol};
pub use parallel::Parallel;
