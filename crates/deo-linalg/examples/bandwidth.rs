//! The bandwidth of every vector kernel beside that of a copy, taken in turns.
//!
//! `cargo run --release -p deo-linalg --example bandwidth -- [--threads 2] [--length 10000000] [--rounds 31]`
//!
//! A round times a copy and then a kernel, so that other work on the machine slows both alike; the median of the rounds
//! and the best of them are printed. Bytes are those of the vectors that a kernel reads and writes; what a processor
//! fetches of a line before it writes it is not counted.

use deo_core::Space;
use deo_linalg::{Parallel, Threads, kernels, parallel::for_each};
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut threads, mut length, mut rounds) = (2, 10_000_000, 31);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?.parse()?;
        match &*name {
            "--threads" => threads = value,
            "--length" => length = value,
            "--rounds" => rounds = value,
            _ => return Err(format!("no option {name}: --threads, --length, --rounds").into()),
        }
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    println!("{threads} threads, {length} f32; median and best of {rounds} rounds");
    print!("{:<22} {:>7}", "", "vectors");
    println!("{}", format!(" | {:>8} {:>8} {:>10}", "ms", "GB/s", "of a copy").repeat(2));
    pool.install(|| all(length, rounds));
    Ok(())
}

/// Times a kernel that moves so many vectors, in turns with a copy.
struct Turns {
    length: usize,
    rounds: usize,
    from: Vec<f32>,
    to: Vec<f32>,
}

impl Turns {
    fn take<R>(&mut self, name: &str, vectors: usize, mut run: impl FnMut() -> R) {
        let seconds = |work: &mut dyn FnMut()| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        };
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..=self.rounds {
            let (from, to) = (&self.from[..], &mut self.to[..]);
            let copy = seconds(&mut || {
                for_each(Threads::Pool, (from, &mut *to), &|(x, y): (&[f32], &mut [f32])| {
                    y.copy_from_slice(x);
                });
            });
            let kernel = seconds(&mut || drop(black_box(run())));
            // The first warms up.
            if round > 0 {
                times[0].push(copy);
                times[1].push(kernel);
            }
        }
        times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
        let bytes = |vectors: usize| (vectors * self.length * size_of::<f32>()) as f64;
        print!("{name:<22} {vectors:>7}");
        for place in [self.rounds / 2, 0] {
            let [copy, kernel] = [0, 1].map(|which| times[which][place]);
            let (rate, of) = (bytes(vectors) / kernel, bytes(2) / copy);
            print!(" | {:>8.3} {:>8.1} {:>9.0}%", 1e3 * kernel, rate / 1e9, 100.0 * rate / of);
        }
        println!();
    }
}

fn all(length: usize, rounds: usize) {
    let noise = |seed: f32| -> Vec<f32> {
        (0..length).map(|i| ((i as f32 + seed) * 0.618).sin()).collect()
    };
    let [x, z, p] = [1.0, 2.0, 3.0].map(noise);
    let [mut y, mut w, mut s] = [4.0, 5.0, 8.0].map(noise);
    let mut turns = Turns { length, rounds, from: noise(6.0), to: noise(7.0) };
    let (t, angle, towards) = (Threads::Pool, [0.8, 0.6], [0.6, 0.8]);
    turns.take("dot", 2, || kernels::dot(t, &x, &z));
    turns.take("dots, 3 of 3 vectors", 3, || kernels::dots(t, [(&x, &z), (&z, &p), (&p, &x)]));
    turns.take("axpby", 3, || kernels::axpby(t, 0.1, &x, 0.9, &mut y));
    turns.take("combine, 2 terms", 4, || {
        Parallel::new(t).combine([(0.1, &x[..]), (0.2, &z)], 0.7, &mut y);
    });
    turns.take("displace", 3, || Parallel::new(t).displace(0.1, &x, &z, &mut y));
    turns.take("secant", 4, || Parallel::new(t).secant(0.1, &x, &z, &p, &mut y));
    turns.take("torque", 4, || Parallel::new(t).torque(0.3, &x, &z, &p, &mut y));
    turns.take("rotate", 4, || Parallel::new(t).rotate(0.8, 0.6, &mut y, &mut w, &mut s));
    turns.take("ritz_update", 5, || {
        Parallel::new(t).ritz_update(angle, towards, &mut y, &mut w, &mut s);
    });
    turns.take("ritz_update_from_gradients", 6, || {
        Parallel::new(t).ritz_update_from_gradients(
            angle,
            towards,
            [&x, &z],
            &mut y,
            &mut w,
            &mut s,
        );
    });
    turns.take("deflate", 5, || Parallel::new(t).deflate(1e-9, &x, &mut y));
    assert!(y.iter().chain(&w).all(|x| x.is_finite()), "every result is finite");
}
