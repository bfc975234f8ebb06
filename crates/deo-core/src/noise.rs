//! Seeded random directions that do not depend on how a vector is stored.
//!
//! Problem: a random axis must be the same on one rank and on many, in blocks and flat, on every platform.
//! A sequential generator gives none of this, so component i of a direction is a hash of (seed, i):
//! SplitMix64's output function (Steele, Lea & Flood 2014) at the counter seed ⊕ i·φ, and the sum of four
//! 32-bit uniforms (Irwin–Hall), which is normal enough for an isotropic start, has unit variance, and uses
//! no transcendental function, whose last bit differs between platforms.

/// 2⁶⁴/φ, the increment of SplitMix64.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's output function: a bijection of the 64-bit integers that mixes every bit.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A sample of mean 0 and variance 1 that depends on `seed` and `index` only.
///
/// # Examples
///
/// ```
/// use deo_core::noise::noise;
/// assert_eq!(noise(7, 3), noise(7, 3));
/// assert_ne!(noise(7, 3), noise(8, 3));
/// ```
pub fn noise(seed: u64, index: u64) -> f64 {
    let counter = mix(seed).wrapping_add(index.wrapping_mul(GOLDEN));
    let (a, b) = (
        mix(counter.wrapping_add(GOLDEN)),
        mix(counter ^ 0x5851_f42d_4c95_7f2d), // any other constant: a second, independent stream
    );
    let sum = (a >> 32) + (a & 0xffff_ffff) + (b >> 32) + (b & 0xffff_ffff);
    // Four uniforms on [0, 2³²) sum to mean 2·2³² and variance 4/12·2⁶⁴.
    (sum as f64 * (-32f64).exp2() - 2.0) * 3f64.sqrt()
}

/// A seed derived from `seed` for the event with number `count`, so that events draw different noise.
pub(crate) fn derive(seed: u64, count: u64) -> u64 {
    mix(seed ^ mix(count.wrapping_add(GOLDEN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_a_unit_normal() {
        let count = 200_000;
        for seed in [0, 1, 0xdead_beef] {
            let samples: Vec<f64> = (0..count).map(|i| noise(seed, i)).collect();
            let mean =
                |power: i32| samples.iter().map(|s| s.powi(power)).sum::<f64>() / count as f64;
            // Five standard errors: 5/√n for the mean, 5√(2/n) bounds that of the variance.
            assert!(mean(1).abs() < 5.0 / (count as f64).sqrt(), "{}", mean(1));
            assert!((mean(2) - 1.0).abs() < 5.0 * (2.0 / count as f64).sqrt());
            // Irwin–Hall of order 4 has a fourth moment of 3 − 6/(5·4) = 2.7.
            assert!((mean(4) - 2.7).abs() < 0.1, "{}", mean(4));
        }
    }

    #[test]
    fn neighbours_are_uncorrelated() {
        let count = 100_000;
        for lag in [1, 2, 64] {
            let correlation: f64 =
                (0..count).map(|i| noise(5, i) * noise(5, i + lag)).sum::<f64>() / count as f64;
            assert!(correlation.abs() < 5.0 / (count as f64).sqrt());
        }
        let seeds: f64 = (0..count).map(|i| noise(5, i) * noise(6, i)).sum::<f64>() / count as f64;
        assert!(seeds.abs() < 5.0 / (count as f64).sqrt());
    }
}
