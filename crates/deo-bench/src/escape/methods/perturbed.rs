//! Perturbed gradient descent: a small random step wherever the gradient is small. Any base can take the ordinary steps.
//!
//! ```text
//! if ‖g(x)‖ ≤ g_thres and more than t_thres steps have passed since the last noise:
//!     x ← x + ξ,  ξ uniform in the ball of radius r
//! x ← x − η g(x), or the step of another base
//! ```
//!
//! C. Jin, R. Ge, P. Netrapalli, S. M. Kakade, M. I. Jordan, arXiv 1703.00887, Algorithm 2.
//!
//! | paper | here |
//! |---|---|
//! | η, r, g_thres, t_thres | the learning rate, [`Noise::radius`], [`Noise::threshold`], [`Noise::spacing`] |
//!
//! Departures: the four numbers are tuned instead of computed from ℓ, ρ, ε, δ and Δf, which nobody knows of a
//! network; there is no end once a noise hasn't lowered f by f_thres: the run goes on to its budget; and the step may be that of
//! another base, which isn't told of the noise and so keeps its velocity.

use super::plain::{AnyOptimizer, SPACE};
use crate::escape::kinds::MethodKind;
use crate::escape::meter::Metered;
use crate::escape::method::{Deeds, Method};
use deo_core::Space;
use deo_core::optim::{Groups, Optimizer};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::StandardNormal;

/// When the noise comes, and how large it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noise {
    pub(super) radius: f64,
    pub(super) threshold: f64,
    pub(super) spacing: u64,
}

pub(super) struct Perturbed {
    kind: MethodKind,
    optimizer: AnyOptimizer,
    lr: f64,
    noise: Noise,
    rng: ChaCha8Rng,
    g: Vec<f64>,
    /// ξ.
    xi: Vec<f64>,
    /// Steps since the last noise; `None` before the first.
    waited: Option<u64>,
    deeds: Deeds,
}

impl Perturbed {
    pub(super) fn new(
        kind: MethodKind,
        lr: f64,
        noise: Noise,
        seed: u64,
        x: &[f64],
        groups: &Groups,
    ) -> Self {
        Perturbed {
            kind,
            optimizer: kind.base().optimizer(x, groups),
            lr,
            noise,
            rng: ChaCha8Rng::seed_from_u64(seed),
            g: vec![0.0; x.len()],
            xi: vec![0.0; x.len()],
            waited: None,
            deeds: Deeds::default(),
        }
    }
}

impl Method for Perturbed {
    fn name(&self) -> String {
        self.kind.name()
    }

    fn step(&mut self, x: &mut [f64], f: &mut Metered<'_>) -> Option<f64> {
        let loss = f.gradient(x, &mut self.g)?;
        self.waited = self.waited.map(|steps| steps + 1);
        let due = self.waited.is_none_or(|steps| steps > self.noise.spacing);
        if due && SPACE.norm(&self.g) <= self.noise.threshold {
            uniform_in_ball(&mut self.rng, self.noise.radius, &mut self.xi);
            // The noisy point, in ξ's place until its gradient is paid.
            SPACE.axpby(1.0, x, 1.0, &mut self.xi);
            f.gradient(&self.xi, &mut self.g)?;
            x.copy_from_slice(&self.xi);
            self.waited = Some(0);
            self.deeds = Deeds {
                visits: self.deeds.visits + 1,
                moves: self.deeds.moves + 1,
                kicks: self.deeds.kicks + 1,
            };
        }
        self.optimizer.step(&SPACE, x, &self.g, self.lr);
        Some(loss)
    }

    fn deeds(&self) -> Deeds {
        self.deeds
    }
}

/// `point` ← a point that is uniformly distributed in the ball of that radius: a direction by normal numbers, and
/// the N-th root of a uniform one for the length.
pub(super) fn uniform_in_ball(rng: &mut ChaCha8Rng, radius: f64, point: &mut [f64]) {
    for x in &mut *point {
        *x = rng.sample(StandardNormal);
    }
    let norm = SPACE.norm(point);
    let length = radius * rng.random::<f64>().powf(1.0 / point.len() as f64);
    // A norm of zero needs every number to be zero: a point at the centre, then.
    let scale = if norm > 0.0 { length / norm } else { 0.0 };
    for x in point {
        *x *= scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ledger;
    use deo_core::objective::FromFn;

    #[test]
    fn radii_in_a_ball_are_those_of_a_uniform_distribution() {
        let (n, samples) = (3, 20_000);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let (mut point, mut mean, mut inner) = (vec![0.0; n], vec![0.0; n], 0);
        for _ in 0..samples {
            uniform_in_ball(&mut rng, 2.0, &mut point);
            let radius = SPACE.norm(&point);
            assert!(radius <= 2.0 * (1.0 + 1e-12)); // rounding of the scale
            inner += u32::from(radius < 1.0);
            SPACE.axpby(1.0 / f64::from(samples), &point, 1.0, &mut mean);
        }
        // An eighth of the volume lies within half the radius; five standard errors.
        let share = f64::from(inner) / f64::from(samples);
        let error = (0.125 * 0.875 / f64::from(samples)).sqrt();
        assert!((share - 0.125).abs() < 5.0 * error, "{share}");
        // E x_i² = r²/(n + 2) = 0.8.
        let error = (0.8 / f64::from(samples)).sqrt();
        assert!(mean.iter().all(|m| m.abs() < 5.0 * error), "{mean:?}");
    }

    #[test]
    fn noise_comes_at_small_gradients_and_not_too_often() {
        // f = ½x²: g = x, halved by each step of η = ½; below 0.3 after two steps from 1.
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            if let Some(g) = g {
                g[0] = x[0];
            }
            0.5 * x[0] * x[0]
        });
        let noise = Noise { radius: 1e-3, threshold: 0.3, spacing: 3 };
        let (mut x, mut ledger) = ([1.0], Ledger::new(100));
        let mut method =
            Perturbed::new(MethodKind::PerturbedGd, 0.5, noise, 1, &x, &Groups::whole(x.len()));
        let mut costs = vec![];
        for _ in 0..12 {
            let before = (ledger.gradients(), x[0]);
            method.step(&mut x, &mut Metered::new(&mut f, &mut ledger)).unwrap();
            costs.push(ledger.gradients() - before.0);
            // Half of what x was, and half of the noise.
            assert!((x[0] - before.1 / 2.0).abs() <= 0.5e-3);
        }
        // g = 1, 0.5, 0.25 (noise), then more than three steps later again.
        assert_eq!(costs, [1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 2, 1]);
        assert_eq!(method.deeds(), Deeds { visits: 3, moves: 3, kicks: 3 });
    }
}
