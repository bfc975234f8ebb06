//! `deo train`: a character GPT on text, with and without help, at an equal budget of gradients.
//!
//! Problem: whether DEO pays can only be seen beside the same training without it, from the same weights, on the
//! same batches, at the same cost. So a training is two runs: the base optimizer alone, then with the policy. What
//! they share is in [`Experiment`], how the cost is counted in [`Ledger`].
//!
//! ```text
//! Options   as given           ─┐ command line over file over preset
//! Settings  decided, checked   ◄┘
//! Experiment ── run ──► Trainer ── step ──► Companion (nothing | DEO | a published rule), base optimizer
//!                ├─ lends the parameters ──► RunMonitor ──► Sight, MonitorSummary, Path ─┐
//!                └────► Log ──► Metrics, RunRecord, Curve ──► files, table, JSON ◄─────┘
//! ```

mod choices;
mod companion;
mod error;
mod experiment;
mod ledger;
mod log;
mod monitor;
mod optimizers;
mod options;
mod probes;
mod progress;
mod report;
mod settings;
mod trainer;

pub use choices::{OptimizerKind, PolicyKind, Preset};
pub use error::TrainError;
pub use experiment::{Experiment, Watch};
pub use ledger::Ledger;
pub use log::Finished;
pub use monitor::Monitoring;
pub use optimizers::{BaseOptimizer, decay_groups};
pub use options::Options;
pub use probes::MeanLoss;
pub use report::{TrainArgs, execute};
pub use settings::{Method, Settings};
