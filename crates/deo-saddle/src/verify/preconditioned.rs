//! The part of a verification that works in other variables, and comes back from them.
//!
//! Problem: signs of curvatures are told in y = T⁻¹x (`preconditioner.rs`), and what is asked for are curvatures and axes in x.
//!
//! 1. The gradient in y at T⁻¹x + ℓv is Tg at x + hd, d = Tv/‖Tv‖ and ℓ = h/‖Tv‖: [`Krylov`] sees another function. It
//!    begins with the k lowest eigenvectors of the guess, and looks for what they miss from a random direction, as ever.
//! 2. At its end D = TV and HD = T⁻¹W + flat·D are known, without further products, and so are the best axes that V has in
//!    x (`plane.rs`).
//! 3. The negative ones of the k lowest are followed to the tolerance there: D gains T²r, r the residual (Davidson).
//! 4. The k + 1 lowest are measured afresh, on both sides. A curvature is that of its direction, so that those of k orthogonal
//!    axes below −flat are k eigenvalues below it (Courant and Fischer). That there are no others is what 1 says.
//!
//! | formula | code |
//! |---|---|
//! | ‖Tv‖ | `stretch` |
//! | D, HD | `plane` |

use super::plane::Plane;
use super::preconditioner::Preconditioner;
use super::settings::FEW;
use super::{Verdict, VerificationSettings};
use crate::copied;
use crate::guess::HessianGuess;
use deo_core::SettingError;
use deo_core::dimer::Recheck;
use deo_core::estimate::{Estimate, Evidence};
use deo_core::krylov::{Krylov, KrylovSettings};
use deo_core::probe::Answer;
use deo_core::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// The residual in y that tells a sign, relative to the curvature.
const SIGN: f64 = 0.1;

/// A product that leaves more than this of the residual in x has shown what its error hides.
const STUCK: f64 = 0.7;

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Stage {
    /// Step 1.
    Signs,
    /// Step 3 for this pair, whose residual is this.
    Following(usize, f64),
    /// Step 4.
    Measuring(usize),
}

/// What a verification has beside its process.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub(super) struct Preconditioned<S: Space> {
    preconditioner: Preconditioner<S>,
    stage: Stage,
    flat: f64,
    tolerance: f64,
    /// ‖Tv‖ of the open probe.
    stretch: f64,
    /// Gradients in y at the two ends of a probe.
    ends: [S::Owned; 2],
    plane: Plane<S>,
    /// The pairs in x.
    estimates: Vec<Estimate>,
    nothing: S::Owned,
}

impl<S: Space> Preconditioned<S> {
    /// `None` if the guess says nothing, or saves nothing.
    pub(super) fn new(
        space: &S,
        x: &S::Vector,
        settings: &VerificationSettings,
        guess: &HessianGuess<S::Owned>,
    ) -> Result<Option<(Self, Krylov<S>)>, SettingError> {
        if space.dimension(x) <= FEW {
            return Ok(None);
        }
        let usual = settings.krylov(space.epsilon(), space.dimension(x));
        // Measuring takes two gradients a pair.
        let kept = 2 * usual.count as u64;
        let max_gradients = settings.max_gradients.saturating_sub(kept).max(1);
        let tolerance = SIGN.max(settings.tolerance);
        let krylov = KrylovSettings { tolerance, floor: 0.0, max_gradients, ..usual };
        let mut krylov =
            Krylov::new(space, x, krylov)?.with_sides_only().with_recheck(Recheck::Never);
        let Some(preconditioner) = Preconditioner::new(space, x, guess) else {
            return Ok(None);
        };
        let mut axes: Vec<S::Owned> = (0..settings.index).map(|_| space.zeros_like(x)).collect();
        let known = axes.iter_mut().enumerate();
        let known = known.filter_map(|(i, axis)| {
            preconditioner.axis_into(space, i, axis.borrow_mut()).then_some(&*axis)
        });
        let known: Vec<&S::Vector> = known.map(|axis| axis.borrow()).collect();
        krylov.start_from(space, &known, settings.seed);
        let zeros = || space.zeros_like(x);
        let preconditioned = Preconditioned {
            preconditioner,
            stage: Stage::Signs,
            flat: settings.flat,
            tolerance: settings.tolerance,
            stretch: 1.0,
            ends: [zeros(), zeros()],
            plane: Plane::new(),
            estimates: vec![Estimate::UNKNOWN; settings.index + 1],
            nothing: zeros(),
        };
        Ok(Some((preconditioned, krylov)))
    }

