//! A space in f32 on slices, with all fused methods written out, that makes one mistake of a kind that a real implementation
//! could make.

use crate::Space;
use crate::space::{Formula, Host, Real};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fault {
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

/// The space that makes this mistake.
pub(super) struct Faulty(pub(super) Fault);

pub(super) const HOST: Host<f32> = Host::new();

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
