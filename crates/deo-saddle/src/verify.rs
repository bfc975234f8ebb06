//! Is it a saddle, and of which index? An answer that owes nothing to the search.
//!
//! Problem: a search stops where ‖g‖ is small and its own modes curve downwards. Its modes were tracked from far
//! away, and every eigenvector is a fixed point of tracking: a second negative curvature orthogonal to them would
//! never show. So the k + 1 lowest eigenpairs are solved for again, from a random start and with the confirmation of
//! [`Krylov`] that no other is below 0:
//!
//! index = the number of Cᵢ < −(flat + error); the saddle sought has index k, hence C_k < 0 < C_{k+1}.
//!
//! The error is that of the secants and ‖r‖: an eigenvalue lies within ‖r‖ of C, and where the secants are too coarse for
//! the residual asked for, C alone says nothing of a sign. A verification that ends before all of this is known has
//! [no verdict](Verdict::Unresolved).
//!
//! **Cost.** Products are forward differences; the pairs found are measured afresh by central ones; where the error of the
//! former hides the verdict, all is done again by the latter. And who has a guess of the Hessian gives it: see
//! `verify/preconditioner.rs`. Then of the pair above zero the sign is told, and its curvature is a bound from above.
//!
//! For free bodies give the space of the point itself, so that the rigid motions taken out are those of this
//! geometry.

mod plane;
mod preconditioned;
mod preconditioner;

use super::copied;
use super::guess::HessianGuess;
use super::newton::AGAIN;
use deo_core::estimate::{Estimate, Status};
use deo_core::krylov::{Krylov, KrylovError, KrylovSettings};
use deo_core::probe::{Answer, Length, Rule};
use deo_core::space::Space;
use preconditioned::Preconditioned;
use std::borrow::BorrowMut;

/// How a [`Verification`] is made.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct VerificationSettings {
    /// k, the index expected.
    pub index: usize,
    /// The curvature below which a direction counts as flat, in the units of f over x².
    pub flat: f64,
    /// The residual of each negative eigenpair, relative to its curvature. Eigenvalues are good to the square of it. With a
    /// guess of the Hessian only the sign of a positive one is told.
    pub tolerance: f64,
    /// By which rule the pairs are looked for, the central one in single precision. At the end they are measured by the
    /// central rule.
    pub rule: Rule,
    /// The length of a probe; `None` balances truncation and rounding.
    pub length: Option<Length>,
    /// Gradients that may be spent.
    pub max_gradients: u64,
    /// The seed of the random start.
    pub seed: u64,
}

impl Default for VerificationSettings {
    /// Index 1 by forward differences, residuals of 1e-2, directions below 1e-6 flat.
    fn default() -> Self {
        VerificationSettings {
            index: 1,
            flat: 1e-6,
            tolerance: 1e-2,
            rule: Rule::Forward,
            length: None,
            max_gradients: 2_000,
            seed: 0x5add1e,
        }
    }
}

/// Gradients that round more than this are of single precision, whose forward differences show three digits at best.
const SINGLE: f64 = 1e-10;

impl VerificationSettings {
    /// For atoms in eV and Å: probes of a hundredth of a bond, which the noise of an SCF doesn't hide; curvatures below
    /// 0.01 eV/Å² flat, 52 cm⁻¹ of a proton and 4 of a gold atom; and residuals of 5 %, as forces from tables have no
    /// Hessian to more.
    pub fn for_atoms(index: usize) -> Self {
        VerificationSettings {
            index,
            flat: 1e-2,
            tolerance: 5e-2,
            length: Some(Length::Absolute(1e-2)),
            ..VerificationSettings::default()
        }
    }

    /// Those of the process that finds the pairs.
    fn krylov(&self, epsilon: f64) -> KrylovSettings {
        let count = self.index + 1;
        KrylovSettings {
            count,
            memory: (4 * count + 2).max(MEMORY),
            rule: if epsilon > SINGLE { Rule::Central } else { self.rule },
            length: self.length,
            tolerance: self.tolerance,
            floor: self.flat,
            cutoff: Some(0.0),
            max_gradients: self.max_gradients,
            ..Default::default()
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
pub struct Verification<V> {
    settings: VerificationSettings,
    krylov: Krylov<V>,
    phase: Phase,
    x: V,
    point: V,
    /// The direction of the probe, a unit vector of x.
    direction: V,
    gradient: V,
    ahead: V,
    gradients: u64,
    /// Probes in a row, along one direction, whose gradients weren't finite.
    unanswered: usize,
    preconditioned: Option<Preconditioned<V>>,
}

impl<V> Verification<V> {
    /// For the point `x`.
    ///
    /// # Errors
    ///
    /// [`KrylovError`](deo_core::krylov::KrylovError) names a setting that is out of range.
    pub fn new<S>(
        space: &S,
        x: &S::Vector,
        settings: VerificationSettings,
    ) -> Result<Self, KrylovError>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let mut krylov =
            Krylov::new(space, x, settings.krylov(space.epsilon()))?.with_check_rule(Rule::Central);
        krylov.draw(space, settings.seed);
        Ok(Verification::of(space, x, settings, krylov, None))
    }

    /// The same in variables in which `guess` says that all curvatures are ±1. The verdict owes nothing to the guess, as
    /// `verify/preconditioner.rs` has it; the gradients that it takes do.
    ///
    /// # Errors
    ///
    /// [`KrylovError`](deo_core::krylov::KrylovError) names a setting that is out of range.
    pub fn preconditioned<S>(
        space: &S,
        x: &S::Vector,
        settings: VerificationSettings,
        guess: &HessianGuess<V>,
    ) -> Result<Self, KrylovError>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        match Preconditioned::new(space, x, &settings, guess)? {
            Some((preconditioned, krylov)) => {
                Ok(Verification::of(space, x, settings, krylov, Some(preconditioned)))
            }
            None => Verification::new(space, x, settings),
        }
    }

    fn of<S>(
        space: &S,
        x: &S::Vector,
        settings: VerificationSettings,
        krylov: Krylov<V>,
        preconditioned: Option<Preconditioned<V>>,
    ) -> Self
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let copy = || copied(space, x);
        let zeros = || space.zeros_like(x);
        Verification {
            settings,
            krylov,
            phase: Phase::Point,
            x: copy(),
            point: copy(),
            direction: zeros(),
            gradient: zeros(),
            ahead: zeros(),
            gradients: 0,
            unanswered: 0,
            preconditioned,
        }
    }

