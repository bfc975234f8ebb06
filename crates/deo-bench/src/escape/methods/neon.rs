//! NEON: negative curvature from noise, by gradient differences.
//!
//! Problem: find a direction of negative curvature with gradients alone. Gradient descent on
//! f̂(u) = f(x + u) − f(x) − ⟨g(x), u⟩ from a small random u is a power iteration with I − ηH:
//!
//! ```text
//! u ← u − η (g(x + u) − g(x)),  at most T times or until ‖u‖ ≥ U
//! C = ⟨u, g(x + u) − g(x)⟩/‖u‖² < 0:  x ← x ∓ a u/‖u‖, downhill along ⟨g, u⟩
//! ```
//!
//! Y. Xu, R. Jin, T. Yang, arXiv 1711.01944, Algorithm 1 (NEON) and its use for deterministic objectives.
//!
//! | paper | here |
//! |---|---|
//! | η | the learning rate, as of the gradient steps |
//! | U, the reach of the quadratic model; r, the size of the noise | [`Search::length`], [`RELATIVE_NOISE`] · U |
//! | t, the iterations | [`Search::iterations`] |
//! | ε, below which a gradient is small | [`Search::threshold`] |
//!
//! Departures:
//!
//! 1. The four numbers are tuned, not computed from unknown constants; r is a fixed part of U, so that u grows a
//!    thousandfold, by which the lowest direction dominates.
//! 2. The step has length |C|/L₂ there. L₂ is unknown, so it starts at U and is halved until the decrease that |C|/L₂
//!    guarantees is seen: f(x) − f(x ∓ a v) ≥ ⅓|C|a² (½|C|a² less the cubic term L₂a³/6 at a = |C|/L₂).
//! 3. A search follows another after T steps at the earliest, lest a minimum be searched for ever.

use super::perturbed::uniform_in_ball;
use super::plain::SPACE;
use crate::escape::meter::Metered;
use crate::escape::method::{Deeds, Method};
use deo_core::Space;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// When negative curvature is sought, and how far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Search {
    pub(super) length: f64,
    pub(super) threshold: f64,
    pub(super) iterations: u64,
}

/// r/U.
const RELATIVE_NOISE: f64 = 1e-3;

/// The share of |C|a² by which a step of length a must lower f; see departure 2.
const SUFFICIENT_DECREASE: f64 = 1.0 / 3.0;

pub(super) struct Neon {
    lr: f64,
    search: Search,
    rng: ChaCha8Rng,
    g: Vec<f64>,
    u: Vec<f64>,
    /// x + u, and g(x + u) − g(x).
    point: Vec<f64>,
    difference: Vec<f64>,
    /// Steps since the last search; `None` before the first.
    waited: Option<u64>,
    deeds: Deeds,
}

impl Neon {
    pub(super) fn new(lr: f64, search: Search, seed: u64, x: &[f64]) -> Self {
        let zeros = || vec![0.0; x.len()];
        Neon {
            lr,
            search,
            rng: ChaCha8Rng::seed_from_u64(seed),
            g: zeros(),
            u: zeros(),
            point: zeros(),
            difference: zeros(),
            waited: None,
            deeds: Deeds::default(),
        }
    }

    /// Leaves a unit vector in u and returns the curvature along it, if that is negative.
    fn negative_curvature(&mut self, x: &[f64], f: &mut Metered<'_>) -> Option<f64> {
        uniform_in_ball(&mut self.rng, RELATIVE_NOISE * self.search.length, &mut self.u);
        let mut curvature = f64::NAN;
        for _ in 0..self.search.iterations {
            self.point.copy_from_slice(x);
            SPACE.axpby(1.0, &self.u, 1.0, &mut self.point);
            f.gradient(&self.point, &mut self.difference)?;
            SPACE.axpby(-1.0, &self.g, 1.0, &mut self.difference);
            let [along, square] = SPACE.dots([(&self.u, &self.difference), (&self.u, &self.u)]);
            curvature = along / square;
            if square.sqrt() >= self.search.length {
                break;
            }
            SPACE.axpby(-self.lr, &self.difference, 1.0, &mut self.u);
        }
        let norm = SPACE.norm(&self.u);
        for u in &mut self.u {
            *u /= norm;
        }
        // False for NaN too.
        (curvature < 0.0 && norm.is_finite()).then_some(curvature)
    }

    /// Moves x along ±u by the first certified length, or not at all.
    fn certified_step(
        &mut self,
        x: &mut [f64],
        loss: f64,
        curvature: f64,
        f: &mut Metered<'_>,
    ) -> Option<()> {
        let sign = if SPACE.dot(&self.g, &self.u) > 0.0 { -1.0 } else { 1.0 };
        let mut length = self.search.length;
        while length > RELATIVE_NOISE * self.search.length {
            self.point.copy_from_slice(x);
            SPACE.axpby(sign * length, &self.u, 1.0, &mut self.point);
            let decrease = loss - f.loss(&self.point)?;
            if decrease >= SUFFICIENT_DECREASE * curvature.abs() * length * length {
                x.copy_from_slice(&self.point);
                return Some(());
            }
            length /= 2.0;
        }
        None
    }
}

