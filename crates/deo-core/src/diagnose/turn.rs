//! Where the loss turns: the nearest minimum of φ(a) = f(x + a n), a > 0, by losses alone.
//!
//! 1. From a first length, φ is followed by factors of four: outwards while it falls, inwards if it rises at once.
//! 2. Between the neighbours of the lowest, the parabola through three points says where to look next, [`REFINE`] times.

/// By what a length is multiplied or divided until the turn is between two of them.
const FACTOR: f64 = 4.0;

/// Losses for the minimum between two lengths: a quartic wall is met to a tenth by then, and its depth to a twentieth.
const REFINE: usize = 4;

/// A search along one side of an axis.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct TurnSearch {
    /// (a, φ), ascending; (0, f(x)) first.
    seen: Vec<(f64, f64)>,
    /// Shortest and longest length.
    range: [f64; 2],
    next: Option<f64>,
    refined: usize,
    losses: u64,
}

/// Where the loss turns along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Turn {
    /// The distance from x, signed: along +n or −n. 0 if no length that was tried is lower than x.
    pub at: f64,
    /// f(x) − f there, at least 0.
    pub fall: f64,
    /// The loss was still falling at the longest length that is allowed: the turn lies beyond.
    pub beyond: bool,
}

impl TurnSearch {
    pub(super) fn new(loss: f64, first: f64, range: [f64; 2]) -> Self {
        let next =
            (loss.is_finite() && range[0] <= range[1]).then(|| first.clamp(range[0], range[1]));
        TurnSearch { seen: vec![(0.0, loss)], range, next, refined: 0, losses: 0 }
    }

    pub(super) fn ask(&self) -> Option<f64> {
        self.next
    }

    pub(super) fn losses(&self) -> u64 {
        self.losses
    }

    pub(super) fn tell(&mut self, loss: f64) {
        let Some(a) = self.next.take() else {
            panic!("told the loss {loss}, but none was asked for")
        };
        self.losses += 1;
        // What isn't a number is a wall.
        let loss = if loss.is_nan() { f64::INFINITY } else { loss };
        let place = self.seen.partition_point(|(b, _)| *b < a);
        self.seen.insert(place, (a, loss));
        self.next = self.advance();
    }

    /// The index of the lowest.
    fn lowest(&self) -> usize {
        (0..self.seen.len()).min_by(|&i, &j| self.seen[i].1.total_cmp(&self.seen[j].1)).unwrap_or(0)
    }

    fn advance(&mut self) -> Option<f64> {
        let (low, last) = (self.lowest(), self.seen.len() - 1);
        let [shortest, longest] = self.range;
        if low == 0 {
            let nearest = self.seen[1].0;
            return (nearest > shortest).then(|| (nearest / FACTOR).max(shortest));
        }
        if low == last {
            let furthest = self.seen[last].0;
            return (furthest < longest).then(|| (FACTOR * furthest).min(longest));
        }
        self.refined += 1;
        if self.refined > REFINE {
            return None;
        }
        let next = between(self.seen[low - 1], self.seen[low], self.seen[low + 1]);
        self.seen.iter().all(|(a, _)| *a != next).then_some(next)
    }

    pub(super) fn turn(&self, sign: f64) -> Turn {
        let low = self.lowest();
        let (a, loss) = self.seen[low];
        let beyond = low > 0 && low + 1 == self.seen.len();
        Turn { at: sign * a, fall: (self.seen[0].1 - loss).max(0.0), beyond }
    }
}

/// A length within the bracket l < m < r: the minimum of the parabola, kept a tenth of the wider part away from m.
fn between((l, fl): (f64, f64), (m, fm): (f64, f64), (r, fr): (f64, f64)) -> f64 {
    let (p, q) = ((m - l) * (fm - fr), (m - r) * (fm - fl));
    let minimum = m - 0.5 * ((m - l) * p - (m - r) * q) / (p - q);
    let wide = if r - m > m - l { r } else { l };
    // A wall of infinite height has no parabola; and where the minimum is m itself, the wider part still hides the true one.
    let golden = m + 0.382 * (wide - m);
    let near = 0.1 * (wide - m).abs();
    if !minimum.is_finite() || minimum <= l || minimum >= r {
        golden
    } else if (minimum - m).abs() < near {
        m + near.copysign(wide - m)
    } else {
        minimum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(f: impl Fn(f64) -> f64, first: f64, range: [f64; 2]) -> (Turn, u64) {
        let mut search = TurnSearch::new(f(0.0), first, range);
        while let Some(a) = search.ask() {
            assert!((range[0]..=range[1]).contains(&a));
            search.tell(f(a));
        }
        (search.turn(1.0), search.losses())
    }

    #[test]
    fn a_quartic_wall_turns_where_its_formula_says() {
        // −½c a² + ¼k a⁴ is least at √(c/k), at −c²/4k.
        for (c, k) in [(1.0, 1.0), (1e-4, 1.0), (3.0, 1e-4), (1e-5, 1e-5)] {
            for first in [1e-3, 0.03, 10.0] {
                let f = |a: f64| 5.0 * c - 0.5 * c * a * a + 0.25 * k * a.powi(4);
                let (turn, losses) = search(f, first, [1e-6, 1e6]);
                let exact = f64::sqrt(c / k);
                assert!((turn.at / exact - 1.0).abs() < 0.1, "{c} {k} {first}: {turn:?}");
                assert!((turn.fall / (c * c / (4.0 * k)) - 1.0).abs() < 0.05);
                assert!(!turn.beyond && losses <= 16, "{losses}");
            }
        }
    }

    #[test]
    fn walls_cliffs_and_open_ends_are_told_apart() {
        // Falls for ever: the longest length, and that it lies beyond.
        let (turn, _) = search(|a| -a * a, 0.1, [1e-3, 50.0]);
        assert_eq!((turn.at, turn.beyond), (50.0, true));
        // Rises at once: nothing, after the shortest length was tried.
        let (turn, losses) = search(|a| a * a, 0.1, [1e-3, 50.0]);
        assert_eq!(turn, Turn { at: 0.0, fall: 0.0, beyond: false });
        assert!(losses <= 5);
        // What isn't a number is a wall.
        let (turn, _) = search(|a| if a < 0.7 { -a } else { f64::NAN }, 0.1, [1e-3, 50.0]);
        assert!((0.5..0.7).contains(&turn.at) && !turn.beyond, "{turn:?}");
    }
}
