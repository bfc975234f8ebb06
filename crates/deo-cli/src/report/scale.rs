//! Axes: from values to places between 0 and 1, and the values that are written beside them.

use super::number;

/// Positive values whose extremes are this far apart are drawn on a logarithmic axis, if it is left open: two decades on a
/// linear one leave a hundredth of the height to the lowest.
const WIDE: f64 = 100.0;

/// Ticks that have room.
const TICKS: f64 = 5.0;

/// Whether an axis is linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Linear,
    /// Logarithmic if all values are positive.
    Log,
    /// Logarithmic if all values are positive and wide apart.
    Open,
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    /// The ends, logarithms if `log`.
    low: f64,
    high: f64,
    pub(crate) log: bool,
}

impl Axis {
    /// Covers the finite ones of `values` with `margin`, a share of the extent, at both ends; `None` if there are none.
    pub(crate) fn over(kind: Kind, margin: f64, values: impl Iterator<Item = f64>) -> Option<Self> {
        let ends = values.filter(|v| v.is_finite()).fold(None, |ends: Option<(f64, f64)>, v| {
            Some(ends.map_or((v, v), |(low, high)| (low.min(v), high.max(v))))
        });
        let (low, high) = ends?;
        let log = low > 0.0
            && match kind {
                Kind::Linear => false,
                Kind::Log => true,
                Kind::Open => high / low >= WIDE,
            };
        let (low, high) = if log { (low.log10(), high.log10()) } else { (low, high) };
        // A constant still needs an extent; so does one that rounding makes almost constant.
        let extent = high - low;
        let size = low.abs().max(high.abs());
        let (low, high) = if extent > size * 1e-12 {
            (low - margin * extent, high + margin * extent)
        } else {
            let half = if log || size == 0.0 { 0.5 } else { 0.05 * size };
            (low - half, high + half)
        };
        Some(Axis { low, high, log })
    }

    /// The place of a value: 0 at the low end, 1 at the high end. NaN for what a logarithmic axis can't show.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let value = match self.log {
            true if value > 0.0 => value.log10(),
            true => f64::NAN,
            false => value,
        };
        (value - self.low) / (self.high - self.low)
    }

    /// Values to be written at the axis, ascending.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let decades = self.high - self.low;
        if self.log && decades < 2.0 {
            // 1, 2 and 5 of every decade.
            let first = self.low.floor() as i32;
            let last = self.high.ceil() as i32;
            let all = (first..=last).flat_map(|e| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(e)));
            let inside = all.filter(|v| (self.low..=self.high).contains(&v.log10()));
            let ticks: Vec<_> = inside.map(|v| (v, number_of(v, 0))).collect();
            if ticks.len() >= 2 {
                return ticks;
            }
        }
        let step = if self.log { nice(decades).max(1.0) } else { nice(decades) };
        let (first, last) = ((self.low / step).ceil(), (self.high / step).floor());
        // Digits after the point that the step has.
        let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
        let count = ((last - first).clamp(0.0, 2.0 * TICKS)) as i32;
        (0..=count)
            .map(|i| (first + f64::from(i)) * step)
            .map(|v| if self.log { 10f64.powf(v) } else { v })
            .map(|v| (v, number_of(v, decimals)))
            .collect()
    }
}

/// 1, 2 or 5 times a power of ten, so that some [`TICKS`] of it make the extent.
fn nice(extent: f64) -> f64 {
    let raw = extent / TICKS;
    let power = 10f64.powf(raw.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|f| f * power >= raw * 0.75).unwrap_or(10.0);
    factor * power
}

fn number_of(v: f64, decimals: usize) -> String {
    let size = v.abs();
    if v == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e6).contains(&size) {
        // 1.5e9, but 2e9.
        let text = format!("{v:.1e}");
        text.replace(".0e", "e")
    } else if decimals > 0 {
        format!("{v:.decimals$}")
    } else if v.fract() == 0.0 {
        format!("{v}")
    } else {
        number::short(v).trim_end_matches('0').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(kind: Kind, values: &[f64]) -> Axis {
        Axis::over(kind, 0.0, values.iter().copied()).unwrap()
    }

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_within_the_axis() {
        assert_eq!(
            labels(&axis(Kind::Linear, &[0.0, 120.0])),
            ["0", "20", "40", "60", "80", "100", "120"]
        );
        assert_eq!(
            labels(&axis(Kind::Open, &[2.9, 4.2])),
            ["3.0", "3.2", "3.4", "3.6", "3.8", "4.0", "4.2"]
        );
        assert_eq!(
            labels(&axis(Kind::Log, &[1e-6, 1e4])),
            ["1e-6", "1e-4", "0.01", "1", "100", "10000"]
        );
        assert_eq!(labels(&axis(Kind::Log, &[12.0, 300.0])), ["20", "50", "100", "200"]);
    }

    #[test]
    fn what_cannot_be_logarithmic_is_linear() {
        assert!(!axis(Kind::Log, &[0.0, 1.0]).log && !axis(Kind::Open, &[1.0, 99.0]).log);
        let log = axis(Kind::Open, &[1.0, 100.0]);
        assert!(log.log && log.place(10.0) == 0.5 && log.place(-1.0).is_nan());
    }

    #[test]
    fn degenerate_extents_have_finite_places_and_ticks() {
        for values in
            [&[0.0][..], &[5.0], &[-1e300, 1e300], &[1.0, 1.0 + 1e-15], &[1e-300], &[1e300]]
        {
            for kind in [Kind::Linear, Kind::Log, Kind::Open] {
                let axis = axis(kind, values);
                assert!(values.iter().all(|v| (0.0..=1.0).contains(&axis.place(*v))), "{values:?}");
                let ticks = axis.ticks();
                assert!((1..=12).contains(&ticks.len()), "{values:?}: {ticks:?}");
                assert!(ticks.iter().all(|(v, _)| v.is_finite()));
            }
        }
        assert_eq!(Axis::over(Kind::Open, 0.1, [f64::NAN].into_iter()), None);
    }
}
