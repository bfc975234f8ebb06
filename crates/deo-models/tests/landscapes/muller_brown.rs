//! Müller–Brown at the digits of its stationary points.

use crate::support::{eigenvalues, gradient, hessian, norm};
use deo_core::Objective;
use deo_models::landscapes::{Landscape, MullerBrown};

/// Ascending spectra at the two saddles, to the digits known from elsewhere.
const SADDLE_SPECTRA: [[f64; 2]; 2] =
    [[-750.86266284, 490.24070806], [-735.24726211, 510.88656547]];

#[test]
fn stationary_points_to_the_stated_digits() {
    let mut surface = MullerBrown::default();
    for (x, energy) in MullerBrown::MINIMA.into_iter().chain(MullerBrown::SADDLES) {
        let value = surface.value(&x);
        // Thirteen decimals are stated; the rounding of terms near 1e2 is 1e-14.
        assert!((value - energy).abs() <= 1e-12, "{value} at {x:?}");
        // x is rounded at 1e-16 and curvatures are below 4e3.
        let residual = norm(&gradient(&mut surface, &x));
        assert!(residual <= 1e-11, "gradient {residual:e} at {x:?}");
    }
}

#[test]
fn curvatures_at_the_saddles() {
    let mut surface = MullerBrown::default();
    for ((x, _), expected) in MullerBrown::SADDLES.into_iter().zip(SADDLE_SPECTRA) {
        // The error of h = 1e-4 is 1e-11 of the spectrum in theory and 1e-8 by rounding ε‖terms‖/h.
        let spectrum = eigenvalues(hessian(&mut surface, &x, 1e-4));
        for (found, expected) in spectrum.iter().zip(expected) {
            assert!((found - expected).abs() <= 2e-8, "{spectrum:?} at {x:?}");
        }
    }
    let lowest = surface.saddles().into_iter().map(|saddle| saddle.curvature.unwrap());
    for (lowest, [expected, _]) in lowest.zip(SADDLE_SPECTRA) {
        assert!((lowest - expected).abs() <= 1e-8, "{lowest}"); // eight decimals are stated
    }
}

#[test]
fn the_closed_hessian_is_the_derivative_of_the_gradient() {
    let mut surface = MullerBrown::default();
    for x in [[-1.1, 1.3], [0.4, -0.1], [0.0, 0.9]] {
        let closed = surface.hessian(x);
        let differences = hessian(&mut surface, &x, 1e-4);
        for (i, row) in closed.iter().enumerate() {
            for (j, entry) in row.iter().enumerate() {
                // Relative to the size of the Hessians here, about 1e3.
                assert!((entry - differences[(i, j)]).abs() <= 1e-7, "{closed:?} {differences}");
            }
        }
    }
}
