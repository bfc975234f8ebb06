//! One run: a method on a problem from one start, under a budget.

use super::meter::Metered;
use super::method::{Deeds, Method};
use crate::Ledger;
use deo_models::problems::Problem;
use serde::Serialize;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The measure reached the target.
    Solved,
    /// The budget was spent.
    Spent,
    /// A loss or a component of x wasn't finite, or x left the region where the problem means anything.
    Failed,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Steps.
    pub steps: u64,
    /// Gradients evaluated.
    pub gradients: u64,
    /// Losses evaluated without a gradient.
    pub losses: u64,
    /// Gradients and a third of the losses.
    pub cost: f64,
    /// The problem's measure at the end; infinite for a failed run.
    pub measure: f64,
    /// The loss of the last objective at the end; infinite for a failed run.
    pub loss: f64,
    /// What the method did beside ordinary steps.
    pub deeds: Deeds,
    /// (cost, measure) along the run.
    #[serde(skip)]
    pub curve: Vec<(f64, f64)>,
}

/// Points of a curve lie this factor apart in cost: some 300 for four decades.
const SPACING: f64 = 1.03;

/// Where the measure is only looked at now and then, it is so many times in a budget.
const LOOKS: f64 = 100.0;

/// When the measure, which no budget pays, is evaluated.
struct Looks {
    /// The cost from which on the next look is due.
    next: f64,
    stride: f64,
}

impl Looks {
    /// At every step where a target is to be met exactly; now and then where batches make the loss of a step worthless
    /// for it, or where there is nothing to meet but a curve to be drawn: the measure would cost more than the run.
    fn new(problem: &dyn Problem, budget: u64, drawn: bool) -> Self {
        let now_and_then = budget as f64 / LOOKS;
        let stride = match problem.target() {
            Some(_) if problem.has_batches() => now_and_then,
            Some(_) => 0.0,
            None if drawn => now_and_then,
            None => f64::INFINITY,
        };
        Looks { next: 0.0, stride }
    }

    fn due(&mut self, cost: f64) -> bool {
        let due = cost >= self.next;
        if due {
            self.next = cost + self.stride;
        }
        due
    }
}

/// Runs `method` from `problem.start(seed)`, which is `x`, until it has solved the problem, spent `budget` or failed.
///
/// `drawn` asks for a curve with more than the ends where the measure is dear.
pub(super) fn run(
    problem: &mut dyn Problem,
    method: &mut dyn Method,
    mut x: Vec<f64>,
    seed: u64,
    budget: u64,
    drawn: bool,
) -> Outcome {
    let target = problem.target().unwrap_or(f64::NEG_INFINITY);
    let (mut ledger, mut steps) = (Ledger::new(budget), 0);
    let mut looks = Looks::new(problem, budget, drawn);
    let mut curve: Vec<(f64, f64)> = vec![];
    let end = loop {
        if looks.due(ledger.spent()) {
            let (cost, measure) = (ledger.spent(), problem.measure(&x));
            if curve.last().is_none_or(|(last, _)| cost >= SPACING * last) {
                curve.push((cost, measure));
            }
            if measure <= target {
                break End::Solved;
            }
        }
        let mut f = Metered::new(problem.objective(seed, steps), &mut ledger);
        match method.step(&mut x, &mut f) {
            Some(loss) if loss.is_finite() && is_sound(problem, &x) => steps += 1,
            Some(_) => break End::Failed,
            None => break End::Spent,
        }
    };
    let [measure, loss] = match end {
        End::Failed => [f64::INFINITY; 2],
        End::Solved | End::Spent => [
            finite(problem.measure(&x)),
            finite(problem.objective(seed, steps.saturating_sub(1)).value(&x)),
        ],
    };
    // Between two looks a target can be met at the very end.
    let end = if end == End::Spent && measure <= target { End::Solved } else { end };
    if end != End::Failed {
        curve.push((ledger.spent(), measure));
    }
    Outcome {
        end,
        steps,
        gradients: ledger.gradients(),
        losses: ledger.losses(),
        cost: ledger.spent(),
        measure,
        loss,
        deeds: method.deeds(),
        curve,
    }
}

/// A point from which a run may go on.
fn is_sound(problem: &dyn Problem, x: &[f64]) -> bool {
    x.iter().all(|x| x.is_finite()) && problem.contains(x)
}

/// A measure that isn't a number is the worst there is.
fn finite(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}

#[cfg(test)]
mod tests;
