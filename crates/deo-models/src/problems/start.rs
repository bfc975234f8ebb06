//! Where runs start: seeded points.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::StandardNormal;

/// Draws a start: overwrites x, which is 0 before.
pub(super) type Start = fn(&mut ChaCha8Rng, &mut [f64]);

/// The generator of the start of the run with that seed.
///
/// Its own stream keeps the start independent of a basis, a batch or an axis drawn from the same seed.
pub(super) fn generator(seed: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from_le_bytes(*b"start   "));
    rng
}

/// Uniform in [−half, half]ᴺ.
pub(super) fn cube(rng: &mut ChaCha8Rng, x: &mut [f64], half: f64) {
    x.fill_with(|| half * rng.random_range(-1.0..=1.0));
}

/// Independently normal(0, deviation).
pub(super) fn normal(rng: &mut ChaCha8Rng, x: &mut [f64], deviation: f64) {
    x.fill_with(|| deviation * rng.sample::<f64, _>(StandardNormal));
}

/// Uniform on the sphere of that radius about 0.
pub(super) fn sphere(rng: &mut ChaCha8Rng, x: &mut [f64], radius: f64) {
    normal(rng, x, 1.0);
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    for x in x {
        *x *= radius / norm; // a Gaussian vector is zero with probability zero
    }
}
