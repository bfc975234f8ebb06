//! A loss with a start, a level to come down to and a budget: for losses that are no landscape of their own.

use super::{Problem, Start};
use deo_core::Objective;
use deo_core::optim::Groups;
use std::fmt;

/// A problem whose measure is f − `level`.
pub(super) struct OnLoss<O> {
    name: &'static str,
    loss: O,
    start: Start,
    level: f64,
    target: f64,
    budget: u64,
    groups: Groups,
}

impl<O> OnLoss<O> {
    /// The problem of that name in the parameters of `groups`, solved once f ≤ `level` + `target`.
    pub(super) fn new(
        name: &'static str,
        loss: O,
        start: Start,
        groups: Groups,
        [level, target]: [f64; 2],
        budget: u64,
    ) -> Self {
        OnLoss { name, loss, start, level, target, budget, groups }
    }
}

impl<O> fmt::Debug for OnLoss<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnLoss").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<O: Objective<[f64]> + Send> Problem for OnLoss<O> {
    fn name(&self) -> &str {
        self.name
    }

    fn dimension(&self) -> usize {
        self.groups.len()
    }

    fn groups(&self) -> Groups {
        self.groups.clone()
    }

    fn start(&self, seed: u64) -> Vec<f64> {
        self.start.point(seed, self.dimension())
    }

    fn objective(&mut self, _seed: u64, _step: u64) -> &mut dyn Objective<[f64]> {
        &mut self.loss
    }

    fn measure(&mut self, x: &[f64]) -> f64 {
        self.loss.value(x) - self.level
    }

    fn target(&self) -> Option<f64> {
        Some(self.target)
    }

    fn budget(&self) -> u64 {
        self.budget
    }
}
