//! The machine: a Krylov space, then losses along its lowest axis.

use super::base::{Base, steps_to};
use super::settings::DiagnoseSettings;
use super::turn::{Turn, TurnSearch};
use super::{Diagnosis, Verdict};
use crate::budget::LOSS_COST;
use crate::krylov::Krylov;
use crate::oracle::{Asks, Question, Trial};
use crate::probe::{Answer, gradient_error};
use crate::setting::SettingError;
use crate::space::{Space, Updates};
use std::borrow::{Borrow, BorrowMut};

/// The first length that is tried along the axis, and the longest, in units of max(‖x‖, 1).
const FIRST: f64 = 0.03;
const LONGEST: f64 = 10.0;

/// A fall of the loss is seen if it is so many roundoffs of it.
const SEEN: f64 = 64.0;

/// An axis may be used once ‖r‖ is at most this share of |C|: some eigenvalue is then negative, and Escape of
/// [`Escape`](crate::policy::EscapeSettings) begins its kick there.
const SHARP: f64 = 0.3;

/// A diagnosis in progress: plain data, resumable at any answer.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub struct Diagnose<S: Space> {
    settings: DiagnoseSettings,
    krylov: Krylov<S>,
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    loss: f64,
    norm: f64,
    /// N.
    dimension: f64,
    /// (θ, w) of the last basis that was the Krylov space of its start.
    quadrature: Vec<(f64, f64)>,
    /// Gradients after which the lowest pair was negative and sharp.
    sharp: Option<u64>,
    /// ⟨g, n⟩ and the search, once the Krylov space is done and its lowest curvature negative.
    along: Option<(f64, TurnSearch)>,
    done: bool,
}

impl<S: Space> Diagnose<S> {
    /// A machine for the point x, where the loss is `loss`.
    ///
    /// # Errors
    ///
    /// [`SettingError`] names a setting that is out of range.
    pub fn new(
        space: &S,
        x: &S::Vector,
        loss: f64,
        settings: DiagnoseSettings,
    ) -> Result<Self, SettingError> {
        let mut krylov = Krylov::new(space, x, settings.krylov())?;
        krylov.draw(space, settings.seed);
        Ok(Diagnose {
            settings,
            krylov,
            loss,
            norm: space.norm(x),
            dimension: space.dimension(x),
            quadrature: vec![],
            sharp: None,
            along: None,
            done: !loss.is_finite(),
        })
    }

    /// The unit axis of lowest curvature, once there is no question left.
    pub fn axis(&self) -> &S::Owned {
        self.krylov.axis(0)
    }

    /// Gradients and losses evaluated so far.
    pub fn spent(&self) -> (u64, u64) {
        (self.krylov.gradients(), self.along.as_ref().map_or(0, |(_, search)| search.losses()))
    }

    /// The lowest curvature in the metric P = diag(`metric`), that of P⁻¹H, as far as the Krylov space holds it: an upper
    /// bound, which no further gradient is asked for.
    pub fn lowest_in_metric(&self, space: &S, metric: &S::Vector) -> f64
    where
        S: Updates,
    {
        self.krylov.lowest_in_metric(space, metric)
    }

    /// The search along the downhill side of ±n: begun at a hundredth of ‖x‖ or so, no shorter than a fall that can be seen.
    fn begin_search(&mut self, space: &S, g: &S::Vector) {
        let lowest = &self.krylov.estimates()[0];
        if !lowest.is_negative(self.settings.thresholds.significance) {
            self.done = true;
            return;
        }
        let slope = space.dot(g, self.krylov.axis(0).borrow());
        let scale = self.norm.max(1.0);
        let visible = SEEN * space.epsilon() * self.loss.abs() / lowest.curvature.abs();
        let range = [visible.sqrt().max(space.epsilon() * scale), LONGEST * scale];
        self.along = Some((slope, TurnSearch::new(self.loss, FIRST * scale, range)));
    }

    /// Downhill along the axis: +1 where the slope is zero.
    fn side(slope: f64) -> f64 {
        if slope > 0.0 { -1.0 } else { 1.0 }
    }

