#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod address;
mod client;
mod door;
mod error;
mod exchange;
mod limits;
mod pool;
mod server;
pub mod units;
mod wire;

pub use address::{Address, AddressError};
pub use client::{Client, Ended, Question, Reply};
pub use error::IpiError;
pub use limits::{Counts, Limits};
pub use pool::{Pool, Seat};
pub use server::Server;
