#![doc = include_str!("../README.md")]

mod average;
mod comm;
mod data_parallel;
mod job;
mod shares;
mod traffic;

pub use comm::{Disagreement, MpiComm};
pub use data_parallel::{DataParallel, OnRanks};
pub use job::run;
pub use shares::{Shares, TooFewSamples};
pub use traffic::Traffic;
