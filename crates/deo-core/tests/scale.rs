//! f → a f and x → s x: the same curvature in the new units, or a status that doesn't say more than is known.

use deo_core::drive::curvature;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::space::Host;
use deo_core::{DimerSettings, Estimate, Rule, Space, Status};

const SPACE: Host<f64> = Host::new();
const RULES: [Rule; 2] = [Rule::Forward, Rule::Central];

/// f = a Σ (½dᵢyᵢ² + yᵢ³/6 + yᵢ⁴/24), y = (x − c)/s at y = (0.3, …), with d such that the Hessian there is diag(−1, 1, 2, …) a/s².
fn at_scale(n: usize, a: f64, s: f64, c: f64, rule: Rule) -> (Estimate, f64) {
    let y0: Vec<f64> = (0..n).map(|i| 0.3 + 0.1 * noise(5, i as u64)).collect();
    let d: Vec<f64> = (0..n)
        .map(|i| if i == 0 { -1.0 } else { i as f64 } - y0[i] - y0[i] * y0[i] / 2.0)
        .collect();
    let x: Vec<f64> = y0.iter().map(|y| c + s * y).collect();
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            for (i, (g, x)) in g.iter_mut().zip(x).enumerate() {
                let y = (x - c) / s;
                *g = a * ((d[i] * y + y * y / 2.0 + y * y * y / 6.0) / s);
            }
        }
        0.0
    });
    let settings = DimerSettings { rule, ..Default::default() };
    let (estimate, axis) = curvature(&SPACE, &mut f, &x, settings, 3).unwrap();
    (estimate, axis.first().map_or(0.0, |first| first.abs()))
}

/// The estimate is right to a hundredth, or it doesn't claim to be.
#[track_caller]
fn right_or_honest(case: &str, estimate: Estimate, unit: f64) {
    let off = (estimate.curvature / unit + 1.0).abs();
    assert!(off < 0.01 || estimate.status != Status::Converged, "{case}: {estimate:?}");
}

#[test]
fn a_loss_in_other_units_has_the_same_curvature_in_them() {
    for n in [1, 2, 5, 40] {
        for rule in RULES {
            for exponent in [-300, -280, -170, -155, -100, 0, 100, 153, 170, 280, 299] {
                let a = 10f64.powi(exponent);
                let (estimate, along) = at_scale(n, a, 1.0, 0.0, rule);
                let case = format!("N {n}, {rule:?}, 1e{exponent}");
                assert_eq!(estimate.status, Status::Converged, "{case}: {estimate:?}");
                assert!((estimate.curvature / a + 1.0).abs() < 1e-3, "{case}: {estimate:?}");
                assert!(estimate.residual / a < 0.011, "{case}: {estimate:?}");
                assert!((estimate.secant_error / a) < 1e-4, "{case}: {estimate:?}");
                assert!(estimate.is_negative(1.0) && along > 0.999, "{case}: {along}");
                assert_eq!(estimate.gap.is_some(), n > 1, "{case}");
            }
        }
    }
}

#[test]
fn a_power_of_two_changes_no_bit_however_large() {
    let (plain, _) = at_scale(6, 1.0, 1.0, 0.0, Rule::Forward);
    for exponent in [-900, -600, 600, 900] {
        let a = 2f64.powi(exponent);
        let (scaled, _) = at_scale(6, a, 1.0, 0.0, Rule::Forward);
        assert_eq!(scaled.curvature / a, plain.curvature, "2^{exponent}");
        assert_eq!(scaled.residual / a, plain.residual, "2^{exponent}");
        assert_eq!((scaled.gradients, scaled.status), (plain.gradients, plain.status));
    }
}

#[test]
fn small_coordinates_are_not_looked_at_from_afar() {
    // The default length is a share of max(‖x‖, 1): from s = 1e-8 on it is longer than the distances over which f changes.
    for n in [1, 2, 5, 40] {
        for rule in RULES {
            for exponent in -14..=8 {
                let s = 10f64.powi(exponent);
                let (estimate, _) = at_scale(n, 1.0, s, 0.0, rule);
                right_or_honest(&format!("N {n}, {rule:?}, s 1e{exponent}"), estimate, s.powi(-2));
            }
        }
    }
    let (estimate, _) = at_scale(1, 1.0, 1e-8, 0.0, Rule::Forward);
    assert!((estimate.curvature * 1e-16 + 1.0).abs() < 0.01, "{estimate:?}");
    assert_eq!(estimate.status, Status::Converged);
    let (estimate, along) = at_scale(5, 1.0, 1e-8, 0.0, Rule::Forward);
    assert!((estimate.curvature * 1e-16 + 1.0).abs() < 0.01 && along > 0.99, "{estimate:?}");
}

#[test]
fn an_origin_far_away_is_no_length() {
    for n in [1, 2, 5, 40] {
        for rule in RULES {
            for exponent in [2, 4, 6, 8, 10, 12, 14] {
                for sign in [1.0, -1.0] {
                    let (estimate, _) = at_scale(n, 1.0, 1.0, sign * 10f64.powi(exponent), rule);
                    right_or_honest(
                        &format!("N {n}, {rule:?}, offset 1e{exponent}"),
                        estimate,
                        1.0,
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_has_no_curvature() {
    for rule in RULES {
        let (estimate, _) = at_scale(0, 1.0, 1.0, 0.0, rule);
        assert_eq!((estimate.status, estimate.gradients), (Status::Unknown, 0));
        assert!(estimate.curvature.is_nan() && !estimate.is_negative(0.0), "{estimate:?}");
    }
}

#[test]
fn a_norm_is_right_where_its_square_is_no_number() {
    for scale in [1e-300, 1e-170, 1e-140, 1.0, 1e150, 1e170, 1e300] {
        let x = [3.0 * scale, -4.0 * scale, 0.0];
        assert!((SPACE.norm(&x[..]) / scale / 5.0 - 1.0).abs() < 1e-15, "{scale:e}");
    }
    assert_eq!(SPACE.norm(&[0.0, -0.0]), 0.0);
    // Below the smallest normal number too few digits are left for a direction.
    assert_eq!(SPACE.norm(&[3e-320, -4e-320]), 0.0);
    assert_eq!(SPACE.norm(&[f64::INFINITY, 1.0]), f64::INFINITY);
    assert!(SPACE.norm(&[f64::NAN, f64::MAX]).is_nan());
    assert_eq!(Host::<f32>::new().norm(&[3e38f32, 0.0]), f64::from(3e38f32));
    assert_eq!(Host::<f32>::new().norm(&[1e-45f32, 0.0]), f64::from(1e-45f32));
}
