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
//!     optimizer.jumped(&space);                               // x was moved (or moved back) instead of a step
//! } else {
//!     optimizer.step(&space, &mut x, &g, lr);                 // as before
//! }
//! ```
//!
//! [`Deo::visit`] is the `while` loop for an [`Objective`](crate::Objective), and
//! [`WithDeo`] the whole step.

mod event;
mod settings;
mod strategy;
mod tracker;
mod with_deo;

pub use crate::oracle::{Question, Trial};
pub use event::{Counts, Event};
pub use settings::{DeoSettings, PolicySettings, Tracking};
pub use with_deo::{StepReport, WithDeo, WithDeoState};

use crate::dimer::{Dimer, Target};
use crate::estimate::Estimate;
use crate::noise::derive;
use crate::policy::Kick;
use crate::probe::Answer;
use crate::setting::SettingError;
use crate::space::Space;
use strategy::Strategy;
use tracker::Tracker;

/// What a step has to look at beside its loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// ‖g‖.
    Norm,
    /// ‖g‖, and how far x has come since the step before.
    Pace,
    /// x and g.
    All,
}

/// The machine. Plain data over the vectors of a space `S`: clone it, serialise it, resume it at any point.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub struct Deo<S: Space> {
    policy: Policy,
    desk: Desk<S>,
}

/// One of two machines: an axis that is followed by the step, or attempts to escape when a run stands.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Policy {
    Track(Tracker),
    Escape(Box<Strategy>),
}

/// What both work with.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
struct Desk<S: Space> {
    dimer: Dimer<S>,
    seed: u64,
    /// Of this step's visit, if there is one.
    visit: Counts,
    total: Counts,
}

impl<S: Space> Desk<S> {
    /// Draws an axis by a fresh seed for each visit, the same in every representation and after a resume.
    fn draw(&mut self, space: &S) {
        self.dimer.draw(space, derive(self.seed, self.total.visits));
    }
}

impl<S: Space> Deo<S> {
    /// A machine for vectors of the shape of `like`.
    ///
    /// # Errors
    ///
    /// [`SettingError`] names a setting that is out of range.
    pub fn new(space: &S, like: &S::Vector, settings: DeoSettings) -> Result<Self, SettingError> {
        settings.validate()?;
        let mut dimer = settings.dimer;
        let policy = match settings.policy {
            PolicySettings::Deflate { alpha, tracking } => {
                Policy::Track(Tracker::deflating(alpha, tracking))
            }
            PolicySettings::Amplify { strength, tracking } => {
                Policy::Track(Tracker::amplifying(strength, tracking))
            }
            PolicySettings::Escape(escape) => {
                dimer.target = match escape.kick {
                    Kick::Highest => Target::Highest,
                    Kick::Off | Kick::Lowest | Kick::Random => Target::Lowest,
                };
                Policy::Escape(Box::new(Strategy::new(escape, settings.trigger, settings.budget)))
            }
        };
        let dimer = Dimer::new(space, like, dimer)?;
        let (visit, total) = (Counts::default(), Counts::default());
        Ok(Deo { policy, desk: Desk { dimer, seed: settings.seed, visit, total } })
    }

    /// What it has evaluated and done so far.
    pub fn counts(&self) -> Counts {
        self.desk.total
    }

    /// The last estimate of the lowest curvature.
    pub fn estimate(&self) -> Estimate {
        self.desk.dimer.estimate()
    }

    /// The axis of that estimate.
    pub fn axis(&self) -> &S::Owned {
        self.desk.dimer.axis()
    }

    /// Whether this can be a later state of `new`; see [`Dimer::continues`](Dimer::continues).
    pub fn continues(&self, new: &Self, same_shape: impl Fn(&S::Owned, &S::Owned) -> bool) -> bool {
        let same_policy = match (&self.policy, &new.policy) {
            (Policy::Track(here), Policy::Track(there)) => here.has_settings_of(there),
            (Policy::Escape(here), Policy::Escape(there)) => here.has_settings_of(there),
            _ => false,
        };
        same_policy
            && self.desk.dimer.continues(&new.desk.dimer, same_shape)
            && self.desk.seed == new.desk.seed
    }

    /// The same state with each of its vectors in another form, as a file has them. `map` is also told the name of each.
    ///
    /// # Errors
    ///
    /// The first of `map`'s.
    ///
    /// # Examples
    ///
    /// ```
    /// use deo_core::{Deo, DeoSettings, space::Host};
    ///
    /// let deo = Deo::new(&Host::<f32>::new(), &[0.0; 3], DeoSettings::default())?;
    /// let mut vectors = vec![];
    /// let rest: Deo<Host<f64>> = deo.map_vectors(|name, vector| {
    ///     vectors.push((name, vector));
    ///     Ok::<_, std::convert::Infallible>(vec![])
    /// })?;
    /// assert_eq!((vectors.len(), vectors[0].0), (5, "axis"));
    /// assert!(rest.axis().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn map_vectors<T: Space, E>(
        self,
        mut map: impl FnMut(&'static str, S::Owned) -> Result<T::Owned, E>,
    ) -> Result<Deo<T>, E> {
        let Desk { dimer, seed, visit, total } = self.desk;
        let dimer = dimer.map_vectors(&mut map)?;
        Ok(Deo { policy: self.policy, desk: Desk { dimer, seed, visit, total } })
    }

