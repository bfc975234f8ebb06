//! How a path is followed.

use crate::settings::{MOST, SearchError};
use deo_core::setting::{at_least_one, nonnegative, positive};

/// How a path is followed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IrcSettings {
    /// Δ, the length of a step. The path's error grows like its square.
    /// Default: 0.1; above 0, a distance in the space.
    pub step: f64,
    /// The path ends where the measure of the gradient is below that; 0 lets it end at the bottom.
    /// Default: 1e-3; 0 or above, in the units of f over x.
    pub tolerance: f64,
    /// The angle between gradient and radius up to which a point of the sphere is its minimum.
    /// Default: 0.03; above 0, in radians.
    pub angle: f64,
    /// What the part of a gradient across the radius may be in any case: its noise, where a gradient has some.
    /// Default: 0; 0 or above, in the units of f over x.
    pub noise: f64,
    /// Points of the path.
    /// Default: 500; 1 or above.
    pub max_points: usize,
    /// Gradients that may be spent.
    /// Default: 5000; 1 or above.
    pub max_gradients: u64,
}

impl Default for IrcSettings {
    /// Steps of 0.1, for √u·Å and all that is of order one; ends at 1e-3.
    fn default() -> Self {
        // An angle of 0.03 is off by 5e-4 of a step's half where the walls are no stiffer than the path: a tenth of the
        // error of the arc itself.
        IrcSettings {
            step: 0.1,
            tolerance: 1e-3,
            angle: 0.03,
            noise: 0.0,
            max_points: 500,
            max_gradients: 5_000,
        }
    }
}

impl IrcSettings {
    pub(super) fn check(&self, n: usize) -> Result<(), SearchError> {
        positive("search step", self.step)?;
        positive("search angle", self.angle)?;
        nonnegative("search tolerance", self.tolerance)?;
        nonnegative("search noise", self.noise)?;
        at_least_one("search max_points", self.max_points as u64)?;
        at_least_one("search max_gradients", self.max_gradients)?;
        if n > MOST {
            return Err(SearchError::TooLarge { dimension: n as f64, len: n });
        }
        Ok(())
    }
}
