//! The laws let right spaces pass and catch wrong ones.
//!
//! Each fault below is one that a real implementation could have. `Faulty` computes in f32 on slices, with
//! all fused methods written out, and makes exactly one mistake.

mod shapes;

use super::{check, check_updates};
use crate::{
    Space,
    space::{Formula, Host, Real},
};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    ZerosTooShort,
    ZerosNotZero,
    EpsilonTooSmall,
    EpsilonTooLarge,
    EpsilonAbsurd,
    FillSkipsLast,
    FillCountsTwice,
    FillHasGap,
    FillStartsLater,
    FillAdds,
    FillLosesPrecision,
    AxpbyReadsUnused,
    AxpbyIgnoresB,
    AxpbyIgnoresAAtOne,
    AxpbySkipsTail,
    AxpbyWritesNothing,
    DotSkipsTail,
    DotAsymmetric,
    DotIndefinite,
    DotZero,
    DotsSwapped,
    DotsFifthMissing,
    DimensionTooLarge,
    DimensionTooSmall,
    DimensionHalf,
    NormSquared,
    SecantUndivided,
    SecantNegative,
    SecantReadsOutput,
    SecantSwapsNumbers,
    SecantSquareOfAxis,
    DeflateAfter,
    DeflateUnitAxis,
    DeflateSign,
    DeflateTwice,
    DisplaceNominal,
    DisplaceInPlace,
    DisplaceSquared,
    RotateSign,
    RotateSequential,
    RotateReadsScratch,
    CombineReadsUnused,
    CombineSkipsTerm,
    TorqueSign,
    TorqueSwapsNumbers,
    RitzUpdateReadsUnused,
    RitzUpdateSign,
    RitzUpdateFromGradientsSign,
    RitzUpdateFromGradientsForgets,
    RunSkipsTail,
    RunSwapsSums,
    RunForgetsSum,
    RunLeavesThird,
    RunReadsUnused,
}

struct Faulty(Fault);

const HOST: Host<f32> = Host::new();

impl Faulty {
    fn is(&self, fault: Fault) -> bool {
        self.0 == fault
    }
}

impl Space for Faulty {
    type Vector = [f32];
    type Owned = Vec<f32>;

    fn zeros_like(&self, x: &[f32]) -> Vec<f32> {
        let mut zeros = vec![0.0; x.len() - usize::from(self.is(Fault::ZerosTooShort))];
        if self.is(Fault::ZerosNotZero) {
            zeros[3] = 1e-20;
        }
        zeros
    }

    fn len(&self, x: &[f32]) -> usize {
        x.len()
    }

    fn epsilon(&self) -> f64 {
        match self.0 {
            Fault::EpsilonTooSmall => f64::ROUNDOFF,
            Fault::EpsilonTooLarge => 1e-4,
            Fault::EpsilonAbsurd => 0.5,
            _ => f32::ROUNDOFF,
        }
    }

    fn fill(&self, x: &mut [f32], value: &(dyn Fn(u64) -> f64 + Sync)) {
        let filled = x.len() - usize::from(self.is(Fault::FillSkipsLast));
        let old = x.to_vec();
        HOST.fill(&mut x[..filled], &|i| match self.0 {
            Fault::FillCountsTwice => value(i / 2),
            Fault::FillStartsLater => value(i + 1),
            Fault::FillHasGap => value(if i > 2 { i + 1 } else { i }),
            Fault::FillLosesPrecision => (value(i) * 256.0).round() / 256.0,
            _ => value(i),
        });
        if self.is(Fault::FillAdds) {
            HOST.axpby(1.0, &old, 1.0, x);
        }
    }

    fn axpby(&self, a: f64, x: &[f32], b: f64, y: &mut [f32]) {
        match self.0 {
            Fault::AxpbyReadsUnused => {
                for (y, x) in y.iter_mut().zip(x) {
                    *y = (a * f64::from(*x) + b * f64::from(*y)) as f32;
                }
            }
            Fault::AxpbyIgnoresB if b != 0.0 => HOST.axpby(a, x, 1.0, y),
            Fault::AxpbyIgnoresAAtOne if b == 1.0 => HOST.axpby(a.signum(), x, 1.0, y),
            Fault::AxpbySkipsTail if b != 0.0 => {
                let whole = x.len() / 16 * 16;
                HOST.axpby(a, &x[..whole], b, &mut y[..whole]);
            }
            Fault::AxpbyWritesNothing => {}
            _ => HOST.axpby(a, x, b, y),
        }
    }

