//! Learning-rate schedules: the rate as a function of the step.
//!
//! | step t | rate |
//! |---|---|
//! | t < w, warm-up | p (t + 1)/(w + 1) |
//! | w ≤ t ≤ n, cosine | f + ½(p − f)(1 + cos π(t − w)/(n − w)) |
//! | t > n | f |
//! | any, [`Schedule::steps_down`] | p γ^⌊t/n⌋ |
//! | any, [`Schedule::exponential`] | p γᵗ |
//! | t ≤ r, [`Schedule::one_cycle`] | p/25 + ½(p − p/25)(1 − cos πt/r), r = 0.3 n − 1 |
//! | r < t < n | from p to p/250 000 by half a cosine, reached at n − 1, and then constant |
//!
//! p the peak, w the warm-up, n the steps, f the floor. The first formulas are those of nanoGPT's `get_lr`, after
//! Loshchilov & Hutter, SGDR, arXiv 1608.03983, eq. 5. The first step already moves: its rate is p/(w + 1). The others are
//! `StepLR`, `ExponentialLR` and `OneCycleLR` (Smith & Topin, arXiv 1708.07120) of PyTorch at its defaults. What depends on
//! the losses, `ReduceLROnPlateau`, is [`Plateau`].

mod plateau;
#[cfg(test)]
mod tests;

pub use plateau::{Plateau, PlateauSettings};

use crate::setting::{SettingError, at_least_one, nonnegative, require};
use std::f64::consts::PI;

/// What `OneCycleLR` divides the peak by for the first rate, and that by for the last; and the share of the steps that rise.
const CYCLE: (f64, f64, f64) = (25.0, 1e4, 0.3);

/// The learning rate as a function of the step, counted from 0.
///
/// # Examples
///
/// ```
/// use deo_core::optim::Schedule;
/// let schedule = Schedule::warmup_cosine(1e-3, 9, 109, 1e-4)?;
/// assert_eq!(schedule.at(0), 1e-4); // 1e-3 / (9 + 1)
/// assert_eq!(schedule.at(9), 1e-3);
/// assert_eq!(schedule.at(109), 1e-4);
/// # Ok::<(), deo_core::SettingError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Schedule {
    /// The same rate at every step.
    Constant {
        /// The rate.
        lr: f64,
    },
    /// A linear rise to the peak, then half a cosine down to the floor, then the floor.
    WarmupCosine {
        /// The highest rate p.
        peak: f64,
        /// Steps of warm-up w.
        warmup: u64,
        /// The step n at which the floor is reached.
        steps: u64,
        /// The final rate f.
        floor: f64,
    },
    /// The peak times γ to the power of ⌊t/n⌋; n = 1 is the exponential decay.
    StepsDown {
        /// The first rate p.
        peak: f64,
        /// The steps n after which the rate is multiplied.
        every: u64,
        /// γ in (0, 1].
        factor: f64,
    },
    /// Half a cosine up from a 25th of the peak, and another down to its 250 000th.
    OneCycle {
        /// The highest rate p.
        peak: f64,
        /// All steps n.
        steps: u64,
    },
}

impl Schedule {
    /// The same rate at every step.
    ///
    /// # Errors
    ///
    /// If the rate is negative or not finite.
    pub fn constant(lr: f64) -> Result<Self, SettingError> {
        Schedule::Constant { lr }.validated()
    }

    /// A linear rise over `warmup` steps, then half a cosine down to `floor` at step `steps`.
    ///
    /// # Errors
    ///
    /// If a rate is negative or not finite, the floor above the peak, or the warm-up not shorter than `steps`.
    pub fn warmup_cosine(
        peak: f64,
        warmup: u64,
        steps: u64,
        floor: f64,
    ) -> Result<Self, SettingError> {
        Schedule::WarmupCosine { peak, warmup, steps, floor }.validated()
    }

