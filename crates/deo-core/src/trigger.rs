//! When a visit is worth its gradients: a doubling interval, a test of stall, and the rate to beat.
//!
//! Problem: a training loop has nothing to escape from most of the time. Visits come every K steps; K doubles after
//! each failure, so that N steps see some log₂ N fruitless visits, and returns to its start after a success. For the
//! line search, a loss or two, that is condition enough. The axis, which costs many gradients, waits until progress has stalled.
//!
//! No measure may change under f → a f + c, a > 0: a *relative* decrease of the loss is wrong, because c changes it.
//!
//! | measure | formula | invariant because |
//! |---|---|---|
//! | stall, [`Stall::Gradient`] | ‖g‖ ≤ share · max ‖g‖ since, and at, the last move | both sides scale with a |
//! | steps to leave, [`Trigger::steps_to_leave`] | T = ln(1 + ρS)/ρ, ρ the growth of ln ‖g‖ per step, S steps of the present length | a cancels in ρ |
//! | rate to beat, [`Trigger::decrease_per_step`] | slope of the losses since the last visit or move, by least squares, plus its standard error | c cancels, compared with a decrease |
//!
//! The standard error is for mini-batches: what their noise hides can't be beaten on purpose.

/// When progress counts as stalled.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Stall {
    /// While the gradient's norm is at most a share of its running maximum: while it grows, the gradient is leaving a
    /// saddle by itself.
    Gradient {
        /// The share.
        share: f64,
    },
    /// Always.
    Always,
}

/// The settings of a [`Trigger`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct TriggerSettings {
    /// K, the steps between two visits, before any failure.
    /// Default: 3; 1 or above.
    pub interval: u64,
    /// When the search for an axis may begin by the gradient; on one batch for ever it begins too where the base would need more
    /// than a hundred steps to leave by itself.
    /// Default: at half the largest ‖g‖ so far.
    pub stall: Stall,
}

impl Default for TriggerSettings {
    /// Every three steps; the axis while ‖g‖ is at most half its maximum.
    fn default() -> Self {
        TriggerSettings { interval: 3, stall: Stall::Gradient { share: 0.5 } }
    }
}

/// Decides at which steps the dimer works. It sees losses and gradient norms only.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trigger {
    settings: TriggerSettings,
    interval: u64,
    /// Steps since the last visit, or since the start.
    waited: u64,
    last_gradient: f64,
    largest_gradient: f64,
    /// ‖g‖ at the last visit or at the first step after a move, and the steps since.
    growth: Option<(f64, f64)>,
    progress: Progress,
}

/// The base optimizer's decrease of the loss per step since the last visit: the slope of a straight line through the
/// losses, which averages mini-batch noise over all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Progress {
    /// The losses l are summed relative to the first, so that an offset costs no digits.
    first: f64,
    count: f64,
    /// Σ l, Σ l² and Σ t l over t = 0 … count − 1.
    sum: f64,
    squares: f64,
    moment: f64,
    /// The rate of before, while there is none yet.
    before: f64,
}

impl Trigger {
    /// A trigger that has seen nothing.
    pub fn new(settings: TriggerSettings) -> Self {
        Trigger {
            settings,
            interval: settings.interval,
            waited: 0,
            last_gradient: 0.0,
            largest_gradient: 0.0,
            growth: None,
            progress: Progress::default(),
        }
    }

    pub(crate) fn has_settings_of(&self, other: &Self) -> bool {
        self.settings == other.settings
    }

    /// Takes the loss and the gradient's norm of a training step. Numbers that aren't finite are ignored.
    pub fn observe(&mut self, loss: f64, gradient_norm: f64) {
        self.waited += 1;
        if loss.is_finite() && gradient_norm.is_finite() {
            self.progress.observe(loss);
            self.last_gradient = gradient_norm;
            self.largest_gradient = self.largest_gradient.max(gradient_norm);
            self.growth = match self.growth {
                None => Some((gradient_norm, 0.0)),
                Some((first, steps)) => Some((first, steps + 1.0)),
            };
        }
    }

    /// A visit is due at this step.
    pub fn is_due(&self) -> bool {
        self.waited >= self.interval
    }

    /// A visit is due at the next step.
    pub(crate) fn is_due_next(&self) -> bool {
        self.is_due_within(1)
    }

    /// A visit is due at one of the next so many steps, or was due before.
    pub(crate) fn is_due_within(&self, steps: u64) -> bool {
        self.waited.saturating_add(steps) >= self.interval
    }

    /// Progress has stalled, so a visit may go on to the axis.
    pub fn is_stalled(&self) -> bool {
        match self.settings.stall {
            Stall::Always => true,
            Stall::Gradient { share } => self.last_gradient <= share * self.largest_gradient,
        }
    }

