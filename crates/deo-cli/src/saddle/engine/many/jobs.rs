//! The searches and the ways down, as many at once as there are clients.

use super::super::error::EngineError;
use super::super::journal::Lane;
use super::super::log::Log;
use super::super::model::model;
use super::super::oracle::{Engine, Host};
use super::super::settings::{Lengths, Settings};
use super::super::sides::{PUSH, Side, sides};
use super::super::structure::{Structure, largest};
use super::super::vibrations::{Vibrations, vibrations};
use super::super::work::{Work, lent, stopped};
use super::is_of_one_search;
use super::starts::Starts;
use crate::heartbeat::Heartbeat;
use crate::saddle::settings::search_seed;
use deo_ipi::IpiError;
use deo_saddle::{Saddle, Watch, in_parallel, try_descend, try_find};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A search that wasn't lost.
pub(super) struct Ended {
    pub(super) saddle: Saddle<Vec<f64>>,
    /// Of all atoms.
    pub(super) forces: Vec<f64>,
}

/// The minimum below a start.
pub(super) struct Bottom {
    pub(super) energy: f64,
    pub(super) all: Vec<f64>,
    pub(super) gradients: u64,
}

/// A search, or the way down from the start.
pub(super) enum Job {
    Bottom(Option<Bottom>),
    Ended(Box<Ended>),
    Lost { answers: usize },
}

const STYLE: &str = "{bar:30} {pos}/{len} searches, {elapsed}";

/// What every job works with.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) settings: &'a Settings,
    pub(super) starts: &'a Starts,
    pub(super) host: &'a Host,
    pub(super) lengths: Lengths,
}

impl Run<'_> {
    /// The way down from a single guess, and the searches, on as many threads as there are clients.
    pub(super) fn jobs(&self) -> Result<Vec<Job>, EngineError> {
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
    pub(super) fn all<T: Send>(
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
        let seed = search_seed(settings.seed, search);
        let method = settings.method_by(x.len(), self.lengths, seed);
        let verification = settings.verification(x.len(), self.lengths);
        let (_, mut model) = model(settings, structure)?;
        let mut watch = Watch { size: Some(&largest), model: lent(&mut model), observe: None };
        let space_at = |x: &[f64]| structure.space(x);
        let found = if settings.index == 0 {
            let down =
                try_descend(space_at, &mut engine, &x, PUSH, &method, &verification, &mut watch);
            down.map(|down| down.end)
        } else {
            try_find(space_at, &mut engine, &x, None, &method, &verification, &mut watch)
        };
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

    /// The vibrations of the atoms that move in the structure of a search, all atoms being at `x`; none where a gradient is
    /// missing or isn't finite.
    pub(super) fn vibrations(
        &self,
        lane: Lane,
        search: usize,
        x: &[f64],
    ) -> Result<Option<Vibrations>, EngineError> {
        let structure = self.starts.of(search);
        let mut engine = Engine::new(self.host, structure, lane);
        match vibrations(structure, &mut engine, &structure.moving(x)) {
            Err(error) if is_of_one_search(&error) => Ok(None),
            found => found,
        }
    }

    /// The ways down from the saddles that these searches found.
    pub(super) fn sides<'s>(
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
