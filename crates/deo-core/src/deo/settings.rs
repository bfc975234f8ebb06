//! The settings of [`Deo`](crate::Deo), and their ranges.

use crate::budget::BudgetSettings;
use crate::dimer::{DimerSettings, Recheck};
use crate::policy::EscapeSettings;
use crate::probe::Length;
use crate::setting::{SettingError, at_least_one, finite, nonnegative};
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

    pub(super) fn validate(&self) -> Result<(), SettingError> {
        match self.policy {
            PolicySettings::Deflate { alpha, tracking } => {
                finite("alpha", alpha)?;
                tracking.validate()?;
            }
            PolicySettings::Amplify { strength, tracking } => {
                finite("strength", strength)?;
                tracking.validate()?;
            }
            PolicySettings::Escape(escape) => escape.validate()?,
        }
        at_least_one("trigger.interval", self.trigger.interval)?;
        match self.trigger.stall {
            Stall::Always => {}
            Stall::Gradient { share } => nonnegative("trigger.stall.share", share)?,
        }
        nonnegative("budget.share", self.budget.share)?;
        nonnegative("budget.allowance", self.budget.allowance)
    }
}

impl Tracking {
    fn validate(&self) -> Result<(), SettingError> {
        at_least_one("tracking.interval", self.interval)?;
        at_least_one("tracking.first", self.first)?;
        at_least_one("tracking.gradients", self.gradients)
    }
}

impl EscapeSettings {
    fn validate(&self) -> Result<(), SettingError> {
        nonnegative("sufficient_decrease", self.sufficient_decrease)?;
        nonnegative("lengthening", self.lengthening)?;
        Length::require("shortest", Some(self.shortest))?;
        Length::require("longest", Some(self.longest))
    }
}