    /// The steps that the base needs to get as far as `crossing` steps of its present length, if its steps go on growing as
    /// ‖g‖ has grown since the last visit or move.
    ///
    /// A run that slides off a saddle by itself doubles its steps and is there in the logarithm of what it looks like; one
    /// that stands, on a plateau or at a saddle to the last bit, isn't.
    pub fn steps_to_leave(&self, crossing: f64) -> f64 {
        match self.growth {
            Some((first, steps)) if steps > 0.0 => {
                let rate = (self.last_gradient / first).ln() / steps;
                if rate == f64::INFINITY {
                    0.0 // from a gradient of exactly 0
                } else if rate > 0.0 {
                    (rate * crossing).min(f64::MAX).ln_1p() / rate
                } else {
                    crossing
                }
            }
            _ => 0.0, // nothing is known of its growth
        }
    }

    /// The steps between two visits as things stand.
    pub fn interval(&self) -> u64 {
        self.interval
    }

    /// The recent decrease of the loss per step of the base optimizer with one standard error added, at least 0.
    pub fn decrease_per_step(&self) -> f64 {
        self.progress.rate().max(0.0)
    }

    /// A visit takes place at this step.
    pub fn visited(&mut self) {
        self.waited = 0;
        self.growth = Some((self.last_gradient, 0.0));
        self.progress.restart();
    }

    /// The visit found nothing that pays: wait twice as long from it to the next.
    pub fn failed(&mut self) {
        self.interval = self.interval.saturating_mul(2);
    }

    /// The visit paid: wait as at the start.
    pub fn succeeded(&mut self) {
        self.interval = self.settings.interval;
    }

    /// The visit paid, as far as one more mini-batch can tell: wait half as long.
    pub fn encouraged(&mut self) {
        self.interval = (self.interval / 2).max(self.settings.interval);
    }

    /// x was moved, so the running maximum and the losses belong to another place. The gradient that it was moved
    /// from stays the measure of a stall: a move may end at the next saddle to the last bit.
    pub fn moved(&mut self) {
        self.largest_gradient = self.last_gradient;
        self.growth = None;
        self.progress.restart();
    }
}

impl Progress {
    fn observe(&mut self, loss: f64) {
        if self.count == 0.0 {
            self.first = loss;
        }
        let relative = loss - self.first;
        self.sum += relative;
        self.squares += relative * relative;
        self.moment += self.count * relative;
        self.count += 1.0;
    }

    /// The decrease per step plus its standard error; of before, while there are too few losses for an error.
    fn rate(&self) -> f64 {
        let n = self.count;
        if n < 3.0 {
            return self.before;
        }
        // Σ(t − t̄)² = n(n² − 1)/12, Σ(t − t̄)(l − l̄), Σ(l − l̄)².
        let times = n * (n * n - 1.0) / 12.0;
        let product = self.moment - (n - 1.0) / 2.0 * self.sum;
        let losses = self.squares - self.sum * self.sum / n;
        let slope = product / times;
        let unexplained = (losses - slope * product).max(0.0) / (n - 2.0);
        (unexplained / times).sqrt() - slope
    }

