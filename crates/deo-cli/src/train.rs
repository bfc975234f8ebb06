//! `deo train`: a character GPT on text, with and without help, at an equal budget of gradients.
//!
//! Problem: whether DEO pays can only be seen beside the same training without it, from the same weights, on the
//! same batches, at the same cost. So a training is two runs: the base optimizer alone, then with the policy. What
//! they share is in [`Experiment`], how the cost is counted in [`Ledger`].
//!
//! ```text
//! Options   as given           ─┐ command line over file over preset, or a checkpoint
//! Settings  decided, checked   ◄┘
//! Session   the runs in order ─── Saver ──► checkpoints;  Signals;  metrics.jsonl
//! Experiment ── go_on ──► RunState ┬ Trainer ── step ──► Helper (nothing | DEO | a published rule), base optimizer
//!                                  ├ Log
//!                                  └ MonitorState ── lent the parameters by ── MonitorRun
//! Finished ──► RunRecord, Curve, Path ──► files, table, JSON
//! ```
//!
//! A [`RunState`] is plain data and all that a run is between two steps: it is what a checkpoint holds.

mod choices;
mod error;
mod execute;
mod experiment;
mod finished;
mod helper;
mod home;
mod log;
mod monitor;
mod optimizers;
mod options;
pub mod plot;
mod probes;
mod progress;
pub mod record;
mod report;
mod resume;
mod run;
mod save;
mod seeds;
mod session;
mod settings;
mod signals;
mod spelt_out;
mod table;
mod trainer;
mod unused;

pub use choices::{OptimizerKind, PolicyKind, Preset};
pub use deo_bench::Ledger;
pub use error::TrainError;
pub use execute::{TrainArgs, execute};
pub use experiment::Experiment;
pub use finished::Finished;
pub use helper::Params;
pub use monitor::Monitoring;
pub use optimizers::{AnyOptimizer, BaseOptimizer, decay_groups};
pub use options::Options;
pub use probes::MeanLoss;
pub use resume::ResumeError;
pub use run::{RunEnd, RunState, Watch};
pub(crate) use settings::LONGEST_BLOCK;
pub use settings::{Method, Settings};
pub use signals::Signal;
pub use trainer::{Step, Trainer};
