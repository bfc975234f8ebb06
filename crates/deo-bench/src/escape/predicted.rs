//! Predicted against measured: does the sentence of a diagnosis say whether an axis pays?
//!
//! For each problem, base and seed:
//!
//! 1. The base runs alone at its tuned rate, or at that of Escape beside it where the base solves nothing at any. Its *plateau* begins where the tenth of the run begins in which the measure fell least, of
//!    those before nine tenths of the whole fall are done; ten steps after the start at the earliest.
//! 2. The run is repeated up to there and diagnosed, on the batch of that step; where steps have batches the next four are the
//!    others. Nothing of the future is seen.
//! 3. *Axis*: there x goes to where the loss turned along the axis, for the price of [`Diagnosis::axis_gradients`](deo_core::diagnose::Diagnosis::axis_gradients); then the base goes on.
//!    *Base*: it just goes on. *Escape*: Escape beside the base from the start of the run, at the same rate.
//!
//! The axis *saves* if the run with it costs less than nine tenths, or reaches a target that the base doesn't. A cell, a problem
//! with a base, is predicted to gain if half of its seeds say so or more, and measured by the median over them of the quotient of the costs.

use super::kinds::{Base, MethodKind, Policy};
use super::look::{Point, look};
use super::run::{End, Outcome, run};
use super::statistics::median;
use super::trainer::Trainer;
use deo_core::Space;
use deo_core::diagnose::{DiagnoseSettings, Verdict};
use deo_core::noise::noise;
use deo_core::optim::Optimizer;
use deo_core::space::Host;
use deo_models::problems::Problem;
use serde::Serialize;

const SPACE: Host<f64> = Host::new();

/// The axis saves if it leaves less than this of the cost.
pub const SAVES: f64 = 0.9;

/// Batches that judge an axis.
const OTHERS: u64 = 4;

/// Steps before the first plateau: a few, so that Adam has a metric of its own.
const EARLIEST: u64 = 10;

/// One seed of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    /// The problem.
    pub problem: String,
    /// The base.
    pub base: &'static str,
    /// Its rate.
    pub lr: f64,
    /// The seed.
    pub seed: u64,
    /// The step at which the plateau begins.
    pub plateau: u64,
    /// The sentence there.
    pub verdict: Verdict,
    /// λ_min.
    pub lowest: f64,
    /// λ_max.
    pub highest: f64,
    /// D, where the loss turns along the axis.
    pub turn: f64,
    /// The fall of the loss up to there.
    pub fall: f64,
    /// R.
    pub reach: f64,
    /// The length of the base's next step.
    pub step_norm: f64,
    /// The base's rate of leaving.
    pub growth: f64,
    /// The share of unstable directions.
    pub unstable: f64,
    /// Gradients for the base to leave, predicted.
    pub base_predicted: f64,
    /// Gradients for the axis.
    pub axis_predicted: f64,
    /// Gradients of the whole diagnosis.
    pub spent: f64,
    /// Gradients from the plateau until the measure has fallen half as far as the axis took it, by the base.
    pub base_left: f64,
    /// Cost of the whole run by the base; infinite if the target wasn't met.
    pub base_cost: f64,
    /// The same with one kick along the axis at the plateau.
    pub axis_cost: f64,
    /// The same with Escape from the start.
    pub escape_cost: f64,
}

impl Seen {
    /// Cost with the axis over cost without; 1 where neither arrives.
    pub fn quotient(&self) -> f64 {
        quotient(self.axis_cost, self.base_cost)
    }

    /// The same for Escape.
    pub fn escape_quotient(&self) -> f64 {
        quotient(self.escape_cost, self.base_cost)
    }
}

fn quotient(with: f64, without: f64) -> f64 {
    match (with.is_finite(), without.is_finite()) {
        (true, false) => 0.0,
        (false, false) => 1.0,
        _ => with / without,
    }
}

/// A problem with a base.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its seeds, in order.
    pub seen: Vec<Seen>,
}

impl Cell {
    /// Half of the seeds or more say that the axis pays.
    pub fn predicted(&self) -> bool {
        2 * self.seen.iter().filter(|seen| seen.verdict.pays()).count() >= self.seen.len()
    }

    /// The median quotient is below [`SAVES`].
    pub fn measured(&self) -> bool {
        self.quotient() < SAVES
    }

