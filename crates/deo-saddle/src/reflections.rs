//! Householder reflections, one by one and in blocks.
//!
//! Hₖ = 1 − βₖvₖvₖᵀ. A block of them is H₀H₁… = 1 − VᵀTV, the rows of V being the vₖ and T upper triangular (Schreiber & Van Loan,
//! SIAM J. Sci. Stat. Comput. 10, 53 (1989)): products of matrices, where one by one each would read all that it changes.

use super::dense::{Matrix, add_product, product};

/// Reflections to a block: enough for a product to be worth its packing, few beside a few hundred rows.
pub(super) const BLOCK: usize = 32;

/// (1 − βvvᵀ) x = α e₁: x becomes v, and α and β are returned; β is zero where x is, and v then, too.
pub(super) fn reflection(x: &mut [f64]) -> (f64, f64) {
    let scale = x.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    if scale == 0.0 {
        return (0.0, 0.0);
    }
    x.iter_mut().for_each(|x| *x /= scale);
    let square: f64 = x.iter().map(|x| x * x).sum();
    // v = x − α e₁; α opposite in sign to x₁, so nothing cancels.
    let alpha = -square.sqrt().copysign(x[0]);
    let beta = 1.0 / (square - alpha * x[0]); // 2/‖v‖²
    x[0] -= alpha;
    (alpha * scale, beta)
}

/// V and T of some reflections, and the column at which the first vector begins.
pub(super) struct Block {
    start: usize,
    v: Vec<f64>,
    t: Vec<f64>,
}

impl Block {
    /// Of the `beta.len()` reflections from `first` on: vₖ is in row k of `a`, from column k + `offset` on.
    pub(super) fn new(a: &[f64], n: usize, first: usize, offset: usize, beta: &[f64]) -> Self {
        let (start, count) = (first + offset, beta.len());
        let len = n - start;
        let mut v = vec![0.0; count * len];
        for (k, row) in v.chunks_exact_mut(len).enumerate() {
            row[k..].copy_from_slice(&a[(first + k) * n + start + k..(first + k + 1) * n]);
        }
        let rows = Matrix::new(&v, len);
        let products = product(rows, rows.transposed());
        let mut t = vec![0.0; count * count];
        for j in 0..count {
            t[j * count + j] = beta[j];
            for i in 0..j {
                let known: f64 = (i..j).map(|l| t[i * count + l] * products[l * count + j]).sum();
                t[i * count + j] = -beta[j] * known;
            }
        }
        Block { start, v, t }
    }

    /// Q ← Q H₀H₁…, or with `backwards` Q … H₁H₀, for rows of n numbers.
    pub(super) fn apply(&self, q: &mut [f64], n: usize, backwards: bool) {
        let len = n - self.start;
        let rows = q.len() / n;
        if rows == 0 {
            return;
        }
        let (v, t) = (Matrix::new(&self.v, len), Matrix::new(&self.t, self.v.len() / len));
        let q = &mut q[self.start..];
        let along = product(Matrix::part(q, rows, len, n), v.transposed());
        let along = product(
            Matrix::new(&along, self.v.len() / len),
            if backwards { t.transposed() } else { t },
        );
        add_product(q, n, -1.0, Matrix::new(&along, self.v.len() / len), v);
    }
}

/// Q ← Q … H₁H₀ for all reflections in the rows of `a`, which begin at the diagonal or `offset` columns right of it.
pub(super) fn apply_backwards(a: &[f64], n: usize, offset: usize, beta: &[f64], q: &mut [f64]) {
    for first in (0..beta.len()).step_by(BLOCK).rev() {
        let count = BLOCK.min(beta.len() - first);
        Block::new(a, n, first, offset, &beta[first..first + count]).apply(q, n, true);
    }
}

/// A = LQ for a wide matrix of `n` columns that is used up: L lower triangular, the rows of Q orthonormal whatever the rank.
pub(super) fn lower_and_orthonormal(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>) {
    let count = a.len() / n;
    let (mut l, mut beta) = (vec![0.0; count * count], vec![0.0; count]);
    for first in (0..count).step_by(BLOCK) {
        let end = count.min(first + BLOCK);
        for k in first..end {
            let (done, rest) = a.split_at_mut((k + 1) * n);
            let v = &mut done[k * n + k..];
            (l[k * count + k], beta[k]) = reflection(v);
            for row in rest[..(end - k - 1) * n].chunks_exact_mut(n) {
                let along = beta[k] * super::dense::dot(v, &row[k..]);
                row[k..].iter_mut().zip(&*v).for_each(|(x, v)| *x -= along * v);
            }
        }
        let block = Block::new(&a, n, first, 0, &beta[first..end]);
        block.apply(&mut a[end * n..], n, false);
    }
    for i in 0..count {
        l[i * count..i * count + i].copy_from_slice(&a[i * n..i * n + i]);
    }
    let mut q = vec![0.0; count * n];
    q.iter_mut().step_by(n + 1).for_each(|q| *q = 1.0);
    apply_backwards(&a, n, 0, &beta, &mut q);
    (l, q)
}

#[cfg(test)]
mod tests {
    use super::*;
    use deo_core::noise::noise;

    /// Rows that depend on others, and rows of zeros, among more rows than a block has.
    #[test]
    fn a_wide_matrix_is_lower_times_orthonormal() {
        for (count, n) in [(0, 3), (1, 1), (3, 7), (40, 41), (70, 70)] {
            let mut a: Vec<f64> = (0..(count * n) as u64).map(|i| noise(5, i)).collect();
            for i in (2..count).step_by(3) {
                let (known, row) = a.split_at_mut(i * n);
                row[..n].copy_from_slice(&known[..n]);
            }
            for i in (4..count).step_by(9) {
                a[i * n..(i + 1) * n].fill(0.0);
            }
            let (l, q) = lower_and_orthonormal(a.clone(), n);
            for i in 0..count {
                assert!(l[i * count + i + 1..(i + 1) * count].iter().all(|l| *l == 0.0));
                for k in 0..n {
                    let sum: f64 = (0..count).map(|j| l[i * count + j] * q[j * n + k]).sum();
                    assert!((sum - a[i * n + k]).abs() < 1e-14 * n as f64, "{count} {n}");
                }
                for j in 0..count {
                    let dot = crate::dense::dot(&q[i * n..(i + 1) * n], &q[j * n..(j + 1) * n]);
                    let exact = f64::from(u8::from(i == j));
                    assert!((dot - exact).abs() < 1e-15 * n.max(8) as f64, "{count} {n}: {dot}");
                }
            }
        }
    }
}
