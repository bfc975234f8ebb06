//! The atoms of a guess: which of them move, and the space that belongs to them.
//!
//! A search moves the coordinates of the atoms that aren't held, and of those alone. What is left of the motions of the
//! whole follows from the cell and the held atoms, [`FreeBody::held`].

use super::error::EngineError;
use super::settings::Settings;
use crate::saddle::con;
use crate::saddle::xyz::{
    Frame, XyzError, parse_structures, read_structure, structure_text, text_of,
};
use deo_core::space::FreeBody;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

/// A structure of which some atoms move.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Structure {
    /// As read, with `movable` as decided.
    pub(super) frame: Frame,
    /// The numbers of the atoms that move.
    pub(super) free: Vec<usize>,
    /// The places of the others.
    held: Vec<[f64; 3]>,
    /// The vectors along which it repeats itself.
    periodic: Vec<[f64; 3]>,
}

/// Å: the shortest bond of all, that of H₂, is 0.74 Å long, and searches in reduced units have lengths of about one.
const MEET: f64 = 0.1;

impl Structure {
    /// The guess, with what is held by the file, by --fix and by --fix-below; of several frames the last.
    pub(super) fn load(settings: &Settings) -> Result<Self, EngineError> {
        Self::with_held(read(&settings.guess)?, settings)
    }

    /// All frames of the guess, as starts of as many searches.
    pub(super) fn load_all(settings: &Settings) -> Result<Vec<Self>, EngineError> {
        let path = &settings.guess;
        let frames = if is_con(path) {
            con::parse(&text_of(path)?, path)?
        } else {
            parse_structures(&text_of(path)?, path)?
        };
        let frames = frames.into_iter().map(|frame| Self::with_held(frame, settings));
        let all = frames.collect::<Result<Vec<Self>, _>>()?;
        let (first, rest) = all.split_first().expect("a file has a frame");
        for (i, other) in rest.iter().enumerate() {
            let fault =
                if (other.frame.cell, other.frame.pbc) != (first.frame.cell, first.frame.pbc) {
                    "another cell"
                } else if other.frame.movable != first.frame.movable {
                    "other atoms that are held"
                } else if other
                    .held
                    .iter()
                    .flatten()
                    .zip(first.held.iter().flatten())
                    .any(|(a, b)| (a - b).abs() > SAME_PLACE)
                {
                    "held atoms at other places"
                } else {
                    continue;
                };
            return Err(EngineError::Frame { path: path.clone(), frame: i + 2, fault });
        }
        Ok(all)
    }

    fn with_held(mut frame: Frame, settings: &Settings) -> Result<Self, EngineError> {
        let atoms = frame.species.len();
        if let Some(fix) = &settings.fix {
            for range in ranges(fix, atoms)? {
                frame.movable[range].fill(false);
            }
        }
        if let Some(z) = settings.fix_below {
            let below = frame.x.chunks(3).map(|r| r[2] < z);
            frame.movable.iter_mut().zip(below).for_each(|(movable, below)| *movable &= !below);
        }
        Self::of(frame, &settings.guess)
    }

    /// The atoms of a frame of the file `path`, of which those move that may.
    pub(super) fn of(frame: Frame, path: &Path) -> Result<Self, EngineError> {
        let atoms = frame.species.len();
        let vectors = match frame.cell {
            Some(cell) => cell.chunks(3).map(|v| [v[0], v[1], v[2]]).collect(),
            None if frame.pbc.contains(&true) => {
                return Err(EngineError::NoCell { path: path.to_owned() });
            }
            None => vec![],
        };
        let periodic = vectors.into_iter().zip(frame.pbc).filter(|(_, periodic)| *periodic);
        let periodic = periodic.map(|(vector, _)| vector).collect();
        let free: Vec<usize> = (0..atoms).filter(|atom| frame.movable[*atom]).collect();
        if free.is_empty() {
            return Err(EngineError::NothingFree { atoms });
        }
        let held = frame.x.chunks(3).zip(&frame.movable).filter(|(_, movable)| !**movable);
        let held = held.map(|(r, _)| [r[0], r[1], r[2]]).collect();
        let structure = Structure { frame, free, held, periodic };
        match structure.at_one_place() {
            Some([first, second]) => {
                Err(EngineError::OnePlace { path: path.to_owned(), first, second })
            }
            None => Ok(structure),
        }
    }

    /// Two atoms that no engine has forces for, if there are.
    fn at_one_place(&self) -> Option<[usize; 2]> {
        let atoms: Vec<&[f64]> = self.frame.x.chunks_exact(3).collect();
        let meet = |i: usize, j: usize| {
            let d = self.shortest([0, 1, 2].map(|k| atoms[i][k] - atoms[j][k]));
            d[0].hypot(d[1]).hypot(d[2]) < MEET
        };
        (0..atoms.len()).find_map(|i| (0..i).find(|&j| meet(i, j)).map(|j| [j, i]))
    }

