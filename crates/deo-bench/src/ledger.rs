//! The budget of a run: what was evaluated and what may still be.
//!
//! Problem: a run with DEO is worth a comparison only at equal cost. Every run gets the same budget B in gradients, a
//! loss counting a third of one ([`LOSS_COST`](deo_core::budget::LOSS_COST)). Counted in thirds, the rule has no
//! rounding:
//!
//! - an evaluation is made if it fits: 3·gradients + losses, it included, is at most 3B;
//! - a run ends when no gradient fits. Without DEO that is after exactly B steps; with DEO less than one
//!   gradient is left over. It never gets more than the run without.
//!
//! Validation costs nothing: it is the observer's, and the same for all runs.

use serde::{Deserialize, Serialize};

/// Gradients and losses spent, and the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    budget: u64,
    gradients: u64,
    losses: u64,
}

/// A gradient in thirds of a gradient.
const GRADIENT: u64 = 3;
/// A loss in thirds of a gradient.
const LOSS: u64 = 1;

impl Ledger {
    /// Nothing spent of `budget` gradients.
    pub fn new(budget: u64) -> Self {
        Ledger { budget, gradients: 0, losses: 0 }
    }

    /// What may be spent, in gradients.
    pub fn budget(&self) -> u64 {
        self.budget
    }

    /// All gradients evaluated, DEO's included.
    pub fn gradients(&self) -> u64 {
        self.gradients
    }

    /// The losses evaluated by DEO.
    pub fn losses(&self) -> u64 {
        self.losses
    }

    /// The cost so far, in gradients.
    pub fn spent(&self) -> f64 {
        self.thirds() as f64 / GRADIENT as f64
    }

    /// The cost so far in whole gradients, rounded down: the clock of the learning rate.
    pub fn whole(&self) -> u64 {
        self.thirds() / GRADIENT
    }

    /// Another gradient fits.
    pub fn affords_gradient(&self) -> bool {
        self.fits(GRADIENT)
    }

    /// Enters a gradient if it fits; false if it doesn't.
    #[must_use]
    pub fn take_gradient(&mut self) -> bool {
        let fits = self.fits(GRADIENT);
        self.gradients += u64::from(fits);
        fits
    }

    /// Enters a loss if it fits; false if it doesn't.
    #[must_use]
    pub fn take_loss(&mut self) -> bool {
        let fits = self.fits(LOSS);
        self.losses += u64::from(fits);
        fits
    }

    fn thirds(&self) -> u64 {
        GRADIENT * self.gradients + LOSS * self.losses
    }

    fn fits(&self, cost: u64) -> bool {
        self.thirds() + cost <= GRADIENT * self.budget
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_exceeds_the_budget_and_less_than_a_gradient_is_left() {
        let mut ledger = Ledger::new(7);
        for _ in 0..5 {
            assert!(ledger.take_loss());
        }
        let mut steps = 0;
        while ledger.take_gradient() {
            steps += 1;
        }
        assert_eq!((steps, ledger.gradients(), ledger.losses()), (5, 5, 5));
        assert!(ledger.spent() <= 7.0 && ledger.spent() > 6.0);
        assert!(ledger.take_loss() && !ledger.take_loss());
        assert_eq!(ledger.spent(), 7.0);
    }

    #[test]
    fn a_loss_costs_what_the_core_says() {
        let mut ledger = Ledger::new(1);
        assert!(ledger.take_loss());
        assert_eq!(ledger.spent(), deo_core::budget::LOSS_COST);
        assert_eq!(ledger.whole(), 0);
    }
}
