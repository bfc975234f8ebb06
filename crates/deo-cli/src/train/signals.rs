//! SIGINT and SIGTERM: the first is a wish to stop after this step, the second ends the process at once.

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// One of the signals that are watched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal(i32);

impl Signal {
    /// 128 + its number: what a shell reports of a program that a signal ended.
    pub fn exit_code(self) -> u8 {
        // Both numbers are below 32.
        128 + self.0 as u8
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 == SIGINT { "SIGINT" } else { "SIGTERM" })
    }
}

/// Watches from its construction on. When it is dropped, signals end the process again, as they do by default.
#[derive(Debug)]
pub(super) struct Signals {
    /// The number of the first signal, 0 before.
    first: Arc<AtomicUsize>,
    /// The next signal is to act by default.
    again: Arc<AtomicBool>,
}

impl Signals {
    pub(super) fn watch() -> io::Result<Self> {
        let signals = Signals { first: Arc::default(), again: Arc::default() };
        for signal in [SIGINT, SIGTERM] {
            signals.register(signal)?;
        }
        Ok(signals)
    }

    /// In this order: the first signal finds `again` false and sets it, the second finds it true.
    fn register(&self, signal: i32) -> io::Result<SigId> {
        flag::register_conditional_default(signal, Arc::clone(&self.again))?;
        flag::register_usize(signal, Arc::clone(&self.first), signal as usize)?;
        flag::register(signal, Arc::clone(&self.again))
    }

    /// The signal that came, if one did.
    pub(super) fn received(&self) -> Option<Signal> {
        let first = self.first.load(Ordering::SeqCst);
        (first != 0).then_some(Signal(first as i32))
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.again.store(true, Ordering::SeqCst);
    }
}
