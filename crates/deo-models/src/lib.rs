#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "checkpoint")]
pub mod checkpoint;
pub mod clusters;
pub mod data;
#[cfg(feature = "digits")]
pub mod digits;
pub mod gpt;
pub mod landscapes;
pub mod layers;
pub mod layout;
pub mod mlp;
pub mod problems;
#[cfg(feature = "weights")]
pub mod weights;
