//! In the steady state no kernel allocates. One test only: the counter sees every thread of the process.

use deo_core::Space;
use deo_linalg::parallel::CHUNK;
use deo_linalg::{Accumulate, MatMut, MatRef, Parallel, Threads, kernels, matmul};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The number of allocations of all threads while `work` runs.
fn count(work: &mut dyn FnMut()) -> usize {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    work();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

#[test]
fn nothing_is_allocated_in_the_steady_state() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let n = 9 * CHUNK + 123;
    let [x, mut y, mut z, mut s] = [1.0f32, 0.5, 0.25, 0.125].map(|value| vec![value; n]);
    let (m, k) = (768, 200);
    let (a, b, mut c) = (vec![1.0f32; m * k], vec![1.0f32; k * m], vec![0.0f32; m * m]);
    let mut run = || {
        let t = Threads::Pool;
        kernels::dot(t, &x, &y);
        kernels::dots(t, [(&x, &y), (&y, &y), (&x, &x)]);
        kernels::axpby(t, 0.5, &x, 0.5, &mut y);
        Parallel::new(t).secant(0.1, &x, &x, &x, &mut y);
        Parallel::new(t).deflate(1e-9, &x, &mut y);
        Parallel::new(t).displace(0.1, &x, &x, &mut y);
        Parallel::new(t).rotate(0.6, 0.8, &mut y, &mut z, &mut s);
        Parallel::new(t).combine([(0.5, &x[..])], 0.5, &mut y);
        Parallel::new(t).torque(0.5, &x, &x, &x, &mut y);
        Parallel::new(t).ritz_update([0.6, 0.8], [0.6, 0.8], &mut y, &mut z, &mut s);
        Parallel::new(t).ritz_update_from_gradients(
            [0.6, 0.8],
            [0.6, 0.8],
            [&x, &x],
            &mut y,
            &mut z,
            &mut s,
        );
        kernels::fill(t, &mut z, &|i| i as f64);
        let (a, b) = (MatRef::new(&a, m, k), MatRef::new(&b, k, m));
        matmul(t, 1.0, a, b, Accumulate::Replace, MatMut::new(&mut c, m, m));
    };
    pool.install(|| {
        // Warm-up: rayon's queues grow, and every thread packs for the first time.
        rayon::broadcast(|_| {
            let (a, mut c) = (vec![1.0f32; 128 * 128], vec![0.0f32; 128 * 128]);
            let a = MatRef::new(&a, 128, 128);
            let c = MatMut::new(&mut c, 128, 128);
            matmul(Threads::One, 1.0, a, a, Accumulate::Replace, c);
        });
        (0..20).for_each(|_| run());
        assert_eq!(count(&mut || (0..50).for_each(|_| run())), 0);
    });
    assert!(count(&mut || drop(std::hint::black_box(vec![0u8; 10]))) > 0, "the counter counts");
}
