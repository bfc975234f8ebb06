//! A training step of the GPT, and what DEO adds to it with its default policy.
//!
//! `cargo bench -p deo-bench --bench step`. Each answer is checked before it is timed.

use criterion::{BatchSize, Criterion};
use deo_core::drive::{WithDeo, Workspace};
use deo_core::optim::{Adam, AdamSettings, Optimizer, Transform, clip_norm};
use deo_core::{Deo, DeoSettings, Objective, Rule, Space};
use deo_linalg::{Parallel, Threads};
use deo_models::data::{Batch, Batches, Corpus};
use deo_models::gpt::{Gpt, GptConfig};
use std::hint::black_box;
use std::time::Duration;

type Params = Parallel<f32>;

fn main() {
    // The loop runs inside the pool, as `deo train` does.
    let pool = rayon::ThreadPoolBuilder::new().use_current_thread();
    pool.build_global().expect("nothing has used the pool yet");
    let criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut criterion = criterion.measurement_time(Duration::from_secs(3));
    let corpus = Corpus::king_james();
    let vocabulary = corpus.vocabulary().len();
    let batch = |block| -> Batch {
        Batches::new(corpus.train(), 12, block, 1).expect("a long text").next_batch()
    };
    for (name, config) in
        [("tiny", GptConfig::tiny(vocabulary)), ("paper-small", GptConfig::paper_small(vocabulary))]
    {
        step(&mut criterion, name, config, &batch(config.block));
    }
    optimizer(&mut criterion);
    criterion.final_summary();
}

fn adamw(space: &Params, x: &[f32]) -> Adam<Vec<f32>> {
    Adam::new(AdamSettings::adamw(), space, x).expect("the presets are valid")
}

/// Forward, backward and AdamW; then the same with DEO looking on, which is what most of its steps are.
fn step(criterion: &mut Criterion, name: &str, config: GptConfig, batch: &Batch) {
    let space = Params::default();
    let mut gpt = Gpt::<f32>::new(config, Threads::Pool).expect("a preset");
    let (mut x, mut g) = (gpt.init(1), vec![0.0; gpt.layout().len()]);
    let mut adam = adamw(&space, &x);
    let before = gpt.on(batch).value(&x);
    for _ in 0..5 {
        gpt.on(batch).value_grad(&x, &mut g);
        adam.step(&space, &mut x, &g, 1e-3);
    }
    let after = gpt.on(batch).value(&x);
    assert!(after < before - 0.1, "five steps on one batch: {before} to {after}");

    let mut group = criterion.benchmark_group(format!("step/{name}"));
    group.bench_function("base", |bencher| {
        bencher.iter(|| {
            let loss = gpt.on(batch).value_grad(&x, &mut g);
            adam.step(&space, &mut x, &g, 1e-6);
            black_box(loss)
        });
    });
    let mut deo = Deo::new(&space, &x, DeoSettings::default()).expect("the defaults");
    let mut workspace = Workspace::new(&space, &x, Rule::Forward);
    let mut optimizer = adamw(&space, &x);
    group.bench_function("with deo", |bencher| {
        bencher.iter(|| {
            let mut f = gpt.on(batch);
            let loss = f.value_grad(&x, &mut g);
            deo.observe(&space, &x, loss, &g);
            deo.visit(&space, &mut f, &x, &g, &mut workspace);
            if !deo.apply(&space, &mut x, &mut g).moved() {
                optimizer.step(&space, &mut x, &g, 1e-6);
            }
        });
    });
    let mut with =
        WithDeo::new(&space, &x, adamw(&space, &x), DeoSettings::default()).expect("the defaults");
    let report = with.step(&space, &mut gpt.on(batch), &mut x, 1e-6);
    assert!(!report.skipped && report.loss.is_finite(), "{report:?}");
    group.finish();
}

/// Projection, clipping and AdamW in three passes over the gradient, and in one.
fn optimizer(criterion: &mut Criterion) {
    let space = Params::default();
    let noise = |seed: f32| -> Vec<f32> { (0..804_096).map(|i| (i as f32 * seed).sin()).collect() };
    let (x, g, mut n) = (noise(0.618), noise(0.1), noise(0.7));
    let norm = space.norm(&n);
    n.iter_mut().for_each(|n| *n /= norm as f32);
    let passes = |adam: &mut Adam<Vec<f32>>, x: &mut [f32], g: &mut [f32]| {
        space.deflate(0.5, &n, g);
        clip_norm(&space, 1.0, g);
        adam.step(&space, x, g, 1e-4);
    };
    let folded = |adam: &mut Adam<Vec<f32>>, x: &mut [f32], g: &[f32]| {
        let [square, along] = space.dots([(g, g), (g, &n)]);
        let norm = (square - 0.75 * along * along).sqrt(); // β(2 − β) at β = ½
        let transform = Transform::default().project(0.5 * along, &n[..]).clip(norm, 1.0);
        adam.step_transformed(&space, x, g, &transform, 1e-4);
    };
    let (mut one, mut other, mut changed) = (x.clone(), x.clone(), g.clone());
    passes(&mut adamw(&space, &x), &mut one, &mut changed);
    folded(&mut adamw(&space, &x), &mut other, &g);
    // The norm differs in its last digits, and so does the step.
    assert!(one.iter().zip(&other).all(|(a, b)| (a - b).abs() <= 1e-6), "one answer");

    let mut group = criterion.benchmark_group("optimizer/804096");
    let (mut adam, mut y) = (adamw(&space, &x), x.clone());
    group.bench_function("adamw", |b| b.iter(|| adam.step(&space, &mut y, &g, 1e-6)));
    group.bench_function("projection, clipping, adamw", |bencher| {
        bencher.iter_batched_ref(
            || g.clone(),
            |g| passes(&mut adam, &mut y, g),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("the same folded into adamw", |bencher| {
        bencher.iter_batched_ref(
            || g.clone(),
            |g| folded(&mut adam, &mut y, g),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}
