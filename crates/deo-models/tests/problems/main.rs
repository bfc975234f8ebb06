//! Every problem: its gradient, its start, its batches, its target; and what gradient methods are known to do on it.

#[path = "../derivative/mod.rs"]
mod derivative;
mod known;
mod laws;
mod names;
