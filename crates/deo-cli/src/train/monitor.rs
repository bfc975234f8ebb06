//! λ_min and λ_max beside a run, which stays the same run to the last bit.
//!
//! Problem: one wants to see both ends of the spectrum move while a network trains, and must be sure that looking
//! changed nothing. So a monitor has everything of its own: the model and its buffers, the batches, which are those of
//! the final training loss and of `deo spectrum`, the axes, drawn from a stream of the seed. It is lent the parameters
//! and nothing else. Its gradients are no part of the budget; they are counted and timed by themselves.
//!
//! | visit | at | gradients of the mean loss |
//! |---|---|---|
//! | first | the initial weights | 1 + at most 40 for each end |
//! | every K steps | the weights before the step | 1 + at most G for each end |
//! | last | the trained weights | the same |
//!
//! Each costs B gradients of a batch. An end whose residual is 1 % or less costs no more than the one that shows it.
//!
//! What is seen is the curvature along an axis that was followed, and an eigenvalue lies within the residual of it. With
//! too few gradients it isn't the extreme one: followed every 10 steps, the λ_min of a GPT of 0.8 million parameters was
//! off by 97 % in the median with 2 gradients, by 54 % with 4, 6 % with 8 and 0.4 % with 16; every 50 steps, by 0.9 %
//! with 16. λ_max: 1 % with 2, every 50 steps (`examples/tracking`, experiments/curvature/tracking.json).

use super::probes::MeanLoss;
use super::record::{CurvatureEnd, MonitorSummary, Readings};
use super::trainer::same_length;
use deo_core::SettingError;
use deo_core::dimer::{DimerSettings, Recheck};
use deo_core::drive::Workspace;
use deo_core::monitor::{Monitor, MonitorSettings};
use deo_core::{Estimate, Objective};
use deo_linalg::{Parallel, Threads};
use deo_models::data::Batch;
use deo_models::gpt::Gpt;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// When a monitor looks, and at what.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Monitoring {
    /// B, the fixed batches whose mean loss it probes.
    pub batches: usize,
    /// K, G and how it measures.
    #[serde(flatten)]
    pub visits: MonitorSettings,
}

impl Monitoring {
    /// `gradients` for each end every `interval` steps, on `batches` batches.
    pub fn new(interval: u64, gradients: u64, batches: usize) -> Self {
        let default = MonitorSettings::default();
        // From a random axis, a later visit's gradients would not do; and the first is not to be the poorer one.
        let first = default.first.max(gradients);
        // All gradients into rotations: the first of the next visit is a fresh one along the axis, and what limits a
        // curvature that is followed is its axis. With a check, 8 gradients follow λ_min no better than 6.
        let dimer = DimerSettings { recheck: Recheck::Never, ..default.dimer };
        Monitoring { batches, visits: MonitorSettings { interval, first, gradients, dimer } }
    }
}

/// What a monitor carries from visit to visit. Plain data, part of every checkpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MonitorState {
    monitor: Monitor<Parallel<f32>>,
    /// Gradients, each of one batch.
    gradients: u64,
    pub(super) seconds: f64,
    /// The steps taken before each visit, and what was seen.
    visits: Vec<(u64, [CurvatureEnd; 2])>,
}

/// What is left of a monitor at the end of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Monitored {
    pub(super) summary: MonitorSummary,
    pub(super) visits: Vec<(u64, [CurvatureEnd; 2])>,
}

impl MonitorState {
    /// Axes for vectors of `parameters` components, drawn from `seed`.
    pub(super) fn new(
        parameters: usize,
        visits: MonitorSettings,
        seed: u64,
    ) -> Result<Self, SettingError> {
        let (space, like) = (Parallel::<f32>::new(Threads::Pool), vec![0.0; parameters]);
        // The name makes a stream of its own out of the one seed.
        let seed = seed ^ u64::from_le_bytes(*b"monitor ");
        let monitor = Monitor::new(&space, &like, visits, seed)?;
        Ok(MonitorState { monitor, gradients: 0, seconds: 0.0, visits: vec![] })
    }

    /// Whether this can be a later state of `new`.
    pub(super) fn continues(&self, new: &Self) -> bool {
        self.monitor.continues(&new.monitor, same_length)
    }

    /// What it saw last, and all that it saw.
    pub(super) fn finish(self, last: Readings) -> Monitored {
        let Readings { lowest, highest, gradients, .. } = last;
        let (visits, seconds) = (self.visits.len() as u64, self.seconds);
        let summary = MonitorSummary { lowest, highest, visits, gradients, seconds };
        Monitored { summary, visits: self.visits }
    }
}

/// What a monitor looks with: its own model, batches and buffers.
#[derive(Debug)]
pub(super) struct MonitorRun {
    space: Parallel<f32>,
    f: MeanLoss<f32>,
    g: Vec<f32>,
    workspace: Workspace<Parallel<f32>>,
}

impl MonitorRun {
    /// For the mean loss of `gpt` on `batches`.
    pub(super) fn new(visits: MonitorSettings, gpt: Gpt<f32>, batches: Vec<Batch>) -> Self {
        let space = Parallel::new(Threads::Pool);
        let g = vec![0.0; gpt.layout().len()];
        let workspace = Workspace::new(&space, &g, visits.dimer.rule);
        MonitorRun { f: MeanLoss::new(gpt, batches), g, workspace, space }
    }

    /// Looks if a visit is due before `step`, counted from 0.
    pub(super) fn before(
        &mut self,
        step: u64,
        x: &[f32],
        state: &mut MonitorState,
    ) -> Option<Readings> {
        state.monitor.is_due(step).then(|| self.look(step, x, state))
    }

    /// Looks at x, after `step` steps.
    pub(super) fn look(&mut self, step: u64, x: &[f32], state: &mut MonitorState) -> Readings {
        let clock = Instant::now();
        let MonitorRun { space, f, g, workspace } = self;
        let before = f.gradients();
        f.value_grad(x, g);
        let [lowest, highest] = state.monitor.measure(space, f, x, g, workspace).map(end);
        let seconds = clock.elapsed().as_secs_f64();
        state.gradients += f.gradients() - before;
        state.seconds += seconds;
        state.visits.push((step, [lowest, highest]));
        // Whole microseconds: what a clock is good for.
        let ms = (seconds * 1e6).round() / 1e3;
        Readings { lowest, highest, gradients: state.gradients, ms }
    }
}

fn end(estimate: Estimate) -> CurvatureEnd {
    let Estimate { curvature, residual, secant_error, status, .. } = estimate;
    CurvatureEnd { curvature, residual, secant_error, status }
}
