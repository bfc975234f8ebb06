//! d saddles in a row, each to be left along one coordinate before the next can be.
//!
//! Problem: gradient descent from near the origin needs a time exponential in d, although every saddle is
//! strict (Du et al. 2017). With a = |x| and Eᵢ = L Σ_{j≥i} a_j², the function is f₁ of the recursion
//!
//! fᵢ = p(aᵢ) + (1 − s(aᵢ)) Eᵢ₊₁ + s(aᵢ) fᵢ₊₁,  f_{d+1} = 0:
//!
//! coordinate i travels over the potential p from the saddle at 0 to the minimum at 4τ, and on its way switches
//! coordinate i + 1 from the bowl E, in which it only falls back, to its own journey f.
//!
//! | aᵢ | p | s |
//! |---|---|---|
//! | ≤ τ | −γa² | 0 |
//! | τ … 2τ | −γa² + (−14L+10γ)(a−τ)³/(3τ) + (5L−3γ)(a−τ)⁴/(2τ²) | 6t⁵ − 15t⁴ + 10t³, t = (a−τ)/τ |
//! | ≥ 2τ | L(a−4τ)² − ν, ν = 37/6 Lτ² + 13/6 γτ² | 1 |
//!
//! Parameters: L ≥ γ > 0, τ > 0. Domain: ℝᵈ, starts in [−τ/e, τ/e]ᵈ, which is [−1, 1]ᵈ for the customary τ = e.
//!
//! | points | f | Hessian |
//! |---|---|---|
//! | minima: all aᵢ = 4τ | −dν | 2L·I |
//! | saddles, k = 0 … d − 1: aᵢ = 4τ for i ≤ k, the others 0 | −kν | diag(2L, …, −2γ, …, 2L), −2γ at k + 1 |
//!
//! # Departures from the source
//!
//! 1. The paper defines f on a tube only: at most one aᵢ between τ and 2τ, the earlier ones above it, the later
//!    ones below. Its formula, read outside the tube, jumps at aᵢ = 2τ wherever aᵢ₊₁ > τ: one side still has the
//!    parabola −γaᵢ₊₁², the other already the journey of aᵢ₊₁. The recursion is the paper's formula inside the
//!    tube, with g₁ = p and g₂ = L − (L + γ)s, and continues it to all of ℝᵈ twice continuously differentiably: p
//!    and s match in value, slope and curvature at τ and at 2τ, whatever stands in Eᵢ₊₁ and fᵢ₊₁. A kick or a
//!    noise that leaves the tube so meets no artificial cliff.
//! 2. |x| extends it to all orthants by reflection, the 2ᵈ legs of the octopus.
//!
//! S. S. Du, C. Jin, J. D. Lee, M. I. Jordan, B. Póczos, A. Singh, Gradient descent can take exponential time to
//! escape saddle points, NIPS 2017, arXiv 1705.10412.

use super::landscape::objective_by_evaluate;
use super::{Landscape, LandscapeError, StationaryPoint};

/// The function of d saddles in a row.
#[derive(Debug, Clone)]
pub struct Octopus {
    dimension: usize,
    l: f64,
    gamma: f64,
    tau: f64,
    /// (Eᵢ, fᵢ) for i = 1 … d + 1.
    suffixes: Vec<(f64, f64)>,
}

/// p, p′, s, s′ at one coordinate.
struct Leg {
    potential: f64,
    slope: f64,
    switch: f64,
    switch_slope: f64,
}

impl Octopus {
    /// The function in d dimensions.
    ///
    /// # Errors
    ///
    /// Unless d ≥ 1, L ≥ γ > 0, τ > 0 and all three are finite.
    pub fn new(dimension: usize, l: f64, gamma: f64, tau: f64) -> Result<Self, LandscapeError> {
        LandscapeError::unless_dimension("octopus", dimension, 1)?;
        for (parameter, value) in [("gamma", gamma), ("tau", tau)] {
            LandscapeError::unless_positive(parameter, value)?;
        }
        let allowed = l >= gamma && l.is_finite();
        LandscapeError::unless(allowed, "L", l, "finite and at least gamma")?;
        Ok(Octopus { dimension, l, gamma, tau, suffixes: vec![(0.0, 0.0); dimension + 1] })
    }

