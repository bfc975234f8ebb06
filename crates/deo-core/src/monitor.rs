//! λ_min and λ_max beside a training run that never notices.
//!
//! Problem: watch both ends of the spectrum while training, for a set price, and change nothing: a monitored run
//! must give the same bits as the run without. The monitor draws from its own seed, sees gradients only and is
//! never asked for a step, so nothing of it can reach the parameters.
//!
//! Every `interval` steps it brings two dimers up to date, one for each end: from random axes with `first` gradients
//! each at the first visit, then from the last axes with `gradients` each. An end that stands apart from the rest of
//! the spectrum, as λ_max of a network does, is followed by two gradients a visit; λ_min of a network of 8e5 weights
//! took eight to stay within 6 % and sixteen to stay within 1 %, since between two visits its axis turns into those
//! beside it. The residual doesn't show that: some eigenvalue is within it, not always the lowest. No random
//! direction is mixed in: on a problem whose ends cross, shares of 3 to 20 % all tracked worse than none. Nor is a
//! visit's end checked by a fresh probe: the next visit begins with one, and the rotation it would cost is worth more.
//!
//! ```
//! use deo_core::drive::Workspace;
//! use deo_core::monitor::{Monitor, MonitorSettings};
//! use deo_core::{Objective, objective::FromFn, space::Host};
//! # let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
//! #     if let Some(g) = g { g.copy_from_slice(&[4.0 * x[0], -x[1], 0.5 * x[2]]) }
//! #     2.0 * x[0] * x[0] - x[1] * x[1] / 2.0 + x[2] * x[2] / 4.0
//! # });
//! let space = Host::<f64>::new();
//! let (mut x, mut g) = (vec![0.1, 0.2, 0.3], vec![0.0; 3]);
//! let mut monitor = Monitor::new(&space, &x, MonitorSettings::default(), 1)?;
//! let mut workspace = Workspace::new(&space, &x, Default::default());
//! for step in 0..100 {
//!     f.value_grad(&x, &mut g);
//!     if monitor.is_due(step) {
//!         let [lowest, highest] = monitor.measure(&space, &mut f, &x, &g, &mut workspace);
//!         assert!((lowest.curvature + 1.0).abs() < 1e-4 && (highest.curvature - 4.0).abs() < 1e-4);
//!     }
//!     x.iter_mut().zip(&g).for_each(|(x, g)| *x -= 0.1 * g);
//! }
//! # Ok::<(), deo_core::SettingError>(())
//! ```

use crate::dimer::{Dimer, DimerSettings, Recheck, Target};
use crate::estimate::Estimate;
use crate::noise::derive;
use crate::objective::Objective;
use crate::oracle::{Workspace, asks};
use crate::probe::{Answer, Probe};
use crate::setting::SettingError;
use crate::space::Space;

/// When the monitor looks, and what a look may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct MonitorSettings {
    /// Steps between two visits.
    /// Default: 50; 0 counts as 1.
    pub interval: u64,
    /// Gradients for each end at the first visit.
    /// Default: 40; 1 or above.
    pub first: u64,
    /// Gradients for each end at every later one; 2 is one rotation.
    /// Default: 16; 1 or above.
    pub gradients: u64,
    /// How the dimers measure; `target` and `max_gradients` are the monitor's.
    /// Default: that of [`DimerSettings`] without recheck.
    pub dimer: DimerSettings,
}

impl Default for MonitorSettings {
    /// Every fifty steps; forty gradients for each end to begin with, then sixteen.
    fn default() -> Self {
        let dimer = DimerSettings { recheck: Recheck::Never, ..Default::default() };
        MonitorSettings { interval: 50, first: 40, gradients: 16, dimer }
    }
}

/// Two dimers, one for each end of the spectrum: ask and tell, as with one.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub struct Monitor<S: Space> {
    settings: MonitorSettings,
    lowest: Dimer<S>,
    highest: Dimer<S>,
    visits: u64,
}

asks!(Monitor);

impl<S: Space> Monitor<S> {
    /// A monitor for vectors of the shape of `like`, with random axes drawn from `seed`.
    ///
    /// # Errors
    ///
    /// [`SettingError`] names a setting that is out of range.
    pub fn new(
        space: &S,
        like: &S::Vector,
        settings: MonitorSettings,
        seed: u64,
    ) -> Result<Self, SettingError> {
        let max_gradients = settings.first.max(settings.gradients);
        let end = |target, draw| {
            let dimer = DimerSettings { target, max_gradients, ..settings.dimer };
            let mut dimer = Dimer::new(space, like, dimer)?;
            dimer.draw(space, derive(seed, draw));
            Ok(dimer)
        };
        let (lowest, highest) = (end(Target::Lowest, 0)?, end(Target::Highest, 1)?);
        Ok(Monitor { settings, lowest, highest, visits: 0 })
    }

    /// Whether this can be a later state of `new`; see [`Dimer::continues`](crate::Dimer::continues).
    pub fn continues(&self, new: &Self, same_shape: impl Fn(&S::Owned, &S::Owned) -> bool) -> bool {
        self.settings == new.settings
            && self.lowest.continues(&new.lowest, &same_shape)
            && self.highest.continues(&new.highest, &same_shape)
    }

    /// A visit is due at this step (counted from 0).
    pub fn is_due(&self, step: u64) -> bool {
        step.is_multiple_of(self.settings.interval.max(1))
    }

    /// Starts a visit at the present x and batch.
    pub fn begin(&mut self, space: &S) {
        let MonitorSettings { first, gradients, .. } = self.settings;
        for dimer in [&mut self.lowest, &mut self.highest] {
            dimer.begin(space);
            dimer.limit(if self.visits == 0 { first } else { gradients });
        }
        self.visits += 1;
    }

    /// The next question of the visit, about the batch it began on.
    pub fn ask(&self, space: &S) -> Option<Probe<'_, S::Vector>> {
        self.lowest.ask(space).or_else(|| self.highest.ask(space))
    }

    /// Takes the answer to the question last asked.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        let lowest_asks = self.lowest.ask(space).is_some();
        let dimer = if lowest_asks { &mut self.lowest } else { &mut self.highest };
        dimer.tell(space, answer);
    }

    /// A whole visit at x, where the gradient is `g`.
    pub fn measure<O>(
        &mut self,
        space: &S,
        objective: &mut O,
        x: &S::Vector,
        g: &S::Vector,
        workspace: &mut Workspace<S>,
    ) -> [Estimate; 2]
    where
        O: Objective<S::Vector> + ?Sized,
    {
        self.begin(space);
        workspace.answer_all(self, space, objective, x, g);
        self.estimates()
    }

    /// The lowest and the highest curvature as last measured.
    pub fn estimates(&self) -> [Estimate; 2] {
        [self.lowest.estimate(), self.highest.estimate()]
    }

    /// The axes of the two.
    pub fn axes(&self) -> [&S::Owned; 2] {
        [self.lowest.axis(), self.highest.axis()]
    }

    /// Gradients evaluated so far.
    pub fn total_gradients(&self) -> u64 {
        self.lowest.total_gradients() + self.highest.total_gradients()
    }
}
