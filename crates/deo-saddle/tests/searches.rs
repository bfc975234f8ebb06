//! The protocol of the searches, their outcomes and their symmetries, on functions with closed answers.

use deo_core::SettingError;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::space::{Host, Masked};
use deo_core::{Objective, Rule};
use deo_saddle::{
    Goal, Method, MinModeSearch, MinModeSettings, NewtonSearch, NewtonSettings, Outcome, Record,
    SearchError, TryError, Verdict, VerificationSettings, Watch, descend, find, in_parallel, join,
    search, try_find, try_search,
};

const HOST: Host<f64> = Host::new();

/// Σ aᵢ(xᵢ² − 1)²/4: at each coordinate a maximum at 0 with curvature −aᵢ between minima at ±1 with curvature 2aᵢ.
/// A point with k zeros and ones elsewhere is a saddle of index k.
fn wells(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    let a = |i: usize| 1.0 + 0.7 * i as f64;
    if let Some(g) = g {
        for (i, (g, x)) in g.iter_mut().zip(x).enumerate() {
            *g = a(i) * x * (x * x - 1.0);
        }
    }
    x.iter().enumerate().map(|(i, x)| a(i) * (x * x - 1.0).powi(2) / 4.0).sum()
}

/// A start near the saddle of `wells` whose first k coordinates vanish.
fn near(n: usize, k: usize, sigma: f64, seed: u64) -> Vec<f64> {
    (0..n).map(|i| f64::from(u8::from(i >= k)) + sigma * noise(seed, i as u64)).collect()
}

fn methods(index: usize) -> [Method; 3] {
    let goal = Goal { index, tolerance: 1e-6, ..Default::default() };
    [
        Method::Newton(NewtonSettings { goal, ..Default::default() }),
        Method::MinMode(MinModeSettings { goal, ..Default::default() }),
        Method::MinMode(MinModeSettings { goal, rule: Rule::Central, ..Default::default() }),
    ]
}

#[test]
fn saddles_of_every_index() {
    for index in 0..=3 {
        for method in methods(index) {
            for seed in 0..5 {
                let x = near(6, index, 0.15, seed);
                let mut f = FromFn(wells);
                let settings = VerificationSettings { seed, ..Default::default() };
                let saddle =
                    find(|_: &[f64]| HOST, &mut f, &x[..], None, &method, &settings).unwrap();
                assert!(saddle.is_confirmed(), "{index} {method:?} {seed}: {:?}", saddle.found);
                let mut expected: Vec<f64> = (0..6)
                    .map(|i| (1.0 + 0.7 * i as f64) * if i < index { -1.0 } else { 2.0 })
                    .collect();
                expected.sort_by(f64::total_cmp);
                for (found, expected) in saddle.curvatures.iter().zip(expected) {
                    // Residuals of 1e-2 make errors of their square; x is off by 1e-6.
                    assert!((found - expected).abs() < 1e-3 * expected.abs(), "{found} {expected}");
                }
                let zeros = saddle.found.x.iter().filter(|x| x.abs() < 1e-5).count();
                assert_eq!(zeros, index);
            }
        }
    }
}

/// `wells` in turned axes, so that no mode is a coordinate: the points, indices and curvatures are known all the same.
#[test]
fn two_or_all_directions_at_once() {
    let n = 4;
    let v: Vec<f64> = (0..n).map(|i| 0.5 + 0.1 * i as f64).collect();
    let square: f64 = v.iter().map(|v| v * v).sum();
    // Q = 1 − 2vvᵀ/‖v‖², its own inverse.
    let turned = |x: &[f64]| -> Vec<f64> {
        let along = 2.0 * v.iter().zip(x).map(|(v, x)| v * x).sum::<f64>() / square;
        x.iter().zip(&v).map(|(x, v)| x - along * v).collect()
    };
    for index in [2, 4] {
        for method in methods(index) {
            for seed in 0..4 {
                let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
                    let mut inner = vec![0.0; n];
                    let value = wells(&turned(x), Some(&mut inner));
                    if let Some(g) = g {
                        g.copy_from_slice(&turned(&inner));
                    }
                    value
                });
                let x = turned(&near(n, index, 0.12, 40 + seed));
                let settings = VerificationSettings::default();
                let saddle =
                    find(|_: &[f64]| HOST, &mut f, &x[..], None, &method, &settings).unwrap();
                assert!(saddle.is_confirmed(), "{index} {method:?} {seed}: {:?}", saddle.found);
                for (found, expected) in saddle.found.x.iter().zip(turned(&near(n, index, 0.0, 0)))
                {
                    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
                }
                let negative = (0..index).map(|i| -(1.0 + 0.7 * i as f64)).rev();
                for (found, expected) in saddle.curvatures.iter().zip(negative) {
                    assert!((found - expected).abs() < 1e-3 * expected.abs(), "{found} {expected}");
                }
            }
        }
    }
}