    /// L, half the curvature of the bowls.
    pub fn l(&self) -> f64 {
        self.l
    }

    /// γ, half the curvature by which a saddle falls.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// τ, a quarter of the way from a saddle to the next.
    pub fn tau(&self) -> f64 {
        self.tau
    }

    /// ν, by which each coordinate that arrives at 4τ lowers f.
    pub fn depth(&self) -> f64 {
        (37.0 * self.l + 13.0 * self.gamma) * self.tau * self.tau / 6.0
    }

    fn leg(&self, a: f64) -> Leg {
        let (l, gamma, tau) = (self.l, self.gamma, self.tau);
        if a <= tau {
            Leg {
                potential: -gamma * a * a,
                slope: -2.0 * gamma * a,
                switch: 0.0,
                switch_slope: 0.0,
            }
        } else if a <= 2.0 * tau {
            let (cubic, quartic) = (-14.0 * l + 10.0 * gamma, 5.0 * l - 3.0 * gamma);
            let t = (a - tau) / tau;
            let (t2, t3) = (t * t, t * t * t);
            Leg {
                potential: -gamma * a * a + tau * tau * t3 * (cubic / 3.0 + quartic / 2.0 * t),
                slope: -2.0 * gamma * a + tau * t2 * (cubic + 2.0 * quartic * t),
                switch: t3 * (10.0 - 15.0 * t + 6.0 * t2),
                switch_slope: 30.0 * t2 * (1.0 - t) * (1.0 - t) / tau,
            }
        } else {
            let to_go = a - 4.0 * tau;
            Leg {
                potential: l * to_go * to_go - self.depth(),
                slope: 2.0 * l * to_go,
                switch: 1.0,
                switch_slope: 0.0,
            }
        }
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        // suffixes[d] stays (0, 0).
        for i in (0..self.dimension).rev() {
            let leg = self.leg(x[i].abs());
            let (bowl, journey) = self.suffixes[i + 1];
            self.suffixes[i] = (
                bowl + self.l * x[i] * x[i],
                leg.potential + (1.0 - leg.switch) * bowl + leg.switch * journey,
            );
        }
        if let Some(gradient) = gradient {
            self.differentiate(x, gradient);
        }
        self.suffixes[0].1
    }

    /// f₁ contains fᵢ with the factor w = Π_{j<i} s_j, and L aᵢ² with the factor q = Σ_{j<i} (Π_{k<j} s_k)(1 − s_j).
    fn differentiate(&self, x: &[f64], gradient: &mut [f64]) {
        let (mut w, mut q) = (1.0, 0.0);
        for i in 0..self.dimension {
            let leg = self.leg(x[i].abs());
            let (bowl, journey) = self.suffixes[i + 1];
            let own = leg.slope + leg.switch_slope * (journey - bowl);
            gradient[i] = w * own * x[i].signum() + q * 2.0 * self.l * x[i];
            q += w * (1.0 - leg.switch);
            w *= leg.switch;
        }
    }

    /// The point whose first k coordinates have arrived.
    fn after(&self, k: usize) -> StationaryPoint {
        let mut x = vec![0.0; self.dimension];
        x[..k].fill(4.0 * self.tau);
        let arrived = k == self.dimension;
        StationaryPoint {
            x,
            value: 0.0 - k as f64 * self.depth(),
            curvature: Some(if arrived { 2.0 * self.l } else { -2.0 * self.gamma }),
        }
    }
}

objective_by_evaluate!(Octopus);

impl Landscape for Octopus {
    fn name(&self) -> &'static str {
        "octopus"
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        let end = self.tau / std::f64::consts::E;
        vec![(-end, end); self.dimension]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        vec![self.after(self.dimension)]
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        (0..self.dimension).map(|k| self.after(k)).collect()
    }
}