    fn dot(&self, x: &[f32], y: &[f32]) -> f64 {
        match self.0 {
            // Without its tail a dot product is only an inner product on fewer components: what gives it
            // away is that the fused ones have theirs.
            Fault::DotSkipsTail => HOST.dot(&x[..x.len() / 16 * 16], &y[..x.len() / 16 * 16]),
            Fault::DotAsymmetric => HOST.dot(x, y) + 0.1 * HOST.dot(&x[1..], &y[..y.len() - 1]),
            Fault::DotIndefinite => HOST.dot(&x[1..], &y[1..]) - f64::from(x[0] * y[0]) * 1e3,
            Fault::DotZero => 0.0,
            _ => HOST.dot(x, y),
        }
    }

    fn dots<const K: usize>(&self, pairs: [(&[f32], &[f32]); K]) -> [f64; K] {
        let mut dots = pairs.map(|(x, y)| HOST.dot(x, y));
        if self.is(Fault::DotsSwapped) && K > 2 {
            dots.swap(1, 2);
        }
        if self.is(Fault::DotsFifthMissing) && K > 4 {
            dots[4] = 0.0;
        }
        dots
    }

    fn dimension(&self, like: &[f32]) -> f64 {
        let n = like.len() as f64;
        match self.0 {
            Fault::DimensionTooLarge => n + 1.0,
            Fault::DimensionTooSmall => n - 1.0,
            Fault::DimensionHalf => n / 2.0,
            _ => n,
        }
    }

    fn norm(&self, x: &[f32]) -> f64 {
        let square = self.dot(x, x);
        if self.is(Fault::NormSquared) { square } else { square.sqrt() }
    }

    fn run<const R: usize, const W: usize, const K: usize>(
        &self,
        formula: &impl Formula<R, W, K>,
        read: [&[f32]; R],
        mut written: [&mut [f32]; W],
    ) -> [f64; K] {
        let old = written.each_ref().map(|x| x.to_vec());
        let mut sums = HOST.run(formula, read, written.each_mut().map(|x| &mut **x));
        match self.0 {
            // `scaled_square`, of one vector, is under a law of its own.
            Fault::RunSkipsTail if R == 2 && W == 0 => {
                return HOST.run(formula, read.map(|x| &x[..x.len() / 16 * 16]), written);
            }
            Fault::RunSwapsSums if K > 1 => sums.swap(0, 1),
            Fault::RunForgetsSum if K > 3 => sums[3] = 0.0,
            Fault::RunLeavesThird if W > 2 => written[2].copy_from_slice(&old[2]),
            Fault::RunReadsUnused if R == 3 => {
                written[0].iter_mut().zip(&old[0]).for_each(|(x, old)| *x += 0.0 * old);
            }
            _ => {}
        }
        sums
    }

    fn secant(&self, h: f64, g0: &[f32], g1: &[f32], n: &[f32], hn: &mut [f32]) -> (f64, f64) {
        let old = hn.to_vec();
        match self.0 {
            Fault::SecantUndivided => HOST.secant(1.0, g0, g1, n, hn),
            Fault::SecantNegative => HOST.secant(h, g1, g0, n, hn),
            Fault::SecantReadsOutput => {
                let (c, square) = HOST.secant(h, g0, g1, n, hn);
                (c + 0.0 * f64::from(old[0]), square)
            }
            Fault::SecantSwapsNumbers => {
                let (c, square) = HOST.secant(h, g0, g1, n, hn);
                (square, c)
            }
            Fault::SecantSquareOfAxis => {
                let (c, _) = HOST.secant(h, g0, g1, n, hn);
                (c, HOST.dot(n, n))
            }
            _ => HOST.secant(h, g0, g1, n, hn),
        }
    }

