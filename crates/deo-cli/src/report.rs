//! `deo report`: one page for one or several runs.
//!
//! Problem: a run leaves numbers in files. To judge it, or to show it to somebody, one wants to see them: tables, curves,
//! what happened when, and with several runs side by side, what was different about them. The page is one file of HTML that
//! needs nothing else: no network, no script, no fonts; it can be mailed, printed and read on a phone.
//!
//! ```text
//! DIR/record.json, DIR/metrics.jsonl ──► Run ─┬─► page ──► FILE.html
//!                                             └─► tensorboard ──► DIR/RUN/CURVE/events.out.tfevents…
//! ```
//!
//! | module | what |
//! |---|---|
//! | `run`, `metrics` | the files, read and checked |
//! | `html`, `table`, `number` | text that is escaped, tables that fold up on a phone |
//! | `decimate`, `scale`, `frame`, `chart`, `strip`, `surface`, `contour` | curves, costs and surfaces as SVG |
//! | `differences` | settings as a list, and those that differ |
//! | `training`, `methods`, `spectra`, `saddles`, `engines`, `other` | a section of the page for each command |
//! | `paired` | what DEO changed, paired over seeds |
//! | `events`, `words` | what DEO did, and what the words mean |
//! | `page` | the page |
//! | `tensorboard` | the curves for TensorBoard |
//!
//! The same files give the same page, byte for byte: it holds no date. What it shows is what the records say; nothing is
//! computed anew but positions in a drawing. Records are read by name, so one of another version shows what it has.
//!
//! Everything that comes from a file is hostile until it is escaped, which the type `Html` sees to: text gets
//! into it only by way of its escaping methods, or as a constant of this program. The page forbids scripts besides.

mod chart;
mod contour;
mod decimate;
mod differences;
mod engines;
mod error;
mod events;
mod execute;
pub(crate) mod frame;
pub(crate) mod html;
mod methods;
mod metrics;
pub(crate) mod number;
mod options;
mod other;
mod page;
mod paired;
mod run;
mod saddles;
pub(crate) mod scale;
mod spectra;
mod strip;
pub(crate) mod surface;
pub(crate) mod table;
mod tensorboard;
mod training;
mod words;

pub use error::ReportError;
pub use execute::execute;
pub use options::ReportArgs;
