//! Numbers for the eye: five significant digits.

use serde_json::Value;

/// What stands for a number that isn't there.
pub(crate) const NONE: &str = "–";

/// Digits after the first one.
const DIGITS: i32 = 4;

/// The number in five significant digits, or as it is if that is shorter; whole numbers below a million as they are.
pub(crate) fn short(x: f64) -> String {
    let size = x.abs();
    if !x.is_finite() {
        return x.to_string();
    }
    if x == 0.0 || (x.fract() == 0.0 && size < 1e6) {
        return format!("{}", x + 0.0);
    }
    let (rounded, whole) = if (1e-3..1e6).contains(&size) {
        let decimals = (DIGITS - size.log10().floor() as i32).clamp(0, 7);
        (format!("{x:.*}", decimals as usize), x.to_string())
    } else {
        (format!("{x:.3e}"), format!("{x:e}"))
    };
    if whole.len() < rounded.len() { whole } else { rounded }
}

/// A number of a record; `None` for `null`, and for what is no number.
pub(crate) fn of(value: &Value) -> Option<f64> {
    value.as_f64().filter(|x| x.is_finite())
}

/// A number or a dash.
pub(crate) fn or_none(x: Option<f64>) -> String {
    x.map_or_else(|| NONE.to_owned(), short)
}

/// A number and its error.
pub(crate) fn with_error(x: Option<f64>, error: Option<f64>) -> String {
    match (x, error) {
        (Some(x), Some(error)) => format!("{} ± {}", short(x), coarse(error)),
        (x, _) => or_none(x),
    }
}

/// An error needs two digits.
fn coarse(x: f64) -> String {
    if x != 0.0 && !(1e-2..1e4).contains(&x.abs()) { format!("{x:.1e}") } else { format!("{x:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_digits_are_kept_at_every_size() {
        for (x, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (3.0, "3"),
            (999_999.0, "999999"),
            (2.920_984_7, "2.9210"),
            (-53.090_685, "-53.091"),
            (12_345.678, "12346"),
            (0.001_234_567, "0.0012346"),
            (0.000_123_4, "1.234e-4"),
            (1.5e9, "1.5e9"),
            (0.1, "0.1"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(short(x), text);
        }
        assert_eq!(with_error(Some(-53.09), Some(0.102)), "-53.09 ± 0.10");
        assert_eq!(with_error(None, Some(0.102)), NONE);
    }
}