    fn deflate(&self, beta: f64, n: &[f32], g: &mut [f32]) -> f64 {
        match self.0 {
            Fault::DeflateAfter => {
                HOST.deflate(beta, n, g);
                HOST.dot(g, n)
            }
            Fault::DeflateUnitAxis => {
                let along = HOST.dot(g, n);
                HOST.axpby(-beta * along / HOST.dot(n, n), n, 1.0, g);
                along
            }
            Fault::DeflateSign => HOST.deflate(-beta, n, g),
            Fault::DeflateTwice => {
                HOST.deflate(beta, n, g);
                HOST.deflate(beta, n, g)
            }
            _ => HOST.deflate(beta, n, g),
        }
    }

    fn displace(&self, h: f64, n: &[f32], x: &[f32], y: &mut [f32]) -> f64 {
        match self.0 {
            Fault::DisplaceNominal => {
                HOST.displace(h, n, x, y);
                h * HOST.dot(n, n)
            }
            Fault::DisplaceInPlace => {
                HOST.axpby(h, n, 1.0, y);
                h * HOST.dot(n, n)
            }
            Fault::DisplaceSquared => {
                HOST.displace(h, n, x, y);
                (y.iter().zip(x)).map(|(y, x)| f64::from(y - x).powi(2)).sum()
            }
            _ => HOST.displace(h, n, x, y),
        }
    }

    fn rotate(&self, c: f64, s: f64, x: &mut [f32], y: &mut [f32], scratch: &mut [f32]) {
        match self.0 {
            Fault::RotateSign => HOST.rotate(c, -s, x, y, scratch),
            Fault::RotateSequential => {
                HOST.axpby(s, y, c, x);
                HOST.axpby(-s, x, c, y);
            }
            Fault::RotateReadsScratch => {
                HOST.axpby(1.0, x, 0.5, scratch);
                HOST.axpby(s, y, c, x);
                HOST.axpby(-s, scratch, c, y);
            }
            _ => HOST.rotate(c, s, x, y, scratch),
        }
    }

    fn combine<const K: usize>(&self, terms: [(f64, &[f32]); K], b: f64, y: &mut [f32]) {
        match self.0 {
            Fault::CombineReadsUnused if b == 0.0 => {
                HOST.axpby(terms[0].0, terms[0].1, 1.0, y);
            }
            Fault::CombineSkipsTerm => HOST.combine([terms[0]], b, y),
            _ => HOST.combine(terms, b, y),
        }
    }

    fn torque(&self, c: f64, n: &[f32], hn: &[f32], p: &[f32], w: &mut [f32]) -> [f64; 3] {
        let [square, along_n, along_p] = HOST.torque(c, n, hn, p, w);
        match self.0 {
            Fault::TorqueSign => {
                HOST.combine([(-c, n), (1.0, hn)], 0.0, w);
                [square, -along_n, -along_p]
            }
            Fault::TorqueSwapsNumbers => [square, along_p, along_n],
            _ => [square, along_n, along_p],
        }
    }

    fn ritz_update(
        &self,
        [c, s]: [f64; 2],
        [a, b]: [f64; 2],
        x: &mut [f32],
        y: &mut [f32],
        w: &mut [f32],
    ) {
        match self.0 {
            // A tiny weight instead of none.
            Fault::RitzUpdateReadsUnused => HOST.ritz_update([c, s], [a, b + 1e-300], x, y, w),
            Fault::RitzUpdateSign => HOST.ritz_update([c, -s], [a, b], x, y, w),
            _ => HOST.ritz_update([c, s], [a, b], x, y, w),
        }
    }

    fn ritz_update_from_gradients(
        &self,
        angle: [f64; 2],
        [a, b]: [f64; 2],
        [g0, g1]: [&[f32]; 2],
        x: &mut [f32],
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        match self.0 {
            Fault::RitzUpdateFromGradientsSign => {
                HOST.ritz_update_from_gradients(angle, [a, b], [g1, g0], x, y, scratch);
            }
            Fault::RitzUpdateFromGradientsForgets => {
                HOST.ritz_update_from_gradients(angle, [a, 0.0], [g0, g1], x, y, scratch);
            }
            _ => HOST.ritz_update_from_gradients(angle, [a, b], [g0, g1], x, y, scratch),
        }
    }
}

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
