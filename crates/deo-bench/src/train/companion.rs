//! What works beside the base optimizer: nothing, DEO, or a published rule; answered under a budget.
//!
//! This is the loop that [`deo_core::deo`] and [`deo_core::compat`] show, with one addition: a question that the
//! budget can't pay is not answered, which ends the visit.

use super::ledger::Ledger;
use deo_core::compat::CompatDimer;
use deo_core::deo::Counts;
use deo_core::optim::{Optimizer, clip_norm};
use deo_core::{Answer, Deo, Objective, Question};
use deo_linalg::Parallel;

/// The space of a model's parameters.
pub(super) type Params = Parallel<f32>;

/// The helper of a run, if any.
#[derive(Debug)]
pub(super) enum Companion {
    Alone,
    Deo(Box<Deo<Vec<f32>>>),
    Published { dimer: CompatDimer<Vec<f32>>, step: u64, rotations: u64 },
}

/// The vectors of a step.
#[derive(Debug)]
pub(super) struct Vectors {
    pub(super) x: Vec<f32>,
    pub(super) g: Vec<f32>,
    /// A displaced point and the gradient there.
    pub(super) point: Vec<f32>,
    pub(super) ahead: Vec<f32>,
}

/// What the companion did in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Deed {
    pub(super) event: &'static str,
    /// Curvature and residual, where they were measured.
    pub(super) measured: Option<[f64; 2]>,
}

const QUIET: Deed = Deed { event: "quiet", measured: None };

/// What a companion has done in a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Tally {
    pub(super) rotations: u64,
    pub(super) visits: u64,
    pub(super) moves: u64,
    pub(super) kicks: u64,
}

/// The base optimizer's side of a step.
pub(super) struct Base<'a> {
    pub(super) optimizer: &'a mut dyn Optimizer<Params>,
    pub(super) lr: f64,
    /// 0 for no clipping.
    pub(super) clip: f64,
}

impl Base<'_> {
    fn clip(&self, space: &Params, g: &mut [f32]) {
        if self.clip > 0.0 {
            clip_norm(space, self.clip, g);
        }
    }
}

impl Companion {
    /// Finishes a step whose loss and gradient `v.g` at `v.x` are known and finite.
    pub(super) fn step(
        &mut self,
        space: &Params,
        f: &mut impl Objective<[f32]>,
        v: &mut Vectors,
        loss: f64,
        mut base: Base<'_>,
        ledger: &mut Ledger,
    ) -> Deed {
        match self {
            Companion::Alone => {
                base.clip(space, &mut v.g);
                base.optimizer.step(space, &mut v.x, &v.g, base.lr);
                QUIET
            }
            Companion::Deo(deo) => with_deo(deo, space, f, v, loss, &mut base, ledger),
            Companion::Published { dimer, step, rotations } => {
                *step += 1;
                let due = dimer.due(*step) && ledger.take_gradient();
                if due {
                    dimer.displace(space, &v.x, &mut v.point);
                    f.value_grad(&v.point, &mut v.ahead);
                    dimer.tell(space, &v.g, &v.ahead);
                    *rotations += 1;
                }
                // The published optimizers get a gradient that the training script has clipped already.
                base.clip(space, &mut v.g);
                dimer.transform(space, &mut v.g);
                base.optimizer.step(space, &mut v.x, &v.g, base.lr);
                dimer.apply(space, &mut v.x, &v.g);
                if due { Deed { event: "tracked", measured: None } } else { QUIET }
            }
        }
    }

    pub(super) fn tally(&self) -> Tally {
        match self {
            Companion::Alone => Tally::default(),
            Companion::Deo(deo) => {
                let Counts { rotations, visits, moves, kicks, .. } = deo.counts();
                Tally { rotations, visits, moves, kicks }
            }
            Companion::Published { rotations, .. } => {
                Tally { rotations: *rotations, visits: *rotations, ..Tally::default() }
            }
        }
    }
}

fn with_deo(
    deo: &mut Deo<Vec<f32>>,
    space: &Params,
    f: &mut impl Objective<[f32]>,
    v: &mut Vectors,
    loss: f64,
    base: &mut Base<'_>,
    ledger: &mut Ledger,
) -> Deed {
    let before = deo.counts().gradients;
    deo.observe(space, &v.x, loss, &v.g);
    visit(deo, space, f, v, ledger);
    let event = deo.apply(space, &mut v.x, &mut v.g);
    if event.moved() {
        base.optimizer.kicked(space);
    } else {
        base.clip(space, &mut v.g);
        base.optimizer.step(space, &mut v.x, &v.g, base.lr);
    }
    let estimate = deo.estimate();
    let measured = deo.counts().gradients > before && estimate.curvature.is_finite();
    Deed {
        event: event.name(),
        measured: measured.then_some([estimate.curvature, estimate.residual]),
    }
}

/// Answers DEO's questions on this step's batch as long as the budget holds.
fn visit(
    deo: &mut Deo<Vec<f32>>,
    space: &Params,
    f: &mut impl Objective<[f32]>,
    v: &mut Vectors,
    ledger: &mut Ledger,
) {
    let Vectors { x, g, point, ahead } = v;
    while let Some(question) = deo.ask(space, g) {
        match question {
            Question::Gradient(probe) if ledger.take_gradient() => {
                let h = probe.displace(space, x, point);
                f.value_grad(point, ahead);
                deo.tell_gradient(space, Answer::forward(h, g, ahead));
            }
            Question::Loss(trial) if ledger.take_loss() => {
                trial.displace(space, x, point);
                deo.tell_loss(f.value(point));
            }
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests;
