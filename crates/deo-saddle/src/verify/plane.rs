//! A few directions with their products: the best axes in them.
//!
//! Problem: of directions D and products HD the axes nearest to eigenvectors of H are those of DᵀHD c = λ DᵀD c
//! (Rayleigh–Ritz). Their values bound the lowest eigenvalues from above, one by one.

use crate::eigen::symmetric_eigen;
use crate::learned::dot;
use deo_core::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// Directions, and the product of each; after `solve` orthonormal, their curvatures ascending.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub(super) struct Plane<S: Space> {
    pairs: Vec<(S::Owned, S::Owned)>,
    values: Vec<f64>,
}

/// What is left of a direction in a space that has it is rounding.
const DEPENDENT: f64 = 1e-6;

impl<S: Space> Plane<S> {
    pub(super) fn new() -> Self {
        Plane { pairs: vec![], values: vec![] }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    pub(super) fn push(&mut self, direction: S::Owned, product: S::Owned) {
        self.pairs.push((direction, product));
    }

    /// The i-th curvature.
    pub(super) fn value(&self, i: usize) -> Option<f64> {
        self.values.get(i).copied()
    }

    /// Its axis and its product.
    pub(super) fn pair(&self, i: usize) -> &(S::Owned, S::Owned) {
        &self.pairs[i]
    }

    /// r ← Hn − λn of the i-th axis; its norm.
    pub(super) fn residual_into(&self, space: &S, i: usize, r: &mut S::Vector) -> f64 {
        let (axis, product) = &self.pairs[i];
        space.copy(product.borrow(), r);
        space.axpby(-self.values[i], axis.borrow(), 1.0, r);
        space.norm(r)
    }

    /// unit ← what `v` has beside the axes, as a unit vector; false for nothing.
    pub(super) fn beside(&self, space: &S, v: &mut S::Vector, unit: &mut S::Vector) -> bool {
        let before = space.norm(v);
        for _ in 0..2 {
            for (axis, _) in &self.pairs {
                space.deflate(1.0, axis.borrow(), v);
            }
        }
        let left = space.norm(v);
        let new = left.is_finite() && left > DEPENDENT * before;
        if new {
            space.axpby(1.0 / left, v, 0.0, unit);
        }
        new
    }

    /// The best axes.
    pub(super) fn solve(&mut self, space: &S) {
        let n = self.pairs.len();
        let of = |entry: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            (0..n * n).map(|k| 0.5 * (entry(k / n, k % n) + entry(k % n, k / n))).collect()
        };
        let d = |i: usize| self.pairs[i].0.borrow();
        let h = of(&|i, j| space.dot(d(i), self.pairs[j].1.borrow()));
        let (values, weights) = pencil(&h, &of(&|i, j| space.dot(d(i), d(j))), n);
        let combined = |c: &[f64], product: bool| {
            let mut sum = space.zeros_like(d(0));
            for (c, (d, hd)) in c.iter().zip(&self.pairs) {
                let v = if product { hd } else { d };
                space.axpby(*c, v.borrow(), 1.0, sum.borrow_mut());
            }
            sum
        };
        let rows = weights.chunks(n.max(1));
        let pairs = rows.map(|c| (combined(c, false), combined(c, true))).collect();
        (self.values, self.pairs) = (values, pairs);
    }
}

/// The pairs of A c = λ G c with cᵀGc = 1, ascending, the vectors in rows; G is positive.
fn pencil(a: &[f64], gram: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut g, mut u, mut squares) = (gram.to_vec(), vec![0.0; n * n], vec![0.0; n]);
    symmetric_eigen(&mut g, &mut u, &mut squares);
    // Rows of R = Γ^−½U: RGRᵀ = 1. T has a condition of a thousand at most, so that none of Γ is rounding.
    for (row, square) in u.chunks_mut(n.max(1)).zip(&squares) {
        let scale = 1.0 / square.max(f64::MIN_POSITIVE).sqrt();
        row.iter_mut().for_each(|u| *u *= scale);
    }
    let row = |m: &[f64], i: usize| m[i * n..(i + 1) * n].to_vec();
    let columns: Vec<Vec<f64>> =
        (0..n).map(|j| (0..n).map(|i| dot(&row(a, i), &row(&u, j))).collect()).collect();
    let mut projected: Vec<f64> =
        (0..n * n).map(|k| dot(&row(&u, k / n), &columns[k % n])).collect();
    let (mut z, mut values) = (vec![0.0; n * n], vec![0.0; n]);
    symmetric_eigen(&mut projected, &mut z, &mut values);
    let mut weights = vec![0.0; n * n];
    for (weights, z) in weights.chunks_mut(n.max(1)).zip(z.chunks(n.max(1))) {
        for (z, row) in z.iter().zip(u.chunks(n.max(1))) {
            weights.iter_mut().zip(row).for_each(|(w, u)| *w += z * u);
        }
    }
    (values, weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use deo_core::space::Host;

    #[test]
    fn oblique_directions_give_the_pairs_of_the_whole_space() {
        // [[2, 1], [1, 2]]: 1 along (1, −1) and 3 along (1, 1).
        let space = Host::<f64>::new();
        let mut plane = Plane::new();
        for d in [[1.0, 0.0], [3.0, 0.1]] {
            plane.push(d.to_vec(), vec![2.0 * d[0] + d[1], d[0] + 2.0 * d[1]]);
        }
        plane.solve(&space);
        let mut r = [0.0; 2];
        for (i, value) in [1.0, 3.0].into_iter().enumerate() {
            assert!((plane.value(i).unwrap() - value).abs() < 1e-12);
            assert!(plane.residual_into(&space, i, &mut r[..]) < 1e-12);
            let axis = &plane.pair(i).0;
            assert!((axis[0].abs() - axis[1].abs()).abs() < 1e-12);
        }
        assert!(!plane.beside(&space, &mut [0.3, 0.4][..], &mut r[..]), "nothing is beside it");
    }
}
