//! `deo saddle GUESS.xyz --engine …`: the saddle near a guess, on the energies of another program.
//!
//! Problem: a chemist has an engine, ASE with one of its calculators, LAMMPS, Quantum ESPRESSO, and one gradient may
//! cost an hour. It may fail, be killed, be noisier than thought, or have forces that aren't those of its energies. So
//!
//! ```text
//! Structure    atoms, cell, what is held ──► the space of the search
//! Engine       a server of the i-PI protocol; every answer is kept, and none is asked for twice
//!      │
//! start        the guess, or the highest image between two ends
//! check        is a point's answer the same again? are the forces those of the energies?
//! search       find (deo-saddle), a line a step ──► vibrations ──► irc ──► sides, the minima ──► rates
//! report       lines, record and files
//! many         the same from many starts, on several clients: `many.rs`
//! ```
//!
//! **Going on.** Everything here is a function of the options, the guess and the answers. So the answers are the state: a
//! run that goes on takes its steps again from those that were kept, in no time, and asks the engine for the first one
//! that is missing. All numbers are then the same to the bit, whatever the run was at.
//!
//! Å, eV and u throughout.

mod check;
mod error;
mod exchanged;
mod idpp;
mod irc;
mod journal;
mod log;
mod many;
mod model;
mod oracle;
mod profile;
mod program;
mod rates;
mod report;
mod search;
mod settings;
mod sides;
mod start;
mod straight;
mod structure;
mod summary;
mod superposed;
mod vibrations;
mod work;

pub use error::EngineError;
pub(super) use report::execute;
