#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod address;
mod client;
mod error;
mod server;
pub mod units;
mod wire;

pub use address::{Address, AddressError};
pub use client::{Client, Ended, Question, Reply};
pub use error::IpiError;
pub use server::{Counts, Limits, Server};