#[test]
fn a_wrong_index_is_told() {
    // From exactly the index-2 point, an index-1 search has nothing to follow.
    let x = near(4, 2, 0.0, 0);
    let method = methods(1)[1];
    let settings = VerificationSettings::default();
    let saddle =
        find(|_: &[f64]| HOST, &mut FromFn(wells), &x[..], None, &method, &settings).unwrap();
    assert_eq!(saddle.found.outcome, Outcome::Converged);
    assert_eq!(saddle.verdict, Verdict::WrongIndex { negative: 2 });
    assert!(!saddle.is_confirmed());
}

#[test]
fn both_sides_of_a_saddle() {
    for method in methods(1) {
        let x = near(3, 1, 0.0, 0);
        let (space_at, axis, settings) =
            (|_: &[f64]| HOST, [1.0, 0.0, 0.0], VerificationSettings::default());
        let sides = join(space_at, &mut FromFn(wells), &x[..], &axis[..], 0.05, &method, &settings)
            .unwrap();
        assert!(sides.iter().all(|side| side.is_minimum() && side.left == 0));
        let [right, left] = sides.map(|side| side.end.found);
        assert!((right.x[0] - 1.0).abs() < 1e-5 && (left.x[0] + 1.0).abs() < 1e-5);
        assert!(FromFn(wells).value(&x) - right.value > 0.2499);
    }
}

/// On a ridge the gradient across is zero, and a minimiser stops at the saddle where the ridge is lowest.
#[test]
fn a_way_down_that_meets_saddles_goes_on() {
    for method in methods(1) {
        // Beside a maximum of the first three coordinates; along the first two there is no slope.
        let x = [0.0, 0.0, 0.05, 1.0];
        let settings = VerificationSettings::default();
        let mut count = 0;
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            count += 1;
            wells(x, g)
        });
        let down = descend(|_: &[f64]| HOST, &mut f, &x[..], 0.05, &method, &settings).unwrap();
        assert!(down.is_minimum(), "{method:?}: {:?} {}", down.end.found, down.end.verdict);
        assert!(down.left >= 1 && down.end.found.x.iter().all(|x| (x.abs() - 1.0).abs() < 1e-5));
        assert_eq!(down.gradients, count);
        assert!(down.gradients > down.end.found.counts.gradients());
    }
}

#[test]
fn frozen_components_stay_bit_by_bit() {
    let space_at = |_: &[f64]| Masked::frozen(HOST, 5, std::iter::once(1..3)).unwrap();
    for method in methods(1) {
        let mut x = near(5, 1, 0.2, 4);
        (x[1], x[2]) = (0.3, f64::from_bits(0x3fb9_9999_9999_9999)); // no stationary values
        let settings = VerificationSettings::default();
        let saddle = find(space_at, &mut FromFn(wells), &x[..], None, &method, &settings).unwrap();
        assert!(saddle.is_confirmed(), "{:?}", saddle.found);
        let end = &saddle.found.x;
        assert_eq!((end[1].to_bits(), end[2].to_bits()), (x[1].to_bits(), x[2].to_bits()));
        assert!(end[0].abs() < 1e-5 && (end[3] - 1.0).abs() < 1e-5);
        assert!((saddle.curvatures[0] + 1.0).abs() < 1e-4, "{:?}", saddle.curvatures);
    }
}

