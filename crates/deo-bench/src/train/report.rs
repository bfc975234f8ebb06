//! From arguments to files, a table or JSON.

use super::error::TrainError;
use super::experiment::Experiment;
use super::log::Finished;
use super::monitor::Monitoring;
use super::options::{OUTPUT, Options, RUN};
use super::progress::Progress;
use super::settings::Settings;
use crate::output::OutputDir;
use crate::record::{Record, Summary};
use crate::{config, plot, table};
use clap::Args;
use deo_models::data::Corpus;
use deo_models::weights;
use std::io::Write;
use std::path::PathBuf;

/// The arguments of `deo train`.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_help = EXAMPLES, allow_negative_numbers = true, args_override_self = true)]
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
}

const EXAMPLES: &str = "\
Examples:
  deo train                                  AdamW with and without the escape ladder, under a minute
  deo train --text tale.txt --steps 5000     another text, a longer run
  deo train --optimizer sgd --policy deflate --alpha 0.5 --out runs/deflate
  deo train --monitor --out runs/watched     both ends of the spectrum, in curvature.svg
  deo train --config night.toml --seed 7 --json

Both runs start from the same weights and see the same batches. Each may spend the same number of gradients, a loss
counting a third of one; what DEO evaluates is included. The learning rate follows what is spent. Final losses are
means over fixed batches of each part of the text; kicks are moves along the axis.

--monitor brings two dimers up to date every --monitor-interval steps, one for each end of the spectrum, on fixed
training batches (the first of those of the final training loss, which are those of deo spectrum): the curve shows what
training changed, not which batch came next. It has batches, axes and buffers of its own, so the runs are the same to
the last bit with it and without. A visit costs 1 + 2 G gradients on each of B batches at most, outside of the budget.
An eigenvalue lies within the residual of each curvature. λ_max is followed with 2 gradients a visit; λ_min, measured on
paper-small, takes 8 every 10 steps or 16 every 50: with fewer, what is followed is not the lowest eigenvalue.";

const RECORD: &str = "record.json";
const METRICS: &str = "metrics.jsonl";
const CURVES: &str = "curves.svg";
/// Of the last run: what `deo spectrum --weights` reads.
const WEIGHTS: &str = "weights.safetensors";
const CURVATURE: &str = "curvature.svg";
/// The last one is a monitor's.
const FILES: [&str; 5] = [RECORD, METRICS, CURVES, WEIGHTS, CURVATURE];

/// Runs `deo train` and writes its results to `stdout`.
///
/// # Errors
///
/// [`TrainError`], with a message of one line and an exit code.
pub fn execute(arguments: TrainArgs, stdout: &mut dyn Write) -> Result<(), TrainError> {
    let TrainArgs { options, json, config } = arguments;
    let file: Options = config.map_or(Ok(Options::default()), |path| config::read(&path))?;
    let given = options.clone();
    let options = options.or(file);
    let out = options.out.clone();
    let settings = Settings::resolve(options, &given)?;
    let corpus = match &settings.text {
        Some(path) => Corpus::from_file(path)?,
        None => Corpus::king_james(),
    };
    let experiment = Experiment::new(&settings, &corpus)?;
    let output = out.map(|dir| OutputDir::create(&dir, files(&settings))).transpose()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads).build();
    let threads = settings.threads;
    let pool = pool.map_err(|reason| TrainError::Threads { threads, reason })?;

    let metrics = output.as_ref().map(|dir| dir.stream(METRICS)).transpose()?;
    let mut progress = Progress::new(settings.steps, metrics);
    // The whole loop runs inside the pool: a call from outside would be handed over, kernel by kernel.
    let (finished, failure) = pool.install(|| train(&experiment, &mut progress));
    let sample = finished.last().filter(|_| failure.is_none() && settings.sample > 0);
    let sample =
        sample.map(|last| pool.install(|| experiment.sample(&last.parameters, settings.sample)));
    let weights = (output.as_ref().zip(finished.last()))
        .map(|(_, last)| weights::to_bytes(&experiment.layout(), &last.parameters));
    let (mut runs, mut plots) = (vec![], Plots::default());
    for run in finished {
        runs.push(run.record);
        plots.curves.push(run.curve);
        plots.paths.extend(run.path);
    }
    let record = Record {
        command: "train",
        version: env!("CARGO_PKG_VERSION"),
        text: experiment.text(),
        model: experiment.model(),
        settings: settings.clone(),
        runs,
        failure: failure.as_ref().map(TrainError::to_string),
        sample,
    };
    // Results are shown even if they can't be kept.
    let kept = keep(output.as_ref(), progress, &record, &plots, weights.as_deref());
    if let Some(failure) = failure {
        return Err(failure);
    }
    let shown = show(stdout, &record, json, output.as_ref());
    kept?;
    shown.map_err(TrainError::Stdout)
}

