//! Why a comparison failed.

use deo_models::problems::ProblemError;

/// Why a comparison failed; each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// A problem that can't be set up.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// A base that wants a matrix, on a problem that has none.
    #[error(
        "{method} needs parameters that are matrices, and {problem} has none; leave one of the two away"
    )]
    NoMatrix {
        /// The method.
        method: String,
        /// The problem.
        problem: String,
    },
    /// A cell whose rate is neither committed nor tuned.
    #[error("there is no rate for {cell}; have it tuned first")]
    NoRate {
        /// What the rate would be tuned for.
        cell: String,
    },
    /// The threads could not be started.
    #[error("cannot start {threads} threads ({reason}); give a smaller --threads")]
    Threads {
        /// How many were wanted.
        threads: usize,
        /// What the system said. Part of the message, hence not its source.
        reason: Box<dyn std::error::Error + Send + Sync>,
    },
}
