//! Resources: a million coordinates, a condition number of 1e4, at most 20 vectors, no allocation on the way.

use deo_core::space::Host;
use deo_saddle::{Goal, MinModeSearch, MinModeSettings, Outcome};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        BYTES.fetch_add(layout.size() as u64, Relaxed);
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size() as u64, Relaxed);
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const N: usize = 1_000_000;

/// The curvature along coordinate i: 1e-2 … 1e2, evenly in the logarithm, in scattered order.
fn stiffness(i: usize) -> f64 {
    10f64.powf(4.0 * ((i * 7919) % N) as f64 / N as f64 - 2.0)
}

/// (x₀² − 1)²/4 + ½Σ λᵢxᵢ²: a double well along coordinate 0, curvature −1 at its saddle, which is 0.
fn gradient(x: &[f64], stiffness: &[f64], g: &mut [f64]) {
    for ((g, x), s) in g.iter_mut().zip(x).zip(stiffness) {
        *g = s * x;
    }
    g[0] = x[0] * (x[0] * x[0] - 1.0);
}

#[test]
fn a_double_well_of_a_million_coordinates() {
    let space = Host::<f64>::new();
    let stiffness: Vec<f64> = (0..N).map(stiffness).collect();
    let mut g = vec![0.0; N];
    let mut x: Vec<f64> = (0..N).map(|i| 1e-3 * deo_core::noise::noise(1, i as u64)).collect();
    x[0] = 0.4;
    let goal = Goal { tolerance: 1e-3, max_gradients: 3_000, ..Default::default() };
    let settings = MinModeSettings {
        goal,
        max_step: 1.0,
        first_rotations: 200,
        max_rotations: 20,
        ..Default::default()
    };
    let before = BYTES.load(Relaxed);
    let mut search = MinModeSearch::new(&space, &x, settings).unwrap();
    let vectors = (BYTES.load(Relaxed) - before) as f64 / (8 * N) as f64;
    assert!(vectors < 20.0, "{vectors} vectors");

    let allocations = ALLOCATIONS.load(Relaxed);
    while let Some(x) = search.ask() {
        gradient(x, &stiffness, &mut g);
        search.tell(&space, f64::NAN, &g);
    }
    assert_eq!(ALLOCATIONS.load(Relaxed), allocations, "allocations on the way");
    println!("{vectors} vectors, {:?}, C = {}", search.counts(), search.curvature(0));
    assert_eq!(search.outcome(), Outcome::Converged);
    assert!((search.curvature(0) + 1.0).abs() < 0.1, "{}", search.curvature(0));
    assert!(search.x()[0].abs() < 1e-2, "{}", search.x()[0]);
}
