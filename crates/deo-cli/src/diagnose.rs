//! `deo diagnose`: is curvature what holds a training up?
//!
//! ```text
//! DiagnoseArgs  as given
//! Settings      decided, checked
//! Target        a problem of deo-models, or a GPT with weights   ── base for --steps ──► x, optimizer
//!               deo_core::diagnose, other batches                ──► Results ──► table, JSON, plot
//! ```
//!
//! What is asked and what follows from it is in [`deo_core::diagnose`]; here are names, ranges, and pictures.

mod error;
mod options;
mod plot;
mod report;
mod results;
mod settings;
mod target;

pub use error::DiagnoseError;
pub use options::DiagnoseArgs;
pub use report::execute;
pub use results::Results;
pub use settings::Settings;
