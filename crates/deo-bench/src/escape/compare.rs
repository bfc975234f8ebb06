//! Every method on every problem: tuned, then judged on fresh seeds.
//!
//! Pairs of problem and method are independent and are handed to threads one by one, the dearest first, and put together in
//! a fixed order. Within a pair everything follows one another, because each setting is limited by the best one before.
//!
//! Each thread is a rayon pool of its own, of one: a problem may use the pool that it finds. In a common one, a thread
//! that waits for its half of a matrix product would take up another whole pair meanwhile.

use super::error::CompareError;
use super::kinds::MethodKind;
use super::run::{Outcome, run};
use super::settings::Settings;
use super::statistics::Score;
use super::tuning::{Candidate, Tuning, customary};
use deo_core::noise::noise;
use deo_models::problems::{self, Problem, ProblemError};
use serde::Serialize;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What is known of a problem.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProblemFacts {
    /// Its name.
    pub name: String,
    /// N.
    pub dimension: usize,
    /// The measure to be reached; `None` if only the measure at the end counts.
    pub target: Option<f64>,
    /// The budget of a run in gradients.
    pub budget: u64,
    /// Each step has a mini-batch of its own.
    pub batches: bool,
}

/// A method on a problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The method.
    pub method: MethodKind,
    /// The learning rate that it was judged with.
    pub lr: f64,
    /// The values of its knobs.
    pub knobs: Vec<f64>,
    /// Every setting that was tried, in order; none if the rate was given.
    pub tried: Vec<Candidate>,
    /// Its runs, one for each fresh seed, in order.
    pub runs: Vec<Outcome>,
}

/// A problem with all methods on it, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The problem.
    pub problem: ProblemFacts,
    /// The methods.
    pub methods: Vec<Judged>,
}

/// The problem of a name.
pub type Registry<'a> = dyn Fn(&str) -> Result<Box<dyn Problem>, ProblemError> + Sync + 'a;

/// Indices of a problem and of a method.
type Pair = (usize, usize);

/// Runs the whole comparison on `settings.threads` threads; `done` is told of each pair that is finished.
///
/// # Errors
///
/// [`CompareError`] if a problem can't be set up or a thread can't be started.
pub fn compare(
    settings: &Settings,
    done: &(dyn Fn(&str, MethodKind) + Sync),
) -> Result<Vec<Compared>, CompareError> {
    compare_from(settings, &problems::by_name, done)
}

/// The same on the problems of a registry: what [`problems::by_name`] is to those of deo-models.
///
/// Each thread asks it for instances of its own, which must be alike: they are what is known of the problem.
///
/// # Errors
///
/// [`CompareError`] if the registry has no such problem or a thread can't be started.
///
/// # Examples
///
/// `cargo run -p deo-bench --example own_problem` brings a problem from outside, compares methods on it and leaves a record for
/// `deo report`.
///
/// ```
/// use deo_bench::escape::{MethodKind, Settings, compare_from};
/// use deo_models::problems::{self, Problem, ProblemError};
///
/// // Yours where the name is yours, and those of deo-models.
/// let registry = |name: &str| -> Result<Box<dyn Problem>, ProblemError> {
///     match name {
///         "mine" => problems::by_name("quartic-well"), // Ok(Box::new(Mine::new()))
///         other => problems::by_name(other),
///     }
/// };
/// let methods = MethodKind::by_name("escape+gd").into_iter().collect();
/// let settings = Settings { problems: vec!["mine".into()], methods, seeds: 1, lr: Some(0.1), ..Settings::default() };
/// let compared = compare_from(&settings, &registry, &|_, _| {})?;
/// assert!(compared[0].methods[0].runs[0].cost < 100.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compare_from(
    settings: &Settings,
    registry: &Registry<'_>,
    done: &(dyn Fn(&str, MethodKind) + Sync),
) -> Result<Vec<Compared>, CompareError> {
    let problems = (settings.problems.iter().map(|name| facts(name, settings, registry)))
        .collect::<Result<Vec<_>, CompareError>>()?;
    let mut pairs: Vec<Pair> = (0..problems.len())
        .flat_map(|problem| (0..settings.methods.len()).map(move |method| (problem, method)))
        .collect();
    let dearness = |&(problem, method): &Pair| {
        let ProblemFacts { dimension, budget, .. } = problems[problem];
        let directions = 1 + settings.methods[method].knobs().len();
        dimension as u128 * u128::from(budget) * directions as u128
    };
    pairs.sort_by_cached_key(|pair| std::cmp::Reverse(dearness(pair)));

    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(Pair, Judged)>, CompareError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
        let threads = settings.threads;
        let _pool =
            pool.map_err(|reason| CompareError::Threads { threads, reason: reason.into() })?;
        let mut finished = vec![];
        while let Some(&pair) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (problem, method) = (&problems[pair.0].name, settings.methods[pair.1]);
            let mut instance = registry(problem)?;
            finished.push((pair, judge(settings, &mut *instance, method)));
            done(problem, method);
        }
        Ok(finished)
    };
    let mut judged = on_threads(settings.threads.min(pairs.len()), &work)?;
    judged.sort_by_key(|(pair, _)| *pair);
    let mut judged = judged.into_iter().map(|(_, judged)| judged);
    let count = settings.methods.len();
    let of = |problem| Compared { problem, methods: judged.by_ref().take(count).collect() };
    Ok(problems.into_iter().map(of).collect())
}

