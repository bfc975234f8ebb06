//! What a constructor of this module refuses.

use crate::setting::{SettingError, require};
use std::fmt;
use std::ops::Range;

/// A setting of an optimizer or a parameter group that cannot be meant.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OptimError {
    /// A number lies outside its range, or is NaN.
    Setting(SettingError),
    /// Nesterov's step was asked for without momentum, or with dampening.
    Nesterov {
        /// The momentum μ, which must be positive.
        momentum: f64,
        /// The dampening τ, which must be 0.
        dampening: f64,
    },
    /// A parameter group's range ends before it starts.
    GroupReversed {
        /// The range.
        range: Range<usize>,
    },
    /// Two parameter groups share components.
    GroupOverlap {
        /// The range that starts first.
        first: Range<usize>,
        /// The range that starts inside it.
        second: Range<usize>,
    },
    /// Components that belong to no parameter group.
    GroupGap {
        /// The first run of such components.
        missing: Range<usize>,
    },
    /// A parameter group reaches beyond the vector.
    GroupBeyond {
        /// The range.
        range: Range<usize>,
        /// The length of the vector.
        len: usize,
    },
    /// A parameter group is said to be a matrix that has not as many components.
    GroupMatrix {
        /// The range.
        range: Range<usize>,
        /// The rows.
        rows: usize,
        /// The columns.
        columns: usize,
    },
    /// A parameter group has a value for a setting that the optimizer lacks.
    GroupSetting {
        /// The range.
        range: Range<usize>,
        /// The setting.
        name: &'static str,
        /// The optimizer.
        optimizer: &'static str,
    },
    /// The groups were made for a vector of another length.
    GroupsLength {
        /// The length that the groups cover.
        groups: usize,
        /// The length of the optimizer's vector.
        vector: usize,
    },
    /// Several parameter groups, where the space cannot tell components apart.
    SeveralGroups {
        /// How many there are.
        count: usize,
    },
    /// No parameter group is a matrix, for an optimizer of matrices.
    NoMatrix,
    /// A matrix doesn't lie in one piece of memory here, or a component of it is frozen.
    MatrixInPieces {
        /// The range of its group.
        range: Range<usize>,
    },
    /// AMSGrad was asked for together with Nesterov's step.
    AmsgradNesterov,
}

impl From<SettingError> for OptimError {
    fn from(error: SettingError) -> Self {
        OptimError::Setting(error)
    }
}

/// Refuses an ε that storage may flush to zero: in `f32` a component without a gradient would then be 0/0.
pub(super) fn epsilon(name: &'static str, value: f64) -> Result<(), SettingError> {
    require(value >= 1e-30 && value.is_finite(), name, value, "finite and at least 1e-30")
}

impl fmt::Display for OptimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(error) => error.fmt(f),
            Self::Nesterov { momentum, dampening } => write!(
                f,
                "Nesterov's step with momentum {momentum} and dampening {dampening}; \
                 it needs a positive momentum and no dampening"
            ),
            Self::GroupReversed { range } => {
                write!(f, "parameter group {range:?} ends before it starts")
            }
            Self::GroupOverlap { first, second } => write!(
                f,
                "parameter groups {first:?} and {second:?} overlap; \
                 each component must belong to one group"
            ),
            Self::GroupGap { missing } => write!(
                f,
                "components {missing:?} belong to no parameter group; \
                 give them one, with an lr_scale of 0 to freeze them"
            ),
            Self::GroupBeyond { range, len } => write!(
                f,
                "parameter group {range:?} reaches beyond the vector, which has {len} components"
            ),
            Self::GroupMatrix { range, rows, columns } => write!(
                f,
                "parameter group {range:?} is said to be a {rows} × {columns} matrix; \
                 it has {} components",
                range.len()
            ),
            Self::GroupSetting { range, name, optimizer } => write!(
                f,
                "parameter group {range:?} has a {name} of its own, which {optimizer} has no use for"
            ),
            Self::GroupsLength { groups, vector } => {
                write!(f, "parameter groups for {groups} components, but the vector has {vector}")
            }
            Self::SeveralGroups { count } => write!(
                f,
                "{count} parameter groups in a space without component access; it can have 1"
            ),
            Self::NoMatrix => write!(
                f,
                "no parameter group is a matrix; give those that are their rows and columns, \
                 or take AdamW, which is what is left of Muon without them"
            ),
            Self::MatrixInPieces { range } => write!(
                f,
                "the matrix {range:?} doesn't lie in one piece in this space, or a part of it is frozen; \
                 leave the shape of that group away, and its components are AdamW's"
            ),
            Self::AmsgradNesterov => write!(
                f,
                "amsgrad together with nesterov; it is defined for Adam and AdamW, without Nesterov's step"
            ),
        }
    }
}

impl std::error::Error for OptimError {}
