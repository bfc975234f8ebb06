//! Rates out of the minima over the saddle, by harmonic transition state theory.
//!
//! k = (k_B T/h) (Q‡/Q) exp(−ΔE/k_B T): Q is the partition function of the minimum, Q‡ that of the saddle without its
//! imaginary mode, both of harmonic vibrations ν and rigid turns; moves of the whole are the same for both (H. Eyring,
//! J. Chem. Phys. 3, 107 (1935)).
//!
//! | part of Q | |
//! |---|---|
//! | vibrations, classical | Π k_B T/hν |
//! | vibrations, of quanta | Π exp(−hν/2k_B T)/(1 − exp(−hν/k_B T)), with the zero-point energies |
//! | r turns | V_r (2πk_B T/h²)^{r/2} √(I₁…I_r), V = 2π, 4π, 8π² |
//!
//! Classical, and without turns, that is Vineyard's k = Πν/Πν‡ exp(−ΔE/k_B T) (J. Phys. Chem. Solids 3, 121 (1957)), whose
//! prefactor doesn't depend on T. Symmetry numbers are taken to be one, and nothing tunnels.

use super::error::EngineError;
use super::sides::Side;
use super::structure::Structure;
use super::vibrations::{PER_CM, Vibrations, masses, vibrations};
use super::work::Work;
use deo_linalg::eigen::symmetric_eigen;
use serde::Serialize;
use std::f64::consts::PI;

/// k_B in eV/K; CODATA 2018.
const BOLTZMANN: f64 = 8.617_333_262e-5;
/// h in eV s.
const PLANCK: f64 = 4.135_667_696e-15;
/// 1 u Å² in eV s²: u in kg times 1e-20 m², over e.
const INERTIA: f64 = 1.660_539_066_6e-47 / 1.602_176_634e-19;

/// What was found for one minimum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Rate {
    /// The minimum's.
    pub(super) vibrations: Option<Vibrations>,
    /// 1/s, what exp(−ΔE/k_B T) is multiplied by, of classical vibrations.
    pub(super) prefactor: Option<f64>,
    /// 1/s, of classical vibrations.
    pub(super) classical: Option<f64>,
    /// eV, with zero-point energies.
    pub(super) zero_point_barrier: Option<f64>,
    /// 1/s, of quanta.
    pub(super) quantum: Option<f64>,
    /// Why there is none.
    pub(super) refused: Option<String>,
}

/// The rates out of the minima on both sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Rates {
    /// K.
    pub(super) temperature: f64,
    pub(super) sides: Vec<Rate>,
}

/// A stationary point with its vibrations.
pub(super) struct Point<'a> {
    energy: f64,
    vibrations: &'a Vibrations,
    turns: Turns,
}

impl<'a> Point<'a> {
    /// That of the moving atoms at `x`.
    pub(super) fn of(
        structure: &Structure,
        energy: f64,
        x: &[f64],
        vibrations: &'a Vibrations,
    ) -> Result<Self, EngineError> {
        Ok(Point { energy, vibrations, turns: turns(structure, x)? })
    }

    /// Nothing turns, so that prefactors don't depend on the temperature.
    pub(super) fn is_held(&self) -> bool {
        self.turns.count == 0
    }
}

/// The turns of the whole that change nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Turns {
    count: usize,
    /// I₁…I_r, (u Å²)^r.
    inertia: f64,
}

/// The rates at `temperature` over the saddle of that energy, place and vibrations.
pub(super) fn rates(
    work: &mut Work<'_, '_>,
    temperature: f64,
    (energy, x, of_saddle): (f64, &[f64], &Vibrations),
    minima: &[Side],
) -> Result<Rates, EngineError> {
    let saddle = Point::of(work.structure, energy, x, of_saddle)?;
    let mut sides = vec![];
    for side in minima {
        sides.push(rate(work, temperature, &saddle, side)?);
    }
    Ok(Rates { temperature, sides })
}

fn rate(
    work: &mut Work<'_, '_>,
    temperature: f64,
    saddle: &Point<'_>,
    side: &Side,
) -> Result<Rate, EngineError> {
    let none = |vibrations, refused: String| Rate {
        vibrations,
        prefactor: None,
        classical: None,
        zero_point_barrier: None,
        quantum: None,
        refused: Some(refused),
    };
    if side.barrier.is_none() {
        return Ok(none(None, format!("no minimum is known there ({})", side.status)));
    }
    let Some(of_minimum) = vibrations(work.structure, work.engine, &side.x)? else {
        return Ok(none(None, "a gradient beside the minimum isn't finite".to_owned()));
    };
    let minimum = Point::of(work.structure, side.energy, &side.x, &of_minimum)?;
    Ok(match between(&minimum, saddle, temperature) {
        Ok([prefactor, classical, zero_point_barrier, quantum]) => Rate {
            prefactor: Some(prefactor),
            classical: Some(classical),
            zero_point_barrier: Some(zero_point_barrier),
            quantum: Some(quantum),
            refused: None,
            vibrations: Some(of_minimum),
        },
        Err(refused) => none(Some(of_minimum), refused),
    })
}