    /// The gradients that `Escape` may spend at present; without bound for a policy that tracks, whose cost is known.
    pub fn budget(&self) -> f64 {
        match &self.policy {
            Policy::Track(_) => f64::INFINITY,
            Policy::Escape(strategy) => strategy.available(),
        }
    }

    /// Takes a training step's point, loss and gradient, and decides whether to visit.
    ///
    /// Returns ‖g‖. A loss or gradient that isn't finite starts no visit. Call [`Deo::apply`] on such a step too, which
    /// undoes the move that led there, if one did; then skip it.
    pub fn observe(&mut self, space: &S, x: &S::Vector, loss: f64, g: &S::Vector) -> f64 {
        // A visit that was not settled by `apply` is forgotten, not what it has cost.
        let left = std::mem::take(&mut self.desk.visit);
        self.desk.total += left;
        let gradient_norm = space.norm(g);
        match &mut self.policy {
            Policy::Track(tracker) => tracker.observe(&mut self.desk, space, loss, gradient_norm),
            Policy::Escape(strategy) => {
                strategy.abandon(left);
                strategy.observe(&mut self.desk, space, x, loss, gradient_norm);
            }
        }
        gradient_norm
    }

    /// What the next step has to look at, whatever its loss and gradient.
    ///
    /// For a loop whose parameters lie in many places, where x and g have to be gathered for [`observe`](Self::observe) and
    /// an inner product hasn't: [`observe_pace`](Self::observe_pace) takes a step that needs less than all.
    pub fn looks_next(&self) -> Looks {
        match &self.policy {
            // What it knows of the axis changes every gradient.
            Policy::Track(_) => Looks::All,
            Policy::Escape(strategy) => strategy.looks_next(),
        }
    }

    /// Takes a step that [looks](Self::looks_next) at ‖g‖, or at ‖g‖ and ‖x − [marked](Self::marked)‖ and ‖x‖, the `pace`,
    /// which is else of no meaning. It asks nothing, moves nothing, and is over.
    ///
    /// `None` if the base is slow enough for a visit: then nothing has changed, and the step is one for
    /// [`observe`](Self::observe). Else whether x has to be copied to [`marked`](Self::marked).
    pub fn observe_pace(&mut self, loss: f64, gradient_norm: f64, pace: [f64; 2]) -> Option<bool> {
        match &mut self.policy {
            Policy::Track(_) => None,
            Policy::Escape(strategy) => strategy.observe_pace(loss, gradient_norm, pace),
        }
    }

    /// Where x is kept from a step to the next, to learn how far the base has got.
    pub fn marked(&mut self) -> &mut S::Vector {
        self.desk.dimer.scratch()
    }

    /// The next question, or `None` when there is none (left). `g` is the gradient that was observed.
    pub fn ask<'a>(&'a mut self, space: &S, g: &'a S::Vector) -> Option<Question<'a, S::Vector>> {
        match &mut self.policy {
            Policy::Track(_) => self.desk.dimer.ask(space).map(Question::Gradient),
            Policy::Escape(strategy) => {
                strategy.advance(&mut self.desk, space, g);
                strategy.ask(&self.desk, space, g)
            }
        }
    }

    /// Takes the answer to a [`Question::Gradient`].
    pub fn tell_gradient(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        let Desk { dimer, visit, .. } = &mut self.desk;
        let rotations = dimer.estimate().rotations;
        visit.gradients += answer.gradients;
        dimer.tell(space, answer);
        visit.rotations += dimer.estimate().rotations - rotations;
        match &mut self.policy {
            Policy::Track(tracker) => tracker.told(dimer, space),
            Policy::Escape(strategy) => strategy.told(&dimer.estimate()),
        }
    }

    /// Takes the answer to a [`Question::Loss`].
    ///
    /// # Panics
    ///
    /// If no loss was asked for.
    pub fn tell_loss(&mut self, loss: f64) {
        let Policy::Escape(strategy) = &mut self.policy else {
            panic!("tell_loss without a question: a policy that tracks asks for no loss")
        };
        self.desk.visit.losses += 1;
        strategy.tell_loss(loss);
    }

    /// Ends the step: transforms `g` (`Deflate`, `Amplify`) or moves `x` (`Escape`).
    ///
    /// Where x was moved the loop skips its own step: `g` belongs to the old x. A step whose loss or gradient isn't finite
    /// is skipped as well, but not before this call: if the last move led there, it is undone.
    pub fn apply(&mut self, space: &S, x: &mut S::Vector, g: &mut S::Vector) -> Event {
        let event = match &mut self.policy {
            Policy::Track(tracker) => tracker.transform(&self.desk, space, g),
            Policy::Escape(strategy) => strategy.settle(&mut self.desk, space, x, g),
        };
        self.desk.total += std::mem::take(&mut self.desk.visit);
        event
    }
}
