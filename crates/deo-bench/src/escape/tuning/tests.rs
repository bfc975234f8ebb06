//! The search on functions whose best setting is known.

use super::*;
use crate::escape::run::End;
use crate::escape::statistics::tests::outcome;

/// Three runs that cost `cost` each, solved if the limit pays that.
fn runs(cost: f64, limit: u64) -> Vec<Outcome> {
    let solved = cost <= limit as f64;
    let end = if solved { End::Solved } else { End::Spent };
    vec![outcome(end, cost.min(limit as f64), if solved { 0.0 } else { 1.0 }); 3]
}

fn rates(tried: &[Candidate]) -> Vec<f64> {
    tried.iter().map(|tried| tried.lr).collect()
}

/// A search over rates around 1.
fn search(
    trial: impl FnMut(f64, &[f64], u64) -> Vec<Outcome>,
    budget: u64,
    grid: u32,
) -> (Candidate, Vec<Candidate>) {
    Tuning::new(trial, budget, 0, grid, &[]).search()
}

#[test]
fn settings_are_round_numbers() {
    assert_eq!([-8, -6, -2, -1, 0, 1, 4].map(value), [2e-3, 1e-2, 0.2, 0.5, 1.0, 2.0, 20.0]);
}

#[test]
fn the_grid_is_tried_from_the_middle_and_an_inner_best_ends_the_search() {
    let cost = |lr: f64| 100.0 * (1.0 + (lr / 0.5).ln().abs());
    let (best, tried) = search(|lr, _, limit| runs(cost(lr), limit), 1000, 5);
    assert_eq!(best.lr, 0.5);
    assert_eq!(rates(&tried), [1.0, 0.5, 2.0, 0.2, 5.0]);
    assert_eq!((best.solved, best.cost_median), (3, Some(100.0)));
    assert_eq!(rates(&search(|_, _, limit| runs(9.0, limit), 1000, 4).1), [1.0, 0.5, 2.0, 0.2]);
}

#[test]
fn the_grid_is_extended_where_the_best_rate_is_at_an_edge() {
    for wanted in [-6, 6] {
        let cost = |lr: f64| 100.0 * (1.0 + (lr / value(wanted)).ln().abs());
        let (best, tried) = search(|lr, _, limit| runs(cost(lr), limit), 5000, 3);
        assert_eq!(best.lr, value(wanted));
        let tried = rates(&tried);
        assert!([wanted - 1, wanted + 1].iter().all(|&k| tried.contains(&value(k))), "{tried:?}");
    }
    // A method that is the better the larger the rate doesn't keep the search busy for ever.
    let trial = |lr: f64, _: &[f64], _| vec![outcome(End::Spent, 10.0, 1.0 / lr); 3];
    let (best, tried) = search(trial, 10, 3);
    assert_eq!((best.lr, tried.len()), (value(1 + REACH), 3 + REACH as usize));
}

#[test]
fn where_everything_fails_smaller_rates_are_tried() {
    let trial = |lr: f64, _: &[f64], limit| {
        if lr > 0.03 {
            vec![outcome(End::Failed, 3.0, f64::INFINITY); 3]
        } else {
            runs(50.0, limit)
        }
    };
    let (best, tried) = search(trial, 1000, 3);
    // 1, 0.5, 2 of the grid and 0.2 … 0.05 fail; 0.02 is the first that doesn't, then its neighbour.
    assert_eq!(best.lr, 0.02);
    assert_eq!(rates(&tried), [1.0, 0.5, 2.0, 0.2, 0.1, 0.05, 0.02, 0.01]);
    let all = |_: f64, _: &[f64], _| vec![outcome(End::Failed, 3.0, f64::INFINITY); 3];
    assert_eq!(search(all, 1000, 3).1.len(), 3 + REACH as usize);
}

#[test]
fn at_a_given_rate_the_knobs_alone_are_tuned() {
    const NORM: [Knob; 1] = [Knob { name: "norm", grid: &[0, -3, 3] }];
    let given = 0.37; // not one of the lattice
    let trial = |lr: f64, knobs: &[f64], limit| {
        assert_eq!(lr, given);
        runs(100.0 * (1.0 + (knobs[0] / 0.02).ln().abs()), limit)
    };
    let (best, tried) = Tuning::at_rate(trial, 5000, given, &NORM).search();
    assert_eq!((best.lr, &best.knobs[..]), (given, &[0.02][..]));
    let norms: Vec<f64> = tried.iter().map(|tried| tried.knobs[0]).collect();
    assert_eq!(norms, [1.0, 0.1, 10.0, 0.05, 0.02, 0.01]);
}

#[test]
fn what_cannot_win_is_left_early() {
    let mut limits = vec![];
    let trial = |lr: f64, _: &[f64], limit| {
        limits.push(limit);
        runs(if lr == 1.0 { 40.0 } else { 70.5 }, limit)
    };
    let (_, tried) = search(trial, 1000, 3);
    assert_eq!(limits, [1000, 80, 80]);
    assert_eq!(tried[1].solved, 3);
}

#[test]
fn knobs_are_tuned_with_the_rate_and_beyond_their_grid() {
    let knobs = [Knob { name: "a", grid: &[0, 2] }, Knob { name: "b", grid: &[-2, 0, 2] }];
    let all = combinations(&knobs);
    assert_eq!((all.len(), all[0].as_slice(), all[5].as_slice()), (6, &[0, -2][..], &[2, 2][..]));
    // The best is at the rate 5, a = 20 and b = 1, and no grid has the first two.
    let trial = |lr: f64, knobs: &[f64], limit| {
        let off = |x: f64, wanted: f64| (x / wanted).ln().abs();
        runs(100.0 * (1.0 + off(lr, 5.0) + off(knobs[0], 20.0) + off(knobs[1], 1.0)), limit)
    };
    let (best, tried) = Tuning::new(trial, 10_000, -1, 3, &knobs).search();
    assert_eq!((best.lr, best.knobs.as_slice()), (5.0, &[20.0, 1.0][..]));
    // No setting is tried twice.
    let mut points: Vec<_> = tried.iter().map(|tried| &tried.point).collect();
    points.sort();
    points.dedup();
    assert_eq!(points.len(), tried.len());
}
