//! Where a search begins, and along which axis.
//!
//! | given | begins at | first axis |
//! |---|---|---|
//! | a guess | the guess | the search's own, with `--axis` towards that structure, or of atoms on a line one that bends it |
//! | `--between A B` | the image of highest energy of [`IMAGES`] between them | from the image before it to the one after |

use super::error::EngineError;
use super::exchanged::{exchanges, named, through};
use super::idpp::images;
use super::log::Log;
use super::oracle::Engine;
use super::settings::Settings;
use super::straight::{BEFORE, bend};
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
    /// What moves at the one end, the images and the other end; and what is to be said of them.
    Between {
        way: Vec<Vec<f64>>,
        note: Option<String>,
    },
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
        between(structure, &there, path)
    }
}

/// The way to `there`, unless it takes equal atoms through each other.
fn between(structure: &Structure, there: &[f64], path: &Path) -> Result<Aim, EngineError> {
    let here = &structure.frame.x;
    let (from, to) = (structure.moving(here), structure.moving(there));
    let mut way = vec![from.clone()];
    way.extend(images(structure, &from, &to, IMAGES)?);
    way.push(to);
    let exchanges = exchanges(structure, here, there);
    let all: Vec<Vec<f64>> = way.iter().map(|x| structure.all(x)).collect();
    if let Some([first, second]) = through(structure, &all, &exchanges) {
        let exchanges = named(&exchanges);
        return Err(EngineError::Through { path: path.to_owned(), first, second, exchanges });
    }
    let note = (!exchanges.is_empty()).then(|| {
        format!(
            "with equal atoms exchanged in {path:?}, {}, the way would be less than half as long: give it so, unless they do \
             change places",
            named(&exchanges)
        )
    });
    Ok(Aim::Between { way, note })
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
    index: usize,
    log: &mut Log<'_>,
) -> Result<Start, EngineError> {
    let here = structure.moving(&structure.frame.x);
    let difference =
        |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
    let way = match aim {
        Aim::Guess => {
            // A minimisation has no axis.
            let axis = bend(structure, &here).filter(|_| index > 0);
            if axis.is_some() {
                log.say(BEFORE);
            }
            return Ok(Start { x: here, axis });
        }
        Aim::Towards(there) => {
            let axis = difference(&structure.moving(there), &here);
            return Ok(Start { x: here, axis: Some(axis) });
        }
        Aim::Between { way, note } => {
            note.iter().for_each(|note| log.say(note));
            way
        }
    };
    log.say(&format!("{IMAGES} images between the two ends, by their distances"));
    log.say(" image           energy         fmax");
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
