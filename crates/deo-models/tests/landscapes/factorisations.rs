//! Products of matrices against nalgebra's, and their symmetries.

use crate::support::{eigenvalues, hessian, norm, point};
use deo_core::Objective;
use deo_models::landscapes::{Basis, Landscape, LinearNet, MatrixFactorisation, PhaseRetrieval};
use nalgebra::DMatrix;

#[test]
fn a_matrix_factorisation_is_the_norm_of_its_residual() {
    let lambda = [1.7, 0.9, 0.2];
    let mut f = MatrixFactorisation::new(lambda.into(), &Basis::random(5, 5, 3)).unwrap();
    let factors = |x: &[f64]| DMatrix::from_column_slice(5, 3, x);
    let minimum = factors(&f.minima()[0].x);
    let m = &minimum * minimum.transpose();
    // M has the eigenvalues asked for.
    let spectrum = eigenvalues(m.clone());
    for (got, want) in spectrum.iter().zip([0.0, 0.0, 0.2, 0.9, 1.7]) {
        assert!((got - want).abs() <= 1e-14, "{spectrum:?}");
    }
    for seed in 0..5 {
        let x = point(&f.domain(), 1.0, seed);
        let u = factors(&x);
        let expected = 0.25 * (&u * u.transpose() - &m).norm_squared();
        assert!((f.value(&x) - expected).abs() <= 1e-13 * (1.0 + expected));
        // U → UR leaves f alone.
        let (s, c) = 0.7_f64.sin_cos();
        let r = DMatrix::from_row_slice(3, 3, &[c, -s, 0.0, s, c, 0.0, 0.0, 0.0, 1.0]);
        let turned = (u * r).as_slice().to_vec();
        assert!((f.value(&turned) - expected).abs() <= 1e-13 * (1.0 + expected));
    }
}

#[test]
fn a_linear_net_is_the_norm_of_its_product_less_the_matrix() {
    for layers in [2, 3, 5] {
        let sigma = [1.5, 0.6];
        let mut f = LinearNet::new(layers, 4, sigma.into(), 9).unwrap();
        let product = |x: &[f64]| {
            let weights = x.chunks_exact(16).map(|w| DMatrix::from_row_slice(4, 4, w));
            weights.reduce(|below, w| w * below).unwrap()
        };
        let m = product(&f.minima()[0].x);
        let singular = m.clone().svd(false, false).singular_values;
        for (got, want) in singular.iter().zip([1.5, 0.6, 0.0, 0.0]) {
            assert!((got - want).abs() <= 1e-14, "{singular}");
        }
        // Left and right singular vectors are different bases.
        assert!((&m - m.transpose()).norm() > 0.1);
        for seed in 0..5 {
            let x = point(&f.domain(), 1.0, seed);
            let expected = 0.5 * (product(&x) - &m).norm_squared();
            assert!((f.value(&x) - expected).abs() <= 1e-13 * (1.0 + expected));
        }
    }
}

#[test]
fn a_deep_linear_net_has_no_hessian_at_zero() {
    let mut f = LinearNet::three_layers();
    let matrix = hessian(&mut f, &[0.0; 75], 1e-3);
    assert!(matrix.iter().all(|entry| *entry == 0.0));
    // Two layers: ±σᵢ, each 10 times, and zeros.
    let spectrum = eigenvalues(hessian(&mut LinearNet::two_layers(), &[0.0; 200], 1e-3));
    for (i, sigma) in [1.0, 0.8, 0.6, 0.4, 0.2].into_iter().enumerate() {
        for value in &spectrum[10 * i..10 * (i + 1)] {
            assert!((value + sigma).abs() <= 1e-12, "{value} against -{sigma}");
        }
    }
}

#[test]
fn phase_retrieval_is_even_and_nearly_isotropic() {
    let mut f = PhaseRetrieval::customary();
    assert!((norm(f.hidden()) - 1.0).abs() <= 1e-14);
    for seed in 0..3 {
        let x = point(&f.domain(), 1.0, seed);
        let mirrored: Vec<f64> = x.iter().map(|x| -x).collect();
        assert_eq!(f.value(&x), f.value(&mirrored));
    }
    // E y² = 3, so f(0) is about ¾; y has a standard deviation of √2 and y² of √96: 0.11 over 500 of them.
    let zero = &f.saddles()[0];
    assert!((zero.value - 0.75).abs() <= 0.3, "{zero:?}");
    // I + 2x*x*ᵀ up to √(d/m) = 0.3 of its largest, and some for the heavy tails of y.
    let lowest = zero.curvature.unwrap();
    assert!((lowest + 3.0).abs() <= 1.5, "{lowest}");
    let spectrum = eigenvalues(hessian(&mut f, &[0.0; 50], 1e-3));
    assert!(spectrum[49] < 0.0, "a maximum: {spectrum:?}");
}