/// The runs in order, up to the first that fails.
fn train(
    experiment: &Experiment<'_>,
    progress: &mut Progress,
) -> (Vec<Finished>, Option<TrainError>) {
    let mut finished = vec![];
    for helped in experiment.runs() {
        match experiment.run(*helped, progress) {
            Ok(run) => finished.push(run),
            Err(failure) => return (finished, Some(failure)),
        }
    }
    (finished, None)
}

/// What is drawn of the runs.
#[derive(Debug, Default)]
struct Plots {
    curves: Vec<plot::Curve>,
    /// Of the runs that were monitored.
    paths: Vec<plot::curvature::Path>,
}

/// The files that a run with these settings writes.
fn files(settings: &Settings) -> &'static [&'static str] {
    if settings.monitor.is_some() { &FILES } else { &FILES[..FILES.len() - 1] }
}

fn keep(
    output: Option<&OutputDir>,
    progress: Progress,
    record: &Record,
    plots: &Plots,
    weights: Option<&[u8]>,
) -> Result<(), TrainError> {
    progress.finish()?;
    let Some(output) = output else { return Ok(()) };
    output.write_json(RECORD, record)?;
    output.write(CURVES, plot::svg(&title(record), &plots.curves).as_bytes())?;
    if record.settings.monitor.is_some() {
        output.write(CURVATURE, plot::curvature::svg(&title(record), &plots.paths).as_bytes())?;
    }
    // Without a finished run there are no weights worth keeping.
    if let Some(weights) = weights {
        output.write(WEIGHTS, weights)?;
    }
    Ok(())
}

fn show(
    stdout: &mut dyn Write,
    record: &Record,
    json: bool,
    output: Option<&OutputDir>,
) -> std::io::Result<()> {
    if json {
        serde_json::to_writer(&mut *stdout, &Summary::of(record))?;
        return writeln!(stdout);
    }
    let (text, settings) = (&record.text, &record.settings);
    writeln!(stdout, "{}", title(record))?;
    writeln!(
        stdout,
        "{}, {} characters of {} kinds; {} gradients of {} × {} characters\n",
        text.source,
        text.characters,
        record.model.vocabulary,
        settings.steps,
        settings.batch,
        settings.block,
    )?;
    writeln!(stdout, "{}", table::results(record.runs.iter().map(|run| &run.summary)))?;
    if let Some(monitoring) = &settings.monitor {
        writeln!(stdout, "{}", table::monitors(record.runs.iter().map(|run| &run.summary)))?;
        writeln!(stdout, "{}\n", monitored(monitoring))?;
    }
    for run in record.runs.iter().filter(|run| run.events.len() > 1) {
        let events: Vec<_> =
            run.events.iter().map(|(event, count)| format!("{count} {event}")).collect();
        writeln!(stdout, "steps of {}: {}\n", run.summary.name, events.join(", "))?;
    }
    if let (Some(sample), Some(last)) = (&record.sample, record.runs.last()) {
        writeln!(stdout, "{} writes:\n\n{}\n", last.summary.name, sample.trim())?;
    }
    if let Some(output) = output {
        writeln!(stdout, "{} are in {}", files(settings).join(", "), output.path().display())?;
    }
    stdout.flush()
}

fn monitored(Monitoring { batches, visits }: &Monitoring) -> String {
    format!(
        "the monitor's curvatures are those of the mean loss on {batches} fixed training batches, up to {} gradients for \
         each end every {} steps; its gradients and seconds are on top",
        visits.gradients, visits.interval,
    )
}

fn title(record: &Record) -> String {
    let (settings, model) = (&record.settings, &record.model);
    format!(
        "{}: {} parameters, {} layers, {} heads, width {}; seed {}",
        settings.preset.name(),
        model.parameters,
        model.layers,
        model.heads,
        model.width,
        settings.seed,
    )
}
