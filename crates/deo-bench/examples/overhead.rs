//! What DEO's default policy adds to a whole training run in time, beside the same run without it.
//!
//! `cargo run --release -p deo-bench --example overhead -- [--steps 2000] [--threads 2] [--model paper-small]`
//!
//! Two runs of AdamW from the same weights on the same batches (12 sequences, warm-up of 100 steps, cosine to a tenth, clipping to 1)
//! take their steps in turns, so a busy machine slows both. Prints the ratio of the total times every fifth of the run, the
//! evaluations that DEO asked for, and both losses.

use deo_core::drive::WithDeo;
use deo_core::optim::{Adam, AdamSettings, Optimizer, Schedule, clip_norm};
use deo_core::{DeoSettings, Objective, Space};
use deo_linalg::{Parallel, Threads};
use deo_models::data::{Batches, Corpus};
use deo_models::gpt::{Gpt, GptConfig};
use std::error::Error;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut steps, mut threads, mut model) = (2_000, 2, String::from("paper-small"));
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match &*name {
            "--steps" => steps = value.parse()?,
            "--threads" => threads = value.parse()?,
            "--model" => model = value,
            _ => {
                return Err(
                    format!("no option {name}; there are --steps, --threads, --model").into()
                );
            }
        }
    }
    let corpus = Corpus::king_james();
    let vocabulary = corpus.vocabulary().len();
    let config = match &*model {
        "tiny" => GptConfig::tiny(vocabulary),
        "paper-small" => GptConfig::paper_small(vocabulary),
        "paper-large" => GptConfig::paper_large(vocabulary),
        _ => {
            return Err(
                format!("no model {model}; there are tiny, paper-small, paper-large").into()
            );
        }
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let result =
        pool.install(|| compare(&corpus, config, steps).map_err(|error| error.to_string()));
    Ok(result?)
}

fn compare(corpus: &Corpus, config: GptConfig, steps: u64) -> Result<(), Box<dyn Error>> {
    let space = Parallel::<f32>::new(Threads::Pool);
    let mut gpt = Gpt::<f32>::new(config, Threads::Pool)?;
    let mut batches = Batches::new(corpus.train(), 12, config.block, 1)?;
    let schedule = Schedule::warmup_cosine(1e-3, 100.min(steps / 10), steps, 1e-4)?;
    let (mut x, mut y) = (gpt.init(1), gpt.init(1));
    let mut g = space.zeros_like(&x);
    let mut adam = Adam::new(AdamSettings::adamw(), &space, &x)?;
    let other = Adam::new(AdamSettings::adamw(), &space, &y)?;
    let mut with = WithDeo::new(&space, &y, other, DeoSettings::default())?.with_clip(1.0);
    let [mut base, mut deo] = [Duration::ZERO; 2];
    let [mut base_loss, mut deo_loss] = [0.0; 2];
    println!(
        "{:>7} {:>9} {:>9} {:>7} {:>8} {:>8}",
        "step", "base s", "deo s", "ratio", "base", "deo"
    );
    for step in 0..steps {
        let (batch, lr) = (batches.next_batch(), schedule.at(step));
        let start = Instant::now();
        let loss = gpt.on(&batch).value_grad(&x, &mut g);
        clip_norm(&space, 1.0, &mut g);
        adam.step(&space, &mut x, &g, lr);
        base += start.elapsed();
        let start = Instant::now();
        let report = with.step(&space, &mut gpt.on(&batch), &mut y, lr);
        deo += start.elapsed();
        // Means over some twenty steps.
        base_loss += (loss - base_loss) / (step + 1).min(20) as f64;
        deo_loss += (report.loss - deo_loss) / (step + 1).min(20) as f64;
        if (step + 1) % (steps / 5).max(1) == 0 {
            let [base, deo] = [base, deo].map(|time| time.as_secs_f64());
            println!(
                "{:>7} {base:>9.2} {deo:>9.2} {:>7.3} {base_loss:>8.3} {deo_loss:>8.3}",
                step + 1,
                deo / base
            );
        }
    }
    println!("{:?}", with.counts());
    Ok(())
}
