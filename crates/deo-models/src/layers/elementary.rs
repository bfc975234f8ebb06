//! exp and the normal distribution, without branches so that loops over them vectorise.
//!
//! Problem: the exponentials of softmax, cross entropy and GELU are the only expensive element-wise work of
//! the model, and a call into the system's mathematics library stops the compiler from vectorising a loop.
//!
//! | formula | code |
//! |---|---|
//! | eˣ = 2ᵏ eʳ, k = ⌊x log₂e⌉, r = x − k ln 2, \|r\| ≤ ½ ln 2 | [`exp`] |
//! | eʳ ≈ Σ rⁱ/i!, to degree 7 in `f32` and 13 in `f64` | `exp_f32`, `exp_f64` |
//! | Φ(−a) = e^{−a²/2} t P(2t − 1), t = 1/(1 + q a), a ≥ 0 | [`normal`] |
//!
//! The truncated series err by less than 6e-9 and 5e-18, below the roundoff of their type. k is found by
//! adding 1.5·2^m, m the length of the mantissa: the sum keeps k in its lowest bits, and shifted into the
//! exponent they are 2ᵏ. ln 2 is subtracted in two parts, the first short enough that k times it is exact
//! (Cody & Waite, Software Manual for the Elementary Functions, 1980).
//!
//! P interpolates Φ(−a) e^{a²/2} / t at the Chebyshev nodes of t ∈ [0, 1], computed with 50 digits; the
//! choice of q places the nodes. It is the form of A&S 7.1.26 with more terms. Errors are stated at the
//! functions and tested.

use deo_linalg::Real;

/// Whether T is `f32`; a constant, so the other branch is not compiled.
const fn single<T: Real>() -> bool {
    T::ROUNDOFF > 1e-10 // between 2⁻²⁴ and 2⁻⁵³
}

/// eˣ to 3 units of roundoff for |x| below 87 (`f32`) or 708 (`f64`); 0 below, ∞ above, NaN for NaN.
#[inline(always)]
pub(super) fn exp<T: Real>(x: T) -> T {
    // The conversions are exact and vanish: T is the type that they convert to.
    if single::<T>() {
        T::from_f64(f64::from(exp_f32(x.to_f64() as f32)))
    } else {
        T::from_f64(exp_f64(x.to_f64()))
    }
}

/// (Φ(x), φ(x)) = (∫ φ from −∞ to x, e^{−x²/2}/√2π) of the standard normal distribution.
///
/// The absolute error is below 2e-7 in `f32` and 5e-16 in `f64`.
#[inline(always)]
pub(super) fn normal<T: Real>(x: T) -> (T, T) {
    let half = T::from_f64(0.5);
    let bell = exp(-half * x * x);
    let a = if x < T::ZERO { -x } else { x };
    let tail = bell * scaled_tail(a);
    let below = if x < T::ZERO { tail } else { T::ONE - tail };
    (below, bell * T::from_f64(FRAC_1_SQRT_TAU))
}

/// 1/√2π.
const FRAC_1_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

/// Φ(−a) e^{a²/2} for a ≥ 0.
#[inline(always)]
fn scaled_tail<T: Real>(a: T) -> T {
    let (q, coefficients): (f64, &[f64]) =
        if single::<T>() { (0.25, &TAIL_F32) } else { (0.2, &TAIL_F64) };
    let t = T::ONE / (T::ONE + T::from_f64(q) * a);
    t * horner(coefficients, t + t - T::ONE)
}

/// Σ cᵢ xⁱ.
#[inline(always)]
fn horner<T: Real>(coefficients: &[f64], x: T) -> T {
    (coefficients.iter().rev()).fold(T::ZERO, |sum, &c| sum * x + T::from_f64(c))
}

/// P for q = ¼, to 6e-9.
const TAIL_F32: [f64; 10] = [
    0.188_821_29,
    0.151_974_14,
    0.096_784_39,
    0.046_631_046,
    0.015_098_829,
    0.001_880_313_9,
    -0.000_869_049_1,
    -0.000_393_938,
    3.233_503_2e-5,
    4.065_408e-5,
];

/// P for q = ⅕, to 8e-17.
const TAIL_F64: [f64; 22] = [
    0.153_838_609_950_012_53,
    0.133_076_500_578_011_4,
    0.099_061_123_194_014_85,
    0.062_706_631_334_253_7,
    0.033_004_073_233_293_83,
    0.013_823_727_741_528_485,
    0.004_159_013_372_214_364,
    0.000_598_675_349_947_855_6,
    -0.000_159_573_977_698_846_05,
    -0.000_108_979_778_636_038_01,
    -1.187_468_920_600_032_2e-5,
    9.952_394_767_640_813e-6,
    3.334_928_081_010_786_3e-6,
    -7.956_652_487_096_437e-7,
    -5.514_611_752_900_487e-7,
    6.632_063_180_589_462e-8,
    8.392_473_244_630_427e-8,
    -7.248_058_057_834_925e-9,
    -1.142_359_286_996_970_5e-8,
    1.040_500_645_005_368_6e-9,
    9.894_673_339_443_191e-10,
    -1.078_420_034_743_880_5e-10,
];

/// 1/i! for i = 0 … 13.
const INVERSE_FACTORIALS: [f64; 14] = {
    let mut table = [1.0; 14];
    let mut i = 1;
    while i < table.len() {
        table[i] = table[i - 1] / i as f64;
        i += 1;
    }
    table
};