    fn restart(&mut self) {
        *self = Progress { before: self.rate(), ..Progress::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;

    /// The steps at which a visit is due and those of them that are stalled, all failures.
    fn visits(settings: TriggerSettings, scale: f64, offset: f64) -> (Vec<usize>, Vec<usize>) {
        let rate = |t: i32| if (40..120).contains(&t) { 1e-4 } else { 0.1_f64 };
        let mut trigger = Trigger::new(settings);
        let (mut due, mut stalled, mut loss) = (vec![], vec![], 7.0);
        for t in 0..160 {
            loss -= rate(t);
            trigger.observe(scale * loss + offset, scale * rate(t).sqrt());
            if trigger.is_due() {
                due.push(t as usize);
                if trigger.is_stalled() {
                    stalled.push(t as usize);
                }
                trigger.visited();
                trigger.failed();
            }
        }
        (due, stalled)
    }

    #[test]
    fn the_interval_doubles_and_the_plateau_is_stalled() {
        let settings = TriggerSettings { interval: 5, ..Default::default() };
        assert_eq!(visits(settings, 1.0, 0.0), (vec![4, 14, 34, 74, 154], vec![74]));
        let always = TriggerSettings { interval: 5, stall: Stall::Always };
        assert_eq!(visits(always, 1.0, 0.0).1, [4, 14, 34, 74, 154]);
    }

    #[test]
    fn decisions_do_not_change_under_scale_and_offset() {
        let settings = TriggerSettings { interval: 5, stall: Stall::Gradient { share: 0.4 } };
        let plain = visits(settings, 1.0, 0.0);
        for (scale, offset) in [(1e-6, 0.0), (1e6, 0.0), (1.0, -700.0), (3.0, 1e4)] {
            assert_eq!(visits(settings, scale, offset), plain);
        }
    }

    #[test]
    fn a_gradient_that_grows_has_not_stalled() {
        let mut trigger = Trigger::new(TriggerSettings::default());
        for t in 0..20 {
            trigger.observe(1.0, 1e-6 * 1.3f64.powi(t));
            assert!(!trigger.is_stalled());
        }
        trigger.moved();
        trigger.observe(0.5, 1e-14);
        assert!(trigger.is_stalled(), "small against the gradient before the move");
    }

    #[test]
    fn steps_to_leave_are_those_of_an_exponential() {
        // ‖g‖ grows by a factor a step; summed steps of length 1, q, q², … reach S after ln(1 + S ln q)/ln q, but for the
        // sum's being no integral, ln((q − 1)/ln q)/ln q ≤ 0.52 here, and a whole number: within two steps.
        for growth in [1.5_f64, 1.1, 1.001] {
            for crossing in [30.0, 1e4, 1e9] {
                let mut trigger = Trigger::new(TriggerSettings::default());
                (0..5).for_each(|t| trigger.observe(1.0, 1e-6 * growth.powi(t)));
                let (mut way, mut steps, mut length) = (0.0, 0.0, 1.0);
                while way < crossing {
                    (way, steps, length) = (way + length, steps + 1.0, length * growth);
                }
                let said = trigger.steps_to_leave(crossing);
                assert!((said - steps).abs() <= 2.0, "{growth} {crossing}: {said} {steps}");
            }
        }
        let mut trigger = Trigger::new(TriggerSettings::default());
        assert_eq!(trigger.steps_to_leave(1e9), 0.0, "nothing is known yet");
        // Neither a gradient that stays nor one that falls will leave sooner.
        for (norms, said) in
            [([1.0, 1.0], 500.0), ([1.0, 0.5], 500.0), ([0.0, 1.0], 0.0), ([0.0, 0.0], 500.0)]
        {
            trigger.moved();
            norms.iter().for_each(|&norm| trigger.observe(1.0, norm));
            assert_eq!(trigger.steps_to_leave(500.0), said, "{norms:?}");
        }
        // Doubling: no number overflows on the way to one.
        trigger.moved();
        [1.0, 8.0].iter().for_each(|&norm| trigger.observe(1.0, norm));
        assert!((300.0..400.0).contains(&trigger.steps_to_leave(f64::MAX)));
        trigger.visited();
        trigger.observe(1.0, 8.0);
        assert_eq!(trigger.steps_to_leave(500.0), 500.0, "since the last visit it hasn't grown");
    }

    #[test]
    fn success_resets_and_poison_is_ignored() {
        let mut trigger = Trigger::new(TriggerSettings { interval: 2, ..Default::default() });
        trigger.observe(1.0, 1.0);
        assert!(!trigger.is_due());
        trigger.observe(f64::NAN, 1e-3);
        trigger.observe(1.0, f64::INFINITY);
        assert!(trigger.is_due() && !trigger.is_stalled(), "nothing finite has stalled");
        for _ in 0..3 {
            trigger.failed();
        }
        assert_eq!(trigger.interval(), 16);
        trigger.encouraged();
        assert_eq!(trigger.interval(), 8);
        trigger.succeeded();
        trigger.encouraged();
        assert_eq!(trigger.interval(), 2);
    }

    #[test]
    fn the_rate_of_a_steady_descent_is_its_slope() {
        for (scale, offset) in [(1.0, 0.0), (1e-6, 0.0), (1.0, 1e6)] {
            let mut trigger = Trigger::new(TriggerSettings::default());
            for t in 0..400 {
                trigger.observe(-scale * 0.25 * f64::from(t) + offset, 1.0);
                let error = (trigger.decrease_per_step() - 0.25 * scale).abs() / scale;
                assert!(t < 2 || error < 1e-8, "{error}");
            }
            trigger.visited();
            assert!((trigger.decrease_per_step() - 0.25 * scale).abs() < 1e-8 * scale);
        }
    }

    #[test]
    fn noise_raises_the_rate_to_beat_by_its_standard_error() {
        let (count, deviation) = (50, 0.3);
        // The error of the slope is σ/√Σ(t − t̄)²; the mean over many runs shows it.
        let expected = deviation / (50.0 * 2499.0 / 12.0_f64).sqrt();
        let mean = (0..2000)
            .map(|run| {
                let mut progress = Progress::default();
                (0..count).for_each(|t| progress.observe(deviation * noise(run, t)));
                progress.rate()
            })
            .sum::<f64>()
            / 2000.0;
        // Five standard errors of that mean are 5/√2000 = 11 % of σ's.
        assert!((mean / expected - 1.0).abs() < 0.12, "{mean} {expected}");
    }
}
