//! A dense symmetric eigensolver for oracles: nalgebra's.
#![allow(unreachable_pub)] // a module of several programs

use nalgebra::{DMatrix, SymmetricEigen};

/// Eigenvalues ascending, and the eigenvector of each, of a symmetric row-major matrix.
pub fn eigen(matrix: &[f64]) -> Vec<(f64, Vec<f64>)> {
    let n = matrix.len().isqrt();
    let SymmetricEigen { eigenvalues, eigenvectors } =
        DMatrix::from_row_slice(n, n, matrix).symmetric_eigen();
    let vector = |i| eigenvectors.column(i).iter().copied().collect();
    let mut pairs: Vec<_> = (0..n).map(|i| (eigenvalues[i], vector(i))).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs
}
