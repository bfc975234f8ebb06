//! The laws let right spaces pass and catch wrong ones.
//!
//! Each fault below is one that a real implementation could have.

mod faulty;
mod shapes;

use super::{check, check_updates};
use crate::Space;
use crate::space::{Host, Real};
use faulty::{Fault, Faulty, HOST};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A space with nothing but what every space must write, so that all else is the trait's own.
struct Plain;

impl Space for Plain {
    type Vector = [f32];
    type Owned = Vec<f32>;

    fn zeros_like(&self, x: &[f32]) -> Vec<f32> {
        HOST.zeros_like(x)
    }

    fn len(&self, x: &[f32]) -> usize {
        x.len()
    }

    fn epsilon(&self) -> f64 {
        f32::ROUNDOFF
    }

    fn fill(&self, x: &mut [f32], value: &(dyn Fn(u64) -> f64 + Sync)) {
        HOST.fill(x, value);
    }

    fn axpby(&self, a: f64, x: &[f32], b: f64, y: &mut [f32]) {
        HOST.axpby(a, x, b, y);
    }

    fn dot(&self, x: &[f32], y: &[f32]) -> f64 {
        HOST.dot(x, y)
    }
}

/// Two full runs of 16 lanes and a tail.
const N: usize = 37;

#[test]
fn right_spaces_pass() {
    check(&Faulty(Fault::None), &[0.0; N]);
    check(&Plain, &[0.0; N]);
    assert_eq!(Plain.dimension(&[0.0; N]), N as f64);
    for n in [1, 2, 16, 1000, 65_537] {
        check(&Host::<f32>::new(), &vec![0.0; n]);
        check(&Host::<f64>::new(), &vec![0.0; n]);
        check_updates(&Host::<f64>::new(), &vec![0.0; n]);
    }
}

/// ⟨x, y⟩ = xᵀMy with M = diag(m) + off (the neighbours beside the diagonal), of six operations.
struct Metric {
    weights: Vec<f64>,
    off: f64,
    /// What `dimension` says, if not the default.
    claim: Option<f64>,
}

impl Space for Metric {
    type Vector = [f64];
    type Owned = Vec<f64>;

    fn zeros_like(&self, x: &[f64]) -> Vec<f64> {
        vec![0.0; x.len()]
    }

    fn len(&self, x: &[f64]) -> usize {
        x.len()
    }

    fn epsilon(&self) -> f64 {
        f64::ROUNDOFF
    }

    fn fill(&self, x: &mut [f64], value: &(dyn Fn(u64) -> f64 + Sync)) {
        Host::<f64>::new().fill(x, value);
    }

    fn axpby(&self, a: f64, x: &[f64], b: f64, y: &mut [f64]) {
        Host::<f64>::new().axpby(a, x, b, y);
    }

    fn dot(&self, x: &[f64], y: &[f64]) -> f64 {
        let diagonal = x.iter().zip(y).zip(&self.weights).map(|((x, y), m)| m * x * y);
        let beside = (1..x.len()).map(|i| self.off * (x[i] * y[i - 1] + x[i - 1] * y[i]));
        diagonal.sum::<f64>() + beside.sum::<f64>()
    }

    fn dimension(&self, like: &[f64]) -> f64 {
        self.claim.unwrap_or_else(|| Plain.dimension(&vec![0.0; like.len()]))
    }
}

/// Σmᵢ, ⟨1, 1⟩, was the default once.
#[test]
fn a_metric_changes_no_dimension_and_a_wrong_one_is_caught() {
    let mixed = (0..N).map(|i| 10f64.powi(i as i32 % 9 - 4)).collect::<Vec<_>>();
    let metrics = [vec![1e-4; N], vec![1.0; N], vec![1e4; N], mixed].map(|m| (m, 0.0));
    // 2 and −½ beside it: a positive matrix that isn't diagonal.
    for (weights, off) in metrics.into_iter().chain([(vec![2.0; N], -0.5)]) {
        let ones: f64 = weights.iter().sum::<f64>() + 2.0 * (N - 1) as f64 * off;
        let space = |claim| Metric { weights: weights.clone(), off, claim };
        assert_eq!(space(None).dimension(&[0.0; N]), N as f64);
        check(&space(None), &[0.0; N]);
        for claim in [ones, ones.round(), N as f64 - 1.0, N as f64 + 1.0, 1.0, 0.0, f64::NAN] {
            if claim != N as f64 {
                let wrong = space(Some(claim));
                let outcome = catch_unwind(AssertUnwindSafe(|| check(&wrong, &[0.0; N])));
                assert!(outcome.is_err(), "{claim} for {N} passed under {:?}", wrong.weights);
            }
        }
    }
}

