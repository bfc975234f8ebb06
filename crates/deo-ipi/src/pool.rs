//! Several clients at one socket, for several who ask at the same time.
//!
//! Problem: an engine takes an hour for a gradient, and there are as many engines as there are machines. A search asks one
//! question after another, many searches ask at once, and clients come, go and die when they like. So
//!
//! | who asks | then |
//! |---|---|
//! | begins | waits until fewer searches have a [`Seat`] than clients are connected |
//! | asks | the client that it had last, since its orbitals are of a place near by; else one that no other search has |
//! | had a client that died | asks the next one that is free, be it another search's: nothing waits for a new client |
//! | has lost [`Limits::lost`] clients in a row by one question | an end: it may be the question |
//!
//! A client that had died before it was asked isn't counted against the question. Nobody waits without an end: without any
//! client for [`Limits::client`], for an answer for [`Limits::answer`].
//!
//! Who waits lets clients in. A thread of its own for that would have to be ended, too.

use crate::address::Address;
use crate::door::Door;
use crate::error::IpiError;
use crate::exchange::{NAPS, Place, Trouble, exchange, say};
use crate::limits::{Counts, Limits};
use crate::wire::Wire;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Looks after the engine while a client is waited for.
type Watch = dyn FnMut(Counts) -> Option<String> + Send;

/// A socket that any number of clients connect to.
pub struct Pool {
    door: Door,
    limits: Limits,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Clients that nobody asks at the moment.
    idle: Vec<Connection>,
    /// Those, and the ones that are being asked.
    connected: usize,
    /// The seats that are taken.
    seats: usize,
    /// The number of the next seat.
    next: u64,
    counts: Counts,
    watch: Box<Watch>,
    closed: bool,
}

struct Connection {
    wire: Wire,
    answers: u64,
    /// The seat whose client it is.
    owner: Option<u64>,
}

/// One who asks, one question after another; a search.
#[derive(Debug)]
pub struct Seat<'a> {
    pool: &'a Pool,
    number: u64,
}

/// How long somebody has waited while no client was connected.
struct Patience {
    since: Instant,
    nap: Duration,
}

impl Patience {
    fn new() -> Self {
        Patience { since: Instant::now(), nap: NAPS[0] }
    }
}

impl Pool {
    /// Listens. A Unix socket that nobody answers at any more is replaced.
    ///
    /// # Errors
    ///
    /// [`IpiError::Taken`], [`IpiError::NotASocket`] and [`IpiError::Bind`].
    pub fn bind(address: &Address, limits: Limits) -> Result<Self, IpiError> {
        let state = State {
            idle: vec![],
            connected: 0,
            seats: 0,
            next: 1,
            counts: Counts::default(),
            watch: Box::new(|_| None),
            closed: false,
        };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        Ok(Pool { door: Door::open(address)?, limits, state, changed })
    }

    /// Where it listens; the port is the one that the system has chosen.
    pub fn address(&self) -> &Address {
        &self.door.address
    }

    /// What it has seen.
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// `watch` is called while somebody waits for a client. What it returns, how the engine has ended, ends the waiting if no
    /// other client is connected.
    pub fn watch(&self, watch: impl FnMut(Counts) -> Option<String> + Send + 'static) {
        self.lock().watch = Box::new(watch);
    }

