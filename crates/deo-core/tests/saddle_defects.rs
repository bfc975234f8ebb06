//! Errors that other dimer codes have shipped, as properties that ours must have.
//!
//! 1. A rotation through the Fourier coefficient a₁ = (C₀′cos 2φ₁ − C₁′)/(2 sin 2φ₁) whose parentheses are lost is right at the trial
//!    angle π/4 only. Property: in a plane one rotation reaches the exact mode from any angle.
//! 2. The gradient after a rotation, extrapolated with the trial end's gradient where that of the old end belongs. Property: the
//!    recycled product is the product, after any number of rotations, also where the function is no quadratic.

use deo_core::noise::noise;
use deo_core::space::Host;
use deo_core::{Answer, Dimer, DimerSettings};

const HOST: Host<f64> = Host::new();

#[test]
fn one_rotation_is_exact_from_any_angle() {
    for (a, b, d) in [(1.0, 0.3, -2.0), (5.0, 4.0, 4.5), (-3.0, -0.1, -3.1)] {
        let (mean, radius) = ((a + d) / 2.0, f64::hypot((a - d) / 2.0, b));
        for step in 0..180 {
            let (sin, cos) = f64::to_radians(f64::from(step) + 0.37).sin_cos();
            let settings = DimerSettings { tolerance: 0.0, max_gradients: 2, ..Default::default() };
            let mut dimer = Dimer::new(&HOST, &[0.0; 2], settings).unwrap();
            dimer.set_axis(&HOST, &[cos, sin]);
            dimer.begin(&HOST);
            while let Some(probe) = dimer.ask(&HOST) {
                let v = probe.direction();
                let hv = [a * v[0] + b * v[1], b * v[0] + d * v[1]];
                dimer.tell(&HOST, Answer::product(&hv));
            }
            let estimate = dimer.estimate();
            // A few roundings of the largest entry.
            assert!((estimate.curvature - (mean - radius)).abs() < 1e-14, "{step}: {estimate:?}");
            assert!(estimate.residual < 1e-14, "{step}: {estimate:?}");
        }
    }
}

#[test]
fn the_recycled_product_is_the_product() {
    // f = Σ (cᵢxᵢ²/2 + xᵢ³/6): third derivatives of one, so that a mixture of gradients at wrong places would show.
    let n = 12;
    let x: Vec<f64> = (0..n).map(|i| 0.3 * noise(1, i)).collect();
    let curvature = |i: usize| noise(2, i as u64) * 3.0 + x[i];
    let gradient = |y: &[f64]| -> Vec<f64> {
        y.iter().enumerate().map(|(i, y)| 3.0 * noise(2, i as u64) * y + y * y / 2.0).collect()
    };
    let g = gradient(&x);
    let settings = DimerSettings { tolerance: 1e-12, max_gradients: 40, ..Default::default() };
    let mut dimer = Dimer::new(&HOST, &x, settings).unwrap();
    dimer.draw(&HOST, 7);
    dimer.begin(&HOST);
    let mut y = vec![0.0; x.len()];
    let mut rotations = 0;
    while let Some(probe) = dimer.ask(&HOST) {
        let h = probe.displace(&HOST, &x, &mut y);
        let ahead = gradient(&y);
        dimer.tell(&HOST, Answer::forward(h, &g, &ahead));
        if dimer.estimate().rotations > rotations {
            rotations = dimer.estimate().rotations;
            for (i, (hn, n)) in dimer.axis_product().iter().zip(dimer.axis()).enumerate() {
                // h is 1e-8: half of it times a third derivative of 1, and rounding ε‖g‖/h.
                assert!(
                    (hn - curvature(i) * n).abs() < 1e-6,
                    "{rotations}: {hn} {}",
                    curvature(i) * n
                );
            }
        }
    }
    assert!(rotations >= 5, "{rotations}");
}
