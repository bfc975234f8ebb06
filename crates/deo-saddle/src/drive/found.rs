//! What a search, and its verification, came to.

use super::super::guess::HessianGuess;
use super::super::outcome::{Counts, Outcome, Waypoint};
use super::super::verify::Verdict;

/// What a search came to.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Found<V> {
    /// How the search ended.
    pub outcome: Outcome,
    /// Where.
    pub x: V,
    /// f there.
    pub value: f64,
    /// ‖g‖ there.
    pub gradient_norm: f64,
    /// What the search spent.
    pub counts: Counts,
    /// The way, as far as it was to be recorded.
    pub way: Vec<Waypoint<V>>,
    /// What the search has learned of the Hessian, if it keeps a matrix; used up by the verification.
    #[cfg_attr(feature = "serde", serde(skip, default = "no_guess"))]
    pub hessian: Option<HessianGuess<V>>,
}

/// By a path, since serde asks for `V: Default` otherwise.
#[cfg(feature = "serde")]
fn no_guess<V>() -> Option<HessianGuess<V>> {
    None
}

/// A point that a search converged to, and what an independent solve says of it.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Saddle<V> {
    /// What the search came to.
    pub found: Found<V>,
    /// The verdict on the index; [`Verdict::Unresolved`] if the search didn't converge.
    pub verdict: Verdict,
    /// The k + 1 lowest curvatures, ascending; empty if the search didn't converge. Of a saddle the last, which is above zero,
    /// may be a bound from above, as its error says: what was asked is its sign.
    pub curvatures: Vec<f64>,
    /// Their errors: those of the secants, and of the solve.
    pub errors: Vec<f64>,
    /// Their axes.
    pub axes: Vec<V>,
    /// Gradients of the verification.
    pub verification_gradients: u64,
}

impl<V> Saddle<V> {
    /// The search converged, and the index is the one sought.
    pub fn is_confirmed(&self) -> bool {
        self.found.outcome == Outcome::Converged && self.verdict == Verdict::Confirmed
    }
}
