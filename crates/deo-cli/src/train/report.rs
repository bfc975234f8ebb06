//! From a finished or failed training to files, a table or JSON.

use super::error::TrainError;
use super::experiment::Experiment;
use super::finished::Finished;
use super::monitor::Monitoring;
use super::plot;
use super::record::{Record, Summary};
use super::session::{METRICS, Session};
use super::settings::Settings;
use super::table;
use crate::output::{OutputDir, OutputError, RECORD};
use deo_models::weights;
use rayon::ThreadPool;
use std::io::Write;

const CURVES: &str = "curves.svg";
/// Of the last run: what `deo spectrum --weights` reads.
const WEIGHTS: &str = "weights.safetensors";
const CURVATURE: &str = "curvature.svg";
/// The last one is a monitor's.
const FILES: [&str; 5] = [RECORD, METRICS, CURVES, WEIGHTS, CURVATURE];

/// What the results of a training are made with.
pub(super) struct Report<'a> {
    pub(super) experiment: &'a Experiment<'a>,
    pub(super) pool: &'a ThreadPool,
    pub(super) home: Option<&'a OutputDir>,
    pub(super) json: bool,
}

impl Report<'_> {
    /// Writes the files, shows the results, and removes the checkpoints that are of no use any more.
    pub(super) fn deliver(
        &self,
        mut session: Session,
        stdout: &mut dyn Write,
        notes: &mut dyn Write,
    ) -> Result<(), TrainError> {
        let sample = self.sample(&session, notes);
        let record = self.record(&session, None, sample);
        // Results are shown even if they can't be kept.
        let kept = self.keep(&mut session, &record);
        let shown = show(stdout, &record, self.json, self.home);
        match kept {
            Ok(()) => session.remove_checkpoints(),
            Err(failure) => return Err(session.with_checkpoint(failure.into())),
        }
        shown.map_err(TrainError::Stdout)
    }

    /// The same with nothing shown: one of several seeds.
    pub(super) fn leave(
        &self,
        mut session: Session,
        notes: &mut dyn Write,
    ) -> Result<(), TrainError> {
        let sample = self.sample(&session, notes);
        let record = self.record(&session, None, sample);
        match self.keep(&mut session, &record) {
            Ok(()) => session.remove_checkpoints(),
            Err(failure) => return Err(session.with_checkpoint(failure.into())),
        }
        Ok(())
    }

    /// What the model of the last run writes. All is done then but this, so a signal only cuts it short.
    fn sample(&self, session: &Session, notes: &mut dyn Write) -> Option<String> {
        let count = self.experiment.settings().sample;
        let last = session.training.finished.last().filter(|_| count > 0)?;
        let enough = || session.signal().is_some();
        let sample = self.pool.install(|| self.experiment.sample(&last.parameters, count, enough));
        let written = sample.chars().count();
        if let Some(signal) = session.signal().filter(|_| written < count) {
            // That a note can't be written is no reason to fail.
            let _ = writeln!(
                notes,
                "{signal} after character {written} of {count} of the sample; the training is finished"
            );
        }
        Some(sample)
    }

    /// Leaves a record of a training that failed, if it can be written: the failure is what is told.
    pub(super) fn record_failure(&self, session: &mut Session, failure: &TrainError) {
        let record = self.record(session, Some(failure), None);
        let _ = self.keep(session, &record);
    }

    fn record(
        &self,
        session: &Session,
        failure: Option<&TrainError>,
        sample: Option<String>,
    ) -> Record {
        Record {
            command: "train",
            version: env!("CARGO_PKG_VERSION"),
            text: self.experiment.text(),
            model: self.experiment.model(),
            settings: self.experiment.settings().clone(),
            runs: session.training.finished.iter().map(Finished::record).collect(),
            failure: failure.map(TrainError::to_string),
            sample,
        }
    }

    fn keep(&self, session: &mut Session, record: &Record) -> Result<(), OutputError> {
        session.finish_metrics()?;
        let Some(output) = self.home else { return Ok(()) };
        let finished = &session.training.finished;
        output.write_json(RECORD, record)?;
        let title = title(record);
        let curves: Vec<_> = finished.iter().map(Finished::curve).collect();
        output.write(CURVES, plot::svg(&title, &curves).as_bytes())?;
        if record.settings.monitor.is_some() {
            let paths: Vec<_> = finished.iter().filter_map(Finished::path).collect();
            output.write(CURVATURE, plot::curvature::svg(&title, &paths).as_bytes())?;
        }
        // Without a finished run there are no weights worth keeping.
        if let Some(last) = finished.last() {
            let layout = self.experiment.layout();
            output.write(WEIGHTS, &weights::to_bytes(&layout, &last.parameters))?;
        }
        Ok(())
    }
}

/// The files that a run with these settings writes.
pub(super) fn files(settings: &Settings) -> &'static [&'static str] {
    if settings.monitor.is_some() { &FILES } else { &FILES[..FILES.len() - 1] }
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
