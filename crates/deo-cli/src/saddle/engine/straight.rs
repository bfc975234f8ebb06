//! Atoms on a line, which no force bends.
//!
//! Problem: at a straight structure the gradient lies along the line exactly. So does every step of a search, and a bend that
//! nothing has shown is what the model says of it: a model that takes it for stiffer than it is sends the search up a stretch
//! until the energies end. A first axis that bends the structure has the bend measured by one gradient, whatever the model.
//!
//! Bends of straight structures come in pairs, one in each plane through the line, so that what is unstable in bending has
//! index 2, and the verification says so.

use super::structure::Structure;
use deo_core::noise::noise;

/// Å: atoms so far off a line were rounded when they were written; a bend of a stiff angle has forces of some meV/Å there.
const ON_LINE: f64 = 1e-4;

/// Said before the search.
pub(super) const BEFORE: &str =
    "all atoms are on a line, which no force bends: the first probe bends it";

/// Said after a search that has found no saddle of its index.
pub(super) const AFTER: &str = "the guess has all atoms on a line, which no force bends, and its bends come in pairs of one curvature: move an \
     atom some 0.1 Å off the line for a saddle that is bent";

/// A direction of the atoms that move that bends a straight structure at `x`, or `None` of any other.
pub(super) fn bend(structure: &Structure, x: &[f64]) -> Option<Vec<f64>> {
    let all = structure.all(x);
    let line = line(&all).filter(|_| !structure.is_periodic() && all.len() >= 9)?;
    // Across the line, in the plane of the axis that is least along it.
    let least = (0..3).min_by(|&a, &b| line[a].abs().total_cmp(&line[b].abs()))?;
    let across = [0, 1, 2].map(|k| f64::from(u8::from(k == least)) - line[least] * line[k]);
    // Each its own way: a bend of no symmetry has a part of all of them.
    let ways = structure.free.iter().map(|atom| noise(1, *atom as u64));
    Some(ways.flat_map(|way| across.map(|a| way * a)).collect())
}

/// The direction of the line that all atoms are on, if they are.
fn line(all: &[f64]) -> Option<[f64; 3]> {
    let length = |v: [f64; 3]| v[0].hypot(v[1]).hypot(v[2]);
    let away = |r: &[f64]| [0, 1, 2].map(|k| r[k] - all[k]);
    let farthest = all.chunks(3).map(away).max_by(|a, b| length(*a).total_cmp(&length(*b)))?;
    let size = length(farthest);
    let unit = farthest.map(|v| v / size);
    let off = |v: [f64; 3]| {
        let along: f64 = v.iter().zip(unit).map(|(v, u)| v * u).sum();
        length([0, 1, 2].map(|k| v[k] - along * unit[k]))
    };
    (size > 0.0 && all.chunks(3).map(away).all(|v| off(v) <= ON_LINE)).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saddle::xyz::parse_structures;
    use std::path::Path;

    fn bend_of(text: &str) -> Option<Vec<f64>> {
        let frame = parse_structures(text, Path::new("x")).unwrap().remove(0);
        let structure = Structure::of(frame, Path::new("x")).unwrap();
        bend(&structure, &structure.moving(&structure.frame.x))
    }

    #[test]
    fn only_what_is_on_a_line_is_bent_and_that_across_it() {
        let across = bend_of("3\n\nO 1 1 1\nH 1.6 1.6 1.6\nH 0.4 0.4 0.4\n").unwrap();
        assert!(across.chunks(3).all(|v| (v[0] + v[1] + v[2]).abs() < 1e-12), "{across:?}");
        // What is left of it beside moves and turns of the whole: the middle against the mean of the ends, if they are as far.
        let bent = (0..3).map(|k| across[k] - 0.5 * (across[3 + k] + across[6 + k]));
        assert!(bent.map(f64::abs).fold(0.0, f64::max) > 0.01, "{across:?}");
        for other in [
            "3\n\nO 0 0 0\nH 0.95 0 0\nH -0.95 0.01 0\n",
            "2\n\nO 0 0 0\nH 0.95 0 0\n",
            "3\nLattice=\"9 0 0 0 9 0 0 0 9\"\nO 0 0 0\nH 0.95 0 0\nH -0.95 0 0\n",
        ] {
            assert_eq!(bend_of(other), None, "{other}");
        }
    }
}
