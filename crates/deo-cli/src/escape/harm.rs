//! `deo escape --suite harm`, from its options to its tables and files.

use super::error::EscapeError;
use super::journal::{Journal, RUNS};
use super::options::Options;
use crate::heartbeat::Heartbeat;
use crate::output::{OutputDir, RECORD};
use crate::setting::UnusedOption;
use deo_bench::escape::harm::rates::{self, Rates};
use deo_bench::escape::harm::{self, CellRecord, HarmSettings, Record, Summary};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write};

const RESULTS: &str = "results.csv";

const FILES: [&str; 3] = [RECORD, RESULTS, RUNS];

/// What is wanted of the suite, beside its settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    /// Its rates, not its runs.
    pub(super) rates: bool,
    /// What is in the directory of the output needn't be run again.
    pub(super) resume: bool,
    /// JSON instead of tables.
    pub(super) json: bool,
}

/// Runs the suite, or tunes its rates, and writes the results to `stdout`.
pub(super) fn execute(
    options: &Options,
    wish: Wish,
    stdout: &mut dyn Write,
) -> Result<(), EscapeError> {
    let settings = options.resolve_harm()?;
    let dir = options.out.as_deref();
    let useless = match (wish, dir) {
        (Wish { rates: true, .. }, Some(_)) => {
            Some(("out", "no --rates, which go to standard output"))
        }
        (Wish { resume: true, .. }, None) => Some(("resume", "--out, the directory of the run")),
        _ => None,
    };
    if let Some((name, needs)) = useless {
        return Err(UnusedOption { name, needs }.into());
    }
    if wish.rates {
        let rates = tuned(&settings, Rates::new())?;
        return stdout.write_all(rates::text(&rates).as_bytes()).map_err(EscapeError::Stdout);
    }
    let output = dir.map(|dir| OutputDir::create(dir, "escape", &FILES)).transpose()?;
    let journal = Journal::open(output.as_ref(), wish.resume)?;
    let rates = tuned(&settings, rates::committed())?;
    let cells = run(&settings, &rates, &journal)?;
    // Results are shown even if they can't be kept.
    let kept = output.as_ref().map_or(Ok(()), |output| keep(output, &settings, &cells));
    let kept = kept.and_then(|()| journal.finish());
    let shown = show(stdout, &settings, &cells, wish.json, output.as_ref());
    kept?;
    shown.map_err(EscapeError::Stdout)
}

/// Runs the suite behind a progress bar.
fn run(
    settings: &HarmSettings,
    rates: &Rates,
    journal: &Journal<'_>,
) -> Result<Vec<CellRecord>, EscapeError> {
    let (bar, heartbeat) =
        (bar(settings.cells.len() as u64 * settings.seeds, "seeds of cells"), Heartbeat::new());
    let cells = harm::run(settings, rates, journal, &|| {
        bar.inc(1);
        let (position, length) = (bar.position(), bar.length().unwrap_or(0));
        heartbeat.beat(|| format!("{position} of {length} seeds of cells done"));
    });
    bar.finish_and_clear();
    cells
}

/// Tunes the rates that aren't known, behind a progress bar.
fn tuned(settings: &HarmSettings, known: Rates) -> Result<Rates, EscapeError> {
    let bar = bar(rates::missing(&settings.cells, &known).len() as u64, "rates tuned");
    let tuned = harm::tuned(settings, known, &|| bar.inc(1));
    bar.finish_and_clear();
    Ok(tuned?)
}

fn bar(pieces: u64, what: &str) -> ProgressBar {
    let template = format!("{{bar:30}} {{pos}}/{{len}} {what}, {{elapsed}}, {{eta}} left");
    let style = ProgressStyle::with_template(&template).expect("a constant that tests draw");
    ProgressBar::new(pieces).with_style(style)
}

fn keep(
    output: &OutputDir,
    settings: &HarmSettings,
    cells: &[CellRecord],
) -> Result<(), EscapeError> {
    output.write_json(RECORD, &Record::new(settings, cells))?;
    output.write(RESULTS, harm::csv(cells).as_bytes())?;
    Ok(())
}

fn show(
    stdout: &mut dyn Write,
    settings: &HarmSettings,
    cells: &[CellRecord],
    json: bool,
    output: Option<&OutputDir>,
) -> io::Result<()> {
    if json {
        serde_json::to_writer(&mut *stdout, &Summary::new(settings, cells))?;
        return writeln!(stdout);
    }
    write!(stdout, "{}", harm::text(settings, cells))?;
    if let Some(output) = output {
        writeln!(stdout, "\n{} are in {}", FILES.join(", "), output.path().display())?;
    }
    stdout.flush()
}
