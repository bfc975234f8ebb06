//! The search, its verification, and what comes after.
//!
//! A search of index 0 is a minimisation: a saddle that it meets it leaves.
//!
//! | asked for | after a converged, confirmed saddle |
//! |---|---|
//! | `--frequencies` | the vibrations there, by 2 gradients a coordinate |
//! | `--irc` | these, and the path along the imaginary one down to both sides |
//! | `--connect`, `--irc` | the minima on both sides, compared with the `--reactant` |
//! | `--temperature` | the vibrations of the minima, and rates |

use super::error::EngineError;
use super::irc::{Irc, irc};
use super::log::Taken;
use super::rates::{Rates, rates};
use super::sides::{PUSH, Side, sides};
use super::start::Start;
use super::structure::largest;
use super::vibrations::{Vibrations, vibrations};
use super::work::{Work, lent, stopped};
use crate::saddle::results::status;
use deo_core::oracle::Oracle;
use deo_saddle::{Saddle, Step, Verdict, Watch, try_descend, try_find};

/// All that was found.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) saddle: Saddle<Vec<f64>>,
    /// Saddles that a way down met and left.
    pub(super) left: usize,
    /// The largest atomic force at its end.
    pub(super) fmax: f64,
    pub(super) steps: Vec<Taken>,
    pub(super) vibrations: Option<Vibrations>,
    pub(super) irc: Option<Irc>,
    pub(super) sides: Vec<Side>,
    pub(super) rates: Option<Rates>,
}

impl Outcome {
    /// As in the records of all searches.
    pub(super) fn status(&self) -> &'static str {
        status(self.saddle.found.outcome, self.saddle.verdict)
    }
}

/// The search from there and whatever was asked for after it.
pub(super) fn search(work: &mut Work<'_, '_>, start: &Start) -> Result<Outcome, EngineError> {
    let (x, axis) = (&start.x[..], start.axis.as_deref());
    let (settings, structure, lengths) = (work.settings, work.structure, work.lengths);
    let space_at = |x: &[f64]| structure.space(x);
    let (method, verification) =
        (settings.method(x.len(), lengths), settings.verification(x.len(), lengths));
    work.log.begin();
    let log = &mut *work.log;
    let observe = &mut |step: &Step<'_, [f64]>| log.step(step);
    let model = lent(&mut work.model);
    let mut watch = Watch { size: Some(&largest), model, observe: Some(observe) };
    let (saddle, left) = if settings.index == 0 {
        let down = try_descend(space_at, work.engine, x, PUSH, &method, &verification, &mut watch)
            .map_err(stopped)?;
        (down.end, down.left)
    } else {
        let found = try_find(space_at, work.engine, x, axis, &method, &verification, &mut watch);
        (found.map_err(stopped)?, 0)
    };
    let steps = work.log.taken();
    let mut gradient = vec![0.0; x.len()];
    // It was asked before.
    work.engine.try_value_grad(&saddle.found.x, &mut gradient)?;
    let fmax = largest(&gradient);
    let (mut of_saddle, mut path, mut minima, mut speed) = (None, None, vec![], None);
    let at = &saddle.found.x;
    if settings.vibrate() && saddle.found.outcome == deo_saddle::Outcome::Converged {
        of_saddle = vibrations(structure, work.engine, at)?;
    }
    if saddle.is_confirmed() {
        if let (true, Some(vibrations)) = (settings.irc, &of_saddle) {
            path = irc(work, at, vibrations)?;
        }
        if settings.down() {
            let ends = path.as_ref().map(Irc::ends);
            minima = sides(work, &saddle, ends)?;
        }
        if let (Some(temperature), Some(vibrations)) = (settings.temperature, &of_saddle) {
            speed = Some(rates(work, temperature, (saddle.found.value, at, vibrations), &minima)?);
        }
    }
    Ok(Outcome {
        saddle,
        left,
        fmax,
        steps,
        vibrations: of_saddle,
        irc: path,
        sides: minima,
        rates: speed,
    })
}

/// The index that a verdict says, if it does.
pub(super) fn index_of(verdict: Verdict, sought: usize) -> Option<usize> {
    match verdict {
        Verdict::Confirmed => Some(sought),
        Verdict::WrongIndex { negative } => Some(negative),
        _ => None,
    }
}
