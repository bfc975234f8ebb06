//! The server: asks one client at a time, and goes on with the next one when it is lost.
//!
//! Problem: a search lives longer than its engine. An SCF that doesn't converge ends ASE's client, a job scheduler kills
//! another, a third one hangs; and who waits for ever has lost as much as who gives up at once. So
//!
//! | the client | then |
//! |---|---|
//! | closes the connection | the next one is waited for and asked the same, [`Limits::lost`] times in a row at most |
//! | is silent | an end, after [`Limits::answer`] |
//! | doesn't come | an end, after [`Limits::client`] |
//! | answers for other atoms, or by an unknown word | an end at once: it won't be better next time |
//! | has an answer when it connects | fetched and dropped, it was for somebody else |
//! | answers by numbers that aren't finite | an answer; what it means is for the search to say |

use crate::address::Address;
use crate::error::IpiError;
use crate::limits::{Counts, Limits};
use crate::pool::Pool;

/// A socket that clients connect to, for one who asks.
#[derive(Debug)]
pub struct Server {
    pool: Pool,
}

/// Whoever asks is always the same.
const ONLY: u64 = 0;

impl Server {
    /// Listens. A Unix socket that nobody answers at any more is replaced.
    ///
    /// # Errors
    ///
    /// [`IpiError::Taken`], [`IpiError::NotASocket`] and [`IpiError::Bind`].
    pub fn bind(address: &Address, limits: Limits) -> Result<Self, IpiError> {
        Ok(Server { pool: Pool::bind(address, limits)? })
    }

    /// Where it listens; the port is the one that the system has chosen.
    pub fn address(&self) -> &Address {
        self.pool.address()
    }

    /// What it has seen.
    pub fn counts(&self) -> Counts {
        self.pool.counts()
    }

    /// `watch` is called while a client is waited for. What it returns, how the engine has ended, ends the waiting.
    pub fn watch(&mut self, watch: impl FnMut(Counts) -> Option<String> + Send + 'static) {
        self.pool.watch(watch);
    }

    /// Energy, eV, and `forces`, eV/Å, at `positions`, Å; `cell` has the vectors one after another, Å.
    ///
    /// # Errors
    ///
    /// [`IpiError`] says why there is no answer. Asking again is allowed, and waits for a client again.
    ///
    /// # Panics
    ///
    /// If `forces` isn't as long as `positions`.
    pub fn ask(
        &mut self,
        positions: &[f64],
        cell: Option<&[f64; 9]>,
        forces: &mut [f64],
    ) -> Result<f64, IpiError> {
        self.pool.ask(ONLY, positions, cell, forces)
    }
}
