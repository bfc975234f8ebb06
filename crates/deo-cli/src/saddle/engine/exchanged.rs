//! Equal atoms in each other's place.
//!
//! Problem: of two structures that were made apart, the files may number equal atoms differently. A way between them then takes
//! atoms through each other, though their names are all that differs. Atoms are exchanged in pairs as long as that makes the
//! way shorter, Σ ‖r′ − r‖² the measure, and the structures are laid upon each other again after each exchange.
//!
//! A much shorter way is no proof: atoms do change places, as an adatom and one of the surface below it, and a methyl group
//! turns. So what comes of it is said, and refused only where the images have the atoms going through each other.

use super::structure::Structure;
use super::superposed::superposed;

/// Of Σ ‖r′ − r‖²: with the atoms exchanged the way is half as long, or less.
const SHORTER: f64 = 0.25;
/// Of the lesser of their distances at the two ends: nearer than this in between, two atoms go through each other.
const THROUGH: f64 = 0.5;

/// Pairs: the equal atoms of a molecule of some hundred, laid upon each other in less than a second.
const MANY: usize = 3_000;

/// The exchanges, pairs of atoms counted from 0, that make the way from `here` to `there` much shorter; none mostly. All atoms.
pub(super) fn exchanges(structure: &Structure, here: &[f64], there: &[f64]) -> Vec<[usize; 2]> {
    let even = vec![1.0; here.len() / 3];
    let (mut now, first) = (there.to_vec(), square(here, there));
    let (mut least, mut made) = (first, vec![]);
    let all = !structure.is_periodic() && equal_pairs(structure).nth(MANY).is_none();
    // Each shortens the way; as many as there are atoms would have put each in its place.
    while made.len() < even.len() {
        // A cell has no turn, and of many pairs all turns take too long: there an exchange is looked at where it is shorter by
        // itself.
        let may = |pair: &[usize; 2]| all || gain(structure, here, &now, *pair) > 0.0;
        let tried = equal_pairs(structure).filter(may).filter_map(|pair| {
            // What an exchange is worth shows after another turn only.
            let laid = superposed(structure, &exchanged(&now, pair), here, &even);
            let length = square(here, &laid);
            (length < least * (1.0 - 1e-6)).then_some((length, pair, laid))
        });
        let Some((length, pair, laid)) = tried.min_by(|a, b| a.0.total_cmp(&b.0)) else { break };
        (least, now) = (length, laid);
        made.push(pair);
    }
    if least <= SHORTER * first { made } else { vec![] }
}

/// The first of the exchanges whose atoms go through each other on the way: the ends and the images between, all atoms.
pub(super) fn through(
    structure: &Structure,
    way: &[Vec<f64>],
    exchanges: &[[usize; 2]],
) -> Option<[usize; 2]> {
    let apart = |x: &[f64], [i, j]: [usize; 2]| {
        structure.distance([0, 1, 2].map(|k| x[3 * i + k] - x[3 * j + k]))
    };
    let (first, last) = (way.first()?, way.last()?);
    exchanges.iter().copied().find(|pair| {
        let ends = apart(first, *pair).min(apart(last, *pair));
        way.iter().any(|x| apart(x, *pair) < THROUGH * ends)
    })
}

/// As in "1 and 2, 4 and 5".
pub(super) fn named(exchanges: &[[usize; 2]]) -> String {
    let pairs: Vec<String> = exchanges.iter().map(|[i, j]| format!("{i} and {j}")).collect();
    pairs.join(", ")
}

/// By how much Σ ‖r′ − r‖² falls if a pair is exchanged, each atom at its nearest image.
fn gain(structure: &Structure, here: &[f64], there: &[f64], [i, j]: [usize; 2]) -> f64 {
    let away = |from: usize, to: usize| {
        let d = structure.shortest([0, 1, 2].map(|k| there[3 * to + k] - here[3 * from + k]));
        d.iter().map(|d| d * d).sum::<f64>()
    };
    away(i, i) + away(j, j) - away(i, j) - away(j, i)
}

fn square(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Pairs of one element that both move.
fn equal_pairs(structure: &Structure) -> impl Iterator<Item = [usize; 2]> + '_ {
    let species = &structure.frame.species;
    let of = move |j: usize| structure.free.iter().copied().take_while(move |i| *i < j);
    let pairs = structure.free.iter().flat_map(move |&j| of(j).map(move |i| [i, j]));
    pairs.filter(move |[i, j]| species[*i] == species[*j])
}

fn exchanged(x: &[f64], [i, j]: [usize; 2]) -> Vec<f64> {
    let mut x = x.to_vec();
    (0..3).for_each(|k| x.swap(3 * i + k, 3 * j + k));
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saddle::xyz::parse_structures;
    use std::path::Path;

    fn structure(text: &str) -> Structure {
        let frame = parse_structures(text, Path::new("x")).unwrap().remove(0);
        Structure::of(frame, Path::new("x")).unwrap()
    }

    const ATOMS: &str =
        "5\n\nC 0 0 0\nH 0.63 0.63 0.63\nH -0.63 -0.63 0.63\nF -0.8 0.8 -0.8\nCl 1 -1 -1\n";

    #[test]
    fn two_atoms_of_one_element_are_found_out() {
        let a = structure(ATOMS);
        let here = a.frame.x.clone();
        let moved: Vec<f64> =
            here.iter().enumerate().map(|(i, x)| x + 0.02 * (i % 4) as f64).collect();
        assert_eq!(exchanges(&a, &here, &moved), [[0; 2]; 0]);
        assert_eq!(exchanges(&a, &here, &exchanged(&moved, [1, 2])), [[1, 2]]);
        assert_eq!(equal_pairs(&a).collect::<Vec<_>>(), [[1, 2]]);
    }

    #[test]
    fn in_a_cell_they_are_found_across_its_walls() {
        let text = "3\nLattice=\"9 0 0 0 9 0 0 0 9\"\nAr 0.5 0 0\nAr 8 0 0\nKr 4 4 4\n";
        let a = structure(text);
        let here = a.frame.x.clone();
        let mut there = exchanged(&here, [0, 1]);
        there[2] += 0.1;
        let there = superposed(&a, &there, &here, &[1.0; 3]);
        assert_eq!(exchanges(&a, &here, &there), [[0, 1]]);
    }

    /// Three that went round are two exchanges.
    #[test]
    fn a_round_of_three_is_two_exchanges() {
        let a = structure("5\n\nC 0 0 0\nH 1 0 0\nH 0 1.2 0\nH 0 0 1.4\nF -1 -1 -1\n");
        let here = a.frame.x.clone();
        let there = exchanged(&exchanged(&here, [1, 2]), [2, 3]);
        assert_eq!(exchanges(&a, &here, &there).len(), 2);
    }

    #[test]
    fn nearer_than_half_of_what_they_are_at_the_ends_is_through() {
        let a = structure(ATOMS);
        let here = a.frame.x.clone();
        let there = exchanged(&here, [1, 2]);
        let middle: Vec<f64> = here.iter().zip(&there).map(|(a, b)| 0.6 * a + 0.4 * b).collect();
        let way = [here.clone(), middle, there.clone()];
        assert_eq!(through(&a, &way, &[[1, 2]]), Some([1, 2]));
        assert_eq!(through(&a, &[here, there], &[[1, 2]]), None);
    }
}
