//! Curvature over several mini-batches: mean, standard error, and what to do about the larger of two errors.
//!
//! Problem: the Hessian of a mini-batch, H_b, is a sample; its mean H is what one wants to know, and the
//! curvature of one batch says nothing about how far it is off. Along a fixed axis n every batch gives
//! C_b = ⟨n, H_b n⟩, an unbiased sample of C = ⟨n, Hn⟩, so with B batches
//!
//! ```text
//! C̄ = Σ C_b / B,   se(C) = √(Σ (C_b − C̄)² / (B (B − 1))),   gate: C̄ + t se(C) + z secant error < 0
//! ```
//!
//! with the t of Student's distribution that has the confidence of z in a normal one: 95 % for z = 2, at any B.
//! The secant error counts z times because where H = 0 it *is* all of |C̄|. For the residual r = Hn − Cn,
//! se(r) = √(Σ ‖r_b − r̄‖² / (B (B − 1))) is the part that is noise.
//!
//! **The standard error of an eigenvalue.** Let n be the lowest eigenvector of H̄, the mean over B batches. To first
//! order in the difference between H̄ and H, dλ = ⟨n, dH n⟩: the eigenvalue errs as the Rayleigh quotient does, and
//! se(λ) = se(C). What is left out is of second order, at most ‖r‖²/gap with r of the true mean: it makes λ_min(H̄)
//! too low on average, since λ_min is concave. When se(r) is not small beside the gap to the next eigenvalue,
//! the eigenvector itself is that of the sample, and se(C) is too small.
//!
//! **Fresh batches.** An axis that was rotated on some batches fits their noise: C̄ over the same batches is too low,
//! and the gate passes on pure noise. Judge it on batches that it hasn't seen.
//!
//! **Few batches.** se(C) is itself uncertain: C̄ ± 2 se(C) holds C in 70, 82, 86 and 91 % of cases for B = 2, 3, 4 and
//! 8. So every decision here takes z and widens it to the t of B − 1 degrees of freedom ([`student_t`]); for z = 2 that
//! is 13.97, 4.53, 3.31, 2.87, 2.65 and 2.43 for B = 2, 3, 4, 5, 6 and 8. A printed ± is one standard error, not widened.
//!
//! | formula | code |
//! |---|---|
//! | C_b, B | one `begin_batch` … `tell` of [`BatchCurvature`] |
//! | C̄, se(C), secant error, ‖r‖, se(r) | [`BatchEstimate`] |
//! | mean and variance, one sample at a time | [`Sample`] |
//! | t(z, B), and t se | [`student_t`], [`Sample::margin`] |
//! | H̄ itself, to rotate on | [`MeanOf`] |
//! | which error dominates | [`Advice`] |
//!
//! Sources: Welford, Technometrics 4, 419 (1962); Kato, Perturbation Theory for Linear Operators, ch. II.

mod advice;
mod batches;
mod mean_of;
mod sample;

pub use crate::student::student_t;
pub use advice::Advice;
pub use batches::{BatchCurvature, BatchEstimate};
pub use mean_of::MeanOf;
pub use sample::Sample;
