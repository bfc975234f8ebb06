//! Cholesky factors of symmetric positive matrices, A = LLᵀ, and solutions of their systems.

use super::dense::dot;

/// `b` ← A⁻¹`b` for a symmetric positive definite `a`, row-major, which is used up: its lower triangle becomes L. False if a
/// pivot isn't positive, and `b` means nothing then.
pub(super) fn solve(a: &mut [f64], b: &mut [f64]) -> bool {
    let n = b.len();
    if !factor(a, n) {
        return false;
    }
    for i in 0..n {
        b[i] = (b[i] - dot(&a[i * n..i * n + i], &b[..i])) / a[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| a[k * n + i] * b[k]).sum();
        b[i] = (b[i] - known) / a[i * n + i];
    }
    true
}

/// The lower triangle of `a` becomes L; false if a pivot isn't positive.
pub(super) fn factor(a: &mut [f64], n: usize) -> bool {
    for i in 0..n {
        let (done, row) = a.split_at_mut(i * n);
        for (j, other) in done.chunks_exact(n).enumerate() {
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let pivot = row[i] - dot(&row[..i], &row[..i]);
        if pivot.is_nan() || pivot <= 0.0 {
            return false;
        }
        row[i] = pivot.sqrt();
    }
    true
}

/// L⁻¹ of the lower triangle.
pub(super) fn inverse(l: &[f64], n: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; n * n];
    for i in 0..n {
        let (done, row) = inverse.split_at_mut(i * n);
        for (j, other) in done.chunks_exact(n).enumerate() {
            let c = -l[i * n + j];
            row[..=j].iter_mut().zip(other).for_each(|(x, y)| *x += c * y);
        }
        row[i] = 1.0;
        row[..=i].iter_mut().for_each(|x| *x /= l[i * n + i]);
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;
    use deo_core::noise::noise;

    #[test]
    fn factors_inverses_and_solutions() {
        let n = 21;
        let rows: Vec<f64> = (0..n * n).map(|i| noise(8, i as u64)).collect();
        let row = |i: usize| &rows[i * n..(i + 1) * n];
        let shift = |i, j| if i == j { 0.1 } else { 0.0 };
        let a: Vec<f64> =
            (0..n * n).map(|k| dot(row(k / n), row(k % n)) + shift(k / n, k % n)).collect();
        let (mut l, exact) = (a.clone(), row(3));
        assert!(factor(&mut l, n));
        let inverse = inverse(&l, n);
        for i in 0..n {
            for j in 0..n {
                let part = |m: &[f64], i: usize, k: usize| if k <= i { m[i * n + k] } else { 0.0 };
                let square: f64 = (0..n).map(|k| part(&l, i, k) * part(&l, j, k)).sum();
                assert!((square - a[i * n + j]).abs() < 1e-13);
                let one: f64 = (0..n).map(|k| inverse[i * n + k] * part(&l, k, j)).sum();
                assert!((one - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
        let mut b: Vec<f64> = (0..n).map(|i| dot(&a[i * n..(i + 1) * n], exact)).collect();
        let mut a = a;
        assert!(solve(&mut a, &mut b));
        // A condition of some 100.
        assert!(b.iter().zip(exact).all(|(b, exact)| (b - exact).abs() < 1e-12));
    }

    #[test]
    fn what_is_not_positive_has_no_factor() {
        assert!(!factor(&mut [1.0, 2.0, 2.0, 3.0], 2));
        assert!(!factor(&mut [0.0], 1));
        assert!(!factor(&mut [f64::NAN], 1));
    }
}
