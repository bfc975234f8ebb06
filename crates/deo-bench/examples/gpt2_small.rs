//! A network of GPT-2 small's shape, 124 million parameters: some steps of AdamW, then λ_min and λ_max of its loss.
//!
//! `cargo run --release -p deo-bench --example gpt2_small -- [--steps 5] [--rows 1] [--block 256] [--memory 6]
//! [--gradients 40] [--recompute true] [--threads 2]`
//!
//! 12 layers and heads, width 768, a vocabulary of 50 257, a context of 1024 of which `--block` tokens are used. The text is the
//! King James Bible, a word a token, by a hash of its letters: nobody here has GPT-2's vocabulary, and time and memory don't
//! depend on it. The curvatures are those of the last step's batch, in f32 by central differences, each end by a Davidson process
//! of its own with `--memory` directions, and measured at a second length at the end.
//!
//! Memory, in vectors of 0.5 GB: parameters, gradient and two moments; for a spectrum, in place of the moments, 2 m, what a
//! restart keeps, and four of a probe's.

use deo_core::drive::Workspace;
use deo_core::krylov::{Krylov, KrylovSettings, Which};
use deo_core::optim::{Adam, AdamSettings, Optimizer, clip_norm};
use deo_core::{Objective, Rule, Space};
use deo_linalg::{Parallel, Threads};
use deo_models::data::{Batch, king_james};
use deo_models::gpt::{Gpt, GptConfig};
use std::error::Error;
use std::time::Instant;

const CONFIG: GptConfig =
    GptConfig { vocabulary: 50_257, block: 1024, layers: 12, heads: 12, width: 768 };

/// What was asked for.
struct Options {
    steps: usize,
    rows: usize,
    block: usize,
    memory: usize,
    gradients: u64,
    recompute: bool,
    threads: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options {
        steps: 5,
        rows: 1,
        block: 256,
        memory: 6,
        gradients: 40,
        recompute: false,
        threads: 2,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match &*name {
            "--steps" => options.steps = value.parse()?,
            "--rows" => options.rows = value.parse()?,
            "--block" => options.block = value.parse()?,
            "--memory" => options.memory = value.parse()?,
            "--gradients" => options.gradients = value.parse()?,
            "--recompute" => options.recompute = value.parse()?,
            "--threads" => options.threads = value.parse()?,
            _ => return Err(format!("no option {name}; see the head of the example").into()),
        }
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
    Ok(pool.install(|| run(&options).map_err(|error| error.to_string()))?)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let space = Parallel::<f32>::new(Threads::Pool);
    let mut gpt = Gpt::<f32>::new(CONFIG, Threads::Pool)?.with_recompute(options.recompute);
    let mut x = gpt.init(1);
    let mut g = space.zeros_like(&x);
    println!("{} parameters, {} x {} tokens", x.len(), options.rows, options.block);
    let mut adam = Adam::new(AdamSettings::adamw(), &space, &x)?;
    for step in 0..options.steps {
        let start = Instant::now();
        let loss = gpt.on(&batch(options, step)).value_grad(&x, &mut g);
        let gradient = start.elapsed().as_secs_f64();
        clip_norm(&space, 1.0, &mut g);
        adam.step(&space, &mut x, &g, 3e-4);
        let whole = start.elapsed().as_secs_f64();
        println!("step {step}: loss {loss:.4}, gradient {gradient:.2} s, with AdamW {whole:.2} s");
    }
    println!("trained in {} MB", peak());
    drop(adam);
    let batch = batch(options, options.steps);
    gpt.on(&batch).value_grad(&x, &mut g);
    for (name, which) in [("λ_min", Which::Lowest), ("λ_max", Which::Highest)] {
        let settings = KrylovSettings {
            which,
            memory: options.memory,
            rule: Rule::Central,
            confirm: false,
            tolerance: 1e-2,
            max_gradients: options.gradients,
            ..KrylovSettings::default()
        };
        let start = Instant::now();
        let mut krylov = Krylov::new(&space, &x, settings)?;
        krylov.draw(&space, 1);
        let mut workspace = Workspace::new(&space, &x, Rule::Central);
        workspace.answer_all(&mut krylov, &space, &mut gpt.on(&batch), &x, &g);
        let found = krylov.estimates()[0];
        println!(
            "{name} = {:.4} ± {:.1e}, residual {:.1e}, {}: {} gradients, {:.1} s, {} MB",
            found.curvature,
            found.secant_error,
            found.residual,
            found.status,
            krylov.gradients(),
            start.elapsed().as_secs_f64(),
            peak(),
        );
    }
    Ok(())
}

/// The next words of the text, a hash of each its token.
fn batch(options: &Options, step: usize) -> Batch {
    let text = king_james();
    let mut batch = Batch::zeros(options.rows, options.block);
    let len = batch.len();
    let tokens: Vec<u16> = text
        .split_whitespace()
        .skip(step * len)
        .map(|word| {
            // FNV-1a.
            let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            });
            (hash % CONFIG.vocabulary as u64) as u16
        })
        .take(len + 1)
        .collect();
    batch.inputs.copy_from_slice(&tokens[..len]);
    batch.targets.copy_from_slice(&tokens[1..]);
    batch
}

/// The greatest resident set of this process so far, in MB; 0 where the system doesn't say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024 / 1_000_000
}
