//! An axis that is followed step by step, and what is done to the gradient along it: `Deflate`, `Amplify`.
//!
//! Its cost is known beforehand: so many gradients every so many steps. Hence it needs neither a test of stall nor a budget.

use super::{Counts, Desk, Event, Tracking};
use crate::dimer::Dimer;
use crate::policy::{Amplify, Deflate};
use crate::space::Space;
use std::borrow::Borrow;

/// The policy with its state.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Tracker {
    rule: Rule,
    tracking: Tracking,
    /// Steps since the last visit, or since the start.
    waited: u64,
    /// The axis has been drawn and measured at least once.
    has_axis: bool,
    /// The axis has been drawn, and its product isn't known yet.
    drawn: bool,
}

/// What becomes of the gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Rule {
    Deflate(Deflate),
    Amplify(Amplify),
}

impl Tracker {
    pub(super) fn deflating(alpha: f64, tracking: Tracking) -> Self {
        Self::new(Rule::Deflate(Deflate { alpha }), tracking)
    }

    pub(super) fn amplifying(strength: f64, tracking: Tracking) -> Self {
        Self::new(Rule::Amplify(Amplify { strength }), tracking)
    }

    fn new(rule: Rule, tracking: Tracking) -> Self {
        Tracker { rule, tracking, waited: 0, has_axis: false, drawn: false }
    }

    pub(super) fn has_settings_of(&self, other: &Self) -> bool {
        (self.rule, self.tracking) == (other.rule, other.tracking)
    }

    /// Takes a step's loss and ‖g‖, and begins a visit if it is time and both are finite.
    pub(super) fn observe<S: Space>(
        &mut self,
        desk: &mut Desk<S>,
        space: &S,
        loss: f64,
        norm: f64,
    ) {
        self.waited += 1;
        if !(loss.is_finite() && norm.is_finite()) || self.waited < self.tracking.interval {
            return;
        }
        let gradients = if self.has_axis { self.tracking.gradients } else { self.tracking.first };
        if !self.has_axis {
            desk.draw(space);
            self.drawn = true;
        }
        desk.dimer.begin(space);
        desk.dimer.limit(gradients);
        desk.visit = Counts { visits: 1, ..Counts::default() };
        self.waited = 0;
    }

    /// The dimer was told an answer.
    pub(super) fn told<S: Space>(&mut self, dimer: &mut Dimer<S>, space: &S) {
        if dimer.estimate().curvature.is_finite() {
            if std::mem::take(&mut self.drawn) {
                dimer.enter_range(space);
            }
            self.has_axis = true;
        }
    }

    /// g, by the rule.
    pub(super) fn transform<S: Space>(
        &self,
        desk: &Desk<S>,
        space: &S,
        g: &mut S::Vector,
    ) -> Event {
        if self.has_axis {
            let n = desk.dimer.axis().borrow();
            match &self.rule {
                Rule::Deflate(deflate) => {
                    deflate.transform(space, n, g);
                }
                Rule::Amplify(amplify) => {
                    amplify.transform(space, n, &desk.dimer.estimate(), g);
                }
            }
        }
        if desk.visit.visits > 0 { Event::Tracked } else { Event::Quiet }
    }
}