    /// The reactant of --reactant: all atoms, which must be those of the guess.
    pub(super) fn same_atoms(&self, path: &Path) -> Result<Vec<f64>, EngineError> {
        let other = read(path)?;
        let refuse = |fault| EngineError::OtherAtoms { path: path.to_owned(), fault };
        let (ours, theirs) = (&self.frame.species, &other.species);
        if ours.len() != theirs.len() {
            return Err(refuse(format!("{} atoms, and the guess {}", theirs.len(), ours.len())));
        }
        match ours.iter().zip(theirs).position(|(a, b)| a != b) {
            Some(i) => {
                Err(refuse(format!("{} as its atom {i}, and the guess {}", theirs[i], ours[i])))
            }
            None => Ok(other.x),
        }
    }

    /// The shortest of the images of a vector between atoms: that of the nearest cell, for atoms that are near beside it.
    pub(super) fn shortest(&self, d: [f64; 3]) -> [f64; 3] {
        let Some(cell) = self.frame.cell else { return d };
        let vector = |i: usize| [cell[3 * i], cell[3 * i + 1], cell[3 * i + 2]];
        let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let cross = |a: [f64; 3], b: [f64; 3]| {
            [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
        };
        let mut short = d;
        for i in 0..3 {
            let normal = cross(vector((i + 1) % 3), vector((i + 2) % 3));
            let volume = dot(normal, vector(i));
            if self.frame.pbc[i] && volume != 0.0 {
                let count = (dot(normal, d) / volume).round();
                (0..3).for_each(|k| short[k] -= count * vector(i)[k]);
            }
        }
        short
    }

    /// The length of the shortest of all images of a vector.
    pub(super) fn distance(&self, d: [f64; 3]) -> f64 {
        let d = self.shortest(d);
        let length = |v: [f64; 3]| v[0].hypot(v[1]).hypot(v[2]);
        // In a cell that leans the nearest image may be one cell further.
        let mut images = vec![d];
        for vector in &self.periodic {
            let beside = |v: &[f64; 3], sign: f64| [0, 1, 2].map(|k| v[k] + sign * vector[k]);
            images = images.iter().flat_map(|v| [*v, beside(v, 1.0), beside(v, -1.0)]).collect();
        }
        images.into_iter().map(length).fold(f64::INFINITY, f64::min)
    }

    /// The distances of all atoms at `all`, sorted, pair of elements after pair of elements: what turning, mirroring and
    /// renaming leave.
    pub(super) fn distances(&self, all: &[f64]) -> Vec<f64> {
        let species = &self.frame.species;
        let mut pairs = BTreeMap::<(&str, &str), Vec<f64>>::new();
        for (i, a) in all.chunks_exact(3).enumerate() {
            for (j, b) in all.chunks_exact(3).enumerate().take(i) {
                let (one, other) = (species[i].as_str(), species[j].as_str());
                let pair = if one < other { (one, other) } else { (other, one) };
                let d = self.distance([0, 1, 2].map(|k| a[k] - b[k]));
                pairs.entry(pair).or_default().push(d);
            }
        }
        pairs.values_mut().for_each(|lengths| lengths.sort_by(f64::total_cmp));
        pairs.into_values().flatten().collect()
    }

    /// The coordinates that move, of those of all atoms.
    pub(super) fn moving(&self, all: &[f64]) -> Vec<f64> {
        self.free.iter().flat_map(|atom| [0, 1, 2].map(|a| all[3 * atom + a])).collect()
    }

    /// Those of all atoms, the moving ones at `x`.
    pub(super) fn all(&self, x: &[f64]) -> Vec<f64> {
        let mut all = self.frame.x.clone();
        self.scatter(x, &mut all);
        all
    }

    /// A vector of all atoms, zero where they are held.
    pub(super) fn spread(&self, v: &[f64]) -> Vec<f64> {
        let mut all = vec![0.0; self.frame.x.len()];
        self.scatter(v, &mut all);
        all
    }

    fn scatter(&self, x: &[f64], all: &mut [f64]) {
        for (r, atom) in x.chunks(3).zip(&self.free) {
            all[3 * atom..3 * atom + 3].copy_from_slice(r);
        }
    }

    /// It repeats itself.
    pub(super) fn is_periodic(&self) -> bool {
        !self.periodic.is_empty()
    }

    /// The space of the moving coordinates near `x`.
    pub(super) fn space(&self, x: &[f64]) -> FreeBody {
        self.weighted_space(x, &vec![1.0; self.free.len()])
    }

    /// The same in mass-weighted coordinates near `q`.
    pub(super) fn weighted_space(&self, q: &[f64], masses: &[f64]) -> FreeBody {
        FreeBody::held(q, masses, &self.held, &self.periodic)
    }

    /// Where the moving atoms at `x` turn about, the axis if they can turn about one only, and how many moves of the whole
    /// change nothing.
    pub(super) fn pivot(&self, x: &[f64], masses: &[f64]) -> ([f64; 3], Option<[f64; 3]>, usize) {
        let unit = |v: [f64; 3]| {
            let length = v[0].hypot(v[1]).hypot(v[2]);
            (length > 0.0).then(|| v.map(|v| v / length))
        };
        let periodic = match self.periodic[..] {
            [vector] => unit(vector),
            _ => None,
        };
        let Some(first) = self.held.first() else {
            let sum: f64 = masses.iter().sum();
            let of = |k: usize| {
                x.iter().skip(k).step_by(3).zip(masses).map(|(x, m)| x * m).sum::<f64>() / sum
            };
            return ([0, 1, 2].map(of), periodic, 3);
        };
        let away = |held: &[f64; 3]| [0, 1, 2].map(|k| held[k] - first[k]);
        let length = |v: [f64; 3]| v[0].hypot(v[1]).hypot(v[2]);
        let farthest = self.held.iter().map(away).max_by(|a, b| length(*a).total_cmp(&length(*b)));
        (*first, farthest.and_then(unit).or(periodic), 0)
    }

    /// The same in eOn's format; `None` without a cell.
    pub(super) fn con(&self, x: &[f64]) -> Option<String> {
        con::text(&Frame { x: self.all(x), ..self.frame.clone() })
    }

    /// A frame with the moving atoms at `x`.
    pub(super) fn text(&self, x: &[f64], facts: &str, vectors: &[(&str, &[f64])]) -> String {
        structure_text(&Frame { x: self.all(x), ..self.frame.clone() }, facts, vectors)
    }
}

/// Å: what is nearer was rounded when it was written.
const SAME_PLACE: f64 = 1e-4;

/// eOn's files, by their names.
pub(super) fn is_con(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("con"))
}

