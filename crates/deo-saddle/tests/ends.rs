//! What the end of a search or of a way down may claim, and how far single steps may go.

use deo_core::objective::FromFn;
use deo_core::space::Host;
use deo_saddle::{
    Goal, Method, MinModeSearch, MinModeSettings, NewtonSettings, Outcome, Record, Verdict,
    VerificationSettings, descend, find, search,
};

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
        let mut met = 0;
        for y in [0.07, 0.1, 0.13, 0.16, 0.4] {
            let (x, settings) = ([0.02 * side, y], VerificationSettings::default());
            let down = descend(host, &mut FromFn(well), &x[..], 0.3, &method, &settings).unwrap();
            assert!(down.is_minimum(), "{:?}", down.end.found);
            assert!(down.end.found.x[0] * side > 0.8, "{side} {y}: {:?}", down.end.found.x);
            met += down.left;
        }
        assert!(met >= 1, "no way met the saddle");
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
            Method::Auto(_) => unreachable!("methods() has none"),
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

/// x²/2 − x³/3 + 10y²: from the left of the minimum at 0 the gradient points away from the only saddle, at (1, 0), into
/// a wall whose curvature grows.
#[test]
fn a_climb_in_vain_turns_to_the_other_side() {
    let [newton, _] = methods(1, 1e-6);
    for start in [-0.02, -0.05, -0.1] {
        let mut lowest = 0.0_f64;
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            lowest = lowest.min(x[0]);
            if let Some(g) = g {
                g.copy_from_slice(&[x[0] - x[0] * x[0], 20.0 * x[1]]);
            }
            f64::NAN
        });
        let found = search(&HOST, &mut f, &[start, 0.01][..], None, &newton).unwrap();
        assert_eq!(found.outcome, Outcome::Converged, "{start}");
        assert!((found.x[0] - 1.0).abs() < 1e-5, "{start}: {:?}", found.x);
        assert!(lowest < -0.5, "{start}: it was to climb the wall first, to {lowest}");
        // Once turned it stays so: two climbs of some steps each.
        assert!(found.counts.gradients() < 60, "{:?}", found.counts);
    }
}

/// A gradient that doubles halves the cap. In one dimension, with a pair that has to be dropped, the second step shows it.
#[test]
fn a_step_that_doubles_the_gradient_halves_the_next() {
    for (second, share) in [(4.0, 0.5), (1.5, 1.0)] {
        let goal = Goal { index: 0, record: Record::Numbers, ..Default::default() };
        let settings = MinModeSettings { goal, ..Default::default() };
        let mut search = MinModeSearch::new(&HOST, &[0.0][..], settings).unwrap();
        for gradient in [1.0, second, second] {
            search.tell(&HOST, f64::NAN, &[gradient]);
        }
        let step = |i: usize| search.way()[i].step;
        let cap = settings.max_step * settings.first_step;
        assert!((step(1) - cap).abs() < 1e-12, "{}", step(1));
        // 1.2 is the growth of a cap that is below its maximum, which the first isn't.
        let expected = if share < 1.0 { share * cap * settings.first_step } else { cap };
        assert!((step(2) - expected).abs() < 1e-12, "{second}: {} {expected}", step(2));
    }
}

/// When the mode turns, the memory is of another field: the next step is a first one again.
#[test]
fn a_mode_that_turns_empties_the_memory() {
    let goal = Goal { tolerance: 1e-9, record: Record::Numbers, ..Default::default() };
    let settings = MinModeSettings { goal, max_interval: 1, ..Default::default() };
    let first = settings.max_step * settings.first_step;
    let mut search = MinModeSearch::new(&HOST, &[0.9, 0.7][..], settings).unwrap();
    let turn = 5;
    while search.counts().steps < turn + 1 {
        let x = search.ask().expect("the saddle is far").clone();
        // The field before the fifth point, and the same with its axes exchanged from then on.
        let (a, b) = if search.counts().steps < turn { (-1.0, 2.0) } else { (2.0, -1.0) };
        search.tell(&HOST, f64::NAN, &[a * x[0], b * x[1]]);
    }
    while search.way().len() < turn as usize + 2 {
        let x = search.ask().expect("the saddle is far").clone();
        search.tell(&HOST, f64::NAN, &[2.0 * x[0], -x[1]]);
    }
    let steps: Vec<f64> = search.way().iter().map(|point| point.step).collect();
    assert!(steps[3] > 5.0 * first, "{steps:?}");
    assert!(steps[turn as usize + 1] <= first * (1.0 + 1e-9), "{steps:?}");
}
