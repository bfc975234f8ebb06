//! From arguments to files, a table or JSON.

use super::error::TrainError;
use super::experiment::Experiment;
use super::log::Finished;
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
  deo train --config night.toml --seed 7 --json

Both runs start from the same weights and see the same batches. Each may spend the same number of gradients, a loss
counting a third of one; what DEO evaluates is included. The learning rate follows what is spent. Final losses are
means over fixed batches of each part of the text; kicks are moves along the axis.";

const RECORD: &str = "record.json";
const METRICS: &str = "metrics.jsonl";
const CURVES: &str = "curves.svg";
/// Of the last run: what `deo spectrum --weights` reads.
const WEIGHTS: &str = "weights.safetensors";
const FILES: [&str; 4] = [RECORD, METRICS, CURVES, WEIGHTS];

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
    let output = out.map(|dir| OutputDir::create(&dir, &FILES)).transpose()?;
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
    let (runs, curves) =
        finished.into_iter().map(|run| (run.record, run.curve)).unzip::<_, _, Vec<_>, Vec<_>>();
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
    let kept = keep(output.as_ref(), progress, &record, &curves, weights.as_deref());
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

fn keep(
    output: Option<&OutputDir>,
    progress: Progress,
    record: &Record,
    curves: &[plot::Curve],
    weights: Option<&[u8]>,
) -> Result<(), TrainError> {
    progress.finish()?;
    let Some(output) = output else { return Ok(()) };
    output.write_json(RECORD, record)?;
    output.write(CURVES, plot::svg(&title(record), curves).as_bytes())?;
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
    for run in record.runs.iter().filter(|run| run.events.len() > 1) {
        let events: Vec<_> =
            run.events.iter().map(|(event, count)| format!("{count} {event}")).collect();
        writeln!(stdout, "steps of {}: {}\n", run.summary.name, events.join(", "))?;
    }
    if let (Some(sample), Some(last)) = (&record.sample, record.runs.last()) {
        writeln!(stdout, "{} writes:\n\n{}\n", last.summary.name, sample.trim())?;
    }
    if let Some(output) = output {
        writeln!(stdout, "{} are in {}", FILES.join(", "), output.path().display())?;
    }
    stdout.flush()
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
