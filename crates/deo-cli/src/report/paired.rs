//! The difference that DEO made to the validation loss, paired over seeds.
//!
//! Problem: two curves that lie on each other hide how they differ, and the difference of one seed is noise. The runs of a
//! training share weights and batches, so it is taken within each training, at equal cost, and then over the trainings that
//! differ in their seeds only.
//!
//! ```text
//! d_s(c) = L_s(c) − L⁰_s(c)      d̄(c) ± s/√n over the seeds s
//! ```
//!
//! | symbol | code |
//! |---|---|
//! | L⁰_s, the base alone | the first run of a training |
//! | L_s at the cost c | [`at`], linear between two evaluations |
//! | d̄ ± s/√n | [`Spread`] |
//! | trainings that differ in their seeds only | [`groups`] |

use super::metrics::{Curves, Sample};
use super::number;
use super::run::Run;
use crate::spread::Spread;
use serde_json::Value;

/// Settings that don't make another training.
const IDLE: [&str; 3] = ["seed", "threads", "sample"];

/// A run of trainings against their base.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paired {
    /// The run's name.
    pub(super) name: String,
    /// Its base's name.
    pub(super) base: String,
    /// The labels of the trainings.
    pub(super) labels: Vec<String>,
    /// Of the final validation losses; none if no training has ended.
    pub(super) end: Option<Spread>,
    /// Costs, and the difference of the validation loss there.
    pub(super) points: Vec<(f64, Spread)>,
    /// Moves of the parameters by DEO over all trainings.
    pub(super) moves: Option<f64>,
}

/// All pairs of these trainings.
pub(super) fn paired(runs: &[&Run]) -> Vec<Paired> {
    groups(runs).iter().flat_map(|group| of_group(group)).collect()
}

