//! DEO beside an optimizer and a curvature, in ten lines each: what the README shows first.
//!
//! Run: `cargo run -p deo-core --example ten_lines`

use deo_core::drive::{WithDeo, curvature};
use deo_core::objective::FromFn;
use deo_core::optim::{Sgd, SgdSettings};
use deo_core::{DeoSettings, DimerSettings, space::Host};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: loop
    // A loss that writes its gradient where it is asked to: a saddle at (0, 0), minima at (±2, 0).
    let mut f = FromFn(|x: &[f64], gradient: Option<&mut [f64]>| {
        if let Some(g) = gradient {
            g.copy_from_slice(&[x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]]);
        }
        x[0].powi(4) / 16.0 - x[0] * x[0] / 2.0 + 1.125 * x[1] * x[1]
    });
    let mut x = vec![1e-12, 0.5]; // beside the saddle
    let space = Host::<f64>::new(); // vectors are slices
    let sgd = Sgd::new(SgdSettings::default(), &space, &x)?;
    let mut run = WithDeo::new(&space, &x, sgd, DeoSettings::default())?; // DEO around it
    for _ in 0..80 {
        run.step(&space, &mut f, &mut x, 0.1); // one training step; alone it would take 290 of them to leave
    }
    // ANCHOR_END: loop
    assert!((x[0].abs() - 2.0).abs() < 1e-2);
    // ANCHOR: curvature
    let (estimate, axis) = curvature(&space, &mut f, &[0.0, 0.0], DimerSettings::default(), 42)?;
    println!("λ_min = {:.6} ± {:.0e} along {axis:?}", estimate.curvature, estimate.secant_error);
    // ANCHOR_END: curvature
    assert!((estimate.curvature + 1.0).abs() < 1e-6 && axis[1].abs() < 1e-2);
    Ok(())
}
