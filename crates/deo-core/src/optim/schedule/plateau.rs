//! A learning rate that is lowered when the loss falls no more, as `torch.optim.lr_scheduler.ReduceLROnPlateau` defines it.
//!
//! | rule | here |
//! |---|---|
//! | ℓ is better if ℓ < (1 − θ) best | θ = [`PlateauSettings::threshold`] |
//! | more than P losses in a row that aren't: η ← max(γη, f) | P, γ, f = `patience`, `factor`, `floor` |
//! | the C losses after that count neither way against it | C = `cooldown` |
//!
//! What to feed it is a loss that is compared over many steps, a validation loss as a rule: a single batch's is mostly noise. A plateau
//! by itself says nothing about curvature; [`diagnose`](crate::diagnose) does.

use crate::setting::{SettingError, fraction, nonnegative, require};

/// When a rate is lowered, and by how much; the default is PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PlateauSettings {
    /// γ in (0, 1).
    /// Default: 0.1.
    pub factor: f64,
    /// P, the losses in a row without progress that are borne.
    /// Default: 10; any.
    pub patience: u64,
    /// θ in [0, 1), the least relative progress.
    /// Default: 1e-4.
    pub threshold: f64,
    /// C, the losses after a reduction during which none is counted.
    /// Default: 0; any.
    pub cooldown: u64,
    /// f ≥ 0, below which the rate isn't lowered.
    /// Default: 0, in the units of a rate.
    pub floor: f64,
}

impl Default for PlateauSettings {
    fn default() -> Self {
        PlateauSettings { factor: 0.1, patience: 10, threshold: 1e-4, cooldown: 0, floor: 0.0 }
    }
}

/// A rate that waits for the losses.
///
/// # Examples
///
/// ```
/// use deo_core::optim::{Plateau, PlateauSettings};
/// let settings = PlateauSettings { patience: 1, factor: 0.5, ..Default::default() };
/// let mut rate = Plateau::new(0.2, settings)?;
/// for loss in [3.0, 2.0, 2.0, 2.0] {
///     rate.observe(loss);
/// }
/// assert_eq!(rate.lr(), 0.1);
/// # Ok::<(), deo_core::SettingError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Plateau {
    settings: PlateauSettings,
    lr: f64,
    best: Option<f64>,
    bad: u64,
    cooling: u64,
}

impl Plateau {
    /// A rate that begins at `lr`.
    ///
    /// # Errors
    ///
    /// If a number is out of the range that [`PlateauSettings`] gives for it, or the rate negative or not finite.
    pub fn new(lr: f64, settings: PlateauSettings) -> Result<Self, SettingError> {
        let PlateauSettings { factor, threshold, floor, .. } = settings;
        nonnegative("learning rate", lr)?;
        require(factor > 0.0 && factor < 1.0, "plateau factor", factor, "in (0, 1)")?;
        fraction("plateau threshold", threshold)?;
        nonnegative("plateau floor", floor)?;
        Ok(Plateau { settings, lr, best: None, bad: 0, cooling: 0 })
    }

    /// The rate now.
    pub fn lr(&self) -> f64 {
        self.lr
    }

    /// Takes note of a loss, and returns the rate from now on. A loss that is NaN is no progress.
    pub fn observe(&mut self, loss: f64) -> f64 {
        let PlateauSettings { factor, patience, threshold, cooldown, floor } = self.settings;
        if self.best.is_none_or(|best| loss < (1.0 - threshold) * best) && !loss.is_nan() {
            (self.best, self.bad) = (Some(loss), 0);
        } else {
            self.bad += 1;
        }
        if self.cooling > 0 {
            (self.cooling, self.bad) = (self.cooling - 1, 0);
        }
        if self.bad > patience {
            (self.lr, self.cooling, self.bad) =
                ((factor * self.lr).max(floor).min(self.lr), cooldown, 0);
        }
        self.lr
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rates of torch 2.15 in f64: `ReduceLROnPlateau(factor=0.3, patience=2, threshold=0.01, cooldown=1, min_lr=0.01)` from 0.5.
    #[test]
    fn the_rates_are_pytorchs() {
        let losses = [
            3.0,
            2.0,
            1.99,
            1.985,
            1.99,
            1.99,
            1.99,
            1.0,
            f64::NAN,
            1.1,
            1.2,
            1.3,
            1.4,
            1.5,
            1.6,
            1.7,
            1.8,
            0.5,
            0.499,
            0.498,
            0.497,
            0.496,
            0.495,
            0.5,
            0.5,
            0.5,
            0.5,
            0.5,
        ];
        let rates = [
            0.5, 0.5, 0.5, 0.5, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15, 0.045, 0.045, 0.045, 0.045,
            0.0135, 0.0135, 0.0135, 0.0135, 0.0135, 0.0135, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01,
            0.01, 0.01,
        ];
        let settings =
            PlateauSettings { factor: 0.3, patience: 2, threshold: 0.01, cooldown: 1, floor: 0.01 };
        let mut rate = Plateau::new(0.5, settings).unwrap();
        for (i, (loss, expected)) in losses.into_iter().zip(rates).enumerate() {
            // Two roundings of numbers below 1.
            assert!((rate.observe(loss) - expected).abs() < 1e-15, "{i}: {}", rate.lr());
        }
    }

    #[test]
    fn a_floor_above_the_rate_never_raises_it() {
        let mut rate =
            Plateau::new(0.01, PlateauSettings { patience: 0, floor: 0.1, ..Default::default() })
                .unwrap();
        (0..5).for_each(|_| _ = rate.observe(1.0));
        assert_eq!(rate.lr(), 0.01);
    }

    #[test]
    fn settings_that_cannot_be_meant_are_refused() {
        let d = PlateauSettings::default();
        for (name, settings) in [
            ("factor", PlateauSettings { factor: 1.0, ..d }),
            ("threshold", PlateauSettings { threshold: -0.1, ..d }),
            ("floor", PlateauSettings { floor: f64::NAN, ..d }),
        ] {
            assert!(Plateau::new(0.1, settings).unwrap_err().to_string().contains(name));
        }
        assert!(Plateau::new(-1.0, d).is_err());
    }
}
