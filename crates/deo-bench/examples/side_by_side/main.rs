//! Our half of experiments/speed/side_by_side.py: answers one command a line until its input ends.
//!
//! The script runs a block of PyTorch's steps, then sends a command here, so that the two never run at the same time and
//! see the same neighbours on a shared machine. A command is a JSON object and so is its answer:
//!
//! | `task` | what is timed, `repeat` times after one that isn't counted |
//! |---|---|
//! | `export` | nothing: writes parameters and gradient to `path`, returns batch, layout and loss |
//! | `gradient` | forward and backward |
//! | `step` | forward, backward and AdamW |
//! | `adamw` | AdamW alone |
//! | `product` | one product Hv by the forward rule: displacement, gradient, secant |
//! | `matmul` | products of one shape: `m`, `n`, `k`, and which operands are given transposed, `a` and `b` |
//! | `yardstick` | large products, ours and faer's, and a copy: what the machine can do at most |
//! | `memory` | nothing: the greatest resident set of this process so far, in bytes |
//!
//! `model` is `paper-small` or `paper-large`, with `, recompute` behind it for activations that are computed again, `threads` the size of the pool. With `processor` the seconds are those of the
//! processor, which a busy machine stretches less; one thread and Linux only, and the mean of all repeats.

mod yardstick;

use deo_core::optim::{Adam, AdamSettings, Optimizer, Scale, Updates};
use deo_core::{Objective, Space};
use deo_linalg::{Parallel, Threads};
use deo_models::data::Batch;
use deo_models::gpt::{Gpt, GptConfig};
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

/// Symbols of the text: those of Shakespeare's works in nanoGPT's preparation.
const VOCABULARY: usize = 65;

#[derive(Deserialize)]
struct Command {
    task: String,
    #[serde(default)]
    model: String,
    #[serde(default)]
    threads: usize,
    #[serde(default)]
    repeat: usize,
    #[serde(default)]
    path: String,
    #[serde(default)]
    processor: bool,
    #[serde(default)]
    shape: yardstick::Shape,
}

/// A model in training.
struct Training {
    gpt: Gpt<f32>,
    space: Parallel<f32>,
    batch: Batch,
    adam: Adam<Vec<f32>>,
    x: Vec<f32>,
    g: Vec<f32>,
    /// Direction, displaced point, gradient there and product of one probe; empty until the first.
    probe: [Vec<f32>; 4],
}

impl Training {
    fn new(model: &str) -> Result<Self, Box<dyn Error>> {
        let (name, recompute) = match model.strip_suffix(", recompute") {
            Some(name) => (name, true),
            None => (model, false),
        };
        let config = match name {
            "paper-small" => GptConfig::paper_small(VOCABULARY),
            "paper-large" => GptConfig::paper_large(VOCABULARY),
            other => return Err(format!("no model {other}: paper-small or paper-large").into()),
        };
        let gpt = Gpt::<f32>::new(config, Threads::Pool)?.with_recompute(recompute);
        let (space, x) = (Parallel::new(Threads::Pool), gpt.init(1));
        let adam = Adam::new(AdamSettings::adamw(), &space, &x)?;
        let g = space.zeros_like(&x);
        Ok(Training { gpt, space, batch: text(12, 64), adam, x, g, probe: Default::default() })
    }

    fn gradient(&mut self) -> f64 {
        self.gpt.on(&self.batch).value_grad(&self.x, &mut self.g)
    }

    fn adamw(&mut self) {
        self.adam.step(&self.space, &mut self.x, &self.g, 1e-5);
    }

    /// Hv by the forward rule at x, where the gradient g is known.
    fn product(&mut self) -> f64 {
        let (space, x) = (&self.space, &self.x);
        let [v, y, ahead, hv] = &mut self.probe;
        if v.is_empty() {
            *v = x.clone();
            space.fill(v, &|i| (i as f64 * 0.618).sin());
            let norm = space.norm(v);
            space.update(0..x.len(), &Scale(1.0 / norm), [], [v]);
            [&mut *y, ahead, hv].into_iter().for_each(|z| *z = space.zeros_like(x));
        }
        let h = space.displace(1e-3, v, x, y);
        self.gpt.on(&self.batch).value_grad(y, ahead);
        let (curvature, _) = space.secant(h, &self.g, ahead, v, hv);
        curvature
    }
}

