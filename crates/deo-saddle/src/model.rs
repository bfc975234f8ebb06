//! Model Hessians: what is known of a surface before any of its gradients is seen.
//!
//! Problem: a search that begins with a scalar has to learn from its gradients that bonds are stiff and turns of a bond are
//! soft. A model B₀(x) knows it from the places of the atoms alone, or from a cheaper method, and unlike a matrix made at the
//! start it can be asked at *every* point: what is left to be learned is its error
//!
//! B = B₀(x) + E,  E fitted to what the model missed of every pair of gradients seen.
//!
//! | model | from |
//! |---|---|
//! | [`Lindh`] | elements and places: stretches, bends and torsions of a molecule |
//! | [`Springs`] | distances: springs between near atoms, of a metal, of a periodic cell; its scale is learned |
//! | [`Matrix`] | a matrix, the same everywhere |
//! | [`FromHessian`] | a function of the point: a cheaper method's Hessian |
//! | [`NoModel`] | nothing: B₀ is a multiple of one, learned |

mod internal;
mod lindh;
mod springs;
mod structure;

pub use lindh::Lindh;
pub use springs::Springs;
pub use structure::{Structure, StructureError};

use crate::dense::multiply_vector;

/// A Hessian guessed without gradients of the surface that is searched. `X` is what the search's space calls a vector.
///
/// A model keeps nothing that a search would miss when it is resumed: all is made from x and the gradient there.
pub trait ModelHessian<X: ?Sized> {
    /// Makes B₀ at `x`, where the gradient is `gradient`; false where there is none (a cheaper method that fails there).
    fn prepare(&mut self, x: &X, gradient: &X) -> bool;

    /// `product` ← B₀ `v` at the point last prepared: the change of the gradient for a displacement `v`.
    fn apply(&mut self, v: &X, product: &mut X);

    /// `change` ← by how much the gradient changes on the way from `x`, where it is `gradient`, to `to`, if the model
    /// knows better than the mean of its Hessians at the ends.
    fn change(&mut self, _x: &X, _gradient: &X, _to: &X, _change: &mut X) -> bool {
        false
    }

    /// `to` ← where a way of direction and length `step` leads that follows the model's own coordinates, if it has any:
    /// bonds keep their lengths on a turn. False leaves x + step.
    fn follow(&mut self, _x: &X, _step: &X, _to: &mut X) -> bool {
        false
    }

    /// Is B₀ known only up to a factor, which the search is to learn?
    fn is_relative(&self) -> bool {
        false
    }

    /// The length of a displacement, and the size of a gradient, by which radii and the tolerance are meant, such as that
    /// of the atom with the largest; `None` for the norm of the space.
    fn size(&self, _v: &X) -> Option<f64> {
        None
    }
}

/// No model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoModel;

impl<X: ?Sized> ModelHessian<X> for NoModel {
    fn prepare(&mut self, _x: &X, _gradient: &X) -> bool {
        false
    }

    fn apply(&mut self, _v: &X, _product: &mut X) {}
}

/// Columns are taken one by one if there are so many rows to each: a cache line of eight numbers is fetched for every entry.
const SPARSE: usize = 16;

/// The largest of the vectors of three components.
fn largest(v: &[f64]) -> f64 {
    v.chunks(3).map(|a| a.iter().map(|a| a * a).sum::<f64>()).fold(0.0, f64::max).sqrt()
}

/// y ← Av for a row-major square matrix.
fn multiply(a: &[f64], v: &[f64], y: &mut [f64]) {
    let n = v.len();
    let components = v.iter().enumerate().filter(|(_, v)| **v != 0.0);
    if SPARSE * components.clone().count() > n {
        return multiply_vector(a, v, y);
    }
    // A search asks for the columns of the matrix, one by one.
    y.fill(0.0);
    for (j, v) in components {
        y.iter_mut().zip(a[j..].iter().step_by(n)).for_each(|(y, a)| *y += a * v);
    }
}

/// The Hessian of a function of the point, N × N row-major, asked once at every point that is stepped to.
pub struct FromHessian<F> {
    hessian: F,
    matrix: Vec<f64>,
    /// Whether lengths are those of atoms, of three components each.
    atoms: bool,
}

impl<F: FnMut(&[f64]) -> Option<Vec<f64>>> FromHessian<F> {
    /// `hessian` gives N² numbers at a point of N, or `None` where it can't. Only its symmetric part is used.
    pub fn new(hessian: F) -> Self {
        FromHessian { hessian, matrix: Vec::new(), atoms: false }
    }

    /// Radii and the tolerance are meant for the atom that moves farthest: components come in threes.
    #[must_use]
    pub fn of_atoms(self) -> Self {
        FromHessian { atoms: true, ..self }
    }
}

impl<F: FnMut(&[f64]) -> Option<Vec<f64>>> ModelHessian<[f64]> for FromHessian<F> {
    fn prepare(&mut self, x: &[f64], _gradient: &[f64]) -> bool {
        let Some(matrix) = (self.hessian)(x) else { return false };
        let good = matrix.len() == x.len() * x.len() && matrix.iter().all(|h| h.is_finite());
        self.matrix = matrix;
        good
    }

    fn apply(&mut self, v: &[f64], product: &mut [f64]) {
        multiply(&self.matrix, v, product);
    }

    fn size(&self, v: &[f64]) -> Option<f64> {
        self.atoms.then(|| largest(v))
    }
}

/// The same matrix at every point, N × N row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    matrix: Vec<f64>,
    atoms: bool,
}

impl Matrix {
    /// Only the symmetric part of `matrix` is used.
    pub fn new(matrix: Vec<f64>) -> Self {
        Matrix { matrix, atoms: false }
    }

    /// Radii and the tolerance are meant for the atom that moves farthest: components come in threes.
    #[must_use]
    pub fn of_atoms(self) -> Self {
        Matrix { atoms: true, ..self }
    }
}

impl ModelHessian<[f64]> for Matrix {
    fn prepare(&mut self, x: &[f64], _gradient: &[f64]) -> bool {
        self.matrix.len() == x.len() * x.len() && self.matrix.iter().all(|h| h.is_finite())
    }

    fn apply(&mut self, v: &[f64], product: &mut [f64]) {
        multiply(&self.matrix, v, product);
    }

    fn size(&self, v: &[f64]) -> Option<f64> {
        self.atoms.then(|| largest(v))
    }
}
