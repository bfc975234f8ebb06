//! Signs of curvatures in variables in which all of them are about one.
//!
//! Problem: the Hessian of a molecule reaches from 0.1 to 100 eV/Å², and a Krylov process takes some √1000 products to tell
//! its lowest curvatures from zero. A guess B of the Hessian takes the spread away: in the variables y = T⁻¹x,
//!
//! H̃ = THT,  T = (|B| + μ)^−½,
//!
//! and if B is good, the curvatures of H̃ are near ±1.
//!
//! **Soundness.** By Sylvester's law THT has as many negative eigenvalues as H, *whatever* T is, if only it has an inverse.
//! So the guess need not be right: a wrong one costs products and nothing else. A random direction drawn in y is as good as
//! one in x, and what a process from it must have seen (`missed.rs` of deo-core) is true of H̃. To count the eigenvalues below
//! `flat` instead of zero, H − flat·1 takes the place of H.
//!
//! | formula | code |
//! |---|---|
//! | T, T⁻¹ | `root`, `inverse` |

use crate::coordinates::Coordinates;
use crate::dense::multiply_vector;
use crate::eigen::symmetric_eigen;
use crate::guess::HessianGuess;
use crate::learned::add;
use deo_core::space::Space;

/// μ in units of the mean of |B|: what a guess calls softer than that isn't known to be.
const SOFT: f64 = 0.02;

/// The change of variables.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub(super) struct Preconditioner<S: Space> {
    coordinates: Coordinates<S>,
    root: Vec<f64>,
    inverse: Vec<f64>,
    /// The eigenvectors of B, ascending.
    axes: Vec<f64>,
    scratch: [Vec<f64>; 2],
}

impl<S: Space> Preconditioner<S> {
    /// `None` where the guess has no numbers, or says nothing.
    pub(super) fn new(space: &S, x: &S::Vector, guess: &HessianGuess<S::Owned>) -> Option<Self> {
        let (coordinates, mut matrix) = guess.at(space, x);
        let r = coordinates.count();
        let (mut axes, mut values) = (vec![0.0; r * r], vec![0.0; r]);
        if !matrix.iter().all(|b| b.is_finite()) {
            return None;
        }
        symmetric_eigen(&mut matrix, &mut axes, &mut values);
        let floor = SOFT * values.iter().map(|b| b.abs()).sum::<f64>() / r.max(1) as f64;
        if !(floor > 0.0 && floor.is_finite()) {
            return None;
        }
        let power = |exponent: f64| {
            let mut m = vec![0.0; r * r];
            for (v, value) in axes.chunks(r).zip(&values) {
                let c = (value.abs() + floor).powf(exponent);
                (0..r).for_each(|i| add(c * v[i], v, &mut m[i * r..(i + 1) * r]));
            }
            m
        };
        Some(Preconditioner {
            root: power(-0.5),
            inverse: power(0.5),
            axes,
            scratch: [vec![0.0; r], vec![0.0; r]],
            coordinates,
        })
    }

    /// v ← the eigenvector of B with its i-th lowest eigenvalue; false if it has none.
    pub(super) fn axis_into(&self, space: &S, i: usize, v: &mut S::Vector) -> bool {
        let r = self.coordinates.count();
        let axis = self.axes.get(i * r..(i + 1) * r).filter(|axis| !axis.is_empty());
        axis.map(|axis| self.coordinates.combine(space, axis, v)).is_some()
    }

    /// p ← Tv.
    pub(super) fn root(&mut self, space: &S, v: &S::Vector, p: &mut S::Vector) {
        let [u, t] = &mut self.scratch;
        self.coordinates.of(space, v, u);
        multiply_vector(&self.root, u, t);
        self.coordinates.combine(space, t, p);
    }

    /// p ← T⁻¹v.
    pub(super) fn inverse(&mut self, space: &S, v: &S::Vector, p: &mut S::Vector) {
        let [u, t] = &mut self.scratch;
        self.coordinates.of(space, v, u);
        multiply_vector(&self.inverse, u, t);
        self.coordinates.combine(space, t, p);
    }
}
