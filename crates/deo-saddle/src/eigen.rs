//! Dense symmetric eigenproblems of a few hundred dimensions: the learned Hessian of a quasi-Newton search.
//!
//! A = QᵀΛQ, rows of Q the eigenvectors. Householder reflections make A tridiagonal, implicit QL iterations with
//! Wilkinson's shift make it diagonal (Golub & Van Loan, §8.3.1 and §8.3.3; Dubrulle, Martin & Wilkinson 1968).
//! About 9n³ operations, where the cyclic Jacobi method of `ritz` takes some 8n³ a *sweep* and six to eight sweeps;
//! it stays the better choice for the tiny matrices there.
//!
//! Departure: the reflections are gathered in rows, so that a QL rotation touches two contiguous rows.

/// QL iterations for one eigenvalue after which it is taken as it stands; two or three are usual.
const ITERATIONS: usize = 60;

/// The eigenvalues of the symmetric n × n matrix `a` (row-major), ascending. On return row i of `vectors` is the
/// unit eigenvector of `values[i]`, and `a` is used up. Only finite input is meaningful.
///
/// # Panics
///
/// If the slices don't have n², n² and n entries.
pub(super) fn symmetric_eigen(a: &mut [f64], vectors: &mut [f64], values: &mut [f64]) {
    let n = values.len();
    assert_eq!((a.len(), vectors.len()), (n * n, n * n), "n = {n}");
    let mut off = vec![0.0; n];
    tridiagonalise(a, vectors, values, &mut off);
    diagonalise(vectors, values, &mut off);
    sort_ascending(values, vectors);
}

/// QAQᵀ tridiagonal with `diagonal` and `off` (off[i] couples i and i + 1); rows of Q in `q`.
fn tridiagonalise(a: &mut [f64], q: &mut [f64], diagonal: &mut [f64], off: &mut [f64]) {
    let n = diagonal.len();
    let (mut v, mut p) = (vec![0.0; n], vec![0.0; n]);
    for (i, entry) in q.iter_mut().enumerate() {
        *entry = f64::from(u8::from(i / n == i % n));
    }
    for k in 0..n {
        diagonal[k] = a[k * n + k];
        off[k] = 0.0;
        if k + 1 == n {
            break;
        }
        let scale = (k + 1..n).map(|i| a[k * n + i].abs()).fold(0.0, f64::max);
        if scale == 0.0 {
            continue;
        }
        // v = x − α e₁ for the scaled row x right of the diagonal; α opposite in sign to x₁, so nothing cancels.
        let mut square = 0.0;
        for i in k + 1..n {
            v[i] = a[k * n + i] / scale;
            square += v[i] * v[i];
        }
        let alpha = -square.sqrt().copysign(v[k + 1]);
        let beta = 1.0 / (square - alpha * v[k + 1]); // 2/‖v‖²
        v[k + 1] -= alpha;
        off[k] = alpha * scale;
        // A ← A − v wᵀ − w vᵀ, w = p − (β/2)(vᵀp) v, p = βAv.
        let mut along = 0.0;
        for i in k + 1..n {
            p[i] = beta * (k + 1..n).map(|j| a[i * n + j] * v[j]).sum::<f64>();
            along += p[i] * v[i];
        }
        for i in k + 1..n {
            p[i] -= 0.5 * beta * along * v[i];
        }
        for i in k + 1..n {
            let (vi, pi) = (v[i], p[i]);
            let row = &mut a[i * n + k + 1..(i + 1) * n];
            for ((entry, v), p) in row.iter_mut().zip(&v[k + 1..]).zip(&p[k + 1..]) {
                *entry -= vi * p + pi * v;
            }
        }
        // Q ← (1 − βvvᵀ) Q: rows only.
        p.fill(0.0);
        for i in k + 1..n {
            let row = &q[i * n..(i + 1) * n];
            p.iter_mut().zip(row).for_each(|(p, q)| *p += v[i] * q);
        }
        for i in k + 1..n {
            let factor = beta * v[i];
            let row = &mut q[i * n..(i + 1) * n];
            row.iter_mut().zip(&p).for_each(|(q, p)| *q -= factor * p);
        }
    }
}

/// Implicit QL on the tridiagonal (d, e), its rotations applied to the rows of `q`.
fn diagonalise(q: &mut [f64], d: &mut [f64], e: &mut [f64]) {
    let n = d.len();
    for l in 0..n {
        for _ in 0..ITERATIONS {
            // The first coupling from l on that no longer changes its neighbours.
            let small = |i: usize| e[i].abs() <= f64::EPSILON * (d[i].abs() + d[i + 1].abs());
            let m = (l..n - 1).find(|&i| small(i)).unwrap_or(n - 1);
            if m == l {
                break;
            }
            let mut g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let r = g.hypot(1.0);
            g = d[m] - d[l] + e[l] / (g + r.copysign(g));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut underflow = false;
            for i in (l..m).rev() {
                let (f, b) = (s * e[i], c * e[i]);
                let r = f.hypot(g);
                e[i + 1] = r;
                if r == 0.0 {
                    // The rotation is undefined: the matrix splits here.
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    underflow = true;
                    break;
                }
                (s, c) = (f / r, g / r);
                g = d[i + 1] - p;
                let r = (d[i] - g) * s + 2.0 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
                let (low, high) = q.split_at_mut((i + 1) * n);
                for (x, y) in low[i * n..].iter_mut().zip(&mut high[..n]) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
            }
            if !underflow {
                d[l] -= p;
                e[l] = g;
                e[m] = 0.0;
            }
        }
    }
}

/// Selection sort of the eigenvalues, moving the eigenvectors along.
fn sort_ascending(values: &mut [f64], vectors: &mut [f64]) {
    let n = values.len();
    for i in 0..n {
        let lowest = (i..n).min_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap_or(i);
        if lowest != i {
            values.swap(i, lowest);
            let (head, tail) = vectors.split_at_mut(lowest * n);
            head[i * n..(i + 1) * n].swap_with_slice(&mut tail[..n]);
        }
    }
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
        for (n, scale) in [(1, 1.0), (2, 1e-150), (3, 1e150), (40, 1.0), (114, 1e-3)] {
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
}
