//! A line now and then where a progress bar can't be.
//!
//! Problem: in a batch queue standard error is a file, and a run of hours says nothing until its end. So where it is no
//! terminal, a line comes now and then instead of the bar; a run that is done sooner stays silent.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Seldom enough for a log of a night, often enough for who waits.
const EVERY: Duration = Duration::from_secs(30);

/// Says on standard error that a run goes on.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    /// When it last spoke; `None` on a terminal, which has a bar.
    last: Option<Mutex<Instant>>,
}

impl Heartbeat {
    pub(crate) fn new() -> Self {
        let silent = io::stderr().is_terminal();
        Heartbeat { last: (!silent).then(|| Mutex::new(Instant::now())) }
    }

    /// Writes the line if the last one is long enough ago.
    pub(crate) fn beat<L: Display>(&self, line: impl FnOnce() -> L) {
        let Some(last) = &self.last else { return };
        // Whoever panicked with the lock left a time, and a time it stays.
        let mut last = last.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if last.elapsed() >= EVERY {
            *last = Instant::now();
            // That a line can't be written is no reason to fail.
            let _ = writeln!(io::stderr(), "{}", line());
        }
    }
}
