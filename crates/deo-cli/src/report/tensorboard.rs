//! The curves of trainings as TensorBoard's event files.
//!
//! Problem: whoever has a TensorBoard wants these runs beside theirs. An event file is a sequence of records, each an
//! `Event` in the encoding of protocol buffers:
//!
//! ```text
//! file    = Event{wall_time, file_version "brain.Event:2"}  Event{wall_time, step, summary}…
//! summary = Value{tag, simple_value}…            loss, gradient_norm, lr; val_loss, curvature, lambda_min, lambda_max
//! record  = length u64 · masked crc of it u32 · data · masked crc of them u32        little endian
//! masked  = (crc rotated right by 15) + 0xa282ead8,  crc = CRC-32C
//! ```
//!
//! `wall_time` is the seconds of the training so far, as if it had begun at the epoch: the relative time of TensorBoard
//! is then right, and the same run gives the same bytes. The numbers are f32, which is all that `simple_value` holds. A
//! loss that wasn't finite is NaN; TensorBoard draws a triangle there.
//!
//! References: `tensorboard/compat/proto/{event,summary}.proto` and TFRecord in the documentation of TensorFlow.

mod crc;
mod proto;

use super::error::ReportError;
use super::metrics::{Curves, Sample};
use super::run::Run;
use crate::output::OutputDir;
use proto::{framed, summary, version};
use std::collections::BTreeSet;
use std::path::Path;

/// TensorBoard takes every file with "tfevents" in its name; the number is a time elsewhere.
const FILE: &str = "events.out.tfevents.0000000000.deo";

/// Characters of a directory's name.
const LONGEST: usize = 100;

/// Writes `logs/RUN/CURVES/events…` for all trainings, and tells how many files these are.
pub(super) fn write(logs: &Path, runs: &[Run]) -> Result<usize, ReportError> {
    OutputDir::shared(logs, &[])?;
    let mut taken = BTreeSet::new();
    for (run, curves) in runs.iter().flat_map(|run| run.curves.iter().map(move |c| (run, c))) {
        let mut dir = format!("{}/{}", safe(&run.label), safe(&curves.name));
        while !taken.insert(dir.clone()) {
            dir.push('_');
        }
        OutputDir::shared(&logs.join(&dir), &[FILE])?.write(FILE, &file(curves))?;
    }
    Ok(taken.len())
}

/// A name for a directory, whatever a record calls the run: letters, digits, `+`, `-`, `_` and inner points.
fn safe(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "+-_.".contains(c) { c } else { '_' };
    let name: String = name.chars().take(LONGEST).map(kept).collect();
    let name = name.trim_matches('.');
    if name.is_empty() { "_".to_owned() } else { name.to_owned() }
}

/// The bytes of the event file.
pub(super) fn file(curves: &Curves) -> Vec<u8> {
    let mut bytes = framed(&version());
    let samples = [
        ("val_loss", &curves.val_loss),
        ("curvature", &curves.curvature),
        ("lambda_min", &curves.lowest),
        ("lambda_max", &curves.highest),
    ];
    let mut samples = samples.map(|(tag, samples)| (tag, samples.iter().peekable()));
    for (at, step) in curves.steps.iter().enumerate() {
        let mut values = vec![("loss", step.loss), ("gradient_norm", step.gradient_norm)];
        if !step.lr.is_nan() {
            values.push(("lr", step.lr));
        }
        for (tag, samples) in &mut samples {
            let here = samples.next_if(|sample| sample.at == at);
            values.extend(here.map(|Sample { value, .. }| (*tag, *value)));
        }
        bytes.extend(framed(&summary(step.seconds, step.step, &values)));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::metrics;
    use super::*;

    /// Written by the Python package tensorboard from the metrics beside it: `generate.py`.
    #[test]
    fn the_bytes_are_those_of_tensorboards_own_writer() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events");
        let runs = metrics::read(&golden.join("metrics.jsonl"), false).unwrap();
        let expected = std::fs::read_to_string(golden.join("events.hex")).unwrap();
        let hex = |curves: &Curves| -> String {
            file(curves).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let lines: Vec<String> = runs.iter().map(hex).collect();
        assert_eq!(lines, expected.lines().collect::<Vec<_>>());
    }

    #[test]
    fn no_name_leads_out_of_the_directory() {
        for (name, safe_name) in [
            ("..", "_"),
            ("../../etc", "_.._etc"),
            ("adamw+escape", "adamw+escape"),
            ("a/b c:d", "a_b_c_d"),
            ("", "_"),
        ] {
            assert_eq!(safe(name), safe_name);
        }
    }
}
