//! The settings of a check at two lengths, and their ranges.

use crate::probe::{Length, Rule};
use crate::setting::SettingError;

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

    pub(super) fn validate(&self) -> Result<(), SettingError> {
        Length::require("secant length", self.length)
    }
}
