//! The settings of a certificate, and what is wrong with them.

use crate::probe::{Length, Rule};

/// How a [`Certificate`](super::Certificate) measures.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct CertificateSettings {
    /// The rule by which answers will be given.
    pub rule: Rule,
    /// h, the shortest length; `None` balances truncation and rounding, [`Length::balanced`].
    pub length: Option<Length>,
    /// Ask at a third length, to tell truncation from rounding.
    pub diagnose: bool,
}

impl CertificateSettings {
    /// How many lengths are asked for.
    pub(crate) fn lengths(&self) -> u32 {
        if self.diagnose { 3 } else { 2 }
    }

    pub(super) fn validate(&self) -> Result<(), CertificateError> {
        match self.length {
            Some(length) if !length.is_valid() => Err(CertificateError::Length { length }),
            _ => Ok(()),
        }
    }
}

/// A setting of a certificate that is out of range.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum CertificateError {
    /// The length isn't positive and finite.
    Length {
        /// The length given.
        length: Length,
    },
}

impl std::fmt::Display for CertificateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CertificateError::Length { length } => {
                write!(f, "secant length is {length:?}; it must be finite and above 0")
            }
        }
    }
}

impl std::error::Error for CertificateError {}