/// What `work` returns on each of so many threads, one after the other.
pub(super) fn on_threads<R: Send, E: From<CompareError> + Send>(
    threads: usize,
    work: &(dyn Fn() -> Result<Vec<R>, E> + Sync),
) -> Result<Vec<R>, E> {
    let refused = |reason: io::Error| CompareError::Threads { threads, reason: reason.into() };
    thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, work).map_err(refused);
        let started = (0..threads).map(start).collect::<Result<Vec<_>, _>>()?;
        let mut all = vec![];
        for thread in started {
            let finished = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.extend(finished?);
        }
        Ok(all)
    })
}

fn facts(
    name: &str,
    settings: &Settings,
    registry: &Registry<'_>,
) -> Result<ProblemFacts, CompareError> {
    let problem = registry(name)?;
    let groups = problem.groups();
    if let Some(method) = settings.methods.iter().find(|method| !method.base().runs_on(&groups)) {
        return Err(CompareError::NoMatrix { method: method.name(), problem: name.to_owned() });
    }
    Ok(ProblemFacts {
        name: name.to_owned(),
        dimension: problem.dimension(),
        target: problem.target(),
        budget: settings.budget(&*problem),
        batches: problem.has_batches(),
    })
}

/// Tunes a method on a problem, its rate only if none is given, and runs it on fresh seeds.
fn judge(settings: &Settings, problem: &mut dyn Problem, method: MethodKind) -> Judged {
    let (budget, groups) = (settings.budget(problem), problem.groups());
    let mut runs = |seeds: &[u64], lr: f64, knobs: &[f64], budget: u64, drawn| -> Vec<Outcome> {
        let mut one = |&seed: &u64| {
            let x = problem.start(seed);
            // Noise and axes must not follow the numbers that the problem draws from the same seed.
            let own_seed = noise(seed, u64::from_le_bytes(*b"a method")).to_bits();
            let mut method = method.build(lr, knobs, own_seed, &x, &groups);
            run(problem, &mut *method, x, seed, budget, drawn)
        };
        seeds.iter().map(&mut one).collect()
    };
    let seeds: Vec<u64> = (0..settings.tuning_seeds).map(|i| settings.tuning_seed(i)).collect();
    let trial = |lr: f64, knobs: &[f64], limit: u64| runs(&seeds, lr, knobs, limit, false);
    let (lr, knobs, tried) = match (settings.lr, method.knobs()) {
        (Some(lr), knobs) if knobs.is_empty() || seeds.is_empty() => (lr, customary(knobs), vec![]),
        (given, knobs) => {
            let tuning = match given {
                Some(lr) => Tuning::at_rate(trial, budget, lr, knobs),
                None => Tuning::new(trial, budget, method.middle(), settings.grid, knobs),
            };
            let (best, tried) = tuning.search();
            (best.lr, best.knobs, tried)
        }
    };
    let fresh: Vec<u64> = (0..settings.seeds).map(|i| settings.fresh_seed(i)).collect();
    let runs = runs(&fresh, lr, &knobs, budget, true);
    Judged { method, lr, knobs, tried, runs }
}

impl Judged {
    /// How good its runs on fresh seeds were.
    pub(super) fn score(&self) -> Score {
        Score::of(&self.runs)
    }
}