/// Answers with what `field` gives until the search ends.
fn run(method: &Method, x: &[f64], mut field: impl FnMut(u64, &[f64]) -> Vec<f64>) -> Outcome {
    let mut count = 0;
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        count += 1;
        g.expect("searches need gradients only").copy_from_slice(&field(count, x));
        f64::NAN
    });
    search(&HOST, &mut f, x, None, method).unwrap().outcome
}

#[test]
fn outcomes_are_typed() {
    let [newton, min_mode, _] = methods(1);
    for mut method in [newton, min_mode] {
        let bowl = |_, x: &[f64]| vec![x[0], 2.0 * x[1]];
        method.goal_mut().max_convex = 30;
        assert_eq!(run(&method, &[1.0, 1.0], bowl), Outcome::Convex, "{method:?}");
        method.goal_mut().max_gradients = 7;
        assert_eq!(run(&method, &[1.0, 1.0], bowl), Outcome::Budget, "{method:?}");
        method.goal_mut().max_gradients = 1000;
        let poisoned = |_, _: &[f64]| vec![f64::NAN, 0.0];
        assert_eq!(run(&method, &[1.0, 1.0], poisoned), Outcome::NonFinite);
        // From the fourth gradient on.
        let late =
            |count, x: &[f64]| if count < 4 { vec![-x[0], x[1]] } else { vec![f64::INFINITY; 2] };
        assert_eq!(run(&method, &[1.0, 1.0], late), Outcome::NonFinite);
    }
}

#[test]
fn one_bad_gradient_is_survived() {
    for mut method in methods(1) {
        method.goal_mut().record = Record::Numbers;
        let mut spoiled = false;
        let outcome = run(&method, &near(4, 1, 0.2, 1), |_, x| {
            let mut g = vec![0.0; 4];
            wells(x, Some(&mut g));
            // A wall that is met once, on the way and not at a probe.
            if !spoiled && x[0].abs() < 0.03 {
                spoiled = true;
                g[0] = f64::NAN;
            }
            g
        });
        assert!(spoiled && matches!(outcome, Outcome::Converged | Outcome::NonFinite), "{outcome}");
    }
}

/// Whichever answer it is but the first: at a step the next one is shorter, at a probe it is made nearer.
#[test]
fn any_one_bad_gradient_is_survived() {
    for method in methods(1) {
        for bad in 2..20 {
            let outcome = run(&method, &near(4, 1, 0.2, 1), |count, x| {
                let mut g = vec![0.0; 4];
                wells(x, Some(&mut g));
                g[1] = if count == bad { f64::NAN } else { g[1] };
                g
            });
            assert_eq!(outcome, Outcome::Converged, "{bad} {method:?}");
        }
    }
}

/// Converged is what the measure says, here the largest component.
#[test]
fn the_measure_of_the_gradient_decides() {
    let measure = |g: &[f64]| g.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
    for method in methods(1) {
        let mut last = f64::NAN;
        let mut steps = 0;
        let found = {
            let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| wells(x, g));
            let observe = &mut |step: &deo_saddle::Step<'_, [f64]>| {
                (last, steps) = (step.size, steps + 1);
                assert_eq!(step.counts.steps, steps);
            };
            let mut watch = Watch { size: Some(&measure), model: None, observe: Some(observe) };
            try_search(&HOST, &mut f, &near(4, 1, 0.2, 1), None, &method, &mut watch).unwrap()
        };
        let tolerance = method.goal().tolerance;
        assert!(found.outcome == Outcome::Converged && last <= tolerance, "{last}");
        assert!(found.gradient_norm >= last && found.counts.steps == steps);
    }
}

