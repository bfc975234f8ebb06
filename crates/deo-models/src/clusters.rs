//! Clusters of atoms bound by pair potentials, in reduced units.
//!
//! Problem: a saddle search has to be tested on surfaces with many minima, many saddles and zero modes. Clusters of
//! Lennard-Jones or Morse atoms are the customary ones: cheap, smooth, and their lowest energies are known.
//!
//! E(x) = Σ_{i<j} V(|rᵢ − rⱼ|), x = (r₁, r₂, …) ∈ ℝ³ⁿ, atom by atom.
//!
//! | potential | V(r) | unit of energy, length |
//! |---|---|---|
//! | [`LennardJones`] | 4(r⁻¹² − r⁻⁶) | depth of a pair, σ; the pair's minimum is at 2^{1/6} |
//! | [`Morse`] | u(u − 2), u = e^{ρ(1 − r)} | depth of a pair, its equilibrium distance |
//!
//! E doesn't change when the cluster is moved or turned as a whole: its Hessian at a stationary point has six
//! zero modes, which [`FreeBody`](deo_core::space::FreeBody) takes out.
//!
//! [`geometry`] makes starting structures; [`known_energy`] tells the lowest energy of some sizes.
//!
//! # Examples
//!
//! ```
//! use deo_core::Objective;
//! use deo_models::clusters::{Cluster, LennardJones, geometry};
//! let mut pair = Cluster::new(LennardJones);
//! // Two atoms at the pair's minimum: energy −1, no force.
//! let x = [0.0, 0.0, 0.0, 2f64.powf(1.0 / 6.0), 0.0, 0.0];
//! let mut gradient = [0.0; 6];
//! assert!((pair.value_grad(&x, &mut gradient) + 1.0).abs() < 1e-14);
//! assert!(gradient.iter().all(|g| g.abs() < 1e-13));
//! assert_eq!(geometry::icosahedron(1.1).len(), 3 * 13);
//! ```
//!
//! J. P. K. Doye, D. J. Wales, J. Phys. Chem. A 101, 5111 (1997); J. Chem. Soc., Faraday Trans. 93, 4233 (1997).

pub mod geometry;
mod potential;

pub use potential::{LennardJones, Morse, Pair, PairError};

use deo_core::Objective;

/// A free cluster whose atoms interact in pairs by `P`; of any number of atoms, which x tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cluster<P> {
    potential: P,
}

impl<P: Pair> Cluster<P> {
    /// The cluster with that potential between every two atoms.
    pub const fn new(potential: P) -> Self {
        Cluster { potential }
    }

    /// The potential.
    pub const fn potential(&self) -> &P {
        &self.potential
    }

    /// The Hessian at x, 3n × 3n, row-major.
    ///
    /// Each pair adds ±(V″ d dᵀ + V′/r (1 − d dᵀ)) to four 3 × 3 blocks, d the unit vector between the atoms.
    ///
    /// # Panics
    ///
    /// If the number of components isn't a multiple of three.
    pub fn hessian(&self, x: &[f64]) -> Vec<f64> {
        let n = x.len();
        let mut hessian = vec![0.0; n * n];
        for_pairs(x, |i, j, d, square| {
            let [_, slope, curvature] = self.potential.derivatives(square);
            for a in 0..3 {
                for b in 0..3 {
                    // By s = r²: ∂ₐ∂_b V = 4 V_ss dₐ d_b + 2 V_s δ_ab.
                    let entry =
                        4.0 * curvature * d[a] * d[b] + if a == b { 2.0 * slope } else { 0.0 };
                    let (ia, ib, ja, jb) = (3 * i + a, 3 * i + b, 3 * j + a, 3 * j + b);
                    hessian[ia * n + ib] += entry;
                    hessian[ja * n + jb] += entry;
                    hessian[ia * n + jb] -= entry;
                    hessian[ja * n + ib] -= entry;
                }
            }
        });
        hessian
    }
}

impl<P: Pair> Objective<[f64]> for Cluster<P> {
    fn value(&mut self, x: &[f64]) -> f64 {
        let mut energy = 0.0;
        for_pairs(x, |_, _, _, square| energy += self.potential.derivatives(square)[0]);
        energy
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        assert_eq!(gradient.len(), x.len(), "length of the gradient and of x");
        gradient.fill(0.0);
        let mut energy = 0.0;
        for_pairs(x, |i, j, d, square| {
            let [value, slope, _] = self.potential.derivatives(square);
            energy += value;
            for a in 0..3 {
                let force = 2.0 * slope * d[a]; // ∂s/∂rᵢ = 2(rᵢ − rⱼ)
                gradient[3 * i + a] += force;
                gradient[3 * j + a] -= force;
            }
        });
        energy
    }
}

/// Calls `visit(i, j, rᵢ − rⱼ, |rᵢ − rⱼ|²)` for every pair j < i.
#[track_caller]
fn for_pairs(x: &[f64], mut visit: impl FnMut(usize, usize, [f64; 3], f64)) {
    assert_eq!(x.len() % 3, 0, "{} coordinates; each atom has three", x.len());
    let atoms = x.len() / 3;
    for i in 0..atoms {
        for j in 0..i {
            let d = [0, 1, 2].map(|a| x[3 * i + a] - x[3 * j + a]);
            visit(i, j, d, d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        }
    }
}

/// The lowest energy known of a Lennard-Jones cluster of `atoms` atoms, for a few sizes, to six decimals.
///
/// `None` for all other sizes; the Cambridge Energy Landscape Database lists them.
pub fn known_energy(atoms: usize) -> Option<f64> {
    Some(match atoms {
        2 => -1.0,
        3 => -3.0,
        4 => -6.0,
        5 => -9.103852,
        6 => -12.712062,
        7 => -16.505384,
        13 => -44.326801,
        38 => -173.928427,
        55 => -279.248470,
        _ => return None,
    })
}
