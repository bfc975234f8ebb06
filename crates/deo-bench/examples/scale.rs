//! Time and memory of one rotation, one projection and one AdamW step, from ten thousand to a hundred million parameters.
//!
//! `cargo run --release -p deo-bench --example scale -- [--threads 2] [--largest 100000000]`
//!
//! Everything beside the gradient is linear in N, so its cost is a constant: the bytes that it moves for each parameter.
//! A row gives that constant three times. *Counted*: the vectors that the passes read and write, 4 bytes each. *Floor*: the same
//! if every pass whose input is known were one. *Moved*: the time, in bytes that a copy of vectors of this length moves
//! meanwhile, so above the counted number a pass is limited by arithmetic, and below by nothing that matters. The gradient of
//! the quadratic that is rotated on is timed alone and taken away.
//!
//! | | counted | what is moved |
//! |---|---|---|
//! | rotation | 30 vectors | ‖x‖ 1, displacement 3, inner products 7, turn of n and p 5, of Hn and Hp 6, torque 4, its parts and norm 4 |
//! | | floor 24 | inner products 7; n, p, Hn, Hp from them and w and two gradients 11; w and x + hw from those 6 |
//! | projection | 5 vectors | ⟨g, n⟩ 2, g − ⟨g, n⟩n 3 |
//! | AdamW | 7 vectors | g, m, v, x read, m, v, x written |
//!
//! Memory is what each adds to parameters and gradient: five vectors of the dimer and two of its workspace, one axis, two
//! moments.

use deo_core::drive::Workspace;
use deo_core::objective::FromFn;
use deo_core::optim::{Adam, AdamSettings, Optimizer};
use deo_core::{Dimer, DimerSettings, Length, Objective, Rule, Space};
use deo_linalg::{Parallel, Threads, parallel::for_each};
use std::error::Error;
use std::time::Instant;

/// Bytes of a component.
const F32: f64 = 4.0;

/// Rotations of one measured estimate.
const ROTATIONS: u64 = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut threads, mut largest) = (2, 100_000_000);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match &*name {
            "--threads" => threads = value.parse()?,
            "--largest" => largest = value.parse()?,
            _ => return Err(format!("no option {name}; there are --threads and --largest").into()),
        }
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    println!("{threads} threads, f32; ms, bytes a parameter counted / floor / moved, MB of memory");
    println!(
        "{:>11} {:>6} | {:>9} {:>4} {:>4} {:>6} {:>6} | {:>9} {:>4} {:>6} {:>6} | {:>9} {:>4} {:>6} {:>6}",
        "N", "GB/s", "rotation", "", "", "", "MB", "project.", "", "", "MB", "AdamW", "", "", "MB"
    );
    for n in [10_000, 100_000, 1_000_000, 10_000_000, 100_000_000] {
        if n <= largest {
            pool.install(|| row(n));
        }
    }
    Ok(())
}

/// The median of the seconds of several runs.
fn median(runs: usize, mut run: impl FnMut() -> f64) -> f64 {
    run();
    let mut seconds: Vec<f64> = (0..runs).map(|_| run()).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[runs / 2]
}

fn timed<R>(work: impl FnOnce() -> R) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64()
}

fn row(n: usize) {
    let runs = (20_000_000 / n).clamp(7, 201);
    let space = Parallel::<f32>::new(Threads::Pool);
    let mut x = vec![1.0_f32; n];
    let mut g = vec![0.5_f32; n];
    let copy = median(runs, || {
        timed(|| {
            for_each(Threads::Pool, (&x[..], &mut g[..]), &|(x, g): (&[f32], &mut [f32])| {
                g.copy_from_slice(x);
            });
        })
    });
    let bandwidth = 2.0 * F32 * n as f64 / copy;
    let rotation = rotation(&space, n, &x, &mut g, runs);
    let mut axis = space.zeros_like(&x);
    axis[n / 2] = 1.0;
    let projection = median(runs, || timed(|| space.deflate(0.5, &axis, &mut g)));
    drop(axis);
    let mut adam = Adam::new(AdamSettings::adamw(), &space, &x).expect("a preset");
    let adamw = median(runs, || timed(|| adam.step(&space, &mut x, &g, 1e-4)));
    assert!(x.iter().all(|x| x.is_finite()), "the steps stay finite");
    let moved = |seconds: f64| seconds * bandwidth / n as f64;
    let mb = |vectors: f64| vectors * F32 * n as f64 / 1e6;
    println!(
        "{n:>11} {:>6.1} | {:>9.3} {:>4} {:>4} {:>6.0} {:>6.1} | {:>9.3} {:>4} {:>6.0} {:>6.1} | {:>9.3} {:>4} {:>6.0} {:>6.1}",
        bandwidth / 1e9,
        1e3 * rotation,
        30.0 * F32,
        24.0 * F32,
        moved(rotation),
        mb(7.0),
        1e3 * projection,
        5.0 * F32,
        moved(projection),
        mb(1.0),
        1e3 * adamw,
        7.0 * F32,
        moved(adamw),
        mb(2.0),
    );
}

/// Seconds of one rotation, without its gradient.
fn rotation(space: &Parallel<f32>, n: usize, x: &[f32], g: &mut [f32], runs: usize) -> f64 {
    // Eigenvalues −1 once and 0, 0.001 … 0.999 for the others: a rotation always finds something to do.
    let eigenvalue = |i: usize| if i == n / 3 { -1.0 } else { (i % 1000) as f32 / 1000.0 };
    let spectrum: Vec<f32> = (0..n).map(eigenvalue).collect();
    let mut quadratic = FromFn(|x: &[f32], g: Option<&mut [f32]>| {
        let g = g.expect("the dimer asks for gradients only");
        for_each(Threads::Pool, ([x, &spectrum[..]], g), &|([x, spectrum], g): (
            [&[f32]; 2],
            &mut [f32],
        )| {
            for ((g, x), spectrum) in g.iter_mut().zip(x).zip(spectrum) {
                *g = spectrum * x;
            }
        });
        0.0
    });
    let mut workspace = Workspace::new(space, x, Rule::Forward);
    // An axis probe and ROTATIONS of them, whatever is found.
    let settings = |gradients| DimerSettings {
        max_gradients: gradients,
        tolerance: 0.0,
        // A secant of a quadratic is exact at any length, and its rounding is least at a long one.
        length: Some(Length::Relative(0.1)),
        ..DimerSettings::default()
    };
    let mut one = Dimer::new(space, x, settings(1)).expect("in range");
    quadratic.value_grad(x, g);
    let gradient = median(runs, || timed(|| quadratic.value_grad(x, g)));
    one.draw(space, 1);
    let axis = median(runs, || timed(|| one.measure(space, &mut quadratic, x, g, &mut workspace)));
    drop(one);
    let mut dimer = Dimer::new(space, x, settings(1 + ROTATIONS)).expect("in range");
    let all = median(runs.min(51), || {
        dimer.draw(space, 2);
        let seconds = timed(|| dimer.measure(space, &mut quadratic, x, g, &mut workspace));
        assert_eq!(dimer.estimate().rotations, ROTATIONS, "{:?}", dimer.estimate());
        seconds
    });
    (all - axis) / ROTATIONS as f64 - gradient
}
