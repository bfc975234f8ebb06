//! What a search has learned of the Hessian, or somebody else knows: a guess that a verification may be wrong about.

use super::coordinates::Coordinates;
use super::dense::multiply_vector;
use deo_core::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// A symmetric matrix in the place of the Hessian at some point, in coordinates of that point's space.
///
/// A [`Verification`](crate::Verification) that is given one is the cheaper the better it is, and as sound without: the
/// matrix is nothing but a change of variables there. [`NewtonSearch`](crate::NewtonSearch) has one to give.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HessianGuess<V> {
    /// e₁ … eᵣ of its coordinates.
    basis: Vec<V>,
    /// r × r, row-major.
    matrix: Vec<f64>,
}

impl<V> HessianGuess<V> {
    /// From r products: `apply(v, p)` makes p the guess times v. Only the symmetric part is used.
    ///
    /// It takes r vectors, and r² numbers.
    pub fn from_products<S: Space<Owned = V>>(
        space: &S,
        x: &S::Vector,
        apply: impl FnMut(&S::Vector, &mut S::Vector),
    ) -> Self {
        from_products(space, x, apply)
    }

    /// The matrix of a search.
    pub(super) fn of_search<S: Space<Owned = V>>(
        coordinates: Coordinates<S>,
        matrix: Vec<f64>,
    ) -> Self {
        HessianGuess { basis: coordinates.into_basis(), matrix }
    }

    /// The same guess in the coordinates of `x`, a point near by, and its matrix there.
    pub(super) fn at<S: Space<Owned = V>>(
        &self,
        space: &S,
        x: &S::Vector,
    ) -> (Coordinates<S>, Vec<f64>) {
        let here = Coordinates::<S>::copied(space, &self.basis);
        let r = here.count();
        let (mut u, mut p) = (vec![0.0; r], vec![0.0; r]);
        let there = from_products(space, x, |v, product| {
            here.of(space, v, &mut u);
            multiply_vector(&self.matrix, &u, &mut p);
            here.combine(space, &p, product);
        });
        (Coordinates::with_basis(there.basis), there.matrix)
    }
}

fn from_products<S: Space>(
    space: &S,
    x: &S::Vector,
    mut apply: impl FnMut(&S::Vector, &mut S::Vector),
) -> HessianGuess<S::Owned> {
    let coordinates = Coordinates::new(space, x);
    let r = coordinates.count();
    let (mut matrix, mut product) = (vec![0.0; r * r], space.zeros_like(x));
    for (e, row) in coordinates.basis().iter().zip(matrix.chunks_mut(r.max(1))) {
        apply(e.borrow(), product.borrow_mut());
        coordinates.of(space, product.borrow(), row);
    }
    for i in 0..r {
        for j in 0..i {
            let mean = 0.5 * (matrix[i * r + j] + matrix[j * r + i]);
            (matrix[i * r + j], matrix[j * r + i]) = (mean, mean);
        }
    }
    HessianGuess { basis: coordinates.into_basis(), matrix }
}
