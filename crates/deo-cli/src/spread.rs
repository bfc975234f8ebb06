//! A mean over seeds, and whether it is beyond noise.
//!
//! Problem: two final losses of one seed differ even where nothing was gained, so one number proves nothing. The runs of a
//! seed share weights and batches, so what counts is the difference within each seed.
//!
//! ```text
//! s² = Σ (dᵢ − d̄)² / (n − 1)      standard error  s/√n      beyond noise  |d̄| > t s/√n
//! ```
//!
//! t is that of [`student_t`] for two normal deviations and n values: 13.97 of two seeds, 2.87 of five.

use deo_core::statistics::student_t;

/// A mean over the seeds, and the standard deviation between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
    pub(crate) count: usize,
}

impl Spread {
    pub(crate) fn of(values: &[f64]) -> Self {
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = if count > 1 { (squares / (count - 1) as f64).sqrt() } else { f64::NAN };
        Spread { mean, deviation, count }
    }

    /// The standard error of the mean; NaN of one value.
    pub(crate) fn error(self) -> f64 {
        self.deviation / (self.count as f64).sqrt()
    }

    /// Zero lies outside of the mean's 95 % interval.
    pub(crate) fn is_beyond_noise(self) -> bool {
        self.mean.abs() > student_t(2.0, self.count as u64) * self.error()
    }

    /// "−0.0010 ± 0.0030", or the mean alone of one value.
    pub(crate) fn in_words(self) -> String {
        let sign = if self.mean < 0.0 { "−" } else { "+" };
        let size = self.mean.abs();
        match self.error() {
            error if error.is_finite() => format!("{sign}{size:.4} ± {error:.4}"),
            _ => format!("{sign}{size:.4}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_told_from_a_difference_by_students_t() {
        // Mean −1, deviation √⅔: the standard error of four is 0.408, and t of three degrees of freedom at 95 % 3.18, of which
        // `student_t(2, 4)` = 3.31 is the value for two normal deviations.
        let spread = Spread::of(&[-2.0, -1.0, -1.0, 0.0]);
        assert_eq!(spread.mean, -1.0);
        assert!((spread.deviation - (2.0f64 / 3.0).sqrt()).abs() < 1e-12);
        // 1 < 3.31 · 0.408
        assert!(!spread.is_beyond_noise());
        assert!(Spread::of(&[-1.1, -1.0, -1.0, -0.9]).is_beyond_noise());
        assert_eq!(spread.in_words(), "−1.0000 ± 0.4082");
        let one = Spread::of(&[5.0]);
        assert!(!one.is_beyond_noise() && one.in_words() == "+5.0000", "one seed is no result");
    }
}
