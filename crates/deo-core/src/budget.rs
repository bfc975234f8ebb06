//! What the policy may spend: a token bucket in gradients.
//!
//! Problem: do no harm. Every base gradient earns a set share of a gradient; a visit spends what it evaluates, a loss
//! at a third of a gradient, and one for the step that a move replaces; a visit that paid gets its cost back. So a run
//! without saddles loses at most the share plus the start-up allowance, and a run with real saddles pays for itself.
//!
//! Only a run that stands can bear so much. With S the steps that the base optimizer needs for the trust radius at its
//! present pace, and t those until now, what didn't pay may be at most
//!
//! ```text
//! σ t + κ max(S − c t, 0),                 σ = 0.005, κ = 0.02, c = 2 on one batch for ever,
//! σ t + min(κ max(S − c t, 0), α t),       σ = 0.002, κ = 0.01, c = 5, α = 0.01 else.
//! ```
//!
//! On batches that differ few visits end in a move, and no S is believed beyond a hundredth of the steps.

/// The cost of a loss evaluation, in gradients: the backward pass takes about twice the forward pass.
pub const LOSS_COST: f64 = 1.0 / 3.0;

/// The settings of a [`Budget`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct BudgetSettings {
    /// The share of a gradient earned with each gradient of the base optimizer.
    /// Default: 0.02; 0 or above, without a unit.
    pub share: f64,
    /// Gradients in the bucket at the start: about what one hard saddle costs. Where the length of the run is known,
    /// take [`BudgetSettings::for_run`].
    /// Default: 60; 0 or above, in gradients.
    pub allowance: f64,
}

impl Default for BudgetSettings {
    /// 2 %, and 60 gradients to start with. With 5 % a deep autoencoder under AdamW ended 2 % worse than without, by the
    /// steps that it was not given; no saddle tried needs more (docs/adr/0010).
    fn default() -> Self {
        BudgetSettings { share: 0.02, allowance: 60.0 }
    }
}

impl BudgetSettings {
    /// For a run of `steps` steps: the allowance at the start is taken out of the 2 % that the run earns, so that what is spent in
    /// vain never exceeds 2 % of the run.
    ///
    /// # Examples
    ///
    /// ```
    /// use deo_core::budget::BudgetSettings;
    /// let budget = BudgetSettings::for_run(5_000);
    /// assert_eq!(budget.allowance, 60.0);
    /// assert!((budget.allowance + 5_000.0 * budget.share - 100.0).abs() < 1e-9);
    /// ```
    pub fn for_run(steps: u64) -> Self {
        let BudgetSettings { share, allowance } = BudgetSettings::default();
        let steps = steps.max(1) as f64;
        let allowance = allowance.min(share * steps);
        // Where the allowance is all there is, the difference may round to below 0.
        BudgetSettings { share: (share - allowance / steps).max(0.0), allowance }
    }
}

/// A token bucket of gradients.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Budget {
    settings: BudgetSettings,
    tokens: f64,
    /// What was spent and didn't pay.
    debt: f64,
    /// Gradients of the base optimizer.
    steps: f64,
}

/// What a run can bear.
struct Caution {
    /// Gradients without success, for each step of a crossing.
    crossing: f64,
    /// Gradients without success, for each step so far.
    share: f64,
    /// So many times the steps so far are off a crossing: the base gets there anyhow.
    steps: f64,
    /// The most that a crossing is worth, for each step so far.
    most: f64,
}

/// Where every step sees the same batch, a fall is a fact.
const ON_ONE_BATCH: Caution =
    Caution { crossing: 0.02, share: 0.005, steps: 2.0, most: f64::INFINITY };

/// Where that isn't known, or batches differ.
const ELSE: Caution = Caution { crossing: 0.01, share: 0.002, steps: 5.0, most: 0.01 };

impl Budget {
    /// A bucket with the start-up allowance in it.
    pub fn new(settings: BudgetSettings) -> Self {
        Budget { settings, tokens: settings.allowance, debt: 0.0, steps: 0.0 }
    }

    pub(crate) fn has_settings_of(&self, other: &Self) -> bool {
        self.settings == other.settings
    }

