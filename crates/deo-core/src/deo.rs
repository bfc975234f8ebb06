//! Dimer-enhanced optimization: trigger, budget, dimer and policy in one machine beside a training loop.
//!
//! Problem: help a first-order optimizer off saddles and plateaus, spend next to nothing where there are none,
//! and own neither the loop nor the parameters. Every step of the loop reads:
//!
//! ```text
//! let loss = f.value_grad(&x, &mut g);                        // as before
//! deo.observe(&space, &x, loss, &g);
//! while let Some(question) = deo.ask(&space, &g) {            // None on most steps
//!     match question {
//!         Question::Gradient(probe) => {
//!             let h = probe.displace(&space, &x, &mut y);
//!             f.value_grad(&y, &mut g1);                      // the same batch
//!             deo.tell_gradient(&space, Answer::forward(h, &g, &g1));
//!         }
//!         Question::Loss(trial) => {
//!             trial.displace(&space, &x, &mut y);
//!             deo.tell_loss(f.value(&y));                     // the same batch
//!         }
//!     }
//! }
//! if deo.apply(&space, &mut x, &mut g).moved() {
//!     optimizer.kicked(&space);                               // x was moved (or moved back) instead of a step
//! } else {
//!     optimizer.step(&space, &mut x, &g, lr);                 // as before
//! }
//! ```
//!
//! [`Deo::visit`] is the `while` loop for an [`Objective`](crate::Objective), and
//! [`WithDeo`](crate::drive::WithDeo) the whole step.

mod event;
mod ladder;
mod settings;
mod with_deo;

pub use crate::oracle::{Question, Trial};
pub use event::{Counts, Event};
pub use settings::{DeoSettings, DeoSettingsError, PolicySettings, Tracking};
pub use with_deo::{StepReport, WithDeo};

use crate::budget::Budget;
use crate::dimer::{Dimer, Target};
use crate::estimate::Estimate;
use crate::noise::derive;
use crate::policy::{
    Amplify, Deflate, Escape, EscapeSettings, Kick, Promise, SAME_SHARE, Scene, Stage,
};
use crate::probe::Answer;
use crate::space::Space;
use crate::trigger::{Stall, Trigger, TriggerSettings};
use std::borrow::BorrowMut;

/// A visit with less than this to spend could not look along the gradient.
const SMALLEST_VISIT: f64 = 1.0;

/// Two evaluations of a loss at one point differ by no more roundings of storage than this: of a sum over many samples
/// some ten have been seen, and batches that are so much alike are one for every purpose here.
const SAME_ROUNDINGS: f64 = 32.0;

/// The policy with its state.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Policy {
    Deflate(Deflate, Tracking),
    Amplify(Amplify, Tracking),
    Escape(Escape),
}

impl Policy {
    fn has_settings_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Policy::Deflate(a, every), Policy::Deflate(b, other)) => (a, every) == (b, other),
            (Policy::Amplify(a, every), Policy::Amplify(b, other)) => (a, every) == (b, other),
            (Policy::Escape(a), Policy::Escape(b)) => a.settings == b.settings,
            _ => false,
        }
    }
}

/// The machine. Plain data over stored vectors `V`: clone it, serialise it, resume it at any point.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Deo<V> {
    policy: Policy,
    dimer: Dimer<V>,
    trigger: Trigger,
    budget: Budget,
    /// The last move, until the next step has confirmed it.
    promise: Option<Promise>,
    /// A loss seen again was another: every step has its own batch.
    batches_differ: bool,
    seed: u64,
    /// The axis has been drawn and measured at least once.
    has_axis: bool,
    /// The axis has been drawn, and its product isn't known yet.
    drawn: bool,
    /// The largest ‖Hn‖ since the axis was drawn: the size of the curvatures beside it.
    spread: f64,
    /// Products of this estimate beyond those that were due.
    extended: u64,
    /// The loss of the step before, whose x the dimer's scratch holds.
    marked: Option<f64>,
    /// Steps that the base optimizer needs for the trust radius at its pace.
    crossing: f64,
    /// A loss was seen again: every step has the same batch.
    one_batch: bool,
    scene: Option<Scene>,
    /// Steps since the last estimate.
    since_estimate: u64,
    visit: Counts,
    total: Counts,
}

