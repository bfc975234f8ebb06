#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod data;
pub mod gpt;
pub mod landscapes;
pub mod layers;
pub mod layout;
pub mod mlp;
#[cfg(feature = "weights")]
pub mod weights;