/// Tokens without a pattern that a model could learn in a few steps.
fn text(rows: usize, block: usize) -> Batch {
    let mut batch = Batch::zeros(rows, block);
    let token = |i: usize| ((i * i * 7 + i * 31 + i / 5) % VOCABULARY) as u16;
    for i in 0..batch.len() {
        (batch.inputs[i], batch.targets[i]) = (token(i), token(i + 1));
    }
    batch
}

/// Seconds that this thread has spent on a processor; Linux only. The kernel brings it up to date some hundred times a
/// second, so that only long runs can be measured.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<u64>().ok()? as f64 * 1e-9)
}

/// Seconds of `repeat` runs after one that isn't counted; by the processor's clock their mean.
fn time<R>(repeat: usize, processor: bool, mut run: impl FnMut() -> R) -> Vec<f64> {
    run();
    if processor && let Some(start) = processor_seconds() {
        (0..repeat).for_each(|_| _ = std::hint::black_box(run()));
        let end = processor_seconds().unwrap_or(f64::NAN);
        return vec![(end - start) / repeat as f64];
    }
    let once = |_| {
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed().as_secs_f64()
    };
    (0..repeat).map(once).collect()
}

fn bytes(x: &[f32]) -> Vec<u8> {
    x.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// The greatest resident set of this process so far, in bytes; Linux only.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn export(training: &mut Training, path: &str) -> Result<Value, Box<dyn Error>> {
    let loss = training.gradient();
    std::fs::write(path, [bytes(&training.x), bytes(&training.g)].concat())?;
    let tensors = training.gpt.layout().tensors();
    let layout: Vec<_> = tensors.iter().map(|t| json!([t.name(), t.shape()])).collect();
    let Batch { inputs, targets, rows, block } = &training.batch;
    Ok(json!({
        "loss": loss, "layout": layout, "inputs": inputs, "targets": targets, "rows": rows, "block": block,
    }))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut trainings: HashMap<String, Training> = HashMap::new();
    let mut pools: HashMap<usize, ThreadPool> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let command: Command = serde_json::from_str(&line?)?;
        let answer = if command.task == "memory" {
            json!({ "bytes": peak() })
        } else {
            let threads = command.threads;
            let pool = match pools.entry(threads) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    entry.insert(ThreadPoolBuilder::new().num_threads(threads).build()?)
                }
            };
            let (repeat, processor) = (command.repeat, command.processor);
            if command.task == "yardstick" {
                println!("{}", pool.install(|| yardstick::measure(threads, repeat, processor)));
                std::io::stdout().flush()?;
                continue;
            }
            if command.task == "matmul" {
                let seconds = pool.install(|| command.shape.measure(repeat, processor));
                println!("{}", json!({ "seconds": seconds }));
                std::io::stdout().flush()?;
                continue;
            }
            let training = match trainings.entry(command.model.clone()) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(Training::new(&command.model)?),
            };
            // The loop runs inside the pool, as `deo train` does.
            pool.install(|| -> Result<Value, String> {
                Ok(json!({ "seconds": match &*command.task {
                    "export" => {
                        return export(training, &command.path).map_err(|error| error.to_string());
                    }
                    "gradient" => time(repeat, processor, || training.gradient()),
                    "step" => time(repeat, processor, || {
                        let loss = training.gradient();
                        training.adamw();
                        loss
                    }),
                    "adamw" => time(repeat, processor, || training.adamw()),
                    "product" => {
                        training.gradient();
                        time(repeat, processor, || training.product())
                    }
                    other => return Err(format!("no task {other}")),
                } }))
            })?
        };
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}
