//! Matrices among the components of a vector.
//!
//! Problem: an optimizer that orthogonalises a weight matrix needs products of matrices, which no sum, inner product or
//! component-wise formula gives. Few spaces can offer them: the components of a matrix must lie side by side in memory that
//! the processor reaches, and none of them may be frozen. So it is a trait of its own beside [`Updates`], and a space says of
//! each range whether it can be taken for a matrix.
//!
//! | formula | here |
//! |---|---|
//! | the components of a parameter group, row by row | [`Matrices::slice`] |
//! | C ← α A B + β C, C ← α A Bᵀ + β C | [`Matrices::multiply`] with a [`Factor`] |

use super::{Real, Updates};
use std::ops::Range;

/// The right factor of a product.
#[derive(Debug, Clone, Copy)]
pub enum Factor<'a, T> {
    /// B of k × n, row by row.
    Plain(&'a [T]),
    /// Bᵀ of a B of n × k, row by row.
    Transposed(&'a [T]),
}

/// A space some of whose components can be taken for matrices.
pub trait Matrices: Updates {
    /// A stored component.
    type Scalar: Real;

    /// The components of `range`, counted as by [`Updates::update`]; `None` unless they lie in one piece and all of them are free.
    fn slice<'a>(&self, range: Range<usize>, x: &'a Self::Vector) -> Option<&'a [Self::Scalar]>;

    /// The same, to be written; `None` where [`slice`](Self::slice) is.
    fn slice_mut<'a>(
        &self,
        range: Range<usize>,
        x: &'a mut Self::Vector,
    ) -> Option<&'a mut [Self::Scalar]>;

    /// C ← α A B + β C for A of m × k and C of m × n, row by row; `shape` is \[m, k, n\]. With β = 0 the old C is never read.
    ///
    /// The default is a plain loop on one thread; a space with a faster product overrides it. Its bits may not depend on the
    /// number of threads.
    ///
    /// # Panics
    ///
    /// If a slice has another length than its shape.
    fn multiply(
        &self,
        shape: [usize; 3],
        alpha: f64,
        a: &[Self::Scalar],
        b: Factor<'_, Self::Scalar>,
        beta: f64,
        c: &mut [Self::Scalar],
    ) {
        multiply(shape, alpha, a, b, beta, c);
    }
}

/// Partial sums of an inner product, enough for the compiler to vectorise it.
const LANES: usize = 8;

fn multiply<T: Real>(
    [m, k, n]: [usize; 3],
    alpha: f64,
    a: &[T],
    b: Factor<'_, T>,
    beta: f64,
    c: &mut [T],
) {
    let (Factor::Plain(right) | Factor::Transposed(right)) = b;
    assert_eq!([a.len(), right.len(), c.len()], [m * k, k * n, m * n], "factors of a product");
    if m * n == 0 {
        return;
    }
    for i in 0..m {
        let (row, c) = (&a[i * k..][..k], &mut c[i * n..][..n]);
        for c in &mut *c {
            *c = if beta == 0.0 { T::ZERO } else { T::from_f64(beta * c.to_f64()) };
        }
        match b {
            Factor::Plain(b) => {
                for (p, a) in row.iter().enumerate() {
                    let factor = alpha * a.to_f64();
                    for (c, b) in c.iter_mut().zip(&b[p * n..][..n]) {
                        *c = T::from_f64(c.to_f64() + factor * b.to_f64());
                    }
                }
            }
            Factor::Transposed(b) => {
                for (j, c) in c.iter_mut().enumerate() {
                    let sum = dot(row, &b[j * k..][..k]);
                    *c = T::from_f64(c.to_f64() + alpha * sum);
                }
            }
        }
    }
}

fn dot<T: Real>(x: &[T], y: &[T]) -> f64 {
    let mut sums = [0.0; LANES];
    let (x_chunks, x_rest) = x.as_chunks::<LANES>();
    let (y_chunks, y_rest) = y.as_chunks::<LANES>();
    for (x, y) in x_chunks.iter().zip(y_chunks) {
        for l in 0..LANES {
            sums[l] += x[l].to_f64() * y[l].to_f64();
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x.to_f64() * y.to_f64()).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;
    use crate::space::{Blocks, Host, Masked, Sharded, ThreadComm};

    #[test]
    fn products_are_those_of_the_definition() {
        let space = Host::<f64>::new();
        for [m, k, n] in [[1, 1, 1], [3, 19, 5], [4, 2, 9], [2, 0, 3], [0, 3, 2]] {
            let matrix = |seed, len| -> Vec<f64> { (0..len).map(|i| noise(seed, i)).collect() };
            let [a, b] = [matrix(1, (m * k) as u64), matrix(2, (k * n) as u64)];
            let turned: Vec<f64> = (0..k * n).map(|i| b[i % k * n + i / k]).collect();
            for (alpha, beta) in [(1.0, 0.0), (-0.5, 2.0)] {
                let old = matrix(3, (m * n) as u64);
                let by_hand: Vec<f64> = (0..m * n)
                    .map(|i| {
                        let sum = (0..k).map(|p| a[i / n * k + p] * b[p * n + i % n]).sum::<f64>();
                        alpha * sum + beta * old[i]
                    })
                    .collect();
                for factor in [Factor::Plain(&b[..]), Factor::Transposed(&turned[..])] {
                    let mut c = if beta == 0.0 { vec![f64::NAN; m * n] } else { old.clone() };
                    space.multiply([m, k, n], alpha, &a, factor, beta, &mut c);
                    // Sums of 20 numbers below 4, in another order.
                    let close = c.iter().zip(&by_hand).all(|(c, d)| (c - d).abs() < 1e-13);
                    assert!(close, "{m} {k} {n} {alpha} {beta}: {c:?} {by_hand:?}");
                }
            }
        }
    }

    #[test]
    fn a_matrix_lies_in_one_piece_and_is_free() {
        let blocks = Blocks::new(Host::<f32>::new());
        let mut x = vec![vec![1.0, 2.0], vec![3.0, 4.0, 5.0]];
        assert_eq!(blocks.slice(3..5, &x), Some(&[4.0, 5.0][..]));
        assert_eq!(blocks.slice(1..3, &x), None, "in two blocks");
        assert_eq!(blocks.slice(3..6, &x), None, "beyond the end");
        blocks.slice_mut(0..2, &mut x).unwrap()[1] = 9.0;
        assert_eq!(x[0], [1.0, 9.0]);

        let masked = Masked::frozen(Host::<f64>::new(), 6, std::iter::once(2..3)).unwrap();
        let y = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(masked.slice(3..6, &y), Some(&y[3..6]));
        assert_eq!(masked.slice(1..3, &y), None);
        let of_blocks = Masked::frozen(blocks, 2, std::iter::once(0..1)).unwrap();
        assert_eq!(of_blocks.slice(2..5, &x), Some(&[3.0, 4.0, 5.0][..]));
        assert_eq!(of_blocks.slice(0..2, &x), None);

        ThreadComm::run(2, |comm| {
            let part = [1.0, 2.0, 3.0];
            let sharded = Sharded::new(Host::<f64>::new(), comm, &part);
            // The range is that of this rank.
            assert_eq!(sharded.slice(1..3, &part), Some(&part[1..3]));
        });
    }
}