/// Prefactor, classical rate, barrier between zero-point energies, rate of quanta; or why there is none.
pub(super) fn between(
    minimum: &Point<'_>,
    saddle: &Point<'_>,
    temperature: f64,
) -> Result<[f64; 4], String> {
    let imaginary =
        |point: &Point<'_>| point.vibrations.wavenumbers.iter().filter(|nu| **nu <= 0.0).count();
    match (imaginary(saddle), imaginary(minimum)) {
        (1, 0) => {}
        (1, count) => {
            let softest = point_text(minimum);
            return Err(format!(
                "its {count} lowest frequencies aren't real ({softest}); give a smaller --fmax"
            ));
        }
        (count, _) => {
            return Err(format!("the saddle has {count} frequencies that aren't real, not one"));
        }
    }
    let modes = |point: &Point<'_>| point.vibrations.real().count() + point.turns.count;
    if modes(minimum) != modes(saddle) + 1 {
        return Err(format!(
            "{} vibrations and turns there don't fit {} of the saddle",
            modes(minimum),
            modes(saddle)
        ));
    }
    let heat = BOLTZMANN * temperature;
    let height = saddle.energy - minimum.energy;
    let attempts = (heat / PLANCK).ln();
    let log = |point: &Point<'_>, vibration: &dyn Fn(f64) -> f64| {
        let vibrations: f64 = point.vibrations.real().map(|nu| vibration(PER_CM * nu / heat)).sum();
        vibrations + point.turns.logarithm(heat)
    };
    let classical = |quantum: f64| -quantum.ln();
    let of_quanta = |quantum: f64| -0.5 * quantum - (-(-quantum).exp_m1()).ln();
    let ratio = |vibration: &dyn Fn(f64) -> f64| {
        attempts + log(saddle, vibration) - log(minimum, vibration)
    };
    let prefactor = ratio(&classical);
    let zero_point = saddle.vibrations.zero_point_energy - minimum.vibrations.zero_point_energy;
    Ok([
        prefactor.exp(),
        (prefactor - height / heat).exp(),
        height + zero_point,
        (ratio(&of_quanta) - height / heat).exp(),
    ])
}

fn point_text(point: &Point<'_>) -> String {
    point.vibrations.wavenumbers.first().map_or_else(String::new, |nu| format!("{:.1}i cm⁻¹", -nu))
}

impl Turns {
    /// ln V_r (2πk_B T/h²)^{r/2} √(I₁…I_r).
    fn logarithm(self, heat: f64) -> f64 {
        let volume = match self.count {
            0 => return 0.0,
            1 => 2.0 * PI,
            2 => 4.0 * PI,
            _ => 8.0 * PI * PI,
        };
        let one = 2.0 * PI * heat * INERTIA / (PLANCK * PLANCK);
        f64::ln(volume) + 0.5 * (self.count as f64 * one.ln() + self.inertia.ln())
    }
}

