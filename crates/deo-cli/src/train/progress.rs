//! What is seen of a run while it goes on: the progress bar.

use super::run::RunState;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error, invisible where that isn't a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    budget: u64,
    /// An exponential mean of the loss.
    loss: Option<f64>,
}

const STYLE: &str = "{prefix} {bar:30} {pos}/{len} gradients, {msg}, {elapsed} of {duration}";

/// Steps that the mean loss remembers: that of a single batch jumps too much to be read.
const MEMORY: f64 = 20.0;

impl Progress {
    pub(super) fn new(budget: u64) -> Self {
        Progress { bar: ProgressBar::hidden(), budget, loss: None }
    }

    pub(super) fn begin(&mut self, state: &RunState) {
        self.clear();
        let style = ProgressStyle::with_template(STYLE).expect("a constant that tests draw");
        let bar = ProgressBar::new(self.budget).with_style(style);
        self.bar = bar.with_prefix(state.name().to_owned()).with_position(state.spent().whole());
        // What an earlier process did says nothing about the time that is left.
        self.bar.reset_eta();
        self.loss = None;
    }

    pub(super) fn step(&mut self, loss: f64, spent: u64) {
        let mean = self.loss.unwrap_or(loss);
        let mean = mean + (loss - mean) / MEMORY;
        self.loss = Some(mean);
        self.bar.set_message(format!("loss {mean:.3}"));
        self.bar.set_position(spent);
    }

    /// Leaves the terminal as it was.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
