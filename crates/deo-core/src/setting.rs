//! A setting that is out of its range, and the checks that find it.
//!
//! Every constructor refuses by the same type, so that whoever calls several has one error to pass on, and its message is one
//! sentence: which setting, what it is, and what it must be. NaN is in no range.
//!
//! ```
//! use deo_core::setting::positive;
//! let refused = positive("dimer length", -1.0).unwrap_err();
//! assert_eq!(refused.to_string(), "dimer length is -1; it must be finite and above 0");
//! ```

use std::fmt::{self, Display};

/// A setting that is out of its range.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingError {
    /// The setting.
    pub name: &'static str,
    /// Its value, as it is printed.
    pub value: String,
    /// What it must be: the rest of a sentence that begins with "it must be".
    pub wanted: String,
}

impl SettingError {
    /// `name` is `value`; it must be `wanted`.
    pub fn new(name: &'static str, value: impl Display, wanted: impl Into<String>) -> Self {
        SettingError { name, value: value.to_string(), wanted: wanted.into() }
    }
}

impl Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}; it must be {}", self.name, self.value, self.wanted)
    }
}

impl std::error::Error for SettingError {}

/// Refuses a value that isn't `valid`.
///
/// # Errors
///
/// If it isn't.
pub fn require(
    valid: bool,
    name: &'static str,
    value: impl Display,
    wanted: &str,
) -> Result<(), SettingError> {
    if valid { Ok(()) } else { Err(SettingError::new(name, value, wanted)) }
}

/// Refuses NaN and infinities.
///
/// # Errors
///
/// If the value is one.
pub fn finite(name: &'static str, value: f64) -> Result<(), SettingError> {
    require(value.is_finite(), name, value, "finite")
}

/// Refuses a value that isn't finite and at least 0.
///
/// # Errors
///
/// If it isn't.
pub fn nonnegative(name: &'static str, value: f64) -> Result<(), SettingError> {
    require(value >= 0.0 && value.is_finite(), name, value, "finite and at least 0")
}

/// Refuses a value that isn't finite and above 0.
///
/// # Errors
///
/// If it isn't.
pub fn positive(name: &'static str, value: f64) -> Result<(), SettingError> {
    require(value > 0.0 && value.is_finite(), name, value, "finite and above 0")
}

/// Refuses a value that isn't in [0, 1).
///
/// # Errors
///
/// If it isn't.
pub fn fraction(name: &'static str, value: f64) -> Result<(), SettingError> {
    require((0.0..1.0).contains(&value), name, value, "in [0, 1)")
}

/// Refuses a count of 0.
///
/// # Errors
///
/// If it is 0.
pub fn at_least_one(name: &'static str, count: u64) -> Result<(), SettingError> {
    require(count >= 1, name, count, "at least 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&'static str, f64) -> Result<(), SettingError>;

    #[test]
    fn ranges_end_where_they_say_and_nan_is_in_none() {
        let tiny = f64::MIN_POSITIVE;
        let holds = |check: Check, good: &[f64], bad: &[f64]| {
            assert!(good.iter().all(|&value| check("x", value) == Ok(())));
            let never = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
            assert!(never.iter().chain(bad).all(|&value| check("x", value).is_err()));
        };
        holds(finite, &[-1.0, 0.0, f64::MAX], &[]);
        holds(nonnegative, &[0.0, f64::MAX], &[-tiny]);
        holds(positive, &[tiny, f64::MAX], &[0.0, -tiny]);
        holds(fraction, &[0.0, 1.0 - f64::EPSILON], &[-tiny, 1.0]);
        assert_eq!(at_least_one("n", 1), Ok(()));
        assert_eq!(at_least_one("n", 0).unwrap_err().to_string(), "n is 0; it must be at least 1");
    }
}
