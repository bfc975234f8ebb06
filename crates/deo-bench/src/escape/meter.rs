//! The objective of a step behind a meter, so that every method pays for what it asks.
//!
//! A gradient costs 1, with the loss at the same point included; a loss alone costs a third
//! ([`LOSS_COST`](deo_core::budget::LOSS_COST)). What the budget can't pay is refused, not evaluated.

use crate::Ledger;
use deo_core::Objective;
use deo_core::oracle::Oracle;

/// An objective that is paid from a [`Ledger`].
pub struct Metered<'a> {
    objective: &'a mut dyn Objective<[f64]>,
    ledger: &'a mut Ledger,
}

impl<'a> Metered<'a> {
    /// `objective`, paid from `ledger`.
    pub fn new(objective: &'a mut dyn Objective<[f64]>, ledger: &'a mut Ledger) -> Self {
        Metered { objective, ledger }
    }

    /// f(x), and `gradient` ← ∇f(x); `None` if the budget can't pay a gradient.
    #[must_use]
    pub fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> Option<f64> {
        self.ledger.take_gradient().then(|| self.objective.value_grad(x, gradient))
    }

    /// f(x); `None` if the budget can't pay a loss.
    #[must_use]
    pub fn loss(&mut self, x: &[f64]) -> Option<f64> {
        self.ledger.take_loss().then(|| self.objective.value(x))
    }
}

/// The budget can't pay what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent;

impl Oracle<[f64]> for Metered<'_> {
    type Stop = Spent;

    fn try_value(&mut self, x: &[f64]) -> Result<f64, Spent> {
        self.loss(x).ok_or(Spent)
    }

    fn try_value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64, Spent> {
        self.gradient(x, gradient).ok_or(Spent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deo_core::objective::FromFn;

    #[test]
    fn what_the_budget_cannot_pay_is_not_evaluated() {
        let mut calls = 0;
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            calls += 1;
            if let Some(g) = g {
                g[0] = 2.0 * x[0];
            }
            x[0] * x[0]
        });
        let (mut ledger, mut g) = (Ledger::new(2), [0.0]);
        let mut metered = Metered::new(&mut f, &mut ledger);
        assert_eq!(metered.gradient(&[3.0], &mut g), Some(9.0));
        assert_eq!((metered.loss(&[2.0]), g), (Some(4.0), [6.0]));
        // 1⅓ of 2 are spent: a gradient no longer fits, two losses do.
        assert_eq!(metered.gradient(&[1.0], &mut g), None);
        assert_eq!([metered.loss(&[1.0]), metered.loss(&[1.0])], [Some(1.0); 2]);
        assert_eq!((metered.loss(&[1.0]), g), (None, [6.0]));
        assert_eq!((ledger.gradients(), ledger.losses(), ledger.spent()), (1, 3, 2.0));
        assert_eq!(calls, 4);
    }
}
