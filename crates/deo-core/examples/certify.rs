//! A certificate around any optimizer: it stops, its end is certified, and if that is a saddle, it is left.
//! Gradient descent stands for the optimizer here; `Descent` would be argmin's L-BFGS as well.
//! Run: `cargo run -p deo-core --example certify`

use deo_core::certify::{CertifySettings, Kind, LeaveSettings, certify, leave};
use deo_core::objective::FromFn;
use deo_core::{Objective, space::Host};

/// Σ xᵢ⁴/4 − xᵢ²/2: a component that starts at 0 stays there. 3ᴺ stationary points, 2ᴺ of them minima.
fn octopus(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    if let Some(g) = g {
        for i in 0..x.len() {
            g[i] = x[i].powi(3) - x[i];
        }
    }
    x.iter().map(|x| x.powi(4) / 4.0 - x * x / 2.0).sum()
}

/// The optimizer of somebody else: to ‖g‖ ≤ 1e-8. Returns the gradients it took.
fn descend(f: &mut impl Objective<[f64]>, x: &mut [f64]) -> u32 {
    let mut g = vec![0.0; x.len()];
    for step in 1.. {
        f.value_grad(x, &mut g);
        if g.iter().map(|g| g * g).sum::<f64>() <= 1e-16 {
            return step;
        }
        x.iter_mut().zip(&g).for_each(|(x, g)| *x -= 0.3 * g);
    }
    unreachable!("steps are counted for ever")
}

fn main() {
    let space = Host::<f64>::new();
    let mut f = FromFn(octopus);
    let mut x = vec![0.5, 0.0, -0.2, 0.0, 0.0, 0.0];
    loop {
        let steps = descend(&mut f, &mut x);
        let c = certify(&space, &mut f, &x, None, &CertifySettings::default())
            .expect("settings in range");
        println!(
            "after {steps:3} gradients: f = {:.6}, {:?}, λ_min = {:.6} ± {:.0e}, for {} gradients",
            c.loss, c.kind, c.lowest, c.error, c.gradients
        );
        let left = leave(&space, &mut f, &x, &c, &LeaveSettings::default());
        if !left.moved {
            assert_eq!(c.kind, Kind::Minimum);
            return;
        }
        x = left.x;
    }
}
