//! Searches that used to run away, spin, hang or wait for ever, and how they end now.

use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::space::{Communicator, FreeBody, Host, Sharded, Space, ThreadComm};
use deo_saddle::{
    Goal, Method, NewtonSearch, NewtonSettings, Outcome, SearchError, Verdict, find, search,
};
use std::sync::mpsc;
use std::time::Duration;

const HOST: Host<f64> = Host::new();

fn host(_: &[f64]) -> Host<f64> {
    HOST
}

/// 4 + 4.5x − 4y + x² + 2y² − 2xy + x⁴ − 2x²y, which rises for ever along y = x² and −y.
fn anapot(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    let (x, y) = (x[0], x[1]);
    if let Some(g) = g {
        g[0] = 4.5 + 2.0 * x - 2.0 * y + 4.0 * x.powi(3) - 4.0 * x * y;
        g[1] = -4.0 + 4.0 * y - 2.0 * x - 2.0 * x * x;
    }
    4.0 + 4.5 * x - 4.0 * y + x * x + 2.0 * y * y - 2.0 * x * y + x.powi(4) - 2.0 * x * x * y
}

/// ∂V/∂y = 0 is y = 1 + x/2 + x²/2; what is left is a cubic in x, by bisection: minimum, saddle, minimum.
fn stationary() -> [[f64; 2]; 3] {
    let y = |x: f64| 1.0 + 0.5 * x + 0.5 * x * x;
    let slope = |x: f64| {
        let mut g = [0.0; 2];
        anapot(&[x, y(x)], Some(&mut g));
        g[0]
    };
    [(-3.0, 0.0), (0.0, 1.2), (1.2, 3.0)].map(|(mut low, mut high)| {
        let sign = slope(low);
        assert!(sign * slope(high) < 0.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if slope(middle) * sign > 0.0 { low = middle } else { high = middle }
        }
        [low, y(low)]
    })
}

/// 55 of these starts once went to ‖x‖ ≈ 400, and 34 of them spent all their gradients there.
#[test]
fn a_surface_that_rises_for_ever_is_not_climbed_for_ever() {
    let [.., [x, y], _] = stationary();
    let (mut found, mut spent, mut lost) = (0, 0, 0);
    for seed in 0..200 {
        let uniform = |i| 0.5 + noise(seed, i) / 12f64.sqrt();
        let start = [-2.0 + 4.5 * uniform(0), 5.0 * uniform(1)];
        let method = Method::Newton(NewtonSettings::default());
        let end = search(&HOST, &mut FromFn(anapot), &start[..], None, &method).unwrap();
        spent += end.counts.gradients();
        if end.outcome == Outcome::Converged {
            let apart = (end.x[0] - x).hypot(end.x[1] - y);
            found += usize::from(apart < 1e-3);
        } else {
            // Four climbs of some tens of steps, each with its probes.
            assert!(end.counts.gradients() < 600, "{start:?}: {} {:?}", end.outcome, end.counts);
            lost += 1;
        }
        // Also where it went back to its start.
        assert!(
            (end.value - anapot(&end.x, None)).abs() < 1e-9 * end.value.abs().max(1.0),
            "{start:?}"
        );
    }
    println!("{found} found, {lost} lost, {spent} gradients");
    assert!(found >= 145 && found + lost == 200, "{found} {lost}");
    assert!(spent < 30_000, "{spent}");
}

/// Without a saddle anywhere a search goes back to its start again and again; at whichever gradient it is stopped, the
/// value is that of its point.
#[test]
fn a_search_that_goes_back_knows_the_value_there() {
    let bowl = |x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[x[0].powi(3) + x[0], 2.0 * x[1]]);
        }
        0.25 * x[0].powi(4) + 0.5 * x[0] * x[0] + x[1] * x[1]
    };
    for max_gradients in 3..120 {
        let goal = Goal { max_gradients, max_convex: 40, ..Default::default() };
        let method = Method::Newton(NewtonSettings { goal, ..Default::default() });
        let end = search(&HOST, &mut FromFn(bowl), &[0.3, 0.2][..], None, &method).unwrap();
        // The way back is the sum of the steps, with their roundings.
        let apart = (end.value - bowl(&end.x, None)).abs();
        assert!(apart < 1e-12, "{max_gradients} {}: {apart:e}", end.outcome);
    }
}

