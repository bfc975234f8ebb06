//! The runs of a cell from one seed.
//!
//! All start at the same point, see the same batches and spend the same number of gradients, but for the controls: *again*
//! has batches of another seed, or on full batches a start that is moved by a thousandth of its length, enough for two
//! runs near the edge of stability to part; *fewer steps* ends after as many steps of the base as Escape took.

use super::cell::Cell;
use super::columns::Column;
use crate::escape::kinds::{Base, Policy};
use crate::escape::method::{Deeds, Method};
use crate::escape::methods::{helped, plain};
use crate::escape::run::{End, Outcome, run};
use deo_core::noise::noise;
use deo_models::problems::ProblemError;
use serde::{Deserialize, Deserializer, Serialize};

/// How far *again* moves a start, relative to its length.
const MOVED: f64 = 1e-3;

/// One run, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// f of the training data at the end; infinite, in JSON null, for a failed run.
    #[serde(deserialize_with = "null_is_infinite")]
    pub loss: f64,
    /// A loss or a component of x wasn't finite, or x left the region of the problem.
    pub failed: bool,
    /// Steps of the base, moves by the policy included.
    pub steps: u64,
    /// Gradients and a third of the losses.
    pub cost: f64,
    /// What the policy did beside ordinary steps.
    #[serde(flatten)]
    pub deeds: Deeds,
}

/// The runs of a seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The seed of start, batches and noise.
    pub seed: u64,
    /// f at the start.
    pub start: f64,
    /// The base alone.
    pub without: Ended,
    /// In the order of [`Column::ALL`].
    pub with: [Ended; 5],
}

fn null_is_infinite<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Option::<f64>::deserialize(from).map(|loss| loss.unwrap_or(f64::INFINITY))
}

impl From<Outcome> for Ended {
    fn from(run: Outcome) -> Self {
        let Outcome { end, steps, cost, measure, deeds, .. } = run;
        Ended { loss: measure, failed: end == End::Failed, steps, cost, deeds }
    }
}

/// Runs a cell from a seed at that rate.
///
/// # Errors
///
/// [`ProblemError`] if the data aren't compiled in.
pub(super) fn pair(cell: &Cell, lr: f64, seed: u64) -> Result<Pair, ProblemError> {
    let mut problem = cell.net().problem()?;
    let (base, budget) = (cell.base(), cell.gradients());
    let (x, groups) = (problem.start(seed), problem.groups());
    let start = problem.measure(&x);
    // Noise and axes must not follow the numbers that the problem draws from the same seed.
    let own_seed = noise(seed, u64::from_le_bytes(*b"a method")).to_bits();
    let other_seed = noise(seed, u64::from_le_bytes(*b"another ")).to_bits();
    let mut ends = |mut method: Box<dyn Method>, x: &[f64], seed: u64, budget: u64| {
        Ended::from(run(&mut *problem, &mut *method, x.to_vec(), seed, budget, false))
    };
    let alone = |base: Base| plain(base, lr, &x, &groups);
    let with = |policy, run| helped((policy, base), lr, own_seed, run, &x, &groups);
    let without = ends(alone(base), &x, seed, budget);
    let escape = ends(with(Policy::Escape, None), &x, seed, budget);
    let moved = moved(&x, other_seed);
    let with = Column::ALL.map(|column| match column {
        Column::Again if cell.is_full() => ends(alone(base), &moved, seed, budget),
        Column::Again => ends(alone(base), &x, other_seed, budget),
        Column::FewerSteps => ends(alone(base), &x, seed, escape.steps - escape.deeds.moves),
        Column::LineSearch => ends(with(Policy::LineSearch, None), &x, seed, budget),
        Column::Escape => escape,
        Column::ForRun => ends(with(Policy::Escape, Some(budget)), &x, seed, budget),
    });
    Ok(Pair { seed, start, without, with })
}

/// A start moved at random.
fn moved(x: &[f64], seed: u64) -> Vec<f64> {
    let square: f64 = x.iter().map(|x| x * x).sum();
    let length = MOVED * (square / x.len() as f64).sqrt();
    (0..).zip(x).map(|(i, x)| x + length * noise(seed, i)).collect()
}