    /// Nobody is answered any more: who waits for a client gets [`IpiError::Closed`] at once, who waits for an answer at the
    /// next question.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// A seat, as soon as fewer are taken than clients are connected.
    ///
    /// # Errors
    ///
    /// [`IpiError::NoClient`], [`IpiError::EngineEnded`] and [`IpiError::Closed`].
    pub fn seat(&self) -> Result<Seat<'_>, IpiError> {
        let (mut state, mut patience) = (self.lock(), Patience::new());
        while state.closed || state.seats >= state.connected {
            state = self.wait(state, &mut patience, None)?;
        }
        let number = state.next;
        (state.seats, state.next) = (state.seats + 1, number + 1);
        Ok(Seat { pool: self, number })
    }

    /// The answer, of whichever client is free first; `seat` is a number of one's own.
    pub(crate) fn ask(
        &self,
        seat: u64,
        positions: &[f64],
        cell: Option<&[f64; 9]>,
        forces: &mut [f64],
    ) -> Result<f64, IpiError> {
        assert_eq!(positions.len(), forces.len(), "forces, and coordinates");
        let place = Place::new(positions, cell)?;
        let (mut lost, mut reason) = (0, None);
        loop {
            let mut connection = self.take(seat, reason.as_deref())?;
            connection.wire.deadline = Instant::now() + self.limits.answer;
            let mut stale = 0;
            let answer = exchange(&mut connection.wire, &place, forces, &mut stale);
            let answers = connection.answers;
            let mut state = self.lock();
            state.counts.stale += stale;
            match &answer {
                Ok(_) => {
                    state.counts.answers += 1;
                    connection.answers += 1;
                    state.idle.push(connection);
                }
                Err(trouble) => {
                    state.connected -= 1;
                    let gone = matches!(trouble, Trouble::Lost { .. });
                    state.counts.lost += u64::from(gone);
                    state.counts.fruitless += u64::from(gone && answers == 0);
                }
            }
            drop(state);
            self.changed.notify_all();
            match answer {
                Ok(energy) => return Ok(energy),
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::Silent(wanted)) => {
                    return Err(IpiError::Silent { wanted, waited: self.limits.answer });
                }
                Err(Trouble::Lost { reason: error, asked }) => {
                    let text = say(&error);
                    // One that died after its last answer says nothing about this question.
                    lost += u32::from(asked || answers == 0);
                    if lost >= self.limits.lost {
                        return Err(IpiError::Lost { clients: lost, reason: text });
                    }
                    reason = Some(text);
                }
            }
        }
    }

    /// A client for the seat: its own, one of nobody's, or any that isn't being asked.
    fn take(&self, seat: u64, lost: Option<&str>) -> Result<Connection, IpiError> {
        let (mut state, mut patience) = (self.lock(), Patience::new());
        loop {
            let rank = |connection: &Connection| match connection.owner {
                Some(owner) if owner == seat => 0,
                None => 1,
                Some(_) => 2,
            };
            let ranks = state.idle.iter().map(rank).enumerate();
            let best = ranks.min_by_key(|(_, rank)| *rank).filter(|_| !state.closed);
            if let Some((place, _)) = best {
                let mut connection = state.idle.remove(place);
                // Another search's stays its own.
                connection.owner = connection.owner.or(Some(seat));
                return Ok(connection);
            }
            state = self.wait(state, &mut patience, lost)?;
        }
    }

    /// Until something may have changed; lets a client in if one is at the door.
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        patience: &mut Patience,
        lost: Option<&str>,
    ) -> Result<MutexGuard<'a, State>, IpiError> {
        if state.closed {
            return Err(IpiError::Closed);
        }
        let deadline = Instant::now() + self.limits.answer;
        // A client that left before it was let in is no reason to end, nor is anything else here.
        if let Ok(wire) = self.door.accept().and_then(|stream| Wire::new(stream, deadline)) {
            state.idle.push(Connection { wire, answers: 0, owner: None });
            (state.connected, state.counts.clients) =
                (state.connected + 1, state.counts.clients + 1);
            self.changed.notify_all();
            return Ok(state);
        }
        let lost = || lost.map(str::to_owned);
        let counts = state.counts;
        let ended = (state.watch)(counts);
        if state.connected > 0 {
            patience.since = Instant::now();
        } else if patience.since.elapsed() >= self.limits.client {
            let (address, waited) = (self.door.address.clone(), self.limits.client);
            return Err(IpiError::NoClient { address, waited, lost: lost() });
        } else if let Some(how) = ended {
            return Err(IpiError::EngineEnded { how, lost: lost() });
        }
        let (state, _) = self
            .changed
            .wait_timeout(state, patience.nap)
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        patience.nap = (2 * patience.nap).min(NAPS[1]);
        Ok(state)
    }

    /// Whoever panicked with the lock, in a watch, has left whole connections.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Seat<'_> {
    /// Energy, eV, and `forces`, eV/Å, at `positions`, Å; `cell` has the vectors one after another, Å.
    ///
    /// # Errors
    ///
    /// [`IpiError`] says why there is no answer. Asking again is allowed.
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
        self.pool.ask(self.number, positions, cell, forces)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.seats -= 1;
        let own = state.idle.iter_mut().filter(|c| c.owner == Some(self.number));
        own.for_each(|connection| connection.owner = None);
        drop(state);
        self.pool.changed.notify_all();
    }
}

/// Tells the clients to go.
///
/// LAMMPS ends with an error message then: it knows no other end.
impl Drop for Pool {
    fn drop(&mut self) {
        for connection in &mut self.lock().idle {
            connection.wire.deadline = Instant::now() + Duration::from_secs(1);
            // It may be gone.
            let _ = connection.wire.say("EXIT");
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("address", self.address())
            .field("limits", &self.limits)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
