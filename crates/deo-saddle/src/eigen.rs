//! Dense symmetric eigenproblems of a few hundred dimensions: the learned Hessian of a quasi-Newton search.
//!
//! A = QᵀΛQ, rows of Q the eigenvectors. Householder reflections make A tridiagonal (Golub & Van Loan, §8.3.1), the module
//! `tridiagonal` solves that, and the reflections, in blocks, take its eigenvectors back. Some 5n³ operations, all but n³ of them
//! in products of matrices or on what the cache holds, where the cyclic Jacobi method of `ritz` takes 8n³ a *sweep* and six to
//! eight sweeps; it stays the better choice for the tiny matrices there.
//!
//! Departure: the trailing matrix, of which only the upper triangle is kept, is visited once a reflection: it is changed by the
//! last one and multiplied by the next one's vector on the way.

use super::dense::dot;
use super::reflections::{apply_backwards, reflection};
use super::tridiagonal::tridiagonal_eigen;

/// The eigenvalues of the symmetric n × n matrix `a` (row-major), ascending. On return row i of `vectors` is the
/// unit eigenvector of `values[i]`, and `a` is used up. Only finite input is meaningful.
///
/// # Panics
///
/// If the slices don't have n², n² and n entries.
pub(super) fn symmetric_eigen(a: &mut [f64], vectors: &mut [f64], values: &mut [f64]) {
    let n = values.len();
    assert_eq!((a.len(), vectors.len()), (n * n, n * n), "n = {n}");
    let (mut off, mut beta) = (vec![0.0; n], vec![0.0; n]);
    tridiagonalise(a, values, &mut off, &mut beta);
    tridiagonal_eigen(values, &mut off, vectors);
    // The last row has none.
    apply_backwards(a, n, 1, &beta[..n.saturating_sub(1)], vectors);
}

