//! Why a driver has no result.

use crate::settings::SearchError;
use deo_core::SettingError;

/// Why a driver didn't start.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DriveError {
    /// A setting of the search.
    Search(SearchError),
    /// A setting of the verification.
    Verification(SettingError),
}

impl std::fmt::Display for DriveError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DriveError::Search(error) => error.fmt(f),
            DriveError::Verification(error) => write!(f, "verification: {error}"),
        }
    }
}

impl std::error::Error for DriveError {}

impl From<SearchError> for DriveError {
    fn from(error: SearchError) -> Self {
        DriveError::Search(error)
    }
}

impl From<SettingError> for DriveError {
    fn from(error: SettingError) -> Self {
        DriveError::Verification(error)
    }
}

/// Why a driver with an oracle that may stop has no result.
#[derive(Debug, Clone, PartialEq)]
pub enum TryError<E> {
    /// It didn't start.
    Drive(DriveError),
    /// The oracle stopped.
    Stopped(E),
}

impl<E, T: Into<DriveError>> From<T> for TryError<E> {
    fn from(error: T) -> Self {
        TryError::Drive(error.into())
    }
}

impl<E: std::fmt::Display> std::fmt::Display for TryError<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TryError::Drive(error) => error.fmt(f),
            TryError::Stopped(stop) => stop.fmt(f),
        }
    }
}

impl<E: std::fmt::Debug + std::fmt::Display> std::error::Error for TryError<E> {}