/// 2(x² − 1)² + (y² − 1)² from points where the gradient along one coordinate is rounding.
#[test]
fn a_gradient_of_rounding_does_not_spin() {
    let wells = |x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[
                8.0 * x[0] * (x[0] * x[0] - 1.0),
                4.0 * x[1] * (x[1] * x[1] - 1.0),
            ]);
        }
        2.0 * (x[0] * x[0] - 1.0).powi(2) + (x[1] * x[1] - 1.0).powi(2)
    };
    let (done, ends) = mpsc::channel();
    std::thread::spawn(move || {
        for axis in [None, Some([0.0, 1.0]), Some([1.0, 0.0]), Some([1.0, 1.0])] {
            for tiny in [1e-12, 1e-15, 1e-16, 1e-17, -1e-17, 1e-20, 1e-170, 1e-310, 0.0] {
                for x in [1e-3, 0.1, 0.3, 0.5] {
                    let (start, method) = ([x, tiny], Method::default());
                    let axis = axis.as_ref().map(|axis| &axis[..]);
                    let end = find(
                        host,
                        &mut FromFn(wells),
                        &start[..],
                        axis,
                        &method,
                        &Default::default(),
                    );
                    done.send((start, end.unwrap())).expect("the test waits");
                }
            }
        }
    });
    for _ in 0..4 * 9 * 4 {
        let (start, end) = ends.recv_timeout(Duration::from_secs(20)).expect("every search ends");
        assert_ne!(end.found.outcome, Outcome::Budget, "{start:?}");
        if end.verdict == Verdict::Confirmed {
            let zero = |x: f64| x.abs() < 1e-3;
            let at = (zero(end.found.x[0]), zero(end.found.x[1]));
            assert!(at == (true, false) || at == (false, true), "{start:?}: {:?}", end.found.x);
        }
    }
}

/// Two Lennard-Jones atoms so near that their curvatures are 1e30 times those of the rest, and one apart.
#[test]
fn atoms_on_top_of_each_other_end() {
    let cluster = |x: &[f64], g: Option<&mut [f64]>| {
        let (mut energy, mut slope) = (0.0, vec![0.0; x.len()]);
        for i in 0..x.len() / 3 {
            for j in 0..i {
                let d = [0, 1, 2].map(|a| x[3 * i + a] - x[3 * j + a]);
                let s6 = (d.iter().map(|d| d * d).sum::<f64>()).powi(-3);
                energy += 4.0 * (s6 * s6 - s6);
                let push = -24.0 * (2.0 * s6 * s6 - s6) / d.iter().map(|d| d * d).sum::<f64>();
                for a in 0..3 {
                    slope[3 * i + a] += push * d[a];
                    slope[3 * j + a] -= push * d[a];
                }
            }
        }
        if let Some(g) = g {
            g.copy_from_slice(&slope);
        }
        energy
    };
    let (done, ends) = mpsc::channel();
    std::thread::spawn(move || {
        for near in [0.02, 0.005, 1e-3, 1e-5, 1e-10, 0.0] {
            let x = [0.0, 0.0, 0.0, near, 0.0, 0.0, 0.9, 0.8, 0.1, -0.2, 1.1, 0.7];
            let space_at = |x: &[f64]| FreeBody::new(x);
            let end = find(
                space_at,
                &mut FromFn(cluster),
                &x[..],
                None,
                &Method::default(),
                &Default::default(),
            );
            done.send(end.unwrap().found).expect("the test waits");
        }
    });
    for _ in 0..6 {
        let end = ends.recv_timeout(Duration::from_secs(20)).expect("every search ends");
        assert!(end.x.iter().all(|x| x.is_finite()), "{:?}", end.x);
    }
}

