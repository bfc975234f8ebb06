//! The whole spectrum from random vectors: its trace and its density.
//!
//! Problem: tr H and the density of eigenvalues, φ(λ) = (1/N) Σ δ(λ − λᵢ), are means over *all* eigenvectors, and
//! random vectors are fair samples of those. With z a random vector of signs, E zzᵀ = 1, so for any f
//!
//! ```text
//! tr f(H) = E⟨z, f(H) z⟩
//! ```
//!
//! | machine | f | cost for each vector | error |
//! |---|---|---|---|
//! | [`Trace`] | f(H) = H | 1 product | √(2 Σ_{i≠j} H_ij²) for each vector: none for a diagonal H |
//! | [`SpectralDensity`] | f(H) = δ(λ − H) | m products | moments up to 2m − 1 are exact for each vector |
//!
//! E zzᵀ = 1 holds where the inner product is the plain sum over components, a mask's or a projection's included. Under a
//! metric M signs aren't fair: directions count by their weight in it, and tr ⟨z, Az⟩ is that of MA.
//!
//! Signs, rather than normal numbers, have the smallest variance of all independent components (Hutchinson
//! 1990). Each is a hash of the seed, the vector's number and the component's: the same in blocks and flat, on one
//! rank and on many, in f32 and f64.
//!
//! Both machines ask and are told like the [`Dimer`](crate::Dimer), spend what their settings say and no more, and
//! end at a NaN with what they had before. Their error is that of sampling; that of the secants comes on top, see
//! [`two_lengths`](crate::two_lengths).
//!
//! Sources: Hutchinson, Commun. Stat. Simul. Comput. 19, 433 (1990); Golub & Welsch, Math. Comput. 23, 221 (1969);
//! Ubaru, Chen & Saad, SIAM J. Matrix Anal. Appl. 38, 1075 (2017); Ghorbani, Krishnan & Xiao, arXiv 1901.10159.

mod density;
mod lanczos;
mod settings;
mod trace;

pub use density::Density;
pub use lanczos::SpectralDensity;
pub use settings::{Sampling, StochasticSettings};
pub use trace::{Trace, TraceEstimate};

use crate::noise::{derive, noise};
use crate::space::Space;

/// The sign ±1 of component `index` of the random vector with this `seed`.
pub fn rademacher(seed: u64, index: u64) -> f64 {
    1f64.copysign(noise(seed, index))
}

/// z ← the random vector of signs with this number, scaled to unit length; returns ‖z‖² of before,
/// N where the inner product is the plain sum.
fn draw_signs<S: Space>(space: &S, seed: u64, number: u64, z: &mut S::Vector) -> f64 {
    let seed = derive(seed, number);
    space.fill(z, &|i| rademacher(seed, i));
    // Signs are exact in any storage, and so is the number of them, frozen components left out.
    let dimension = space.dot(z, z);
    if dimension > 0.0 {
        let scale = dimension.sqrt().recip();
        space.fill(z, &|i| scale * rademacher(seed, i));
    }
    dimension
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_of_signs_has_unit_length_and_says_how_many_it_has() {
        let space = crate::space::Host::<f64>::new();
        for n in [1, 4, 1_000] {
            let mut z = vec![f64::NAN; n];
            assert_eq!(draw_signs(&space, 3, 5, &mut z[..]), n as f64);
            let component = 1.0 / (n as f64).sqrt();
            for (i, z) in z.iter().enumerate() {
                assert!((z / rademacher(derive(3, 5), i as u64) / component - 1.0).abs() < 1e-15);
            }
        }
        assert_eq!(draw_signs(&space, 3, 5, &mut []), 0.0);
    }

    #[test]
    fn signs_are_fair_and_uncorrelated() {
        let count = 100_000;
        let mean = |f: &dyn Fn(u64) -> f64| (0..count).map(f).sum::<f64>() / count as f64;
        let bound = 5.0 / (count as f64).sqrt(); // five standard errors
        for seed in [0, 1, 99] {
            assert!((0..count).all(|i| rademacher(seed, i).abs() == 1.0));
            assert!(mean(&|i| rademacher(seed, i)).abs() < bound);
            assert!(mean(&|i| rademacher(seed, i) * rademacher(seed, i + 1)).abs() < bound);
            let other = derive(seed, 1);
            assert!(mean(&|i| rademacher(seed, i) * rademacher(other, i)).abs() < bound);
        }
    }
}
