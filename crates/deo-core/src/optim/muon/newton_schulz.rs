//! U Vᵀ of a matrix X = U Σ Vᵀ by products alone, roughly.
//!
//! ```text
//! X ← X/max(‖X‖_F, ε);   n times: X ← a X + (b G + c G²) X, G = X Xᵀ
//! ```
//!
//! Each singular value goes by σ ← aσ + bσ³ + cσ⁵. With the default coefficients, which are steep at 0 (σ = 1e-3 is above ½ after
//! five), it doesn't converge to 1, but stays between 0.7 and 1.2. A matrix with more rows than columns is turned
//! beforehand, so that G is the smaller of the two.
//!
//! Coefficients: K. Jordan, as in the header of [`muon`](super). The iteration: Å. Björck & C. Bowie, SIAM J. Numer.
//! Anal. 8, 358 (1971).

use crate::optim::error::epsilon;
use crate::setting::{SettingError, finite, require};
use crate::space::{Factor, Matrices, Real};

/// The iteration; the default is PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NewtonSchulz {
    /// a, b, c.
    /// Default: 3.4445, −4.7750, 2.0315.
    pub coefficients: [f64; 3],
    /// n, 99 at most.
    /// Default: 5.
    pub iterations: usize,
    /// ε: at least 1e-30. A matrix with a norm below it isn't brought to length 1, so that zeros stay zeros.
    /// Default: 1e-7, in the units of a gradient.
    pub epsilon: f64,
}

impl Default for NewtonSchulz {
    fn default() -> Self {
        NewtonSchulz { coefficients: [3.4445, -4.7750, 2.0315], iterations: 5, epsilon: 1e-7 }
    }
}

/// Scratch for the largest matrix. It is no state: it is equal to any other, and nothing of it is stored.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "()", from = "()", bound = "T: Clone"))]
pub(super) struct Work<T> {
    x: Vec<T>,
    next: Vec<T>,
    gram: Vec<T>,
    update: Vec<T>,
}

impl<T> PartialEq for Work<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> From<()> for Work<T> {
    fn from((): ()) -> Self {
        Work { x: vec![], next: vec![], gram: vec![], update: vec![] }
    }
}

impl<T> From<Work<T>> for () {
    fn from(_: Work<T>) -> Self {}
}

impl<T: Real> Work<T> {
    /// Room for a matrix of that shape.
    pub(super) fn fit(&mut self, [rows, columns]: [usize; 2]) {
        let (all, square) = (rows * columns, rows.min(columns).pow(2));
        for (vector, len) in [
            (&mut self.x, all),
            (&mut self.next, all),
            (&mut self.gram, square),
            (&mut self.update, square),
        ] {
            if vector.len() < len {
                vector.resize(len, T::ZERO);
            }
        }
    }
}

impl NewtonSchulz {
    pub(super) fn validate(&self) -> Result<(), SettingError> {
        for value in self.coefficients {
            finite("Newton–Schulz coefficients", value)?;
        }
        require(self.iterations < 100, "Newton–Schulz iterations", self.iterations, "below 100")?;
        epsilon("Newton–Schulz epsilon", self.epsilon)
    }

    /// x ← U Vᵀ for a matrix x of that shape, row by row.
    pub(super) fn orthogonalise<S: Matrices>(
        &self,
        space: &S,
        shape: [usize; 2],
        x: &mut [S::Scalar],
        work: &mut Work<S::Scalar>,
    ) {
        work.fit(shape);
        let [rows, columns] = shape;
        let (short, long) = (rows.min(columns), rows.max(columns));
        let turned = rows > columns;
        let norm = x.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt();
        let scale = norm.max(self.epsilon).recip();
        let Work { x: current, next, gram, update } = work;
        let (mut current, mut next) = (&mut current[..x.len()], &mut next[..x.len()]);
        let (gram, update) = (&mut gram[..short * short], &mut update[..short * short]);
        let place = |i: usize| if turned { i % columns * rows + i / columns } else { i };
        for (i, x) in x.iter().enumerate() {
            current[place(i)] = S::Scalar::from_f64(scale * x.to_f64());
        }
        let [a, b, c] = self.coefficients;
        for _ in 0..self.iterations {
            let squares = [short, long, short];
            space.multiply(squares, 1.0, current, Factor::Transposed(current), 0.0, gram);
            update.copy_from_slice(gram);
            space.multiply([short; 3], c, gram, Factor::Plain(gram), b, update);
            next.copy_from_slice(current);
            space.multiply([short, short, long], 1.0, update, Factor::Plain(current), a, next);
            std::mem::swap(&mut current, &mut next);
        }
        for (i, x) in x.iter_mut().enumerate() {
            *x = current[place(i)];
        }
    }
}
