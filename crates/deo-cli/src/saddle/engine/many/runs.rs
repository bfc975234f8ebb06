//! The searches on several clients, merged.

use super::super::check::{Check, check};
use super::super::error::EngineError;
use super::super::journal::Lane;
use super::super::log::Log;
use super::super::model::model;
use super::super::oracle::{Engine, Host};
use super::super::settings::{Lengths, Settings};
use super::super::sides::{PUSH, Side, sides};
use super::super::structure::{Structure, largest};
use super::super::summary::{checks, head, supposed};
use super::super::work::{Work, lent, stopped};
use super::is_of_one_search;
use super::starts::Starts;
use crate::heartbeat::Heartbeat;
use crate::saddle::distinct::{Below, Minima, best, group, merged, softest};
use crate::saddle::merge::Shape;
use crate::saddle::options::Hessian;
use crate::saddle::results::{Distinct, Results, Search, Side as Joined};
use deo_ipi::IpiError;
use deo_saddle::{Saddle, Watch, in_parallel, try_descend, try_find};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) results: Results,
    /// Of each distinct saddle, the search that found it best.
    pub(super) tops: Vec<Top>,
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

/// A search that wasn't lost.
struct Ended {
    saddle: Saddle<Vec<f64>>,
    /// Of all atoms.
    forces: Vec<f64>,
}

/// The minimum below a start.
struct Bottom {
    energy: f64,
    all: Vec<f64>,
    gradients: u64,
}

/// A search, or the way down from the start.
enum Job {
    Bottom(Option<Bottom>),
    Ended(Box<Ended>),
    Lost { answers: usize },
}

const STYLE: &str = "{bar:30} {pos}/{len} searches, {elapsed}";

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
    let jobs = run.jobs()?;
    let (mut bottom, mut searches, mut ended) = (None, vec![], vec![]);
    let labels = starts.labels();
    for job in jobs {
        let (number, label) = (searches.len(), &labels[searches.len() % labels.len()]);
        match job {
            Job::Bottom(found) => bottom = found,
            Job::Ended(one) => {
                let mut search = Search::new(&one.saddle, settings.index, label);
                search.x = starts.of(number).all(&search.x);
                searches.push(search);
                ended.push(Some(one));
            }
            Job::Lost { answers } => {
                let x = starts.of(number).all(&starts.displaced(number));
                searches.push(Search::lost(x, answers as u64, label));
                ended.push(None);
            }
        }
    }
    let minimum_shape = |energy, all: &[f64]| {
        Shape::of_atoms(energy, structure.distances(all), settings.fmax, SOFT)
    };
    let mut minima = Minima::new(&minimum_shape);
    let minimum = bottom.as_ref().map(|bottom| {
        let place = minima.place(bottom.energy, &bottom.all);
        minima.minima[place].energy
    });
    let below: Vec<Below> = labels.into_iter().map(|label| Below { label, minimum }).collect();
    let saddle = |i: usize| &ended[i].as_ref().expect("a converged search isn't lost").saddle;
    let mut groups = group(&searches, |i| {
        let Search { energy, x, gradient_norm, .. } = &searches[i];
        let distances = structure.distances(x);
        Shape::of_atoms(*energy, distances, *gradient_norm, softest(saddle(i)))
    });
    groups.iter_mut().for_each(|group| group.sort_unstable());
    let tops: Vec<usize> = groups.iter().map(|group| best(group, &searches)).collect();
    let mut distinct: Vec<Distinct> = groups
        .iter()
        .zip(&tops)
        .map(|(group, top)| merged(group, &searches, saddle(*top), &below))
        .collect();
    for (number, group) in groups.iter().enumerate() {
        group.iter().for_each(|&search| searches[search].saddle = Some(number + 1));
    }
    if settings.connect {
        let sides = run.sides(&tops, &saddle)?;
        for (row, (sides, top)) in distinct.iter_mut().zip(sides.into_iter().zip(&tops)) {
            let all = |side: &Side| starts.of(*top).all(&side.x);
            row.joins = sides.iter().map(|side| joined(side, &all(side), &mut minima)).collect();
            row.joins.sort_by(|a, b| a.energy.total_cmp(&b.energy));
        }
    }
    let tops = tops
        .into_iter()
        .map(|search| Top {
            search,
            forces: ended[search].as_ref().map_or_else(Vec::new, |one| one.forces.clone()),
            axis: saddle(search).axes.first().cloned().unwrap_or_default(),
        })
        .collect();
    let results = Results {
        dimension,
        mode: settings.mode(x.len()),
        searches,
        distinct,
        minima: minima.minima,
        seconds: clock.elapsed().as_secs_f64(),
    };
    let below = bottom.map(|bottom| bottom.gradients);
    Ok(Found { results, tops, check, hessian, below, answers: host.answers() })
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

/// What every job works with.
#[derive(Clone, Copy)]
struct Run<'a> {
    settings: &'a Settings,
    starts: &'a Starts,
    host: &'a Host,
    lengths: Lengths,
}

