//! The training loop of every rank.
//!
//! Each rank draws the whole batch, a few kilobytes of tokens, and evaluates its rows of it. Everything else (weights,
//! optimizer, axis, decisions) each has and does for itself, from the same numbers. That they are still the same
//! is checked every [`CHECK_EVERY`] steps by a hash of the parameters, since an update is computed on each rank's own
//! processor, whose vector instructions may differ from its neighbour's.

use crate::options::Options;
use crate::outcome::Outcome;
use deo_core::SettingError;
use deo_core::drive::{WithDeo, curvature};
use deo_core::optim::{Adam, AdamSettings, OptimError, Optimizer, Schedule, clip_norm};
use deo_core::space::Communicator;
use deo_core::{DeoSettings, DimerSettings, Event, Objective};
use deo_linalg::{Parallel, Real, Threads};
use deo_models::data::{Batch, Batches, Corpus, DataError, evaluation_batches};
use deo_models::gpt::{Gpt, GptConfig, GptConfigError};
use deo_mpi::{DataParallel, Disagreement, MpiComm, TooFewSamples};
use mpi::traits::Equivalence;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::time::Instant;

/// Steps between two comparisons of the parameters and two lines of progress.
const CHECK_EVERY: u64 = 50;
/// Batches of the validation loss.
const VALIDATION: usize = 8;
/// The largest norm of a gradient that the optimizer sees, nanoGPT's.
const CLIP: f64 = 1.0;

