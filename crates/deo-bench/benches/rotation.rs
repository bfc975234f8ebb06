//! What a rotation costs beside the gradient that it needs, at the size of paper-small.
//!
//! `cargo bench -p deo-bench --bench rotation`. Each answer is checked before it is timed.
//!
//! | bench | what is timed |
//! |---|---|
//! | `gradient` | forward and backward of one batch |
//! | `rotation` | everything else of an axis probe and a rotation in {n, w}, on a diagonal quadratic of the same length whose own gradient is a single pass |
//! | `krylov` | one answer of a Davidson process that holds eight of twelve directions |
//!
//! The method's promise is that the last two are small beside the first.

use criterion::{BatchSize, Criterion};
use deo_core::drive::Workspace;
use deo_core::krylov::{Krylov, KrylovSettings};
use deo_core::objective::FromFn;
use deo_core::{Answer, Dimer, DimerSettings, Length, Objective, Rule, Space};
use deo_linalg::{Parallel, Threads};
use deo_models::data::{Batch, Batches, Corpus};
use deo_models::gpt::{Gpt, GptConfig};
use rayon::prelude::*;
use std::hint::black_box;

fn main() {
    // The loop runs inside the pool, as `deo train` does.
    let pool = rayon::ThreadPoolBuilder::new().use_current_thread();
    pool.build_global().expect("nothing has used the pool yet");
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let length = gradient(&mut criterion);
    rotation(&mut criterion, length);
    krylov(&mut criterion, length);
    criterion.final_summary();
}

/// Returns the number of parameters.
fn gradient(criterion: &mut Criterion) -> usize {
    let corpus = Corpus::king_james();
    let config = GptConfig::paper_small(corpus.vocabulary().len());
    let mut gpt = Gpt::<f32>::new(config, Threads::Pool).expect("a preset");
    let batch: Batch = Batches::new(corpus.train(), 12, 64, 1).expect("a long text").next_batch();
    let (x, space) = (gpt.init(1), Parallel::<f32>::default());
    let mut g = space.zeros_like(&x);

    let loss = gpt.on(&batch).value_grad(&x, &mut g);
    let square = space.dot(&g, &g);
    let step = 1e-3 / square;
    let mut y = x.clone();
    space.axpby(-step, &g, 1.0, &mut y);
    let fall = loss - gpt.on(&batch).value(&y);
    // f(x − t g) = f − t‖g‖² + O(t²): a fall of 1e-3 with a few per cent of curvature, far above the rounding of f32.
    assert!((fall / 1e-3 - 1.0).abs() < 0.1, "a fall of {fall} instead of 1e-3");

    criterion.bench_function("paper-small/gradient", |bencher| {
        bencher.iter(|| black_box(gpt.on(&batch).value_grad(&x, &mut g)));
    });
    x.len()
}

fn rotation(criterion: &mut Criterion, length: usize) {
    let space = Parallel::<f32>::default();
    let x = vec![1.0_f32; length];
    // Eigenvalues in [0, 1], and −1.
    let eigenvalue = |i: usize| if i == length / 3 { -1.0 } else { (i % 1000) as f32 / 1000.0 };
    let spectrum: Vec<f32> = (0..length).map(eigenvalue).collect();
    let mut quadratic = FromFn(|x: &[f32], g: Option<&mut [f32]>| {
        let g = g.expect("the dimer asks for gradients only");
        g.par_chunks_mut(1 << 15)
            .zip(x.par_chunks(1 << 15))
            .zip(spectrum.par_chunks(1 << 15))
            .for_each(|((g, x), spectrum)| {
                for ((g, x), spectrum) in g.iter_mut().zip(x).zip(spectrum) {
                    *g = spectrum * x;
                }
            });
        0.0
    });
    let mut g = space.zeros_like(&x);
    quadratic.value_grad(&x, &mut g);
    let mut workspace = Workspace::new(&space, &x, Rule::Forward);
    // A secant of a quadratic is exact at any length, and its rounding is least at a long one.
    let settings =
        DimerSettings { length: Some(Length::Relative(0.1)), ..DimerSettings::default() };
    let mut dimer = Dimer::new(&space, &x, settings).expect("in range");

    dimer.draw(&space, 1);
    let estimate = dimer.measure(&space, &mut quadratic, &x, &g, &mut workspace);
    // The tolerance of the default settings.
    assert!((estimate.curvature + 1.0).abs() < 1e-2, "{estimate:?}");

    let settings = DimerSettings { max_gradients: 2, ..settings };
    let mut dimer = Dimer::new(&space, &x, settings).expect("in range");
    dimer.draw(&space, 2);
    let estimate = dimer.measure(&space, &mut quadratic, &x, &g, &mut workspace);
    assert_eq!((estimate.gradients, estimate.rotations), (2, 1));
    criterion.bench_function("paper-small/rotation", |bencher| {
        bencher.iter_batched_ref(
            || dimer.clone(),
            |dimer| black_box(dimer.measure(&space, &mut quadratic, &x, &g, &mut workspace)),
            BatchSize::PerIteration,
        );
    });
}

fn krylov(criterion: &mut Criterion, length: usize) {
    let space = Parallel::<f32>::default();
    let like = vec![0.0_f32; length];
    let product = |v: &[f32]| -> Vec<f32> {
        v.iter()
            .enumerate()
            .map(|(i, v)| v * if i < 10 { -1.0 } else { (i % 1000) as f32 / 1e3 })
            .collect()
    };
    let settings = KrylovSettings { memory: 12, tolerance: 0.0, ..Default::default() };
    let mut krylov = Krylov::new(&space, &like, settings).expect("in range");
    krylov.draw(&space, 1);
    let mut answer = product(krylov.ask(&space).expect("a question").direction());
    for _ in 0..8 {
        krylov.tell(&space, Answer::product(&answer));
        answer = product(krylov.ask(&space).expect("a question").direction());
    }
    let curvature = krylov.estimates()[0].curvature;
    // Eight products don't find ten of 8e5 directions, but they bracket: every Rayleigh quotient is at least −1.
    assert!((-1.0..0.1).contains(&curvature), "{curvature}");
    criterion.bench_function("paper-small/krylov", |bencher| {
        bencher.iter_batched_ref(
            || krylov.clone(),
            |krylov| krylov.tell(&space, Answer::product(&answer)),
            BatchSize::PerIteration,
        );
    });
}
