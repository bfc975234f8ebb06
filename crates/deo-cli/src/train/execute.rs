//! `deo train`: from arguments to a training that is begun or gone on with, and to its end.

use super::error::TrainError;
use super::experiment::Experiment;
use super::home::RunDirectory;
use super::options::{OUTPUT, Options, RUN};
use super::report::{Report, files};
use super::resume::{self, Loaded, Training};
use super::seeds;
use super::session::{Session, Stop};
use super::settings::Settings;
use crate::config;
use crate::output::OutputDir;
use crate::setting::{SettingError, within};
use clap::Args;
use deo_models::data::Corpus;
use rayon::ThreadPool;
use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;

/// The arguments of `deo train`.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_long_help = EXAMPLES, allow_negative_numbers = true, args_override_self = true)]
pub struct TrainArgs {
    /// What may stand in a file, too.
    #[command(flatten)]
    pub options: Options,

    /// Print the results as one JSON object instead of a table
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,

    /// Take options from a TOML file, its keys the long names; the command line wins
    #[arg(long, value_name = "FILE", help_heading = RUN)]
    pub config: Option<PathBuf>,

    /// Go on with the training whose --out was DIR, with its options; another --threads changes nothing
    #[arg(long, value_name = "DIR", help_heading = RUN)]
    pub resume: Option<PathBuf>,

    /// Train from N seeds, --seed and those after it, and show means, spreads and whether the difference is beyond noise; with
    /// --out each in a directory of its own, DIR/seed-1 and so on
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = RUN)]
    pub seeds: u64,
}

/// A slip of the finger must not cost a year.
const MOST_SEEDS: u64 = 1000;

const EXAMPLES: &str = "\
Examples:
  deo train                                  AdamW with and without the escape strategy, under a minute
  deo train --text tale.txt --steps 5000     another text, a longer run
  deo train --optimizer sgd --policy deflate --alpha 0.5 --out runs/deflate
  deo train --monitor --out runs/watched     both ends of the spectrum, in curvature.svg
  deo train --config night.toml --seed 7 --json
  deo train --seeds 5                        five seeds: means, spreads, and whether the difference is noise
  deo train --seeds 5 --out runs/five        and deo report runs/five draws the difference with its error
  deo train --resume runs/deflate            go on with a training that was stopped or killed

Both runs start from the same weights and see the same batches. Each may spend the same number of gradients, a loss
counting a third of one; what DEO evaluates is included. The learning rate follows what is spent. Final losses are
means over fixed batches of each part of the text; kicks are moves along the axis.

--monitor brings two dimers up to date every --monitor-interval steps, one for each end of the spectrum, on fixed
training batches (the first of those of the final training loss, which are those of deo spectrum): the curve shows what
training changed, not which batch came next. It has batches, axes and buffers of its own, so the runs are the same to
the last bit with it and without. A visit costs 1 + 2 G gradients on each of B batches at most, outside of the budget.
An eigenvalue lies within the residual of each curvature. λ_max is followed with 2 gradients a visit; λ_min, measured on
paper-small, takes 8 every 10 steps or 16 every 50: with fewer, what is followed is not the lowest eigenvalue.

With --out, DIR/checkpoints has the last two states until the training is finished, and --resume goes on from the newest
that is whole, to the same numbers as without the stop. On SIGINT (Ctrl-C) or SIGTERM the step is finished and saved, and
the exit code is 0; a second signal ends the program at once. Without --out nothing is kept, and the exit code is 130 or
143. The exit code is 3 if the losses stopped being finite: going on would repeat that.";