/// Coordinates are gone through one by one, which no rank can do alone: refused on every rank, with no message waited for.
#[test]
fn a_newton_search_over_ranks_is_refused_and_the_default_is_the_other() {
    for cut in [0, 1, 2, 3, 4] {
        let ends = ThreadComm::run(2, |comm| {
            let start = [0.3, -0.2, 0.7, 0.1];
            let first = if comm.rank() == 0 { 0 } else { cut };
            let part = if comm.rank() == 0 { start[..cut].to_vec() } else { start[cut..].to_vec() };
            let space = Sharded::new(Host::<f64>::new(), &comm, &part);
            let refused = NewtonSearch::new(&space, &part, NewtonSettings::default()).map(|_| ());
            let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
                for (i, (g, x)) in g.into_iter().flatten().zip(x).enumerate() {
                    *g = match first + i {
                        2 => 4.0 * x * (x * x - 1.0),
                        k => (k + 2) as f64 * x,
                    };
                }
                f64::NAN
            });
            let end = search(&space, &mut f, &part, None, &Method::default()).unwrap();
            (refused, end.outcome, space.norm(&end.x))
        });
        for (refused, outcome, norm) in ends {
            let error = refused.unwrap_err();
            assert_eq!((&error, outcome), (&SearchError::Distributed, Outcome::Converged), "{cut}");
            assert!(norm < 1e-3 && error.to_string().contains("rank"), "{cut}: {norm}");
        }
    }
    // One rank that is alone holds everything.
    let whole = ThreadComm::run(1, |comm| {
        let space = Sharded::new(Host::<f64>::new(), comm, &[0.1, 0.2]);
        NewtonSearch::new(&space, &[0.1, 0.2], NewtonSettings::default()).map(|_| ())
    });
    assert_eq!(whole, [Ok(())]);
}

#[test]
fn the_default_looks_at_the_number_of_coordinates() {
    let resolved = |n: usize| Method::default().resolved(&HOST, &vec![0.0; n]);
    assert!(matches!(resolved(Method::DENSE), Method::Newton(_)));
    assert!(matches!(resolved(Method::DENSE + 1), Method::MinMode(_)));
    let atoms: Vec<f64> = (0..306).map(|i| noise(1, i)).collect();
    let body = Method::default().resolved(&FreeBody::new(&atoms), &atoms);
    assert!(matches!(body, Method::Newton(_)), "306 coordinates less six motions");
    let mut method = Method::default();
    method.goal_mut().index = 2;
    assert_eq!(method.resolved(&HOST, &[0.0; 3]).goal().index, 2);
}

/// No silence before the first gradient: by default, with a matrix as far as one is allowed, and refused beyond.
#[test]
fn the_first_gradient_is_asked_for_at_once() {
    let (done, ends) = mpsc::channel();
    std::thread::spawn(move || {
        let n = 100_000;
        let mut asked = 0;
        let mut bowl = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            asked += 1;
            g.expect("gradients only").copy_from_slice(x);
            f64::NAN
        });
        let goal = Goal { max_gradients: 5, ..Default::default() };
        search(&HOST, &mut bowl, &vec![1.0; n], None, &Method::Auto(goal)).unwrap();
        assert_eq!(asked, 5);
        let refused = |n: usize| {
            NewtonSearch::new(&HOST, &vec![0.0; n], NewtonSettings::default()).map(|_| ())
        };
        for n in [NewtonSearch::<Host<f64>>::MOST + 1, 100_000] {
            let error = refused(n).unwrap_err();
            assert!(error.to_string().contains(&n.to_string()), "{error}");
        }
        let atoms: Vec<f64> = (0..900).map(|i| noise(3, i)).collect();
        let space = FreeBody::new(&atoms);
        let search = NewtonSearch::new(&space, &atoms, NewtonSettings::default()).unwrap();
        assert!(search.ask().is_some());
        done.send(()).expect("the test waits");
    });
    // Gram–Schmidt of 900 coordinates took a minute; N² operations take some tenths of a second.
    ends.recv_timeout(Duration::from_secs(30)).expect("no constructor takes N³");
}
