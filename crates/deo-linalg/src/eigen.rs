//! Eigenvalues and eigenvectors of a dense symmetric matrix: A = Σᵢ λᵢ vᵢ vᵢᵀ.
//!
//! Problem: curvature that was found by iteration is checked against a solver that finds all of it. The solver is
//! faer's. This module gives slices to it, and refuses NaN, to which faer answers with NaN or with an error depending on
//! the size of the matrix, and what is not symmetric. It runs on the calling thread, so the number of threads changes no bit.

use crate::vzeroupper::vzeroupper;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{ColMut, MatMut, MatRef, Par, Spec};

/// Asymmetry, relative to the largest |aᵢⱼ|, that is taken for rounding.
///
/// Sums of a million products that differ in order alone differ by some 1e-13 of their size. An asymmetry a thousand
/// times larger is no rounding, and eigenvalues of the symmetric part would hide it.
const ASYMMETRY: f64 = 1e-10;

/// The eigenpairs of a symmetric matrix of order n, lowest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// λ₀ ≤ λ₁ ≤ …
    pub values: Vec<f64>,
    /// n × n in row-major order: row i is vᵢ, a unit vector of undetermined sign.
    pub vectors: Vec<f64>,
}

impl Eigen {
    /// vᵢ, n components of unit length.
    ///
    /// # Panics
    ///
    /// If there is no i-th pair.
    pub fn vector(&self, i: usize) -> &[f64] {
        let n = self.values.len();
        assert!(i < n, "eigenvector {i} of {n}");
        &self.vectors[i * n..(i + 1) * n]
    }
}

/// Why there are no eigenpairs.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EigenError {
    /// A component is infinite or NaN.
    #[error("component ({row}, {col}) is {value}; every component must be finite")]
    NonFinite {
        /// Its row, from 0.
        row: usize,
        /// Its column, from 0.
        col: usize,
        /// Its value.
        value: f64,
    },
    /// The matrix differs from its transpose by more than rounding.
    #[error(
        "component ({row}, {col}) is {value} and its mirror image {mirrored}; a symmetric matrix has them equal to 1e-10 of its largest component"
    )]
    NotSymmetric {
        /// i, from 0.
        row: usize,
        /// j, from 0.
        col: usize,
        /// aᵢⱼ.
        value: f64,
        /// aⱼᵢ.
        mirrored: f64,
    },
    /// The iteration did not converge.
    #[error("the iteration did not converge for a finite symmetric matrix of order {order}")]
    NoConvergence {
        /// The order n of the matrix.
        order: usize,
    },
}

/// All eigenpairs of the symmetric n × n matrix `a`, given in row-major order.
///
/// Takes O(n³) time and memory for some 4n² numbers. The absolute error of every eigenvalue is a small multiple of
/// n ε ‖A‖. The solver is faer's: reduction to tridiagonal form, then divide and conquer
/// or, for a small matrix, the QR algorithm.
///
/// # Errors
///
/// [`EigenError::NonFinite`] if a component is infinite or NaN, [`EigenError::NotSymmetric`] if |aᵢⱼ − aⱼᵢ| is above
/// 1e-10 of the largest component, [`EigenError::NoConvergence`] if the iteration does not converge.
///
/// # Panics
///
/// If `a.len() != n²`.
///
/// # Examples
///
/// ```
/// use deo_linalg::eigen::symmetric_eigen;
/// let saddle = symmetric_eigen(&[1.0, 2.0, 2.0, 1.0], 2)?;
/// assert!((saddle.values[0] + 1.0).abs() < 1e-15 && (saddle.values[1] - 3.0).abs() < 1e-15);
/// let lowest = saddle.vector(0);
/// assert!((lowest[0] + lowest[1]).abs() < 1e-15); // ±(1, −1)/√2
/// # Ok::<(), deo_linalg::eigen::EigenError>(())
/// ```
#[track_caller]
pub fn symmetric_eigen(a: &[f64], n: usize) -> Result<Eigen, EigenError> {
    assert_eq!(
        Some(a.len()),
        n.checked_mul(n),
        "a slice of {} components is no matrix of order {n}",
        a.len()
    );
    if n == 0 {
        // faer's workspace formula underflows for a matrix without components.
        return Ok(Eigen { values: Vec::new(), vectors: Vec::new() });
    }
    let largest = check_finite(a, n)?;
    check_symmetric(a, n, largest)?;

    // Some power of two near the largest component: divided by it, which is exact, no square over- or underflows.
    let scale = power_of_two(largest);
    let half = |i, j| 0.5 * (a[i * n + j] / scale) + 0.5 * (a[j * n + i] / scale);
    let a: Vec<f64> = (0..n * n).map(|k| half(k / n, k % n)).collect();

    let mut values = vec![0.0; n];
    // faer writes vᵢ to column i: column-major, these are the rows that we return.
    let mut vectors = vec![0.0; n * n];
    let params = Spec::default();
    let scratch = self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, Par::Seq, params);
    let solved = self_adjoint_evd(
        MatRef::from_row_major_slice(&a, n, n),
        ColMut::from_slice_mut(&mut values).as_diagonal_mut(),
        Some(MatMut::from_column_major_slice_mut(&mut vectors, n, n)),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        params,
    );
    vzeroupper();
    match solved {
        Ok(()) => {
            values.iter_mut().for_each(|value| *value *= scale);
            Ok(Eigen { values, vectors })
        }
        Err(_) => Err(EigenError::NoConvergence { order: n }),
    }
}

/// The largest |aᵢⱼ|.
fn check_finite(a: &[f64], n: usize) -> Result<f64, EigenError> {
    let mut largest = 0.0f64;
    for (k, &value) in a.iter().enumerate() {
        if !value.is_finite() {
            let (row, col) = (k / n, k % n);
            return Err(EigenError::NonFinite { row, col, value });
        }
        largest = largest.max(value.abs());
    }
    Ok(largest)
}

fn check_symmetric(a: &[f64], n: usize, largest: f64) -> Result<(), EigenError> {
    for row in 0..n {
        for col in row + 1..n {
            let (value, mirrored) = (a[row * n + col], a[col * n + row]);
            // Half of each, for the difference of two large numbers may overflow.
            if (0.5 * value - 0.5 * mirrored).abs() > 0.5 * ASYMMETRY * largest {
                return Err(EigenError::NotSymmetric { row, col, value, mirrored });
            }
        }
    }
    Ok(())
}

/// The power of two at or below a normal number; 1 for zero and for subnormal numbers.
fn power_of_two(value: f64) -> f64 {
    if value.is_normal() {
        const EXPONENT: u64 = 0x7ff << 52;
        f64::from_bits(value.to_bits() & EXPONENT)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests;
