//! What a certificate measures: the lowest pairs from a start, and C afresh along an axis.

use super::CertifySettings;
use super::noise_of::Noise;
use crate::estimate::{Estimate, Status};
use crate::krylov::{Krylov, KrylovSettings, Which};
use crate::objective::Objective;
use crate::oracle::Workspace;
use crate::probe::{Length, Rule};
use crate::setting::SettingError;
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// Standard deviations of noise that a sign must exceed.
const SURE: f64 = 4.0;

/// Lengths at which the lowest curvature is measured afresh, in units of that of the search.
const LENGTHS: [f64; 4] = [0.25, 1.0, 4.0, 16.0];

/// The stationary point is sought no further than this, in units of max(‖x‖, 1).
const NEAR: f64 = 0.1;

/// Where one search for the lowest pairs ended.
pub(super) struct Search<S: Space> {
    pub(super) krylov: Krylov<S>,
    /// What a residual or a curvature may be off by, beyond its own error.
    pub(super) floor: f64,
}

impl<S: Space> Search<S> {
    pub(super) fn known(&self) -> impl Iterator<Item = &Estimate> {
        // In a space of few dimensions there are fewer pairs than were asked for.
        self.krylov.estimates().iter().filter(|e| e.curvature.is_finite())
    }

    pub(super) fn bound(&self, e: &Estimate) -> f64 {
        e.secant_error.abs() + e.residual + self.floor
    }

    pub(super) fn is_closed(&self) -> bool {
        self.known().all(|e| e.status.is_final()) && self.krylov.is_confirmed()
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.krylov.status() == Status::NonFinite
    }
}

/// The objective with what every stage needs.
pub(super) struct Certifier<'a, S: Space, O: ?Sized> {
    pub(super) space: &'a S,
    pub(super) objective: &'a mut O,
    pub(super) x: &'a S::Vector,
    pub(super) g: S::Owned,
    pub(super) workspace: Workspace<S>,
    pub(super) settings: &'a CertifySettings,
    pub(super) noise: Noise,
    pub(super) gradients: u64,
}

impl<S: Space, O: Objective<S::Vector> + ?Sized> Certifier<'_, S, O> {
    /// Gradients left for one of `shares` equal parts of what is left.
    pub(super) fn allowance(&self, shares: u64) -> u64 {
        (self.settings.max_gradients.saturating_sub(self.gradients) / shares.max(1)).max(1)
    }

    pub(super) fn search(
        &mut self,
        which: Which,
        count: usize,
        confirm: bool,
        axes: &[&S::Vector],
        seed: u64,
        allowance: u64,
    ) -> Result<Search<S>, SettingError> {
        let floor = self.noise.of_product();
        let settings = KrylovSettings {
            count,
            which,
            memory: self.settings.memory.max(4 * count + 2),
            rule: Rule::Central,
            length: Some(Length::Absolute(self.noise.length)),
            tolerance: self.settings.tolerance,
            floor: floor / self.settings.tolerance.max(1e-3),
            confirm,
            cutoff: Some(0.0),
            max_gradients: allowance,
        };
        let mut krylov = Krylov::new(self.space, self.x, settings)?;
        if axes.is_empty() {
            krylov.draw(self.space, seed);
        } else {
            krylov.start_from(self.space, axes, seed);
        }
        let (space, x, g) = (self.space, self.x, self.g.borrow());
        self.workspace.answer_all(&mut krylov, space, self.objective, x, g);
        self.gradients += krylov.gradients();
        // In few dimensions a product's norm is off by less than what a sign must exceed.
        let sure = SURE * self.noise.of_curvature(self.noise.length);
        Ok(Search { krylov, floor: floor.max(sure) })
    }

    /// C along n at y by the central rule at length h; `there` and `g` are scratch.
    fn along(&mut self, n: &S::Vector, y: &S::Vector, h: f64, scratch: [&mut S::Vector; 2]) -> f64 {
        let (space, [there, g]) = (self.space, scratch);
        let ahead = space.displace(h, n, y, there);
        self.objective.value_grad(there, g);
        let slope = space.dot(n, g);
        let behind = -space.displace(-h, n, y, there);
        self.objective.value_grad(there, g);
        self.gradients += 2;
        (slope - space.dot(n, g)) / (ahead + behind)
    }

    /// C along n afresh, at several lengths, and its error: the best of them.
    pub(super) fn measure(&mut self, n: &S::Vector, gradient_norm: f64) -> (f64, f64) {
        let (space, x) = (self.space, self.x);
        let mut there = space.zeros_like(x);
        let mut g = space.zeros_like(x);
        let (mut best, mut length) = ((f64::NAN, f64::INFINITY), self.noise.length);
        let mut before: Option<f64> = None;
        for factor in LENGTHS {
            let h = factor * self.noise.length;
            let c = self.along(n, x, h, [there.borrow_mut(), g.borrow_mut()]);
            // Truncation grows with the square of the length, or with the length where f is rough: the change from a
            // quarter of it is at least half of all.
            if let Some(then) = before {
                let error = 2.0 * (c - then).abs() + SURE * self.noise.of_curvature(h);
                if error < best.1 {
                    (best, length) = ((c, error), h);
                }
            }
            if !c.is_finite() {
                return (f64::NAN, f64::INFINITY);
            }
            before = Some(c);
        }
        if gradient_norm <= SURE * self.noise.gradient * self.noise.root_dimension {
            return best;
        }
        let change = self.change_to_the_stationary_point(n, length, best.0, gradient_norm);
        (best.0, best.1 + 2.0 * change)
    }

    /// How much C along n changes from x to the stationary point beside it: by the step to the minimum along g.
    ///
    /// The certificate is about that point, and x is only near it. Where f hardly changes along n, as in a valley with a
    /// level floor, C at x is a small multiple of the gradient, of either sign.
    fn change_to_the_stationary_point(
        &mut self,
        n: &S::Vector,
        h: f64,
        c: f64,
        gradient_norm: f64,
    ) -> f64 {
        let (space, x) = (self.space, self.x);
        let mut down = space.zeros_like(x);
        let (mut y, mut there, mut g) =
            (space.zeros_like(x), space.zeros_like(x), space.zeros_like(x));
        space.axpby(-1.0 / gradient_norm, self.g.borrow(), 0.0, down.borrow_mut());
        let q = self.along(down.borrow(), x, h, [there.borrow_mut(), g.borrow_mut()]).abs();
        let step = (gradient_norm / q).min(NEAR * space.norm(x).max(1.0));
        space.displace(step, down.borrow(), x, y.borrow_mut());
        let moved = self.along(n, y.borrow(), h, [there.borrow_mut(), g.borrow_mut()]);
        (moved - c).abs()
    }

    pub(super) fn is_stationary(&self, gradient_norm: f64, curvature: f64) -> bool {
        let allowed = self.settings.max_gradient.unwrap_or_else(|| {
            // A Newton step along a typical curvature that is a small share of x.
            self.settings.stationary * curvature * self.space.norm(self.x).max(1.0)
        });
        // Noise of the gradient can't be taken for a gradient.
        gradient_norm <= allowed + SURE * self.noise.gradient * self.noise.root_dimension
    }
}