    /// Where a gradient is wanted, or `None` at the end.
    pub fn ask(&self) -> Option<&V> {
        (self.phase != Phase::Done).then_some(&self.point)
    }

    /// Takes the gradient at the point last asked about.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell<S>(&mut self, space: &S, gradient: &S::Vector)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
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
    fn answer<S>(&mut self, space: &S, ends: [(f64, Option<&S::Vector>); 2])
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
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
    fn is_unanswered<S>(&mut self, space: &S, gradient: &S::Vector) -> bool
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        if space.norm(gradient).is_finite() || self.unanswered == AGAIN.len() {
            self.unanswered = 0;
            return false;
        }
        self.unanswered += 1;
        let factor: f64 = AGAIN[..self.unanswered].iter().product();
        self.phase = Phase::Ahead(self.displace(space, factor * self.length(space)));
        true
    }

    fn ask_probe<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
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

    /// There is no verdict, and nothing but the error of forward differences is in its way.
    fn is_hidden(&self) -> bool {
        let forward = self.krylov.settings().rule == Rule::Forward;
        let ended = matches!(self.krylov.status(), Status::NonFinite | Status::Budget);
        let flat = || self.estimates().iter().any(|e| e.curvature.abs() <= self.settings.flat);
        forward
            && !ended
            && match self.judged() {
                Verdict::Flat => !flat(),
                verdict => verdict == Verdict::Unresolved,
            }
    }

    /// The same by central differences, in the variables of the point; false where nothing is left to spend on it.
    fn begin_again<S>(&mut self, space: &S) -> bool
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let max_gradients = self.settings.max_gradients.saturating_sub(self.gradients);
        let settings = VerificationSettings { rule: Rule::Central, max_gradients, ..self.settings };
        let Ok(krylov) = Krylov::new(space, self.x.borrow(), settings.krylov(space.epsilon()))
        else {
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
    fn length<S>(&self, space: &S) -> f64
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let norm = space.norm(self.x.borrow());
        self.krylov.length().at(norm) * self.krylov.ask(space).map_or(1.0, |probe| probe.factor())
    }

    /// The point to ask about, so far along the direction; the length that storage realised.
    fn displace<S>(&mut self, space: &S, length: f64) -> f64
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (x, point) = (self.x.borrow(), self.point.borrow_mut());
        space.displace(length, self.direction.borrow(), x, point)
    }

    /// The verdict; [`Verdict::Unresolved`] before the end.
    pub fn verdict(&self) -> Verdict {
        if self.phase == Phase::Done { self.judged() } else { Verdict::Unresolved }
    }

    fn judged(&self) -> Verdict {
        if self.krylov.status() == Status::NonFinite {
            return Verdict::Unresolved;
        }
        if let Some(preconditioned) = &self.preconditioned {
            return preconditioned.verdict(&self.settings, &self.krylov);
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

    fn estimates(&self) -> &[Estimate] {
        match &self.preconditioned {
            Some(preconditioned) => preconditioned.estimates(),
            None => self.krylov.estimates(),
        }
    }

    /// The k + 1 lowest curvatures, ascending.
    pub fn curvatures(&self) -> impl Iterator<Item = f64> + '_ {
        self.estimates().iter().map(|estimate| estimate.curvature)
    }

    /// Their errors, beside which an eigenvalue lies: that of the secants, and the residual.
    pub fn errors(&self) -> impl Iterator<Item = f64> + '_ {
        self.estimates().iter().map(error)
    }

    /// The eigenvector of the i-th of them.
    ///
    /// # Panics
    ///
    /// If i is above k.
    pub fn axis(&self, i: usize) -> &V {
        match &self.preconditioned {
            Some(preconditioned) => preconditioned.axis(i),
            None => self.krylov.axis(i),
        }
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
