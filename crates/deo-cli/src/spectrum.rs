//! `deo spectrum`: eigenvalues of a Hessian, or of a matrix, with error bars.
//!
//! Problem: an eigenvalue of a Hessian without its error is a rumour. There are four errors, and each is shown by
//! itself, because each has another remedy:
//!
//! | error | measure | remedy |
//! |---|---|---|
//! | of the search | residual ‖Hn − λn‖: an eigenvalue lies within it | more gradients, a smaller tolerance |
//! | of the pair: which one, at which angle | gap to the next eigenvalue; angle ≈ residual/gap | confirmation |
//! | of finite differences | secant error of λ | the central rule, another length, double precision |
//! | of the sample | standard error of ⟨n, H_b n⟩ over the batches b | more batches |
//!
//! ```text
//! SpectrumArgs  as given
//! Settings      decided, checked
//! Target        files read, model built   ── Source ──► products Hv of the mean over the batches, counted
//!                                                        │
//!               Krylov (deo-core) asks, Source answers  ◄┘ ──► Results ──► table, JSON, record, vectors
//! ```
//!
//! The standard error is that of the curvature along the axis found, over the very batches that it was found on. An
//! axis chosen as the lowest of a sample looks lower on that sample than on the next one; this bias is not in it.

mod advice;
mod choices;
mod curve;
mod error;
mod gpt;
mod landscape;
mod matrix;
mod measure;
mod options;
mod report;
mod results;
mod search;
mod secants;
mod settings;
mod source;
mod target;
mod verify;
mod whole;

pub use choices::{Ends, Precision, SecantRule};
pub use error::SpectrumError;
pub use options::SpectrumArgs;
pub use report::execute;
pub use results::{Pair, Results};
pub use settings::{DensitySettings, Settings, TargetSettings};
pub use whole::{DensityResult, Share, TraceResult};