impl<V> Deo<V> {
    /// A machine for vectors of the shape of `like`.
    ///
    /// # Errors
    ///
    /// [`DeoSettingsError`] names a setting that is out of range.
    pub fn new<S>(
        space: &S,
        like: &S::Vector,
        settings: DeoSettings,
    ) -> Result<Self, DeoSettingsError>
    where
        S: Space<Owned = V>,
    {
        settings.validate()?;
        let mut trigger = settings.trigger;
        let policy = match settings.policy {
            PolicySettings::Deflate { alpha, tracking } => {
                Policy::Deflate(Deflate { alpha }, tracking)
            }
            PolicySettings::Amplify { strength, tracking } => {
                Policy::Amplify(Amplify { strength }, tracking)
            }
            PolicySettings::Escape(escape) => Policy::Escape(Escape::new(escape)),
        };
        if let Policy::Deflate(_, tracking) | Policy::Amplify(_, tracking) = &policy {
            // Tracking is periodic: its cost is known beforehand, so it needs neither a stall nor a bucket.
            trigger = TriggerSettings { interval: tracking.interval, stall: Stall::Always };
        }
        let mut dimer = settings.dimer;
        if let Policy::Escape(escape) = &policy {
            dimer.target = match escape.settings.kick {
                Kick::Highest => Target::Highest,
                Kick::Off | Kick::Lowest | Kick::Random => Target::Lowest,
            };
        }
        Ok(Deo {
            policy,
            dimer: Dimer::new(space, like, dimer)?,
            trigger: Trigger::new(trigger),
            budget: Budget::new(settings.budget),
            promise: None,
            batches_differ: false,
            seed: settings.seed,
            has_axis: false,
            drawn: false,
            spread: 0.0,
            extended: 0,
            marked: None,
            crossing: 0.0,
            one_batch: false,
            scene: None,
            since_estimate: 0,
            visit: Counts::default(),
            total: Counts::default(),
        })
    }

    /// What it has evaluated and done so far.
    pub fn counts(&self) -> Counts {
        self.total
    }

    /// The last estimate of the lowest curvature.
    pub fn estimate(&self) -> Estimate {
        self.dimer.estimate()
    }

    /// The axis of that estimate.
    pub fn axis(&self) -> &V {
        self.dimer.axis()
    }

    /// Whether this can be a later state of `new`; see [`Dimer::continues`](Dimer::continues).
    pub fn continues(&self, new: &Self, same_shape: impl Fn(&V, &V) -> bool) -> bool {
        self.policy.has_settings_of(&new.policy)
            && self.dimer.continues(&new.dimer, same_shape)
            && self.trigger.has_settings_of(&new.trigger)
            && self.budget.has_settings_of(&new.budget)
            && self.seed == new.seed
    }

    /// The gradients it may spend at present.
    pub fn budget(&self) -> f64 {
        self.budget.available()
    }
}

