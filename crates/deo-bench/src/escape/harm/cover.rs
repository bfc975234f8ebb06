//! The cells of the suite: a cover of all pairs of levels.
//!
//! Problem: the product has 5 850 cells. Harm that needs two levels to meet is met by any set of cells in which each two
//! levels of two factors occur together (a covering array of strength two); harm that needs three by one of strength
//! three, which is larger by the number of levels.
//!
//! Greedy: the next cell is the one with the most pairs that are new, then with the most triples that are new, then the
//! one in which its levels have occurred least, then the first. After all pairs have occurred it goes on by triples up to
//! [`SIZE`]: the more of them, the more that two-way harm is seen in more than one place.
//!
//! Reference: Cohen, Dalal, Fredman & Patton, "The AETG system", IEEE Trans. Softw. Eng. 23, 437 (1997).

use super::cell::{Cell, FACTORS, LEVELS, product};
use std::cmp::Reverse;

/// What runs within two hours on two cores.
pub(super) const SIZE: usize = 60;

/// The neighbour of [`REPORTED`](super::cell::REPORTED).
const FIRST: &str = "digits-5-sigmoid-full-adam-x0.3-600";

/// Which sets of so many factors' levels have occurred, each with a number of its own.
struct Seen {
    factors: Vec<Vec<usize>>,
    seen: Vec<Vec<bool>>,
}

impl Seen {
    fn new(strength: usize) -> Self {
        let factors: Vec<Vec<usize>> = (0..1_u32 << FACTORS)
            .filter(|set| set.count_ones() as usize == strength)
            .map(|set| (0..FACTORS).filter(|factor| set >> factor & 1 == 1).collect())
            .collect();
        let combinations = |set: &Vec<usize>| set.iter().map(|&f| LEVELS[f]).product();
        let seen = factors.iter().map(|set| vec![false; combinations(set)]).collect();
        Seen { factors, seen }
    }

    fn index(set: &[usize], cell: &Cell) -> usize {
        set.iter().fold(0, |index, &factor| index * LEVELS[factor] + cell.0[factor])
    }

    /// Combinations of the cell that haven't occurred.
    fn new_in(&self, cell: &Cell) -> usize {
        let sets = self.factors.iter().zip(&self.seen);
        sets.filter(|(set, seen)| !seen[Self::index(set, cell)]).count()
    }

    fn enter(&mut self, cell: &Cell) {
        for (set, seen) in self.factors.iter().zip(&mut self.seen) {
            seen[Self::index(set, cell)] = true;
        }
    }
}

/// The cover, in the order of its making.
pub(super) fn cover() -> Vec<Cell> {
    let all = product();
    let (mut pairs, mut triples) = (Seen::new(2), Seen::new(3));
    let mut occurred = LEVELS.map(|levels| vec![0_usize; levels]);
    let mut cover: Vec<Cell> = vec![];
    while cover.len() < SIZE {
        let worth = |cell: &&Cell| {
            let often: usize = cell.0.iter().zip(&occurred).map(|(&level, of)| of[level]).sum();
            // Of equals `max_by_key` takes the last, and the first is wanted.
            (pairs.new_in(cell), triples.new_in(cell), Reverse(often))
        };
        let next = if cover.is_empty() {
            Cell::by_name(FIRST).expect("it is one of the product")
        } else {
            *all.iter().rev().max_by_key(worth).expect("the product isn't empty")
        };
        pairs.enter(&next);
        triples.enter(&next);
        next.0.iter().zip(&mut occurred).for_each(|(&level, of)| of[level] += 1);
        cover.push(next);
    }
    cover
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Levels of that many factors that occur together in `cells`, by brute force.
    fn together(cells: &[Cell], factors: &[usize]) -> HashSet<Vec<usize>> {
        cells.iter().map(|cell| factors.iter().map(|&f| cell.0[f]).collect()).collect()
    }

    #[test]
    fn each_two_levels_of_two_factors_occur_together_if_they_can() {
        let (cover, all) = (cover(), product());
        assert_eq!(cover.len(), SIZE);
        assert_eq!(cover.iter().collect::<HashSet<_>>().len(), SIZE, "a cell twice");
        assert_eq!(cover[0].name(), FIRST);
        for a in 0..FACTORS {
            for b in 0..a {
                assert_eq!(together(&cover, &[a, b]), together(&all, &[a, b]), "{a} {b}");
            }
        }
        // What can't occur is a GPT with three of the activations, and nothing else.
        assert_eq!(together(&all, &[0, 2]).len(), LEVELS[0] * LEVELS[2] - 3);
    }

    #[test]
    fn the_levels_of_a_factor_occur_about_equally_often() {
        let cover = cover();
        for factor in [1, 3, 4, 5, 6] {
            let mut often = vec![0; LEVELS[factor]];
            cover.iter().for_each(|cell| often[cell.0[factor]] += 1);
            let even = SIZE / LEVELS[factor];
            // A third of what is even: no level is a token one.
            assert!(often.iter().all(|&n| 3 * n >= 2 * even), "{factor}: {often:?}");
        }
    }
}
