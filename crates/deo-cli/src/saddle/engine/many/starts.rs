//! Where many searches begin: the frames of the guess in turn, displaced.

use super::super::error::EngineError;
use super::super::settings::Settings;
use super::super::structure::Structure;
use crate::saddle::settings::search_seed;
use deo_core::noise::noise;

/// Structures, and by how much their atoms are displaced.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Starts {
    pub(super) structures: Vec<Structure>,
    pub(super) searches: usize,
    /// σ, Å.
    pub(super) displace: f64,
    seed: u64,
    around: Option<(usize, f64)>,
}

/// σ of a single guess, Å: as far as atoms move in vibrations at room temperature, twice.
const DISPLACE: f64 = 0.1;

impl Starts {
    pub(super) fn load(settings: &Settings) -> Result<Self, EngineError> {
        let structures = Structure::load_all(settings)?;
        let (frames, searches) = (structures.len(), settings.searches.unwrap_or(1));
        let alone = if frames == 1 { DISPLACE } else { 0.0 };
        let displace = settings.displace.unwrap_or(alone);
        if displace == 0.0 && searches > frames {
            return Err(EngineError::Same { searches, frames });
        }
        let around = settings.displace_around.map(|atom| (atom, settings.within));
        let starts = Starts { structures, searches, displace, seed: settings.seed, around };
        if let Some((atom, within)) = around {
            let atoms = starts.structures[0].frame.species.len();
            if atom >= atoms {
                return Err(EngineError::Around { atom, atoms });
            }
            let still = |structure: &Structure| starts.shares(structure).iter().all(|s| *s == 0.0);
            if starts.structures.iter().any(still) {
                return Err(EngineError::NothingNear { atom, within });
            }
        }
        Ok(starts)
    }

    /// The structure that a search, counted from 0, begins with.
    pub(super) fn of(&self, search: usize) -> &Structure {
        &self.structures[search % self.structures.len()]
    }

    /// guess, or frame-2.
    pub(super) fn labels(&self) -> Vec<String> {
        match self.structures.len() {
            1 => vec!["guess".to_owned()],
            frames => (1..=frames).map(|frame| format!("frame-{frame}")).collect(),
        }
    }

    /// The moving coordinates at the start of a search. The deviate of a coordinate is the same whatever else is held.
    pub(super) fn displaced(&self, search: usize) -> Vec<f64> {
        let structure = self.of(search);
        let seed = search_seed(self.seed, search);
        let mut x = structure.moving(&structure.frame.x);
        let places = structure.free.iter().flat_map(|atom| [0, 1, 2].map(|a| 3 * atom + a));
        let shares = self.shares(structure);
        for ((x, place), share) in x.iter_mut().zip(places).zip(shares) {
            *x += share * self.displace * noise(seed, place as u64);
        }
        x
    }

    /// 1 of each moving coordinate that is displaced, 0 of the others.
    fn shares(&self, structure: &Structure) -> Vec<f64> {
        let r = |atom: usize| [0, 1, 2].map(|a| structure.frame.x[3 * atom + a]);
        let near = |atom: &usize| match self.around {
            None => true,
            Some((around, within)) => {
                let (a, b) = (r(*atom), r(around));
                structure.distance([0, 1, 2].map(|k| a[k] - b[k])) <= within
            }
        };
        structure.free.iter().flat_map(|atom| [f64::from(u8::from(near(atom))); 3]).collect()
    }
}