impl<V> Deo<V> {
    /// Takes a training step's point, loss and gradient, and decides whether to visit.
    ///
    /// Returns ‖g‖. A loss or gradient that isn't finite starts no visit. Call [`Deo::apply`] on such a step too, which
    /// undoes the move that led there, if one did; then skip it.
    pub fn observe<S>(&mut self, space: &S, x: &S::Vector, loss: f64, g: &S::Vector) -> f64
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.abandon();
        let gradient_norm = space.norm(g);
        self.trigger.observe(loss, gradient_norm);
        self.budget.earn();
        self.since_estimate += 1;
        if !(loss.is_finite() && gradient_norm.is_finite()) {
            if let (Some(promise), Policy::Escape(escape)) = (self.promise.take(), &mut self.policy)
            {
                escape.stage = Stage::Broken(promise);
            }
            return gradient_norm;
        }
        if let Some(promise) = self.promise.take() {
            if promise.made && promise.is_of_the_same_batch(loss) {
                self.one_batch = true;
                self.keep(&promise, promise.decrease, true);
            } else if let Policy::Escape(escape) = &mut self.policy {
                escape.stage = Stage::Again { promise, here: loss, there: None };
                self.batches_differ = true;
                return gradient_norm;
            }
        }
        match self.policy {
            Policy::Deflate(..) | Policy::Amplify(..) if self.trigger.is_due() => {
                self.begin_tracking(space);
            }
            Policy::Escape(_) if self.trigger.is_due() => {
                self.begin_escape(space, x, loss, gradient_norm);
            }
            Policy::Escape(_) if self.trigger.is_due_next() => self.mark(space, x, loss),
            _ => {}
        }
        gradient_norm
    }

    /// Remembers x, to learn at the next step how far the base optimizer has got.
    fn mark<S>(&mut self, space: &S, x: &S::Vector, loss: f64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        space.copy(x, self.dimer.scratch());
        self.marked = Some(loss);
    }

    /// Begins a visit of the ladder, if the base optimizer is slow enough for it.
    fn begin_escape<S>(&mut self, space: &S, x: &S::Vector, loss: f64, gradient_norm: f64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let Policy::Escape(escape) = &mut self.policy else { return };
        let EscapeSettings { lengthening, longest, .. } = escape.settings;
        // The step before a visit is marked, unless the interval was set to 1 or a step in between wasn't finite.
        let marked = self.marked.take();
        let mut pace = f64::INFINITY;
        if marked.is_some() {
            let back = self.dimer.scratch();
            space.axpby(-1.0, x, 1.0, back);
            pace = space.norm(back);
        }
        if lengthening == 0.0 {
            pace = 0.0; // nobody asks
        }
        let norm = space.norm(x);
        let crossing = longest.at(norm) / pace;
        // A number in any case: a saved state must load again.
        self.crossing = if lengthening == 0.0 { f64::MAX } else { crossing.min(f64::MAX) };
        let unknown = !(self.one_batch || self.batches_differ);
        let bearable = self.budget.bearable(self.crossing, unknown || !self.batches_differ);
        // At the origin of a coordinate system nothing has a length, and 0/0 isn't slow.
        if !(self.crossing >= lengthening && bearable >= SMALLEST_VISIT) {
            return self.mark(space, x, loss);
        }
        let wanted_rate = self.trigger.decrease_per_step();
        self.scene = Some(Scene { loss, gradient_norm, norm, wanted_rate, pace });
        match marked {
            Some(then) if unknown => escape.stage = Stage::Compare { then, now: None },
            _ => self.open(space),
        }
    }

    /// Opens the visit that the scene is set for, if it can be borne.
    fn open<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (Policy::Escape(escape), Some(scene)) = (&mut self.policy, self.scene) else { return };
        let bearable = self.budget.bearable(self.crossing, self.one_batch && !self.batches_differ);
        if bearable - self.visit.cost() < SMALLEST_VISIT {
            (escape.stage, self.scene) = (Stage::Idle, None);
            return;
        }
        self.visit.visits = 1;
        escape.begin(&scene);
        if escape.stage == Stage::Axis {
            self.begin_axis(space);
        }
    }

    /// Whether this step has the batch of the one before, whose loss was `then` and is `now` on this batch.
    ///
    /// A third of a gradient, once, says what is otherwise learned from a first move, which would have to be made blindly,
    /// and for which a run on one batch would have to stand for longer.
    fn compare<S>(&mut self, space: &S, then: f64, now: f64)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let Some(scene) = self.scene else { return };
        let rounding = SAME_ROUNDINGS * space.epsilon() * then.abs();
        let tolerance = SAME_SHARE * (then - scene.loss).abs() + rounding;
        // Of a loss that isn't finite nothing is learned.
        self.one_batch = (now - then).abs() <= tolerance;
        self.batches_differ = now.is_finite() && !self.one_batch;
        self.open(space);
    }

    /// Forgets a visit that was not settled by [`Deo::apply`].
    fn abandon(&mut self) {
        let visit = std::mem::take(&mut self.visit);
        self.total += visit;
        self.scene = None;
        if let Policy::Escape(escape) = &mut self.policy {
            escape.fallback = None;
            if let Stage::Broken(promise) = std::mem::replace(&mut escape.stage, Stage::Idle) {
                self.promise = Some(promise); // x is still where the move has led
            }
            self.budget.spend(visit.cost());
        }
    }

    /// A fresh random seed for each visit, the same in every representation and after a resume.
    fn visit_seed(&self) -> u64 {
        derive(self.seed, self.total.visits)
    }

    /// Draws an axis.
    fn draw<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.dimer.draw(space, self.visit_seed());
        self.drawn = true;
        self.spread = 0.0;
    }

    fn begin_tracking<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (Policy::Deflate(_, tracking) | Policy::Amplify(_, tracking)) = &self.policy else {
            return;
        };
        let gradients = if self.has_axis { tracking.gradients } else { tracking.first };
        if !self.has_axis {
            self.draw(space);
        }
        self.dimer.begin(space);
        self.dimer.limit(gradients);
        self.visit = Counts { visits: 1, ..Counts::default() };
        self.trigger.visited();
    }

    /// The next question, or `None` when there is none (left). `g` is the gradient that was observed.
    pub fn ask<'a, S>(&'a mut self, space: &S, g: &'a S::Vector) -> Option<Question<'a, S::Vector>>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        self.advance(space, g);
        let Policy::Escape(escape) = &self.policy else {
            return self.dimer.ask(space).map(Question::Gradient);
        };
        match &escape.stage {
            Stage::Idle | Stage::Settled(_) | Stage::Broken(_) => None,
            Stage::Axis => self.dimer.ask(space).map(Question::Gradient),
            Stage::Compare { now: None, .. } => {
                Some(Question::Loss(Trial { direction: self.dimer.kept(), coefficient: 1.0 }))
            }
            Stage::Again { promise, there: None, .. } => {
                let sign = if promise.made { -1.0 } else { 1.0 };
                let coefficient = sign * promise.coefficient;
                Some(Question::Loss(Trial { direction: self.promised(promise.rung), coefficient }))
            }
            Stage::Compare { now: Some(_), .. } | Stage::Again { there: Some(_), .. } => None,
            Stage::Gradient(search) => {
                let coefficient = -search.ask()? / self.scene?.gradient_norm;
                Some(Question::Loss(Trial { direction: g, coefficient }))
            }
            Stage::Kick { search, sign, .. } => {
                let coefficient = sign * search.ask()?;
                Some(Question::Loss(Trial { direction: self.dimer.axis().borrow(), coefficient }))
            }
        }
    }

    /// Takes the answer to a [`Question::Gradient`].
    pub fn tell_gradient<S>(&mut self, space: &S, answer: Answer<'_, S::Vector>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let rotations = self.dimer.estimate().rotations;
        self.visit.gradients += answer.gradients;
        self.dimer.tell(space, answer);
        self.visit.rotations += self.dimer.estimate().rotations - rotations;
        let estimate = self.dimer.estimate();
        if estimate.curvature.is_finite() {
            self.spread = self.spread.max(estimate.curvature.hypot(estimate.residual));
            if std::mem::take(&mut self.drawn) && !matches!(self.policy, Policy::Escape(_)) {
                self.dimer.enter_range(space); // Escape purges the axis where it uses it, which costs nothing
            }
            self.has_axis |= self.dimer.estimate().curvature.is_finite();
        }
    }

    /// Takes the answer to a [`Question::Loss`].
    ///
    /// # Panics
    ///
    /// If no loss was asked for.
    pub fn tell_loss(&mut self, loss: f64) {
        self.visit.losses += 1;
        match &mut self.policy {
            Policy::Escape(Escape {
                stage: Stage::Gradient(search) | Stage::Kick { search, .. },
                ..
            }) => search.tell(loss),
            Policy::Escape(Escape {
                stage: Stage::Compare { now: answer, .. } | Stage::Again { there: answer, .. },
                ..
            }) => *answer = Some(loss),
            _ => panic!("tell_loss without a question: no loss was asked for"),
        }
    }

    /// Ends the step: transforms `g` (`Deflate`, `Amplify`) or moves `x` (`Escape`).
    ///
    /// Where x was moved the loop skips its own step: `g` belongs to the old x. A step whose loss or gradient isn't finite
    /// is skipped as well, but not before this call: if the last move led there, it is undone.
    pub fn apply<S>(&mut self, space: &S, x: &mut S::Vector, g: &mut S::Vector) -> Event
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let event = match self.policy {
            Policy::Escape(_) => self.settle(space, x, g),
            _ if self.visit.visits > 0 => Event::Tracked,
            _ => Event::Quiet,
        };
        if self.has_axis {
            let (n, estimate) = (self.dimer.axis().borrow(), self.dimer.estimate());
            match &self.policy {
                Policy::Escape(_) => {}
                Policy::Deflate(deflate, _) => {
                    deflate.transform(space, n, g);
                }
                Policy::Amplify(amplify, _) => {
                    amplify.transform(space, n, &estimate, g);
                }
            }
        }
        self.total += std::mem::take(&mut self.visit);
        event
    }
}
