#![doc = include_str!("../README.md")]
//!
//! # The library
//!
//! The modules behind the program, usable from Rust for an experiment that its options don't cover.
//!
//! | module | what |
//! |---|---|
//! | [`cli`] | the command line: subcommands, help, usage errors on one line |
//! | [`colour`], [`version`] | `--color` and NO_COLOR; what `--version` says |
//! | [`manual`] | `deo completions` and `deo man` |
//! | [`model`] | the options of a network that is looked at |
//! | [`config`] | TOML files with the keys of the command line |
//! | [`demo`] | `deo demo`: a saddle, a run that stays, one that leaves, and a page about it |
//! | [`train`] | `deo train`: options, settings, the training loop under a budget of gradients; its records and plots |
//! | [`escape`] | `deo escape`: options and files of the comparisons in [`deo_bench`] |
//! | [`diagnose`] | `deo diagnose`: whether curvature is what holds a training up |
//! | [`saddle`] | `deo saddle`: the passes of a landscape or a cluster, from many starts |
//! | [`spectrum`] | `deo spectrum`: eigenpairs of a Hessian or a matrix, with error bars |
//! | [`report`] | `deo report`: a page for one or several runs |
//! | [`npy`] | NumPy's arrays in and out |
//! | [`setting`] | what is wrong with an option or its value |
//! | [`output`] | files that are whole or absent |
//! | [`table`] | lines of aligned columns |
//!
//! Nothing here prints, except into the writers that it is given and of progress on standard error.

#![forbid(unsafe_code)]

pub mod cli;
pub mod colour;
pub mod config;
pub mod demo;
pub mod diagnose;
pub mod escape;
mod heartbeat;
pub mod manual;
pub mod model;
pub mod npy;
pub mod output;
pub mod report;
pub mod saddle;
pub mod setting;
pub mod spectrum;
mod spread;
pub mod table;
pub mod train;
pub mod version;
