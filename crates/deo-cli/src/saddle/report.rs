//! From arguments to tables or JSON, and files.

use super::engine;
use super::error::SaddleError;
use super::options::{Options, SaddleArgs};
use super::results::{Distinct, Record, Results, Search, Summary};
use super::run::run;
use super::settings::Settings;
use super::starts::Starts;
use super::xyz::frame_text;
use crate::config;
use crate::heartbeat::Heartbeat;
use crate::output::{OutputDir, OutputError, RECORD};
use crate::report::surface::Surface;
use crate::table;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write};

const SURFACE: &str = "surface.svg";
const SADDLES: &str = "saddles.xyz";
const MINIMA: &str = "minima.xyz";

const STYLE: &str = "{bar:30} {pos}/{len} searches, {elapsed}";

/// Failed searches that the table shows; the record has them all.
const SHOWN: usize = 20;

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
    if !results.distinct.is_empty() {
        writeln!(stdout, "\n{}", saddles(&results.distinct))?;
    }
    if settings.connect && !results.distinct.is_empty() {
        writeln!(stdout, "{}", joins(&results.distinct))?;
    }
    let failed = failures(&results.searches, settings.index);
    if !failed.is_empty() {
        writeln!(stdout, "{failed}")?;
    }
    writeln!(stdout, "{}", sums(results))?;
    stdout.flush()
}

fn saddles(distinct: &[Distinct]) -> String {
    let header =
        ["saddle", "energy", "barrier", "from", "curvature", "index", "found", "gradients"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(distinct.iter().enumerate().map(|(i, saddle)| {
        let more = saddle.from.len() - 1;
        let more = if more > 0 { format!(" +{more}") } else { String::new() };
        vec![
            (i + 1).to_string(),
            format!("{:.8}", saddle.energy),
            decimals(saddle.barrier),
            saddle.from[0].start.clone() + &more,
            format!("{:.4}", saddle.curvature),
            saddle.index.to_string(),
            saddle.found.to_string(),
            saddle.gradients.to_string(),
        ]
    }));
    table::align(&rows)
}

fn joins(distinct: &[Distinct]) -> String {
    let header = ["saddle", "minimum", "energy", "barrier", "minimum", "energy", "barrier"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (i, saddle) in distinct.iter().enumerate() {
        let mut row = vec![(i + 1).to_string()];
        for side in &saddle.joins {
            row.push(side.minimum.map_or_else(|| side.status.to_owned(), |m| m.to_string()));
            row.push(decimals(Some(side.energy)));
            row.push(decimals(side.barrier));
        }
        rows.push(row);
    }
    table::align(&rows)
}

/// Searches without a confirmed saddle; empty if there are none.
fn failures(searches: &[Search], sought: usize) -> String {
    let header = ["search", "start", "status", "energy", "gradient norm", "gradients"];
    let failed = || searches.iter().enumerate().filter(|(_, search)| !search.is_converged());
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(failed().take(SHOWN).map(|(i, search)| {
        let status = match search.index {
            // All of the k + 1 curvatures that were looked at are negative: there may be more.
            Some(index) if index > sought => format!("{}: {index} or more", search.status),
            Some(index) => format!("{}: {index}", search.status),
            None => search.status.to_owned(),
        };
        vec![
            (i + 1).to_string(),
            search.start.clone(),
            status,
            decimals(Some(search.energy)),
            format!("{:.1e}", search.gradient_norm),
            search.gradients.to_string(),
        ]
    }));
    match failed().count() {
        0 => String::new(),
        count if count > SHOWN => table::align(&rows) + &format!("and {} more\n", count - SHOWN),
        _ => table::align(&rows),
    }
}

/// "24 searches: 22 converged to 2 saddles; 513 gradients and 160 of verifications; 0.0 s"
fn sums(results: &Results) -> String {
    let Results { searches, distinct, .. } = results;
    let converged = searches.iter().filter(|search| search.is_converged()).count();
    let gradients: u64 = searches.iter().map(|search| search.gradients).sum();
    let verification: u64 = searches.iter().map(|search| search.verification).sum();

    format!(
        "{}: {converged} converged to {}; {} and {verification} of verifications; {:.1} s",
        count(searches.len() as u64, "search", "searches"),
        count(distinct.len() as u64, "saddle", "saddles"),
        count(gradients, "gradient", "gradients"),
        results.seconds
    )
}

/// Six decimals, fewer where the number is long, or a dash where it isn't known.
fn decimals(value: Option<f64>) -> String {
    match value.filter(|value| value.is_finite()) {
        // Eight digits before the point are an explosion, of which the size is enough.
        Some(value) if value.abs() >= 1e7 => format!("{value:.3e}"),
        Some(value) => format!("{value:.6}"),
        None => "–".to_owned(),
    }
}

/// "1 saddle", "2 saddles".
fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
