//! `deo saddle GUESS.xyz --engine … --searches N`: many searches at once, and the table of what they found.
//!
//! Problem: from a minimum many passes lead away, and a search finds one. With an hour for a gradient the searches must go
//! on at the same time, each with a client of its own, and yet come to the same table whoever answers first. So each is a
//! function of its number alone:
//!
//! ```text
//! frames   of the guess, in turn ──► displaced by σ·noise(seed, number)
//!      │
//! check    once, at the first ──► lengths for all
//! runs     --clients threads; each search has a lane of answers, a seat at the socket (deo-ipi), a model of its own
//! merged   by energy, and distances of each two elements ──► distinct saddles ──► their ways down, at once again
//! events   vibrations of each of these structures, once ──► prefactors and rates
//! ```
//!
//! | goes wrong | then |
//! |---|---|
//! | a client dies | its question goes to another (deo-ipi, `pool.rs`) |
//! | a question that no client survives, or answers in time | that search is *lost*, the others go on |
//! | no client is left, other atoms, an unknown word | an end of all; the answers are in a file |

mod events;
mod jobs;
mod record;
mod runs;
mod starts;

use super::error::EngineError;
use super::settings::Settings;
use crate::output::{OutputDir, OutputError, RECORD};
use crate::saddle::error::SaddleError;
use crate::saddle::tables::write_tables;
use events::Events;
use record::{Record, Summary, texts};
use runs::{Found, run};
use starts::Starts;
use std::io::{self, Write};
use std::path::PathBuf;

const SADDLES: &str = "saddles.xyz";
const MINIMA: &str = "minima.xyz";

/// Runs it.
pub(super) fn execute(
    settings: &Settings,
    out: Option<PathBuf>,
    json: bool,
    stdout: &mut dyn Write,
) -> Result<(), SaddleError> {
    let starts = Starts::load(settings)?;
    let dir = out.map(|dir| OutputDir::create(&dir, record::COMMAND, &[RECORD, SADDLES, MINIMA]));
    let dir = dir.transpose()?;
    let mut unprinted = None;
    let found = run(settings, &starts, &mut |line| {
        if !json {
            let done = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
            unprinted = unprinted.take().or(done.err());
        }
    })?;
    let record = Record::of(settings, &starts, &found);
    // Results are shown even if they can't be kept.
    let kept = dir.as_ref().map_or(Ok(()), |dir| keep(dir, &record, &starts, &found));
    let shown = show(stdout, &record, json);
    kept?;
    unprinted.map_or(shown, Err).map_err(SaddleError::Stdout)
}

fn keep(
    dir: &OutputDir,
    record: &Record<'_>,
    starts: &Starts,
    found: &Found,
) -> Result<(), OutputError> {
    dir.write_json(RECORD, record)?;
    let (saddles, minima) = texts(starts, found);
    dir.write(SADDLES, saddles.as_bytes())?;
    dir.write(MINIMA, minima.as_bytes())
}

fn show(stdout: &mut dyn Write, record: &Record<'_>, json: bool) -> io::Result<()> {
    if json {
        serde_json::to_writer(&mut *stdout, &Summary::of(record))?;
        return writeln!(stdout);
    }
    let settings = record.settings;
    let events = record.events.map_or_else(String::new, Events::text);
    write_tables(stdout, record.results, settings.connect, settings.index, &events)
}

/// That search is lost, and no other with it.
fn is_of_one_search(error: &EngineError) -> bool {
    use deo_ipi::IpiError::{Lost, Silent};
    matches!(error, EngineError::Ipi(Lost { .. } | Silent { .. }))
}
