//! The quadratic's basis is orthogonal and random, its spectrum the one given, at any size and precision.

use crate::support::{cases, distance, eigenvalues, gradient, hessian, norm, point};
use deo_core::Objective;
use deo_models::landscapes::{Basis, InSingle, Landscape, Quadratic};
use nalgebra::DMatrix;
use proptest::prelude::*;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::StandardNormal;

fn dense(basis: &Basis) -> DMatrix<f64> {
    let n = basis.dimension();
    let columns: Vec<f64> = (0..n).flat_map(|i| basis.column(i)).collect();
    DMatrix::from_vec(n, n, columns)
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn a_basis_is_orthogonal(n in 1..40_usize, columns in 0..45_usize, seed: u64) {
        let basis = Basis::random(n, columns, seed);
        let q = dense(&basis);
        let defect = (q.transpose() * &q - DMatrix::identity(n, n)).abs().max();
        prop_assert!(defect <= 1e-14 * n as f64, "{defect:e}");
        // Q and Qᵀ are each other's inverse as applied.
        let x = point(&vec![(-1.0, 1.0); n], 1.0, seed);
        let mut y = x.clone();
        basis.apply(&mut y);
        let product = &q * nalgebra::DVector::from_column_slice(&x);
        prop_assert!(distance(&y, product.as_slice()) <= 1e-14 * n as f64);
        basis.apply_transposed(&mut y);
        prop_assert!(distance(&x, &y) <= 1e-14 * n as f64);
    }

    #[test]
    fn the_spectrum_is_the_one_given(n in 1..20_usize, columns in 0..20_usize, seed: u64) {
        let spectrum = point(&vec![(-3.0, 3.0); n], 1.0, seed);
        let mut quadratic = Quadratic::new(spectrum.clone(), Basis::random(n, columns, seed)).unwrap();
        for (i, lambda) in spectrum.iter().enumerate() {
            let v = quadratic.eigenvector(i);
            let hv = gradient(&mut quadratic, &v);
            let scaled: Vec<f64> = v.iter().map(|v| lambda * v).collect();
            prop_assert!(distance(&hv, &scaled) <= 1e-13 * n as f64);
        }
        let mut sorted = spectrum;
        sorted.sort_by(f64::total_cmp);
        prop_assert_eq!(quadratic.lowest_eigenvalue(), sorted[0]);
        // H from gradients and an independent eigensolver; the gradient is linear, so any h is exact.
        let found = eigenvalues(hessian(&mut quadratic, &vec![0.0; n], 1.0));
        prop_assert!(distance(&found, &sorted) <= 1e-13 * n as f64);
    }

    #[test]
    fn the_hessian_product_is_the_difference_of_gradients(n in 1..30_usize, seed: u64) {
        let numbers = point(&vec![(-2.0, 2.0); 4 * n], 1.0, seed);
        let [spectrum, b, x, v] = [0, 1, 2, 3].map(|i| numbers[i * n..][..n].to_vec());
        let quadratic = Quadratic::new(spectrum, Basis::random(n, 3, seed)).unwrap();
        let mut quadratic = quadratic.with_linear(b).unwrap();
        let mut hv = vec![f64::NAN; n];
        quadratic.hessian_product(&v, &mut hv);
        let end: Vec<f64> = x.iter().zip(&v).map(|(x, v)| x + v).collect();
        let (g0, g1) = (gradient(&mut quadratic, &x), gradient(&mut quadratic, &end));
        let secant: Vec<f64> = g1.iter().zip(&g0).map(|(g1, g0)| g1 - g0).collect();
        prop_assert!(distance(&hv, &secant) <= 1e-13 * n as f64);
    }

    #[test]
    fn single_precision_is_the_rounded_double(n in 2..50_usize, seed: u64) {
        let quadratic = Quadratic::gap_family(n, 0.3, seed).unwrap();
        let x: Vec<f32> = point(&quadratic.domain(), 1.0, seed).iter().map(|&x| x as f32).collect();
        let wide: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        let mut double = vec![0.0; n];
        let value = quadratic.clone().value_grad(&wide, &mut double);
        let mut single = InSingle::new(quadratic);
        let mut rounded = vec![f32::NAN; n];
        prop_assert_eq!(single.value_grad(&x, &mut rounded), value);
        prop_assert_eq!(single.value(&x), value);
        for (rounded, double) in rounded.iter().zip(&double) {
            prop_assert_eq!(*rounded, *double as f32);
        }
    }
}

