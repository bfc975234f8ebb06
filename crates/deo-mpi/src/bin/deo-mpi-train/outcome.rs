//! What a run has found, as a table and as JSON.

use deo_core::Estimate;
use deo_core::deo::Counts;
use deo_mpi::Traffic;
use serde_json::json;
use std::fmt::Write;

/// A finished run.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) ranks: usize,
    pub(crate) threads: usize,
    pub(crate) parameters: usize,
    pub(crate) steps: u64,
    pub(crate) batch: usize,
    pub(crate) seed: u64,
    /// Of the last batch, before its step.
    pub(crate) train_loss: f64,
    pub(crate) validation_loss: f64,
    /// The lowest curvature at the end, on a fixed batch of the validation part.
    pub(crate) curvature: Estimate,
    pub(crate) counts: Counts,
    /// Step and name of what DEO did, where it did anything.
    pub(crate) events: Vec<(u64, &'static str)>,
    /// Of the training alone, on rank 0.
    pub(crate) seconds: f64,
    pub(crate) traffic: Traffic,
}

impl Outcome {
    pub(crate) fn json(&self) -> String {
        let Counts { gradients, losses, rotations, visits, moves, kicks } = self.counts;
        let object = json!({
            "command": "deo-mpi-train",
            "preset": "tiny",
            "ranks": self.ranks,
            "threads": self.threads,
            "parameters": self.parameters,
            "steps": self.steps,
            "batch": self.batch,
            "seed": self.seed,
            "train_loss": self.train_loss,
            "val_loss": self.validation_loss,
            "curvature": self.curvature.curvature,
            "residual": self.curvature.residual,
            "secant_error": self.curvature.secant_error,
            "gradients": gradients,
            "losses": losses,
            "rotations": rotations,
            "visits": visits,
            "moves": moves,
            "kicks": kicks,
            "events": self.events,
            "seconds": self.seconds,
            "communication": {
                "seconds": self.traffic.time.as_secs_f64(),
                "collectives": self.traffic.collectives,
                "bytes": self.traffic.bytes,
            },
        });
        format!("{object}\n")
    }

    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(table, "{name:<18} {value}"); // a String takes everything
        };
        let (ranks, threads) = (self.ranks, self.threads);
        line("ranks × threads", format!("{ranks} × {threads}"));
        line("parameters", self.parameters.to_string());
        line("training loss", format!("{:.4} nats", self.train_loss));
        line("validation loss", format!("{:.4} nats", self.validation_loss));
        let estimate = &self.curvature;
        let error = estimate.secant_error;
        line("lowest curvature", format!("{:.4} ± {error:.1e}", estimate.curvature));
        let Counts { gradients, losses, visits, moves, kicks, .. } = self.counts;
        line("DEO", format!("{visits} visits, {moves} moves, {kicks} kicks"));
        line("beyond the steps", format!("{gradients} gradients, {losses} losses"));
        let steps = self.steps as f64;
        let (all, sent) = (1e3 * self.seconds / steps, self.traffic.time.as_secs_f64());
        let share = 100.0 * sent / self.seconds;
        line("a step", format!("{all:.2} ms, {share:.0} % of it communication"));
        let kilobytes = self.traffic.bytes as f64 / steps / 1e3;
        let collectives = self.traffic.collectives as f64 / steps;
        line("received a step", format!("{kilobytes:.1} kB in {collectives:.2} collectives"));
        table
    }
}
