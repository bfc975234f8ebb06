//! A landscape with a start, a target and a budget.

use super::{Problem, ProblemError, Start};
use crate::landscapes::{Landscape, LandscapeError};
use deo_core::Objective;
use deo_core::optim::Groups;

/// A problem whose loss is a landscape and whose measure is f − f_min, with f_min that of the lowest known
/// minimum.
///
/// # Examples
///
/// ```
/// use deo_models::landscapes::{Landscape, MullerBrown};
/// use deo_models::problems::{OnLandscape, Problem, Start};
/// let surface = MullerBrown::default();
/// let saddle = surface.saddles().remove(0);
/// let start = Start::sphere(1e-3).about(saddle.x);
/// let mut problem = OnLandscape::new("from-a-pass", surface, start, 1e-3, 2_000)?;
/// let x = problem.start(1);
/// assert!((problem.measure(&x) - 106.0).abs() < 1.0); // above the lowest of three minima
/// # Ok::<(), deo_models::problems::ProblemError>(())
/// ```
#[derive(Debug)]
pub struct OnLandscape {
    name: String,
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
    /// The problem of that name, solved at the measure `target`, with a budget in gradients.
    ///
    /// # Errors
    ///
    /// [`ProblemError::NoMinimum`] if no minimum of the landscape is known; [`ProblemError::Landscape`] unless the target is
    /// positive and finite, the budget at least 1, the width of the start finite and at least 0, and its centre, if it
    /// has one, of as many components as the landscape.
    pub fn new(
        name: impl Into<String>,
        landscape: impl Landscape + 'static,
        start: Start,
        target: f64,
        budget: u64,
    ) -> Result<Self, ProblemError> {
        let (name, n) = (name.into(), landscape.dimension());
        let values = landscape.minima().into_iter().map(|minimum| minimum.value);
        let lowest = values.fold(f64::INFINITY, f64::min);
        if !lowest.is_finite() {
            return Err(ProblemError::NoMinimum { problem: name });
        }
        LandscapeError::unless_positive("the target", target)?;
        LandscapeError::unless(budget > 0, "the budget", 0.0, "at least 1")?;
        start.check(n)?;
        Ok(OnLandscape {
            name,
            landscape: Box::new(landscape),
            start,
            target,
            budget,
            lowest,
            bound: f64::INFINITY,
            groups: Groups::whole(n),
        })
    }

    /// The same with these groups of parameters.
    ///
    /// # Errors
    ///
    /// [`ProblemError::Landscape`] if they were made for another number of components.
    pub fn with_groups(self, groups: Groups) -> Result<Self, ProblemError> {
        let (parameter, length) = ("the vector of the groups", groups.len());
        let expected = self.landscape.dimension();
        if length != expected {
            return Err(LandscapeError::WrongLength { parameter, length, expected }.into());
        }
        Ok(OnLandscape { groups, ..self })
    }

    /// The same in the cube |x_j| ≤ `bound`: a run that leaves it has failed.
    ///
    /// # Errors
    ///
    /// [`ProblemError::Landscape`] unless the bound is above 0.
    pub fn within(self, bound: f64) -> Result<Self, ProblemError> {
        LandscapeError::unless(bound > 0.0, "the bound", bound, "above 0")?;
        Ok(OnLandscape { bound, ..self })
    }
}

impl Problem for OnLandscape {
    fn name(&self) -> &str {
        &self.name
    }

    fn dimension(&self) -> usize {
        self.landscape.dimension()
    }

    fn groups(&self) -> Groups {
        self.groups.clone()
    }

    fn start(&self, seed: u64) -> Vec<f64> {
        self.start.point(seed, self.dimension())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscapes::{Monkey, MullerBrown};

    fn new(start: Start, target: f64, budget: u64) -> Result<OnLandscape, ProblemError> {
        OnLandscape::new("mine", MullerBrown::default(), start, target, budget)
    }

    #[test]
    fn what_makes_no_problem_is_refused_by_its_name() {
        let sphere = || Start::sphere(1e-3);
        let ok = || new(sphere(), 1e-3, 10).unwrap();
        let none = OnLandscape::new("flat", Monkey::default(), sphere(), 1e-3, 10).unwrap_err();
        assert_eq!(none, ProblemError::NoMinimum { problem: "flat".to_owned() });
        for (error, wanted) in [
            (new(sphere(), f64::NAN, 10).err(), "the target = NaN; it must be positive and finite"),
            (new(sphere(), 0.0, 10).err(), "the target = 0"),
            (new(sphere(), 1e-3, 0).err(), "the budget = 0; it must be at least 1"),
            (new(Start::normal(-1.0), 1e-3, 10).err(), "the width of the start = -1"),
            (new(Start::cube(f64::INFINITY), 1e-3, 10).err(), "the width of the start = inf"),
            (new(sphere().about(vec![0.0; 3]), 1e-3, 10).err(), "has 3 entries; it must have 2"),
            (new(sphere().about(vec![0.0, f64::NAN]), 1e-3, 10).err(), "the centre of the start"),
            (ok().with_groups(Groups::whole(3)).err(), "the groups has 3 entries; it must have 2"),
            (ok().within(f64::NAN).err(), "the bound = NaN; it must be above 0"),
        ] {
            let error = error.expect(wanted).to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn starts_lie_about_their_centre() {
        let centre = [-0.8, 0.6];
        let largest = |start: Start| {
            let problem = new(start.about(centre.to_vec()), 1e-3, 10).unwrap();
            assert_eq!(problem.start(3), problem.start(3));
            assert_ne!(problem.start(3), problem.start(4));
            let off = |seed| {
                let x = problem.start(seed);
                let off = [x[0] - centre[0], x[1] - centre[1]];
                (off[0].abs().max(off[1].abs()), off[0].hypot(off[1]))
            };
            (0..100).map(off).collect::<Vec<_>>()
        };
        assert!(largest(Start::sphere(0.1)).iter().all(|(_, r)| (r - 0.1).abs() < 1e-15));
        let cube = largest(Start::cube(0.1));
        // Of 100 in a square one misses its outer tenth with probability 0.81¹⁰⁰ = 7e-10.
        assert!(cube.iter().all(|(c, _)| *c <= 0.1 + 1e-15) && cube.iter().any(|(c, _)| *c > 0.09));
        let square: f64 = largest(Start::normal(0.1)).iter().map(|(_, r)| r * r / 200.0).sum();
        // χ² of 200 degrees: a standard deviation of 0.1.
        assert!((square / 0.01 - 1.0).abs() < 0.4, "{square}");
        let drawn = Start::drawn(|seed, x| x.fill(seed as f64)).about(centre.to_vec());
        assert_eq!(new(drawn, 1e-3, 10).unwrap().start(2), [1.2, 2.6]);
    }
}
