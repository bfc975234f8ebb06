//! What to do when an error bar is too large to tell the sign of a curvature.

use crate::probe::Rule;
use crate::two_lengths::Regime;

/// The remedy for the error that dominates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Advice {
    /// The sign is certain, or there is nothing to gain.
    None,
    /// The batches differ by more than the secants err, or there are too few to know.
    UseMoreBatches,
    /// Rounding dominates: a longer dimer divides it by a larger h.
    RaiseLength,
    /// Truncation dominates, and the rule is central already.
    LowerLength,
    /// Forward secants limit the estimate; a central pair cancels the leading error.
    UseCentral,
    /// The secants limit the estimate, but whether by truncation or by rounding isn't known: set
    /// [`diagnose`](crate::two_lengths::TwoLengthsSettings::diagnose).
    Diagnose,
}

impl Advice {
    /// The advice for a curvature C with standard error `batches` (0 if there is only one objective, NaN if it
    /// isn't known; widened by t/z if they are few, as [`BatchCurvature::advice`](super::BatchCurvature::advice) does),
    /// expected secant error `secant` and [regime](crate::two_lengths::TwoLengths::regime).
    ///
    /// `z` is the number of standard errors that makes a sign certain.
    pub fn new(
        curvature: f64,
        batches: f64,
        secant: f64,
        regime: Option<Regime>,
        rule: Rule,
        z: f64,
    ) -> Advice {
        if curvature.abs() > z * (batches + secant) {
            return Advice::None;
        }
        if batches.is_nan() || batches > secant {
            return Advice::UseMoreBatches;
        }
        match (rule, regime) {
            (Rule::Product, _) | (Rule::Central, Some(Regime::Balanced)) => Advice::None,
            (_, Some(Regime::Rounding)) => Advice::RaiseLength,
            (Rule::Forward, _) => Advice::UseCentral,
            (Rule::Central, Some(Regime::Truncation)) => Advice::LowerLength,
            (Rule::Central, None) => Advice::Diagnose,
        }
    }
}

impl std::fmt::Display for Advice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Advice::None => "nothing to advise",
            Advice::UseMoreBatches => "use more batches: they differ by more than the secants err",
            Advice::RaiseLength => "raise the length: rounding dominates",
            Advice::LowerLength => "lower the length: truncation dominates",
            Advice::UseCentral => "use the central rule: the error of forward secants dominates",
            Advice::Diagnose => "certify at three lengths, to learn which error dominates",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_error_is_named() {
        let advise = |curvature, batches, secant, regime, rule| {
            Advice::new(curvature, batches, secant, regime, rule, 2.0)
        };
        let unknown = f64::NAN;
        let [rounding, balanced, truncation] =
            [Regime::Rounding, Regime::Balanced, Regime::Truncation].map(Some);
        for (expected, curvature, batches, secant, regime, rule) in [
            (Advice::None, -1.0, 0.1, 0.1, None, Rule::Forward),
            (Advice::None, 1.0, 0.1, 0.1, None, Rule::Central),
            (Advice::UseMoreBatches, -1.0, 0.5, 0.1, None, Rule::Forward),
            (Advice::UseMoreBatches, -1.0, unknown, 0.1, None, Rule::Central),
            (Advice::UseMoreBatches, -1.0, 0.5, 0.0, None, Rule::Product),
            (Advice::UseCentral, -1.0, 0.1, 2.0, truncation, Rule::Forward),
            (Advice::UseCentral, -1.0, 0.1, 2.0, balanced, Rule::Forward),
            (Advice::UseCentral, -1.0, 0.1, 2.0, None, Rule::Forward),
            (Advice::RaiseLength, -1.0, 0.1, 2.0, rounding, Rule::Forward),
            (Advice::RaiseLength, -1.0, 0.0, 2.0, rounding, Rule::Central),
            (Advice::LowerLength, -1.0, 0.0, 2.0, truncation, Rule::Central),
            (Advice::None, -1.0, 0.0, 2.0, balanced, Rule::Central),
            (Advice::Diagnose, -1.0, 0.0, 2.0, None, Rule::Central),
            (Advice::None, 0.0, 0.0, 0.0, None, Rule::Product),
        ] {
            let advice = advise(curvature, batches, secant, regime, rule);
            assert_eq!(advice, expected, "{curvature} {batches} {secant} {regime:?} {rule:?}");
        }
    }
}