    /// The pairs found are being measured.
    pub(super) fn is_measuring(&self) -> bool {
        matches!(self.stage, Stage::Measuring(_))
    }

    pub(super) fn estimates(&self) -> &[Estimate] {
        &self.estimates
    }

    pub(super) fn axis(&self, i: usize) -> &S::Owned {
        self.plane.value(i).map_or(&self.nothing, |_| &self.plane.pair(i).0)
    }

    /// The direction to be probed; false at the end. `left` gradients may be spent.
    pub(super) fn ask(
        &mut self,
        space: &S,
        krylov: &Krylov<S>,
        left: u64,
        direction: &mut S::Vector,
    ) -> bool {
        if let Some(probe) = krylov.ask(space) {
            let scratch = self.ends[0].borrow_mut();
            self.preconditioner.root(space, probe.direction(), scratch);
            self.stretch = space.norm(scratch);
            space.axpby(1.0 / self.stretch, scratch, 0.0, direction);
            return self.stretch > 0.0;
        }
        if self.stage == Stage::Signs {
            self.come_back(space, krylov);
            self.stage = Stage::Following(0, f64::INFINITY);
        }
        if self.follow(space, left, direction) {
            return true;
        }
        let Stage::Measuring(next) = self.stage else { return false };
        let open = self.estimates.get(next).is_some_and(|e| e.curvature.is_finite()) && left >= 2;
        if open {
            space.copy(self.plane.pair(next).0.borrow(), direction);
        }
        open
    }

    /// Step 2.
    fn come_back(&mut self, space: &S, krylov: &Krylov<S>) {
        for (v, w) in krylov.subspace() {
            let (mut d, mut hd) = (space.zeros_like(v.borrow()), space.zeros_like(v.borrow()));
            self.preconditioner.root(space, v.borrow(), d.borrow_mut());
            self.preconditioner.inverse(space, w.borrow(), hd.borrow_mut());
            space.axpby(self.flat, d.borrow(), 1.0, hd.borrow_mut());
            self.plane.push(d, hd);
        }
        if !self.plane.is_empty() {
            self.plane.solve(space);
        }
    }

    /// The next direction of step 3; false, and on to step 4, if there is none.
    fn follow(&mut self, space: &S, left: u64, direction: &mut S::Vector) -> bool {
        let sought = self.estimates.len() - 1;
        let kept = 2 * self.estimates.len() as u64;
        while let Stage::Following(i, before) = self.stage {
            let negative = self.plane.value(i).filter(|c| i < sought && *c < -self.flat);
            let Some(curvature) = negative.filter(|_| left > kept) else {
                self.stage = Stage::Measuring(0);
                for (i, estimate) in self.estimates.iter_mut().enumerate() {
                    estimate.curvature = self.plane.value(i).unwrap_or(f64::NAN);
                }
                break;
            };
            let [r, t] = &mut self.ends;
            let residual = self.plane.residual_into(space, i, r.borrow_mut());
            self.stage = Stage::Following(i + 1, f64::INFINITY);
            if residual > self.tolerance * curvature.abs() && residual < STUCK * before {
                self.preconditioner.root(space, (*r).borrow(), t.borrow_mut());
                self.preconditioner.root(space, (*t).borrow(), r.borrow_mut());
                if self.plane.beside(space, r.borrow_mut(), direction) {
                    self.stage = Stage::Following(i, residual);
                    return true;
                }
            }
        }
        false
    }