/// The turns of the moving atoms at `x`.
fn turns(structure: &Structure, x: &[f64]) -> Result<Turns, EngineError> {
    let masses = masses(structure)?;
    let q: Vec<f64> = x.iter().enumerate().map(|(i, x)| x * masses[i / 3].sqrt()).collect();
    let motions = structure.weighted_space(&q, &masses).motions();
    let (centre, axis, moves) = structure.pivot(x, &masses);
    let count = motions - moves;
    let mut tensor = [0.0; 9];
    for (r, mass) in x.chunks(3).zip(&masses) {
        let r = [0, 1, 2].map(|k| r[k] - centre[k]);
        let square: f64 = r.iter().map(|r| r * r).sum();
        for i in 0..3 {
            for j in 0..3 {
                let diagonal = if i == j { square } else { 0.0 };
                tensor[3 * i + j] += mass * (diagonal - r[i] * r[j]);
            }
        }
    }
    let inertia = match (count, axis) {
        (0, _) => 1.0,
        (1, Some(axis)) => {
            let turned =
                [0, 1, 2].map(|i| (0..3).map(|j| tensor[3 * i + j] * axis[j]).sum::<f64>());
            turned.iter().zip(&axis).map(|(t, a)| t * a).sum()
        }
        // The largest: of a straight molecule the third is rounding.
        _ => symmetric_eigen(&tensor, 3)
            .map_or(f64::NAN, |eigen| eigen.values.iter().rev().take(count).product()),
    };
    Ok(Turns { count, inertia })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(
        energy: f64,
        wavenumbers: &[f64],
        count: usize,
        inertia: f64,
    ) -> (f64, Vibrations, Turns) {
        let zero_point = 0.5 * PER_CM * wavenumbers.iter().filter(|nu| **nu > 0.0).sum::<f64>();
        let vibrations = Vibrations {
            wavenumbers: wavenumbers.to_vec(),
            zero_point_energy: zero_point,
            gradients: 0,
            hessian: vec![],
            lowest: vec![],
        };
        (energy, vibrations, Turns { count, inertia })
    }

    fn rate(
        minimum: &(f64, Vibrations, Turns),
        saddle: &(f64, Vibrations, Turns),
        temperature: f64,
    ) -> Result<[f64; 4], String> {
        let point = |(energy, vibrations, turns): &(f64, Vibrations, Turns)| {
            (*energy, vibrations.clone(), *turns)
        };
        let ((e, v, t), (f, w, u)) = (point(minimum), point(saddle));
        between(
            &Point { energy: e, vibrations: &v, turns: t },
            &Point { energy: f, vibrations: &w, turns: u },
            temperature,
        )
    }

    /// c in cm/s.
    const LIGHT: f64 = 2.997_924_58e10;

    #[test]
    fn without_turns_it_is_vineyards() {
        let minimum = point(-1.0, &[100.0, 200.0, 400.0], 0, 1.0);
        let saddle = point(-0.7, &[-90.0, 150.0, 350.0], 0, 1.0);
        let attempts = LIGHT * 100.0 * 200.0 * 400.0 / (150.0 * 350.0);
        for temperature in [77.0, 300.0, 2000.0] {
            let [prefactor, classical, barrier, quantum] =
                rate(&minimum, &saddle, temperature).unwrap();
            assert!((prefactor / attempts - 1.0).abs() < 1e-8, "{prefactor} {attempts}");
            let expected = attempts * (-0.3 / (8.617333262e-5 * temperature)).exp();
            assert!((classical / expected - 1.0).abs() < 1e-8);
            // ½·1.239842e-4·(500 − 700).
            assert!((barrier - (0.3 - 0.012_398_42)).abs() < 1e-8);
            // sinh(x)/x > 1: quanta lower the barrier by more than they take from the prefactor.
            let sinh = |nu: f64| {
                let x = 0.5 * 1.438_776_877 * nu / temperature;
                x.sinh() / x
            };
            let wigner = sinh(100.0) * sinh(200.0) * sinh(400.0) / (sinh(150.0) * sinh(350.0));
            assert!((quantum / classical / wigner - 1.0).abs() < 1e-7, "{temperature}");
        }
    }

    /// HCN bends away from a line: a turn comes, two vibrations go.
    #[test]
    fn turns_are_those_of_rigid_bodies() {
        let minimum = point(0.0, &[700.0, 700.0, 2100.0, 3400.0], 2, 11.0 * 11.0);
        let saddle = point(2.0, &[-1400.0, 2000.0, 2400.0], 3, 11.0 * 9.0 * 2.0);
        let [prefactor, ..] = rate(&minimum, &saddle, 1000.0).unwrap();
        // k_B T/hcB-like numbers in SI, written out.
        let (k, h, u) = (1.380_649e-23, 6.626_070_15e-34, 1.660_539_066_60e-27);
        let heat: f64 = k * 1000.0;
        let thermal = |nu: f64| heat / (h * LIGHT * nu);
        let rotor = |inertia: f64| 8.0 * PI * PI * inertia * u * 1e-20 * heat / (h * h);
        let line = rotor(11.0);
        let body = (PI * rotor(11.0) * rotor(9.0) * rotor(2.0)).sqrt();
        let q = thermal(700.0).powi(2) * thermal(2100.0) * thermal(3400.0) * line;
        let q_saddle = thermal(2000.0) * thermal(2400.0) * body;
        let expected = heat / h * q_saddle / q;
        assert!((prefactor / expected - 1.0).abs() < 1e-7, "{prefactor} {expected}");
    }

    #[test]
    fn what_is_no_minimum_or_no_saddle_has_no_rate() {
        let saddle = point(1.0, &[-90.0, 150.0], 0, 1.0);
        for (minimum, saddle, words) in [
            (point(0.0, &[-5.0, 150.0], 0, 1.0), &saddle, "5.0i cm⁻¹"),
            (point(0.0, &[100.0], 0, 1.0), &saddle, "don't fit"),
            (point(0.0, &[100.0, 150.0], 0, 1.0), &point(1.0, &[-9.0, -4.0], 0, 1.0), "has 2"),
        ] {
            let refused = rate(&minimum, saddle, 300.0).unwrap_err();
            assert!(refused.contains(words), "{refused}");
        }
    }
}
