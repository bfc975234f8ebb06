//! What works beside the base optimizer: nothing, DEO, or a published rule; answered under a budget.
//!
//! This is the loop that [`deo_core::deo`] and [`deo_core::compat`] show, with two additions:
//!
//! 1. A question that the budget can't pay is not answered, which ends the visit.
//! 2. A gradient that isn't finite is not told to a published rule, whose axis would never recover; the rule goes on
//!    with the axis that it has. Deo refuses such an answer by itself.

use deo_bench::Ledger;
use deo_core::compat::CompatDimer;
use deo_core::deo::Counts;
use deo_core::optim::{Optimizer, clip_norm};
use deo_core::oracle::{Oracle, Workspace};
use deo_core::{Deo, Event, Objective, Rule, Space, Status};
use deo_linalg::{Parallel, Threads};
use serde::{Deserialize, Serialize, Serializer};

/// The space of a model's parameters.
pub type Params = Parallel<f32>;

/// The helper of a run, if any.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Helper {
    Alone,
    Deo(Box<Deo<Vec<f32>>>),
    Published { dimer: CompatDimer<Vec<f32>>, step: u64, rotations: u64 },
}

/// The vectors of a step. Only x outlives it, and only x is saved.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Vec<f32>")]
pub(super) struct Vectors {
    pub(super) x: Vec<f32>,
    pub(super) g: Vec<f32>,
    /// A displaced point and the gradient there.
    pub(super) workspace: Workspace<Vec<f32>>,
}

impl Vectors {
    /// At x, with zeros in the others.
    pub(super) fn new(x: Vec<f32>) -> Self {
        let workspace = Workspace::new(&Params::new(Threads::One), &x[..], Rule::Forward);
        Vectors { g: vec![0.0; x.len()], workspace, x }
    }
}

impl From<Vec<f32>> for Vectors {
    fn from(x: Vec<f32>) -> Self {
        Vectors::new(x)
    }
}

impl Serialize for Vectors {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.x.serialize(to)
    }
}

/// What the helper did in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct StepOutcome {
    pub(super) event: &'static str,
    /// Curvature and residual, where they were measured.
    pub(super) measured: Option<[f64; 2]>,
    /// Answers that weren't finite.
    pub(super) non_finite: u64,
}

const QUIET: StepOutcome = StepOutcome { event: "quiet", measured: None, non_finite: 0 };

/// What a helper has done in a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Totals {
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
    /// DEO may look at this step.
    pub(super) looks: bool,
}

impl Base<'_> {
    fn clip(&self, space: &Params, g: &mut [f32]) {
        if self.clip > 0.0 {
            clip_norm(space, self.clip, g);
        }
    }
}

impl Helper {
    /// Finishes a step whose loss and gradient `v.g` at `v.x` are known and finite.
    pub(super) fn step(
        &mut self,
        space: &Params,
        f: &mut impl Objective<[f32]>,
        v: &mut Vectors,
        loss: f64,
        mut base: Base<'_>,
        ledger: &mut Ledger,
    ) -> StepOutcome {
        match self {
            Helper::Alone => {
                base.clip(space, &mut v.g);
                base.optimizer.step(space, &mut v.x, &v.g, base.lr);
                QUIET
            }
            Helper::Deo(deo) => with_deo(deo, space, f, v, loss, &mut base, ledger),
            Helper::Published { dimer, step, rotations } => {
                *step += 1;
                let mut outcome = QUIET;
                if dimer.due(*step) && ledger.take_gradient() {
                    let [point, ahead] = v.workspace.vectors();
                    dimer.displace(space, &v.x, point);
                    f.value_grad(point, ahead);
                    if space.norm(ahead).is_finite() {
                        dimer.tell(space, &v.g, ahead);
                        *rotations += 1;
                        outcome.event = "tracked";
                    } else {
                        outcome =
                            StepOutcome { event: Event::Poisoned.name(), non_finite: 1, ..QUIET };
                    }
                }
                // The published optimizers get a gradient that the training script has clipped already.
                base.clip(space, &mut v.g);
                dimer.transform(space, &mut v.g);
                base.optimizer.step(space, &mut v.x, &v.g, base.lr);
                dimer.apply(space, &mut v.x, &v.g);
                outcome
            }
        }
    }

    /// Settles a step whose loss or gradient isn't usable: a move that led there is undone, else nothing happens.
    pub(super) fn skip(
        &mut self,
        space: &Params,
        v: &mut Vectors,
        base: Base<'_>,
    ) -> Option<StepOutcome> {
        let Helper::Deo(deo) = self else { return None };
        if !base.looks {
            return None;
        }
        // Not the loss itself: the trainer refuses some gradients that are finite.
        deo.observe(space, &v.x, f64::NAN, &v.g);
        let event = deo.apply(space, &mut v.x, &mut v.g);
        event.moved().then(|| {
            base.optimizer.jumped(space);
            StepOutcome { event: event.name(), measured: None, non_finite: 1 }
        })
    }

    pub(super) fn totals(&self) -> Totals {
        match self {
            Helper::Alone => Totals::default(),
            Helper::Deo(deo) => {
                let Counts { rotations, visits, moves, kicks, .. } = deo.counts();
                Totals { rotations, visits, moves, kicks }
            }
            Helper::Published { rotations, .. } => {
                Totals { rotations: *rotations, visits: *rotations, ..Totals::default() }
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
) -> StepOutcome {
    let before = deo.counts().gradients;
    if base.looks {
        deo.observe(space, &v.x, loss, &v.g);
    }
    let mut paid = Paid { f, ledger, space, non_finite: 0 };
    // A question that is left open is one for `apply` to close.
    let _ = v.workspace.try_answer_all(deo, space, &mut paid, &v.x, &v.g);
    let non_finite = paid.non_finite;
    let mut event = deo.apply(space, &mut v.x, &mut v.g);
    if event.moved() {
        base.optimizer.jumped(space);
    } else {
        base.clip(space, &mut v.g);
        base.optimizer.step(space, &mut v.x, &v.g, base.lr);
    }
    let estimate = deo.estimate();
    let measured = deo.counts().gradients > before && estimate.curvature.is_finite();
    if event == Event::Tracked && estimate.status == Status::NonFinite {
        event = Event::Poisoned; // the axis is that of before
    }
    StepOutcome {
        event: event.name(),
        measured: measured.then_some([estimate.curvature, estimate.residual]),
        non_finite,
    }
}

/// The objective of a step, paid from the budget.
struct Paid<'a, F> {
    f: &'a mut F,
    ledger: &'a mut Ledger,
    space: &'a Params,
    /// Answers that weren't finite.
    non_finite: u64,
}

/// The budget can't pay what was asked.
struct Spent;

impl<F: Objective<[f32]>> Oracle<[f32]> for Paid<'_, F> {
    type Stop = Spent;

    fn try_value(&mut self, x: &[f32]) -> Result<f64, Spent> {
        if !self.ledger.take_loss() {
            return Err(Spent);
        }
        let loss = self.f.value(x);
        self.non_finite += u64::from(!loss.is_finite());
        Ok(loss)
    }

    fn try_value_grad(&mut self, x: &[f32], gradient: &mut [f32]) -> Result<f64, Spent> {
        if !self.ledger.take_gradient() {
            return Err(Spent);
        }
        let loss = self.f.value_grad(x, gradient);
        self.non_finite += u64::from(!self.space.norm(gradient).is_finite());
        Ok(loss)
    }
}

#[cfg(test)]
mod tests;
