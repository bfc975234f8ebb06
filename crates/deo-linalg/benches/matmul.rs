//! Matrix products of a transformer's shapes against faer's own split, in multiplications and additions a
//! second; and what faer's kernels leave behind.
//!
//! `cargo bench -p deo-linalg --bench matmul`. Every case asserts its answer before it is timed.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use deo_linalg::{Accumulate, MatMut, MatRef, Threads, matmul};
use faer::linalg::matmul::matmul as faer_matmul;
use std::hint::black_box;
use std::time::Duration;

fn noise(seed: f32, n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i as f32 + seed) * 0.618).sin()).collect()
}

/// (m, k, n), and whether A and B are given transposed.
const SHAPES: [(&str, [usize; 3], bool, bool); 6] = [
    ("A B", [768, 128, 512], false, false),
    ("A B", [768, 384, 1536], false, false),
    ("AᵀB", [128, 768, 512], true, false),
    ("AᵀB", [1024, 1024, 1024], true, false),
    ("ABᵀ", [768, 512, 128], false, true),
    ("ABᵀ", [768, 384, 1152], false, true),
];

fn products(criterion: &mut Criterion) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).use_current_thread().build();
    let _pool = pool.expect("a pool of which this thread is one");
    let mut group = criterion.benchmark_group("matmul");
    group
        .sample_size(50)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    for (name, [m, k, n], a_transposed, b_transposed) in SHAPES {
        let (a, b) = (noise(1.0, m * k), noise(2.0, k * n));
        let a = if a_transposed { MatRef::new(&a, k, m).t() } else { MatRef::new(&a, m, k) };
        let b = if b_transposed { MatRef::new(&b, n, k).t() } else { MatRef::new(&b, k, n) };
        let mut c = vec![0.0; m * n];
        matmul(Threads::One, 1.0, a, b, Accumulate::Replace, MatMut::new(&mut c, m, n));
        let (i, j) = (m - 1, n / 2);
        let want: f32 = (0..k).map(|l| a.at(i, l) * b.at(l, j)).sum();
        // k products below 1, each rounded at 2⁻²⁴.
        assert!((c[i * n + j] - want).abs() < k as f32 * f32::EPSILON * (k as f32).sqrt());

        group.throughput(Throughput::Elements(2 * (m * n * k) as u64));
        let shape = format!("{name} {m} {k} {n}");
        let owned = |x: MatRef<'_, f32>| faer::Mat::from_fn(x.cols(), x.rows(), |i, j| x.at(j, i));
        // faer's matrices are column-major: store the transpose of what is row-major here.
        let (fa, fb) = (
            owned(if a_transposed { a.t() } else { a }),
            owned(if b_transposed { b.t() } else { b }),
        );
        let fa = if a_transposed { fa.as_ref() } else { fa.transpose() };
        let fb = if b_transposed { fb.as_ref() } else { fb.transpose() };
        for (threads, which) in [(1, Threads::One), (2, Threads::Pool)] {
            group.bench_function(
                BenchmarkId::new(format!("ours, {threads} threads"), &shape),
                |bench| {
                    bench.iter(|| {
                        let c = MatMut::new(black_box(&mut c), m, n);
                        matmul(which, 1.0, a, b, Accumulate::Replace, c);
                    });
                },
            );
            let par = if threads == 1 { faer::Par::Seq } else { faer::Par::rayon(threads) };
            group.bench_function(
                BenchmarkId::new(format!("faer, {threads} threads"), &shape),
                |bench| {
                    bench.iter(|| {
                        let c = faer::MatMut::from_row_major_slice_mut(black_box(&mut c), m, n);
                        faer_matmul(c, faer::Accum::Replace, fa, fb, 1.0, par);
                    });
                },
            );
        }
    }
}

/// An ordinary loop, compiled for the baseline, after a product of either kind. The difference is `vzeroupper`.
fn aftermath(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a plain loop after a product");
    group
        .sample_size(50)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    let n = 128;
    let (a, b, mut c) = (noise(1.0, n * n), noise(2.0, n * n), vec![0.0; n * n]);
    let (x, mut y) = (noise(3.0, 10_000), noise(4.0, 10_000));
    group.throughput(Throughput::Elements(x.len() as u64));
    let mut plain = |(): ()| {
        for (y, x) in y.iter_mut().zip(black_box(&x)) {
            *y += 0.1 * x;
        }
        black_box(&mut y);
    };
    group.bench_function("of faer", |bench| {
        let product = || {
            let c = faer::MatMut::from_row_major_slice_mut(&mut c, n, n);
            let view = |x| faer::MatRef::from_row_major_slice(x, n, n);
            faer_matmul(c, faer::Accum::Replace, view(&a), view(&b), 1.0, faer::Par::Seq);
        };
        bench.iter_batched(product, &mut plain, BatchSize::PerIteration);
    });
    group.bench_function("of deo-linalg", |bench| {
        let product = || {
            let view = |x| MatRef::new(x, n, n);
            let c = MatMut::new(&mut c, n, n);
            matmul(Threads::One, 1.0, view(&a), view(&b), Accumulate::Replace, c);
        };
        bench.iter_batched(product, &mut plain, BatchSize::PerIteration);
    });
}

criterion_group!(all, products, aftermath);
criterion_main!(all);
