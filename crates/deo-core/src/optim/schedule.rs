//! Learning-rate schedules: the rate as a function of the step.
//!
//! | step t | rate |
//! |---|---|
//! | t < w, warm-up | p (t + 1)/(w + 1) |
//! | w ≤ t ≤ n, cosine | f + ½(p − f)(1 + cos π(t − w)/(n − w)) |
//! | t > n | f |
//!
//! p the peak, w the warm-up, n the steps, f the floor. The formula is that of nanoGPT's `get_lr`, after
//! Loshchilov & Hutter, SGDR, arXiv 1608.03983, eq. 5. The first step already moves: its rate is p/(w + 1).

use super::OptimError;
use std::f64::consts::PI;

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
/// # Ok::<(), deo_core::optim::OptimError>(())
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
}

impl Schedule {
    /// The same rate at every step.
    ///
    /// # Errors
    ///
    /// If the rate is negative or not finite.
    pub fn constant(lr: f64) -> Result<Self, OptimError> {
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
    ) -> Result<Self, OptimError> {
        Schedule::WarmupCosine { peak, warmup, steps, floor }.validated()
    }

    /// The schedule itself, if its numbers can be meant; for one that was read from a file.
    ///
    /// # Errors
    ///
    /// As of the constructors.
    pub fn validated(self) -> Result<Self, OptimError> {
        match self {
            Schedule::Constant { lr } => OptimError::require_nonnegative("learning rate", lr)?,
            Schedule::WarmupCosine { peak, warmup, steps, floor } => {
                OptimError::require_nonnegative("peak learning rate", peak)?;
                OptimError::require_nonnegative("final learning rate", floor)?;
                if floor > peak {
                    return Err(OptimError::Floor { floor, peak });
                }
                if warmup >= steps {
                    return Err(OptimError::Warmup { warmup, steps });
                }
            }
        }
        Ok(self)
    }

    /// The steps before the peak.
    pub fn warmup(&self) -> u64 {
        match *self {
            Schedule::Constant { .. } => 0,
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
                floor + 0.5 * (peak - floor) * (1.0 + (PI * progress).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_middle_and_beyond() {
        let schedule = Schedule::warmup_cosine(0.8, 3, 13, 0.2).unwrap();
        // The exact values of the formula in the header; 1e-15 is a few roundings of numbers below 1.
        for (step, rate) in [(0, 0.2), (1, 0.4), (2, 0.6), (3, 0.8), (8, 0.5), (13, 0.2), (99, 0.2)]
        {
            assert!((schedule.at(step) - rate).abs() < 1e-15, "step {step}");
        }
        assert_eq!((schedule.warmup(), Schedule::constant(0.1).unwrap().warmup()), (3, 0));
        let cold = Schedule::warmup_cosine(0.8, 0, 4, 0.0).unwrap();
        assert_eq!((cold.at(0), cold.at(4)), (0.8, 0.0));
        assert_eq!(Schedule::constant(0.3).unwrap().at(u64::MAX), 0.3);
    }

    #[test]
    fn refuses_what_cannot_be_meant() {
        let out_of_range = |r| matches!(r, Err(OptimError::OutOfRange { .. }));
        for bad in [f64::NAN, -1.0, f64::INFINITY] {
            assert!(out_of_range(Schedule::constant(bad)));
            assert!(out_of_range(Schedule::warmup_cosine(bad, 1, 2, 0.0)));
            assert!(out_of_range(Schedule::warmup_cosine(1.0, 1, 2, bad)));
        }
        let floor = OptimError::Floor { floor: 2.0, peak: 1.0 };
        assert_eq!(Schedule::warmup_cosine(1.0, 1, 2, 2.0), Err(floor));
        let warmup = OptimError::Warmup { warmup: 2, steps: 2 };
        assert_eq!(Schedule::warmup_cosine(1.0, 2, 2, 0.0), Err(warmup));
    }

    proptest! {
        #[test]
        fn rises_then_falls_within_its_bounds(
            warmup in 0_u64..50, decay in 1_u64..50, peak in 0.1_f64..1.0, ratio in 0.0_f64..1.0,
        ) {
            let floor = peak * ratio;
            let schedule = Schedule::warmup_cosine(peak, warmup, warmup + decay, floor).unwrap();
            let rates: Vec<f64> = (0..warmup + decay + 2).map(|t| schedule.at(t)).collect();
            let (rise, fall) = rates.split_at(warmup as usize);
            prop_assert!(rise.windows(2).all(|r| r[0] < r[1]) && rise.iter().all(|r| *r < peak));
            prop_assert!(fall.windows(2).all(|r| r[0] >= r[1]));
            // One rounding of f + (p − f).
            prop_assert!((fall[0] - peak).abs() <= f64::EPSILON * peak);
            prop_assert_eq!(*fall.last().unwrap(), floor);
        }
    }
}
