//! Before the search: is the engine one whose gradients can be trusted?
//!
//! Two questions, whose answers are printed. Is a point's answer the same again? It isn't where an SCF begins at the
//! orbitals of the point before, and the difference, the *noise* σ, limits what finite differences can show: a curvature
//! from a probe of length h is off by some √2 σ/h. And are the forces those of the energies? They aren't where a program
//! forgets a term or its parameters are those of two versions, and then no search converges, or to a wrong point. So
//! some components are compared with (E(x − h) − E(x + h))/2h.

use super::error::EngineError;
use super::oracle::Engine;
use super::settings::{FLAT, Lengths, PROBE, Settings};
use super::structure::Structure;
use deo_core::noise::noise;
use deo_core::oracle::Oracle;
use serde::Serialize;

/// One component of the forces.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Component {
    /// The atom, counted from 0.
    pub(super) atom: usize,
    /// x, y or z.
    pub(super) axis: char,
    /// As the engine says, eV/Å.
    pub(super) force: f64,
    /// From its energies.
    pub(super) from_energies: f64,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Check {
    /// The largest difference of a force component between two answers at the same point, eV/Å; `None` if it wasn't looked at.
    pub(super) noise: Option<f64>,
    pub(super) components: Vec<Component>,
    pub(super) lengths: Lengths,
}

/// Half the distance between the two energies, Å. Truncation is h²/6 of a third derivative, some 100 eV/Å³ for the
/// stiffest bonds: 2e-3 eV/Å.
const HALF: f64 = 1e-2;
/// A difference that is more than truncation and the rounding of printed energies, eV/Å …
const OFF: f64 = 0.02;
/// … relative to the force.
const OFF_SHARE: f64 = 0.02;
/// The noise up to which the usual probe will do, eV/Å: √2 of it over 0.01 Å is 0.14 eV/Å², a hundredth of a bond's.
const QUIET: f64 = 1e-3;
/// The longest probe, Å.
const LONGEST: f64 = 0.05;

impl Component {
    /// The two don't fit.
    pub(super) fn is_off(&self) -> bool {
        let off = (self.force - self.from_energies).abs();
        // What is no number fits nothing.
        off.is_nan() || off > OFF + OFF_SHARE * self.force.abs()
    }
}

/// Asks about `x` and points beside it: one gradient, two a component, and one again.
pub(super) fn check(
    settings: &Settings,
    structure: &Structure,
    engine: &mut Engine<'_>,
    x: &[f64],
) -> Result<Check, EngineError> {
    let mut gradient = vec![0.0; x.len()];
    let energy = engine.try_value_grad(x, &mut gradient)?;
    if !(energy.is_finite() && gradient.iter().all(|g| g.is_finite())) {
        return Err(EngineError::Poison);
    }
    let mut components = vec![];
    for place in places(&gradient, settings.check, settings.seed) {
        let mut beside = x.to_vec();
        let mut at = |x: f64| {
            beside[place] = x;
            engine.try_value(&beside)
        };
        // As far apart as they are when rounded.
        let (low, high) = (x[place] - HALF, x[place] + HALF);
        let from_energies = (at(low)? - at(high)?) / (high - low);
        let (atom, axis) = (structure.free[place / 3], ['x', 'y', 'z'][place % 3]);
        components.push(Component { atom, axis, force: -gradient[place], from_energies });
    }
    let mut noise = None;
    if settings.check > 0 {
        // An engine that has just answered for this very point would say the same without computing.
        let mut again = vec![0.0; x.len()];
        engine.anew(x, &mut again)?;
        let differences = again.iter().zip(&gradient).map(|(a, b)| (a - b).abs());
        noise = Some(differences.fold(0.0, f64::max));
    }
    Ok(Check { noise, components, lengths: lengths(settings, noise.unwrap_or(0.0)) })
}

/// A probe that makes as little of the noise as it can, and what is flat beside the rest.
fn lengths(settings: &Settings, noise: f64) -> Lengths {
    // Truncation grows like h, the noise's part falls like 1/h: the best h goes with the root.
    let probe = (PROBE * (noise / QUIET).sqrt()).clamp(PROBE, LONGEST);
    let flat = settings.flat.unwrap_or(FLAT.max(std::f64::consts::SQRT_2 * noise / probe));
    Lengths { probe, flat }
}

/// The component with the largest force, and others at random.
fn places(gradient: &[f64], count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..gradient.len()).collect();
    order.sort_by(|a, b| noise(seed, *a as u64).total_cmp(&noise(seed, *b as u64)));
    let size = |place: &usize| gradient[*place].abs();
    if let Some(largest) = (0..gradient.len()).max_by(|a, b| size(a).total_cmp(&size(b))) {
        order.retain(|place| *place != largest);
        order.insert(0, largest);
    }
    order.truncate(count);
    order
}
