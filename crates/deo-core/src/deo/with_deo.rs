//! A whole training step: gradient, questions, move or optimizer.

use super::{Counts, Deo, DeoSettings, DeoSettingsError, Event};
use crate::objective::Objective;
use crate::optim::{Optimizer, Updates, clip_norm};
use crate::oracle::{Asks, Question, Workspace};
use crate::probe::Answer;
use crate::space::Space;
use std::borrow::BorrowMut;

impl<S: Space> Asks<S> for Deo<S::Owned> {
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

impl<V> Deo<V> {
    /// Answers every question of the step that was observed, by evaluating `objective`.
    pub fn visit<S, O>(
        &mut self,
        space: &S,
        objective: &mut O,
        x: &S::Vector,
        g: &S::Vector,
        workspace: &mut Workspace<V>,
    ) where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
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
pub struct WithDeo<O, V> {
    deo: Deo<V>,
    optimizer: O,
    clip: Option<f64>,
    /// Steps of warm-up still to come.
    warmup: u64,
    gradient: V,
    workspace: Workspace<V>,
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

impl<O, V> WithDeo<O, V> {
    /// Joins DEO to `optimizer`, for vectors of the shape of `like`.
    ///
    /// # Errors
    ///
    /// [`DeoSettingsError`] names a setting that is out of range.
    pub fn new<S>(
        space: &S,
        like: &S::Vector,
        optimizer: O,
        settings: DeoSettings,
    ) -> Result<Self, DeoSettingsError>
    where
        S: Space<Owned = V>,
    {
        Ok(WithDeo {
            deo: Deo::new(space, like, settings)?,
            optimizer,
            clip: None,
            warmup: 0,
            gradient: space.zeros_like(like),
            workspace: Workspace::new(space, like, settings.dimer.rule),
        })
    }

    /// Clips the gradient's norm to `max` before the optimizer's step.
    #[must_use]
    pub fn with_clip(mut self, max: f64) -> Self {
        self.clip = Some(max);
        self
    }

    /// DEO doesn't look during the first `steps` steps, while the learning rate rises.
    ///
    /// Escape compares what it finds with what the optimizer's steps gain. A warm-up keeps them short for a reason that
    /// a loss doesn't show, and a long move then undoes it (docs/adr/0028).
    #[must_use]
    pub fn with_warmup(mut self, steps: u64) -> Self {
        self.warmup = steps;
        self
    }

    /// The machine, for its counts, estimate and axis.
    pub fn deo(&self) -> &Deo<V> {
        &self.deo
    }

    /// The optimizer.
    pub fn optimizer(&self) -> &O {
        &self.optimizer
    }

    /// What DEO has evaluated and done so far.
    pub fn counts(&self) -> Counts {
        self.deo.counts()
    }

    /// One training step at x on the batch that `objective` is bound to, with learning rate `lr`.
    pub fn step<S, F>(
        &mut self,
        space: &S,
        objective: &mut F,
        x: &mut S::Vector,
        lr: f64,
    ) -> StepReport
    where
        S: Updates<Owned = V>,
        V: BorrowMut<S::Vector>,
        O: Optimizer<S>,
        F: Objective<S::Vector> + ?Sized,
    {
        let g = self.gradient.borrow_mut();
        let loss = objective.value_grad(x, g);
        let gradient_norm = match self.warmup.checked_sub(1) {
            Some(left) => {
                self.warmup = left;
                space.norm(g)
            }
            None => self.deo.observe(space, x, loss, g),
        };
        if !(loss.is_finite() && gradient_norm.is_finite()) {
            let event = self.deo.apply(space, x, g);
            if event.moved() {
                self.optimizer.jumped(space);
            }
            return StepReport { loss, gradient_norm, event, skipped: true };
        }
        self.deo.visit(space, objective, x, g, &mut self.workspace);
        let event = self.deo.apply(space, x, g);
        if event.moved() {
            self.optimizer.jumped(space);
        } else {
            if let Some(max) = self.clip {
                clip_norm(space, max, g);
            }
            self.optimizer.step(space, x, g, lr);
        }
        StepReport { loss, gradient_norm, event, skipped: false }
    }
}
