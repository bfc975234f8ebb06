//! The error of a model Hessian, in the coordinates in which the model is one.
//!
//! B = cB₀(x) + TᵀET, TᵀT = M = |B₀| + μ: E is fitted as without a model, to the pairs T s and T⁻ᵀ(y − cB̄₀s); c is 1 but
//! for models that are known up to a factor, or far off.
//!
//! Which T is all the same, since another one turns E and nothing else. Where B₀ has no negative eigenvalue, T is the
//! transposed Cholesky factor of B₀ + μ, at a tenth of an eigenproblem's cost.

use super::super::cholesky;
use super::super::dense::{Matrix, product};
use super::super::eigen::symmetric_eigen;
use super::fit::Seen;
use super::{LearnedHessian, dot, multiply_vector, norm};

/// A model's Hessian here, in whose metric M = |B₀| + μ its error is sought: a stiff direction errs by more than a soft one,
/// in the same proportion. It is the difference between Broyden's updates and Powell's.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Base {
    matrix: Vec<f64>,
    /// T and T⁻ᵀ.
    pub(super) root: Vec<f64>,
    dual: Vec<f64>,
    /// Known up to a factor, and the factor.
    relative: bool,
    pub(super) factor: f64,
}

impl Base {
    /// By what M is multiplied, for it is a relative model's, too.
    fn scale(&self) -> f64 {
        if self.relative { self.factor } else { 1.0 }
    }
}

/// Reaches that are compared, in units of the one given: the error of a model may change over less than it is expected to, where
/// it is wrong, or over more.
pub(super) const REACHES: [f64; 4] = [0.25, 0.5, 1.0, 2.0];
/// What a score keeps at every step: five steps count.
const REMEMBERED: f64 = 0.8;
/// A fifth better, over those steps, is better.
const BETTER: f64 = 0.2;

/// The least stiffness in M, in units of the mean: what a model calls soft may be as stiff as a tenth of the rest.
const SOFT: f64 = 0.1;
/// In units of the mean stiffness, what an eigenvalue of zero may be below it by rounding: at r = 4 096 some r roundings.
const ZERO: f64 = 1e-12;
/// Models are taken at their word unless they are wrong by more than this factor. Lindh's is right within two.
const FAR_OFF: f64 = 3.0;

impl LearnedHessian {
    /// Takes a model's Hessian at the present point.
    pub(in super::super) fn set_base(&mut self, matrix: Option<&[f64]>, relative: bool) {
        let n = self.count;
        let Some(matrix) = matrix else {
            self.base = None;
            return;
        };
        let factor = self.base.as_ref().map_or(1.0, |base| base.factor);
        let (root, dual) = convex_root(matrix, n).unwrap_or_else(|| root(matrix, n));
        self.base = Some(Base { matrix: matrix.to_vec(), root, dual, relative, factor });
    }

    /// Takes an earlier point's matrix of the same model again.
    pub(in super::super) fn restore(&mut self, matrix: Option<&[f64]>) {
        let relative = self.base.as_ref().is_some_and(|base| base.relative);
        self.set_base(matrix, relative);
    }

    /// p ← B₀s.
    pub(in super::super) fn modelled(&self, s: &[f64], p: &mut [f64]) -> bool {
        let Some(base) = &self.base else { return false };
        p.iter_mut().zip(base.matrix.chunks(self.count)).for_each(|(p, row)| *p = dot(row, s));
        true
    }

    /// The same for the error of a model, in coordinates in which the model is one.
    pub(super) fn settle_on(&mut self, mut base: Base, position: &[f64]) -> Base {
        let n = self.count;
        base.factor = self.factor(base.relative, position);
        let reach = self.length_scale;
        let parts = self.missed(&base, position, &[reach]).fit(reach).parts();
        for (b, model) in self.matrix.iter_mut().zip(&base.matrix) {
            *b = base.factor * model;
        }
        parts.add_to(&mut self.matrix, n, base.scale(), Some(&base.root));
        (self.explored, self.weights_seen) = (parts.u, parts.values);
        self.diagonalise();
        base
    }

    /// Scores the reaches by how well each foretells the change `y` of the gradient over the step `s` from `position`, of
    /// which the model knows `modelled`, and takes the best for what comes. To be called before the step is learned.
    pub(in super::super) fn compare(
        &mut self,
        s: &[f64],
        y: &[f64],
        modelled: &[f64],
        position: &[f64],
    ) {
        let Some(base) = self.base.take() else { return };
        let (chosen, n) = (self.length_scale, self.count);
        let reaches = REACHES.map(|factor| factor * self.given);
        let seen = self.missed(&base, position, &reaches);
        let mut along = vec![0.0; n];
        multiply_vector(&base.root, s, &mut along);
        for (reach, score) in reaches.iter().zip(&mut self.scores) {
            let error = seen.fit(*reach).product(&along);
            let foretold = product(Matrix::new(&error, n), Matrix::new(&base.root, n));
            let misses = y.iter().zip(modelled).zip(&foretold);
            let miss: Vec<f64> =
                misses.map(|((y, m), e)| y - base.factor * m - base.scale() * e).collect();
            *score = REMEMBERED * *score + norm(&miss).max(f64::MIN_POSITIVE).ln();
        }
        let best = (0..REACHES.len()).min_by(|&a, &b| self.scores[a].total_cmp(&self.scores[b]));
        let now = REACHES.iter().position(|factor| factor * self.given == chosen);
        self.length_scale = match (best, now) {
            (Some(best), Some(now)) if self.scores[best] < self.scores[now] - BETTER => {
                REACHES[best] * self.given
            }
            _ => chosen,
        };
        self.base = Some(base);
    }

