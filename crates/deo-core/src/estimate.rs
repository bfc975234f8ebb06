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
    /// The torque is below the error of the secants: what is left is noise, not a direction. A longer dimer,
    /// the central rule or a larger batch would resolve more.
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
            Status::Noise => "limited by the error of the secants",
            Status::Budget => "out of gradients",
            Status::Stopped => "stopped by the caller",
            Status::NonFinite => "non-finite gradient",
        })
    }
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
    /// The estimated error of C from finite differences: rounding, plus the asymmetry that the last rotation
    /// found between ⟨w, Hn⟩ and ⟨n, Hw⟩ or, where it was certified, its change at another length.
    #[cfg_attr(feature = "serde", serde(with = "unknown"))]
    pub secant_error: f64,
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
        gradients: 0,
        rotations: 0,
        status: Status::Unknown,
    };

    /// The curvature is negative beyond `z` times its error: then λ_min < 0. False while it is unknown.
    pub fn is_negative(&self, z: f64) -> bool {
        self.curvature + z * self.secant_error < 0.0
    }
}

/// NaN, which stands for "not measured", as `None`: JSON has no NaN, and a saved state must load again.
#[cfg(feature = "serde")]
pub(crate) mod unknown {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        (!value.is_nan()).then_some(*value).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
    }
}
