//! A search along a ray by losses alone: lengthen while the loss keeps falling enough, then interpolate.
//!
//! Problem: a length is wanted that nothing is known of to within orders of magnitude, and every loss costs. The fall
//! at length a is d(a) = f(0) − f(a), and a is *certified* if d(a) ≥ linear · a + quadratic · a². After a loss at a the
//! parabola through f(0), with the slope −s there, and f(a) has the curvature q = 2(sa − d)/a² and its minimum at s/q:
//!
//! | seen at a | tried next |
//! |---|---|
//! | certified and better, q > 0 | s/q, at most 8a; nothing if that is within half of a |
//! | certified and better, q ≤ 0 | 8a |
//! | worse than the best b, for the first time | √(ab) if they are far apart, else the minimum of the parabola through 0, a and b |
//! | nothing certified yet | s/q, between a/64 and a/2 |
//!
//! So a quadratic takes two losses, and four decades take five. It ends early where the parabola promises less than
//! `worth`: in ordinary training, where the step length is right, one or two losses say so. The best certified
//! length is the result. Plain doubling, which it replaced, took 11–17 losses for a kick (docs/adr/0021).

/// How much longer the next length may be: it crosses the four decades of lengths in five losses, and what it
/// oversteps an interpolation brings back.
const GROWTH: f64 = 8.0;

/// A length within this factor of the interpolated minimum is good enough: at 1.5 times the minimum of a parabola
/// three quarters of its fall are left.
const NEAR: f64 = 1.5;

/// The search.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Search {
    ray: Ray,
    length: f64,
    best: Option<Best>,
    /// No loss has been told yet.
    first: bool,
    /// A length was worse than the best, so the one tried now is the last.
    last: bool,
    finished: bool,
}

/// What is known of the ray before the search.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Ray {
    /// f(0).
    pub(crate) loss: f64,
    /// s ≥ 0, by which f falls at 0.
    pub(crate) slope: f64,
    /// Sufficient decrease: the coefficients of a and a².
    pub(crate) required: [f64; 2],
    /// The fall below which nothing is worth another loss.
    pub(crate) worth: f64,
    /// The shortest and the longest length.
    pub(crate) range: [f64; 2],
    /// A fall at the first length that ends the search there.
    pub(crate) enough: f64,
}

/// The best certified length so far.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Best {
    pub(crate) length: f64,
    pub(crate) decrease: f64,
}

impl Search {
    /// A search that begins at `start`.
    pub(crate) fn new(ray: Ray, start: f64) -> Self {
        let [min, max] = ray.range;
        let length = start.clamp(min.min(max), max);
        Search { ray, length, best: None, first: true, last: false, finished: false }
    }

    /// The length to try next.
    pub(crate) fn ask(&self) -> Option<f64> {
        (!self.finished).then_some(self.length)
    }

    /// Takes the loss at the length last asked. A loss that isn't finite is not a fall.
    pub(crate) fn tell(&mut self, loss: f64) {
        let a = self.length;
        let decrease = self.ray.loss - loss;
        let is_enough = std::mem::take(&mut self.first) && decrease >= self.ray.enough;
        let next = if self.is_certified(decrease) {
            match self.best.replace(Best { length: a, decrease }) {
                Some(best) if best.decrease >= decrease => {
                    self.best = Some(best);
                    self.between(best, decrease)
                }
                _ if is_enough => None,
                _ => self.longer(decrease),
            }
        } else {
            match self.best {
                Some(best) => self.between(best, decrease),
                None => self.shorter(decrease),
            }
        };
        match next {
            Some(next) => self.length = next,
            None => self.finished = true,
        }
    }

    pub(crate) fn best(&self) -> Option<Best> {
        self.best
    }

    fn is_certified(&self, decrease: f64) -> bool {
        let (a, [linear, quadratic]) = (self.length, self.ray.required);
        decrease.is_finite() && decrease > 0.0 && decrease >= a * (linear + quadratic * a)
    }

    /// The minimum s/q of the parabola and its fall s²/2q; both infinite if it curves down.
    fn parabola(&self, decrease: f64) -> [f64; 2] {
        let (a, slope) = (self.length, self.ray.slope);
        let q = 2.0 * (slope * a - decrease) / (a * a);
        if q > 0.0 { [slope / q, slope * slope / (2.0 * q)] } else { [f64::INFINITY; 2] }
    }

    /// What to try after a certified length that is better than all before.
    fn longer(&self, decrease: f64) -> Option<f64> {
        let a = self.length;
        let [minimum, promised] = self.parabola(decrease);
        let wanted = minimum.min(GROWTH * a).min(self.ray.range[1]);
        let near = wanted < NEAR * a && wanted > a / NEAR;
        (!self.last && !near && promised >= self.ray.worth).then_some(wanted)
    }

