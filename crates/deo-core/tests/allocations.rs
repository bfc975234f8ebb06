//! Resource: the steady state of a step allocates nothing, visits included.

mod common;

use deo_core::deo::Tracking;
use deo_core::drive::WithDeo;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::optim::{
    Adam, AdamSettings, Group, Groups, Lbfgs, LbfgsSettings, Muon, MuonSettings, Optimizer,
};
use deo_core::policy::EscapeSettings;
use deo_core::space::Host;
use deo_core::trigger::{Stall, TriggerSettings};
use deo_core::{DeoSettings, DimerSettings, PolicySettings, Rule};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// Of this thread: the tests run at once.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Gone at the thread's end, when nobody counts any more.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_step_allocates_nothing() {
    let space = Host::<f32>::new();
    let mut saddle = FromFn(|x: &[f32], g: Option<&mut [f32]>| {
        let mut loss = 0.0;
        let curvature = |i: usize| if i == 0 { -0.1 } else { 0.5 + 1.0 / (1 + i) as f32 };
        for (i, x) in x.iter().enumerate() {
            loss += f64::from(curvature(i) * x * x / 2.0 + x.powi(4) / 4.0);
        }
        if let Some(g) = g {
            for (i, (g, x)) in g.iter_mut().zip(x).enumerate() {
                *g = curvature(i) * x + x.powi(3);
            }
        }
        loss
    });
    let tracking = Tracking { interval: 3, ..Default::default() };
    let trigger = TriggerSettings { interval: 5, stall: Stall::Always };
    for rule in [Rule::Forward, Rule::Central] {
        for policy in [
            PolicySettings::Escape(EscapeSettings::default()),
            // Without the line search every visit asks for gradients.
            PolicySettings::Escape(EscapeSettings { line_search: false, ..Default::default() }),
            PolicySettings::Deflate { alpha: 1.0, tracking },
            PolicySettings::Amplify { strength: 1.0, tracking },
        ] {
            let dimer = DimerSettings { rule, ..Default::default() };
            let settings = DeoSettings { policy, trigger, dimer, ..Default::default() };
            let mut x: Vec<f32> = (0..50).map(|i| 0.3 * noise(1, i) as f32).collect();
            let adam = Adam::new(AdamSettings::adamw(), &space, &x).unwrap();
            let mut run = WithDeo::new(&space, &x, adam, settings).unwrap().with_clip(1.0);
            run.step(&space, &mut saddle, &mut x, 1e-3);
            let before = ALLOCATIONS.with(Cell::get);
            for _ in 0..40 {
                run.step(&space, &mut saddle, &mut x, 1e-3);
            }
            assert_eq!(ALLOCATIONS.with(Cell::get), before, "{policy:?}");
            assert!(run.counts().cost() > 1.0, "there were visits: {:?}", run.counts());
        }
    }
}

#[test]
fn neither_do_muon_and_lbfgs() {
    let space = Host::<f32>::new();
    let mut x: Vec<f32> = (0..50).map(|i| noise(1, i) as f32).collect();
    let groups = vec![Group::new(0..42).matrix(6, 7), Group::new(42..50)];
    let groups = Groups::new(50, groups).unwrap();
    let mut muon = Muon::new(MuonSettings::default(), &space, &x, groups).unwrap();
    let mut lbfgs = Lbfgs::new(LbfgsSettings { memory: 3 }, &space, &x).unwrap();
    let mut g = x.clone();
    let before = ALLOCATIONS.with(Cell::get);
    for _ in 0..6 {
        g.copy_from_slice(&x);
        muon.step(&space, &mut x, &g, 0.1);
        g.copy_from_slice(&x);
        lbfgs.step(&space, &mut x, &g, 0.1);
    }
    assert_eq!(ALLOCATIONS.with(Cell::get), before);
}
