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
mod protocol;
mod settings;
mod verdict;

pub use settings::VerificationSettings;
pub use verdict::Verdict;

use super::copied;
use super::guess::HessianGuess;
use deo_core::SettingError;
use deo_core::estimate::{Estimate, Status};
use deo_core::krylov::Krylov;
use deo_core::probe::Rule;
use deo_core::space::Space;
use preconditioned::Preconditioned;

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
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub struct Verification<S: Space> {
    settings: VerificationSettings,
    krylov: Krylov<S>,
    phase: Phase,
    x: S::Owned,
    point: S::Owned,
    /// The direction of the probe, a unit vector of x.
    direction: S::Owned,
    gradient: S::Owned,
    ahead: S::Owned,
    gradients: u64,
    /// Probes in a row, along one direction, whose gradients weren't finite.
    unanswered: usize,
    preconditioned: Option<Preconditioned<S>>,
}

impl<S: Space> Verification<S> {
    /// For the point `x`.
    ///
    /// # Errors
    ///
    /// [`SettingError`](deo_core::SettingError) names a setting that is out of range.
    pub fn new(
        space: &S,
        x: &S::Vector,
        settings: VerificationSettings,
    ) -> Result<Self, SettingError> {
        let mut krylov =
            Krylov::new(space, x, settings.krylov(space.epsilon(), space.dimension(x)))?
                .with_check_rule(Rule::Central);
        krylov.draw(space, settings.seed);
        Ok(Verification::of(space, x, settings, krylov, None))
    }

    /// The same in variables in which `guess` says that all curvatures are ±1. The verdict owes nothing to the guess, as
    /// `verify/preconditioner.rs` has it; the gradients that it takes do.
    ///
    /// # Errors
    ///
    /// [`SettingError`](deo_core::SettingError) names a setting that is out of range.
    pub fn preconditioned(
        space: &S,
        x: &S::Vector,
        settings: VerificationSettings,
        guess: &HessianGuess<S::Owned>,
    ) -> Result<Self, SettingError> {
        match Preconditioned::new(space, x, &settings, guess)? {
            Some((preconditioned, krylov)) => {
                Ok(Verification::of(space, x, settings, krylov, Some(preconditioned)))
            }
            None => Verification::new(space, x, settings),
        }
    }

    fn of(
        space: &S,
        x: &S::Vector,
        settings: VerificationSettings,
        krylov: Krylov<S>,
        preconditioned: Option<Preconditioned<S>>,
    ) -> Self {
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
    pub fn ask(&self) -> Option<&S::Owned> {
        (self.phase != Phase::Done).then_some(&self.point)
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
        let Some(next) = self.krylov.next_bound(0).filter(|_| closed) else {
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
    pub fn axis(&self, i: usize) -> &S::Owned {
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
