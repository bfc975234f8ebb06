//! What a dimer knows of the curvature, and how well it knows it.

/// How an estimate ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Status {
    /// Nothing has been measured since the dimer was started.
    Unknown,
    /// Questions are outstanding; the numbers are those of the last answer.
    Running,
    /// ‖r‖ ≤ tolerance · max(|C|, floor): an eigenpair to the accuracy asked for. Which one is not proven:
    /// every eigenvector is a fixed point of the rotation.
    Converged,
    /// As converged, but the search for eigenpairs that were missed was cut short: another may lie beyond it.
    Unconfirmed,
    /// The residual is below an error of the secants that was measured: what is left is noise, not a direction. The
    /// central rule or a larger batch would resolve more, or a longer dimer where its length was given.
    Noise,
    /// The allowed gradients were spent first. C is still an upper bound of λ_min.
    Budget,
    /// The caller had seen enough.
    Stopped,
    /// An answer held a NaN or an infinity. The axis is that of before the answer.
    NonFinite,
}

impl Status {
    /// The estimate is as good as this problem and this setting allow.
    pub fn is_final(self) -> bool {
        matches!(self, Status::Converged | Status::Noise)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Status::Unknown => "unknown",
            Status::Running => "running",
            Status::Converged => "converged",
            Status::Unconfirmed => "converged, but others may have been missed",
            Status::Noise => "limited by the error of the secants",
            Status::Budget => "out of gradients",
            Status::Stopped => "stopped by the caller",
            Status::NonFinite => "non-finite gradient",
        })
    }
}

/// What the curvature of an [`Estimate`] rests on, from nothing to most.
///
/// A recombined product Σcᵢ Hvᵢ of secants carries the truncation of every direction vᵢ that was probed on the way;
/// those along sharp directions can dwarf the curvature of a flat one. A secant along the axis has only its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Evidence {
    /// Nothing has been measured.
    None,
    /// Secants along other directions, recombined.
    Recombined,
    /// One secant along the axis itself; or exact products, recombined or not.
    Fresh,
    /// Secants along the axis at two lengths, so that their error is measured.
    TwoLengths,
}

/// The curvature along an axis, with its error bars.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Estimate {
    /// C = ⟨n, Hn⟩, the Rayleigh quotient. λ_min ≤ C ≤ λ_max up to `secant_error`.
    #[cfg_attr(feature = "serde", serde(with = "unknown"))]
    pub curvature: f64,
    /// ‖Hn − C n‖: some eigenvalue of H lies within this distance of C.
    #[cfg_attr(feature = "serde", serde(with = "unknown"))]
    pub residual: f64,
    /// The expected error of C from finite differences. By `evidence`:
    /// recombined: the distance from the last C that was measured along its own axis, since what the recombination adds to that
    /// was not measured, or the asymmetry |⟨w, Hn⟩ − ⟨n, Hw⟩| if that is larger;
    /// fresh: the rounding and, after a check, what the recombined C was off by, but not the truncation of that length;
    /// certified: from the change of C and Hn at another length, a bar that holds in 95 of 100 cases.
    #[cfg_attr(feature = "serde", serde(with = "unknown"))]
    pub secant_error: f64,
    /// The distance from C to the nearest other Ritz value that was seen: an upper bound of that to the next
    /// eigenvalue if C is the extreme one. `None` if there was none.
    pub gap: Option<f64>,
    /// What C rests on.
    pub evidence: Evidence,
    /// Gradients evaluated for this estimate.
    pub gradients: u64,
    /// Rotations performed for this estimate.
    pub rotations: u64,
    /// How it ended.
    pub status: Status,
}

impl Estimate {
    /// Nothing known, nothing spent.
    pub const UNKNOWN: Estimate = Estimate {
        curvature: f64::NAN,
        residual: f64::NAN,
        secant_error: f64::NAN,
        gap: None,
        evidence: Evidence::None,
        gradients: 0,
        rotations: 0,
        status: Status::Unknown,
    };

    /// The curvature is negative beyond `z` times its error: then λ_min < 0. False while it is unknown.
    ///
    /// Safe to act on at any time: of a recombined C no more is believed, for z ≥ 1, than that the last C measured along
    /// an axis was negative. A single length doesn't see its own truncation, though, so where H = 0 only a
    /// [certified](Evidence::TwoLengths) C says so; [`Recheck`](crate::dimer::Recheck) is about when that is measured.
    pub fn is_negative(&self, z: f64) -> bool {
        self.curvature + z * self.secant_error < 0.0
    }

    /// An estimate of the angle between the axis and its eigenvector, asin(‖r‖/gap) in radians, π/2 if the gap isn't
    /// known.
    ///
    /// With the gap to the nearest other eigenvalue it is a bound (Davis & Kahan 1970). Ritz values know that gap from
    /// above only, so the angle may be larger: see [`gap`](Self::gap).
    pub fn angle(&self) -> f64 {
        // min turns 0/0 and NaN into 1, the bound that holds without knowledge.
        self.gap.map_or(1.0, |gap| (self.residual / gap).min(1.0)).asin()
    }
}

/// NaN, which stands for "not measured", as `None`: JSON has no NaN, and a saved state must load again.
#[cfg(feature = "serde")]
pub mod unknown {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// `None` for NaN.
    ///
    /// # Errors
    ///
    /// The serializer's.
    pub fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        (!value.is_nan()).then_some(*value).serialize(to)
    }

    /// NaN for `None`.
    ///
    /// # Errors
    ///
    /// The deserializer's.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_is_what_more_gradients_would_not_improve() {
        use Status::{Budget, Converged, Noise, NonFinite, Running, Stopped, Unconfirmed, Unknown};
        assert!([Converged, Noise].into_iter().all(Status::is_final));
        assert!(
            ![Unknown, Running, Unconfirmed, Budget, Stopped, NonFinite]
                .into_iter()
                .any(Status::is_final)
        );
    }

    #[test]
    fn a_curvature_is_negative_beyond_its_error_only() {
        let estimate = Estimate { curvature: -1.0, secant_error: 0.4, ..Estimate::UNKNOWN };
        assert!(estimate.is_negative(2.4) && !estimate.is_negative(2.5));
        assert!(!Estimate::UNKNOWN.is_negative(0.0));
    }

    #[test]
    fn the_angle_is_that_of_the_residual_to_the_gap() {
        let angle = |residual, gap| Estimate { residual, gap, ..Estimate::UNKNOWN }.angle();
        let right = std::f64::consts::FRAC_PI_2;
        assert!((angle(0.5, Some(1.0)) - right / 3.0).abs() < 1e-15); // sin 30° = ½
        assert_eq!([angle(3.0, Some(1.0)), angle(1.0, None), angle(0.0, Some(0.0))], [right; 3]);
    }
}
