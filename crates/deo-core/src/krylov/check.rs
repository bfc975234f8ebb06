//! The check of the wanted pairs before they are believed, as the dimer makes it: `dimer/check.rs`.
//!
//! The wanted Ritz vectors are the first of the basis by then. Each is probed afresh, the product replaces the
//! recombined one in W and its row and column of M; a pair that is negative beyond its error is probed at a second length.
//! If a fresh residual no longer meets the tolerance, the process goes on with what it has learnt, until a pair fails
//! again without having halved its residual.

use super::Krylov;
use super::noise_level::is_finite;
use crate::dimer::Recheck;
use crate::estimate::{Evidence, Status};
use crate::probe::Answer;
use crate::secant_error::{certified_error, stored_error};
use crate::space::Space;
use std::borrow::BorrowMut;

/// The pair whose check is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Check {
    /// None: the search is on, or the process has finished.
    None,
    /// A fresh probe.
    Fresh { pair: usize },
    /// Another one at the second length.
    Second { pair: usize },
}

impl<V> Krylov<V> {
    /// There is room for one more answer beside `kept` gradients.
    pub(super) fn affords(&self, kept: u64) -> bool {
        self.gradients + self.settings.rule.gradients() + kept <= self.settings.max_gradients
    }

    /// The gradients that are kept back from the search.
    pub(super) fn reserve(&self) -> u64 {
        let pair = 2 * self.settings.rule.gradients() * self.estimates.len() as u64;
        let due = match self.recheck {
            Recheck::Never => false,
            // At most a quarter of all, as in the dimer.
            Recheck::Claims => self.settings.max_gradients >= 4 * pair,
            Recheck::Always => true,
        };
        if due && self.secants { pair } else { 0 }
    }

    /// Asks for the check of the first pair, if one is due.
    pub(super) fn begin_check(&mut self) {
        self.check = Check::None;
        if self.reserve() > 0 {
            self.check_from(0);
        }
    }

    /// Asks for the check of the first measured pair from `pair` on. False if there is none.
    fn check_from(&mut self, pair: usize) -> bool {
        let measured = |i: &usize| self.estimates[*i].evidence != Evidence::None;
        let next = (pair..self.estimates.len().min(self.filled)).find(measured);
        let next = next.filter(|_| self.affords(0)); // starting vectors may have used it all
        self.check = next.map_or(Check::None, |pair| Check::Fresh { pair });
        self.asking = next.is_some();
        self.asking
    }

    /// Takes the answer of a check, and asks the next one or decides what follows from all of them.
    pub(super) fn tell_check<S>(&mut self, space: &S, answer: Answer<'_, S::Vector>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (pair, finite) = match self.check {
            Check::None => return,
            Check::Fresh { pair } => (pair, self.tell_fresh(space, pair, answer)),
            Check::Second { pair } => (pair, self.tell_second(space, pair, answer)),
        };
        self.estimates.iter_mut().for_each(|estimate| estimate.gradients = self.gradients);
        if !finite {
            self.estimates[pair].status = Status::NonFinite;
            (self.check, self.asking) = (Check::None, false);
            return self.withdraw_unconfirmed();
        }
        let estimate = self.estimates[pair];
        let second = self.recheck == Recheck::Always || estimate.is_negative(1.0);
        if second && estimate.evidence == Evidence::Fresh && self.affords(0) {
            self.check = Check::Second { pair };
        } else if !self.check_from(pair + 1) {
            self.conclude(space);
        }
    }

    /// Pair `pair` from a fresh product. False if that isn't finite.
    fn tell_fresh<S>(&mut self, space: &S, pair: usize, answer: Answer<'_, S::Vector>) -> bool
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (v, fresh) = (self.basis[pair].borrow(), self.spare[0].borrow_mut());
        let (curvature, square) = answer.product_into(space, v, fresh);
        let scale = space.norm(answer.ahead);
        if !(curvature.is_finite() && is_finite(space, square, fresh) && scale.is_finite()) {
            return false;
        }
        std::mem::swap(&mut self.products[pair], &mut self.spare[0]);
        self.note_rounding(space, scale, answer.span);
        let (fresh, old) = (self.products[pair].borrow(), self.spare[0].borrow_mut());
        space.axpby(1.0, fresh, -1.0, old);
        let off = space.norm(old);
        let v = self.basis[pair].borrow();
        space.torque(curvature, v, fresh, v, old);
        let residual = space.norm(old);
        self.set_column(space, pair, self.filled, curvature);
        // Its own truncation is not among what the others' asymmetries show of it.
        self.errors[pair] = 0.0;
        let rounding = self.noise_level();
        let estimate = &mut self.estimates[pair];
        let change = (curvature - estimate.curvature).abs();
        (estimate.curvature, estimate.residual) = (curvature, residual);
        estimate.secant_error = change.max(off.max(rounding) / self.root_dimension);
        estimate.evidence = Evidence::Fresh;
        true
    }

    /// The error of pair `pair` from a product at the second length. False if that isn't finite.
    fn tell_second<S>(&mut self, space: &S, pair: usize, answer: Answer<'_, S::Vector>) -> bool
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (v, again) = (self.basis[pair].borrow(), self.spare[0].borrow_mut());
        let (curvature, square) = answer.product_into(space, v, again);
        if !(curvature.is_finite() && is_finite(space, square, again)) {
            return false;
        }
        space.axpby(1.0, self.products[pair].borrow(), -1.0, again);
        let divisor = self.settings.rule.divisor();
        // The change can vanish by accident, but not below what storage rounds.
        let span = answer.span / self.settings.rule.ratio();
        let stored = stored_error(space.epsilon(), space.norm(answer.ahead), span);
        self.errors[pair] = (space.norm(again) / divisor).max(stored);
        let estimate = &mut self.estimates[pair];
        let change = (curvature - estimate.curvature).abs() / divisor;
        estimate.secant_error = certified_error(change, self.errors[pair], self.root_dimension);
        estimate.evidence = Evidence::TwoLengths;
        true
    }

    /// After the last answer of a check: the fresh residuals decide.
    fn conclude<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let mut open = false;
        for pair in 0..self.estimates.len() {
            let estimate = self.estimates[pair];
            if estimate.evidence < Evidence::Fresh {
                continue;
            }
            let status = self.pair_status(estimate.curvature, estimate.residual, self.errors[pair]);
            // Half of the residual is progress; less would spend gradients on the truncation of one probe after another.
            let stuck = estimate.residual >= 0.5 * self.failed[pair];
            self.estimates[pair].status = match status {
                Some(status) => status,
                None if estimate.status == Status::Budget => Status::Budget,
                None if stuck => Status::Noise,
                None => {
                    self.failed[pair] = estimate.residual;
                    open = true;
                    Status::Budget
                }
            };
        }
        if open && self.affords(self.reserve()) {
            (self.asking, self.check) = (true, Check::None);
            self.solve_projected();
            return self.advance(space);
        }
        self.withdraw_unconfirmed();
    }
}
