//! Has a search come back to where it was?
//!
//! Brent's method: keep one earlier point, replace it when the number of steps since doubles, and compare every point
//! with it. A cycle of any length is seen within about three rounds of it, with one stored point.
//!
//! Coming back counts if the way was long and nothing was gained: ‖x − x_ref‖ ≤ 1 % of the path since, of at least
//! [`PATIENCE`] steps, and ‖g‖ not below 90 % of what it was at the reference.

/// Fewer steps than this are a search turning round, not a cycle.
const PATIENCE: u64 = 12;

/// The numbers of the detector; the point itself is kept by the search.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Cycle {
    since: u64,
    limit: u64,
    path: f64,
    norm: f64,
}

/// What to do with the reference point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    Replace,
    Cycling,
}

impl Cycle {
    /// After a step of length `step` to a point with gradient norm `norm`, `distance` from the reference.
    pub(super) fn observe(&mut self, step: f64, norm: f64, distance: f64) -> Verdict {
        self.since += 1;
        self.path += step;
        let back = distance <= 0.01 * self.path && norm >= 0.9 * self.norm;
        if self.since >= PATIENCE && back {
            return Verdict::Cycling;
        }
        if self.since >= self.limit.max(PATIENCE) {
            *self = Cycle { since: 0, limit: 2 * self.since, path: 0.0, norm };
            return Verdict::Replace;
        }
        Verdict::Keep
    }

    /// The reference is the present point, whose gradient norm is `norm`.
    pub(super) fn begin(norm: f64) -> Self {
        Cycle { since: 0, limit: PATIENCE, path: 0.0, norm }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the detector along a path of points; the step at which it reports, if it does.
    fn run(path: impl Iterator<Item = ([f64; 2], f64)>) -> Option<usize> {
        let distance = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        let mut path = path.enumerate();
        let (_, (mut last, norm)) = path.next()?;
        let (mut reference, mut cycle) = (last, Cycle::begin(norm));
        for (i, (x, norm)) in path {
            match cycle.observe(distance(x, last), norm, distance(x, reference)) {
                Verdict::Cycling => return Some(i),
                Verdict::Replace => reference = x,
                Verdict::Keep => {}
            }
            last = x;
        }
        None
    }

    #[test]
    fn cycles_are_seen_and_spirals_are_not() {
        for period in [2.0, 5.0, 31.0, 100.0] {
            let circle = (0..2000).map(|i| {
                let (y, x) = (f64::from(i) * std::f64::consts::TAU / period).sin_cos();
                ([x, y], 1.0)
            });
            let seen = run(circle).unwrap_or(usize::MAX);
            assert!(seen as f64 <= 5.0 * period + 40.0, "{period}: {seen}");
        }
        // A spiral into a point passes its reference again, with a smaller gradient.
        let spiral = (0..2000).map(|i| {
            let radius = f64::exp(-0.01 * f64::from(i));
            let (y, x) = (f64::from(i) * 0.7).sin_cos();
            ([radius * x, radius * y], radius)
        });
        assert_eq!(run(spiral), None);
        assert_eq!(run((0..500).map(|i| ([f64::from(i), 0.0], 1.0))), None);
    }
}
