//! The results as they are written: the object of `--json`, `record.json`, `results.csv`.

use super::compare::{Compared, Judged, ProblemFacts};
use super::kinds::MethodKind;
use super::run::{End, Outcome};
use super::settings::Settings;
use super::statistics::{Score, censored, known, median, middle_run};
use super::tuning::Candidate;
use serde::Serialize;
use std::collections::BTreeMap;

/// A method on a problem: one row of a table.
///
/// Medians of costs take a run that missed the target as infinite, and are `None` where infinite: there is one only
/// if more than half of the runs reached the target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The problem.
    pub problem: String,
    /// The method.
    pub method: MethodKind,
    /// The tuned learning rate.
    pub lr: f64,
    /// The tuned numbers beside it.
    pub knobs: BTreeMap<&'static str, f64>,
    /// Runs that reached the target.
    pub solved: usize,
    /// Runs that met a number that isn't finite.
    pub failed: usize,
    /// Runs.
    pub seeds: usize,
    /// The budget of a run in gradients.
    pub budget: u64,
    /// Median cost to the target: gradients and a third of the losses.
    pub cost_median: Option<f64>,
    /// The lowest cost to the target.
    pub cost_min: Option<f64>,
    /// The highest, `None` unless all runs reached it.
    pub cost_max: Option<f64>,
    /// Median gradients to the target.
    pub gradients_median: Option<f64>,
    /// Median losses to the target.
    pub losses_median: Option<f64>,
    /// Median measure at the end of a run: at the target, or at the budget.
    pub final_measure_median: Option<f64>,
    /// The lowest such measure.
    pub final_measure_min: Option<f64>,
    /// The highest; `None` if a run failed.
    pub final_measure_max: Option<f64>,
    /// Median loss there; with mini-batches, that of the last one.
    pub final_loss_median: Option<f64>,
    /// Median of how often x was moved along an axis or at random.
    pub kicks_median: f64,
}

impl Row {
    /// The row of a method on `problem`.
    pub(super) fn of(problem: &ProblemFacts, judged: &Judged) -> Self {
        let Judged { method, lr, knobs, runs, .. } = judged;
        let Score { solved, failed, .. } = judged.score();
        let costs = || runs.iter().map(|run| censored(run, |run| run.cost));
        let to_target = |of: fn(&Outcome) -> u64| {
            known(median(runs.iter().map(|run| censored(run, |run| of(run) as f64))))
        };
        let at_end = |of: fn(&Outcome) -> f64| known(median(runs.iter().map(of)));
        let measures = || runs.iter().map(|run| run.measure);
        Row {
            problem: problem.name.clone(),
            method: *method,
            lr: *lr,
            knobs: method.knobs().iter().map(|k| k.name).zip(knobs.iter().copied()).collect(),
            solved,
            failed,
            seeds: runs.len(),
            budget: problem.budget,
            cost_median: known(median(costs())),
            cost_min: known(costs().fold(f64::INFINITY, f64::min)),
            cost_max: known(costs().fold(0.0, f64::max)),
            gradients_median: to_target(|run| run.gradients),
            losses_median: to_target(|run| run.losses),
            final_measure_median: at_end(|run| run.measure),
            final_measure_min: known(measures().fold(f64::INFINITY, f64::min)),
            final_measure_max: known(measures().fold(f64::NEG_INFINITY, f64::max)),
            final_loss_median: at_end(|run| run.loss),
            kicks_median: median(runs.iter().map(|run| run.deeds.kicks as f64)),
        }
    }
}

/// All rows, in the order of problems and methods.
pub fn rows(compared: &[Compared]) -> Vec<Row> {
    let of = |compared: &Compared| {
        let row = |judged| Row::of(&compared.problem, judged);
        compared.methods.iter().map(row).collect::<Vec<_>>()
    };
    compared.iter().flat_map(of).collect()
}

/// The object of `--json`.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    command: &'static str,
    seed: u64,
    results: &'a [Row],
}

impl<'a> Summary<'a> {
    /// Of a comparison with these settings and rows.
    pub fn new(settings: &Settings, results: &'a [Row]) -> Self {
        Summary { command: "escape", seed: settings.seed, results }
    }
}