    /// The median over the seeds.
    pub fn quotient(&self) -> f64 {
        median(self.seen.iter().map(Seen::quotient))
    }

    /// The median of Escape over the seeds.
    pub fn escape_quotient(&self) -> f64 {
        median(self.seen.iter().map(Seen::escape_quotient))
    }

    /// The sentence that most seeds give, the first of them in the order of [`Verdict::ALL`] where two are as frequent.
    pub fn verdict(&self) -> Verdict {
        let count = |verdict: &Verdict| self.seen.iter().filter(|s| s.verdict == *verdict).count();
        Verdict::ALL.into_iter().rev().max_by_key(count).unwrap_or(Verdict::NotFinite)
    }
}

/// A run of a base that can be left and gone on with.
#[derive(Clone)]
struct Going {
    x: Vec<f64>,
    trainer: Trainer,
    /// Batches seen, which is gradients of ordinary steps.
    step: u64,
}

impl Going {
    fn start(problem: &dyn Problem, base: Base, seed: u64) -> Self {
        let x = problem.start(seed);
        Going { trainer: Trainer::new(base, &x, &problem.groups()), x, step: 0 }
    }

    /// One step; false if it led nowhere.
    fn go(&mut self, problem: &mut dyn Problem, lr: f64, seed: u64, g: &mut [f64]) -> bool {
        let loss = problem.objective(seed, self.step).value_grad(&self.x, g);
        self.trainer.step(&SPACE, &mut self.x, g, lr);
        self.step += 1;
        loss.is_finite() && self.x.iter().all(|x| x.is_finite()) && problem.contains(&self.x)
    }

    /// Goes on to the target; (steps taken, the measure after each). Infinite if the budget in steps doesn't suffice.
    fn until_target(
        &mut self,
        problem: &mut dyn Problem,
        lr: f64,
        seed: u64,
        budget: u64,
    ) -> (f64, Vec<f64>) {
        let target = problem.target().unwrap_or(f64::NEG_INFINITY);
        let mut g = vec![0.0; self.x.len()];
        let mut measures = vec![problem.measure(&self.x)];
        for steps in 0..budget {
            if measures[steps as usize] <= target {
                return (steps as f64, measures);
            }
            if !self.go(problem, lr, seed, &mut g) {
                return (f64::INFINITY, measures);
            }
            measures.push(problem.measure(&self.x));
        }
        let solved = measures.last().is_some_and(|last| *last <= target);
        (if solved { budget as f64 } else { f64::INFINITY }, measures)
    }
}

/// The step at which the plateau of a run begins, from the measures before and after each of its steps.
fn plateau(measures: &[f64]) -> u64 {
    let steps = measures.len() - 1;
    let window = (steps / 10).max(1);
    let (first, last) = (measures[0], measures[steps]);
    // Nine tenths of the fall are done from here on.
    let done = last + 0.1 * (first - last);
    let earliest = (EARLIEST as usize).min(steps / 2);
    let open =
        (earliest..=steps - window).filter(|i| measures[*i + window] > done || *i == earliest);
    let fall = |i: &usize| measures[*i] - measures[*i + window];
    open.min_by(|i, j| fall(i).total_cmp(&fall(j))).unwrap_or(0) as u64
}

