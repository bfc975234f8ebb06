//! The suite from its options to its tables and files.

use super::cell::Cell;
use super::journal::{Journal, RUNS};
use super::pair::pair;
use super::rates::{self, Rates, rate};
use super::records::{CellRecord, Record, Summary, csv};
use super::settings::HarmSettings;
use super::table;
use crate::escape::compare::on_threads;
use crate::escape::error::EscapeError;
use crate::escape::options::Options;
use crate::escape::settings::fresh_seed;
use crate::output::{OutputDir, RECORD};
use crate::setting::UnusedOption;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

const RESULTS: &str = "results.csv";

const FILES: [&str; 3] = [RECORD, RESULTS, RUNS];

/// What is wanted of the suite, beside its settings.
#[derive(Debug, Clone, Copy)]
pub(in crate::escape) struct Wish {
    /// Its rates, not its runs.
    pub(in crate::escape) rates: bool,
    /// What is in the directory of the output needn't be run again.
    pub(in crate::escape) resume: bool,
    /// JSON instead of tables.
    pub(in crate::escape) json: bool,
}

/// Runs the suite, or tunes its rates, and writes the results to `stdout`.
pub(in crate::escape) fn execute(
    options: &Options,
    wish: Wish,
    stdout: &mut dyn Write,
) -> Result<(), EscapeError> {
    let settings = HarmSettings::resolve(options)?;
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

/// The rates of all cells.
fn tuned(settings: &HarmSettings, mut known: Rates) -> Result<Rates, EscapeError> {
    let mut missing = rates::missing(&settings.cells, &known);
    missing.sort_by_cached_key(|cell| std::cmp::Reverse(cell.dearness() / cell.gradients()));
    let found = each(settings.threads, &missing, "rates tuned", &|cell| Ok(rates::tune(cell)?))?;
    known.extend(missing.iter().map(Cell::rated).zip(found));
    Ok(known)
}

/// All runs: each seed of each cell is a piece of work by itself.
fn run(
    settings: &HarmSettings,
    rates: &Rates,
    journal: &Journal<'_>,
) -> Result<Vec<CellRecord>, EscapeError> {
    let lrs = settings.cells.iter().map(|(_, cell)| rate(cell, rates));
    let lrs = lrs.collect::<Result<Vec<f64>, _>>()?;
    let mut work: Vec<(usize, u64)> = (0..settings.cells.len())
        .flat_map(|place| (0..settings.seeds).map(move |index| (place, index)))
        .collect();
    let dearness = |place: usize| settings.cells[place].1.dearness();
    work.sort_by_cached_key(|&(place, _)| std::cmp::Reverse(dearness(place)));
    let pairs = each(settings.threads, &work, "seeds of cells", &|&(place, index)| {
        let (cell, lr) = (&settings.cells[place].1, lrs[place]);
        let seed = fresh_seed(settings.seed, index);
        if let Some(known) = journal.find(cell, lr, seed) {
            return Ok(known);
        }
        let pair = pair(cell, lr, seed)?;
        journal.add(cell, lr, &pair)?;
        Ok(pair)
    })?;
    let mut of_cells: Vec<Vec<_>> = settings.cells.iter().map(|_| vec![]).collect();
    // Of a cell, seeds are in order: the sorting was stable.
    work.iter().zip(pairs).for_each(|(&(place, _), pair)| of_cells[place].push(pair));
    let cells = settings.cells.iter().zip(lrs).zip(of_cells);
    Ok(cells
        .map(|((&(number, cell), lr), pairs)| CellRecord::new(number, cell, lr, pairs))
        .collect())
}

/// What `of` gives for each piece of work, in order, on so many threads; they take the pieces one by one.
fn each<W: Sync, R: Send>(
    threads: usize,
    work: &[W],
    what: &'static str,
    of: &(dyn Fn(&W) -> Result<R, EscapeError> + Sync),
) -> Result<Vec<R>, EscapeError> {
    let template = format!("{{bar:30}} {{pos}}/{{len}} {what}, {{elapsed}}, {{eta}} left");
    let style = ProgressStyle::with_template(&template).expect("a constant that tests draw");
    let bar = ProgressBar::new(work.len() as u64).with_style(style);
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = vec![];
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = work.get(place) else { break Ok(done) };
            done.push((place, of(piece)?));
            bar.inc(1);
        }
    };
    let done = on_threads(threads.min(work.len()), &take);
    bar.finish_and_clear();
    let mut done = done?;
    done.sort_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

fn keep(
    output: &OutputDir,
    settings: &HarmSettings,
    cells: &[CellRecord],
) -> Result<(), EscapeError> {
    output.write_json(RECORD, &Record::new(settings, cells))?;
    output.write(RESULTS, csv(cells).as_bytes())?;
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
    write!(stdout, "{}", table::text(settings, cells))?;
    if let Some(output) = output {
        writeln!(stdout, "\n{} are in {}", FILES.join(", "), output.path().display())?;
    }
    stdout.flush()
}