/// The last frame of an extended XYZ file, or of one of eOn's.
fn read(path: &Path) -> Result<Frame, XyzError> {
    if is_con(path) {
        let mut frames = con::parse(&text_of(path)?, path)?;
        return Ok(frames.pop().expect("one at least"));
    }
    read_structure(path)
}

/// The largest length of three numbers in a row: of an atomic force.
pub(super) fn largest(v: &[f64]) -> f64 {
    let lengths = v.chunks(3).map(|f| f[0].hypot(f[1]).hypot(f[2]));
    // `max` would pass over what is no number, in either place.
    lengths.fold(
        0.0,
        |most: f64, length| {
            if most.is_nan() || length.is_nan() { f64::NAN } else { most.max(length) }
        },
    )
}

/// "0-8,12", atoms counted from 0.
fn ranges(text: &str, atoms: usize) -> Result<Vec<RangeInclusive<usize>>, EngineError> {
    let refuse = |wanted: String| EngineError::Fix { fix: text.to_owned(), wanted };
    let parse = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |word: &str| word.trim().parse::<usize>().ok();
        Some(number(first)?..=number(last)?)
    };
    let mut found = vec![];
    for part in text.split(',') {
        let range = parse(part)
            .filter(|range| !range.is_empty())
            .ok_or_else(|| refuse("give numbers from 0 and ranges, as in 0-8,12".to_owned()))?;
        if *range.end() >= atoms {
            return Err(refuse(format!("there are {atoms} atoms, of numbers up to {}", atoms - 1)));
        }
        found.push(range);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges() {
        let ranges = |text: &str| {
            let found = ranges(text, 20).map_err(|error| error.to_string())?;
            Ok::<_, String>(found.into_iter().flatten().collect::<Vec<usize>>())
        };
        assert_eq!(ranges("0-3,12, 7").unwrap(), [0, 1, 2, 3, 12, 7]);
        for bad in ["", "a", "3-1", "-2", "1,,2", "0x3"] {
            assert!(ranges(bad).unwrap_err().contains("0-8,12"), "{bad}");
        }
        assert!(ranges("3-20").unwrap_err().contains("up to 19"));
    }

    #[test]
    fn the_largest_force_is_that_of_an_atom() {
        assert_eq!(largest(&[3.0, 4.0, 0.0, 4.5, 0.0, 0.0]), 5.0);
        assert!(largest(&[f64::NAN, 0.0, 0.0, 1.0, 0.0, 0.0]).is_nan());
        assert!(largest(&[1.0, 0.0, 0.0, 0.0, f64::NAN, 0.0]).is_nan());
    }
}