macro_rules! exponential {
    (
        $name:ident($t:ty),
        degree $degree:literal,
        mantissa $mantissa:literal,
        ln2 $high:literal + $low:literal,
        domain $least:literal .. $greatest:literal
    ) => {
        #[inline(always)]
        fn $name(x: $t) -> $t {
            // A comparison with NaN is false, so NaN stays and poisons the result, as it should.
            let inside = if x < $least { $least } else { x };
            let inside = if inside > $greatest { $greatest } else { inside };
            let shift = 1.5 * (1_u64 << $mantissa) as $t;
            let shifted = inside * std::f64::consts::LOG2_E as $t + shift;
            let k = shifted - shift;
            let r = (inside - k * $high) - k * $low;
            let series = (INVERSE_FACTORIALS[..=$degree].iter().rev())
                .fold(0.0, |sum, &c| sum * r + c as $t);
            let two_to_k = <$t>::from_bits(
                (shifted.to_bits() << $mantissa).wrapping_add((1.0 as $t).to_bits()),
            );
            let value = series * two_to_k;
            let value = if x < $least { 0.0 } else { value };
            if x > $greatest { <$t>::INFINITY } else { value }
        }
    };
}
// The domain keeps k within the exponents of normal numbers. The high part of ln 2 has its last 9 (f32) or 21
// (f64) bits clear.
exponential!(
    exp_f32(f32),
    degree 7,
    mantissa 23,
    ln2 0.693_145_75 + 1.428_606_8e-6,
    domain -87.0 .. 88.0
);
exponential!(
    exp_f64(f64),
    degree 13,
    mantissa 52,
    ln2 0.693_147_180_369_123_8 + 1.908_214_929_270_587_7e-10,
    domain -708.0 .. 709.0
);

#[cfg(test)]
mod tests {
    use super::*;

    /// x, Φ(x), φ(x) to 17 digits (mpmath 1.3, 40 digits).
    const NORMAL: [(f64, f64, f64); 10] = [
        (-8.0, 6.220_960_574_271_784e-16, 5.052_271_083_536_892e-15),
        (-3.25, 5.770_250_423_907_67e-4, 2.029_048_057_299_768e-3),
        (-1.0, 0.158_655_253_931_457_05, 0.241_970_724_519_143_35),
        (-0.5, 0.308_537_538_725_986_9, 0.352_065_326_764_299_5),
        (-1e-3, 0.499_601_057_786_088_94, 0.398_942_080_930_342_35),
        (0.0, 0.5, 0.398_942_280_401_432_7),
        (0.3, 0.617_911_422_188_952_6, 0.381_387_815_460_524_1),
        (1.0, 0.841_344_746_068_542_9, 0.241_970_724_519_143_35),
        (2.5, 0.993_790_334_674_223_8, 0.017_528_300_493_568_537),
        (6.0, 0.999_999_999_013_412_3, 6.075_882_849_823_286e-9),
    ];

    fn grid(from: f64, to: f64) -> impl Iterator<Item = f64> {
        (0..=20_000).map(move |i| from + (to - from) * f64::from(i) / 20_000.0)
    }

    #[test]
    fn the_exponential_is_right_to_3_units_of_roundoff() {
        for x in grid(-700.0, 700.0) {
            let error = (exp(x) / x.exp() - 1.0).abs();
            assert!(error <= 3.0 * f64::ROUNDOFF, "{x}: {error:e}");
        }
        for x in grid(-86.9, 87.9).map(|x| x as f32) {
            let error = (f64::from(exp(x)) / f64::from(x).exp() - 1.0).abs();
            assert!(error <= 3.0 * f32::ROUNDOFF, "{x}: {error:e}");
        }
    }

    #[test]
    fn the_exponential_of_what_is_no_ordinary_number() {
        assert_eq!(exp(0.0f32), 1.0);
        assert_eq!(exp(-1e30f32), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(1e300f64), f64::INFINITY);
        assert!(exp(f32::NAN).is_nan() && exp(f64::NAN).is_nan());
    }

    #[test]
    fn the_normal_distribution_has_its_known_values() {
        for (x, below, density) in NORMAL {
            let (got_below, got_density) = normal(x);
            assert!((got_below - below).abs() < 5e-16, "Φ({x}) = {got_below:e}");
            assert!((got_density - density).abs() < 5e-16, "φ({x}) = {got_density:e}");
            // The tail keeps its digits: half the square of x, rounded, is exponentiated.
            assert!((got_below / below - 1.0).abs() < 2e-14, "Φ({x}) = {got_below:e}");
        }
    }

    #[test]
    fn single_precision_follows_double_precision() {
        for x in grid(-12.0, 12.0).map(|x| x as f32) {
            let ((below, density), (want_below, want_density)) = (normal(x), normal(f64::from(x)));
            assert!((f64::from(below) - want_below).abs() < 2e-7, "Φ({x}) = {below:e}");
            assert!((f64::from(density) - want_density).abs() < 2e-7, "φ({x}) = {density:e}");
        }
    }

    #[test]
    fn both_sides_of_the_normal_distribution_add_up() {
        // Exact: 1 − t is computed from the same t.
        for x in grid(0.001, 9.0) {
            assert_eq!(normal(x).0, 1.0 - normal(-x).0);
        }
        assert!(normal(f64::NAN).0.is_nan());
    }
}
