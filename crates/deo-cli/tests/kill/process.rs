//! The program as a process that is waited for, killed, and looked at.

use crate::common::{Bench, SMALL, names, read_json, read_lines};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The most steps that may be lost.
pub(crate) const SAVE_EVERY: u64 = 10;
pub(crate) const SIGTERM: i32 = 15;

/// Two runs of some hundred steps, the second with frequent visits, and a monitor.
pub(crate) const RUN: &[&str] = &[
    "--steps",
    "150",
    "--interval",
    "2",
    "--allowance",
    "40",
    "--lr",
    "0.03",
    "--monitor",
    "--monitor-interval",
    "40",
    "--monitor-gradients",
    "2",
    "--monitor-batches",
    "1",
    "--save-every",
    "10",
];

/// A run that would take hours.
pub(crate) const ENDLESS: &[&str] =
    &["--steps", "1000000", "--warmup", "0", "--eval-every", "1000000", "--save-every", "10"];

pub(crate) fn begin(bench: &Bench, arguments: &[&str]) -> Child {
    spawn(bench, &[&["train", "--text", "text.txt"], SMALL, arguments, &["--out", "o"]].concat())
}

pub(crate) fn resume(bench: &Bench, arguments: &[&str]) -> Child {
    spawn(bench, &[&["train", "--resume", "o"], arguments].concat())
}

pub(crate) fn spawn(bench: &Bench, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deo"));
    let command = command.args(arguments).current_dir(bench.path("."));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The end of a process, its streams as text.
pub(crate) fn end(child: Child) -> (Output, String, String) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    (output, stdout, stderr)
}

pub(crate) fn terminate(child: &Child) {
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Steps whose line is complete in the file that grows.
pub(crate) fn steps_of(bench: &Bench) -> u64 {
    steps_in(&bench.path("o"))
}

/// The same of a training in another directory.
pub(crate) fn steps_in(dir: &Path) -> u64 {
    let text = fs::read_to_string(dir.join("metrics.jsonl.partial")).unwrap_or_default();
    text.matches('\n').count() as u64
}

/// Waits until a run has taken that many steps.
pub(crate) fn wait_for(bench: &Bench, steps: u64) {
    let clock = Instant::now();
    while steps_of(bench) < steps {
        assert!(clock.elapsed() < Duration::from_secs(60), "{} steps", steps_of(bench));
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The number of the newest checkpoint.
pub(crate) fn newest(bench: &Bench) -> Option<u64> {
    let names = fs::read_dir(bench.path("o/checkpoints")).ok()?;
    let number =
        |name: String| name.strip_prefix("checkpoint-")?.strip_suffix(".deo")?.parse().ok();
    names.filter_map(|entry| number(entry.unwrap().file_name().into_string().unwrap())).max()
}

pub(crate) fn without_clocks(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for clock in ["ms", "seconds"] {
                map.remove(clock);
            }
            map.values_mut().for_each(without_clocks);
        }
        Value::Array(values) => values.iter_mut().for_each(without_clocks),
        _ => {}
    }
}

/// All that a finished training leaves, without the clocks; it leaves nothing else.
pub(crate) fn results(dir: &Path) -> (Value, Vec<Value>, [Vec<u8>; 3]) {
    let files =
        ["curvature.svg", "curves.svg", "metrics.jsonl", "record.json", "weights.safetensors"];
    assert_eq!(names(dir), files);
    let (mut record, mut lines) =
        (read_json(&dir.join("record.json")), read_lines(&dir.join("metrics.jsonl")));
    without_clocks(&mut record);
    record["settings"].as_object_mut().unwrap().remove("threads");
    lines.iter_mut().for_each(without_clocks);
    let bytes = ["curvature.svg", "curves.svg", "weights.safetensors"];
    (record, lines, bytes.map(|name| fs::read(dir.join(name)).unwrap()))
}

pub(crate) fn straight(bench: &Bench) -> (Value, Vec<Value>, [Vec<u8>; 3]) {
    let outcome = bench.train(&[RUN, &["--out", "straight"]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    results(&bench.path("straight"))
}
