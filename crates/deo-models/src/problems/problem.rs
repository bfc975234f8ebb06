//! What a problem tells about itself, and how it is evaluated.

use deo_core::Objective;
use deo_core::optim::Groups;
use std::fmt::Debug;

/// A loss to minimise from a given distribution of starts, with a measure of success.
///
/// Full-batch problems have one objective; problems with mini-batches have one for each (seed, step), the same
/// whenever it is asked for again, so that two methods with equal seeds see equal batches.
pub trait Problem: Debug + Send {
    /// Its name in [`by_name`](super::by_name).
    fn name(&self) -> &str;

    /// N.
    fn dimension(&self) -> usize;

    /// Where a run with that seed starts, N numbers.
    fn start(&self, seed: u64) -> Vec<f64>;

    /// The objective of step `step` of the run with that seed: the whole loss, or one mini-batch of it.
    fn objective(&mut self, seed: u64, step: u64) -> &mut dyn Objective<[f64]>;

    /// The measure of success at x, the smaller the better: a distance, or a loss on data that is held fixed.
    /// Not counted against any budget.
    fn measure(&mut self, x: &[f64]) -> f64;

    /// A run has solved the problem once its measure is at most this; `None` where only the measure at the end of
    /// the budget counts.
    fn target(&self) -> Option<f64>;

    /// The customary budget in gradients.
    fn budget(&self) -> u64;

    /// Whether the loss means anything at x. A run that leaves for elsewhere has failed: beyond the region for which
    /// a landscape was made, a single huge step may meet a minimum that was to be reached through saddles.
    fn contains(&self, _x: &[f64]) -> bool {
        true
    }

    /// The parameters in groups, those that are matrices with their shapes: what an optimizer of matrices wants to know.
    fn groups(&self) -> Groups {
        Groups::whole(self.dimension())
    }

    /// Whether successive objectives differ.
    fn has_batches(&self) -> bool {
        false
    }
}
