//! How a verification is made.

use deo_core::krylov::KrylovSettings;
use deo_core::probe::{Length, Rule};

/// How a [`Verification`](super::Verification) is made.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct VerificationSettings {
    /// k, the index expected.
    /// Default: 1; 0 or above.
    pub index: usize,
    /// The curvature below which a direction counts as flat, in the units of f over x².
    /// Default: 1e-6; 0 or above.
    pub flat: f64,
    /// The residual of each negative eigenpair, relative to its curvature. Eigenvalues are good to the square of it. With a
    /// guess of the Hessian only the sign of a positive one is told.
    /// Default: 0.01; 0 or above, without a unit.
    pub tolerance: f64,
    /// By which rule the pairs are looked for, the central one in single precision. At the end they are measured by the
    /// central rule.
    /// Default: `Forward`.
    pub rule: Rule,
    /// The length of a probe; `None` balances truncation and rounding.
    /// Default: `None`; a finite length above 0, of x or relative to ‖x‖.
    pub length: Option<Length>,
    /// Gradients that may be spent.
    /// Default: 2000; 1 or above.
    pub max_gradients: u64,
    /// The seed of the random start.
    /// Default: 0x5add1e; any.
    pub seed: u64,
}

impl Default for VerificationSettings {
    /// Index 1 by forward differences, residuals of 1e-2, directions below 1e-6 flat.
    fn default() -> Self {
        VerificationSettings {
            index: 1,
            flat: 1e-6,
            tolerance: 1e-2,
            rule: Rule::Forward,
            length: None,
            max_gradients: 2_000,
            seed: 0x5add1e,
        }
    }
}

/// Gradients that round more than this are of single precision, whose forward differences show three digits at best.
const SINGLE: f64 = 1e-10;

impl VerificationSettings {
    /// For atoms in eV and Å: probes of a hundredth of a bond, which the noise of an SCF doesn't hide; curvatures below
    /// 0.01 eV/Å² flat, 52 cm⁻¹ of a proton and 4 of a gold atom; and residuals of 5 %, as forces from tables have no
    /// Hessian to more.
    pub fn for_atoms(index: usize) -> Self {
        VerificationSettings {
            index,
            flat: 1e-2,
            tolerance: 5e-2,
            length: Some(Length::Absolute(1e-2)),
            ..VerificationSettings::default()
        }
    }

    /// Those of the process that finds the pairs.
    pub(super) fn krylov(&self, epsilon: f64, dimension: f64) -> KrylovSettings {
        let count = self.index + 1;
        // A length that is given is as a rule a long one, whose error is worth more than a few gradients.
        let coarse = epsilon > SINGLE || dimension <= FEW && self.length.is_some();
        let rule = if coarse { Rule::Central } else { self.rule };
        let share = if rule == Rule::Forward { SHARE } else { 1 };
        KrylovSettings {
            count,
            memory: (4 * count + 2).max(MEMORY),
            rule,
            length: self.length,
            tolerance: self.tolerance,
            floor: self.flat,
            cutoff: Some(0.0),
            max_gradients: self.max_gradients.div_ceil(share),
            ..Default::default()
        }
    }
}

/// Forward differences may spend one part in so many: a product by central ones costs two of theirs, and they need as many.
const SHARE: u64 = 3;

/// Coordinates of which a process sees the whole space as soon as anything: there all curvatures are exact.
pub(super) const FEW: f64 = 9.0;

/// Directions kept between the products: twice as many as by default, since molecules are small.
const MEMORY: usize = 40;