/// An oracle that stops ends a search with its reason, and asks for nothing more.
#[test]
fn an_oracle_may_stop() {
    struct Paid(u32);
    impl deo_core::oracle::Oracle<[f64]> for Paid {
        type Stop = &'static str;
        fn try_value(&mut self, _: &[f64]) -> Result<f64, Self::Stop> {
            unreachable!("searches need gradients only")
        }
        fn try_value_grad(&mut self, x: &[f64], g: &mut [f64]) -> Result<f64, Self::Stop> {
            self.0 = self.0.checked_sub(1).ok_or("spent")?;
            Ok(wells(x, Some(g)))
        }
    }
    let (space_at, verification) = (|_: &[f64]| HOST, Default::default());
    for method in methods(1) {
        for paid in [0, 3, 17] {
            let mut paid = Paid(paid);
            let watch = &mut Watch::nobody();
            let start = near(4, 1, 0.2, 1);
            let stopped =
                try_find(space_at, &mut paid, &start, None, &method, &verification, watch);
            assert!(matches!(stopped, Err(TryError::Stopped("spent"))));
            assert_eq!(paid.0, 0);
        }
    }
}

#[test]
fn a_whirl_is_a_cycle() {
    // Not a gradient: every step turns x on a circle, and no curvature is ever seen but the one told.
    let settings = MinModeSettings { max_step: 0.5, first_step: 1.0, ..Default::default() };
    let whirl = |_: u64, x: &[f64]| {
        let r = x[0].hypot(x[1]);
        // −g turns x by a quarter; the third component gives the dimer its negative curvature.
        vec![x[1] / r + (r - 1.0) * x[0], -x[0] / r + (r - 1.0) * x[1], -x[2]]
    };
    let mut method = Method::MinMode(settings);
    method.goal_mut().max_gradients = 20_000;
    assert_eq!(run(&method, &[1.0, 0.0, 0.0], whirl), Outcome::Cycling);
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let new = |settings| NewtonSearch::new(&HOST, &[1.0, 2.0][..], settings).map(|_| ());
    let base = NewtonSettings::default();
    for (settings, name) in [
        (NewtonSettings { length_scale: 0.0, ..base }, "length_scale"),
        (NewtonSettings { radius: f64::NAN, ..base }, "radius"),
        (NewtonSettings { probes: 0, ..base }, "probes"),
        (NewtonSettings { goal: Goal { tolerance: -1.0, ..base.goal }, ..base }, "tolerance"),
    ] {
        let message = new(settings).unwrap_err().to_string();
        assert!(message.contains(name), "{message}");
    }
    let index = NewtonSettings { goal: Goal { index: 3, ..base.goal }, ..base };
    assert_eq!(new(index), Err(SearchError::Index { index: 3, dimension: 2 }));
    let settings = MinModeSettings { memory: 0, ..Default::default() };
    let refused = MinModeSearch::new(&HOST, &[1.0][..], settings).map(|_| ());
    assert_eq!(refused, Err(SettingError::new("search memory", 0, "at least 1").into()));
}

#[test]
#[should_panic(expected = "tell without a question")]
fn telling_a_finished_search_panics() {
    let mut search = NewtonSearch::new(&HOST, &[1.0], NewtonSettings::default()).unwrap();
    search.tell(&HOST, 0.0, &[f64::NAN]);
    search.tell(&HOST, 0.0, &[1.0]);
}

/// Runs a search by hand, cloned in the middle: what is asked twice is the same, and so is the end.
#[test]
fn a_clone_goes_on_as_the_original() {
    let mut g = vec![0.0; 5];
    let mut search =
        NewtonSearch::new(&HOST, &near(5, 1, 0.3, 2), NewtonSettings::default()).unwrap();
    let mut copies = Vec::new();
    while let Some(x) = search.ask() {
        assert_eq!(search.ask(), Some(x));
        wells(x, Some(&mut g));
        copies.push(search.clone());
        search.tell(&HOST, f64::NAN, &g);
    }
    let middle = copies.len() / 2;
    let mut copy = copies.swap_remove(middle);
    while let Some(x) = copy.ask() {
        wells(x, Some(&mut g));
        copy.tell(&HOST, f64::NAN, &g);
    }
    assert_eq!(copy.x(), search.x());
    assert_eq!(copy.counts(), search.counts());
}

