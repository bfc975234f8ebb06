//! The searches, and what they found: each saddle once.

use super::super::check::{Check, check};
use super::super::error::EngineError;
use super::super::journal::Lane;
use super::super::model::model;
use super::super::oracle::{Engine, Host};
use super::super::settings::Settings;
use super::super::sides::Side;
use super::super::summary::{checks, head, supposed};
use super::super::vibrations::masses;
use super::events::{Events, Origin, events};
use super::jobs::{Bottom, Ended, Job, Run};
use super::starts::Starts;
use crate::saddle::distinct::{Below, Minima, best, group, merged, softest};
use crate::saddle::merge::Shape;
use crate::saddle::options::Hessian;
use crate::saddle::results::{Distinct, Results, Search, Side as Joined};
use std::io::Write;
use std::time::Instant;

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) results: Results,
    /// Of each distinct saddle, the search that found it best.
    pub(super) tops: Vec<Top>,
    /// With vibrations only.
    pub(super) events: Option<Events>,
    pub(super) check: Check,
    pub(super) hessian: Hessian,
    /// Of a single guess, the gradients of the way down from there.
    pub(super) below: Option<u64>,
    pub(super) answers: usize,
}

/// A saddle with what a file of structures has of it.
#[derive(Debug)]
pub(super) struct Top {
    /// Counted from 0.
    pub(super) search: usize,
    pub(super) forces: Vec<f64>,
    /// Of the moving coordinates.
    pub(super) axis: Vec<f64>,
}

/// The curvature that is supposed of a minimum, eV/Å²; of softer ones two may be told apart that are one.
const SOFT: f64 = 0.1;

/// All searches; `say` is told what is known before them.
pub(super) fn run(
    settings: &Settings,
    starts: &Starts,
    say: &mut dyn FnMut(&str),
) -> Result<Found, EngineError> {
    let clock = Instant::now();
    let structure = &starts.structures[0];
    let x = structure.moving(&structure.frame.x);
    let (hessian, _) = model(settings, structure)?;
    if settings.vibrate() {
        // An atom without a mass is told before an hour of searches.
        starts.structures.iter().try_for_each(|structure| masses(structure).map(drop))?;
    }
    let space = structure.space(&x);
    let stderr = &mut std::io::stderr();
    let host = Host::start(settings, structure.frame.species.len(), &mut |line| {
        let _ = writeln!(stderr, "{line}");
    })?;
    let dimension = x.len() - space.motions();
    say(&head(settings, structure, dimension, space.motions(), host.kept()));
    let check = {
        // Its seat is free again before the others are taken.
        let mut engine = Engine::new(&host, structure, Lane::Whole);
        check(settings, structure, &mut engine, &x).map_err(|error| host.ended(error))?
    };
    checks(&check, settings).iter().for_each(|line| say(line));
    say(supposed(hessian));
    say(&heading(settings, starts));

    let run = Run { settings, starts, host: &host, lengths: check.lengths };
    let ends = Ends::of(run.jobs()?, settings, starts);
    let (results, tops, origins) = merge(&run, &ends, dimension)?;
    let events = match settings.vibrate() {
        true => Some(events(&run, (&results.distinct, &tops), (&results.minima, &origins))?),
        false => None,
    };
    let results = Results { seconds: clock.elapsed().as_secs_f64(), ..results };
    let below = ends.bottom.map(|bottom| bottom.gradients);
    Ok(Found { results, tops, events, check, hessian, below, answers: host.answers() })
}

/// How all searches ended, in their order.
struct Ends {
    bottom: Option<Bottom>,
    searches: Vec<Search>,
    /// `None` of those that were lost.
    ended: Vec<Option<Box<Ended>>>,
}

impl Ends {
    fn of(jobs: Vec<Job>, settings: &Settings, starts: &Starts) -> Self {
        let mut ends = Ends { bottom: None, searches: vec![], ended: vec![] };
        let labels = starts.labels();
        for job in jobs {
            let number = ends.searches.len();
            let label = &labels[number % labels.len()];
            match job {
                Job::Bottom(found) => ends.bottom = found,
                Job::Ended(one) => {
                    let mut search = Search::new(&one.saddle, settings.index, label);
                    search.x = starts.of(number).all(&search.x);
                    ends.searches.push(search);
                    ends.ended.push(Some(one));
                }
                Job::Lost { answers } => {
                    let x = starts.of(number).all(&starts.displaced(number));
                    ends.searches.push(Search::lost(x, answers as u64, label));
                    ends.ended.push(None);
                }
            }
        }
        ends
    }

