//! Coordinates of a small space: an orthonormal basis, made from nothing but the space's own operations.
//!
//! A learned Hessian is a matrix, and a matrix needs coordinates. They are taken with respect to the *space's* inner
//! product: frozen components and rigid motions have none, a metric is already in them, and everything after is
//! Euclidean.
//!
//! u = Σ uᵢ eᵢ, uᵢ = ⟨eᵢ, u⟩, ⟨eᵢ, eⱼ⟩ = δᵢⱼ; eᵢ by Gram–Schmidt from the unit vectors 1ᵢ, dependent ones left out.
//! It takes N r vectors' components of memory, r ≤ N the number of coordinates.
//!
//! **Cost.** Gram–Schmidt takes O(N³). Two kinds of Gram matrix G, Gᵢⱼ = ⟨1ᵢ, 1ⱼ⟩, need no such thing, and are told from
//! products with a few random vectors:
//!
//! | G | which space | eᵢ | operations |
//! |---|---|---|---|
//! | diagonal | plain, with frozen components, with weights | 1ᵢ/√Gᵢᵢ | N² |
//! | 1 − ZZᵀ, Z of k columns | a free body | what is left of 1ᵢ orthogonal to the rows ≥ i of Z | N² k |
//! | any other | | by Gram–Schmidt | N³ |
//!
//! The second is Gram–Schmidt all the same: the span of 1₁ … 1ᵢ₋₁ and Z is that of 1₁ … 1ᵢ₋₁ and of Z with its rows
//! before i set to zero.

use super::learned::{add, dot, norm};
use deo_core::noise::noise;
use deo_core::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// The basis e₁ … e_r.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub(super) struct Coordinates<S: Space> {
    basis: Vec<S::Owned>,
}

/// What is left of a unit vector that depends on the others is rounding, 1e-16, or its square root in spaces whose
/// inner product is a difference; what is left of an independent one is rarely below 1/N.
const DEPENDENT: f64 = 1e-6;

/// Random vectors that G is multiplied by: one more than the six motions of a body, and one to check with.
const PROBES: usize = 8;

impl<S: Space> Coordinates<S> {
    pub(super) fn new(space: &S, like: &S::Vector) -> Self {
        let gram = Gram::of(space, like);
        // Columns of other spaces are rounded to the storage type's ε.
        let tolerance = DEPENDENT.max(1e3 * space.epsilon());
        if gram.is_diagonal(tolerance) {
            return Coordinates::scaled_units(space, like, &gram.squares);
        }
        match gram.complement(tolerance) {
            Some(motions) => Coordinates::orthogonal_to(space, like, motions),
            None => Coordinates::by_gram_schmidt(space, like),
        }
    }

    fn scaled_units(space: &S, like: &S::Vector, squares: &[f64]) -> Self {
        let largest = squares.iter().fold(0.0, |m: f64, s| m.max(*s));
        let free =
            squares.iter().enumerate().filter(|(_, s)| **s > DEPENDENT * DEPENDENT * largest);
        let vector = |(i, square): (usize, &f64)| {
            let mut e = space.zeros_like(like);
            let length = 1.0 / square.sqrt();
            space.fill(e.borrow_mut(), &|j| if i as u64 == j { length } else { 0.0 });
            e
        };
        Coordinates { basis: free.map(vector).collect() }
    }

    /// The units orthogonal to the orthonormal columns `z`, which are used up: at each i one column alone is made to
    /// reach row i, and a plane rotation of it and 1ᵢ takes the row away.
    fn orthogonal_to(space: &S, like: &S::Vector, mut z: Vec<Vec<f64>>) -> Self {
        let n = space.len(like);
        let mut basis = Vec::with_capacity(n - z.len());
        for i in 0..n {
            let cosine = gather_row(&mut z, i);
            z.iter_mut().for_each(|z| z[i] = 0.0);
            let sine = z.first().map_or(1.0, |z| norm(z));
            if sine <= DEPENDENT {
                // 1ᵢ lies in the span: it has no part of its own, and the column is done with.
                z.remove(0);
                continue;
            }
            let mut e = space.zeros_like(like);
            let column = z.first().map_or(&[][..], |z| &z[..]);
            space.fill(e.borrow_mut(), &|j| match j as usize {
                j if j == i => sine,
                j => column.get(j).map_or(0.0, |z| -cosine * z / sine),
            });
            basis.push(e);
            if let Some(column) = z.first_mut() {
                column.iter_mut().for_each(|z| *z /= sine);
            }
        }
        Coordinates { basis }
    }

