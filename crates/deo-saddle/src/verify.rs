//! Is it a saddle, and of which index? An answer that owes nothing to the search.
//!
//! Problem: a search stops where ‖g‖ is small and its own modes curve downwards. Its modes were tracked from far
//! away, and every eigenvector is a fixed point of tracking: a second negative curvature orthogonal to them would
//! never show. So the k + 1 lowest eigenpairs are solved for again, from a random start and with the confirmation of
//! [`Krylov`] that no other is below 0, by the central rule:
//!
//! index = the number of Cᵢ < −(flat + error); the saddle sought has index k, hence C_k < 0 < C_{k+1}.
//!
//! The error is that of the secants and ‖r‖: an eigenvalue lies within ‖r‖ of C, and where the secants are too coarse for
//! the residual asked for, C alone says nothing of a sign. A verification that ends before all of this is known has
//! [no verdict](Verdict::Unresolved).
//!
//! For free bodies give the space of the point itself, so that the rigid motions taken out are those of this
//! geometry.

use super::copied;
use super::newton::AGAIN;
use deo_core::estimate::{Estimate, Status};
use deo_core::krylov::{Krylov, KrylovSettings};
use deo_core::probe::{Answer, Length, Rule};
use deo_core::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// How a [`Verification`] is made.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct VerificationSettings {
    /// k, the index expected.
    pub index: usize,
    /// The curvature below which a direction counts as flat, in the units of f over x².
    pub flat: f64,
    /// The residual of each eigenpair, relative to its curvature. Eigenvalues are good to the square of it.
    pub tolerance: f64,
    /// By which rule products are made.
    pub rule: Rule,
    /// The length of a probe; `None` balances truncation and rounding.
    pub length: Option<Length>,
    /// Gradients that may be spent.
    pub max_gradients: u64,
    /// The seed of the random start.
    pub seed: u64,
}

impl Default for VerificationSettings {
    /// Index 1 by central differences, residuals of 1e-2, directions below 1e-6 flat.
    fn default() -> Self {
        VerificationSettings {
            index: 1,
            flat: 1e-6,
            tolerance: 1e-2,
            rule: Rule::Central,
            length: None,
            max_gradients: 2_000,
            seed: 0x5add1e,
        }
    }
}

/// Directions kept between the products: twice as many as by default, since molecules are small.
const MEMORY: usize = 40;

/// What a [`Verification`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Verdict {
    /// The index is the one expected.
    Confirmed,
    /// So many of the lowest k + 1 curvatures are negative: another index, or a higher one if all of them are.
    WrongIndex {
        /// The number of negative ones among the lowest k + 1.
        negative: usize,
    },
    /// One of the k + 1 curvatures can't be told from zero.
    Flat,
    /// The eigenpairs didn't converge in the gradients allowed, or it isn't known that there are no others below zero, or
    /// a gradient wasn't finite.
    Unresolved,
    /// The curvatures are those of the index expected, but the function changes along a motion that the space leaves out,
    /// or may as far as this gradient tells: a molecule straight but for what its convergence left, a periodic cell
    /// that was turned. There may be a curvature more. Said by [`find`](super::find).
    NotInvariant,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Verdict::Confirmed => f.write_str("confirmed"),
            Verdict::WrongIndex { negative } => {
                write!(f, "wrong index: {negative} of the lowest curvatures are negative")
            }
            Verdict::Flat => f.write_str("a curvature can't be told from zero"),
            Verdict::Unresolved => f.write_str("the lowest eigenpairs aren't known"),
            Verdict::NotInvariant => {
                f.write_str("the function changes along a motion that the space leaves out")
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    Point,
    Ahead(f64),
    Behind(f64, f64),
    Done,
}

/// An independent solve for the k + 1 lowest eigenpairs at a point, in the protocol of the searches.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound = "S::Owned: serde::Serialize + serde::de::DeserializeOwned")
)]
pub struct Verification<S: Space> {
    settings: VerificationSettings,
    krylov: Krylov<S>,
    phase: Phase,
    x: S::Owned,
    point: S::Owned,
    gradient: S::Owned,
    ahead: S::Owned,
    gradients: u64,
    /// Probes in a row, along one direction, whose gradients weren't finite.
    unanswered: usize,
}

impl<S: Space> Verification<S> {
    /// For the point `x`.
    ///
    /// # Errors
    ///
    /// [`KrylovError`](deo_core::krylov::KrylovError) names a setting that is out of range.
    pub fn new(
        space: &S,
        x: &S::Vector,
        settings: VerificationSettings,
    ) -> Result<Self, deo_core::krylov::KrylovError> {
        let count = settings.index + 1;
        let krylov = KrylovSettings {
            count,
            memory: (4 * count + 2).max(MEMORY),
            rule: settings.rule,
            length: settings.length,
            tolerance: settings.tolerance,
            floor: settings.flat,
            cutoff: Some(0.0),
            max_gradients: settings.max_gradients,
            ..Default::default()
        };
        let mut krylov = Krylov::new(space, x, krylov)?;
        krylov.draw(space, settings.seed);
        let copy = || copied(space, x);
        let zeros = || space.zeros_like(x);
        Ok(Verification {
            settings,
            krylov,
            phase: Phase::Point,
            x: copy(),
            point: copy(),
            gradient: zeros(),
            ahead: zeros(),
            gradients: 0,
            unanswered: 0,
        })
    }

