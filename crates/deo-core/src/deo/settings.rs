//! The settings of [`Deo`](crate::Deo), and what is wrong with them.

use crate::budget::BudgetSettings;
use crate::dimer::{DimerSettings, Recheck, SettingsError};
use crate::policy::EscapeSettings;
use crate::trigger::{Stall, TriggerSettings};

/// How the axis is kept up to date for `Deflate` and `Amplify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Tracking {
    /// Steps between two visits.
    /// Default: 10; 1 or above.
    pub interval: u64,
    /// Gradients for the first visit, from a random axis.
    /// Default: 20; 1 or above.
    pub first: u64,
    /// Gradients for every later one; 2 is one rotation.
    /// Default: 2; 1 or above.
    pub gradients: u64,
}

impl Default for Tracking {
    /// A rotation every ten steps, after twenty gradients at the start.
    fn default() -> Self {
        Tracking { interval: 10, first: 20, gradients: 2 }
    }
}

/// The policy and its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PolicySettings {
    /// The paper's rule, g ← g − α⟨g,n⟩n.
    Deflate {
        /// α.
        alpha: f64,
        /// When the axis is measured.
        tracking: Tracking,
    },
    /// g ← g + s⟨g,n⟩n where C < 0.
    Amplify {
        /// s.
        strength: f64,
        /// When the axis is measured.
        tracking: Tracking,
    },
    /// Escape.
    Escape(EscapeSettings),
}

/// Everything that [`Deo::new`](crate::Deo::new) can be told.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct DeoSettings {
    /// What is done with the axis.
    /// Default: `Escape`.
    pub policy: PolicySettings,
    /// How the axis is found.
    /// Default: that of [`DimerSettings`] with a tolerance of 1e-3 and without recheck.
    pub dimer: DimerSettings,
    /// When `Escape` looks.
    /// Default: every three steps, see [`TriggerSettings`].
    pub trigger: TriggerSettings,
    /// What `Escape` may spend.
    /// Default: 2 % of the gradients and 60 at the start, see [`BudgetSettings`].
    pub budget: BudgetSettings,
    /// Seeds every random direction; independent of the data's generator by construction.
    /// Default: 0; any.
    pub seed: u64,
}

impl Default for DeoSettings {
    /// The escape strategy. Its dimer claims nothing unchecked: the loss certifies each kick. The tolerance is below what an
    /// axis beside curvatures 1e5 times its own is taken at (ADR 30).
    fn default() -> Self {
        DeoSettings {
            policy: PolicySettings::Escape(EscapeSettings::default()),
            dimer: DimerSettings {
                recheck: Recheck::Never,
                tolerance: 1e-3,
                ..DimerSettings::default()
            },
            trigger: TriggerSettings::default(),
            budget: BudgetSettings::default(),
            seed: 0,
        }
    }
}

impl DeoSettings {
    /// The first field in which `other` differs: its name, and both values for a message.
    pub fn difference(&self, other: &Self) -> Option<(&'static str, [String; 2])> {
        macro_rules! first_of {
            ($($field:ident),*) => {
                $(if self.$field != other.$field {
                    let both = [self, other].map(|settings| format!("{:?}", settings.$field));
                    return Some((stringify!($field), both));
                })*
            };
        }
        let DeoSettings { policy: _, dimer: _, trigger: _, budget: _, seed: _ } = self; // all of them
        first_of!(policy, dimer, trigger, budget, seed);
        None
    }

    pub(super) fn validate(&self) -> Result<(), DeoSettingsError> {
        match self.policy {
            PolicySettings::Deflate { alpha, tracking } => {
                finite("alpha", alpha, f64::NEG_INFINITY)?;
                tracking.validate()?;
            }
            PolicySettings::Amplify { strength, tracking } => {
                finite("strength", strength, f64::NEG_INFINITY)?;
                tracking.validate()?;
            }
            PolicySettings::Escape(escape) => escape.validate()?,
        }
        at_least_one("trigger.interval", self.trigger.interval)?;
        match self.trigger.stall {
            Stall::Always => {}
            Stall::Gradient { share } => finite("trigger.stall.share", share, 0.0)?,
        }
        finite("budget.share", self.budget.share, 0.0)?;
        finite("budget.allowance", self.budget.allowance, 0.0)
    }
}

impl Tracking {
    fn validate(&self) -> Result<(), DeoSettingsError> {
        at_least_one("tracking.interval", self.interval)?;
        at_least_one("tracking.first", self.first)?;
        at_least_one("tracking.gradients", self.gradients)
    }
}

impl EscapeSettings {
    fn validate(&self) -> Result<(), DeoSettingsError> {
        finite("sufficient_decrease", self.sufficient_decrease, 0.0)?;
        finite("lengthening", self.lengthening, 0.0)?;
        for (name, length) in [("shortest", self.shortest), ("longest", self.longest)] {
            if !length.is_valid() {
                return Err(out_of_range(name, length.at(0.0), "a finite length above 0"));
            }
        }
        Ok(())
    }
}

fn out_of_range(name: &'static str, value: f64, wanted: &'static str) -> DeoSettingsError {
    DeoSettingsError::OutOfRange { name, value, wanted }
}

fn finite(name: &'static str, value: f64, least: f64) -> Result<(), DeoSettingsError> {
    if value.is_finite() && value >= least {
        return Ok(());
    }
    let wanted = if least == 0.0 { "finite and at least 0" } else { "finite" };
    Err(out_of_range(name, value, wanted))
}

fn at_least_one(name: &'static str, value: u64) -> Result<(), DeoSettingsError> {
    if value >= 1 { Ok(()) } else { Err(out_of_range(name, 0.0, "at least 1")) }
}

/// A setting that is out of range.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum DeoSettingsError {
    /// A setting of the dimer.
    Dimer(SettingsError),
    /// A number out of its range.
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        wanted: &'static str,
    },
}

impl From<SettingsError> for DeoSettingsError {
    fn from(error: SettingsError) -> Self {
        DeoSettingsError::Dimer(error)
    }
}

impl std::fmt::Display for DeoSettingsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DeoSettingsError::Dimer(error) => error.fmt(f),
            DeoSettingsError::OutOfRange { name, value, wanted } => {
                write!(f, "{name} is {value}; it must be {wanted}")
            }
        }
    }
}

impl std::error::Error for DeoSettingsError {}
