//! From arguments to tables or JSON, and files.

use super::engine;
use super::error::SaddleError;
use super::options::{Options, SaddleArgs};
use super::results::{Distinct, Record, Results, Summary};
use super::run::run;
use super::settings::Settings;
use super::starts::Starts;
use super::tables::write_tables;
use super::xyz::frame_text;
use crate::config;
use crate::heartbeat::Heartbeat;
use crate::output::{OutputDir, OutputError, RECORD};
use crate::report::surface::Surface;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write};

const SURFACE: &str = "surface.svg";
const SADDLES: &str = "saddles.xyz";
const MINIMA: &str = "minima.xyz";

const STYLE: &str = "{bar:30} {pos}/{len} searches, {elapsed}";

/// Runs `deo saddle` and writes its results to `stdout`.
///
/// # Errors
///
/// [`SaddleError`], with a message of one line and an exit code.
pub fn execute(args: &SaddleArgs, stdout: &mut dyn Write) -> Result<(), SaddleError> {
    let file = args.config.as_deref().map_or(Ok(Options::default()), config::read)?;
    let mut options = args.options.clone().or(file);
    if let Some(engine) = options.engine.take() {
        return engine::execute(options, engine, args.json, stdout);
    }
    let out = options.out.clone();
    let settings = Settings::resolve(options)?;
    let mut starts = Starts::load(&settings.potential, settings.start.as_deref())?;
    let mut files = vec![RECORD];
    if settings.potential.is_cluster() {
        files.extend([SADDLES, MINIMA]);
    } else if starts.dimension() == 2 {
        files.push(SURFACE);
    }
    let output = out.map(|dir| OutputDir::create(&dir, "saddle", &files)).transpose()?;

    let style = ProgressStyle::with_template(STYLE).expect("a constant that tests draw");
    let bar = ProgressBar::new(settings.searches as u64).with_style(style);
    bar.tick();
    let heartbeat = Heartbeat::new();
    let found = run(&settings, &mut starts, &|| {
        bar.inc(1);
        heartbeat.beat(|| format!("{} of {} searches done", bar.position(), settings.searches));
    });
    bar.finish_and_clear();
    let found = found?;
    let record = Record {
        command: "saddle",
        version: env!("CARGO_PKG_VERSION"),
        settings: &settings,
        results: &found.results,
        ways: &found.ways,
        descents: &found.descents,
    };
    // Results are shown even if they can't be kept.
    let kept = output.as_ref().map_or(Ok(()), |dir| keep(dir, &record, &starts));
    let shown = show(stdout, &record, args.json);
    kept?;
    shown.map_err(SaddleError::Stdout)
}

fn keep(dir: &OutputDir, record: &Record<'_>, starts: &Starts) -> Result<(), OutputError> {
    dir.write_json(RECORD, record)?;
    let Results { distinct, minima, .. } = record.results;
    if record.settings.potential.is_cluster() {
        let saddle = |saddle: &Distinct| {
            let barrier = saddle.barrier.map_or_else(String::new, |b| format!(" barrier={b}"));
            let facts = format!(
                "energy={} curvature={} index={} found={}{barrier}",
                saddle.energy, saddle.curvature, saddle.index, saddle.found
            );
            frame_text(&starts.species, &saddle.x, &facts)
        };
        let saddles: String = distinct.iter().map(saddle).collect();
        dir.write(SADDLES, saddles.as_bytes())?;
        let minima: String = minima
            .iter()
            .map(|m| frame_text(&starts.species, &m.x, &format!("energy={}", m.energy)))
            .collect();
        dir.write(MINIMA, minima.as_bytes())?;
    } else if let Some(mut surface) =
        serde_json::to_value(record).ok().as_ref().and_then(Surface::of_record)
    {
        dir.write(SURFACE, surface.svg().as_bytes())?;
    }
    Ok(())
}

fn show(stdout: &mut dyn Write, record: &Record<'_>, json: bool) -> io::Result<()> {
    if json {
        serde_json::to_writer(&mut *stdout, &Summary::of(record))?;
        return writeln!(stdout);
    }
    let Record { settings, results, .. } = record;
    let mode = format!("{:?}", results.mode).to_lowercase();
    writeln!(
        stdout,
        "{}: {} coordinates, {mode}, index {}, displaced by {}, gradients to {:e}; seed {}",
        settings.potential.name(),
        results.dimension,
        settings.index,
        settings.displace,
        settings.fmax,
        settings.seed
    )?;
    write_tables(stdout, results, settings.connect, settings.index, "")
}
