//! `deo demo`: one saddle, a run that stays there, the same run with DEO beside it, and what tuned rivals need.
//!
//! Problem: a newcomer wants to see what this is about within seconds and to show it to somebody. So the demo takes the
//! one problem of [`deo_models::problems`] that everybody knows from practice, a network whose hidden units start alike,
//! and leaves a page that needs nothing else.
//!
//! ```text
//! rivals   methods tuned and judged by deo_bench::escape::compare ──► rows, the learning rate
//! story    the first start: the base alone │ the base with DEO     ──► curves, the kick, the curvature where each stood
//! figure, page ──► FILE.html;   terminal ──► standard output
//! ```
//!
//! Nothing is chosen for its looks: the story is told from the first of the fresh starts, at the rate that the tuning found,
//! and both runs may spend what every rival may.

mod error;
mod execute;
mod figure;
mod options;
mod page;
mod rivals;
mod story;
mod terminal;

pub use error::DemoError;
pub use execute::execute;
pub use options::DemoArgs;