    /// What the model missed of the pairs that one of the reaches has in it, in the coordinates Ts.
    fn missed(&self, base: &Base, position: &[f64], reaches: &[f64]) -> Seen {
        let n = self.count;
        let widest = reaches.iter().fold(0.0, |m: f64, reach| m.max(*reach));
        let (mut squares, mut s, mut y) = (Vec::new(), Vec::new(), Vec::new());
        for (square, k) in self.nearest(position, widest) {
            let pair = &self.pairs[k];
            let Some(modelled) = &pair.modelled else { continue };
            squares.push(square);
            s.extend_from_slice(&pair.direction);
            y.extend(pair.product.iter().zip(modelled).map(|(y, m)| y - base.factor * m));
        }
        let turned =
            |rows: &[f64], t: &[f64]| product(Matrix::new(rows, n), Matrix::new(t, n).transposed());
        let (mut s, mut y) = (turned(&s, &base.root), turned(&y, &base.dual));
        for (s, y) in s.chunks_exact_mut(n.max(1)).zip(y.chunks_exact_mut(n.max(1))) {
            // Of a unit vector there; T has the factor's root.
            let length = norm(s);
            s.iter_mut().for_each(|s| *s /= length);
            y.iter_mut().for_each(|y| *y /= length * base.scale());
        }
        Seen::new(n, [s, y], squares, reaches)
    }

    /// What the model is to be multiplied by. A relative one as γ is found. Any other by one, unless stiff directions, which
    /// lead a least-squares fit, show it to be far off: then by what brings it back within the limit.
    fn factor(&self, relative: bool, position: &[f64]) -> f64 {
        let (mut sum, mut total, mut along, mut square) = (0.0, 0.0, 0.0, 0.0);
        for pair in &self.pairs {
            let Some(modelled) = &pair.modelled else { continue };
            let (length, model) = (norm(&pair.product), norm(modelled));
            if length > 0.0 && model > 0.0 {
                let weight = self.weight(pair, position).powi(2);
                sum += weight * (length / model).ln();
                total += weight;
                along += weight * length * model;
                square += weight * model * model;
            }
        }
        if total == 0.0 {
            1.0
        } else if relative {
            (sum / total).exp()
        } else {
            let ratio = along / square;
            ratio / ratio.clamp(1.0 / FAR_OFF, FAR_OFF)
        }
    }

    /// ⟨v, Mv⟩: how stiff the model is along a unit vector, in size.
    pub(in super::super) fn stiffness(&self, v: &[f64]) -> f64 {
        let Some(base) = &self.base else { return 0.0 };
        let square = base.root.chunks(self.count).map(|row| dot(row, v).powi(2)).sum::<f64>();
        square * base.scale()
    }
}

/// μ for a mean stiffness.
fn floor(mean: f64) -> f64 {
    // A matrix of zeros is as good as none.
    if mean > 0.0 { SOFT * mean } else { 1.0 }
}

/// T and T⁻ᵀ of a matrix without negative eigenvalues, for which |B₀| is B₀; `None` of another.
fn convex_root(matrix: &[f64], n: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let mean = matrix.iter().step_by(n + 1).sum::<f64>() / n.max(1) as f64;
    let factor = |shift: f64| {
        let mut l = matrix.to_vec();
        l.iter_mut().step_by(n + 1).for_each(|b| *b += shift);
        cholesky::factor(&mut l, n).then_some(l)
    };
    factor(ZERO * mean)?;
    let mut l = factor(floor(mean))?;
    let dual = cholesky::inverse(&l, n);
    transpose(&mut l, n);
    Some((l, dual))
}

/// The upper triangle ← the lower one, which becomes zero.
fn transpose(l: &mut [f64], n: usize) {
    for i in 0..n {
        for j in 0..i {
            (l[j * n + i], l[i * n + j]) = (l[i * n + j], 0.0);
        }
    }
}

/// T and T⁻ᵀ: the eigenvectors of B₀ as rows, times √(|λ| + μ) and divided by it.
fn root(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut root, mut values) = (vec![0.0; n * n], vec![0.0; n]);
    symmetric_eigen(&mut matrix.to_vec(), &mut root, &mut values);
    let floor = floor(values.iter().map(|v| v.abs()).sum::<f64>() / n.max(1) as f64);
    let mut dual = root.clone();
    for ((t, d), value) in root.chunks_exact_mut(n).zip(dual.chunks_exact_mut(n)).zip(&values) {
        let c = (value.abs() + floor).sqrt();
        t.iter_mut().for_each(|t| *t *= c);
        d.iter_mut().for_each(|d| *d /= c);
    }
    (root, dual)
}
