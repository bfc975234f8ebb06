//! Small dense symmetric eigenproblems: the Rayleigh–Ritz step of a rotation.
//!
//! Given an orthonormal basis V of a few vectors and M = VᵀHV, the extreme eigenpair (θ, c) of M is the best
//! approximation that span V holds: θ = min over unit c of cᵀMc. Solved by cyclic Jacobi rotations (Golub &
//! Van Loan, §8.5): scale-free, branch-free in the angle, and accurate for the tiny sizes met here.

/// The sweeps after which Jacobi is stopped whatever happens: convergence is quadratic, and six to eight
/// sweeps suffice for any order below a hundred.
const SWEEPS: usize = 50;

/// The eigenvalues of the symmetric k × k matrix `m` (row-major), ascending in place of its diagonal's order.
///
/// On return row i of `vectors` is the unit eigenvector of `values[i]`, and `m` is used up. Only finite
/// input is meaningful.
///
/// # Panics
///
/// If the slices don't have k², k² and k entries.
pub(crate) fn symmetric_eigen(m: &mut [f64], vectors: &mut [f64], values: &mut [f64]) {
    let k = values.len();
    assert_eq!((m.len(), vectors.len()), (k * k, k * k), "k = {k}");
    for (i, v) in vectors.iter_mut().enumerate() {
        *v = f64::from(u8::from(i / k == i % k));
    }
    for _ in 0..SWEEPS {
        let off: f64 =
            (0..k).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| m[i * k + j].abs()).sum();
        let diagonal: f64 = (0..k).map(|i| m[i * k + i].abs()).sum();
        // Off-diagonal entries below a hundredth of a roundoff of the diagonal no longer change it.
        if off <= 0.01 * f64::EPSILON * diagonal {
            break;
        }
        for i in 1..k {
            for j in 0..i {
                annihilate(m, vectors, k, i, j);
            }
        }
    }
    for (i, value) in values.iter_mut().enumerate() {
        *value = m[i * k + i];
    }
    sort_ascending(values, vectors);
}

/// One Jacobi rotation: makes m[i][j] zero and applies the same rotation to the eigenvectors.
fn annihilate(m: &mut [f64], vectors: &mut [f64], k: usize, i: usize, j: usize) {
    let b = m[i * k + j];
    if b == 0.0 {
        return;
    }
    let a = (m[i * k + i] - m[j * k + j]) / 2.0;
    // tan of the smaller of the two angles that work: the standard stable root.
    let t = b / (a.abs() + a.hypot(b)) * if a < 0.0 { -1.0 } else { 1.0 };
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    let turn = |x: f64, y: f64| (c * x + s * y, c * y - s * x);
    for l in 0..k {
        (m[i * k + l], m[j * k + l]) = turn(m[i * k + l], m[j * k + l]);
    }
    for l in 0..k {
        (m[l * k + i], m[l * k + j]) = turn(m[l * k + i], m[l * k + j]);
        (vectors[i * k + l], vectors[j * k + l]) = turn(vectors[i * k + l], vectors[j * k + l]);
    }
    m[i * k + j] = 0.0;
    m[j * k + i] = 0.0;
}

/// Selection sort of the eigenvalues, moving the eigenvectors along.
fn sort_ascending(values: &mut [f64], vectors: &mut [f64]) {
    let k = values.len();
    for i in 0..k {
        let lowest = (i..k).min_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap_or(i);
        values.swap(i, lowest);
        for l in 0..k {
            vectors.swap(i * k + l, lowest * k + l);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;

    fn solve(m: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let k = m.len().isqrt();
        let (mut values, mut vectors) = (vec![0.0; k], vec![0.0; k * k]);
        symmetric_eigen(&mut m.to_vec(), &mut vectors, &mut values);
        (values, vectors)
    }

    fn random_symmetric(k: usize, seed: u64, scale: f64) -> Vec<f64> {
        let mut m = vec![0.0; k * k];
        for i in 0..k {
            for j in 0..=i {
                m[i * k + j] = scale * noise(seed, (i * k + j) as u64);
                m[j * k + i] = m[i * k + j];
            }
        }
        m
    }

    #[test]
    fn two_by_two_has_the_closed_form() {
        for (a, b, d) in [(2.0, 1.0, -3.0), (0.0, 5.0, 0.0), (1.0, 1e-9, 1.0), (-4.0, 0.0, -4.0)] {
            let (values, _) = solve(&[a, b, b, d]);
            let (mean, radius) = ((a + d) / 2.0, f64::hypot((a - d) / 2.0, b));
            // A few roundoffs of the largest entry.
            assert!((values[0] - (mean - radius)).abs() <= 8.0 * f64::EPSILON * radius.max(1.0));
            assert!((values[1] - (mean + radius)).abs() <= 8.0 * f64::EPSILON * radius.max(1.0));
        }
    }

    #[test]
    fn tridiagonal_laplacian_has_the_closed_form() {
        let k = 12;
        let mut m = vec![0.0; k * k];
        for i in 0..k {
            m[i * k + i] = 2.0;
            if i > 0 {
                (m[i * k + i - 1], m[(i - 1) * k + i]) = (-1.0, -1.0);
            }
        }
        for (i, value) in solve(&m).0.iter().enumerate() {
            let exact = 2.0 - 2.0 * (std::f64::consts::PI * (i + 1) as f64 / (k + 1) as f64).cos();
            assert!((value - exact).abs() < 1e-14 * 4.0, "{value} {exact}");
        }
    }

    #[test]
    fn pairs_satisfy_their_definition_at_every_scale() {
        for (k, scale) in [(1, 1.0), (2, 1e-150), (3, 1e150), (3, 1.0), (20, 1e-3)] {
            let m = random_symmetric(k, k as u64, scale);
            let (values, vectors) = solve(&m);
            for i in 0..k {
                let v = &vectors[i * k..(i + 1) * k];
                for r in 0..k {
                    let product: f64 = (0..k).map(|c| m[r * k + c] * v[c]).sum();
                    assert!((product - values[i] * v[r]).abs() < 1e-13 * scale * k as f64);
                }
                for j in 0..k {
                    let dot: f64 = (0..k).map(|c| v[c] * vectors[j * k + c]).sum();
                    assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-13);
                }
            }
            assert!(values.is_sorted());
        }
    }

    #[test]
    fn degenerate_and_zero_matrices_are_fine() {
        assert_eq!(solve(&[0.0; 9]).0, [0.0; 3]);
        assert_eq!(solve(&[3.0, 0.0, 0.0, 3.0]).0, [3.0, 3.0]);
    }
}
