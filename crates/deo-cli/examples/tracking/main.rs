//! How well one rotation a visit follows λ_min while a network trains.
//!
//! Problem: a dimer that is kept while the parameters move has an axis that was right some steps ago. Does a rotation
//! now and then keep up with the lowest eigenvalue, and if not, how many gradients a visit does it take?
//!
//! A GPT is trained as `deo train` does. Every few steps, before the step, each [`Follower`] brings its axis up to date
//! with its few gradients on the same fixed batches, and beside it the pair is found anew to a residual of 1e-3, in
//! double precision ([`References`]). The error of a follower is |C − λ|/|λ|.
//!
//! ```console
//! $ cargo run --release -p deo-cli --example tracking -- --out experiments/curvature
//! ```
//!
//! writes `tracking.json` and `tracking.svg` there, and prints the medians; it takes ten minutes of processor time, five
//! with `--references`. The figure of the book is a copy of the plot.

mod follower;
mod plot;
mod record;
mod reference;

use clap::Parser;
use deo_cli::output::OutputDir;
use deo_cli::train::{MeanLoss, Options, Preset, Settings, decay_groups};
use deo_core::Objective;
use deo_core::optim::{Optimizer, clip_norm};
use deo_linalg::{Parallel, Threads};
use deo_models::data::{Batch, Batches, Corpus, evaluation_batches};
use deo_models::gpt::{Gpt, GptConfig};
use follower::{Follower, On, Point};
use record::Record;
use reference::References;
use std::path::PathBuf;
use std::time::Instant;

/// What to run.
#[derive(Debug, Clone, Parser)]
struct Arguments {
    /// Write tracking.json and tracking.svg there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The model's size
    #[arg(long, value_name = "NAME", default_value = "paper-small")]
    preset: Preset,

    /// Training steps, over which the learning rate anneals
    #[arg(long, value_name = "N", default_value_t = 500)]
    steps: u64,

    /// Steps between two visits
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,

    /// Fixed batches whose mean loss is probed
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=100))]
    batches: u64,

    /// Seeds weights, batches and axes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Take the converged pairs from an earlier tracking.json with the same model, steps, batches and seed
    #[arg(long, value_name = "FILE")]
    references: Option<PathBuf>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let Arguments { preset, steps, seed, .. } = arguments;
    let options = Options {
        preset: Some(preset),
        steps: Some(steps),
        seed: Some(seed),
        ..Options::default()
    };
    let settings = Settings::resolve(options, &Options::default())?;
    let output = OutputDir::shared(&arguments.out, &["tracking.json", "tracking.svg"])?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads).build()?;
    let record = pool.install(|| run(&arguments, &settings))?;
    print!("{}", record.table());
    output.write_json("tracking.json", &record)?;
    output.write("tracking.svg", plot::svg(&record).as_bytes())?;
    Ok(())
}

/// The training, with a visit every `interval` steps and one at the end.
fn run(arguments: &Arguments, settings: &Settings) -> Result<Record, Failure> {
    let Settings { block, batch: rows, seed, steps, clip, .. } = *settings;
    let corpus = Corpus::king_james();
    let shape = GptConfig { block, ..settings.preset.model(corpus.vocabulary().len()) };
    let space = Parallel::<f32>::new(Threads::Pool);
    let mut gpt = Gpt::<f32>::new(shape, Threads::Pool)?;
    let mut x = gpt.init(seed);
    let mut g = vec![0.0; x.len()];
    let mut optimizer = settings.optimizer.build(&space, &x, decay_groups(gpt.layout()))?;
    let mut batches = Batches::new(corpus.train(), rows, block, seed)?;
    let mut batch = Batch::default();

    let fixed = evaluation_batches(corpus.train(), arguments.batches as usize, rows, block, seed)?;
    let double = Gpt::<f64>::new(shape, Threads::Pool)?;
    let mut references = References::new(double, &fixed, seed, arguments.references.as_deref())?;
    let mut probes = Point::new(MeanLoss::new(gpt.clone(), fixed));
    let mut present = Point::new(MeanLoss::new(gpt.clone(), vec![Batch::default()]));
    let mut followers = Follower::all(&space, &x, arguments.interval, seed)?;
    let mut record = Record::new(arguments, settings, x.len());
    for step in 0..=steps {
        batches.next_into(&mut batch);
        if step % arguments.interval == 0 || step == steps {
            let clock = Instant::now();
            present.f.batches_mut()[0].clone_from(&batch);
            let loss = probes.move_to(&x);
            present.move_to(&x);
            for follower in &mut followers {
                let fixed = follower.kind.on == On::Fixed;
                let point = if fixed { &mut probes } else { &mut present };
                follower.visit(step, &space, point);
            }
            let visit = references.at(step, loss, &x, &batch)?;
            eprintln!("{visit}; {:.1} s", clock.elapsed().as_secs_f64());
            record.visits.push(visit);
        }
        if step < steps {
            gpt.on(&batch).value_grad(&x, &mut g);
            if clip > 0.0 {
                clip_norm(&space, clip, &mut g);
            }
            optimizer.step(&space, &mut x, &g, settings.schedule.at(step));
        }
    }
    record.finish(&followers);
    Ok(record)
}
