//! The error of a model Hessian, in the coordinates in which the model is one.
//!
//! B = cB₀(x) + T E T, T = M^½, M = |B₀| + μ: E is fitted as without a model, to the pairs T s and T⁻¹(y − cB̄₀s); c is 1 but
//! for models that are known up to a factor, or far off.

use super::super::eigen::symmetric_eigen;
use super::{FADED, LearnedHessian, add, collect, dot, multiply, multiply_vector, norm};

/// A model's Hessian here, in whose metric M = |B₀| + μ its error is sought: a stiff direction errs by more than a soft one,
/// in the same proportion. It is the difference between Broyden's updates and Powell's.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Base {
    matrix: Vec<f64>,
    /// T = M^½ and its inverse.
    pub(super) metric: Vec<f64>,
    inverse: Vec<f64>,
    /// Known up to a factor, and the factor.
    relative: bool,
    factor: f64,
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
        let (mut copy, mut vectors, mut values) = (matrix.to_vec(), vec![0.0; n * n], vec![0.0; n]);
        symmetric_eigen(&mut copy, &mut vectors, &mut values);
        let factor = self.base.as_ref().map_or(1.0, |base| base.factor);
        let floor = SOFT * values.iter().map(|v| v.abs()).sum::<f64>() / n.max(1) as f64;
        // A matrix of zeros is as good as none.
        let floor = if floor > 0.0 { floor } else { 1.0 };
        let root = |sign: f64| {
            let mut m = vec![0.0; n * n];
            for (v, value) in vectors.chunks(n).zip(&values) {
                let c = (value.abs() + floor).sqrt().powf(sign);
                (0..n).for_each(|i| add(c * v[i], v, &mut m[i * n..(i + 1) * n]));
            }
            m
        };
        self.base = Some(Base {
            matrix: matrix.to_vec(),
            metric: root(1.0),
            inverse: root(-1.0),
            relative,
            factor,
        });
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
        self.fit_error(&base, position);
        let c = base.factor;
        for (b, model) in self.matrix.iter_mut().zip(&base.matrix) {
            *b += c * model;
        }
        for i in 0..n {
            for j in 0..i {
                let mean = 0.5 * (self.matrix[i * n + j] + self.matrix[j * n + i]);
                (self.matrix[i * n + j], self.matrix[j * n + i]) = (mean, mean);
            }
        }
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
        let chosen = self.length_scale;
        let kept = (self.matrix.clone(), self.explored.clone(), self.weights_seen.clone());
        let mut foretold = vec![0.0; self.count];
        for (k, factor) in REACHES.iter().enumerate() {
            self.length_scale = factor * self.given;
            self.fit_error(&base, position);
            self.product(s, &mut foretold);
            let misses = y.iter().zip(modelled).zip(&foretold);
            let miss: Vec<f64> = misses.map(|((y, m), e)| y - base.factor * m - e).collect();
            let score = norm(&miss).max(f64::MIN_POSITIVE).ln();
            self.scores[k] = REMEMBERED * self.scores[k] + score;
        }
        (self.matrix, self.explored, self.weights_seen) = kept;
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

    /// T E T into `matrix`.
    fn fit_error(&mut self, base: &Base, position: &[f64]) {
        let n = self.count;
        let c = base.factor;
        let scale = if base.relative { c.sqrt() } else { 1.0 };
        let [mut a, mut r] = std::mem::take(&mut self.scratch);
        a.fill(0.0);
        r.fill(0.0);
        let (mut rest, mut s, mut y) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        for pair in &self.pairs {
            let weight = self.weight(pair, position);
            let Some(modelled) = pair.modelled.as_ref().filter(|_| weight >= FADED) else {
                continue;
            };
            for (i, rest) in rest.iter_mut().enumerate() {
                *rest = pair.product[i] - c * modelled[i];
            }
            multiply_vector(&base.metric, &pair.direction, &mut s);
            multiply_vector(&base.inverse, &rest, &mut y);
            // Of a unit vector there; T has the factor's root.
            let length = norm(&s);
            s.iter_mut().for_each(|s| *s /= length);
            y.iter_mut().for_each(|y| *y /= length * scale * scale);
            collect([&mut a, &mut r], weight, &s, &y);
        }
        self.scratch = [a, r];
        self.solve();
        // Back: T E T.
        let [t, _] = &mut self.scratch;
        multiply(&base.metric, &self.matrix, t, n);
        multiply(t, &base.metric, &mut self.matrix, n);
        self.matrix.iter_mut().for_each(|b| *b *= scale * scale);
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
        let square = base.metric.chunks(self.count).map(|row| dot(row, v).powi(2)).sum::<f64>();
        square * if base.relative { base.factor } else { 1.0 }
    }
}
