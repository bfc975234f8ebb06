//! Which of the two errors of a secant dominates, and the numbers that make one formula serve for both.

use crate::probe::Rule;

/// The error that dominates at the first length of a [`TwoLengths`](super::TwoLengths).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Regime {
    /// Rounding: a longer dimer does better.
    Rounding,
    /// Both count: the length is near its best.
    Balanced,
    /// Truncation: a shorter dimer does better.
    Truncation,
}

/// The regime in which ‖Δ‖ grows by `growth` from one pair of lengths to the next.
pub(super) fn regime(rule: Rule, growth: f64) -> Regime {
    let order = if rule == Rule::Central { 2 } else { 1 };
    // Pure truncation comes within a tenth of ρ or ρ²; pure rounding scatters about 1/ρ.
    if growth > 0.8 * rule.ratio().powi(order) {
        Regime::Truncation
    } else if growth < 1.0 {
        Regime::Rounding
    } else {
        Regime::Balanced
    }
}
