//! Medians over runs of which some did not arrive.
//!
//! Problem: the median cost of the *solved* runs flatters a method that fails on the hard starts. A run that spent its
//! budget has a cost that is known to be larger than the budget and no more: it is censored. So it counts as infinite;
//! the median of all runs is then exact as long as more than half are solved, and otherwise there is none.

use super::run::{End, Outcome};

/// The median, of an even number of values the mean of the middle two; infinite if one of them is.
///
/// # Panics
///
/// If there is no value, or a NaN.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    assert!(!sorted.is_empty() && sorted.iter().all(|v| !v.is_nan()), "no median of {sorted:?}");
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

/// `of` a run that reached its target, infinite otherwise.
pub(super) fn censored(run: &Outcome, of: impl Fn(&Outcome) -> f64) -> f64 {
    if run.end == End::Solved { of(run) } else { f64::INFINITY }
}

/// A number that may be infinite, for JSON.
pub(super) fn known(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// How good a setting of a method is: solved runs, then median cost, then median measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Score {
    pub(super) solved: usize,
    pub(super) failed: usize,
    pub(super) runs: usize,
    pub(super) cost: f64,
    pub(super) worst_cost: f64,
    pub(super) measure: f64,
}

impl Score {
    pub(super) fn of(runs: &[Outcome]) -> Self {
        let count = |end| runs.iter().filter(|run| run.end == end).count();
        let costs = || runs.iter().map(|run| censored(run, |run| run.cost));
        Score {
            solved: count(End::Solved),
            failed: count(End::Failed),
            runs: runs.len(),
            cost: median(costs()),
            worst_cost: costs().fold(0.0, f64::max),
            measure: median(runs.iter().map(|run| run.measure)),
        }
    }

    /// Better than `other`, not merely as good.
    pub(super) fn beats(&self, other: &Score) -> bool {
        if self.solved != other.solved {
            return self.solved > other.solved;
        }
        if self.cost != other.cost {
            return self.cost < other.cost;
        }
        // Of runs that are solved the measure only says by how much the last step overshot the target.
        self.solved < self.runs && self.measure < other.measure
    }
}

/// The run in the middle: solved ones by cost, then the others by measure.
pub(super) fn middle_run(runs: &[Outcome]) -> Option<&Outcome> {
    let mut order: Vec<&Outcome> = runs.iter().collect();
    let key = |run: &Outcome| (censored(run, |run| run.cost), run.measure);
    order.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    order.get(order.len() / 2).copied()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::escape::method::Deeds;

    pub(crate) fn outcome(end: End, cost: f64, measure: f64) -> Outcome {
        let (deeds, curve) = (Deeds::default(), vec![]);
        let (steps, gradients, losses, loss) = (cost as u64, cost as u64, 0, measure);
        Outcome { end, steps, gradients, losses, cost, measure, loss, deeds, curve }
    }

    const INFINITE: f64 = f64::INFINITY;

    #[test]
    fn medians_know_what_did_not_arrive() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([3.0, 1.0, 2.0, 5.0]), 2.5);
        assert_eq!(median([INFINITE, 1.0, 2.0]), 2.0);
        assert_eq!(median([INFINITE, 1.0, INFINITE]), INFINITE);
        // Half isn't more than half.
        assert_eq!(median([INFINITE, 1.0, INFINITE, 2.0]), INFINITE);
        assert_eq!(known(median([INFINITE])), None);
    }

    #[test]
    fn scores_rank_by_solved_then_cost_then_measure() {
        let score = |runs: &[(End, f64, f64)]| {
            Score::of(&runs.iter().map(|&(e, c, m)| outcome(e, c, m)).collect::<Vec<_>>())
        };
        let fast = score(&[(End::Solved, 10.0, 0.0), (End::Solved, 20.0, 0.0)]);
        let slow = score(&[(End::Solved, 30.0, 0.0), (End::Solved, 20.0, 0.0)]);
        let half = score(&[(End::Solved, 1.0, 0.0), (End::Spent, 99.0, 0.5)]);
        let stuck = score(&[(End::Spent, 99.0, 3.0), (End::Spent, 99.0, 5.0)]);
        let worse = score(&[(End::Spent, 99.0, 5.0), (End::Failed, 9.0, INFINITE)]);
        let ranking = [fast, slow, half, stuck, worse];
        for (i, a) in ranking.iter().enumerate() {
            for (j, b) in ranking.iter().enumerate() {
                assert_eq!(a.beats(b), i < j, "{i} against {j}");
            }
        }
        assert_eq!((slow.cost, slow.worst_cost), (25.0, 30.0));
        assert_eq!((half.cost, half.worst_cost, half.solved), (INFINITE, INFINITE, 1));
        assert_eq!((stuck.measure, worse.failed), (4.0, 1));
        // Solved runs of equal cost are equally good.
        let overshot = score(&[(End::Solved, 10.0, -1.0), (End::Solved, 20.0, -1.0)]);
        assert!(!overshot.beats(&fast) && !fast.beats(&overshot));
    }

    #[test]
    fn the_middle_run_is_the_median_one() {
        let runs = [
            outcome(End::Spent, 99.0, 3.0),
            outcome(End::Solved, 20.0, 0.0),
            outcome(End::Failed, 5.0, INFINITE),
            outcome(End::Spent, 99.0, 2.0),
            outcome(End::Solved, 30.0, 0.0),
        ];
        assert_eq!(middle_run(&runs).unwrap().measure, 2.0);
        assert_eq!(middle_run(&runs[1..2]).unwrap().cost, 20.0);
        assert_eq!(middle_run(&[]), None);
    }
}