impl Method for Neon {
    fn name(&self) -> String {
        "neon".to_owned()
    }

    fn step(&mut self, x: &mut [f64], f: &mut Metered<'_>) -> Option<f64> {
        let loss = f.gradient(x, &mut self.g)?;
        self.waited = self.waited.map(|steps| steps + 1);
        let due = self.waited.is_none_or(|steps| steps > self.search.iterations);
        if due && SPACE.norm(&self.g) <= self.search.threshold {
            self.waited = Some(0);
            self.deeds.visits += 1;
            let curvature = self.negative_curvature(x, f);
            let moved = curvature.and_then(|c| self.certified_step(x, loss, c, f));
            if moved.is_some() {
                self.deeds.moves += 1;
                self.deeds.kicks += 1;
                return Some(loss);
            }
        }
        SPACE.axpby(-self.lr, &self.g, 1.0, x);
        Some(loss)
    }

    fn deeds(&self) -> Deeds {
        self.deeds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ledger;
    use deo_core::objective::FromFn;

    /// x₁⁴/16 − x₁²/2 + 9/8 x₂²: curvature −1 along x₁ at 0.
    fn saddle(x: &[f64], g: Option<&mut [f64]>) -> f64 {
        if let Some(g) = g {
            g.copy_from_slice(&[x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]]);
        }
        x[0].powi(4) / 16.0 - x[0] * x[0] / 2.0 + 1.125 * x[1] * x[1]
    }

    #[test]
    fn finds_the_direction_and_the_curvature_of_a_saddle() {
        let search = Search { length: 0.1, threshold: 1e-6, iterations: 200 };
        let mut f = FromFn(saddle);
        let (x, mut ledger) = ([0.0, 0.0], Ledger::new(1000));
        let mut neon = Neon::new(0.4, search, 3, &x);
        let curvature = neon.negative_curvature(&x, &mut Metered::new(&mut f, &mut ledger));
        // Along x₁ the secant over u ≤ 0.14 is u²/4 − 1: within 5e-3 of −1.
        assert!((curvature.unwrap() + 1.0).abs() < 5e-3, "{curvature:?}");
        assert!((neon.u[0].abs() - 1.0).abs() < 1e-6, "{:?}", neon.u);
        // u grows by 1.4 a gradient, a thousandfold from the sphere of the noise: ln 1000/ln 1.4 = 20.5, and more
        // for a noise that starts further inside or across.
        assert!((21..40).contains(&ledger.gradients()), "{}", ledger.gradients());
    }

    #[test]
    fn a_step_is_taken_if_the_decrease_is_certified() {
        let mut f = FromFn(saddle);
        // At u the decrease is u²/2 − u⁴/16 ≥ u²/3 up to u = 1.63: of 4, 2, 1 the last is certified.
        let search = Search { length: 4.0, threshold: 1e-6, iterations: 200 };
        let (mut x, mut ledger) = ([0.0, 0.0], Ledger::new(1000));
        let mut neon = Neon::new(0.4, search, 3, &x);
        neon.u = vec![1.0, 0.0];
        let moved = neon.certified_step(&mut x, 0.0, -1.0, &mut Metered::new(&mut f, &mut ledger));
        assert_eq!((moved, x, ledger.losses()), (Some(()), [1.0, 0.0], 3));
        // Downhill: g > 0 along u asks for −u.
        (x, neon.g) = ([0.0, 0.0], vec![0.1, 0.0]);
        neon.certified_step(&mut x, 0.0, -1.0, &mut Metered::new(&mut f, &mut ledger));
        assert_eq!(x, [-1.0, 0.0]);
    }

    #[test]
    fn at_a_minimum_only_gradient_steps_remain() {
        let mut f = FromFn(saddle);
        let search = Search { length: 0.1, threshold: 1.0, iterations: 10 };
        let (mut x, mut ledger) = ([2.1, 0.0], Ledger::new(1000));
        let mut neon = Neon::new(0.4, search, 3, &x);
        neon.step(&mut x, &mut Metered::new(&mut f, &mut ledger)).unwrap();
        let g = 2.1_f64.powi(3) / 4.0 - 2.1;
        assert!((x[0] - (2.1 - 0.4 * g)).abs() < 1e-15 && x[1] == 0.0);
        assert_eq!((ledger.gradients(), ledger.losses()), (11, 0));
        assert_eq!(neon.deeds(), Deeds { visits: 1, moves: 0, kicks: 0 });
    }
}
