//! Where a search begins, and along which axis.
//!
//! | given | begins at | first axis |
//! |---|---|---|
//! | a guess | the guess | the search's own, or with `--axis` towards that structure |
//! | `--between A B` | the image of highest energy of [`IMAGES`] between them | from the image before it to the one after |

use super::error::EngineError;
use super::idpp::images;
use super::log::Log;
use super::oracle::Engine;
use super::settings::Settings;
use super::structure::{Structure, largest};
use super::superposed::superposed;
use deo_core::oracle::Oracle;
use std::path::Path;

/// A point and a direction.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Start {
    pub(super) x: Vec<f64>,
    pub(super) axis: Option<Vec<f64>>,
}

/// Images between two structures, a gradient each: the highest is then an eighth of the way from the saddle at most, where the
/// way between is right.
const IMAGES: usize = 7;

/// Å: what is nearer is the same structure, and held atoms must be at the same places.
const NEAR: f64 = 1e-2;

/// What is between, or towards which the axis points, read and checked before anything is computed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Aim {
    Guess,
    /// All atoms.
    Towards(Vec<f64>),
    /// All atoms of the other end.
    Between(Vec<f64>),
}

impl Aim {
    pub(super) fn read(settings: &Settings, structure: &Structure) -> Result<Self, EngineError> {
        if let Some(path) = &settings.axis {
            let there = structure.same_atoms(path)?;
            different(structure, &there, path)?;
            return Ok(Aim::Towards(there));
        }
        let Some(path) = &settings.other_end else { return Ok(Aim::Guess) };
        let read = structure.same_atoms(path)?;
        let here = &structure.frame.x;
        let there = superposed(structure, &read, here, &vec![1.0; here.len() / 3]);
        for (atom, movable) in structure.frame.movable.iter().enumerate() {
            let away: Vec<f64> = (0..3).map(|k| there[3 * atom + k] - here[3 * atom + k]).collect();
            if !movable && largest(&away) > NEAR {
                let fault =
                    format!("atom {atom}, which is held, {:.2} Å from its place", largest(&away));
                return Err(EngineError::OtherAtoms { path: path.clone(), fault });
            }
        }
        different(structure, &there, path)?;
        Ok(Aim::Between(there))
    }
}

fn different(structure: &Structure, there: &[f64], path: &Path) -> Result<(), EngineError> {
    let away: Vec<f64> = structure
        .moving(there)
        .iter()
        .zip(structure.moving(&structure.frame.x))
        .map(|(a, b)| a - b)
        .collect();
    if largest(&away) > NEAR {
        return Ok(());
    }
    Err(EngineError::SameStructure { path: path.to_owned() })
}

/// The start; of structures between two the energies are asked for.
pub(super) fn start(
    structure: &Structure,
    engine: &mut Engine<'_>,
    aim: &Aim,
    log: &mut Log<'_>,
) -> Result<Start, EngineError> {
    let here = structure.moving(&structure.frame.x);
    let difference =
        |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
    let there = match aim {
        Aim::Guess => return Ok(Start { x: here, axis: None }),
        Aim::Towards(there) => {
            let axis = difference(&structure.moving(there), &here);
            return Ok(Start { x: here, axis: Some(axis) });
        }
        Aim::Between(there) => structure.moving(there),
    };
    log.say(&format!("{IMAGES} images between the two ends, by their distances"));
    log.say(" image           energy         fmax");
    let mut way = vec![here];
    way.extend(images(structure, &way[0], &there, IMAGES)?);
    way.push(there);
    let (mut highest, mut top) = (None, f64::NEG_INFINITY);
    for (image, x) in way.iter().enumerate().take(IMAGES + 1).skip(1) {
        let mut gradient = vec![0.0; x.len()];
        let energy = engine.try_value_grad(x, &mut gradient)?;
        log.say(&format!("{image:6} {energy:16.6} {:12.6}", largest(&gradient)));
        log.frame(x);
        if energy > top && gradient.iter().all(|g| g.is_finite()) {
            (highest, top) = (Some(image), energy);
        }
    }
    let Some(highest) = highest else { return Err(EngineError::Poison) };
    log.say(&format!(
        "begins at image {highest}, the highest, along the way from {} to {}",
        highest - 1,
        highest + 1
    ));
    let axis = difference(&way[highest + 1], &way[highest - 1]);
    Ok(Start { x: way[highest].clone(), axis: Some(axis) })
}
