//! A whole training step: gradient, questions, move or optimizer.

use super::{Counts, Deo, DeoSettings, Event};
use crate::objective::Objective;
use crate::optim::{Optimizer, Updates, clip_norm};
use crate::oracle::{Asks, Oracle, Question, Workspace};
use crate::probe::Answer;
use crate::setting::SettingError;
use crate::space::Space;
use std::borrow::BorrowMut;

impl<S: Space> Asks<S> for Deo<S> {
    fn ask<'a>(&'a mut self, space: &S, g: &'a S::Vector) -> Option<Question<'a, S::Vector>>
    where
        S::Owned: 'a,
    {
        Deo::ask(self, space, g)
    }

    fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        self.tell_gradient(space, answer);
    }

    fn tell_loss(&mut self, loss: f64) {
        Deo::tell_loss(self, loss);
    }
}

impl<S: Space> Deo<S> {
    /// Answers every question of the step that was observed, by evaluating `objective`.
    pub fn visit<O>(
        &mut self,
        space: &S,
        objective: &mut O,
        x: &S::Vector,
        g: &S::Vector,
        workspace: &mut Workspace<S>,
    ) where
        O: Objective<S::Vector> + ?Sized,
    {
        workspace.answer_all(self, space, objective, x, g);
    }
}

/// A training step with DEO around any optimizer: the front door.
///
/// # Examples
///
/// ```
/// use deo_core::drive::WithDeo;
/// use deo_core::optim::{Sgd, SgdSettings};
/// use deo_core::{DeoSettings, objective::FromFn, space::Host};
///
/// // x₁⁴/16 − x₁²/2 + 9/8 x₂²: a saddle at 0, minima at (±2, 0). Start next to the saddle.
/// let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     if let Some(g) = g {
///         g.copy_from_slice(&[x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]]);
///     }
///     x[0].powi(4) / 16.0 - x[0] * x[0] / 2.0 + 1.125 * x[1] * x[1]
/// });
/// let space = Host::<f64>::new();
/// let mut x = vec![1e-12, 0.5];
/// let sgd = Sgd::new(SgdSettings::default(), &space, &x)?;
/// let mut run = WithDeo::new(&space, &x, sgd, DeoSettings::default())?;
/// for _ in 0..100 {
///     run.step(&space, &mut f, &mut x, 0.1);
/// }
/// assert!((x[0].abs() - 2.0).abs() < 1e-2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct WithDeo<O, S: Space> {
    state: WithDeoState<O, S>,
    gradient: S::Owned,
    workspace: Workspace<S>,
}

/// What a run of [`WithDeo`] goes on from, beside x: [`WithDeo::state`] lends it between two steps, to be saved with feature
/// `serde`, and [`WithDeo::resume`] takes it.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize, O: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned, O: serde::de::DeserializeOwned"
    ))
)]
pub struct WithDeoState<O, S: Space> {
    deo: Deo<S>,
    optimizer: O,
    clip: Option<f64>,
    /// Steps of warm-up still to come.
    warmup: u64,
}

/// What a step of [`WithDeo`] saw and did.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StepReport {
    /// The loss at the x of before the step.
    pub loss: f64,
    /// ‖g‖ there, before any transformation.
    pub gradient_norm: f64,
    /// What DEO did.
    pub event: Event,
    /// The loss or gradient wasn't finite: the optimizer took no step, and x is as before, but that a move which led
    /// there was undone.
    pub skipped: bool,
}

impl<O, S: Space> WithDeo<O, S> {
    /// Joins DEO to `optimizer`, for vectors of the shape of `like`.
    ///
    /// # Errors
    ///
    /// [`SettingError`] names a setting that is out of range.
    pub fn new(
        space: &S,
        like: &S::Vector,
        optimizer: O,
        settings: DeoSettings,
    ) -> Result<Self, SettingError> {
        let deo = Deo::new(space, like, settings)?;
        Ok(WithDeo::resume(space, like, WithDeoState { deo, optimizer, clip: None, warmup: 0 }))
    }

    /// Goes on from a saved state, with the x that it was saved with, to the same bits. `like` has the shape of x.
    ///
    /// Whether a state that was read from somewhere belongs to this run, [`Deo::continues`] says of its [`deo`](Self::deo),
    /// and the optimizer's method of that name of the rest.
    pub fn resume(space: &S, like: &S::Vector, state: WithDeoState<O, S>) -> Self {
        let rule = state.deo.desk.dimer.settings().rule;
        let (gradient, workspace) = (space.zeros_like(like), Workspace::new(space, like, rule));
        WithDeo { state, gradient, workspace }
    }

    /// What to save, between two steps.
    pub fn state(&self) -> &WithDeoState<O, S> {
        &self.state
    }

    /// Clips the gradient's norm to `max` before the optimizer's step.
    #[must_use]
    pub fn with_clip(mut self, max: f64) -> Self {
        self.state.clip = Some(max);
        self
    }

    /// DEO doesn't look during the first `steps` steps, while the learning rate rises.
    ///
    /// Escape compares what it finds with what the optimizer's steps gain. A warm-up keeps them short for a reason that
    /// a loss doesn't show, and a long move then undoes it (docs/adr/0028).
    #[must_use]
    pub fn with_warmup(mut self, steps: u64) -> Self {
        self.state.warmup = steps;
        self
    }

    /// The machine, for its counts, estimate and axis.
    pub fn deo(&self) -> &Deo<S> {
        &self.state.deo
    }

    /// The optimizer.
    pub fn optimizer(&self) -> &O {
        &self.state.optimizer
    }

    /// What DEO has evaluated and done so far.
    pub fn counts(&self) -> Counts {
        self.state.deo.counts()
    }

    /// One training step at x on the batch that `objective` is bound to, with learning rate `lr`.
    pub fn step<F>(
        &mut self,
        space: &S,
        objective: &mut F,
        x: &mut S::Vector,
        lr: f64,
    ) -> StepReport
    where
        S: Updates,
        O: Optimizer<S>,
        F: Objective<S::Vector> + ?Sized,
    {
        let Ok(report) = self.try_step(space, objective, x, lr);
        report
    }

    /// The same from an oracle that may stop.
    ///
    /// # Errors
    ///
    /// Why it stopped; x is as before and the optimizer has taken no step. The next call begins a step, on the same batch or
    /// another: what this one had begun to look at is forgotten, and what it has evaluated is counted.
    pub fn try_step<F>(
        &mut self,
        space: &S,
        oracle: &mut F,
        x: &mut S::Vector,
        lr: f64,
    ) -> Result<StepReport, F::Stop>
    where
        S: Updates,
        O: Optimizer<S>,
        F: Oracle<S::Vector> + ?Sized,
    {
        let WithDeoState { deo, optimizer, clip, warmup } = &mut self.state;
        let g = self.gradient.borrow_mut();
        let loss = oracle.try_value_grad(x, g)?;
        let gradient_norm = match warmup.checked_sub(1) {
            Some(left) => {
                *warmup = left;
                space.norm(g)
            }
            None => deo.observe(space, x, loss, g),
        };
        let skipped = !(loss.is_finite() && gradient_norm.is_finite());
        if !skipped {
            self.workspace.try_answer_all(deo, space, oracle, x, g)?;
        }
        let event = deo.apply(space, x, g);
        if event.moved() {
            optimizer.jumped(space);
        } else if !skipped {
            if let Some(max) = *clip {
                clip_norm(space, max, g);
            }
            optimizer.step(space, x, g, lr);
        }
        Ok(StepReport { loss, gradient_norm, event, skipped })
    }
}
