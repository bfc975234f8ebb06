//! The modes: one by a dimer, several by a Krylov process, none for a minimum.

use super::super::settings::MinModeSettings;
use deo_core::dimer::{Dimer, DimerSettings};
use deo_core::estimate::{Estimate, Status};
use deo_core::krylov::{Krylov, KrylovSettings};
use deo_core::probe::{Answer, Probe};
use deo_core::space::Space;

/// Standard errors by which a curvature must differ from zero: noise passes three of them once in seven hundred times.
const ERRORS: f64 = 3.0;

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub(super) enum Finder<S: Space> {
    None,
    One(Box<Dimer<S>>),
    Several { krylov: Box<Krylov<S>>, started: bool },
}

impl<S: Space> Finder<S> {
    /// For settings that were found valid.
    pub(super) fn new(space: &S, like: &S::Vector, settings: &MinModeSettings) -> Self {
        let index = settings.goal.index;
        if index == 0 {
            return Finder::None;
        }
        // One gradient to spare for those who certify their estimates: the first estimate sets its own limit.
        let most = settings.first_rotations.max(settings.max_rotations);
        if index == 1 {
            let dimer = DimerSettings {
                rule: settings.rule,
                length: settings.length,
                tolerance: settings.residual,
                max_gradients: most,
                ..Default::default()
            };
            let mut dimer =
                Dimer::new(space, like, dimer).expect("the search's settings were checked");
            dimer.draw(space, settings.seed);
            return Finder::One(Box::new(dimer));
        }
        let krylov = KrylovSettings {
            count: index,
            memory: (4 * index + 4).max(12),
            rule: settings.rule,
            length: settings.length,
            tolerance: settings.residual,
            max_gradients: most * index as u64,
            ..Default::default()
        };
        let mut krylov =
            Krylov::new(space, like, krylov).expect("the search's settings were checked");
        krylov.draw(space, settings.seed);
        Finder::Several { krylov: Box::new(krylov), started: true }
    }

    pub(super) fn set_axis(&mut self, space: &S, axis: &S::Vector, seed: u64) {
        match self {
            Finder::None => {}
            Finder::One(dimer) => dimer.set_axis(space, axis),
            Finder::Several { krylov, started } => {
                krylov.start_from(space, &[axis], seed);
                *started = true;
            }
        }
    }

    /// Starts an estimate at a new x.
    pub(super) fn begin(&mut self, space: &S, limit: u64) {
        match self {
            Finder::None => {}
            Finder::One(dimer) => {
                dimer.begin(space);
                dimer.limit(limit);
            }
            // The very first start was made with the process.
            Finder::Several { started: started @ true, .. } => *started = false,
            Finder::Several { krylov, .. } => krylov.restart_at_new_point(space),
        }
    }

    pub(super) fn ask(&self, space: &S) -> Option<Probe<'_, S::Vector>> {
        match self {
            Finder::None => None,
            Finder::One(dimer) => dimer.ask(space),
            Finder::Several { krylov, .. } => krylov.ask(space),
        }
    }

    pub(super) fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        match self {
            Finder::None => {}
            Finder::One(dimer) => dimer.tell(space, answer),
            Finder::Several { krylov, .. } => krylov.tell(space, answer),
        }
    }

    fn estimate(&self, i: usize) -> Estimate {
        match self {
            Finder::None => Estimate::UNKNOWN,
            Finder::One(dimer) => dimer.estimate(),
            Finder::Several { krylov, .. } => krylov.estimates()[i],
        }
    }

    pub(super) fn curvature(&self, i: usize) -> f64 {
        self.estimate(i).curvature
    }

    /// The estimate of one of the `count` modes ended at an answer that isn't finite.
    pub(super) fn is_poisoned(&self, count: usize) -> bool {
        (0..count).any(|i| self.estimate(i).status == Status::NonFinite)
    }

    /// The signs of all `count` curvatures are known: C is further from zero than its error, and than what a residual that
    /// is noise in N components has along one of them, ‖r‖/√N.
    pub(super) fn are_resolved(&self, count: usize, root_dimension: f64) -> bool {
        let error = |e: &Estimate| e.secant_error.max(e.residual / root_dimension);
        (0..count).map(|i| self.estimate(i)).all(|e| e.curvature.abs() > ERRORS * error(&e))
    }

    /// The last estimate found its modes as they were: one gradient each, and a random one for several.
    pub(super) fn is_stable(&self) -> bool {
        match self {
            Finder::None => true,
            Finder::One(dimer) => {
                dimer.estimate().gradients <= 2 && dimer.estimate().rotations == 0
            }
            Finder::Several { krylov, .. } => {
                krylov.gradients() <= krylov.settings().count as u64 + 1
            }
        }
    }

    /// # Panics
    ///
    /// If there is no such mode.
    pub(super) fn axis(&self, i: usize) -> &S::Owned {
        match self {
            Finder::None => panic!("mode {i} of none"),
            Finder::One(dimer) => dimer.axis(),
            Finder::Several { krylov, .. } => krylov.axis(i),
        }
    }
}
