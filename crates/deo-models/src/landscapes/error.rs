//! Why a landscape could not be built.

/// A parameter or a name that a landscape refuses; each message is one line and says what would be right.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LandscapeError {
    /// There is no landscape of that name.
    #[error("there is no landscape {name:?}; there are {}", super::names().join(", "))]
    UnknownName {
        /// The name as given.
        name: String,
    },

    /// The function is not defined in so few dimensions.
    #[error("{landscape} in {dimension} dimensions; it needs at least {minimum}")]
    TooFewDimensions {
        /// The name of the landscape.
        landscape: &'static str,
        /// The dimension asked for.
        dimension: usize,
        /// The least dimension.
        minimum: usize,
    },

    /// A parameter lies outside its range.
    #[error("{parameter} = {value}; it must be {requirement}")]
    OutOfRange {
        /// The name of the parameter.
        parameter: &'static str,
        /// The value given.
        value: f64,
        /// The condition that it violates.
        requirement: &'static str,
    },

    /// Two parameters disagree about the dimension.
    #[error("{parameter} has {length} entries; it must have {expected}")]
    WrongLength {
        /// The name of the parameter.
        parameter: &'static str,
        /// The number of its entries.
        length: usize,
        /// The number that the other parameters ask for.
        expected: usize,
    },
}

impl LandscapeError {
    /// `Ok` if `condition` holds of the parameter, otherwise [`OutOfRange`](Self::OutOfRange).
    ///
    /// Conditions are written so that NaN violates them.
    pub(crate) fn unless(
        condition: bool,
        parameter: &'static str,
        value: f64,
        requirement: &'static str,
    ) -> Result<(), Self> {
        if condition {
            return Ok(());
        }
        Err(LandscapeError::OutOfRange { parameter, value, requirement })
    }

    /// `Ok` if the parameter is above 0 and finite.
    pub(crate) fn unless_positive(parameter: &'static str, value: f64) -> Result<(), Self> {
        let allowed = value > 0.0 && value.is_finite();
        Self::unless(allowed, parameter, value, "positive and finite")
    }

    /// `Ok` if every entry is finite.
    pub(crate) fn unless_finite(parameter: &'static str, entries: &[f64]) -> Result<(), Self> {
        for &value in entries {
            Self::unless(value.is_finite(), parameter, value, "finite in every entry")?;
        }
        Ok(())
    }

    /// `Ok` if there are 1 to `most` entries, positive, finite and descending.
    pub(super) fn unless_descending(
        parameter: &'static str,
        entries: &[f64],
        most: usize,
    ) -> Result<(), Self> {
        let (length, expected) = (entries.len(), entries.len().clamp(1, most.max(1)));
        if length != expected {
            return Err(LandscapeError::WrongLength { parameter, length, expected });
        }
        let mut above = f64::MAX;
        for &value in entries {
            let allowed = value > 0.0 && value <= above;
            Self::unless(allowed, parameter, value, "positive, finite, descending")?;
            above = value;
        }
        Ok(())
    }

    /// `Ok` if `dimension` reaches `minimum`.
    pub(super) fn unless_dimension(
        landscape: &'static str,
        dimension: usize,
        minimum: usize,
    ) -> Result<(), Self> {
        if dimension >= minimum {
            return Ok(());
        }
        Err(LandscapeError::TooFewDimensions { landscape, dimension, minimum })
    }
}
