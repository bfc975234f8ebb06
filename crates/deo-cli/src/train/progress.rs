//! What is seen of a run while it goes on: the progress bar, or a line now and then where there is no terminal.

use super::run::RunState;
use crate::heartbeat::Heartbeat;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error, invisible where that isn't a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    heartbeat: Heartbeat,
    budget: u64,
    /// An exponential mean of the loss.
    loss: Option<f64>,
}

const STYLE: &str = "{prefix} {bar:30} {pos}/{len} gradients, {msg}, {elapsed} of {duration}";

/// Steps that the mean loss remembers: that of a single batch jumps too much to be read.
const MEMORY: f64 = 20.0;

impl Progress {
    pub(super) fn new(budget: u64) -> Self {
        Progress { bar: ProgressBar::hidden(), heartbeat: Heartbeat::new(), budget, loss: None }
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
        let (name, budget) = (self.bar.prefix(), self.budget);
        self.heartbeat.beat(|| format!("{name}: {spent} of {budget} gradients, loss {mean:.3}"));
    }

    /// Leaves the terminal as it was.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
