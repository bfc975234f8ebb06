//! After one warm-up step, neither network allocates. In a binary of its own: the counter sees every thread.

use deo_core::Objective;
use deo_linalg::Threads;
use deo_models::data::Batch;
use deo_models::gpt::{Gpt, GptConfig};
use deo_models::layers::Activation;
use deo_models::mlp::{Mlp, MlpConfig, Targets};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's contract is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of all threads in twenty calls after the first.
fn count(mut step: impl FnMut()) -> usize {
    step();
    let before = COUNT.load(Ordering::Relaxed);
    for _ in 0..20 {
        step();
    }
    COUNT.load(Ordering::Relaxed) - before
}

fn gpt(threads: Threads, recompute: bool) -> usize {
    let gpt = Gpt::<f32>::new(GptConfig::tiny(65), threads).expect("a model");
    let mut gpt = gpt.with_recompute(recompute);
    let (x, batch) = (gpt.init(1), Batch::zeros(8, 32));
    let mut g = vec![0.0; x.len()];
    count(|| {
        gpt.on(&batch).value_grad(&x, &mut g);
        gpt.on(&batch).value(&x);
    })
}

fn mlp(threads: Threads) -> usize {
    let config = MlpConfig { sizes: vec![16, 32, 32, 10], activation: Activation::Gelu };
    let mut mlp = Mlp::<f32>::new(config, threads).expect("a net");
    let (x, inputs, classes) = (mlp.init(1), vec![0.5; 100 * 16], vec![3; 100]);
    let mut g = vec![0.0; x.len()];
    count(|| {
        mlp.on(&inputs, Targets::Classes(&classes)).value_grad(&x, &mut g);
        mlp.on(&inputs, Targets::Classes(&classes)).value(&x);
    })
}

#[test]
fn a_step_allocates_nothing() {
    assert_eq!(gpt(Threads::One, false), 0);
    assert_eq!(gpt(Threads::One, true), 0);
    assert_eq!(mlp(Threads::One), 0);
    // Every thread keeps packing space for its products. Which thread takes which work is up to chance, so
    // the warm-up has each of them do all of it.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool");
    pool.broadcast(|_| (gpt(Threads::One, false), mlp(Threads::One)));
    pool.install(|| {
        assert_eq!(gpt(Threads::Pool, false), 0);
        assert_eq!(gpt(Threads::Pool, true), 0);
        assert_eq!(mlp(Threads::Pool), 0);
    });
}