    fn by_gram_schmidt(space: &S, like: &S::Vector) -> Self {
        let mut basis: Vec<S::Owned> = Vec::new();
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

    /// Those of `basis`, which is that of others of the same space.
    pub(super) fn with_basis(basis: Vec<S::Owned>) -> Self {
        Coordinates { basis }
    }

    /// The same of a copy.
    pub(super) fn copied(space: &S, basis: &[S::Owned]) -> Self {
        Coordinates { basis: basis.iter().map(|e| super::copied(space, e.borrow())).collect() }
    }

    /// e₁ … eᵣ.
    pub(super) fn basis(&self) -> &[S::Owned] {
        &self.basis
    }

    /// The same, without a copy.
    pub(super) fn into_basis(self) -> Vec<S::Owned> {
        self.basis
    }

    /// r.
    pub(super) fn count(&self) -> usize {
        self.basis.len()
    }

    /// The coordinates of `v`.
    pub(super) fn of(&self, space: &S, v: &S::Vector, coordinates: &mut [f64]) {
        for (coordinate, e) in coordinates.iter_mut().zip(&self.basis) {
            *coordinate = space.dot(e.borrow(), v);
        }
    }

    /// y ← x + Σ uᵢ eᵢ.
    pub(super) fn displace(&self, space: &S, u: &[f64], x: &S::Vector, y: &mut S::Vector) {
        space.copy(x, y);
        for (u, e) in u.iter().zip(&self.basis) {
            space.axpby(*u, e.borrow(), 1.0, y);
        }
    }

    /// y ← Σ uᵢ eᵢ.
    pub(super) fn combine(&self, space: &S, u: &[f64], y: &mut S::Vector) {
        for (i, (u, e)) in u.iter().zip(&self.basis).enumerate() {
            space.axpby(*u, e.borrow(), if i == 0 { 0.0 } else { 1.0 }, y);
        }
    }
}

/// What is known of G: its diagonal, and its products with random vectors.
struct Gram {
    squares: Vec<f64>,
    /// vₖ, and Gvₖ.
    probes: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Gram {
    fn of<S: Space>(space: &S, like: &S::Vector) -> Self {
        let n = space.len(like);
        let vectors: Vec<S::Owned> = (0..PROBES as u64)
            .map(|k| {
                let mut v = space.zeros_like(like);
                space.fill(v.borrow_mut(), &|j| noise(k, j));
                v
            })
            .collect();
        let coefficients = |k: u64| (0..n as u64).map(|j| noise(k, j)).collect();
        let mut gram = Gram {
            squares: Vec::with_capacity(n),
            probes: (0..PROBES as u64).map(|k| (coefficients(k), Vec::with_capacity(n))).collect(),
        };
        let mut unit = space.zeros_like(like);
        for i in 0..n as u64 {
            space.fill(unit.borrow_mut(), &|j| f64::from(u8::from(i == j)));
            gram.squares.push(space.dot(unit.borrow(), unit.borrow()));
            for ((_, product), v) in gram.probes.iter_mut().zip(&vectors) {
                product.push(space.dot(unit.borrow(), v.borrow()));
            }
        }
        gram
    }

    fn is_diagonal(&self, tolerance: f64) -> bool {
        self.probes.iter().all(|(v, gv)| {
            let off = v.iter().zip(gv).zip(&self.squares).map(|((v, gv), square)| gv - square * v);
            norm(&off.collect::<Vec<f64>>()) <= tolerance * norm(gv)
        })
    }

    /// Z, if G = 1 − ZZᵀ with fewer columns than probes.
    fn complement(&self, tolerance: f64) -> Option<Vec<Vec<f64>>> {
        let mut z: Vec<Vec<f64>> = Vec::new();
        for (v, gv) in &self.probes {
            let mut left: Vec<f64> = v.iter().zip(gv).map(|(v, gv)| v - gv).collect();
            for _ in 0..2 {
                z.iter().for_each(|z| add(-dot(z, &left), z, &mut left));
            }
            let length = norm(&left);
            if length > tolerance * norm(v) {
                left.iter_mut().for_each(|l| *l /= length);
                z.push(left);
            }
        }
        // A random vector that had no part in making Z; and a metric would give ZᵀZ ≠ 1.
        let (v, gv) = self.probes.last()?;
        let mut rest: Vec<f64> = v.iter().zip(gv).map(|(v, gv)| v - gv).collect();
        z.iter().for_each(|z| add(-dot(z, v), z, &mut rest));
        (z.len() < PROBES && norm(&rest) <= tolerance * norm(v)).then_some(z)
    }
}

/// Turns the columns among themselves, by a reflection, so that of row i only the first is left; returns that entry, ≥ 0.
fn gather_row(columns: &mut [Vec<f64>], i: usize) -> f64 {
    let row: Vec<f64> = columns.iter().map(|column| column[i]).collect();
    let length = norm(&row);
    if length == 0.0 {
        return 0.0;
    }
    // (1 − 2vvᵀ/vᵀv) row = −sign(row₀) ‖row‖ 1₀ for v = row + sign(row₀) ‖row‖ 1₀: nothing cancels.
    let mut v = row;
    let sign = 1f64.copysign(v[0]);
    v[0] += sign * length;
    let square = dot(&v, &v);
    let mut along = vec![0.0; columns[0].len()];
    columns.iter().zip(&v).for_each(|(column, v)| add(*v, column, &mut along));
    columns.iter_mut().zip(&v).for_each(|(column, v)| add(-2.0 * v / square, &along, column));
    columns[0].iter_mut().for_each(|c| *c *= -sign);
    length
}

#[cfg(test)]
mod tests;