/// Trainings whose settings agree but for what is idle, each seed once: the same one twice is no second sample.
fn groups<'a>(runs: &[&'a Run]) -> Vec<Vec<&'a Run>> {
    let mut groups: Vec<(Value, Vec<&Run>)> = vec![];
    for run in runs {
        let mut settings = run.at("/settings").clone();
        without_idle(&mut settings);
        let names: Vec<String> = names(run);
        let key = Value::from(vec![settings, run.at("/text").clone(), names.into()]);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => {
                let seed = run.at("/settings/seed");
                if group.iter().all(|other| other.at("/settings/seed") != seed) {
                    group.push(run);
                }
            }
            None => groups.push((key, vec![run])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Removes them at every depth: DEO's own settings have the seed, too.
fn without_idle(settings: &mut Value) {
    if let Some(fields) = settings.as_object_mut() {
        fields.retain(|name, _| !IDLE.contains(&name.as_str()));
        fields.values_mut().for_each(without_idle);
    }
}

/// The names of a training's runs: those of its record, or of its steps while it goes on.
fn names(run: &Run) -> Vec<String> {
    let recorded = run.list("/runs").iter().filter_map(|result| result["name"].as_str());
    let recorded: Vec<String> = recorded.map(str::to_owned).collect();
    if recorded.is_empty() {
        run.curves.iter().map(|curves| curves.name.clone()).collect()
    } else {
        recorded
    }
}

fn of_group(group: &[&Run]) -> Vec<Paired> {
    let names = names(group[0]);
    let Some((base, others)) = names.split_first() else { return vec![] };
    let pair = |name: &String| {
        let result = |run: &Run, name: &str| {
            run.list("/runs").iter().find(|result| result["name"] == name).cloned()
        };
        let end = |run: &&Run| {
            let loss = |name| number::of(&result(run, name)?["val_loss"]);
            Some(loss(name)? - loss(base)?)
        };
        let ends: Vec<f64> = group.iter().filter_map(end).collect();
        let moves = group.iter().filter_map(|run| number::of(&result(run, name)?["moves"]));
        Paired {
            name: name.clone(),
            base: base.clone(),
            labels: group.iter().map(|run| run.label.clone()).collect(),
            end: (!ends.is_empty()).then(|| Spread::of(&ends)),
            points: points(group, base, name),
            moves: moves.reduce(|a, b| a + b),
        }
    };
    others.iter().map(pair).collect()
}

/// The difference at the costs at which the first training's base was evaluated, where every training has one.
fn points(group: &[&Run], base: &str, name: &str) -> Vec<(f64, Spread)> {
    let curve = |run: &Run, name: &str| {
        let curves = run.curves.iter().find(|curves| curves.name == name);
        curves.map(evaluations).unwrap_or_default()
    };
    let pairs: Vec<_> = group.iter().map(|run| (curve(run, base), curve(run, name))).collect();
    let costs: Vec<f64> = pairs[0].0.iter().map(|(cost, _)| *cost).collect();
    let spread = |cost: &f64| {
        let difference =
            |(base, other): &(Vec<_>, Vec<_>)| Some(at(other, *cost)? - at(base, *cost)?);
        let differences: Option<Vec<f64>> = pairs.iter().map(difference).collect();
        Some((*cost, Spread::of(&differences?)))
    };
    costs.iter().filter_map(spread).collect()
}

/// (cost, validation loss), ascending.
fn evaluations(curves: &Curves) -> Vec<(f64, f64)> {
    let point = |sample: &Sample| (curves.steps[sample.at].cost, sample.value);
    curves.val_loss.iter().map(point).filter(|(_, loss)| loss.is_finite()).collect()
}

/// The loss at that cost, linear between two evaluations; at most one gradient behind the last evaluation it is that one,
/// since a budget of whole gradients may end on a third of one.
fn at(curve: &[(f64, f64)], cost: f64) -> Option<f64> {
    let next = curve.partition_point(|(c, _)| *c < cost);
    match (next.checked_sub(1).map(|i| curve[i]), curve.get(next)) {
        (_, Some(&(c, loss))) if c == cost => Some(loss),
        (Some((c0, l0)), Some(&(c1, l1))) => Some(l0 + (l1 - l0) * (cost - c0) / (c1 - c0)),
        (Some((c, loss)), None) if cost <= c + 1.0 => Some(loss),
        _ => None,
    }
}

impl Paired {
    /// What it shows, in a sentence.
    pub(super) fn sentence(&self) -> Option<String> {
        let end = self.end?;
        let Paired { name, base, .. } = self;
        let difference = end.in_words();
        let what = format!("validation loss of {name} less that of {base}, at equal cost");
        let verdict = match (end.count, end.is_beyond_noise(), end.mean < 0.0) {
            (0 | 1, ..) => {
                return Some(format!(
                    "One seed is no result: {difference} ({what}). deo train --seeds N tells a difference from noise.{}",
                    self.moved()
                ));
            }
            (_, false, _) => "No difference beyond noise".to_owned(),
            (_, true, true) => format!("{name} is better beyond noise"),
            (_, true, false) => format!("{name} is worse beyond noise"),
        };
        let seeds = end.count;
        Some(format!(
            "{verdict}: {difference} ({what}; mean and standard error of {seeds} seeds).{}",
            self.moved()
        ))
    }

    fn moved(&self) -> String {
        match self.moves {
            None => String::new(),
            Some(0.0) => {
                " DEO never moved the parameters: it found nothing worth a move.".to_owned()
            }
            Some(1.0) => " DEO moved the parameters once.".to_owned(),
            Some(n) => format!(" DEO moved the parameters {n} times."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::run::Command;
    use serde_json::json;

    fn run(seed: u64, lr: f64, ends: [f64; 2]) -> Run {
        let result = |name: &str, loss: f64| json!({"name": name, "val_loss": loss, "moves": 0});
        let runs = [result("a", ends[0]), result("a+b", ends[1])];
        let record = json!({"command": "train", "settings": {"seed": seed, "lr": lr, "deo": {"seed": seed}}, "runs": runs});
        Run {
            label: format!("{seed}"),
            command: Command::Train,
            record,
            curves: vec![],
            notes: vec![],
        }
    }

    #[test]
    fn only_trainings_that_differ_in_their_seeds_are_pooled_and_each_seed_once() {
        let runs = [
            run(1, 0.1, [2.0, 2.5]),
            run(2, 0.1, [2.0, 2.7]),
            run(1, 0.2, [2.0, 1.0]),
            run(2, 0.1, [2.0, 2.7]),
        ];
        let pairs = paired(&runs.iter().collect::<Vec<_>>());
        assert_eq!(pairs.len(), 2);
        let [first, second] = [&pairs[0], &pairs[1]].map(|pair| pair.end.unwrap());
        assert_eq!((first.count, second.count), (2, 1));
        assert!((first.mean - 0.6).abs() < 1e-12 && second.mean == -1.0);
        // Two differences of 0.5 and 0.7: the standard error is 0.1, and t of two is 13.97.
        let sentence = pairs[0].sentence().unwrap();
        assert!(sentence.starts_with("No difference beyond noise: +0.6000 ± 0.1000"), "{sentence}");
        assert!(pairs[1].sentence().unwrap().starts_with("One seed is no result: −1.0000 ("));
    }

    #[test]
    fn losses_are_compared_at_equal_cost() {
        let curve = [(10.0, 4.0), (20.0, 2.0), (29.5, 1.0)];
        assert_eq!(at(&curve, 20.0), Some(2.0));
        assert_eq!(at(&curve, 15.0), Some(3.0));
        // The end of a budget, and what lies outside.
        assert_eq!((at(&curve, 30.0), at(&curve, 31.0), at(&curve, 9.0)), (Some(1.0), None, None));
    }
}
