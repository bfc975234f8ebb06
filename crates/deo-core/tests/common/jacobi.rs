//! A dense symmetric eigensolver for oracles: classical Jacobi (Golub & Van Loan §8.5), largest off-diagonal entry
//! first.
#![allow(unreachable_pub)] // a module of several test binaries

/// Eigenvalues ascending, and the eigenvector of each, of a symmetric row-major matrix.
pub fn eigen(matrix: &[f64]) -> Vec<(f64, Vec<f64>)> {
    let n = matrix.len().isqrt();
    let mut m = matrix.to_vec();
    let mut v: Vec<f64> = (0..n * n).map(|i| if i / n == i % n { 1.0 } else { 0.0 }).collect();
    loop {
        let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
        let largest =
            pairs.max_by(|a, b| m[a.0 * n + a.1].abs().total_cmp(&m[b.0 * n + b.1].abs()));
        let Some((i, j)) = largest else { break };
        let scale = (0..n).map(|k| m[k * n + k].abs()).fold(0.0, f64::max);
        // Sixteen digits are exhausted here.
        if m[i * n + j].abs() <= 1e-16 * scale {
            break;
        }
        let angle = 0.5 * (2.0 * m[i * n + j]).atan2(m[i * n + i] - m[j * n + j]);
        let (s, c) = angle.sin_cos();
        for k in 0..n {
            let (a, b) = (m[i * n + k], m[j * n + k]);
            (m[i * n + k], m[j * n + k]) = (c * a + s * b, c * b - s * a);
        }
        for k in 0..n {
            let (a, b) = (m[k * n + i], m[k * n + j]);
            (m[k * n + i], m[k * n + j]) = (c * a + s * b, c * b - s * a);
            let (a, b) = (v[k * n + i], v[k * n + j]);
            (v[k * n + i], v[k * n + j]) = (c * a + s * b, c * b - s * a);
        }
        (m[i * n + j], m[j * n + i]) = (0.0, 0.0);
    }
    let column = |j: usize| (0..n).map(|i| v[i * n + j]).collect::<Vec<f64>>();
    let mut pairs: Vec<_> = (0..n).map(|j| (m[j * n + j], column(j))).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs
}
