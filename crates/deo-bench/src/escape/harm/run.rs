//! The suite: its rates, then every seed of every cell.

use super::cell::Cell;
use super::pair::{Pair, pair};
use super::rates::{self, Rates, rate};
use super::records::CellRecord;
use super::settings::HarmSettings;
use crate::escape::compare::on_threads;
use crate::escape::error::CompareError;
use crate::escape::settings::fresh_seed;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What keeps the runs of a suite, so that one that was stopped can be gone on with.
pub trait Memory: Sync {
    /// Why a run could not be kept, or the suite failed.
    type Error: From<CompareError> + Send;

    /// The runs of that cell at that rate from that seed, if they are there.
    fn find(&self, cell: &Cell, lr: f64, seed: u64) -> Option<Pair>;

    /// Keeps the runs of a seed. Threads call it as they finish, in any order.
    ///
    /// # Errors
    ///
    /// Ends the suite.
    fn add(&self, cell: &Cell, lr: f64, pair: &Pair) -> Result<(), Self::Error>;
}

/// The rates of all cells: those that are `known`, and the others tuned. `done` is told of each that was.
///
/// # Errors
///
/// [`CompareError`] if a problem can't be set up or a thread can't be started.
pub fn tuned(
    settings: &HarmSettings,
    mut known: Rates,
    done: &(dyn Fn() + Sync),
) -> Result<Rates, CompareError> {
    let mut missing = rates::missing(&settings.cells, &known);
    missing.sort_by_cached_key(|cell| std::cmp::Reverse(cell.dearness() / cell.gradients()));
    let found = each(settings.threads, &missing, done, &|cell| {
        rates::tune(cell).map_err(CompareError::from)
    })?;
    known.extend(missing.iter().map(Cell::rated).zip(found));
    Ok(known)
}

/// All runs: each seed of each cell is a piece of work by itself, and `done` is told of each.
///
/// # Errors
///
/// Of `memory`, if a rate is missing, a problem can't be set up, a thread can't be started or a run can't be kept.
pub fn run<M: Memory>(
    settings: &HarmSettings,
    rates: &Rates,
    memory: &M,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<CellRecord>, M::Error> {
    let lrs = settings.cells.iter().map(|(_, cell)| rate(cell, rates));
    let lrs = lrs.collect::<Result<Vec<f64>, _>>()?;
    let mut work: Vec<(usize, u64)> = (0..settings.cells.len())
        .flat_map(|place| (0..settings.seeds).map(move |index| (place, index)))
        .collect();
    let dearness = |place: usize| settings.cells[place].1.dearness();
    work.sort_by_cached_key(|&(place, _)| std::cmp::Reverse(dearness(place)));
    let pairs = each::<_, _, M::Error>(settings.threads, &work, done, &|&(place, index)| {
        let (cell, lr) = (&settings.cells[place].1, lrs[place]);
        let seed = fresh_seed(settings.seed, index);
        if let Some(known) = memory.find(cell, lr, seed) {
            return Ok(known);
        }
        let pair = pair(cell, lr, seed).map_err(CompareError::from)?;
        memory.add(cell, lr, &pair)?;
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
fn each<W: Sync, R: Send, E: From<CompareError> + Send>(
    threads: usize,
    work: &[W],
    done: &(dyn Fn() + Sync),
    of: &(dyn Fn(&W) -> Result<R, E> + Sync),
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let take = || -> Result<Vec<(usize, R)>, E> {
        let mut finished = vec![];
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = work.get(place) else { return Ok(finished) };
            finished.push((place, of(piece)?));
            done();
        }
    };
    let mut finished = on_threads(threads.min(work.len()), &take)?;
    finished.sort_by_key(|(place, _)| *place);
    Ok(finished.into_iter().map(|(_, result)| result).collect())
}
