use super::{EigenError, symmetric_eigen};
use std::f64::consts::PI;

/// A symmetric matrix with components in (−1, 1).
fn random(n: usize) -> Vec<f64> {
    let noise = |i: usize, j: usize| {
        ((i * 7919 + j * 104_729 + 1) as f64 * 0.618_033_988_749_895).fract() * 2.0 - 1.0
    };
    (0..n * n).map(|k| noise((k / n).max(k % n), (k / n).min(k % n))).collect()
}

/// The tolerance of what the solver promises: n ε ‖A‖, and a factor of 10 for its constant.
fn tolerance(n: usize, norm: f64) -> f64 {
    10.0 * (n as f64) * f64::EPSILON * norm
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[test]
fn laplacian_in_one_dimension() {
    for n in [1usize, 2, 3, 10, 127, 128, 129, 200] {
        let laplacian: Vec<f64> = (0..n * n)
            .map(|k| match (k / n).abs_diff(k % n) {
                0 => 2.0,
                1 => -1.0,
                _ => 0.0,
            })
            .collect();
        let eigen = symmetric_eigen(&laplacian, n).unwrap();
        for i in 0..n {
            let angle = (i + 1) as f64 * PI / (n + 1) as f64;
            let want = 2.0 - 2.0 * angle.cos();
            assert!((eigen.values[i] - want).abs() < tolerance(n, 4.0), "n = {n}, i = {i}");
            // vᵢ is sin((i + 1) j π/(n + 1)), of norm √((n + 1)/2). Its error is that of the matrix over the gap.
            let gap = 4.0 * (PI / (2 * (n + 1)) as f64).sin().powi(2);
            let wave: Vec<f64> =
                (1..=n).map(|j| (j as f64 * angle).sin() * (2.0 / (n + 1) as f64).sqrt()).collect();
            let overlap: f64 = eigen.vector(i).iter().zip(&wave).map(|(x, y)| x * y).sum();
            assert!(
                (overlap.abs() - 1.0).abs() < tolerance(n, 4.0) / gap,
                "n = {n}, i = {i}: {overlap}"
            );
        }
    }
}

#[test]
fn rotated_diagonal_of_order_two() {
    for angle in [0.0, 0.3, 1.0, PI / 2.0, 2.5] {
        let (s, c) = f64::sin_cos(angle);
        let (low, high) = (-3.0, 0.5);
        let off = (low - high) * s * c;
        let a = [low * c * c + high * s * s, off, off, low * s * s + high * c * c];
        let eigen = symmetric_eigen(&a, 2).unwrap();
        assert!((eigen.values[0] - low).abs() < tolerance(2, 3.0));
        assert!((eigen.values[1] - high).abs() < tolerance(2, 3.0));
        let overlap = eigen.vector(0)[0] * c + eigen.vector(0)[1] * s;
        assert!((overlap.abs() - 1.0).abs() < tolerance(2, 3.0), "angle {angle}");
    }
}

#[test]
fn pairs_rebuild_the_matrix_and_are_orthonormal() {
    for n in [0, 1, 2, 5, 64, 65, 150, 257] {
        let a = random(n);
        let eigen = symmetric_eigen(&a, n).unwrap();
        let size = norm(&a);
        assert!(eigen.values.is_sorted());
        for i in 0..n {
            for j in 0..n {
                let rebuilt: f64 =
                    (0..n).map(|k| eigen.values[k] * eigen.vector(k)[i] * eigen.vector(k)[j]).sum();
                assert!((rebuilt - a[i * n + j]).abs() < tolerance(n, size), "n = {n}, ({i}, {j})");
                let product: f64 =
                    eigen.vector(i).iter().zip(eigen.vector(j)).map(|(x, y)| x * y).sum();
                let want = f64::from(u8::from(i == j));
                assert!((product - want).abs() < tolerance(n, 1.0), "n = {n}, ⟨v{i}, v{j}⟩");
            }
        }
    }
}

#[test]
fn agrees_with_another_solver() {
    for n in [3, 40, 130] {
        let a = random(n);
        let other = nalgebra::DMatrix::from_row_slice(n, n, &a).symmetric_eigen();
        let mut want: Vec<f64> = other.eigenvalues.iter().copied().collect();
        want.sort_by(f64::total_cmp);
        for (got, want) in symmetric_eigen(&a, n).unwrap().values.iter().zip(&want) {
            assert!((got - want).abs() < tolerance(n, norm(&a)), "n = {n}: {got} against {want}");
        }
    }
}

#[test]
fn the_scale_of_the_matrix_does_not_matter() {
    let n = 20;
    let a = random(n);
    let want = symmetric_eigen(&a, n).unwrap();
    for scale in [1e-300f64, 1e-160, 1e160, 1e305] {
        let scaled: Vec<f64> = a.iter().map(|a| a * scale).collect();
        let got = symmetric_eigen(&scaled, n).unwrap();
        for (got, want) in got.values.iter().zip(&want.values) {
            assert!((got / scale - want).abs() < tolerance(n, norm(&a)), "{scale:e}");
        }
    }
}

#[test]
fn degenerate_matrices() {
    let n = 100;
    let identity: Vec<f64> = (0..n * n).map(|k| f64::from(u8::from(k / n == k % n))).collect();
    assert_eq!(symmetric_eigen(&identity, n).unwrap().values, vec![1.0; n]);
    assert_eq!(symmetric_eigen(&vec![0.0; n * n], n).unwrap().values, vec![0.0; n]);
    let ones = symmetric_eigen(&vec![1.0; n * n], n).unwrap().values;
    assert!((ones[n - 1] - n as f64).abs() < tolerance(n, n as f64));
    assert!(ones[n - 2].abs() < tolerance(n, n as f64) && ones[0].abs() < tolerance(n, n as f64));
}

#[test]
fn what_is_no_symmetric_matrix_is_refused() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for n in [3, 70, 140] {
            let mut a = random(n);
            a[n + 2] = value;
            match symmetric_eigen(&a, n) {
                Err(EigenError::NonFinite { row: 1, col: 2, value: found }) => {
                    assert_eq!(found.to_bits(), value.to_bits());
                }
                other => panic!("{other:?}"),
            }
        }
    }
    let a = [1.0, 2.0, 2.0 + 1e-9, 1.0];
    let error = symmetric_eigen(&a, 2).unwrap_err();
    assert_eq!(
        error,
        EigenError::NotSymmetric { row: 0, col: 1, value: 2.0, mirrored: 2.0 + 1e-9 }
    );
    // One hundredth of the tolerance.
    assert!(symmetric_eigen(&[1.0, 2.0, 2.0 + 2e-12, 1.0], 2).is_ok());
}

#[test]
#[should_panic(expected = "a slice of 5 components is no matrix of order 2")]
fn the_slice_is_the_matrix() {
    let _ = symmetric_eigen(&[0.0; 5], 2);
}
