//! Experiment: what to do with the previous correction p when x has moved, at equal gradients per unit of time.
//!
//! A quadratic whose eigenvectors turn by a small random rotation at each unit of time is tracked with k gradients
//! every k units. Prints the median relative error of C against λ_min for both policies of `Stale`.
//!
//! Run: `cargo run --release -p deo-core --example stale_axis`

use deo_core::dimer::Stale;
use deo_core::noise::noise;
use deo_core::space::Host;
use deo_core::{Answer, Dimer, DimerSettings};

const N: usize = 200;
const SPACE: Host<f64> = Host::new();

/// Turns `v` by the plane rotations that the eigenbasis has made up to `time`, or back.
fn turn(v: &mut [f64], time: u64, drift: f64, forward: bool) {
    let mut apply = |t: u64| {
        for plane in 0..N / 2 {
            // A different pairing of coordinates at each time mixes all directions.
            let (i, j) = (plane, (plane + t as usize) % (N / 2) + N / 2);
            let angle = drift * noise(t, plane as u64) * if forward { 1.0 } else { -1.0 };
            let (s, c) = angle.sin_cos();
            (v[i], v[j]) = (c * v[i] - s * v[j], s * v[i] + c * v[j]);
        }
    };
    if forward { (0..time).for_each(&mut apply) } else { (0..time).rev().for_each(&mut apply) }
}

fn product(spectrum: &[f64], v: &[f64], time: u64, drift: f64) -> Vec<f64> {
    let mut hv = v.to_vec();
    turn(&mut hv, time, drift, false);
    hv.iter_mut().zip(spectrum).for_each(|(v, l)| *v *= l);
    turn(&mut hv, time, drift, true);
    hv
}

/// The median over time and seeds of (C − λ_min)/|λ_min|.
fn error(stale: Stale, gradients: u64, gap: f64, drift: f64) -> f64 {
    let mut errors = vec![];
    for seed in 0..5 {
        let spectrum: Vec<f64> = (0..N as u64)
            .map(|i| if i == 0 { -1.0 } else { -1.0 + gap + (2.0 - gap) * i as f64 / N as f64 })
            .collect();
        let settings =
            DimerSettings { stale, tolerance: 0.0, max_gradients: 60, ..Default::default() };
        let mut dimer = Dimer::new(&SPACE, &spectrum, settings).expect("the settings are in range");
        dimer.draw(&SPACE, seed);
        for time in (0..300).step_by(gradients as usize) {
            dimer.begin(&SPACE);
            if time > 0 {
                dimer.limit(gradients);
            }
            while let Some(probe) = dimer.ask(&SPACE) {
                let hv = product(&spectrum, probe.direction(), time, drift);
                dimer.tell(&SPACE, Answer::product(&hv));
            }
            if time > 60 {
                errors.push(dimer.estimate().curvature + 1.0);
            }
        }
    }
    errors.sort_by(f64::total_cmp);
    errors[errors.len() / 2]
}

fn main() {
    println!("gap    drift  k   forget     refresh");
    for (gap, drift) in [(0.1, 1e-3), (0.1, 1e-2), (0.02, 1e-3), (0.02, 1e-2)] {
        for gradients in [2, 3, 4, 6, 10] {
            let [forget, refresh] =
                [Stale::Forget, Stale::Refresh].map(|stale| error(stale, gradients, gap, drift));
            println!("{gap:<6} {drift:<6} {gradients:<3} {forget:<10.2e} {refresh:<10.2e}");
        }
    }
}
