//! Vibrations at a stationary point.
//!
//! The Hessian of the atoms that move by central differences, H = (g(x + h eᵢ) − g(x − h eᵢ))/2h, in mass-weighted
//! coordinates and within their space, which has no rigid motions: its eigenvalues are ω². What is negative belongs to the
//! way across the saddle and is written as an imaginary frequency, −ν; E₀ = ½Σhν over the others.
//!
//! E. B. Wilson, J. C. Decius, P. C. Cross, Molecular Vibrations, ch. 2.

use super::error::EngineError;
use super::oracle::Engine;
use super::structure::Structure;
use crate::saddle::elements::mass_of;
use deo_core::oracle::Oracle;
use deo_linalg::eigen::symmetric_eigen;
use serde::Serialize;

/// The wavenumber of ω² = 1 eV/(Å² u) in cm⁻¹, √(e/(1e-20 u))/(2πc·100); CODATA 2018.
const WAVENUMBER: f64 = 521.470_898_3;
/// hc·1 cm⁻¹ in eV.
pub(super) const PER_CM: f64 = 1.239_841_984e-4;
/// h, Å: as ASE's vibrations take it.
const STEP: f64 = 0.01;
/// Of a unit vector, so little is rounding of one that depends on the others.
const DEPENDENT: f64 = 1e-6;

/// The vibrations of a point.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Vibrations {
    /// cm⁻¹, ascending; below zero those that are imaginary.
    pub(super) wavenumbers: Vec<f64>,
    /// eV, of those that are real.
    pub(super) zero_point_energy: f64,
    /// Gradients spent.
    pub(super) gradients: usize,
    /// The mass-weighted Hessian, row by row, eV/(Å² u).
    #[serde(skip)]
    pub(super) hessian: Vec<f64>,
    /// The lowest mode, a unit vector in mass-weighted coordinates.
    #[serde(skip)]
    pub(super) lowest: Vec<f64>,
}

impl Vibrations {
    /// Those that are real, cm⁻¹.
    pub(super) fn real(&self) -> impl Iterator<Item = f64> {
        self.wavenumbers.iter().copied().filter(|nu| *nu > 0.0)
    }

    /// "1426.1i 2001.2 2386.8".
    pub(super) fn shown(&self) -> String {
        let shown = self.wavenumbers.iter().map(|nu| match nu {
            nu if *nu < 0.0 => format!("{:.1}i", -nu),
            nu => format!("{nu:.1}"),
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

/// The masses of the atoms that move.
pub(super) fn masses(structure: &Structure) -> Result<Vec<f64>, EngineError> {
    let symbols = structure.free.iter().map(|atom| &structure.frame.species[*atom]);
    symbols
        .map(|symbol| mass_of(symbol).ok_or_else(|| EngineError::Mass { symbol: symbol.clone() }))
        .collect()
}

/// Those at `x`; `None` if a gradient beside it isn't finite.
pub(super) fn vibrations(
    structure: &Structure,
    engine: &mut Engine<'_>,
    x: &[f64],
) -> Result<Option<Vibrations>, EngineError> {
    let masses = masses(structure)?;
    let n = x.len();
    let mut hessian = vec![0.0; n * n];
    let mut ends = [vec![0.0; n], vec![0.0; n]];
    for i in 0..n {
        let mut beside = x.to_vec();
        let places = [x[i] + STEP, x[i] - STEP];
        for (end, place) in ends.iter_mut().zip(places) {
            beside[i] = place;
            engine.try_value_grad(&beside, end)?;
        }
        for j in 0..n {
            let mass = (masses[i / 3] * masses[j / 3]).sqrt();
            let entry = (ends[0][j] - ends[1][j]) / ((places[0] - places[1]) * mass);
            hessian[i * n + j] += 0.5 * entry;
            hessian[j * n + i] += 0.5 * entry;
        }
    }
    if !hessian.iter().all(|entry| entry.is_finite()) {
        return Ok(None);
    }
    Ok(modes(structure, &masses, x, hessian))
}

fn modes(
    structure: &Structure,
    masses: &[f64],
    x: &[f64],
    hessian: Vec<f64>,
) -> Option<Vibrations> {
    let n = x.len();
    let basis = basis(structure, masses, x);
    let r = basis.len();
    let products: Vec<Vec<f64>> =
        basis.iter().map(|e| hessian.chunks(n).map(|row| dot(row, e)).collect()).collect();
    let mut reduced = vec![0.0; r * r];
    for i in 0..r {
        for j in 0..=i {
            let entry = dot(&basis[i], &products[j]);
            (reduced[i * r + j], reduced[j * r + i]) = (entry, entry);
        }
    }
    let eigen = symmetric_eigen(&reduced, r).ok()?;
    let wavenumber = |square: &f64| square.signum() * square.abs().sqrt() * WAVENUMBER;
    let wavenumbers: Vec<f64> = eigen.values.iter().map(wavenumber).collect();
    let mut lowest = vec![0.0; n];
    for (e, share) in basis.iter().zip(eigen.vectors.iter().take(r)) {
        lowest.iter_mut().zip(e).for_each(|(sum, e)| *sum += share * e);
    }
    let sum: f64 = wavenumbers.iter().filter(|nu| **nu > 0.0).sum();
    let (zero_point_energy, gradients) = (0.5 * PER_CM * sum, 2 * n);
    Some(Vibrations { wavenumbers, zero_point_energy, gradients, hessian, lowest })
}

/// An orthonormal basis of the mass-weighted motions that aren't those of the whole.
fn basis(structure: &Structure, masses: &[f64], x: &[f64]) -> Vec<Vec<f64>> {
    let n = x.len();
    let q: Vec<f64> = x.iter().enumerate().map(|(i, x)| x * masses[i / 3].sqrt()).collect();
    let space = structure.weighted_space(&q, masses);
    let mut basis: Vec<Vec<f64>> = vec![];
    for i in 0..n {
        let mut e = vec![0.0; n];
        e[i] = 1.0;
        // Thrice: where little is left of e, twice would leave an error of ε/DEPENDENT.
        for _ in 0..3 {
            space.restrict(&mut e);
            for known in &basis {
                let along = dot(known, &e);
                e.iter_mut().zip(known).for_each(|(e, known)| *e -= along * known);
            }
        }
        let length = dot(&e, &e).sqrt();
        if length > DEPENDENT {
            e.iter_mut().for_each(|e| *e /= length);
            basis.push(e);
        }
    }
    basis
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_those_of_codata() {
        let (e, u, c, h) =
            (1.602_176_634e-19, 1.660_539_066_60e-27, 299_792_458.0, 6.626_070_15e-34);
        let wavenumber = f64::sqrt(e / (1e-20 * u)) / (std::f64::consts::TAU * c * 100.0);
        assert!((WAVENUMBER / wavenumber - 1.0).abs() < 1e-9, "{wavenumber}");
        assert!((PER_CM / (h * c * 100.0 / e) - 1.0).abs() < 1e-9);
    }
}