#[test]
fn the_first_columns_are_spread_over_all_coordinates() {
    // A uniformly random unit vector has E Σ v⁴ = 3/(N + 2); a vector near an axis would have nearly 1.
    let n = 4_000;
    let basis = Basis::random(n, 3, 42);
    for i in 0..3 {
        let fourth: f64 = basis.column(i).iter().map(|v| v.powi(4)).sum();
        let ratio = fourth * (n + 2) as f64 / 3.0;
        // The standard deviation of the ratio is √(96/9)/√N = 0.052.
        assert!((ratio - 1.0).abs() < 0.25, "column {i}: {ratio}");
    }
    let last: f64 = basis.column(n - 1).iter().map(|v| v.powi(4)).sum();
    assert!(last > 0.9, "the others stay near the axes, as documented: {last}");
}

#[test]
fn the_gap_family_is_the_one_of_the_benchmarks() {
    for (n, gap, seed) in [(2, 2.0, 0), (100, 0.1, 1), (1_000, 0.01, 2), (10_000, 1e-3, 3)] {
        let quadratic = Quadratic::gap_family(n, gap, seed).unwrap();
        let spectrum = quadratic.eigenvalues();
        assert_eq!((spectrum.len(), spectrum[0]), (n, -1.0));
        assert!(spectrum.is_sorted());
        assert!(spectrum[1] >= -1.0 + gap && spectrum[n - 1] <= 1.0);
        if n >= 100 {
            // Uniform: the mean of [−1 + gap, 1] is gap/2, with a standard deviation of 0.58/√n.
            let mean = spectrum[1..].iter().sum::<f64>() / (n - 1) as f64;
            assert!((mean - gap / 2.0).abs() < 4.0 * 0.58 / (n as f64).sqrt(), "{mean}");
        }
        // The lowest pair, by the product.
        let v = quadratic.eigenvector(0);
        assert!((norm(&v) - 1.0).abs() < 1e-13);
        let mut hv = vec![0.0; n];
        quadratic.hessian_product(&v, &mut hv);
        assert!(hv.iter().zip(&v).all(|(hv, v)| (hv + v).abs() < 1e-13));
    }
}

#[test]
fn a_start_of_the_same_seed_is_not_the_answer() {
    let (n, seed) = (400, 3);
    let quadratic = Quadratic::gap_family(n, 0.1, seed).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let start: Vec<f64> = (0..n).map(|_| rng.sample(StandardNormal)).collect();
    let lowest = quadratic.eigenvector(0);
    let overlap: f64 = start.iter().zip(&lowest).map(|(a, b)| a * b).sum();
    // Independent directions have a cosine of about 1/√n = 0.05.
    assert!((overlap / norm(&start)).abs() < 0.25, "{overlap}");
}

#[test]
fn seeds_decide() {
    let [a, b, c] = [1, 1, 2].map(|seed| Quadratic::gap_family(50, 0.1, seed).unwrap());
    assert_eq!(a.eigenvalues(), b.eigenvalues());
    assert_eq!(a.eigenvector(0), b.eigenvector(0));
    assert_ne!(a.eigenvalues(), c.eigenvalues());
    assert_ne!(a.eigenvector(0), c.eigenvector(0));
}

#[test]
fn a_singular_quadratic_states_no_point() {
    let flat = Quadratic::diagonal(vec![-1.0, 0.0, 2.0]).unwrap();
    assert!(flat.saddles().is_empty() && flat.minima().is_empty());
    let maximum = Quadratic::diagonal(vec![-1.0, -2.0]).unwrap();
    assert!(maximum.saddles().is_empty() && maximum.minima().is_empty());
}

#[test]
#[should_panic(expected = "length of x and dimension of quadratic")]
fn a_point_of_another_dimension_panics() {
    Quadratic::diagonal(vec![1.0, 2.0]).unwrap().value(&[1.0]);
}
