//! Coordinates of a small space: an orthonormal basis, made from nothing but the space's own operations.
//!
//! A learned Hessian is a matrix, and a matrix needs coordinates. They are taken with respect to the *space's* inner
//! product: frozen components and rigid motions have none, a metric is already in them, and everything after is
//! Euclidean.
//!
//! u = Σ uᵢ eᵢ, uᵢ = ⟨eᵢ, u⟩, ⟨eᵢ, eⱼ⟩ = δᵢⱼ; eᵢ by Gram–Schmidt from the unit vectors, dependent ones left out.
//! It takes N r vectors of memory and O(N r²) operations once, r ≤ N the number of coordinates.

use crate::space::Space;
use std::borrow::BorrowMut;

/// The basis e₁ … e_r.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Coordinates<V> {
    basis: Vec<V>,
}

/// What is left of a unit vector that depends on the others is rounding, 1e-16, or its square root in spaces whose
/// inner product is a difference; what is left of an independent one is rarely below 1/N.
const DEPENDENT: f64 = 1e-6;

impl<V> Coordinates<V> {
    pub(super) fn new<S>(space: &S, like: &S::Vector) -> Self
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let mut basis: Vec<V> = Vec::new();
        let mut e = space.zeros_like(like);
        let mut scaled = space.zeros_like(like);
        for i in 0..space.len(like) as u64 {
            space.fill(e.borrow_mut(), &|j| f64::from(u8::from(i == j)));
            let mut norm = space.norm(e.borrow());
            // Thrice: where little is left of e, twice would leave an error of ε/DEPENDENT.
            for _ in 0..3 {
                for known in &basis {
                    space.deflate(1.0, known.borrow(), e.borrow_mut());
                }
                norm = space.norm(e.borrow());
            }
            if norm > DEPENDENT {
                space.axpby(1.0 / norm, e.borrow(), 0.0, scaled.borrow_mut());
                basis.push(std::mem::replace(&mut scaled, space.zeros_like(like)));
            }
        }
        Coordinates { basis }
    }

    /// r.
    pub(super) fn count(&self) -> usize {
        self.basis.len()
    }

    /// The coordinates of `v`.
    pub(super) fn of<S>(&self, space: &S, v: &S::Vector, coordinates: &mut [f64])
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        for (coordinate, e) in coordinates.iter_mut().zip(&self.basis) {
            *coordinate = space.dot(e.borrow(), v);
        }
    }

    /// y ← x + Σ uᵢ eᵢ.
    pub(super) fn displace<S>(&self, space: &S, u: &[f64], x: &S::Vector, y: &mut S::Vector)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        space.axpby(1.0, x, 0.0, y);
        for (u, e) in u.iter().zip(&self.basis) {
            space.axpby(*u, e.borrow(), 1.0, y);
        }
    }

    /// y ← Σ uᵢ eᵢ.
    pub(super) fn combine<S>(&self, space: &S, u: &[f64], y: &mut S::Vector)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        for (i, (u, e)) in u.iter().zip(&self.basis).enumerate() {
            space.axpby(*u, e.borrow(), if i == 0 { 0.0 } else { 1.0 }, y);
        }
    }
}