impl Run<'_> {
    /// The way down from a single guess, and the searches, on as many threads as there are clients.
    fn jobs(&self) -> Result<Vec<Job>, EngineError> {
        let first = usize::from(self.starts.structures.len() == 1);
        let count = self.starts.searches;
        let bar = ProgressBar::new(count as u64)
            .with_style(ProgressStyle::with_template(STYLE).expect("a constant that tests draw"));
        bar.tick();
        let (heartbeat, done) = (Heartbeat::new(), AtomicUsize::new(0));
        let jobs = self.all(first + count, |job| match job.checked_sub(first) {
            None => self.bottom().map(Job::Bottom),
            Some(search) => {
                let ended = self.search(search);
                bar.inc(1);
                let done = 1 + done.fetch_add(1, Ordering::Relaxed);
                heartbeat.beat(|| format!("{done} of {count} searches have ended"));
                ended
            }
        });
        bar.finish_and_clear();
        jobs
    }

    /// So many jobs at once as there are clients. The first error that concerns all ends all.
    fn all<T: Send>(
        &self,
        count: usize,
        job: impl Fn(usize) -> Result<T, EngineError> + Sync,
    ) -> Result<Vec<T>, EngineError> {
        let results = in_parallel(self.settings.clients, count, |i| {
            job(i).inspect_err(|_| self.host.close())
        });
        let (mut all, mut closed) = (vec![], None);
        for result in results {
            match result {
                Ok(one) => all.push(one),
                // A consequence of another one's.
                Err(error @ EngineError::Ipi(IpiError::Closed)) => closed = Some(error),
                Err(error) => return Err(self.host.ended(error)),
            }
        }
        closed.map_or(Ok(all), Err)
    }

    fn search(&self, search: usize) -> Result<Job, EngineError> {
        let (settings, structure) = (self.settings, self.starts.of(search));
        let mut engine = Engine::new(self.host, structure, Lane::Search(search + 1));
        let answers = engine.answers();
        let x = self.starts.displaced(search);
        let seed = crate::saddle::settings::search_seed(settings.seed, search);
        let method = settings.method_by(x.len(), self.lengths, seed);
        let verification = settings.verification(x.len(), self.lengths);
        let (_, mut model) = model(settings, structure)?;
        let mut watch = Watch { size: Some(&largest), model: lent(&mut model), observe: None };
        let space_at = |x: &[f64]| structure.space(x);
        let found = try_find(space_at, &mut engine, &x, None, &method, &verification, &mut watch);
        match found.map_err(stopped) {
            Ok(saddle) => {
                let all = structure.all(&saddle.found.x);
                let answers = answers.borrow();
                let forces = answers.at(&all).map_or_else(Vec::new, |(_, f)| f.to_vec());
                Ok(Job::Ended(Box::new(Ended { saddle, forces })))
            }
            Err(error) if is_of_one_search(&error) => {
                Ok(Job::Lost { answers: answers.borrow().count() })
            }
            Err(error) => Err(error),
        }
    }

    /// The minimum below the first structure, if there is one.
    fn bottom(&self) -> Result<Option<Bottom>, EngineError> {
        let (settings, structure) = (self.settings, &self.starts.structures[0]);
        let mut engine = Engine::new(self.host, structure, Lane::Start);
        let x = structure.moving(&structure.frame.x);
        let method = settings.descent(x.len(), self.lengths);
        let verification = settings.verification(x.len(), self.lengths);
        let (_, mut model) = model(settings, structure)?;
        let mut watch = Watch { size: Some(&largest), model: lent(&mut model), observe: None };
        let space_at = |x: &[f64]| structure.space(x);
        let down = try_descend(space_at, &mut engine, &x, PUSH, &method, &verification, &mut watch);
        match down.map_err(stopped) {
            Ok(down) if down.is_minimum() => Ok(Some(Bottom {
                energy: down.end.found.value,
                all: structure.all(&down.end.found.x),
                gradients: down.gradients,
            })),
            Ok(_) => Ok(None),
            Err(error) if is_of_one_search(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The ways down from the saddles that these searches found.
    fn sides<'s>(
        &self,
        tops: &[usize],
        saddle: &(impl Fn(usize) -> &'s Saddle<Vec<f64>> + Sync),
    ) -> Result<Vec<Vec<Side>>, EngineError> {
        self.all(tops.len(), |i| {
            let (search, settings) = (tops[i], self.settings);
            let structure: &Structure = self.starts.of(search);
            let mut engine = Engine::new(self.host, structure, Lane::Down(search + 1));
            let mut log = Log::silent(structure, engine.answers());
            let (_, model) = model(settings, structure)?;
            let mut work = Work {
                settings,
                structure,
                engine: &mut engine,
                lengths: self.lengths,
                noise: 0.0,
                reactant: None,
                model,
                log: &mut log,
            };
            match sides(&mut work, saddle(search), None) {
                Err(error) if is_of_one_search(&error) => Ok(vec![]),
                found => found,
            }
        })
    }
}