/// QAQᵀ tridiagonal with `diagonal` and `off` (off[i] couples i and i + 1), Q = … H₁H₀, Hₖ = 1 − βₖvₖvₖᵀ; vₖ right of the
/// diagonal of row k of `a`.
fn tridiagonalise(a: &mut [f64], diagonal: &mut [f64], off: &mut [f64], beta: &mut [f64]) {
    let n = diagonal.len();
    // The last reflection, A ← A − v wᵀ − w vᵀ, not made yet; the next one's vector x, and Ax.
    let (mut v, mut w, mut x, mut p) = (vec![0.0; n], vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    for k in 0..n {
        let (done, rest) = a.split_at_mut((k + 1) * n);
        let row = &mut done[k * n + k..];
        for ((entry, v_), w_) in row.iter_mut().zip(&v[k..]).zip(&w[k..]) {
            *entry -= v[k] * w_ + w[k] * v_;
        }
        diagonal[k] = row[0];
        let row = &mut row[1..];
        (off[k], beta[k]) = reflection(row);
        x[k + 1..].copy_from_slice(row);
        p[k + 1..].fill(0.0);
        for (i, row) in (k + 1..n).zip(rest.chunks_exact_mut(n)) {
            let (x, p) = (&x[i..], &mut p[i..]);
            let along = change_and_multiply(&mut row[i..], [&v[i..], &w[i..], x], p);
            p[0] += along;
        }
        // w = p − (β/2)(xᵀp) x, p = βAx.
        let x_ = &x[k + 1..];
        let along: f64 = beta[k] * p[k + 1..].iter().zip(x_).map(|(p, x)| p * x).sum::<f64>();
        for ((w, p), x) in w[k + 1..].iter_mut().zip(&p[k + 1..]).zip(x_) {
            *w = beta[k] * (p - 0.5 * along * x);
        }
        std::mem::swap(&mut v, &mut x);
    }
}

/// What a row right of its diagonal, the diagonal included, has to do with a reflection: row ← row − v₀ w − w₀ v; of the
/// product with x, p ← p + x₀ row but for its first entry, and ⟨row, x⟩ is returned.
fn change_and_multiply(row: &mut [f64], [v, w, x]: [&[f64]; 3], p: &mut [f64]) -> f64 {
    let (v0, w0, x0) = (v[0], w[0], x[0]);
    row[0] -= 2.0 * v0 * w0;
    let first = row[0] * x0;
    let row = &mut row[1..];
    for (((row, v), w), p) in row.iter_mut().zip(&v[1..]).zip(&w[1..]).zip(&mut p[1..]) {
        *row -= v0 * w + w0 * v;
        *p += x0 * *row;
    }
    first + dot(row, &x[1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use deo_core::noise::noise;

    /// The largest entry of AQᵀ − QᵀΛ and of QQᵀ − 1.
    fn defects(a: &[f64], vectors: &[f64], values: &[f64]) -> (f64, f64) {
        let n = values.len();
        let (mut pair, mut orthogonality) = (0.0, 0.0);
        for i in 0..n {
            let v = &vectors[i * n..(i + 1) * n];
            for r in 0..n {
                let product: f64 = (0..n).map(|c| a[r * n + c] * v[c]).sum();
                pair = f64::max(pair, (product - values[i] * v[r]).abs());
                let dot: f64 = (0..n).map(|c| v[c] * vectors[r * n + c]).sum();
                orthogonality = f64::max(orthogonality, (dot - f64::from(u8::from(i == r))).abs());
            }
        }
        (pair, orthogonality)
    }

    fn solve(a: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let n = a.len().isqrt();
        let (mut values, mut vectors) = (vec![0.0; n], vec![0.0; n * n]);
        symmetric_eigen(&mut a.to_vec(), &mut vectors, &mut values);
        (values, vectors)
    }

    #[test]
    fn random_matrices_at_every_scale() {
        for (n, scale) in
            [(1, 1.0), (2, 1e-150), (3, 1e150), (33, 1e-300), (40, 1.0), (114, 1e-3), (300, 1e150)]
        {
            let mut a = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..=i {
                    a[i * n + j] = scale * noise(n as u64, (i * n + j) as u64);
                    a[j * n + i] = a[i * n + j];
                }
            }
            let (values, vectors) = solve(&a);
            let (pair, orthogonality) = defects(&a, &vectors, &values);
            // Roundings of a sum of n terms, n of them.
            assert!(pair <= 1e-14 * scale * n as f64, "{n}: {pair:e}");
            assert!(orthogonality <= 1e-14 * n as f64, "{n}: {orthogonality:e}");
            assert!(values.is_sorted());
        }
    }

    #[test]
    fn second_differences_have_the_closed_form() {
        let n = 60;
        let mut a = vec![0.0; n * n];
        for i in 0..n {
            a[i * n + i] = 2.0;
            if i > 0 {
                (a[i * n + i - 1], a[(i - 1) * n + i]) = (-1.0, -1.0);
            }
        }
        for (i, value) in solve(&a).0.iter().enumerate() {
            let exact = 2.0 - 2.0 * (std::f64::consts::PI * (i + 1) as f64 / (n + 1) as f64).cos();
            assert!((value - exact).abs() < 1e-14 * 4.0 * n as f64, "{value} {exact}");
        }
    }

    #[test]
    fn degenerate_diagonal_and_zero_matrices() {
        assert_eq!(solve(&[0.0; 16]).0, [0.0; 4]);
        let diagonal = [3.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 3.0];
        assert_eq!(solve(&diagonal).0, [-1.0, 3.0, 3.0]);
        // Rank one: n − 1 equal eigenvalues.
        let n = 30;
        let a: Vec<f64> = (0..n * n).map(|i| ((i / n + 1) * (i % n + 1)) as f64).collect();
        let (values, vectors) = solve(&a);
        let (pair, orthogonality) = defects(&a, &vectors, &values);
        assert!(pair < 1e-9 && orthogonality < 1e-12, "{pair:e} {orthogonality:e}");
        let square: f64 = (1..=n).map(|i| (i * i) as f64).sum();
        assert!((values[n - 1] - square).abs() < 1e-9);
    }

    /// Against another program's eigenvalues: many of them equal, or decades apart, or equal in pairs to the last digit, at sizes
    /// that are divided several times, in a basis of random directions and as they are.
    #[test]
    fn clusters_and_decades_at_sizes_that_are_divided() {
        let spectra: [fn(usize) -> f64; 5] = [
            |i| (i % 3) as f64,
            |i| 10f64.powi(6 - (i as i32 % 19)),
            |i| if i == 40 { -1.0 } else { 1.0 },
            |i| (i / 2) as f64 + 1e-15 * (i % 2) as f64,
            |i| (i as f64).sin().abs() * 1e5 * f64::from(u8::from(i % 4 == 0)),
        ];
        let n = 150;
        let random = (0..n * n).map(|i| noise(6, i as u64)).collect();
        let (_, q) = crate::reflections::lower_and_orthonormal(random, n);
        for (which, spectrum) in spectra.iter().enumerate() {
            let largest = (0..n).map(|i| spectrum(i).abs()).fold(0.0, f64::max);
            for mixed in [false, true] {
                let mut a = vec![0.0; n * n];
                for i in 0..n {
                    for j in 0..=i {
                        a[i * n + j] = if mixed {
                            (0..n).map(|k| q[k * n + i] * spectrum(k) * q[k * n + j]).sum()
                        } else {
                            f64::from(u8::from(i == j)) * spectrum(i)
                        };
                        a[j * n + i] = a[i * n + j];
                    }
                }
                let (values, vectors) = solve(&a);
                let (pair, orthogonality) = defects(&a, &vectors, &values);
                let known = nalgebra::DMatrix::from_row_slice(n, n, &a).symmetric_eigenvalues();
                let mut known: Vec<f64> = known.iter().copied().collect();
                known.sort_by(f64::total_cmp);
                for (value, known) in values.iter().zip(known) {
                    assert!((value - known).abs() < 1e-14 * n as f64 * largest, "{which}: {value}");
                }
                // Roundings of a sum of n terms, n of them.
                assert!(pair <= 1e-14 * largest * n as f64, "{which}: {pair:e}");
                assert!(orthogonality <= 1e-14 * n as f64, "{which}: {orthogonality:e}");
                assert!(values.is_sorted());
            }
        }
    }

    /// Wilkinson's W⁺, whose eigenvalues come in pairs that agree in all digits, glued end to end.
    #[test]
    fn pairs_that_agree_in_all_digits() {
        for glue in [0.0, 1e-14, 1e-7, 1.0] {
            let n = 4 * 21;
            let mut a = vec![0.0; n * n];
            for i in 0..n {
                a[i * n + i] = ((i % 21) as f64 - 10.0).abs();
                if i > 0 {
                    let off = if i % 21 == 0 { glue } else { 1.0 };
                    (a[i * n + i - 1], a[(i - 1) * n + i]) = (off, off);
                }
            }
            let (values, vectors) = solve(&a);
            let (pair, orthogonality) = defects(&a, &vectors, &values);
            assert!(pair < 1e-12 && orthogonality < 1e-13, "{glue}: {pair:e} {orthogonality:e}");
            // 10.746194182903…, of Wilkinson's book, is in every one of them twice.
            if glue < 1e-7 {
                assert!(values[n - 8..].iter().all(|v| (v - 10.746_194_182_903).abs() < 1e-11));
            }
        }
    }

    /// A gradient that overflows makes such a matrix, and the search asks for finite eigenvalues.
    #[test]
    fn what_is_not_finite_has_no_finite_eigenvalues() {
        for wrong in [f64::NAN, f64::INFINITY] {
            for n in [3, 100] {
                let mut a = vec![0.5; n * n];
                (a[n + 2], a[2 * n + 1]) = (wrong, wrong);
                assert!(solve(&a).0.iter().all(|value| !value.is_finite()));
            }
        }
    }
}
