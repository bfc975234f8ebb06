//! Why there is no such problem.

use crate::landscapes::LandscapeError;
use crate::layers::Activation;

/// A name that is not known, or data that cannot be had; each message is one line and says what would be right.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemError {
    /// There is no problem of that name.
    #[error("there is no problem {name:?}; there are {}", super::names().join(", "))]
    UnknownName {
        /// The name as given.
        name: String,
    },

    /// The problem needs a feature that is off.
    #[error("the problem {name} needs the feature {feature:?} of deo-models, which is off")]
    FeatureOff {
        /// The problem.
        name: &'static str,
        /// The feature to turn on.
        feature: &'static str,
    },

    /// There is no suite of that name.
    #[error("there is no suite {name:?}; there are quick, full")]
    UnknownSuite {
        /// The name as given.
        name: String,
    },

    /// There is no such net.
    #[error(
        "there is no net of depth {depth} with {activation:?} on {data}; a net has at least one hidden layer, and \
         char-gpt has Gelu only"
    )]
    NoSuchNet {
        /// The data.
        data: &'static str,
        /// Hidden layers.
        depth: usize,
        /// What follows them.
        activation: Activation,
    },

    /// Success on a landscape is measured from its lowest minimum, and it knows none.
    #[error(
        "{problem}: the landscape has no known minimum to measure from; list one in its `minima`"
    )]
    NoMinimum {
        /// The problem.
        problem: String,
    },

    /// A parameter of the landscape, or of the problem on it, is out of range.
    #[error(transparent)]
    Landscape(#[from] LandscapeError),
}