#[cfg(feature = "serde")]
#[test]
fn a_saved_search_goes_on_as_the_original() {
    let x = near(5, 1, 0.3, 2);
    let mut g = vec![0.0; 5];
    macro_rules! check {
        ($search:expr, $type:ty) => {{
            let mut search: $type = $search;
            let mut saved: $type = search.clone();
            while let Some(x) = search.ask() {
                wells(x, Some(&mut g));
                search.tell(&HOST, f64::NAN, &g);
                let text = serde_json::to_string(&saved).unwrap();
                saved = serde_json::from_str(&text).unwrap();
                saved.tell(&HOST, f64::NAN, &g);
            }
            assert!(saved.ask().is_none() && saved.x() == search.x());
        }};
    }
    check!(
        NewtonSearch::new(&HOST, &x, NewtonSettings::default()).unwrap(),
        NewtonSearch<Host<f64>>
    );
    check!(
        MinModeSearch::new(&HOST, &x, MinModeSettings::default()).unwrap(),
        MinModeSearch<Host<f64>>
    );
}

/// f → 2¹⁰ f, n → −n: the same path.
#[test]
fn scale_and_sign_change_nothing() {
    let x = near(6, 1, 0.3, 8);
    let axis: Vec<f64> = (0..6).map(|i| noise(3, i)).collect();
    let minus: Vec<f64> = axis.iter().map(|a| -a).collect();
    let scaled = |scale: f64| {
        FromFn(move |x: &[f64], g: Option<&mut [f64]>| {
            let g = g.expect("gradients only");
            wells(x, Some(&mut *g));
            g.iter_mut().for_each(|g| *g *= scale);
            0.0
        })
    };
    for method in methods(1) {
        let plain = search(&HOST, &mut scaled(1.0), &x, Some(&axis), &method).unwrap();
        let turned = search(&HOST, &mut scaled(1.0), &x, Some(&minus), &method).unwrap();
        let mut large = method;
        large.goal_mut().tolerance *= 1024.0;
        let large = search(&HOST, &mut scaled(1024.0), &x, Some(&axis), &large).unwrap();
        let apart = |other: &[f64]| {
            plain.x.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        assert_eq!((plain.counts, plain.counts), (large.counts, turned.counts), "{method:?}");
        // A geometric mean is taken through logarithms, whose roundings the steep weights multiply on the way.
        let rounding = if matches!(method, Method::Newton(_)) { 1e-7 } else { 0.0 };
        assert!(apart(&large.x) <= rounding, "{method:?}: {:e}", apart(&large.x));
        // A probe lies at x + hn or x − hn, and sees another third derivative.
        assert!(apart(&turned.x) < 1e-5, "{method:?}: {:e}", apart(&turned.x));
    }
}

#[test]
fn the_way_is_recorded_as_asked() {
    let x = near(4, 1, 0.3, 5);
    for mut method in methods(1) {
        let mut lengths = Vec::new();
        for record in [Record::Nothing, Record::Numbers, Record::Positions] {
            method.goal_mut().record = record;
            let found = search(&HOST, &mut FromFn(wells), &x, None, &method).unwrap();
            assert!(found.way.iter().all(|w| w.x.is_some() == (record == Record::Positions)));
            assert!(found.way.is_sorted_by_key(|w| w.gradients));
            if let Some(last) = found.way.last() {
                assert_eq!(last.value, found.value);
                assert!(last.x.as_ref().is_none_or(|x| *x == found.x));
            }
            lengths.push(found.way.len());
        }
        assert!(lengths[0] == 0 && lengths[1] == lengths[2] && lengths[1] > 2, "{lengths:?}");
    }
}

#[test]
fn threads_change_nothing() {
    let job = |i: usize| {
        let x = near(5, 1, 0.3, i as u64);
        search(&HOST, &mut FromFn(wells), &x, None, &methods(1)[i % 3]).unwrap().x
    };
    let one = in_parallel(1, 12, job);
    assert_eq!(in_parallel(2, 12, job), one);
    assert_eq!(in_parallel(8, 12, job), one);
    assert!(in_parallel(4, 0, job).is_empty());
}
