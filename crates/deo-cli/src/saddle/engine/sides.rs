//! The ways down from a saddle to the minima on both sides.
//!
//! They begin at the ends of the path, where there is one, else beside the saddle, a push along the way across it.

use super::error::EngineError;
use super::structure::largest;
use super::superposed::superposed;
use super::work::{Work, lent, stopped};
use crate::saddle::results::status;
use deo_saddle::{Descent, Saddle, Step, Watch, try_descend};
use serde::Serialize;

/// A way down from the saddle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Side {
    /// minimum, or why it is none.
    pub(super) status: &'static str,
    pub(super) energy: f64,
    /// The saddle's energy above it.
    pub(super) barrier: Option<f64>,
    pub(super) gradients: u64,
    /// How far the atom that is farthest from its place in the reactant is from it, Å.
    pub(super) from_reactant: Option<f64>,
    pub(super) x: Vec<f64>,
}

impl Side {
    /// The minimum is the given reactant.
    pub(super) fn is_reactant(&self) -> bool {
        self.from_reactant.is_some_and(|farthest| farthest <= SAME)
    }
}

/// A minimum is one with the reactant if no atom is farther from its place, Å. A search to 0.01 eV/Å leaves so much along a
/// mode of 0.1 eV/Å²; atoms of two conformations differ by more.
pub(super) const SAME: f64 = 0.1;
/// The push off a saddle, Å: within the range of its curvature …
pub(super) const PUSH: f64 = 0.1;
/// … and so far at least that the slope is this many times what counts as none.
const SLOPE: f64 = 3.0;
/// The longest push, Å.
const LONGEST_PUSH: f64 = 0.3;

/// The minima on both sides, down from `ends` or from beside the saddle.
pub(super) fn sides(
    work: &mut Work<'_, '_>,
    saddle: &Saddle<Vec<f64>>,
    ends: Option<[&[f64]; 2]>,
) -> Result<Vec<Side>, EngineError> {
    let (settings, structure, lengths) = (work.settings, work.structure, work.lengths);
    let space_at = |x: &[f64]| structure.space(x);
    let x = &saddle.found.x;
    let method = settings.descent(x.len(), lengths);
    let verification = settings.verification(x.len(), lengths);
    let slope = SLOPE * settings.fmax / saddle.curvatures[0].abs();
    let push = slope.clamp(PUSH, LONGEST_PUSH);
    // A side is + or − along the axis, whose sign means nothing: the component that is largest is made positive.
    let axis = &saddle.axes[0];
    let largest_component =
        axis.iter().fold(0.0, |most: f64, a| if a.abs() > most.abs() { *a } else { most });
    let mut sides = vec![];
    for (place, sign) in [1.0, -1.0].into_iter().enumerate() {
        work.log.say("");
        work.log.say(if sign > 0.0 { "down on one side" } else { "down on the other side" });
        work.log.begin();
        let start: Vec<f64> = match ends {
            Some(ends) => ends[place].to_vec(),
            None => {
                let along = (sign * push).copysign(sign * largest_component);
                x.iter().zip(axis).map(|(x, a)| x + along * a).collect()
            }
        };
        let log = &mut *work.log;
        let observe = &mut |step: &Step<'_, [f64]>| log.step(step);
        let model = lent(&mut work.model);
        let mut watch = Watch { size: Some(&largest), model, observe: Some(observe) };
        let down =
            try_descend(space_at, work.engine, &start, push, &method, &verification, &mut watch);
        let mut side = side(saddle.found.value, &down.map_err(stopped)?);
        side.from_reactant = work.reactant.map(|reactant| {
            let there = structure.all(&side.x);
            let moved = superposed(structure, &there, reactant, &vec![1.0; there.len() / 3]);
            let away = moved.iter().zip(reactant).map(|(a, b)| a - b).collect::<Vec<f64>>();
            largest(&away)
        });
        sides.push(side);
    }
    Ok(sides)
}

fn side(saddle: f64, down: &Descent<Vec<f64>>) -> Side {
    let found = &down.end.found;
    Side {
        status: if down.is_minimum() {
            "minimum"
        } else {
            // A converged end that isn't one has another index.
            status(found.outcome, down.end.verdict)
        },
        energy: found.value,
        barrier: down.is_minimum().then_some(saddle - found.value),
        gradients: down.gradients,
        from_reactant: None,
        x: found.x.clone(),
    }
}
