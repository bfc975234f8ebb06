//! What is seen and kept of a run while it goes on: the progress bar and the lines of `metrics.jsonl`.

use super::experiment::Watch;
use super::ledger::Ledger;
use crate::output::{OutputError, Stream};
use crate::record::Metrics;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error, invisible where that isn't a terminal, and a file of metrics if there is one.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    budget: u64,
    /// An exponential mean of the loss.
    loss: Option<f64>,
    metrics: Option<Stream>,
}

const STYLE: &str = "{prefix} {bar:30} {pos}/{len} gradients, {msg}, {elapsed} of {duration}";

/// Steps that the mean loss remembers: that of a single batch jumps too much to be read.
const MEMORY: f64 = 20.0;

impl Progress {
    pub(super) fn new(budget: u64, metrics: Option<Stream>) -> Self {
        Progress { bar: ProgressBar::hidden(), budget, loss: None, metrics }
    }

    /// Gives the file of metrics its name.
    pub(super) fn finish(self) -> Result<(), OutputError> {
        self.bar.finish_and_clear();
        self.metrics.map_or(Ok(()), Stream::finish)
    }
}

impl Watch for Progress {
    fn begin(&mut self, run: &str) {
        self.bar.finish_and_clear();
        let style = ProgressStyle::with_template(STYLE).expect("a constant that tests draw");
        self.bar = ProgressBar::new(self.budget).with_style(style).with_prefix(run.to_owned());
        self.loss = None;
    }

    fn step(&mut self, metrics: &Metrics<'_>, spent: &Ledger) -> Result<(), OutputError> {
        let mean = self.loss.unwrap_or(metrics.loss);
        let mean = mean + (metrics.loss - mean) / MEMORY;
        self.loss = Some(mean);
        self.bar.set_message(format!("loss {mean:.3}"));
        self.bar.set_position(spent.whole());
        match &mut self.metrics {
            Some(stream) => stream.write_line(metrics),
            None => Ok(()),
        }
    }
}