/// Why a run was given up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrainError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Model(#[from] GptConfigError),
    #[error(transparent)]
    Samples(#[from] TooFewSamples),
    #[error(transparent)]
    Optimizer(#[from] OptimError),
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error(transparent)]
    Disagreement(#[from] Disagreement),
    #[error("{0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    #[error("step {step}: {} isn't finite; lower the learning rate", whose(*.culprit))]
    NonFinite { step: u64, culprit: Option<usize> },
}

/// What isn't finite: with finite parts it is the norm of their mean.
fn whose(culprit: Option<usize>) -> String {
    culprit.map_or_else(
        || "the norm of the gradient".to_owned(),
        |rank| format!("the loss or gradient of rank {rank}"),
    )
}

/// A component of the parameters: `f32` or `f64`.
pub(crate) trait Element: Real + deo_core::space::Real + Equivalence {}
impl Element for f32 {}
impl Element for f64 {}

/// The whole run; rank 0 has something to say at its end.
pub(crate) fn train<T: Element>(
    comm: &MpiComm,
    options: &Options,
) -> Result<Option<Outcome>, TrainError> {
    // MPI is called on this thread, so it is one of the pool's.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads);
    pool.use_current_thread().build_global()?;
    let corpus =
        options.text.as_ref().map_or_else(|| Ok(Corpus::king_james()), Corpus::from_file)?;
    comm.agree("the text", hash(corpus.tokens()))?;

    let mut gpt = Gpt::<T>::new(GptConfig::tiny(corpus.vocabulary().len()), Threads::Pool)?;
    let block = gpt.config().block;
    let mut batches = Batches::new(corpus.train(), options.batch, block, options.seed)?;
    let validation =
        evaluation_batches(corpus.validation(), VALIDATION, options.batch, block, options.seed)?;
    let mut ranks = DataParallel::<T>::new(comm, options.batch)?;
    let schedule =
        Schedule::warmup_cosine(options.lr, warmup(options), options.steps, options.lr / 10.0)?;

    let space = Parallel::<T>::new(Threads::Pool);
    let mut x = gpt.init(options.seed);
    let adam = Adam::new(AdamSettings { beta2: 0.99, ..AdamSettings::adam() }, &space, &x)?;
    let mut stepper = Stepper::new(options, &space, &x, adam)?;
    let (mut whole, mut part) = (Batch::default(), Batch::default());
    let (mut events, mut train_loss) = (Vec::new(), f64::NAN);
    let (before, start) = (comm.traffic(), Instant::now());
    for step in 0..options.steps {
        batches.next_into(&mut whole);
        rows(&whole, ranks.mine(), &mut part);
        let f = &mut ranks.on(gpt.on(&part));
        let (loss, event) = stepper.step(&space, f, &mut x, schedule.at(step));
        let Some(event) = event else {
            return Err(TrainError::NonFinite { step, culprit: ranks.culprit() });
        };
        train_loss = loss;
        if event != Event::Quiet {
            events.push((step, event.name()));
        }
        if (step + 1) % CHECK_EVERY == 0 || step + 1 == options.steps {
            comm.agree("the parameters", hash_of(&x))?;
            if comm.rank() == 0 {
                eprintln!("step {:6}  loss {loss:.4}", step + 1);
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let traffic = comm.traffic().since(before);

    let mut validation_loss = 0.0;
    for batch in &validation {
        rows(batch, ranks.mine(), &mut part);
        validation_loss += ranks.on(gpt.on(&part)).value(&x) / VALIDATION as f64;
    }
    rows(&validation[0], ranks.mine(), &mut part);
    let f = &mut ranks.on(gpt.on(&part));
    let (curvature, _) = curvature(&space, f, &x, DimerSettings::default(), options.seed)?;

    Ok((comm.rank() == 0).then(|| Outcome {
        ranks: comm.size(),
        threads: options.threads,
        parameters: x.len(),
        steps: options.steps,
        batch: options.batch,
        seed: options.seed,
        train_loss,
        validation_loss,
        curvature,
        counts: stepper.counts(),
        events,
        seconds,
        traffic,
    }))
}

/// Steps during which the learning rate rises.
fn warmup(options: &Options) -> u64 {
    options.steps / 10
}

/// Adam with or without DEO.
enum Stepper<T: Element> {
    Deo(Box<WithDeo<Adam<Vec<T>>, Parallel<T>>>),
    Alone(Adam<Vec<T>>, Vec<T>),
}

impl<T: Element> Stepper<T> {
    fn new(
        options: &Options,
        space: &Parallel<T>,
        x: &[T],
        adam: Adam<Vec<T>>,
    ) -> Result<Self, SettingError> {
        if options.off {
            return Ok(Stepper::Alone(adam, vec![<T as deo_core::space::Real>::ZERO; x.len()]));
        }
        let settings = DeoSettings { seed: options.seed, ..DeoSettings::default() };
        let deo =
            WithDeo::new(space, x, adam, settings)?.with_clip(CLIP).with_warmup(warmup(options));
        Ok(Stepper::Deo(Box::new(deo)))
    }

    /// The loss before the step, and what DEO did; `None` if loss or gradient wasn't finite.
    fn step(
        &mut self,
        space: &Parallel<T>,
        f: &mut impl Objective<[T]>,
        x: &mut [T],
        lr: f64,
    ) -> (f64, Option<Event>) {
        match self {
            Stepper::Deo(deo) => {
                let report = deo.step(space, f, x, lr);
                (report.loss, (!report.skipped).then_some(report.event))
            }
            Stepper::Alone(adam, g) => {
                let loss = f.value_grad(x, g);
                if !(clip_norm(space, CLIP, g).is_finite() && loss.is_finite()) {
                    return (loss, None);
                }
                adam.step(space, x, g, lr);
                (loss, Some(Event::Quiet))
            }
        }
    }

    fn counts(&self) -> deo_core::deo::Counts {
        match self {
            Stepper::Deo(deo) => deo.counts(),
            Stepper::Alone(..) => Default::default(),
        }
    }
}

/// `part` ← those rows of `whole`.
fn rows(whole: &Batch, rows: Range<usize>, part: &mut Batch) {
    let tokens = rows.start * whole.block..rows.end * whole.block;
    part.inputs.clear();
    part.inputs.extend_from_slice(&whole.inputs[tokens.clone()]);
    part.targets.clear();
    part.targets.extend_from_slice(&whole.targets[tokens]);
    (part.rows, part.block) = (rows.len(), whole.block);
}

/// The same on all ranks of a job, which run the same program.
fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn hash_of<T: Element>(x: &[T]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for x in x {
        deo_core::space::Real::to_f64(*x).to_bits().hash(&mut hasher);
    }
    hasher.finish()
}
