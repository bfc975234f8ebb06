//! The small nets by their formulas written out, and the plateau that equal units end on.

use crate::support::{eigenvalues, gradient, hessian, norm, point};
use deo_core::Objective;
use deo_models::landscapes::{IdenticalUnits, Landscape, Xor};

#[test]
fn identical_units_are_the_formula() {
    let units = 3;
    let mut f = IdenticalUnits::new(units).unwrap();
    for seed in 0..5 {
        let p = point(&f.domain(), 1.0, seed);
        let error = |x: f64| {
            let target = 0.9 * (3.0 * x).tanh() - 0.64 * (x + 1.0).tanh();
            let unit = |j: usize| p[6 + j] * (p[j] * x + p[3 + j]).tanh();
            ((0..units).map(unit).sum::<f64>() + p[9] - target).powi(2)
        };
        let expected = (0..21).map(|i| error(-2.0 + 0.2 * f64::from(i))).sum::<f64>() / 21.0;
        assert!((f.value(&p) - expected).abs() <= 1e-14);
    }
}

#[test]
fn equal_units_end_on_a_strict_saddle() {
    let mut f = IdenticalUnits::default();
    let mut x = f.identical([1.0, 0.5, 0.2], 0.1);
    let mut velocity = vec![0.0; x.len()];
    for _ in 0..60_000 {
        let g = gradient(&mut f, &x);
        for ((x, v), g) in x.iter_mut().zip(&mut velocity).zip(&g) {
            *v = 0.9 * *v + g;
            *x -= 0.3 * *v;
        }
    }
    let value = f.value(&x);
    assert!((value - 0.0282).abs() <= 5e-5, "{value}");
    assert!(norm(&gradient(&mut f, &x)) <= 1e-8);
    for block in x[..12].chunks(4) {
        assert!(block.iter().all(|p| *p == block[0]), "{x:?}");
    }
    let spectrum = eigenvalues(hessian(&mut f, &x, 1e-3));
    eprintln!("identical units: {value}, {spectrum:?}");
    // One direction for each way to tell four units apart.
    assert!(spectrum[2] < -1e-4 && spectrum[3] > -1e-6, "{spectrum:?}");
}

#[test]
fn xor_is_the_formula_and_its_saddle_is_degenerate() {
    let mut f = Xor::default();
    let p = point(&f.domain(), 1.0, 1);
    let output = |x: f64, y: f64| {
        let unit = |j: usize| p[6 + j] * (p[2 * j] * x + p[2 * j + 1] * y + p[4 + j]).tanh();
        unit(0) + unit(1) + p[8]
    };
    let errors =
        [output(0.0, 0.0), output(0.0, 1.0) - 1.0, output(1.0, 0.0) - 1.0, output(1.0, 1.0)];
    let expected = errors.iter().map(|e| e * e).sum::<f64>() / 4.0;
    assert!((f.value(&p) - expected).abs() <= 1e-15);
    // At the saddle only c is bent.
    let saddle = &f.saddles()[0];
    let spectrum = eigenvalues(hessian(&mut f, &saddle.x, 1e-3));
    assert!(spectrum[..8].iter().all(|value| value.abs() <= 1e-12), "{spectrum:?}");
    assert!((spectrum[8] - 2.0).abs() <= 1e-12);
}