    fn ended(&self, search: usize) -> &Ended {
        self.ended[search].as_ref().expect("a converged search isn't lost")
    }
}

/// What [`merge`] gives: the seconds are for the caller to add.
type Merged = (Results, Vec<Top>, Vec<Origin>);

/// Each saddle once, with the minima that it joins if these are wanted.
fn merge(run: &Run<'_>, ends: &Ends, dimension: usize) -> Result<Merged, EngineError> {
    let Run { settings, starts, .. } = *run;
    let structure = &starts.structures[0];
    let minimum_shape = |energy, all: &[f64]| {
        Shape::of_atoms(energy, structure.distances(all), settings.fmax, SOFT)
    };
    let mut minima = Minima::new(&minimum_shape);
    let mut origins = vec![];
    let minimum = ends.bottom.as_ref().map(|bottom| {
        let place = minima.place(bottom.energy, &bottom.all);
        origins.push(Origin { search: 0, lane: 0 });
        minima.minima[place].energy
    });
    let below = |label| Below { label, minimum };
    let below: Vec<Below> = starts.labels().into_iter().map(below).collect();
    let mut searches = ends.searches.clone();
    let saddle = |search: usize| &ends.ended(search).saddle;
    let groups = group(&searches, |i| {
        let Search { energy, x, gradient_norm, .. } = &searches[i];
        let distances = structure.distances(x);
        Shape::of_atoms(*energy, distances, *gradient_norm, softest(saddle(i)))
    });
    let tops: Vec<usize> = groups.iter().map(|group| best(group, &searches)).collect();
    let rows = groups.iter().zip(&tops);
    let mut distinct: Vec<Distinct> =
        rows.map(|(group, top)| merged(group, &searches, saddle(*top), &below)).collect();
    for (number, group) in groups.iter().enumerate() {
        group.iter().for_each(|&search| searches[search].saddle = Some(number + 1));
    }
    if settings.connect {
        let sides = run.sides(&tops, &saddle)?;
        for (row, (sides, top)) in distinct.iter_mut().zip(sides.into_iter().zip(&tops)) {
            let all = |side: &Side| starts.of(*top).all(&side.x);
            for (place, side) in sides.iter().enumerate() {
                row.joins.push(joined(side, &all(side), &mut minima));
                let origin = Origin { search: *top, lane: 2 * (top + 1) + place };
                origins.resize(minima.minima.len(), origin);
            }
            row.joins.sort_by(|a, b| a.energy.total_cmp(&b.energy));
        }
    }
    let top = |search| Top {
        search,
        forces: ends.ended(search).forces.clone(),
        axis: saddle(search).axes.first().cloned().unwrap_or_default(),
    };
    let tops = tops.into_iter().map(top).collect();
    let mode = settings.mode(3 * structure.free.len());
    let minima = minima.minima;
    let results = Results { dimension, mode, searches, distinct, minima, seconds: 0.0 };
    Ok((results, tops, origins))
}

fn heading(settings: &Settings, starts: &Starts) -> String {
    let frames = match starts.structures.len() {
        1 => "the guess".to_owned(),
        frames => format!("{frames} frames in turn"),
    };
    let around = match settings.displace_around {
        Some(atom) => format!(" within {} Å of atom {atom}", settings.within),
        None => String::new(),
    };
    let displaced = match starts.displace {
        0.0 => "as they are".to_owned(),
        sigma => format!("displaced by {sigma} Å{around}"),
    };
    let clients = match settings.clients {
        1 => "1 client".to_owned(),
        clients => format!("{clients} clients"),
    };
    format!("searches from {frames}, {displaced}; {clients}; seed {}", settings.seed)
}

fn joined(side: &Side, all: &[f64], minima: &mut Minima<'_>) -> Joined {
    let minimum = side.barrier.map(|_| minima.place(side.energy, all) + 1);
    let status = side.status;
    let (energy, barrier, gradients) = (side.energy, side.barrier, side.gradients);
    Joined { status, minimum, energy, barrier, gradients }
}
