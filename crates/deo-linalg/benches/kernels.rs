//! Vector kernels against a plain copy and against their naive twins, in bytes of vectors moved a second.
//!
//! `cargo bench -p deo-linalg --bench kernels`. Every case asserts its answer before it is timed.

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use deo_core::Space;
use deo_linalg::{Parallel, Threads, kernels, parallel::for_each};
use std::hint::black_box;
use std::time::Duration;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// One kernel by the calling thread and by the pool of two.
fn both<R>(
    group: &mut Group<'_>,
    n: usize,
    name: &str,
    vectors: usize,
    mut run: impl FnMut(Threads) -> R,
) {
    group.throughput(Throughput::Bytes((vectors * n * size_of::<f32>()) as u64));
    for (threads, which) in [(1, Threads::One), (2, Threads::Pool)] {
        let id = BenchmarkId::new(format!("{name}, {threads} threads"), n);
        group.bench_function(id, |b| b.iter(|| run(which)));
    }
}

/// A twin without lanes, chunks or threads.
fn naive<R>(
    group: &mut Group<'_>,
    n: usize,
    name: &str,
    vectors: usize,
    mut run: impl FnMut() -> R,
) {
    group.throughput(Throughput::Bytes((vectors * n * size_of::<f32>()) as u64));
    group.bench_function(BenchmarkId::new(format!("{name}, naive"), n), |b| b.iter(&mut run));
}

/// What the others are measured by: the library's copy, chunk by chunk.
fn copy(threads: Threads, x: &[f32], y: &mut [f32]) {
    for_each(threads, (x, y), &|(x, y): (&[f32], &mut [f32])| y.copy_from_slice(x));
}

fn noise(seed: f32, n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i as f32 + seed) * 0.618).sin()).collect()
}

fn close(got: f64, want: f64) {
    // The naive f32 sum may be wrong by 1e-2 at n = 1e7; a wrong kernel is wrong by far more.
    assert!((got - want).abs() <= 2e-2 * want.abs() + 1.0, "{got} is not {want}");
}

fn naive_dot(x: &[f32], y: &[f32]) -> f32 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn naive_secant(h: f32, g0: &[f32], g1: &[f32], n: &[f32], hn: &mut [f32]) -> (f32, f32) {
    let (mut c, mut square) = (0.0, 0.0);
    for i in 0..n.len() {
        hn[i] = (g1[i] - g0[i]) / h;
        c += n[i] * hn[i];
        square += hn[i] * hn[i];
    }
    (c, square)
}

fn benches(criterion: &mut Criterion) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).use_current_thread().build();
    let _pool = pool.expect("a pool of which this thread is one");
    for n in [1_000_000, 10_000_000] {
        let group = &mut criterion.benchmark_group("kernels");
        group
            .sample_size(30)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1));
        let [x, z] = [1.0, 2.0].map(|seed| noise(seed, n));
        let [mut y, mut w, mut s] = [3.0, 4.0, 5.0].map(|seed| noise(seed, n));

        copy(Threads::Pool, &x, &mut y);
        assert!(y == x, "the copy is a copy");
        both(group, n, "copy", 2, |t| copy(t, black_box(&x), &mut y));

        close(kernels::dot(Threads::One, &x, &x), f64::from(naive_dot(&x, &x)));
        both(group, n, "dot", 2, |t| kernels::dot(t, black_box(&x), &z));
        naive(group, n, "dot", 2, || naive_dot(black_box(&x), &z));
        let (nx, nz) =
            (nalgebra::DVectorView::from_slice(&x, n), nalgebra::DVectorView::from_slice(&z, n));
        close(f64::from(nx.dot(&nx)), f64::from(naive_dot(&x, &x)));
        group.bench_function(BenchmarkId::new("dot, nalgebra", n), |b| {
            b.iter(|| black_box(&nx).dot(&nz));
        });
        let (fx, fz) = (faer::RowRef::from_slice(&x), faer::ColRef::from_slice(&z));
        close(f64::from(fx * fx.transpose()), f64::from(naive_dot(&x, &x)));
        group.bench_function(BenchmarkId::new("dot, faer", n), |b| b.iter(|| black_box(fx) * fz));

        let pairs = [(&x[..], &x[..]), (&x, &z), (&z, &z)];
        let [xx, _, zz] = kernels::dots(Threads::One, pairs);
        assert_eq!([xx, zz], [&x, &z].map(|x| kernels::dot(Threads::One, x, x)));
        both(group, n, "three dots of two vectors", 2, |t| kernels::dots(t, black_box(pairs)));

        both(group, n, "axpby", 3, |t| kernels::axpby(t, 0.1, black_box(&x), 0.9, &mut y));
        naive(group, n, "axpby", 3, || {
            for (y, x) in y.iter_mut().zip(black_box(&x)) {
                *y = 0.1 * x + 0.9 * *y;
            }
        });

        let (c, square) = Parallel::new(Threads::One).secant(0.1, &x, &z, &x, &mut y);
        let (naive_c, naive_square) = naive_secant(0.1, &x, &z, &x, &mut w);
        close(c, f64::from(naive_c));
        close(square, f64::from(naive_square));
        both(group, n, "secant", 4, |t| {
            Parallel::new(t).secant(0.1, black_box(&x), &z, &w, &mut y)
        });
        naive(group, n, "secant", 4, || naive_secant(0.1, black_box(&x), &z, &w, &mut y));

        both(group, n, "deflate", 5, |t| Parallel::new(t).deflate(1e-9, black_box(&x), &mut y));
        both(group, n, "displace", 3, |t| {
            Parallel::new(t).displace(0.1, black_box(&x), &z, &mut y)
        });
        both(group, n, "rotate", 4, |t| {
            Parallel::new(t).rotate(0.8, 0.6, black_box(&mut y), &mut w, &mut s);
        });

        let terms = [(0.3, &x[..]), (-0.1, &z)];
        w.copy_from_slice(&y);
        Parallel::new(Threads::One).combine(terms, 0.5, &mut w);
        let want = 0.3 * f64::from(x[5]) - 0.1 * f64::from(z[5]) + 0.5 * f64::from(y[5]);
        close(f64::from(w[5]), want);
        both(group, n, "combine", 4, |t| Parallel::new(t).combine(black_box(terms), 0.5, &mut y));
        naive(group, n, "combine", 4, || {
            for i in 0..n {
                y[i] = 0.3 * x[i] - 0.1 * z[i] + 0.5 * y[i];
            }
        });

        let [square, along, _] = Parallel::new(Threads::One).torque(0.3, &x, &z, &x, &mut w);
        assert_eq!([square, along], kernels::dots(Threads::One, [(&w, &w), (&w, &x)]));
        both(group, n, "torque", 4, |t| {
            Parallel::new(t).torque(0.3, black_box(&x), &z, &x, &mut w)
        });

        let angle = [0.8, 0.6];
        both(group, n, "ritz_update", 5, |t| {
            Parallel::new(t).ritz_update(angle, [0.6, 0.8], black_box(&mut y), &mut w, &mut s);
        });
        both(group, n, "ritz_update_from_gradients", 6, |t| {
            Parallel::new(t).ritz_update_from_gradients(
                angle,
                [0.6, 0.8],
                [&x, &z],
                black_box(&mut y),
                &mut w,
                &mut s,
            );
        });
    }
}

criterion_group!(all, benches);
criterion_main!(all);
