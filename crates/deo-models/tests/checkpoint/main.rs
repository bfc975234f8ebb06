//! Checkpoints: the container, the directory, the states that they hold. Memory is in checkpoint_memory.rs.

#![cfg(feature = "checkpoint")]

mod container;
mod seal;
mod states;
mod store;
