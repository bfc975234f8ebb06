//! A search along a ray by losses alone: double the length while the loss keeps falling enough.
//!
//! A length a is *certified* if f(0) − f(a) ≥ linear · a + quadratic · a². The search starts at `start` and
//! doubles as long as each length is certified and better than the one before. If even the start is not
//! certified, it halves down to `min` until one is. The best certified length is the result.

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Doubling {
    base: f64,
    linear: f64,
    quadratic: f64,
    min: f64,
    max: f64,
    length: f64,
    best: Option<Best>,
    shrunk: bool,
    finished: bool,
}

/// The best certified length so far.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Best {
    pub(crate) length: f64,
    pub(crate) decrease: f64,
}

impl Doubling {
    /// A search from a point of loss `base`, over lengths `min ..= max`, beginning at `start`.
    pub(crate) fn new(
        base: f64,
        [linear, quadratic]: [f64; 2],
        [min, start, max]: [f64; 3],
    ) -> Self {
        Doubling {
            base,
            linear,
            quadratic,
            min,
            max,
            length: start.clamp(min.min(max), max),
            best: None,
            shrunk: false,
            finished: false,
        }
    }

    /// The length to try next.
    pub(crate) fn ask(&self) -> Option<f64> {
        (!self.finished).then_some(self.length)
    }

    /// Takes the loss at the length last asked. A loss that isn't finite is not a fall.
    pub(crate) fn tell(&mut self, loss: f64) {
        let length = self.length;
        let decrease = self.base - loss;
        let certified = decrease >= length * (self.linear + self.quadratic * length);
        let better = self.best.is_none_or(|best| decrease > best.decrease);
        if loss.is_finite() && decrease > 0.0 && certified && better {
            self.best = Some(Best { length, decrease });
            self.length *= 2.0;
            // After a halving, the double is known not to be certified.
            self.finished = self.shrunk || self.length > self.max;
        } else if self.best.is_some() {
            self.finished = true;
        } else {
            self.shrunk = true;
            self.length /= 2.0;
            self.finished = self.length < self.min;
        }
    }

    pub(crate) fn best(&self) -> Option<Best> {
        self.best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(mut search: Doubling, f: impl Fn(f64) -> f64) -> (Vec<f64>, Option<Best>) {
        let mut tried = vec![];
        while let Some(length) = search.ask() {
            tried.push(length);
            assert!(tried.len() < 100, "the search does not end");
            search.tell(f(length));
        }
        (tried, search.best())
    }

    #[test]
    fn doubles_while_the_loss_falls() {
        let (tried, best) =
            search(Doubling::new(0.0, [0.0; 2], [1.0, 1.0, 100.0]), |a| (a - 7.0).powi(2) - 49.0);
        assert_eq!(tried, [1.0, 2.0, 4.0, 8.0, 16.0]);
        assert_eq!(best, Some(Best { length: 8.0, decrease: 48.0 }));
    }

    #[test]
    fn halves_when_the_start_is_too_long() {
        let (tried, best) =
            search(Doubling::new(0.0, [0.0; 2], [0.1, 8.0, 100.0]), |a| a * (a - 3.0));
        assert_eq!(tried, [8.0, 4.0, 2.0]);
        assert_eq!(best.map(|best| best.length), Some(2.0));
    }

    #[test]
    fn stays_within_its_bounds_and_its_certificate() {
        let (tried, best) = search(Doubling::new(1.0, [0.0; 2], [1.0, 1.0, 5.0]), |a| 1.0 - a);
        assert_eq!(tried, [1.0, 2.0, 4.0]);
        assert_eq!(best.map(|best| best.length), Some(4.0));
        // Falls by a, but 2a was asked for.
        let (tried, best) = search(Doubling::new(1.0, [2.0, 0.0], [0.25, 1.0, 5.0]), |a| 1.0 - a);
        assert_eq!((tried, best), (vec![1.0, 0.5, 0.25], None));
        // ½a² is certified by a coefficient of 0.4, not by 0.6.
        let quadratic = |c| Doubling::new(0.0, [0.0, c], [1.0, 1.0, 1.0]);
        assert!(search(quadratic(0.4), |a| -a * a / 2.0).1.is_some());
        assert!(search(quadratic(0.6), |a| -a * a / 2.0).1.is_none());
    }

    #[test]
    fn never_takes_a_loss_that_is_not_finite() {
        for poison in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let (_, best) = search(Doubling::new(0.0, [0.0; 2], [0.5, 1.0, 64.0]), |a| {
                if a > 3.0 { poison } else { -a }
            });
            assert_eq!(best, Some(Best { length: 2.0, decrease: 2.0 }));
            assert_eq!(search(Doubling::new(0.0, [0.0; 2], [0.5, 1.0, 64.0]), |_| poison).1, None);
        }
    }
}