    /// Where a gradient is wanted, or `None` at the end.
    pub fn ask(&self) -> Option<&S::Owned> {
        (self.phase != Phase::Done).then_some(&self.point)
    }

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
            Phase::Ahead(h) if self.settings.rule == Rule::Central && h > 0.0 => {
                space.copy(gradient, self.ahead.borrow_mut());
                let probe = self.krylov.ask(space).expect("a probe is open");
                let behind = probe.displace_back(space, self.x.borrow(), self.point.borrow_mut());
                self.phase = Phase::Behind(behind, h);
            }
            Phase::Ahead(h) => {
                self.krylov.tell(space, Answer::forward(h, self.gradient.borrow(), gradient));
                self.ask_probe(space);
            }
            Phase::Behind(_, ahead) if !space.norm(gradient).is_finite() => {
                let at = self.ahead.borrow();
                self.krylov.tell(space, Answer::forward(ahead, self.gradient.borrow(), at));
                self.ask_probe(space);
            }
            Phase::Behind(behind, ahead) => {
                let answer = Answer::central(behind, gradient, ahead, self.ahead.borrow());
                self.krylov.tell(space, answer);
                self.ask_probe(space);
            }
            Phase::Done => panic!("tell without a question: the verification has ended"),
        }
    }

    /// Where `gradient` isn't finite, asks for one nearer, and then on the other side; false where there is an answer, or
    /// was none to any of these.
    fn is_unanswered(&mut self, space: &S, gradient: &S::Vector) -> bool {
        if space.norm(gradient).is_finite() || self.unanswered == AGAIN.len() {
            self.unanswered = 0;
            return false;
        }
        self.unanswered += 1;
        let probe = self.krylov.ask(space).expect("a probe is open");
        let factor: f64 = AGAIN[..self.unanswered].iter().product();
        let length = factor * probe.length(space.norm(self.x.borrow()));
        let point = self.point.borrow_mut();
        self.phase =
            Phase::Ahead(space.displace(length, probe.direction(), self.x.borrow(), point));
        true
    }

    fn ask_probe(&mut self, space: &S) {
        self.phase = match self.krylov.ask(space) {
            Some(probe) => {
                Phase::Ahead(probe.displace(space, self.x.borrow(), self.point.borrow_mut()))
            }
            None => Phase::Done,
        };
    }

    /// The verdict; [`Verdict::Unresolved`] before the end.
    pub fn verdict(&self) -> Verdict {
        if self.phase != Phase::Done || self.krylov.status() == Status::NonFinite {
            return Verdict::Unresolved;
        }
        // One pair less in a space of so few dimensions has nothing to be negative in.
        let known = || self.krylov.estimates().iter().filter(|e| e.curvature.is_finite());
        let bound = |e: &Estimate| self.settings.flat + error(e);
        let negative = known().filter(|e| e.curvature < -bound(e)).count();
        // That many are negative whatever else was missed.
        if negative > self.settings.index {
            return Verdict::WrongIndex { negative };
        }
        let closed = known().all(|e| e.status.is_final());
        let Some(next) = self.krylov.exclusion(0).filter(|_| closed) else {
            return Verdict::Unresolved;
        };
        if known().any(|e| e.curvature.abs() <= bound(e)) || next <= 0.0 {
            Verdict::Flat
        } else if negative == self.settings.index {
            Verdict::Confirmed
        } else {
            Verdict::WrongIndex { negative }
        }
    }

    /// The k + 1 lowest curvatures, ascending.
    pub fn curvatures(&self) -> impl Iterator<Item = f64> + '_ {
        self.krylov.estimates().iter().map(|estimate| estimate.curvature)
    }

    /// Their errors, beside which an eigenvalue lies: that of the secants, and the residual.
    pub fn errors(&self) -> impl Iterator<Item = f64> + '_ {
        self.krylov.estimates().iter().map(error)
    }

    /// The eigenvector of the i-th of them.
    ///
    /// # Panics
    ///
    /// If i is above k.
    pub fn axis(&self, i: usize) -> &S::Owned {
        self.krylov.axis(i)
    }

    /// Gradients spent, none of which belongs to the search.
    pub fn gradients(&self) -> u64 {
        self.gradients
    }
}

/// An eigenvalue lies within ‖r‖ of C, which is known to the error of its secants.
fn error(estimate: &Estimate) -> f64 {
    estimate.secant_error + estimate.residual
}
