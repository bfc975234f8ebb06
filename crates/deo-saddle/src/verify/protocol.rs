//! What each answer leads to.

use super::{Phase, Verdict, Verification, VerificationSettings};
use crate::newton::AGAIN;
use deo_core::estimate::Status;
use deo_core::krylov::Krylov;
use deo_core::probe::{Answer, Rule};
use deo_core::space::Space;
use std::borrow::{Borrow, BorrowMut};

impl<S: Space> Verification<S> {
    /// Takes the gradient at the point last asked about.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell(&mut self, space: &S, gradient: &S::Vector) {
        self.gradients += 1;
        if matches!(self.phase, Phase::Ahead(_)) && self.is_unanswered(space, gradient) {
            return;
        }
        match self.phase {
            Phase::Point => {
                space.copy(gradient, self.gradient.borrow_mut());
                self.ask_probe(space);
            }
            // On one side of a wall there is no other end.
            Phase::Ahead(h) if self.rule() == Rule::Central && h > 0.0 => {
                space.copy(gradient, self.ahead.borrow_mut());
                let behind = -self.displace(space, -self.length(space));
                self.phase = Phase::Behind(behind, h);
            }
            Phase::Ahead(h) => self.answer(space, [(0.0, None), (h, Some(gradient))]),
            Phase::Behind(_, ahead) if !space.norm(gradient).is_finite() => {
                self.answer(space, [(0.0, None), (ahead, None)]);
            }
            Phase::Behind(behind, ahead) => {
                self.answer(space, [(-behind, Some(gradient)), (ahead, None)]);
            }
            Phase::Done => panic!("tell without a question: the verification has ended"),
        }
    }

    /// Passes on the gradients at the two ends of a probe, each at a signed length: the one told now, that kept from ahead,
    /// or that at x, where the length is 0.
    fn answer(&mut self, space: &S, ends: [(f64, Option<&S::Vector>); 2]) {
        let (at_x, kept) = (self.gradient.borrow(), self.ahead.borrow());
        let [(from, behind), (to, ahead)] = ends;
        let behind = behind.unwrap_or(at_x);
        let ahead = ahead.unwrap_or(kept);
        match &mut self.preconditioned {
            Some(preconditioned) => {
                let ends = [(from, behind), (to, ahead)];
                preconditioned.tell(space, &mut self.krylov, self.direction.borrow(), ends);
            }
            None if from == 0.0 => self.krylov.tell(space, Answer::forward(to, behind, ahead)),
            None => self.krylov.tell(space, Answer::central(-from, behind, to, ahead)),
        }
        self.ask_probe(space);
    }

    /// Where `gradient` isn't finite, asks for one nearer, and then on the other side; false where there is an answer, or
    /// was none to any of these.
    fn is_unanswered(&mut self, space: &S, gradient: &S::Vector) -> bool {
        if space.norm(gradient).is_finite() || self.unanswered == AGAIN.len() {
            self.unanswered = 0;
            return false;
        }
        self.unanswered += 1;
        let factor: f64 = AGAIN[..self.unanswered].iter().product();
        self.phase = Phase::Ahead(self.displace(space, factor * self.length(space)));
        true
    }

    fn ask_probe(&mut self, space: &S) {
        let direction = self.direction.borrow_mut();
        let asked = match (&mut self.preconditioned, self.krylov.ask(space)) {
            (None, None) => false,
            (None, Some(probe)) => {
                space.copy(probe.direction(), direction);
                true
            }
            (Some(preconditioned), _) => {
                let left = self.settings.max_gradients.saturating_sub(self.gradients);
                preconditioned.ask(space, &self.krylov, left, direction)
            }
        };
        self.phase = if asked {
            Phase::Ahead(self.displace(space, self.length(space)))
        } else if self.is_hidden() && self.begin_again(space) {
            return self.ask_probe(space);
        } else {
            Phase::Done
        };
    }

    /// There is no verdict, and nothing but the error of forward differences is in its way, at which a residual may also
    /// have come to a standstill.
    fn is_hidden(&self) -> bool {
        let forward = self.krylov.settings().rule == Rule::Forward;
        let ended = match self.krylov.status() {
            Status::NonFinite => true,
            // Those in the variables of a guess are given all that is left.
            Status::Budget => self.preconditioned.is_some(),
            _ => false,
        };
        let flat = || self.estimates().iter().any(|e| e.curvature.abs() <= self.settings.flat);
        forward
            && !ended
            && match self.judged() {
                Verdict::Flat => !flat(),
                verdict => verdict == Verdict::Unresolved,
            }
    }

    /// The same by central differences, in the variables of the point; false where nothing is left to spend on it.
    fn begin_again(&mut self, space: &S) -> bool {
        let max_gradients = self.settings.max_gradients.saturating_sub(self.gradients);
        let settings = VerificationSettings { rule: Rule::Central, max_gradients, ..self.settings };
        let x = self.x.borrow();
        let process = settings.krylov(space.epsilon(), space.dimension(x));
        let Ok(krylov) = Krylov::new(space, x, process) else {
            return false;
        };
        self.krylov = krylov;
        self.krylov.draw(space, self.settings.seed);
        self.preconditioned = None;
        true
    }

    /// By which rule the open probe is answered.
    fn rule(&self) -> Rule {
        match &self.preconditioned {
            Some(preconditioned) if preconditioned.is_measuring() => Rule::Central,
            _ => self.krylov.rule(),
        }
    }

    /// The length of the open probe.
    fn length(&self, space: &S) -> f64 {
        let norm = space.norm(self.x.borrow());
        self.krylov.length().at(norm) * self.krylov.ask(space).map_or(1.0, |probe| probe.factor())
    }

    /// The point to ask about, so far along the direction; the length that storage realised.
    fn displace(&mut self, space: &S, length: f64) -> f64 {
        let (x, point) = (self.x.borrow(), self.point.borrow_mut());
        space.displace(length, self.direction.borrow(), x, point)
    }
}
