//! What the end of a search or of a way down may claim, and how far single steps may go.

use deo_core::objective::FromFn;
use deo_core::saddle::{
    Goal, Method, MinModeSettings, NewtonSettings, Outcome, Record, Verdict, VerificationSettings,
    descend, find, search,
};
use deo_core::space::Host;

const HOST: Host<f64> = Host::new();

fn host(_: &[f64]) -> Host<f64> {
    HOST
}

fn methods(index: usize, tolerance: f64) -> [Method; 2] {
    let goal = Goal { index, tolerance, ..Default::default() };
    [
        Method::Newton(NewtonSettings { goal, ..Default::default() }),
        Method::MinMode(MinModeSettings { goal, ..Default::default() }),
    ]
}

/// (x² − 1)²/4 + y²: the saddle at 0 has curvatures −1 and 2, the minima at (±1, 0) 2 and 2.
fn well(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    if let Some(g) = g {
        g.copy_from_slice(&[x[0] * (x[0] * x[0] - 1.0), 2.0 * x[1]]);
    }
    (x[0] * x[0] - 1.0).powi(2) / 4.0 + x[1] * x[1]
}

/// A saddle is left to the side on which the way was going.
#[test]
fn a_way_down_keeps_its_side() {
    // Gradients within the tolerance reach to x = 0.12 from the saddle; the push crosses it on the wrong side.
    // (The min-mode search, whose steps are shorter, is already past the saddle when y is small.)
    let [method, _] = methods(0, 0.12);
    for side in [1.0, -1.0] {
        let (x, settings) = ([0.03 * side, 0.4], VerificationSettings::default());
        let down = descend(host, &mut FromFn(well), &x[..], 0.3, &method, &settings).unwrap();
        assert!(down.left >= 1 && down.is_minimum(), "{:?}", down.end.found);
        assert!(down.end.found.x[0] * side > 0.9, "{side}: {:?}", down.end.found.x);
    }
}

#[test]
fn a_way_down_without_a_minimum_has_none() {
    // −x²/200: within the tolerance everywhere near, and no minimum anywhere.
    let mut ridge = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[-0.01 * x[0], x[1]]);
        }
        -0.005 * x[0] * x[0] + 0.5 * x[1] * x[1]
    });
    for method in methods(0, 0.5) {
        let settings = VerificationSettings::default();
        let down = descend(host, &mut ridge, &[0.0, 0.1][..], 0.1, &method, &settings).unwrap();
        assert!(!down.is_minimum());
        assert_eq!((down.left, down.end.verdict), (3, Verdict::WrongIndex { negative: 1 }));
    }
}

#[test]
fn curvatures_below_flat_are_flat() {
    for (index, x, flat) in [(0, [1.0, 0.0], 2.5), (1, [0.0, 0.0], 1.5)] {
        for method in methods(index, 1e-6) {
            let verdict = |flat| {
                let settings = VerificationSettings { flat, ..Default::default() };
                find(host, &mut FromFn(well), &x[..], None, &method, &settings).unwrap().verdict
            };
            assert_eq!(verdict(1e-3), Verdict::Confirmed);
            assert_eq!(verdict(flat), Verdict::Flat);
        }
    }
}

#[test]
fn a_verification_that_meets_nan_is_unresolved() {
    let minimum = [1.0, 0.0];
    let mut island = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.fill(if x == minimum { 0.0 } else { f64::NAN });
        }
        0.0
    });
    for method in methods(0, 1e-6) {
        let settings = VerificationSettings::default();
        let end = find(host, &mut island, &minimum[..], None, &method, &settings).unwrap();
        assert_eq!((end.found.outcome, end.verdict), (Outcome::Converged, Verdict::Unresolved));
        assert!(!end.is_confirmed());
    }
}

/// Converged means that a curvature was measured at that very point: the last question was a probe beside it.
#[test]
fn the_last_gradient_is_a_probe() {
    for method in methods(1, 1e-5) {
        for start in 0..20 {
            let x = [0.05 + 0.03 * f64::from(start), 0.2];
            let mut last = Vec::new();
            let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
                last = x.to_vec();
                well(x, g)
            });
            let found = search(&HOST, &mut f, &x[..], None, &method).unwrap();
            assert_eq!(found.outcome, Outcome::Converged);
            let apart = (last[0] - found.x[0]).hypot(last[1] - found.x[1]);
            assert!(apart > 0.0 && apart < 1e-2, "{method:?} {start}: {apart:e}");
        }
    }
}

#[test]
fn no_step_is_longer_than_allowed() {
    let mut bowl = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(x);
        }
        0.5 * (x[0] * x[0] + x[1] * x[1])
    });
    for mut method in methods(0, 1e-3) {
        method.goal_mut().record = Record::Numbers;
        let longest = match method {
            Method::Newton(settings) => settings.max_radius,
            Method::MinMode(settings) => settings.max_step,
        };
        let found = search(&HOST, &mut bowl, &[9.0, 2.0][..], None, &method).unwrap();
        let most = found.way.iter().map(|point| point.step).fold(0.0, f64::max);
        // A trust radius is met to six digits.
        assert!(most > 0.99 * longest && most < longest * (1.0 + 1e-6), "{most} {longest}");
    }
}

/// A step into a wall is taken back: x stays on this side of it.
#[test]
fn a_wall_is_not_entered() {
    let mut walled = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[if x[0] < 0.9 { -1e4 } else { x[0] }, x[1]]);
        }
        f64::NAN
    });
    let [mut newton, _] = methods(0, 1e-3);
    newton.goal_mut().max_gradients = 12;
    newton.goal_mut().record = Record::Positions;
    let found = search(&HOST, &mut walled, &[1.0, 0.0][..], None, &newton).unwrap();
    assert_eq!(found.outcome, Outcome::Budget);
    let way = found.way.iter().filter_map(|point| point.x.as_ref());
    let entered = way.chain([&found.x]).find(|x| x[0] < 0.9);
    assert_eq!(entered, None);
}
