//! When the dimer is worth its gradients: a stall test and a doubling interval.
//!
//! Problem: a training loop has nothing to escape from most of the time. The dimer works only when due, every
//! K steps, and only if progress has stalled. K doubles after each failure and returns to its start after a
//! success.
//!
//! The measure of a stall must not change under f → a f + c, a > 0: a *relative* decrease of the loss is wrong,
//! because c changes it.
//!
//! | measure | stalled when | invariant because |
//! |---|---|---|
//! | [`Stall::Gradient`] | ‖g‖ < share · max ‖g‖ since the last move | both sides scale with a |
//! | [`Stall::Decrease`] | the fall of the mean loss from window to window < share · the best such fall since the last move | c cancels, both sides scale with a |

/// How a stall is recognised.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Stall {
    /// The gradient's norm against its running maximum.
    Gradient {
        /// The share of the maximum below which progress has stalled.
        share: f64,
    },
    /// The fall of the windowed mean loss against the best fall so far.
    Decrease {
        /// Steps to a window.
        window: u64,
        /// The share of the best fall below which progress has stalled.
        share: f64,
    },
    /// Always stalled: due every K steps.
    Always,
}

/// The settings of a [`Trigger`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct TriggerSettings {
    /// K, the steps between two visits, before any failure.
    pub interval: u64,
    /// The measure of a stall.
    pub stall: Stall,
}

impl Default for TriggerSettings {
    /// Every ten steps while ‖g‖ is below half its maximum.
    fn default() -> Self {
        TriggerSettings { interval: 10, stall: Stall::Gradient { share: 0.5 } }
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
    largest_gradient: f64,
    stalled: bool,
    windows: Windows,
    progress: Progress,
}

/// Mean losses by window, for [`Stall::Decrease`].
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Windows {
    sum: f64,
    count: u64,
    last_mean: Option<f64>,
    best_fall: f64,
}

/// The base optimizer's recent decrease of the loss per step, an exponential mean.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Progress {
    last_loss: Option<f64>,
    rate: f64,
}

/// Steps that the mean decrease remembers: long against mini-batch noise, short against a plateau.
const MEMORY: f64 = 20.0;

impl Trigger {
    /// A trigger that has seen nothing.
    pub fn new(settings: TriggerSettings) -> Self {
        Trigger {
            settings,
            interval: settings.interval,
            waited: 0,
            largest_gradient: 0.0,
            stalled: false,
            windows: Windows::default(),
            progress: Progress::default(),
        }
    }

    /// Takes the loss and the gradient's norm of a training step. Numbers that aren't finite are ignored.
    pub fn observe(&mut self, loss: f64, gradient_norm: f64) {
        self.waited += 1;
        if !(loss.is_finite() && gradient_norm.is_finite()) {
            return;
        }
        self.progress.observe(loss);
        match self.settings.stall {
            Stall::Always => self.stalled = true,
            Stall::Gradient { share } => {
                self.largest_gradient = self.largest_gradient.max(gradient_norm);
                self.stalled = gradient_norm < share * self.largest_gradient;
            }
            Stall::Decrease { window, share } => {
                if let Some(stalled) = self.windows.observe(loss, window, share) {
                    self.stalled = stalled;
                }
            }
        }
    }

    /// A visit is due at this step.
    pub fn is_due(&self) -> bool {
        self.waited >= self.interval && self.stalled
    }

    /// The steps between two visits as things stand.
    pub fn interval(&self) -> u64 {
        self.interval
    }

    /// The recent decrease of the loss per step of the base optimizer, at least 0.
    pub fn decrease_per_step(&self) -> f64 {
        self.progress.rate.max(0.0)
    }

    /// A visit takes place at this step.
    pub fn visited(&mut self) {
        self.waited = 0;
    }

    /// The visit found nothing that pays: wait twice as long from it to the next.
    pub fn failed(&mut self) {
        self.interval = self.interval.saturating_mul(2);
    }

    /// The visit paid: wait as at the start.
    pub fn succeeded(&mut self) {
        self.interval = self.settings.interval;
    }

