//! The settings of a check at two lengths, and what is wrong with them.

use crate::probe::{Length, Rule};

/// How a [`TwoLengths`](super::TwoLengths) measures.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct TwoLengthsSettings {
    /// The rule by which answers will be given.
    /// Default: `Forward`.
    pub rule: Rule,
    /// h, the shortest length; `None` balances truncation and rounding, [`Length::balanced`].
    /// Default: `None`; a finite length above 0, of x or relative to ‖x‖.
    pub length: Option<Length>,
    /// Ask at a third length, to tell truncation from rounding.
    /// Default: false.
    pub diagnose: bool,
}

impl TwoLengthsSettings {
    /// How many lengths are asked for.
    pub(crate) fn lengths(&self) -> u32 {
        if self.diagnose { 3 } else { 2 }
    }

    pub(super) fn validate(&self) -> Result<(), TwoLengthsError> {
        match self.length {
            Some(length) if !length.is_valid() => Err(TwoLengthsError::Length { length }),
            _ => Ok(()),
        }
    }
}

/// A setting of a check at two lengths that is out of range.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum TwoLengthsError {
    /// The length isn't positive and finite.
    Length {
        /// The length given.
        length: Length,
    },
}

impl std::fmt::Display for TwoLengthsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TwoLengthsError::Length { length } => {
                write!(f, "secant length is {length:?}; it must be finite and above 0")
            }
        }
    }
}

impl std::error::Error for TwoLengthsError {}