/// The fault, and a word of the law that catches it.
const FAULTS: [(Fault, &str); 54] = [
    (Fault::ZerosTooShort, "len(zeros_like(x))"),
    (Fault::ZerosNotZero, "zeros_like(x)‖ = 0"),
    (Fault::EpsilonTooSmall, "by components"),
    (Fault::EpsilonTooLarge, "1 + ε/16 = 1"),
    (Fault::EpsilonAbsurd, "unit roundoff"),
    (Fault::FillSkipsLast, "once for each component"),
    (Fault::FillCountsTwice, "consecutive"),
    (Fault::FillHasGap, "consecutive"),
    (Fault::FillStartsLater, "is_distributed"),
    (Fault::FillAdds, "fill overwrites"),
    (Fault::FillLosesPrecision, "by components"),
    (Fault::AxpbyReadsUnused, "never reads y"),
    (Fault::AxpbyIgnoresB, "by components"),
    (Fault::AxpbyIgnoresAAtOne, "by components"),
    (Fault::AxpbySkipsTail, "by components"),
    (Fault::AxpbyWritesNothing, "(1 + 4ε) x"),
    (Fault::DotSkipsTail, "of dots"),
    (Fault::DotAsymmetric, "⟨y, x⟩"),
    (Fault::DotIndefinite, "law"),
    (Fault::DotZero, "law"),
    (Fault::DotsSwapped, "of dots::<3>"),
    (Fault::DotsFifthMissing, "pair 4 of dots::<5>"),
    (Fault::DimensionTooLarge, "dimension ≤ components"),
    (Fault::DimensionTooSmall, "independent directions"),
    (Fault::DimensionHalf, "whole number"),
    (Fault::NormSquared, "‖x‖²"),
    (Fault::SecantUndivided, "secant's hn"),
    (Fault::SecantNegative, "secant's hn"),
    (Fault::SecantReadsOutput, "secant never reads"),
    (Fault::SecantSwapsNumbers, "secant's C"),
    (Fault::SecantSquareOfAxis, "secant's square"),
    (Fault::DeflateAfter, "the old ⟨g, n⟩"),
    (Fault::DeflateUnitAxis, "deflate's g"),
    (Fault::DeflateSign, "deflate's g"),
    (Fault::DeflateTwice, "deflate's g"),
    (Fault::DisplaceNominal, "⟨y − x, n⟩"),
    (Fault::DisplaceInPlace, "displace never reads"),
    (Fault::DisplaceSquared, "⟨y − x, n⟩"),
    (Fault::RotateSign, "rotate's x"),
    (Fault::RotateSequential, "rotate's y"),
    (Fault::RotateReadsScratch, "rotate never reads"),
    (Fault::CombineReadsUnused, "never reads z"),
    (Fault::CombineSkipsTerm, "combine's z"),
    (Fault::TorqueSign, "torque's w"),
    (Fault::TorqueSwapsNumbers, "torque's ⟨w, n⟩"),
    (Fault::RitzUpdateReadsUnused, "ritz_update's x"),
    (Fault::RitzUpdateSign, "ritz_update's x"),
    (Fault::RitzUpdateFromGradientsSign, "ritz_update_from_gradients's x"),
    (Fault::RitzUpdateFromGradientsForgets, "ritz_update_from_gradients's x"),
    (Fault::RunSkipsTail, "run = define: number 0 of Product"),
    (Fault::RunSwapsSums, "run = define: number 0 of Secant"),
    (Fault::RunForgetsSum, "run = define: number 3 of Mixed"),
    (Fault::RunLeavesThird, "run = define: vector 2 that Mixed writes"),
    (Fault::RunReadsUnused, "run = define: vector 0 that Secant writes"),
];

#[test]
fn every_fault_is_caught_by_its_law() {
    for (fault, law) in FAULTS {
        let outcome = catch_unwind(AssertUnwindSafe(|| check(&Faulty(fault), &[0.0; N])));
        let panic = outcome.expect_err(&format!("{fault:?} passed the laws"));
        let message = (panic.downcast_ref::<String>().cloned())
            .or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()))
            .expect("a panic message");
        assert!(
            message.contains("law") && message.contains(law),
            "{fault:?} was caught by another law than `{law}`: {message}"
        );
    }
}