    /// What follows from the answers, for a base at this point, where the gradient is `g`.
    ///
    /// `metric_curvature` is what [`lowest_in_metric`](Self::lowest_in_metric) says for a base with a metric.
    pub fn conclude(
        &self,
        space: &S,
        g: &S::Vector,
        base: &Base<'_, S::Vector>,
        metric_curvature: Option<f64>,
    ) -> Diagnosis<S::Owned> {
        let [lowest, highest] = self.krylov.estimates() else {
            unreachable!("one pair at each end")
        };
        let gradient_norm = space.norm(g);
        let (gradients, losses) = self.spent();
        let mut axis = space.zeros_like(g);
        space.copy(self.krylov.axis(0).borrow(), axis.borrow_mut());
        let (slope, turn) = match &self.along {
            Some((slope, search)) => (*slope, search.turn(Self::side(*slope))),
            None => (space.dot(g, axis.borrow()), Turn { at: 0.0, fall: 0.0, beyond: false }),
        };
        // A slope below the rounding of the gradient isn't known to be there.
        let slope_error = gradient_error(space.epsilon()) * gradient_norm;
        let base_curvature = metric_curvature.filter(|c| c.is_finite()).unwrap_or(lowest.curvature);
        let growth = base.kind.growth(base.lr, base_curvature);
        let side = Self::side(slope);
        let (along_step, step_norm) = match base.step {
            Some(step) => (side * space.dot(step, axis.borrow()), space.norm(step)),
            None => (base.lr * slope.abs(), base.lr * gradient_norm),
        };
        // Momentum may lead uphill just now: the gradient's own part is what grows in the end.
        let pace = along_step.max(growth * slope.abs() / lowest.curvature.abs());
        // Equal units have equal gradients to the bit: what rounding shows of a slope may move nothing.
        let blind = slope.abs() <= slope_error;
        let sharp = self.sharp.unwrap_or(gradients);
        let (unstable, unstable_range) = self.unstable(space.epsilon());
        let mut diagnosis = Diagnosis {
            verdict: Verdict::NotFinite,
            loss: self.loss,
            gradient_norm,
            norm: self.norm,
            lowest: *lowest,
            highest: *highest,
            others: None,
            slope,
            slope_error,
            turn,
            unstable,
            unstable_range,
            base_curvature,
            growth,
            step_norm,
            base_gradients: if blind {
                f64::INFINITY
            } else {
                steps_to(turn.at.abs(), growth, pace)
            },
            axis_gradients: sharp as f64 + losses as f64 * LOSS_COST,
            gradients,
            losses,
            axis,
        };
        diagnosis.judge(&self.settings.thresholds);
        diagnosis
    }

    /// The share of directions whose curvature is below zero by more than what counts as zero, and what is open of it.
    ///
    /// The sum of the k lowest weights is the share below some value between the k-th node and the next, so that the share
    /// below any value between them has the weight of neither for certain.
    fn unstable(&self, epsilon: f64) -> (f64, [f64; 2]) {
        let [lowest, highest] = self.krylov.estimates() else {
            unreachable!("one pair at each end")
        };
        let largest = lowest.curvature.abs().max(highest.curvature.abs());
        let zero = (2.0 * lowest.secant_error).max(epsilon.cbrt().powi(2) * largest);
        if let Some(all) = self.krylov.whole_spectrum(self.dimension) {
            let share =
                all.iter().filter(|value| **value < -zero).count() as f64 / all.len() as f64;
            return (share, [share; 2]);
        }
        let below = self.quadrature.iter().filter(|(node, _)| *node < -zero).count();
        let sum = |nodes: usize| {
            let weights = self.quadrature.iter().map(|(_, weight)| weight);
            // From 0: an iterator's sum of nothing is −0.
            weights.take(nodes).fold(0.0, |sum, weight| sum + weight).min(1.0)
        };
        let most = if below < self.quadrature.len() { sum(below + 1) } else { 1.0 };
        (sum(below), [sum(below.saturating_sub(1)), most])
    }
}

impl<S: Space> Asks<S> for Diagnose<S> {
    fn ask<'a>(&'a mut self, space: &S, g: &'a S::Vector) -> Option<Question<'a, S::Vector>>
    where
        S::Owned: 'a,
    {
        if self.done {
            return None;
        }
        if self.krylov.ask(space).is_none() && self.along.is_none() {
            self.begin_search(space, g);
        }
        match &self.along {
            None => self.krylov.ask(space).map(Question::Gradient),
            Some((slope, search)) => search.ask().map(|length| {
                let direction = self.krylov.axis(0).borrow();
                Question::Loss(Trial { direction, coefficient: Self::side(*slope) * length })
            }),
        }
    }

    fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        self.krylov.tell(space, answer);
        if let Some(quadrature) = self.krylov.quadrature() {
            self.quadrature = quadrature;
        }
        let lowest = &self.krylov.estimates()[0];
        if self.sharp.is_none() && lowest.residual <= -SHARP * lowest.curvature {
            self.sharp = Some(self.krylov.gradients());
        }
    }

    fn tell_loss(&mut self, loss: f64) {
        let Some((_, search)) = &mut self.along else {
            panic!("told the loss {loss}, but no loss was asked for")
        };
        search.tell(loss);
    }
}
