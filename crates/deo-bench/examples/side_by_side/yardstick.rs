//! What this machine can do at most: multiplications and additions a second in a large product, bytes a second in a copy.
//!
//! A ratio of two libraries says as much about the other one and the processor as about ours; a share of what the same
//! run measures as the machine's peak says how much is left to win.

use super::time;
use deo_linalg::parallel::for_each;
use deo_linalg::{Accumulate, MatMut, MatRef, Threads, matmul};
use faer::linalg::matmul::matmul as faer_matmul;
use serde::Deserialize;
use serde_json::{Value, json};

/// So large that packing and edges don't count, so small that a round takes a fraction of a second.
const SIZES: [usize; 2] = [1024, 2048];

/// 160 MB of `f32` in two vectors, beyond every cache.
const COPIED: usize = 20_000_000;

fn noise(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * 0.618).sin()).collect()
}

/// A product of m × k by k × n, and which of the operands lies in memory as its transpose.
#[derive(Deserialize, Default, Clone, Copy)]
pub(crate) struct Shape {
    m: usize,
    n: usize,
    k: usize,
    a: bool,
    b: bool,
}

impl Shape {
    /// Seconds of each of `repeat` products, on the pool that this runs in.
    pub(crate) fn measure(self, repeat: usize, processor: bool) -> Vec<f64> {
        let Shape { m, n, k, .. } = self;
        let (a, b, mut c) = (noise(m * k), noise(k * n), vec![0.0; m * n]);
        let a = if self.a { MatRef::new(&a, k, m).t() } else { MatRef::new(&a, m, k) };
        let b = if self.b { MatRef::new(&b, n, k).t() } else { MatRef::new(&b, k, n) };
        time(repeat, processor, || {
            matmul(Threads::Pool, 1.0, a, b, Accumulate::Replace, MatMut::new(&mut c, m, n));
        })
    }
}

/// Seconds of each of `repeat` products and copies, on the pool that this runs in.
pub(crate) fn measure(threads: usize, repeat: usize, processor: bool) -> Value {
    let mut products = Vec::new();
    for n in SIZES {
        let (a, b, mut c) = (noise(n * n), noise(n * n), vec![0.0; n * n]);
        let view = |x| MatRef::new(x, n, n);
        let ours = time(repeat, processor, || {
            let c = MatMut::new(&mut c, n, n);
            matmul(Threads::Pool, 1.0, view(&a), view(&b), Accumulate::Replace, c);
        });
        let view = |x| faer::MatRef::from_column_major_slice(x, n, n);
        let par = if threads == 1 { faer::Par::Seq } else { faer::Par::rayon(threads) };
        let faer = time(repeat, processor, || {
            let c = faer::MatMut::from_column_major_slice_mut(&mut c, n, n);
            faer_matmul(c, faer::Accum::Replace, view(&a), view(&b), 1.0, par);
        });
        products.push(json!({ "n": n, "deo": ours, "faer": faer }));
    }
    let (from, mut to) = (noise(COPIED), vec![0.0; COPIED]);
    let copy = time(repeat, processor, || {
        for_each(Threads::Pool, (&from[..], &mut to[..]), &|(x, y): (&[f32], &mut [f32])| {
            y.copy_from_slice(x);
        });
    });
    json!({ "products": products, "copy": copy, "copied": 2 * COPIED * size_of::<f32>() })
}