/// Runs `deo train` and writes its results to `stdout`, and to `notes` what isn't a result: that the training was
/// stopped and how it can go on, that it is finished already, that a checkpoint was damaged.
///
/// # Errors
///
/// [`TrainError`], with a message of one line and an exit code.
pub fn execute(
    arguments: TrainArgs,
    stdout: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<(), TrainError> {
    let TrainArgs { options, json, config, resume, seeds } = arguments;
    within("seeds", seeds, 1, MOST_SEEDS)?;
    let file: Options = config.map_or(Ok(Options::default()), |path| config::read(&path))?;
    let given = options.clone();
    let options = options.or(file);
    if seeds > 1 {
        if resume.is_some() {
            let wanted =
                "1 with --resume: a training of several seeds is gone on with seed by seed";
            return Err(SettingError::new("seeds", seeds, wanted).into());
        }
        return seeds::execute(&options, &given, seeds, json, stdout, notes);
    }
    let (settings, place, mut loaded) = match resume {
        None => {
            let out = options.out.clone();
            (Settings::resolve(options, &given)?, out.map(RunDirectory::new), None)
        }
        Some(dir) => {
            let place = RunDirectory::locked(dir.clone())?;
            if resume::is_finished(&dir) {
                resume::clear_up(&dir);
                note(notes, format_args!("the training in {} is finished", dir.display()));
                return Ok(());
            }
            let mut loaded = resume::load(&dir)?;
            (loaded.settings(&dir, options)?, Some(place), Some(loaded))
        }
    };
    let corpus = corpus(&settings)?;
    let experiment = Experiment::new(&settings, &corpus)?;
    if let Some(loaded) = &mut loaded {
        loaded.check(&experiment, &corpus)?;
        for damage in loaded.damaged.drain(..) {
            note(notes, format_args!("{damage}; going on from {:?}", loaded.path));
        }
    }
    let home = place.map(|place| place.occupy(files(&settings), loaded.is_some())).transpose()?;
    let pool = pool(settings.threads)?;
    let training = Training::new(&settings, &corpus);
    let report = Report { experiment: &experiment, pool: &pool, home: home.as_ref(), json };
    match train(&report, training, loaded)? {
        Ended::Finished(session) => report.deliver(*session, stdout, notes),
        Ended::Stopped(stop) => stopped(&stop, home.as_ref(), notes),
    }
}

pub(super) fn corpus(settings: &Settings) -> Result<Corpus, TrainError> {
    Ok(match &settings.text {
        Some(path) => Corpus::from_file(path)?,
        None => Corpus::king_james(),
    })
}

/// How a training ended that didn't fail.
pub(super) enum Ended {
    Finished(Box<Session>),
    Stopped(Stop),
}

/// From the first step, or from where it was loaded.
pub(super) fn train(
    report: &Report<'_>,
    new: Training,
    loaded: Option<Loaded>,
) -> Result<Ended, TrainError> {
    let (training, run, resumed) = match loaded {
        Some(Loaded { number, path, training, run, .. }) => {
            (training, Some(run), Some((number, path)))
        }
        None => (new, None, None),
    };
    let mut session = Session::new(report.experiment, report.home, training, resumed)?;
    // The whole loop runs inside the pool: a call from outside would be handed over, kernel by kernel.
    let trained = report.pool.install(|| session.train(report.experiment, run));
    session.clear();
    match trained {
        Ok(()) => Ok(match session.stopped.take() {
            Some(stop) => Ended::Stopped(stop),
            None => Ended::Finished(Box::new(session)),
        }),
        Err(failure) => {
            if failure.is_of_the_run() {
                report.record_failure(&mut session, &failure);
            }
            Err(session.with_checkpoint(failure))
        }
    }
}

/// Where a signal stopped it: fine if it can go on, an error if all is lost.
pub(super) fn stopped(
    stop: &Stop,
    home: Option<&OutputDir>,
    notes: &mut dyn Write,
) -> Result<(), TrainError> {
    let Stop { signal, run, steps } = stop;
    let Some(home) = home else {
        let (signal, run, steps) = (*signal, run.clone(), *steps);
        return Err(TrainError::Interrupted { signal, run, steps });
    };
    let dir = home.path().display();
    note(
        notes,
        format_args!("{signal} after step {steps} of {run}: go on with deo train --resume {dir}"),
    );
    Ok(())
}

pub(super) fn pool(threads: usize) -> Result<ThreadPool, TrainError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|reason| TrainError::Threads { threads, reason })
}

/// That a note can't be written is no reason to fail.
pub(super) fn note(notes: &mut dyn Write, text: impl Display) {
    let _ = writeln!(notes, "{text}");
}
