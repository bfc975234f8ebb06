//! What a run says at its beginning and its end.

use super::check::Check;
use super::irc::Branch;
use super::rates::Rate;
use super::search::Outcome;
use super::settings::{Lengths, Settings};
use super::sides::{SAME, Side};
use super::structure::Structure;
use crate::saddle::options::Hessian;
use std::fmt::Write as _;

pub(super) fn head(
    settings: &Settings,
    structure: &Structure,
    dimension: usize,
    motions: usize,
    kept: usize,
) -> String {
    let (atoms, free) = (structure.frame.species.len(), structure.free.len());
    let mut text = format!("{atoms} atoms");
    if free < atoms {
        write!(text, ", {} of them held", atoms - free).expect("a string takes all");
    }
    let pbc = structure.frame.pbc.map(|p| if p { 'T' } else { 'F' });
    let cell = if structure.frame.pbc.contains(&true) {
        format!("; periodic {} {} {}", pbc[0], pbc[1], pbc[2])
    } else {
        String::new()
    };
    let left = match motions {
        0 => String::new(),
        1 => ", 1 motion of the whole left out".to_owned(),
        count => format!(", {count} motions of the whole left out"),
    };
    write!(
        text,
        "{cell}; {dimension} coordinates{left}; index {}, fmax {} eV/Å",
        settings.index, settings.fmax
    )
    .expect("a string takes all");
    if kept > 0 {
        write!(text, "; goes on from {kept} answers").expect("a string takes all");
    }
    text
}

/// What is said of a model Hessian.
pub(super) fn supposed(hessian: Hessian) -> &'static str {
    match hessian {
        Hessian::Lindh => "model Hessian: lindh, of the elements and places",
        Hessian::Springs => "model Hessian: springs between near atoms",
        Hessian::None => "model Hessian: none",
    }
}

pub(super) fn checks(check: &Check, settings: &Settings) -> Vec<String> {
    let mut lines = vec![];
    for component in &check.components {
        lines.push(format!(
            "force on atom {} along {}: {:.4} eV/Å, {:.4} from energies{}",
            component.atom,
            component.axis,
            component.force,
            component.from_energies,
            if component.is_off() {
                ". THEY DON'T FIT: a search with such forces ends at a wrong point or nowhere"
            } else {
                ""
            }
        ));
    }
    let Lengths { probe, flat } = check.lengths;
    if let Some(noise) = check.noise {
        lines.push(format!(
            "noise {noise:.1e} eV/Å; probes of {probe} Å, curvatures below {flat} eV/Å² are flat"
        ));
        // Of the forces of all atoms the largest is some three times that of one.
        if 3.0 * noise > settings.fmax {
            lines.push(format!(
                "fmax is {} eV/Å, in reach of this noise: converge the engine more tightly, or raise --fmax",
                settings.fmax
            ));
        }
    }
    lines
}

