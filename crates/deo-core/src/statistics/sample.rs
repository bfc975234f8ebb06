//! The mean and the standard error of numbers that arrive one at a time.

use crate::student::student_t;

/// Welford's accumulator: numerically stable, in f64, without storing the samples.
///
/// A sample that is NaN or infinite makes every result NaN, as it would a sum.
///
/// # Examples
///
/// ```
/// use deo_core::statistics::Sample;
/// let sample: Sample = [2.0, 4.0, 4.0, 6.0].into_iter().collect();
/// assert_eq!((sample.count(), sample.mean()), (4, 4.0));
/// assert!((sample.variance() - 8.0 / 3.0).abs() < 1e-15);
/// ```
/// Numbers of any size have a standard error: squares are taken in a unit near the numbers where f64 has none.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sample {
    count: u64,
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    mean: f64,
    /// Σ (xᵢ − mean)² · `unit`².
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    squares: f64,
    /// A power of two, 1 unless squares would over- or underflow.
    unit: f64,
}

/// Deviations whose squares, and the sum of 2⁴⁰⁰ of them, are numbers of full precision.
const ORDINARY: std::ops::Range<f64> = 1.0 / LARGE..LARGE;

/// 2³⁰⁰.
const LARGE: f64 = f64::from_bits((1023 + 300) << 52);

impl Default for Sample {
    fn default() -> Self {
        Sample::EMPTY
    }
}

impl Sample {
    /// Nothing seen.
    pub const EMPTY: Sample = Sample { count: 0, mean: 0.0, squares: 0.0, unit: 1.0 };

    /// Adds one number.
    pub fn push(&mut self, x: f64) {
        self.count += 1;
        // An infinity would come out as NaN in any case, and NaN survives being saved as JSON.
        let before = if x.is_finite() { x - self.mean } else { f64::NAN };
        self.mean += before / self.count as f64;
        self.measure_in(before);
        self.squares += (before * self.unit) * ((x - self.mean) * self.unit);
    }

    /// Changes the unit if this deviation has no square in the present one, or is the first to have one in another.
    fn measure_in(&mut self, deviation: f64) {
        let size = (deviation * self.unit).abs();
        let fits = ORDINARY.contains(&size) || (size < 1.0 && self.squares > 0.0);
        if fits || size == 0.0 || !deviation.is_finite() {
            return;
        }
        // The exponent's bits alone are a power of two; of the smallest numbers they are none.
        let power = f64::from_bits(deviation.abs().to_bits() & f64::INFINITY.to_bits());
        let unit = 1.0 / power.clamp(f64::MIN_POSITIVE, f64::MAX / 4.0);
        let change = unit / self.unit;
        (self.squares, self.unit) = (self.squares * change * change, unit);
    }

    /// How many numbers were added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; NaN for none.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.mean }
    }

    /// Their unbiased variance, Σ (xᵢ − mean)²/(n − 1); NaN for fewer than two.
    pub fn variance(&self) -> f64 {
        self.scaled_variance() / self.unit / self.unit
    }

    /// The variance of the numbers in the unit.
    fn scaled_variance(&self) -> f64 {
        if self.count < 2 { f64::NAN } else { self.squares / (self.count - 1) as f64 }
    }

    /// √variance, also where the variance isn't a number.
    pub fn deviation(&self) -> f64 {
        self.scaled_variance().sqrt() / self.unit
    }

    /// The standard error of the mean, √(variance/n); NaN, unknown, for fewer than two.
    pub fn standard_error(&self) -> f64 {
        (self.scaled_variance() / self.count as f64).sqrt() / self.unit
    }

    /// Half the width of the interval about the mean that holds the truth with the confidence of `z` standard errors of a
    /// normal distribution, 95 % for z = 2, however few the samples: t se, by [`student_t`](crate::statistics::student_t). NaN,
    /// unknown, for fewer than two.
    pub fn margin(&self, z: f64) -> f64 {
        margin(z, self.standard_error(), self.count)
    }
}

/// t se for a mean of `samples` numbers.
pub(super) fn margin(z: f64, standard_error: f64, samples: u64) -> f64 {
    // Samples that agree in all digits have no width, not even times infinity.
    if standard_error == 0.0 { 0.0 } else { student_t(z, samples) * standard_error }
}

impl Extend<f64> for Sample {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, numbers: I) {
        numbers.into_iter().for_each(|x| self.push(x));
    }
}

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Self {
        let mut sample = Sample::EMPTY;
        sample.extend(numbers);
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_offset_does_not_spoil_the_variance() {
        // Σx² − n·mean² would lose all sixteen digits here.
        let sample: Sample = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0].into_iter().collect();
        assert_eq!(sample.mean(), 1e9 + 10.0);
        assert_eq!(sample.variance(), 30.0);
        assert!((sample.standard_error() - 7.5f64.sqrt()).abs() < 1e-15);
    }

    /// The closed form for four equidistant numbers: a standard error of √(5/12) of their distance.
    #[test]
    fn numbers_of_any_size_have_a_standard_error() {
        for exponent in [-1000, -700, -301, -299, 0, 299, 301, 700, 1000] {
            let size = 2f64.powi(exponent);
            for order in [[0.0, 1.0, 2.0, 3.0], [3.0, 0.0, 2.0, 1.0], [1.0, 1.0 + 1e-13, 2.0, 2.0]]
            {
                let sample: Sample = order.into_iter().map(|x| x * size).collect();
                let plain: Sample = order.into_iter().collect();
                assert_eq!(sample.mean() / size, plain.mean());
                assert_eq!(sample.standard_error() / size, plain.standard_error(), "2^{exponent}");
                assert_eq!(sample.deviation() / size, plain.variance().sqrt());
            }
        }
        let four: Sample = [0.0, 1.0, 2.0, 3.0].into_iter().collect();
        assert!((four.standard_error() - (5.0f64 / 12.0).sqrt()).abs() < 1e-15);
        // Tiny ones first, then large, and the other way round.
        for order in [[0.0, 1e-250, 0.0, 1e250], [1e250, 0.0, 1e-250, 0.0]] {
            let sample: Sample = order.into_iter().collect();
            assert!((sample.standard_error() / 2.5e249 - 1.0).abs() < 1e-14, "{sample:?}");
        }
        let equal: Sample = [1e-300; 5].into_iter().collect();
        assert_eq!(equal.standard_error(), 0.0);
        let apart: Sample = [1e-200, 2e-200].into_iter().collect();
        assert!(apart.margin(2.0) > apart.mean(), "noise of any size is noise");
    }

    #[test]
    fn too_few_numbers_are_unknown_and_nan_stays() {
        assert!(Sample::EMPTY.mean().is_nan());
        let one: Sample = [5.0].into_iter().collect();
        assert_eq!(one.mean(), 5.0);
        assert!(one.variance().is_nan() && one.standard_error().is_nan());
        for poison in [f64::NAN, f64::INFINITY] {
            let sample: Sample = [1.0, poison, 2.0].into_iter().collect();
            assert!(sample.mean().is_nan() && sample.standard_error().is_nan());
        }
    }
}
