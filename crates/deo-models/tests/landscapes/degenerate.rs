//! Saddles without curvature, and the bump, by their closed forms.

use crate::support::{cases, eigenvalues, gradient, hessian, norm, point};
use deo_core::Objective;
use deo_models::landscapes::{GaussianBump, Landscape, MonkeyWell, QuarticSaddle};
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn monkey_well_curvature_is_closed(seed: u64, scale in 0.05..3.0_f64) {
        let mut well = MonkeyWell::new(scale).unwrap();
        let x = point(&well.domain(), 2.0, seed);
        let spectrum = eigenvalues(hessian(&mut well, &x, 1e-3));
        let lowest = well.lowest_curvature([x[0], x[1]]);
        // The gradient is cubic and the five-point rule exact for it, but for rounding.
        prop_assert!((spectrum[0] - lowest).abs() <= 1e-10, "{spectrum:?} against {lowest}");
    }

    #[test]
    fn monkey_well_is_its_polar_form(scale in 0.05..3.0_f64, radius in 0.0..2.0_f64, angle in 0.0..7.0_f64) {
        let (x, y) = (radius * angle.cos(), radius * angle.sin());
        let expected = scale * radius.powi(3) * (3.0 * angle).cos() + radius.powi(4) / 4.0;
        let value = MonkeyWell::new(scale).unwrap().value(&[x, y]);
        prop_assert!((value - expected).abs() <= 1e-13, "{value} against {expected}");
    }
}

#[test]
fn the_quartic_saddle_curves_as_stated_on_its_axis() {
    let r = 1.3_f64;
    let mut saddle = QuarticSaddle::new(r).unwrap();
    for y in [0.01_f64, 0.4, 0.9] {
        let spectrum = eigenvalues(hessian(&mut saddle, &[0.0, y], 1e-3));
        let along = -3.0 * y * y + 5.0 * y.powi(4) / (r * r);
        // The gradient is of fifth order, h⁴/30 · 120/6r² of it is left: 1e-12.
        assert!((spectrum[0] - along.min(y * y)).abs() <= 1e-10, "{spectrum:?} against {along}");
    }
    // x⁴ − y⁴ near the saddle.
    let value = saddle.value(&[0.02, 0.01]);
    let leading = 0.25 * (0.02_f64.powi(4) - 0.01_f64.powi(4)) + 0.5 * (0.02 * 0.01_f64).powi(2);
    assert!((value - leading).abs() <= 1e-12, "{value} against {leading}");
}

#[test]
fn the_top_of_the_bump_has_ten_directions_down_and_the_way_leads_to_a_minimum() {
    let mut bump = GaussianBump::default();
    let top = &bump.saddles()[0];
    let spectrum = eigenvalues(hessian(&mut bump, &top.x, 1e-3));
    assert_eq!(spectrum.iter().filter(|value| **value < 0.0).count(), 10);
    assert_eq!(bump.saddles().len(), 10); // the top, and the axes 2 … 10
    // Every other saddle has as many directions down as there are softer axes.
    for (i, saddle) in bump.saddles().iter().enumerate().skip(1) {
        let spectrum = eigenvalues(hessian(&mut bump, &saddle.x, 1e-3));
        assert_eq!(spectrum.iter().filter(|value| **value < 0.0).count(), i);
    }
    let lowest = bump.minima()[0].value;
    let mut x = vec![1e-3; 20];
    for _ in 0..2_000 {
        let g = gradient(&mut bump, &x);
        x.iter_mut().zip(&g).for_each(|(x, g)| *x -= 0.5 * g);
    }
    assert!((bump.value(&x) - lowest).abs() <= 1e-12);
    assert!((norm(&x) - norm(&bump.minima()[1].x)).abs() <= 1e-6);
}