    /// The peak, multiplied by `factor` after each `every` steps: PyTorch's `StepLR`.
    ///
    /// # Errors
    ///
    /// If the peak is negative or not finite, `every` is 0, or the factor isn't in (0, 1].
    pub fn steps_down(peak: f64, every: u64, factor: f64) -> Result<Self, SettingError> {
        Schedule::StepsDown { peak, every, factor }.validated()
    }

    /// The peak, multiplied by `factor` after each step: PyTorch's `ExponentialLR`.
    ///
    /// # Errors
    ///
    /// If the peak is negative or not finite, or the factor isn't in (0, 1].
    pub fn exponential(peak: f64, factor: f64) -> Result<Self, SettingError> {
        Schedule::StepsDown { peak, every: 1, factor }.validated()
    }

    /// One cycle of `steps` steps: PyTorch's `OneCycleLR` at its defaults.
    ///
    /// # Errors
    ///
    /// If the peak is negative or not finite, or there are fewer than 10 steps, of which three would rise.
    pub fn one_cycle(peak: f64, steps: u64) -> Result<Self, SettingError> {
        Schedule::OneCycle { peak, steps }.validated()
    }

    /// The schedule itself, if its numbers can be meant; for one that was read from a file.
    ///
    /// # Errors
    ///
    /// As of the constructors.
    pub fn validated(self) -> Result<Self, SettingError> {
        match self {
            Schedule::Constant { lr } => nonnegative("learning rate", lr)?,
            Schedule::WarmupCosine { peak, warmup, steps, floor } => {
                nonnegative("peak learning rate", peak)?;
                nonnegative("final learning rate", floor)?;
                let wanted = format!("at most the peak, {peak}");
                require(floor <= peak, "final learning rate", floor, &wanted)?;
                let wanted = format!("shorter than the schedule, which has {steps} steps");
                require(warmup < steps, "warm-up", warmup, &wanted)?;
            }
            Schedule::StepsDown { peak, every, factor } => {
                nonnegative("peak learning rate", peak)?;
                at_least_one("steps between two decays", every)?;
                let valid = factor > 0.0 && factor <= 1.0;
                require(valid, "decay factor", factor, "in (0, 1]")?;
            }
            Schedule::OneCycle { peak, steps } => {
                nonnegative("peak learning rate", peak)?;
                require(steps >= 10, "steps of one cycle", steps, "at least 10")?;
            }
        }
        Ok(self)
    }

    /// The steps before the peak.
    pub fn warmup(&self) -> u64 {
        match *self {
            Schedule::Constant { .. } | Schedule::StepsDown { .. } => 0,
            Schedule::OneCycle { steps, .. } => (CYCLE.2 * steps as f64).floor() as u64 - 1,
            Schedule::WarmupCosine { warmup, .. } => warmup,
        }
    }

    /// The learning rate of step `step`, counted from 0.
    pub fn at(&self, step: u64) -> f64 {
        match *self {
            Schedule::Constant { lr } => lr,
            Schedule::WarmupCosine { peak, warmup, .. } if step < warmup => {
                peak * (step as f64 + 1.0) / (warmup as f64 + 1.0)
            }
            Schedule::WarmupCosine { steps, floor, .. } if step >= steps => floor,
            Schedule::WarmupCosine { peak, warmup, steps, floor } => {
                let progress = (step - warmup) as f64 / (steps - warmup) as f64;
                between(peak, floor, progress)
            }
            Schedule::StepsDown { peak, every, factor } => {
                peak * factor.powf((step / every) as f64)
            }
            Schedule::OneCycle { peak, steps } => {
                let (first, (t, last)) =
                    (peak / CYCLE.0, (step.min(steps - 1) as f64, steps as f64 - 1.0));
                let top = CYCLE.2 * steps as f64 - 1.0; // a fraction of a step, as in PyTorch
                if t <= top {
                    between(first, peak, t / top)
                } else {
                    between(peak, first / CYCLE.1, (t - top) / (last - top))
                }
            }
        }
    }
}

/// Half a cosine from `a` to `b`, at a share of the way.
fn between(a: f64, b: f64, progress: f64) -> f64 {
    b + 0.5 * (a - b) * (1.0 + (PI * progress).cos())
}
