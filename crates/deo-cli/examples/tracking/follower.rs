//! A dimer that is kept from visit to visit, with a few gradients for each.
//!
//! All gradients go into rotations: nothing is kept back to check C, for the first gradient of the next visit is a fresh
//! one along the axis. Controls: with the check; on the training batch of the step instead of the same batches; and with
//! an axis drawn anew at each visit, which shows what keeping it is worth.

use deo_cli::train::MeanLoss;
use deo_core::SettingError;
use deo_core::dimer::{Dimer, DimerSettings, Recheck, Target};
use deo_core::{Answer, Estimate, Objective};
use deo_linalg::Parallel;
use serde::Serialize;

/// On which batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum On {
    /// The same ones at every visit.
    Fixed,
    /// The training batch of the step.
    Step,
}

/// A loss, and the point where it is probed.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) f: MeanLoss<f32>,
    x: Vec<f32>,
    g: Vec<f32>,
    displaced: Vec<f32>,
    ahead: Vec<f32>,
}

impl Point {
    pub(crate) fn new(f: MeanLoss<f32>) -> Self {
        Point { f, x: vec![], g: vec![], displaced: vec![], ahead: vec![] }
    }

    /// Returns the loss there.
    pub(crate) fn move_to(&mut self, x: &[f32]) -> f64 {
        self.x = x.to_vec();
        self.g.resize(x.len(), 0.0);
        self.displaced.resize(x.len(), 0.0);
        self.ahead.resize(x.len(), 0.0);
        self.f.value_grad(&self.x, &mut self.g)
    }
}

/// With which axis a visit begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Axis {
    /// That of the last visit.
    Kept,
    /// A random one.
    Drawn,
}

/// What a follower is, but for its gradients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Kind {
    pub(crate) target: Target,
    pub(crate) on: On,
    pub(crate) axis: Axis,
    pub(crate) recheck: Recheck,
    /// Steps between its visits, a multiple of the interval of the experiment.
    pub(crate) every: u64,
}

/// A dimer and what it saw.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(crate) kind: Kind,
    /// Gradients a visit.
    pub(crate) gradients: u64,
    /// What each visit came to, and before which step it was.
    pub(crate) seen: Vec<(u64, Estimate)>,
    dimer: Dimer<Parallel<f32>>,
    seed: u64,
}

/// Gradients at the first visit, from a random axis: those of `MonitorSettings`.
pub(crate) const FIRST: u64 = 40;

impl Follower {
    fn new(
        space: &Parallel<f32>,
        like: &[f32],
        kind: Kind,
        gradients: u64,
        seed: u64,
    ) -> Result<Self, SettingError> {
        let Kind { target, recheck, .. } = kind;
        let default = DimerSettings::default();
        let settings = DimerSettings { target, recheck, max_gradients: FIRST, ..default };
        let mut dimer = Dimer::new(space, like, settings)?;
        dimer.draw(space, seed);
        Ok(Follower { kind, gradients, seen: vec![], dimer, seed })
    }

    /// Those of the experiment.
    pub(crate) fn all(
        space: &Parallel<f32>,
        like: &[f32],
        interval: u64,
        seed: u64,
    ) -> Result<Vec<Self>, SettingError> {
        let (lowest, highest) = (Target::Lowest, Target::Highest);
        let (on, axis, recheck) = (On::Fixed, Axis::Kept, Recheck::Never);
        let usual = Kind { target: lowest, on, axis, recheck, every: interval };
        let kinds: [(_, &[u64]); 7] = [
            (usual, &[1, 2, 3, 4, 6, 8, 16]),
            (Kind { recheck: Recheck::Claims, ..usual }, &[8, 16]),
            (Kind { axis: Axis::Drawn, ..usual }, &[8, 16]),
            (Kind { every: 5 * interval, ..usual }, &[8, 16]),
            (Kind { on: On::Step, ..usual }, &[2, 4, 8]),
            (Kind { target: highest, ..usual }, &[1, 2, 4]),
            (Kind { target: highest, every: 5 * interval, ..usual }, &[2, 4]),
        ];
        let each = kinds.iter().flat_map(|(kind, gradients)| gradients.iter().map(|g| (*kind, *g)));
        each.map(|(kind, gradients)| Self::new(space, like, kind, gradients, seed)).collect()
    }

    /// Brings the axis up to date if a visit is due before `step`.
    pub(crate) fn visit(&mut self, step: u64, space: &Parallel<f32>, point: &mut Point) {
        if !step.is_multiple_of(self.kind.every) {
            return;
        }
        let dimer = &mut self.dimer;
        if self.kind.axis == Axis::Drawn {
            dimer.draw(space, self.seed + step);
        }
        dimer.begin(space);
        if !self.seen.is_empty() {
            dimer.limit(self.gradients);
        }
        while let Some(probe) = dimer.ask(space) {
            let h = probe.displace(space, &point.x, &mut point.displaced);
            point.f.value_grad(&point.displaced, &mut point.ahead);
            dimer.tell(space, Answer::forward(h, &point.g, &point.ahead));
        }
        self.seen.push((step, dimer.estimate()));
    }
}