    /// The gradients that may be spent now; negative if the last visit overdrew.
    pub fn available(&self) -> f64 {
        self.tokens
    }

    /// What may be spent where the base optimizer, at its present pace, needs `crossing` steps for the trust radius.
    ///
    /// The bucket alone takes 60 gradients from a run of 200. But nobody knows a run's length here, and what is too much
    /// for one that gets on is little for one that stands: a move saves at most the steps of a crossing.
    pub(crate) fn bearable(&self, crossing: f64, one_batch: bool) -> f64 {
        if crossing >= f64::MAX {
            return self.tokens; // it doesn't move at all, or nobody asks how fast
        }
        let caution = if one_batch { ON_ONE_BATCH } else { ELSE };
        let stuck = (crossing - caution.steps * self.steps).max(0.0);
        let advance = (caution.crossing * stuck).min(caution.most * self.steps);
        self.tokens.min(caution.share * self.steps + advance - self.debt)
    }

    /// The base optimizer evaluated a gradient.
    pub fn earn(&mut self) {
        self.tokens += self.settings.share;
        self.steps += 1.0;
    }

    /// The policy spent `cost` gradients.
    pub fn spend(&mut self, cost: f64) {
        self.tokens -= cost;
        self.debt += cost;
    }

    /// What a visit spent is given back, because it paid.
    pub fn refund(&mut self, cost: f64) {
        self.tokens += cost;
        self.debt = (self.debt - cost).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_is_an_advance_on_the_share() {
        for steps in (1..400).chain([2_999, 3_000, 3_001, 50_000]) {
            let BudgetSettings { share, allowance } = BudgetSettings::for_run(steps);
            assert!(share >= 0.0 && (0.02..=60.0).contains(&allowance), "{steps}");
            let total = allowance + share * steps as f64;
            assert!((total / (0.02 * steps as f64) - 1.0).abs() < 1e-12, "{steps}: {total}");
        }
    }

    #[test]
    fn a_run_without_success_spends_its_share_and_no_more() {
        let settings = BudgetSettings { share: 0.02, allowance: 7.0 };
        let mut budget = Budget::new(settings);
        let (mut spent, steps) = (0.0, 10_000);
        for _ in 0..steps {
            budget.earn();
            let cost = 3.0 + 4.0 * LOSS_COST;
            if budget.available() >= cost {
                budget.spend(cost);
                spent += cost;
            }
        }
        let earned = settings.allowance + settings.share * f64::from(steps);
        assert!(spent <= earned && spent > earned - 10.0, "{spent} of {earned}");
    }

    #[test]
    fn what_fails_is_a_small_share_of_the_steps_that_a_move_could_save() {
        let spend = |steps: u64, crossing: f64, one_batch: bool| {
            let mut budget = Budget::new(BudgetSettings::default());
            let mut spent = 0.0;
            for _ in 0..steps {
                budget.earn();
                while budget.bearable(crossing, one_batch) >= 1.0 {
                    budget.spend(1.0);
                    spent += 1.0;
                }
            }
            spent
        };
        // A run that crosses the trust radius in less than twice its steps so far.
        assert_eq!((spend(180, 20.0, false), spend(180, 20.0, true)), (0.0, 0.0));
        assert_eq!((spend(2_000, 100.0, false), spend(2_000, 100.0, true)), (4.0, 10.0));
        // One that stands has the whole bucket, and no more; on batches only a hundredth of its steps.
        assert_eq!((spend(100, f64::MAX, false), spend(100, 1e9, true)), (62.0, 62.0));
        assert_eq!(spend(1_000, 1e9, false), 12.0);
        let mut budget = Budget::new(BudgetSettings::default());
        (0..10).for_each(|_| budget.earn());
        let before = budget.bearable(700.0, true);
        budget.spend(5.0);
        budget.refund(5.0);
        assert!((before - (0.05 + 13.6)).abs() < 1e-12);
        assert_eq!(budget.bearable(700.0, true), before, "what paid is no debt");
    }

    #[test]
    fn a_refund_restores_what_was_spent() {
        let mut budget = Budget::new(BudgetSettings::default());
        budget.spend(12.0);
        budget.refund(12.0);
        assert_eq!(budget.available(), 60.0);
    }
}
