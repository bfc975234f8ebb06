//! Which search: one with a matrix or one without.

use super::super::settings::Goal;
use super::super::{MinModeSettings, NewtonSettings};
use deo_core::space::Space;

/// Which search, and its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Method {
    /// By the number of coordinates: [`NewtonSearch`](crate::NewtonSearch) up to [`Method::DENSE`],
    /// [`MinModeSearch`](crate::MinModeSearch) above and over ranks, with their default settings.
    Auto(Goal),
    /// [`NewtonSearch`](crate::NewtonSearch), for up to a few hundred coordinates.
    Newton(NewtonSettings),
    /// [`MinModeSearch`](crate::MinModeSearch), for any number.
    MinMode(MinModeSettings),
}

impl Default for Method {
    /// [`Method::Auto`].
    fn default() -> Self {
        Method::Auto(Goal::default())
    }
}

impl Method {
    /// Coordinates up to which [`Method::Auto`] takes the search with a matrix: its algebra, N³ a step, is then still some
    /// tens of milliseconds, and it needs a third of the gradients.
    pub const DENSE: usize = 300;

    /// The method meant for vectors like `x`: this one, unless it is [`Method::Auto`].
    #[must_use]
    pub fn resolved<S: Space>(&self, space: &S, x: &S::Vector) -> Method {
        match *self {
            Method::Auto(goal) => {
                // Every rank must decide alike, and the dimension is a sum over all.
                let few = space.dimension(x) <= Method::DENSE as f64;
                if few && !space.is_distributed() {
                    Method::Newton(NewtonSettings { goal, ..NewtonSettings::default() })
                } else {
                    Method::MinMode(MinModeSettings { goal, ..MinModeSettings::default() })
                }
            }
            method => method,
        }
    }

    /// What it seeks.
    pub fn goal(&self) -> &Goal {
        match self {
            Method::Auto(goal) => goal,
            Method::Newton(settings) => &settings.goal,
            Method::MinMode(settings) => &settings.goal,
        }
    }

    /// What it seeks, to be changed.
    pub fn goal_mut(&mut self) -> &mut Goal {
        match self {
            Method::Auto(goal) => goal,
            Method::Newton(settings) => &mut settings.goal,
            Method::MinMode(settings) => &mut settings.goal,
        }
    }
}