    /// What to try after a length, when none has been certified yet.
    fn shorter(&self, decrease: f64) -> Option<f64> {
        let a = self.length;
        // Of a loss that isn't finite nothing is learnt but that a is too long; the same holds where f has no slope.
        let [minimum, promised] = if decrease.is_finite() && self.ray.slope > 0.0 {
            self.parabola(decrease)
        } else {
            [0.0, f64::INFINITY]
        };
        let next = minimum.clamp(a / (GROWTH * GROWTH), a / 2.0);
        (next >= self.ray.range[0] && promised >= self.ray.worth).then_some(next)
    }

    /// What to try between the best length and one that is worse, once.
    fn between(&mut self, best: Best, decrease: f64) -> Option<f64> {
        if std::mem::replace(&mut self.last, true) {
            return None;
        }
        let (a, b) = (best.length, self.length);
        if b > 2.0 * a || !decrease.is_finite() {
            return (b > a).then_some((a * b).sqrt());
        }
        // d(x) = s x − ½ q x² through both points; its minimum is worth a loss only beyond a fifth from the best.
        let (per_a, per_b) = (best.decrease / a, decrease / b);
        let q = 2.0 * (per_a - per_b) / (b - a);
        let wanted = (per_a / q + a / 2.0).clamp((a / GROWTH).min(b), 0.9 * a.max(b));
        let far = wanted > 1.2 * a || wanted < a / 1.2;
        (q > 0.0 && far && wanted >= self.ray.range[0]).then_some(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(ray: Ray, start: f64, f: impl Fn(f64) -> f64) -> (Vec<f64>, Option<Best>) {
        let mut search = Search::new(ray, start);
        let mut tried = vec![];
        while let Some(length) = search.ask() {
            tried.push(length);
            assert!(tried.len() < 100, "the search does not end");
            search.tell(f(length));
        }
        (tried, search.best())
    }

    fn ray(slope: f64) -> Ray {
        Ray {
            loss: 0.0,
            slope,
            required: [0.0; 2],
            worth: 0.0,
            range: [1e-3, 100.0],
            enough: f64::INFINITY,
        }
    }

    #[test]
    fn a_parabola_takes_two_losses_from_either_side() {
        // −6a + a²: minimum −9 at 3.
        for start in [0.5, 1.0, 5.0] {
            let (tried, best) = search(ray(6.0), start, |a| a * (a - 6.0));
            assert_eq!(tried, [start, 3.0]);
            assert_eq!(best, Some(Best { length: 3.0, decrease: 9.0 }));
        }
        // A start far too short is lengthened, one far too long is shortened, at most so much.
        assert_eq!(search(ray(6.0), 0.1, |a| a * (a - 6.0)).0[..2], [0.1, 0.8]);
        assert_eq!(search(ray(6.0), 64.0, |a| a * (a - 6.0)).0, [64.0, 3.0]);
    }

    #[test]
    fn what_lies_between_is_the_minimum_of_the_parabola_through_both_lengths() {
        // α and β of d = αx − βx² through two points, by Cramer's rule.
        let vertex = |[a, da]: [f64; 2], [b, db]: [f64; 2]| {
            let determinant = b * a * a - a * b * b;
            let (alpha, beta) =
                ((a * a * db - b * b * da) / determinant, (a * db - b * da) / determinant);
            alpha / (2.0 * beta)
        };
        // The first length, 1, and the second to which the parabola with the slope 2 leads; the second is worse.
        for (first, second, last) in [
            (2.0 - 1.0 / 1.8, [1.8, 1.2], true), // too far: 1.24 is better than either
            (2.0 - 1.0 / 1.8, [1.8, 0.3], false), // the vertex is at 0.95, within a fifth of the best
            (2.0 - 1.0 / 0.6, [0.6, 0.33], true), // too near: back to 0.81
            (2.0 - 1.0 / 0.6, [0.6, 0.31], false), // the vertex is at 0.86, within a fifth
            (2.0 - 1.0 / 0.6, [0.6, 0.1], false), // no parabola through them has a minimum
        ] {
            let mut search = Search::new(ray(2.0), 1.0);
            search.tell(-first);
            assert!((search.ask().unwrap() - second[0]).abs() < 1e-12);
            let b = search.ask().unwrap();
            search.tell(-second[1]);
            let wanted = vertex([1.0, first], [b, second[1]]);
            let asked = search.ask();
            assert_eq!(asked.is_some(), last, "{second:?}: {asked:?} {wanted}");
            if let Some(asked) = asked {
                assert!((asked - wanted).abs() < 1e-12, "{asked} {wanted}");
                // It is the last, and becomes the best if it is.
                search.tell(-1.6);
                assert_eq!((search.ask(), search.best().unwrap().length), (None, asked));
            } else {
                assert_eq!(search.best().unwrap().length, 1.0);
            }
        }
    }

    #[test]
    fn leaves_a_saddle_in_a_few_losses() {
        // A double well without a slope: minima −1 at 2, f(4) = 8.
        let well = |a: f64| a.powi(4) / 16.0 - a * a / 2.0;
        let (tried, best) = search(ray(0.0), 1e-3, well);
        assert!(tried.len() <= 7, "{tried:?}");
        let best = best.unwrap();
        assert!(best.decrease > 0.7 && (best.decrease + well(best.length)).abs() < 1e-15);
    }

    #[test]
    fn stays_within_its_bounds_and_its_sufficient_decrease() {
        let range = [1.0, 5.0];
        let (tried, best) = search(Ray { range, ..ray(1.0) }, 0.1, |a| -a);
        assert_eq!(tried, [1.0, 5.0]);
        assert_eq!(best.map(|best| best.length), Some(5.0));
        // Falls by a, but 2a was asked for.
        let strict = Ray { required: [2.0, 0.0], range, ..ray(1.0) };
        let (tried, best) = search(strict, 4.0, |a| -a);
        assert_eq!((tried, best), (vec![4.0, 2.0, 1.0], None));
        // ½a² is certified by a coefficient of 0.4, not by 0.6.
        let quadratic = |c| Ray { required: [0.0, c], range: [1.0, 1.0], ..ray(0.0) };
        assert!(search(quadratic(0.4), 1.0, |a| -a * a / 2.0).1.is_some());
        assert!(search(quadratic(0.6), 1.0, |a| -a * a / 2.0).1.is_none());
    }

    #[test]
    fn a_first_length_that_falls_enough_is_the_last() {
        // The well falls by 1 at 2, and by 0.4375 at 1.
        let well = |a: f64| a.powi(4) / 16.0 - a * a / 2.0;
        for (start, enough, losses) in [(2.0, 1.0, 1), (2.0, 1.01, 3), (1.0, 0.4, 1)] {
            let (tried, best) = search(Ray { enough, ..ray(0.0) }, start, well);
            assert_eq!(tried.len(), losses, "{start} {enough}: {tried:?}");
            assert_eq!(best.unwrap().length, start);
        }
        // Of a length that comes later nothing is taken unseen.
        assert!(search(Ray { enough: 0.4, ..ray(0.0) }, 0.25, well).0.len() > 2);
        // Nor is what isn't certified.
        let strict = Ray { required: [0.0, 0.6], enough: 0.1, ..ray(0.0) };
        assert!(search(strict, 1.0, |a| -a * a / 2.0).1.is_none());
    }

    #[test]
    fn ends_where_the_parabola_promises_too_little() {
        // −6a + a² can fall by 9.
        for (worth, losses) in [(8.9, 2), (9.1, 1)] {
            for start in [0.5, 5.0, 7.0] {
                let (tried, _) = search(Ray { worth, ..ray(6.0) }, start, |a| a * (a - 6.0));
                assert_eq!(tried.len(), losses, "{worth} {tried:?}");
            }
        }
    }

    #[test]
    fn never_takes_a_loss_that_is_not_finite() {
        for poison in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let (_, best) = search(ray(1.0), 0.5, |a| if a > 3.0 { poison } else { -a });
            // 4 is poisoned; the geometric mean of 0.5 and 4 is not.
            assert_eq!(best.map(|best| best.length), Some(2f64.sqrt()));
            assert_eq!(search(ray(1.0), 0.5, |_| poison).1, None);
            assert_eq!(search(ray(0.0), 0.5, |_| poison).1, None);
        }
    }

    #[test]
    fn the_result_is_the_best_that_was_seen() {
        // Wild functions: whatever the search does, it must end and return its best certified length.
        for k in 0..200 {
            let f = |a: f64| 3.0 * crate::noise::noise(k, a.to_bits()) - a.min(1.0);
            let (tried, best) = search(Ray { range: [1e-2, 50.0], ..ray(1.0) }, 0.7, f);
            let lowest = tried.iter().map(|&a| f(a)).fold(f64::INFINITY, f64::min);
            match best {
                Some(best) => assert_eq!(best.decrease, -lowest, "{tried:?}"),
                None => assert!(lowest >= 0.0),
            }
            assert!(
                tried.len() < 16 && tried.iter().all(|a| (1e-2..=50.0).contains(a)),
                "{tried:?}"
            );
        }
    }
}
