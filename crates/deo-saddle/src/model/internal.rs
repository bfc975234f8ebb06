//! Stretches, bends and torsions: values and gradients as functions of the bond vectors between their atoms.
//!
//! With u, v, w the vectors from each atom to the next along the chain:
//!
//! | | q |
//! |---|---|
//! | stretch | ‖u‖ |
//! | bend | the angle between −u and v |
//! | bend of a straight chain, one of two | a·(−u/‖u‖ + v/‖v‖), a a fixed direction across it |
//! | torsion | atan2(‖v‖ u·(v × w), (u × v)·(v × w)) |
//!
//! E. B. Wilson, J. C. Decius & P. C. Cross, *Molecular Vibrations* (1955), ch. 4; A. Blondel & M. Karplus, J. Comput. Chem.
//! 17, 1132 (1996) for the torsion's gradient.

use super::structure::{cross, dot};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Stretch,
    Bend,
    /// Along this direction.
    Straight([f64; 3]),
    Torsion,
}

/// One coordinate q of two to four atoms, and its force constant.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Internal {
    pub(super) kind: Kind,
    pub(super) atoms: [usize; 4],
    /// eV/Å² or eV/rad².
    pub(super) stiffness: f64,
    /// The bond vectors when it was made, which tell the images.
    pub(super) bonds: [[f64; 3]; 3],
}

type Vectors = [[f64; 3]; 3];

fn scaled(c: f64, a: [f64; 3]) -> [f64; 3] {
    a.map(|a| c * a)
}

fn plus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|c| a[c] + b[c])
}

fn length(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}

impl Kind {
    /// How many atoms it has.
    pub(super) fn atoms(self) -> usize {
        match self {
            Kind::Stretch => 2,
            Kind::Bend | Kind::Straight(_) => 3,
            Kind::Torsion => 4,
        }
    }

    /// q and its gradient with respect to the bond vectors.
    fn of_bonds(self, [u, v, w]: Vectors) -> (f64, Vectors) {
        let zero = [0.0; 3];
        match self {
            Kind::Stretch => {
                let r = length(u);
                (r, [scaled(1.0 / r, u), zero, zero])
            }
            Kind::Bend => {
                let (ru, rv) = (length(u), length(v));
                let (a, b) = (scaled(-1.0 / ru, u), scaled(1.0 / rv, v));
                let normal = cross(a, b);
                let (sine, cosine) = (length(normal), dot(a, b));
                // dθ = −(b − a cos θ)·da/sin θ − …, and da = −du/‖u‖ across a.
                let across =
                    |a: [f64; 3], b: [f64; 3]| scaled(1.0 / sine, plus(b, scaled(-cosine, a)));
                (
                    sine.atan2(cosine),
                    [scaled(1.0 / ru, across(a, b)), scaled(-1.0 / rv, across(b, a)), zero],
                )
            }
            Kind::Straight(direction) => {
                let part = |u: [f64; 3], sign: f64| {
                    let r = length(u);
                    let unit = scaled(1.0 / r, u);
                    let along = dot(direction, unit);
                    (sign * along, scaled(sign / r, plus(direction, scaled(-along, unit))))
                };
                let ((qu, gu), (qv, gv)) = (part(u, -1.0), part(v, 1.0));
                (qu + qv, [gu, gv, zero])
            }
            Kind::Torsion => {
                let (m, n) = (cross(u, v), cross(v, w));
                let (rv, mm, nn) = (length(v), dot(m, m), dot(n, n));
                let q = (rv * dot(u, n)).atan2(dot(m, n));
                let (gu, gw) = (scaled(rv / mm, m), scaled(rv / nn, n));
                // Turning the middle bond: the shares of u and w along it.
                let gv = plus(scaled(-dot(u, v) / (mm * rv), m), scaled(-dot(w, v) / (nn * rv), n));
                (q, [gu, gv, gw])
            }
        }
    }

    /// q and its gradient with respect to the atoms' places.
    pub(super) fn value(self, bonds: Vectors) -> (f64, [[f64; 3]; 4]) {
        let (q, [u, v, w]) = self.of_bonds(bonds);
        let minus = |a: [f64; 3], b: [f64; 3]| plus(a, scaled(-1.0, b));
        (q, [scaled(-1.0, u), minus(u, v), minus(v, w), w])
    }

    /// Of a difference of two values: torsions come round.
    pub(super) fn wrapped(self, difference: f64) -> f64 {
        match self {
            Kind::Torsion => {
                let turn = std::f64::consts::TAU;
                difference - turn * (difference / turn).round()
            }
            _ => difference,
        }
    }
}