pub(super) fn lines(
    settings: &Settings,
    outcome: &Outcome,
    lengths: Lengths,
    answers: usize,
) -> Vec<String> {
    let (saddle, found) = (&outcome.saddle, &outcome.saddle.found);
    let mut lines = vec![];
    let verdict = if found.outcome != deo_saddle::Outcome::Converged {
        format!("not converged: {}", found.outcome)
    } else if saddle.is_confirmed() {
        format!("index {} confirmed", settings.index)
    } else {
        format!("converged, index {} not confirmed: {}", settings.index, saddle.verdict)
    };
    lines.push(verdict);
    if outcome.left > 0 {
        let saddles = if outcome.left == 1 { "saddle was" } else { "saddles were" };
        lines.push(format!("{} {saddles} met and left on the way down", outcome.left));
    }
    lines.push(format!("energy {:.6} eV, fmax {:.5} eV/Å", found.value, outcome.fmax));
    let known = saddle.curvatures.iter().zip(&saddle.errors).filter(|(c, _)| c.is_finite());
    let curvatures: Vec<String> = known.map(|(c, e)| format!("{c:.4} ± {e:.4}")).collect();
    if !curvatures.is_empty() {
        lines.push(format!(
            "curvatures {} eV/Å², flat below {}",
            curvatures.join(", "),
            lengths.flat
        ));
    }
    lines.push(format!(
        "{} gradients, {} of them probes; {} of the verification; {answers} answers of the engine in all",
        found.counts.gradients(),
        found.counts.probes,
        saddle.verification_gradients
    ));
    if let Some(vibrations) = &outcome.vibrations {
        lines.push(format!(
            "frequencies {} cm⁻¹; zero-point energy {:.4} eV; {} gradients",
            vibrations.shown(),
            vibrations.zero_point_energy,
            vibrations.gradients
        ));
    } else if settings.vibrate() {
        lines.push(
            "no frequencies: the search hasn't converged, or a gradient isn't finite".to_owned(),
        );
    }
    lines.extend(path(settings, outcome));
    for (place, name) in NAMES.iter().enumerate().take(outcome.sides.len()) {
        lines.extend(side(settings, outcome, place, name));
    }
    if settings.index > 1 && !outcome.sides.is_empty() {
        lines.push(format!(
            "both ways down are along the lowest of {0} modes; a point of index {0} is no transition state, and its height no barrier",
            settings.index
        ));
    }
    lines
}

/// The sides, the one of the positive axis first.
const NAMES: [&str; 2] = ["one", "other"];

fn path(settings: &Settings, outcome: &Outcome) -> Vec<String> {
    let Some(irc) = &outcome.irc else {
        let missing = settings.irc && outcome.saddle.is_confirmed() && outcome.vibrations.is_some();
        let none = "no path: the lowest frequency isn't imaginary".to_owned();
        return if missing { vec![none] } else { vec![] };
    };
    let line = |(branch, name): (&Branch, &&str)| {
        let length = branch.points.last().map_or(0.0, |point| point.arc.abs());
        format!(
            "path on the {name} side: {} points, {length:.3} √u·Å long, ends: {}; {} gradients",
            branch.points.len(),
            branch.end,
            branch.gradients
        )
    };
    irc.branches.iter().zip(&NAMES).map(line).collect()
}

fn side(settings: &Settings, outcome: &Outcome, place: usize, name: &str) -> Vec<String> {
    let side = &outcome.sides[place];
    let Side { status, energy, barrier, gradients, from_reactant, .. } = side;
    let mut lines = vec![match barrier {
        Some(height) if settings.index > 1 => format!(
            "minimum on the {name} side: {energy:.6} eV, {height:.4} eV below; {gradients} gradients"
        ),
        Some(barrier) => format!(
            "minimum on the {name} side: {energy:.6} eV, barrier {barrier:.4} eV; {gradients} gradients"
        ),
        None => format!("no minimum on the {name} side ({status}); {gradients} gradients"),
    }];
    if let Some(farthest) = from_reactant {
        lines.push(format!(
            "  it is {}the reactant: superposed, the farthest atom is {farthest:.3} Å away, {SAME} Å being the same",
            if side.is_reactant() { "" } else { "not " }
        ));
    }
    if let Some(rates) = &outcome.rates {
        let rate = &rates.sides[place];
        if let Some(vibrations) = &rate.vibrations {
            lines.push(format!(
                "  frequencies {} cm⁻¹; zero-point energy {:.4} eV",
                vibrations.shown(),
                vibrations.zero_point_energy
            ));
        }
        lines.push(speed(rates.temperature, rate));
    }
    lines
}

fn speed(temperature: f64, rate: &Rate) -> String {
    match (rate.prefactor, rate.classical, rate.zero_point_barrier, rate.quantum) {
        (Some(prefactor), Some(classical), Some(barrier), Some(quantum)) => format!(
            "  rate at {temperature} K: {classical:.3e} /s, prefactor {prefactor:.3e} /s; of quanta {quantum:.3e} /s, barrier \
             {barrier:.4} eV with zero-point energies"
        ),
        _ => format!("  no rate: {}", rate.refused.as_deref().unwrap_or("not known")),
    }
}
