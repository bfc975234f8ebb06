//! The strict saddle in its closed planar form and along its escape.

use crate::support::{distance, eigenvalues, hessian, norm};
use deo_core::Objective;
use deo_models::landscapes::{Basis, InSingle, Landscape, StrictSaddle};

#[test]
fn the_planar_one_is_the_closed_form() {
    let mut planar = StrictSaddle::planar();
    for [x, y] in [[0.3, -0.7], [2.5, 1.0], [-1.1, 0.0]] {
        let [x, y]: [f64; 2] = [x, y];
        let expected = x.powi(4) / 16.0 - x * x / 2.0 + 9.0 / 8.0 * y * y;
        assert!((planar.value(&[x, y]) - expected).abs() <= 4.0 * f64::EPSILON);
    }
    let general = StrictSaddle::new(1.0, 2.0, vec![2.25], Basis::axes(2)).unwrap();
    assert_eq!(general.minima(), planar.minima());
    assert_eq!(general.saddles(), planar.saddles());
}

#[test]
fn the_escape_is_along_the_stated_direction() {
    let mut saddle = StrictSaddle::random(30, 0.01, 4).unwrap();
    let v = saddle.escape_direction();
    assert!((norm(&v) - 1.0).abs() <= 1e-14);
    // λ_min at the saddle is −c, and no other eigenvalue is negative.
    let spectrum = eigenvalues(hessian(&mut saddle, &[0.0; 30], 1e-2));
    // The quartic term adds nothing to a five-point rule on a cubic gradient.
    assert!((spectrum[0] + 0.01).abs() <= 1e-13, "{spectrum:?}");
    assert!(spectrum[1] >= 0.5 - 1e-12 && spectrum[29] <= 1.0 + 1e-12, "{spectrum:?}");
    // Both minima lie on the line, at distance 2, on opposite sides.
    let [a, b] = <[_; 2]>::try_from(saddle.minima()).unwrap();
    assert!((distance(&a.x, &b.x) - 4.0).abs() <= 1e-13);
    let half: Vec<f64> = a.x.iter().map(|x| x / 2.0).collect();
    assert_eq!(half, v);
    assert!((saddle.value(&a.x) - a.value).abs() <= 1e-15);
}

#[test]
fn it_runs_in_single_precision_at_ten_thousand() {
    let n = 10_000;
    let saddle = StrictSaddle::random(n, 1e-3, 6).unwrap();
    let x: Vec<f32> = saddle.minima()[0].x.iter().map(|&x| x as f32).collect();
    let mut single = InSingle::new(saddle);
    let mut gradient = vec![f32::NAN; n];
    let value = single.value_grad(&x, &mut gradient);
    // f is flat at a minimum: the rounding of x, 1e-7 relative, enters squared.
    assert!((value + 1e-3).abs() <= 1e-12, "{value}");
    let residual = gradient.iter().map(|g| g * g).sum::<f32>().sqrt();
    assert!(residual <= 2e-7, "{residual:e}"); // the rounding of x, of norm 1e-7, times κ ≤ 1
    assert_eq!(single.inner().dimension(), n);
}