/// One seed: the three runs and the diagnosis.
pub fn see(problem: &mut dyn Problem, base: Base, lr: f64, seed: u64) -> Seen {
    let budget = problem.budget();
    let mut alone = Going::start(problem, base, seed);
    let (base_cost, measures) = alone.until_target(problem, lr, seed, budget);
    let begins = plateau(&measures);
    let mut there = Going::start(problem, base, seed);
    let mut g = vec![0.0; there.x.len()];
    while there.step < begins && there.go(problem, lr, seed, &mut g) {}
    let Going { x, trainer, step } = &there;
    let point = Point { x, trainer, lr, seed, step: *step };
    let settings = DiagnoseSettings { seed, ..DiagnoseSettings::default() };
    let (d, _) = look(problem, point, OTHERS, &settings).expect("the default settings are valid");

    let mut kicked = there.clone();
    // What was paid for the axis can't be spent on steps.
    let paid = if d.turn.fall > 0.0 { d.axis_gradients } else { 0.0 };
    SPACE.axpby(d.turn.at, &d.axis, 1.0, &mut kicked.x);
    let after = problem.measure(&kicked.x);
    let half = 0.5 * (measures[begins as usize] + after);
    let left = measures.iter().skip(begins as usize).position(|measure| *measure <= half);
    let axis_cost = if d.turn.fall > 0.0 {
        kicked.trainer.jumped(&SPACE);
        let left = (budget as f64 - begins as f64 - paid).max(0.0);
        begins as f64 + paid + kicked.until_target(problem, lr, seed, left as u64).0
    } else {
        base_cost
    };
    let own_seed = noise(seed, u64::from_le_bytes(*b"a method")).to_bits();
    let x = problem.start(seed);
    let mut escape =
        MethodKind::With(Policy::Escape, base).build(lr, &[], own_seed, &x, &problem.groups());
    let Outcome { end, cost, .. } = run(problem, &mut *escape, x, seed, budget, false);
    Seen {
        problem: problem.name().to_owned(),
        base: base.name(),
        lr,
        seed,
        plateau: begins,
        verdict: d.verdict,
        lowest: d.lowest.curvature,
        highest: d.highest.curvature,
        turn: d.turn.at.abs(),
        fall: d.turn.fall,
        reach: d.reach(),
        step_norm: d.step_norm,
        growth: d.growth,
        unstable: d.unstable,
        base_predicted: d.base_gradients,
        axis_predicted: d.axis_gradients,
        spent: d.gradients as f64 + d.losses as f64 / 3.0,
        base_left: left.map_or(f64::INFINITY, |steps| steps as f64),
        base_cost,
        axis_cost,
        escape_cost: if end == End::Solved { cost } else { f64::INFINITY },
    }
}

/// All numbers of all seeds; a number that is infinite is `inf`, one that isn't known `NaN`.
pub fn csv(cells: &[Cell]) -> String {
    let mut text = String::from(
        "problem,base,lr,seed,plateau,verdict,lowest,highest,turn,fall,reach,step_norm,growth,unstable,base_predicted,\
         axis_predicted,spent,base_left,base_cost,axis_cost,escape_cost\n",
    );
    for s in cells.iter().flat_map(|cell| &cell.seen) {
        let numbers = [
            s.lowest,
            s.highest,
            s.turn,
            s.fall,
            s.reach,
            s.step_norm,
            s.growth,
            s.unstable,
            s.base_predicted,
            s.axis_predicted,
            s.spent,
            s.base_left,
            s.base_cost,
            s.axis_cost,
            s.escape_cost,
        ];
        let numbers = numbers.map(short).join(",");
        let (problem, base, verdict) = (&s.problem, s.base, s.verdict.name());
        text +=
            &format!("{problem},{base},{},{},{},{verdict},{numbers}\n", s.lr, s.seed, s.plateau);
    }
    text
}

/// Four digits are more than any of these numbers is worth.
fn short(number: f64) -> String {
    if number == 0.0 || (1e-3..1e5).contains(&number.abs()) {
        let rounded = (number * 1e4).round() / 1e4;
        rounded.to_string()
    } else {
        format!("{number:.3e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deo_models::problems::by_name;

    #[test]
    fn a_plateau_begins_where_the_run_stands() {
        // Down by 0.5 in ten steps, level for fifty, down in forty.
        let level = |i: usize| match i {
            0..=10 => 1.0 - 0.05 * i as f64,
            11..=60 => 0.5 - 1e-6 * i as f64,
            _ => 0.5 - 0.0125 * (i - 60) as f64,
        };
        let measures: Vec<f64> = (0..=100).map(level).collect();
        let begins = plateau(&measures);
        assert!((10..=50).contains(&begins), "{begins}");
        assert_eq!(plateau(&[1.0, 0.0]), 0);
    }

    #[test]
    fn a_flat_saddle_from_nearby_is_worth_an_axis() {
        // Rates and seeds at random: gd needs 17 000 steps on the first.
        let mut flat = by_name("strict-saddle").unwrap();
        let seen = see(&mut *flat, Base::Gd, 0.5, 77);
        assert_eq!(seen.verdict, Verdict::Saddle, "{seen:?}");
        assert!(seen.quotient() < 0.1, "{seen:?}");
        let text = csv(&[Cell { seen: vec![seen] }]);
        assert_eq!(
            text.lines().next().unwrap().split(',').count(),
            text.lines().nth(1).unwrap().split(',').count()
        );
    }
}