/// `record.json`.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    command: &'static str,
    version: &'static str,
    settings: &'a Settings,
    problems: Vec<&'a ProblemFacts>,
    results: &'a [Row],
    runs: Vec<RunRecord<'a>>,
    curves: Vec<CurveRecord<'a>>,
    tuning: Vec<TuningRecord<'a>>,
}

/// A run on a fresh seed.
#[derive(Debug, Serialize)]
struct RunRecord<'a> {
    problem: &'a str,
    method: MethodKind,
    seed: u64,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

/// The median run of a method, as a curve.
#[derive(Debug, Serialize)]
struct CurveRecord<'a> {
    problem: &'a str,
    method: MethodKind,
    end: End,
    /// (cost, measure).
    points: Vec<(f64, f64)>,
}

/// Points of a curve in a record lie this factor apart in cost: enough for the width of a drawing.
const APART: f64 = 1.06;

impl<'a> CurveRecord<'a> {
    fn of((problem, judged): (&'a str, &'a Judged)) -> Option<Self> {
        let run = middle_run(&judged.runs)?;
        let (mut points, mut next) = (vec![], 0.0);
        let last = run.curve.len().saturating_sub(1);
        for (i, &(cost, measure)) in run.curve.iter().enumerate() {
            if (i == last || cost >= next) && measure.is_finite() {
                points.push((digits(cost), digits(measure)));
                next = APART * cost;
            }
        }
        Some(CurveRecord { problem, method: judged.method, end: run.end, points })
    }
}

/// Five significant digits, which is more than a drawing shows.
fn digits(x: f64) -> f64 {
    format!("{x:.4e}").parse().unwrap_or(x)
}

/// What the tuning of a method tried.
#[derive(Debug, Serialize)]
struct TuningRecord<'a> {
    problem: &'a str,
    method: MethodKind,
    knobs: Vec<&'static str>,
    tried: &'a [Candidate],
}

impl<'a> Record<'a> {
    /// Of a comparison with these settings, what came of it, and its rows.
    pub fn new(settings: &'a Settings, compared: &'a [Compared], rows: &'a [Row]) -> Self {
        let pairs = || {
            compared.iter().flat_map(|Compared { problem, methods }| {
                methods.iter().map(move |judged| (problem.name.as_str(), judged))
            })
        };
        let runs = pairs().flat_map(|(problem, judged)| {
            (0..).zip(&judged.runs).map(move |(index, outcome)| RunRecord {
                problem,
                method: judged.method,
                seed: settings.fresh_seed(index),
                outcome,
            })
        });
        let tuning = pairs().map(|(problem, judged)| TuningRecord {
            problem,
            method: judged.method,
            knobs: judged.method.knobs().iter().map(|knob| knob.name).collect(),
            tried: &judged.tried,
        });
        Record {
            command: "escape",
            version: env!("CARGO_PKG_VERSION"),
            settings,
            problems: compared.iter().map(|compared| &compared.problem).collect(),
            results: rows,
            runs: runs.collect(),
            curves: pairs().filter_map(CurveRecord::of).collect(),
            tuning: tuning.collect(),
        }
    }
}

/// `results.csv`: the rows, a number that doesn't exist left empty. No name here needs quotes.
pub fn csv(rows: &[Row]) -> String {
    let mut lines = String::from(
        "problem,method,lr,knobs,solved,failed,seeds,budget,cost_median,cost_min,cost_max,gradients_median,\
         losses_median,final_measure_median,final_measure_min,final_measure_max,final_loss_median,kicks_median\n",
    );
    let cell = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for row in rows {
        let knobs: Vec<_> =
            row.knobs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cells = [
            row.problem.clone(),
            row.method.name(),
            row.lr.to_string(),
            knobs.join(" "),
            row.solved.to_string(),
            row.failed.to_string(),
            row.seeds.to_string(),
            row.budget.to_string(),
            cell(row.cost_median),
            cell(row.cost_min),
            cell(row.cost_max),
            cell(row.gradients_median),
            cell(row.losses_median),
            cell(row.final_measure_median),
            cell(row.final_measure_min),
            cell(row.final_measure_max),
            cell(row.final_loss_median),
            row.kicks_median.to_string(),
        ];
        lines += &cells.join(",");
        lines.push('\n');
    }
    lines
}