    /// The visit moved x, so the running maxima and the last loss belong to another place.
    pub fn moved(&mut self) {
        self.largest_gradient = 0.0;
        self.stalled = false;
        self.windows = Windows::default();
        self.progress.last_loss = None;
    }
}

impl Windows {
    /// Adds a loss; at the end of a window, says whether the fall since the window before has stalled.
    fn observe(&mut self, loss: f64, window: u64, share: f64) -> Option<bool> {
        self.sum += loss;
        self.count += 1;
        if self.count < window {
            return None;
        }
        let mean = self.sum / self.count as f64;
        (self.sum, self.count) = (0.0, 0);
        let fall = self.last_mean.replace(mean)? - mean;
        let stalled = fall < share * self.best_fall;
        self.best_fall = self.best_fall.max(fall);
        Some(stalled)
    }
}

impl Progress {
    fn observe(&mut self, loss: f64) {
        if let Some(last) = self.last_loss.replace(loss) {
            self.rate += ((last - loss) - self.rate) / MEMORY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run that falls fast, stalls, and falls again; ‖g‖ falls and rises with it.
    fn run() -> Vec<(f64, f64)> {
        let rate = |t: i32| if (40..120).contains(&t) { 1e-4 } else { 0.1_f64 };
        let mut loss = 7.0;
        (0..160)
            .map(|t| {
                loss -= rate(t);
                (loss, rate(t).sqrt())
            })
            .collect()
    }

    fn due_steps(settings: TriggerSettings, scale: f64, offset: f64) -> Vec<usize> {
        let mut trigger = Trigger::new(settings);
        let mut due = vec![];
        for (t, (loss, gradient)) in run().into_iter().enumerate() {
            trigger.observe(scale * loss + offset, scale * gradient);
            if trigger.is_due() {
                due.push(t);
                trigger.visited();
                trigger.failed();
            }
        }
        due
    }

    #[test]
    fn finds_the_stall_and_doubles_its_interval() {
        let gradient = TriggerSettings { interval: 6, ..Default::default() };
        // Stalled from step 40 to 119; 6 steps had long passed, then 12, 24, …
        assert_eq!(due_steps(gradient, 1.0, 0.0), [40, 52, 76]);
        let decrease = Stall::Decrease { window: 8, share: 0.3 };
        let due = due_steps(TriggerSettings { interval: 6, stall: decrease }, 1.0, 0.0);
        assert_eq!(due.len(), 3);
        assert!((40..56).contains(&due[0]), "{due:?}");
    }

    #[test]
    fn decisions_do_not_change_under_scale_and_offset() {
        for stall in [Stall::Gradient { share: 0.4 }, Stall::Decrease { window: 8, share: 0.3 }] {
            let settings = TriggerSettings { interval: 5, stall };
            let plain = due_steps(settings, 1.0, 0.0);
            assert!(!plain.is_empty());
            for (scale, offset) in [(1e-6, 0.0), (1e6, 0.0), (1.0, -700.0), (3.0, 1e4)] {
                assert_eq!(due_steps(settings, scale, offset), plain);
            }
        }
    }

    #[test]
    fn success_resets_and_poison_is_ignored() {
        let mut trigger = Trigger::new(TriggerSettings { interval: 1, ..Default::default() });
        trigger.observe(1.0, 1.0);
        trigger.observe(f64::NAN, 1e-3);
        trigger.observe(1.0, f64::INFINITY);
        assert!(!trigger.is_due(), "nothing finite has stalled");
        trigger.observe(1.0, 0.1);
        assert!(trigger.is_due());
        trigger.failed();
        assert_eq!(trigger.interval(), 2);
        trigger.succeeded();
        assert_eq!(trigger.interval(), 1);
        trigger.moved();
        trigger.observe(1.0, 0.1);
        assert!(!trigger.is_due(), "0.1 is the new maximum");
    }

    #[test]
    fn the_rate_of_a_steady_descent_is_its_slope() {
        let mut trigger = Trigger::new(TriggerSettings::default());
        for t in 0..400 {
            trigger.observe(-0.25 * f64::from(t), 1.0);
        }
        // e^(−400/20) of the start is left.
        assert!((trigger.decrease_per_step() - 0.25).abs() < 1e-8);
    }
}
