//! A landscape with a start, a target and a budget.

use super::Problem;
use super::start::{self, Start};
use crate::landscapes::Landscape;
use deo_core::Objective;
use deo_core::optim::{Group, Groups};

/// A problem whose loss is a landscape and whose measure is f − f_min, with f_min that of the lowest known
/// minimum.
#[derive(Debug)]
pub(super) struct OnLandscape {
    name: &'static str,
    landscape: Box<dyn Landscape>,
    start: Start,
    /// The measure at which the problem is solved.
    target: f64,
    budget: u64,
    lowest: f64,
    /// The largest component that a point may have.
    bound: f64,
    groups: Groups,
}

impl OnLandscape {
    /// The problem of that name, solved at the measure `target`.
    ///
    /// # Panics
    ///
    /// If no minimum of the landscape is known.
    #[track_caller]
    pub(super) fn new(
        name: &'static str,
        landscape: impl Landscape + 'static,
        start: Start,
        target: f64,
        budget: u64,
    ) -> Self {
        let values = landscape.minima().into_iter().map(|minimum| minimum.value);
        let lowest = values.fold(f64::INFINITY, f64::min);
        assert!(lowest.is_finite(), "{name} needs a known minimum");
        let groups = Groups::whole(landscape.dimension());
        OnLandscape {
            name,
            landscape: Box::new(landscape),
            start,
            target,
            budget,
            lowest,
            bound: f64::INFINITY,
            groups,
        }
    }

    /// The same, whose parameters are square matrices of n rows, one after the other.
    pub(super) fn of_matrices(self, n: usize) -> Self {
        let len = self.landscape.dimension();
        let matrices = (0..len).step_by(n * n).map(|i| Group::new(i..i + n * n).matrix(n, n));
        let groups = Groups::new(len, matrices.collect()).expect("they lie end to end");
        self.with_groups(groups)
    }

    /// The same, with these groups.
    pub(super) fn with_groups(self, groups: Groups) -> Self {
        OnLandscape { groups, ..self }
    }

    /// The same in the cube |x_j| ≤ `bound`.
    pub(super) fn within(self, bound: f64) -> Self {
        OnLandscape { bound, ..self }
    }
}

impl Problem for OnLandscape {
    fn name(&self) -> &str {
        self.name
    }

    fn dimension(&self) -> usize {
        self.landscape.dimension()
    }

    fn groups(&self) -> Groups {
        self.groups.clone()
    }

    fn start(&self, seed: u64) -> Vec<f64> {
        let mut x = vec![0.0; self.dimension()];
        (self.start)(&mut start::generator(seed), &mut x);
        x
    }

    fn objective(&mut self, _seed: u64, _step: u64) -> &mut dyn Objective<[f64]> {
        &mut *self.landscape
    }

    fn measure(&mut self, x: &[f64]) -> f64 {
        self.landscape.value(x) - self.lowest
    }

    fn target(&self) -> Option<f64> {
        Some(self.target)
    }

    fn budget(&self) -> u64 {
        self.budget
    }

    fn contains(&self, x: &[f64]) -> bool {
        x.iter().all(|x| x.abs() <= self.bound)
    }
}