    /// Takes the gradients at both ends, each with its signed distance along `direction`.
    pub(super) fn tell(
        &mut self,
        space: &S,
        krylov: &mut Krylov<S>,
        direction: &S::Vector,
        ends: [(f64, &S::Vector); 2],
    ) {
        match self.stage {
            Stage::Signs => self.tell_process(space, krylov, direction, ends),
            Stage::Following(..) => {
                let [(from, behind), (to, ahead)] = ends;
                let mut product = copied(space, ahead);
                let inverse = 1.0 / (to - from);
                space.axpby(-inverse, behind, inverse, product.borrow_mut());
                if space.norm(product.borrow()).is_finite() {
                    self.plane.push(copied(space, direction), product);
                    self.plane.solve(space);
                }
            }
            Stage::Measuring(i) => {
                self.measure(space, i, ends);
                self.stage = Stage::Measuring(i + 1);
            }
        }
    }

    /// Step 1: what the process is told.
    fn tell_process(
        &mut self,
        space: &S,
        krylov: &mut Krylov<S>,
        direction: &S::Vector,
        ends: [(f64, &S::Vector); 2],
    ) {
        let mut shifted = space.zeros_like(direction);
        for ((h, gradient), y) in ends.into_iter().zip(&mut self.ends) {
            // H − flat·1 in the place of H.
            space.copy(gradient, shifted.borrow_mut());
            space.axpby(-self.flat * h, direction, 1.0, shifted.borrow_mut());
            self.preconditioner.root(space, shifted.borrow(), y.borrow_mut());
        }
        let [from, to] = ends.map(|(h, _)| h / self.stretch);
        let [behind, ahead] = &self.ends;
        let answer = if from == 0.0 {
            Answer::forward(to, behind.borrow(), ahead.borrow())
        } else {
            Answer::central(-from, behind.borrow(), to, ahead.borrow())
        };
        krylov.tell(space, answer);
    }

    /// Pair i from a probe along its axis.
    fn measure(
        &mut self,
        space: &S,
        i: usize,
        [(from, behind), (to, ahead)]: [(f64, &S::Vector); 2],
    ) {
        let (axis, product) = self.plane.pair(i);
        let [fresh, off] = &mut self.ends;
        let (axis, fresh, off) = (axis.borrow(), fresh.borrow_mut(), off.borrow_mut());
        let inverse = 1.0 / (to - from);
        space.copy(ahead, fresh);
        space.axpby(-inverse, behind, inverse, fresh);
        let curvature = space.dot(axis, fresh);
        space.copy(fresh, off);
        space.axpby(-curvature, axis, 1.0, off);
        let estimate = &mut self.estimates[i];
        estimate.residual = space.norm(off);
        if curvature > self.flat {
            // Some eigenvalue is within the residual, but the lowest positive one needn't be: it is above `flat`.
            estimate.residual = curvature - self.flat;
        }
        space.copy(product.borrow(), off);
        space.axpby(-1.0, fresh, 1.0, off);
        let change = (curvature - estimate.curvature).abs();
        // What a forward rule or another length makes of a product, as one of N components.
        let share = space.norm(off) / space.dimension(axis).max(1.0).sqrt();
        estimate.curvature = curvature;
        estimate.secant_error = change.max(share);
        estimate.evidence = Evidence::Fresh;
    }

    /// What follows for the index.
    pub(super) fn verdict(&self, settings: &VerificationSettings, krylov: &Krylov<S>) -> Verdict {
        let known = || self.estimates.iter().filter(|e| e.curvature.is_finite());
        let bound = |e: &Estimate| settings.flat + e.secant_error;
        let measured = || known().filter(|e| e.evidence == Evidence::Fresh);
        let negative = measured().filter(|e| e.curvature < -bound(e)).count();
        if negative > settings.index {
            return Verdict::WrongIndex { negative };
        }
        let closed = krylov.estimates().iter().filter(|e| e.curvature.is_finite());
        let closed =
            closed.clone().all(|e| e.status.is_final()) && known().count() == measured().count();
        let Some(next) = krylov.next_bound(0).filter(|_| closed) else {
            return Verdict::Unresolved;
        };
        let hidden = krylov.estimates().iter().map(|e| e.secant_error).fold(0.0, f64::max);
        if known().any(|e| e.curvature.abs() <= bound(e)) || next <= hidden {
            Verdict::Flat
        } else if negative == settings.index {
            Verdict::Confirmed
        } else {
            Verdict::WrongIndex { negative }
        }
    }
}
