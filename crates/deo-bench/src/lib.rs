#![doc = include_str!("../README.md")]
//!
//! # The library
//!
//! | item | what |
//! |---|---|
//! | [`drawing`] | the axes of all charts |
//! | [`escape`] | methods against saddles and plateaus, tuned, at equal budgets; [`escape::harm`] where there are none |
//! | [`Ledger`] | the budget that a run is paid from, a loss counting a third of a gradient |

#![forbid(unsafe_code)]

pub mod drawing;
pub mod escape;
mod ledger;

pub use ledger::Ledger;
