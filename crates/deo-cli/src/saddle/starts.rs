//! Where searches start: points as given or known, each with the minimum below it.
//!
//! | surface | without `--start` | with |
//! |---|---|---|
//! | landscape | its known minima in turn; random points of its box if none is known | the point |
//! | cluster | the structure of its name, relaxed | the frames of the file in turn |
//!
//! What is given is not relaxed, since it may be a guess of a saddle; the minimum below it only serves as the zero of
//! barriers. It is missing if the way down didn't converge, and not looked for on a landscape without a known minimum,
//! where the way down has no end.

use super::error::SaddleError;
use super::potential::Potential;
use super::settings::Settings;
use super::xyz::{self, Frame};
use deo_core::noise::noise;
use deo_models::landscapes::Landscape;
use deo_saddle::{Method, VerificationSettings};
use std::path::Path;

/// A point to be displaced.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Its name: minimum-2, frame-1, …
    pub label: String,
    /// The point.
    pub x: Vec<f64>,
    /// The minimum below it.
    pub minimum: Option<Vec<f64>>,
}

/// The starts, and the symbols of their atoms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Starts {
    pub(super) starts: Vec<Start>,
    pub(super) species: Vec<String>,
}

/// The symbol of an atom of no element.
const ATOM: &str = "X";

impl Starts {
    /// Reads or makes what `start` names, or what belongs to the potential.
    pub(super) fn load(potential: &Potential, start: Option<&str>) -> Result<Self, SaddleError> {
        if let Some(landscape) = potential.landscape()? {
            let starts = match start {
                Some(text) => vec![given(&*landscape, text)?],
                None => known(&*landscape),
            };
            return Ok(Starts { starts, species: vec![] });
        }
        let Some(path) = start else {
            let name = if matches!(potential, Potential::Morse { .. }) { "morse" } else { "lj" };
            let x = potential.geometry().ok_or(SaddleError::NoStart { name })?;
            let species = vec![ATOM.to_owned(); x.len() / 3];
            let start = Start { label: potential.name(), x, minimum: None };
            return Ok(Starts { starts: vec![start], species });
        };
        let frames = xyz::read(Path::new(path))?;
        let atoms = frames[0].species.len();
        if let Some(wanted) = potential.atoms().filter(|wanted| *wanted != atoms) {
            return Err(SaddleError::Start {
                start: path.to_owned(),
                potential: potential.name(),
                wanted: format!("{wanted} atoms, and this file has {atoms}"),
            });
        }
        let species = frames[0].species.clone();
        let start =
            |(i, Frame { x, .. })| Start { label: format!("frame-{}", i + 1), x, minimum: None };
        Ok(Starts { starts: frames.into_iter().enumerate().map(start).collect(), species })
    }

    /// N.
    pub(super) fn dimension(&self) -> usize {
        self.starts[0].x.len()
    }

    /// Goes down from every start whose minimum isn't known, and moves there where the start was `made` and not given.
    pub(super) fn relax(
        &mut self,
        potential: &Potential,
        descent: &Method,
        verification: &VerificationSettings,
        made: bool,
    ) -> Result<(), SaddleError> {
        if potential.landscape()?.is_some_and(|landscape| landscape.minima().is_empty()) {
            return Ok(());
        }
        for start in self.starts.iter_mut().filter(|start| start.minimum.is_none()) {
            let down = potential.descend(&start.x, descent, verification)?;
            if down.is_minimum() {
                let minimum = down.end.found.x;
                if made && potential.is_cluster() {
                    start.x.clone_from(&minimum);
                }
                start.minimum = Some(minimum);
            }
        }
        Ok(())
    }

    /// The start of a search, before it is displaced.
    pub(super) fn of(&self, search: usize) -> usize {
        search % self.starts.len()
    }

    /// The displaced start of a search.
    pub(super) fn displaced(&self, search: usize, settings: &Settings) -> Vec<f64> {
        let seed = settings.search_seed(search);
        let displace = |(i, x): (usize, &f64)| x + settings.displace * noise(seed, i as u64);
        self.starts[self.of(search)].x.iter().enumerate().map(displace).collect()
    }
}

fn known(landscape: &dyn Landscape) -> Vec<Start> {
    let minima = landscape.minima().into_iter().enumerate();
    let starts: Vec<Start> = minima
        .map(|(i, point)| Start {
            label: format!("minimum-{}", i + 1),
            minimum: Some(point.x.clone()),
            x: point.x,
        })
        .collect();
    if starts.is_empty() { random(landscape) } else { starts }
}

/// Random points of the box. They are the same for every seed; what is random in a run is the displacement.
fn random(landscape: &dyn Landscape) -> Vec<Start> {
    let domain = landscape.domain();
    let point = |k: u64| -> Vec<f64> {
        let within = |(i, (low, high)): (usize, &(f64, f64))| {
            // A sample is within ±2√3 = ±3.46, a sum of four uniforms: none leaves the box.
            low + (high - low) * (0.5 + noise(k, i as u64) / 7.0)
        };
        domain.iter().enumerate().map(within).collect()
    };
    (0..8)
        .map(|k| Start { label: format!("random-{}", k + 1), x: point(k), minimum: None })
        .collect()
}

/// A known minimum by its label, or coordinates with commas between.
fn given(landscape: &dyn Landscape, text: &str) -> Result<Start, SaddleError> {
    let minima: Vec<Start> =
        known(landscape).into_iter().filter(|start| start.minimum.is_some()).collect();
    // "minimum" is the first of them.
    let wanted = [text.trim().to_owned(), format!("{}-1", text.trim())];
    if let Some(start) = minima.iter().find(|start| wanted.contains(&start.label)) {
        return Ok(start.clone());
    }
    let n = landscape.dimension();
    let number = |word: &str| word.trim().parse().ok().filter(|x: &f64| x.is_finite());
    let x: Option<Vec<f64>> = text.split(',').map(number).collect();
    let x = x.filter(|x| x.len() == n).ok_or_else(|| {
        let labels: String = minima.iter().map(|start| format!(", or {}", start.label)).collect();
        SaddleError::Start {
            start: text.to_owned(),
            potential: landscape.name().to_owned(),
            wanted: format!("{n} finite numbers with commas between{labels}"),
        }
    })?;
    Ok(Start { label: "start".to_owned(), x, minimum: None })
}
