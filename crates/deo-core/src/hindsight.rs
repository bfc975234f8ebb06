//! Whether a move kept its promise in the losses that followed.
//!
//! Problem: on a mini-batch *any* step along its gradient lowers its loss, by more than the mean loss will fall, so
//! a decrease seen on one batch promises too much, and a policy that believes it harms. The losses of the next
//! steps, on other batches, cost nothing and tell:
//!
//! ```text
//! realised = mean(W losses before) − mean(W losses after) − W · rate
//! ```
//!
//! rate being the base optimizer's own recent decrease per step, which would have come anyway. The promise is kept if
//! `realised` is at least half of what was claimed. Scale- and offset-free, like the trigger.

/// The most losses in a window: as many as the default interval between visits has.
const WINDOW: usize = 10;

/// The share of the claim that must come true: the losses of two windows differ by noise too.
const KEPT_SHARE: f64 = 0.5;

/// Recent losses, and the promise that is on trial.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Hindsight {
    window: usize,
    recent: [f64; WINDOW],
    /// Losses in `recent`, the last one before `next`.
    known: usize,
    next: usize,
    promise: Option<Promise>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Promise {
    required: f64,
    before: f64,
    cost: f64,
    sum: f64,
    count: usize,
}

/// How a promise ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// It was kept; this is what the visit had cost.
    Kept(f64),
    /// It was not.
    Broken,
}

impl Hindsight {
    /// Windows of `interval` losses, at most ten.
    pub(crate) fn new(interval: u64) -> Self {
        let window = usize::try_from(interval).map_or(WINDOW, |interval| interval.clamp(1, WINDOW));
        Hindsight { window, recent: [0.0; WINDOW], known: 0, next: 0, promise: None }
    }

    /// A promise is on trial.
    pub(crate) fn is_pending(&self) -> bool {
        self.promise.is_some()
    }

    /// Takes the loss of a step; ends the trial when its window is full.
    pub(crate) fn observe(&mut self, loss: f64) -> Option<Verdict> {
        if !loss.is_finite() {
            return None;
        }
        self.recent[self.next] = loss;
        self.next = (self.next + 1) % self.window;
        self.known = (self.known + 1).min(self.window);
        let promise = self.promise.as_mut()?;
        promise.sum += loss;
        promise.count += 1;
        if promise.count < self.window {
            return None;
        }
        let Promise { required, before, cost, sum, count } = self.promise.take()?;
        let kept = before - sum / count as f64 >= required;
        Some(if kept { Verdict::Kept(cost) } else { Verdict::Broken })
    }

    /// x was moved: the loss is to have fallen by `claimed`, beyond the `rate` a step that the base makes.
    pub(crate) fn promise(&mut self, claimed: f64, rate: f64, cost: f64) {
        let before = self.recent[..self.known].iter().sum::<f64>() / self.known.max(1) as f64;
        let required = KEPT_SHARE * claimed + rate * self.window as f64;
        self.promise = Some(Promise { required, before, cost, sum: 0.0, count: 0 });
        self.known = 0;
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;

    /// Ten losses around `before`, a claim, ten around `after`.
    fn trial(before: f64, after: f64, claimed: f64, slope: f64, noisy: f64) -> Option<Verdict> {
        let mut hindsight = Hindsight::new(10);
        let loss = |level: f64, t: u64| level - slope * t as f64 + noisy * noise(3, t);
        for t in 0..25 {
            assert_eq!(hindsight.observe(loss(before, t)), None);
        }
        hindsight.promise(claimed, slope, 4.0);
        (25..35).find_map(|t| hindsight.observe(loss(after, t)))
    }

    #[test]
    fn a_real_fall_keeps_the_promise_and_a_batch_s_own_does_not() {
        assert_eq!(trial(7.0, 6.0, 1.0, 0.0, 0.1), Some(Verdict::Kept(4.0)));
        assert_eq!(trial(7.0, 7.0, 1.0, 0.0, 0.1), Some(Verdict::Broken));
        // What the base would have gained anyway doesn't count.
        assert_eq!(trial(7.0, 7.0, 0.5, 0.2, 0.0), Some(Verdict::Broken));
        assert_eq!(trial(7.0, 6.4, 0.5, 0.2, 0.0), Some(Verdict::Kept(4.0)));
    }

    #[test]
    fn verdicts_do_not_change_under_scale_and_offset() {
        for (scale, offset) in [(1e-8, 0.0), (1e8, 0.0), (1.0, 1e3), (2.0, -50.0)] {
            let scaled = |after: f64| {
                trial(scale * 7.0 + offset, scale * after + offset, scale, 0.0, 0.1 * scale)
            };
            assert_eq!(scaled(6.3), Some(Verdict::Kept(4.0)));
            assert_eq!(scaled(6.7), Some(Verdict::Broken));
        }
    }

    #[test]
    fn poison_is_not_a_loss() {
        let mut hindsight = Hindsight::new(2);
        hindsight.observe(1.0);
        hindsight.promise(0.5, 0.0, 1.0);
        assert_eq!(hindsight.observe(f64::NAN), None);
        assert_eq!(hindsight.observe(0.0), None);
        assert!(hindsight.is_pending());
        assert_eq!(hindsight.observe(0.0), Some(Verdict::Kept(1.0)));
    }
}
