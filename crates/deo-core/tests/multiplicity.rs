//! Repeated eigenvalues: lists that are called converged are complete, and what a budget cut short isn't called so.

mod common;

use common::{Diagonal, uniform};
use deo_core::krylov::{Krylov, KrylovSettings, Which};
use deo_core::space::Host;
use deo_core::{Answer, Status};

const SPACE: Host<f64> = Host::new();

fn solve(problem: &Diagonal, settings: KrylovSettings, seed: u64) -> Krylov<Host<f64>> {
    let mut krylov = Krylov::new(&SPACE, &problem.0, settings).unwrap();
    krylov.draw(&SPACE, seed);
    while let Some(probe) = krylov.ask(&SPACE) {
        let product = problem.product(probe.direction());
        krylov.tell(&SPACE, Answer::product(&product));
    }
    krylov
}

/// Spectra in which values repeat: by `times`, of graphs, of low rank, and Wilkinson's nearly equal pairs.
fn spectra() -> Vec<(String, Vec<f64>)> {
    let mut all = vec![];
    for (times, n, seed) in
        [(2, 13, 1), (2, 140, 2), (3, 36, 3), (3, 90, 4), (7, 70, 5), (11, 44, 6)]
    {
        let mut state = seed;
        let values: Vec<f64> = (0..n).map(|_| 5.0 * uniform(&mut state) - 2.0).collect();
        let spectrum = (0..n).map(|i| values[i / times]).collect();
        all.push((format!("{n} values in groups of {times}"), spectrum));
    }
    let turn = |j: usize, n: usize| 2.0 - 2.0 * (std::f64::consts::TAU * j as f64 / n as f64).cos();
    all.push(("a cycle of 50".into(), (0..50).map(|j| turn(j, 50)).collect()));
    let torus = (0..54).map(|v| turn(v % 6, 6) + turn(v / 6, 9)).collect();
    all.push(("a torus of 6 × 9".into(), torus));
    let hypercube = (0..128u32).map(|v| 2.0 * f64::from(v.count_ones())).collect();
    all.push(("a hypercube".into(), hypercube));
    let rank = |i: usize| if i < 9 { 1.0 + i as f64 / 3.0 } else { 0.0 };
    all.push(("a null space".into(), (0..80).map(rank).collect()));
    let pairs = (0..60).map(|i| (i / 2) as f64 + 1e-14 * (i % 2) as f64);
    all.push(("pairs 1e-14 apart".into(), pairs.collect()));
    all
}

#[test]
fn lists_that_are_called_converged_are_complete() {
    let (mut lists, mut called) = (0, 0);
    for (name, spectrum) in spectra() {
        let mut sorted = spectrum.clone();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let largest = sorted[0].abs().max(sorted[n - 1].abs());
        let problem = Diagonal(spectrum);
        for which in [Which::Lowest, Which::Highest, Which::Both] {
            for (count, seed) in (1..=6).flat_map(|count| (0..4).map(move |seed| (count, seed))) {
                if which == Which::Both && 2 * count > n {
                    continue;
                }
                let memory = 20.max(8 * count);
                let settings = KrylovSettings { count, which, memory, ..Default::default() };
                let krylov = solve(&problem, settings, seed);
                lists += 1;
                if krylov.status() != Status::Converged {
                    continue;
                }
                called += 1;
                for (i, estimate) in krylov.estimates().iter().enumerate() {
                    let upper = which == Which::Highest || i >= count;
                    let right = if upper { sorted[n - 1 - i % count] } else { sorted[i] };
                    // The error is the square of the residual over the gap; 1e-3 is the residual's tolerance.
                    let allowed = 1e-3 * right.abs() + 1e-9 * largest;
                    let value = estimate.curvature;
                    let context =
                        || format!("{name}, {which:?} {count}, seed {seed}: {value} for {right}");
                    assert!((value - right).abs() <= allowed, "{}", context());
                    // Nothing that isn't in the list lies before the value that it is said to reach to.
                    let reach = krylov.exclusion(i).unwrap();
                    let outside = if upper { -sorted[n - 1 - count] } else { sorted[count] };
                    let reach = if upper { -reach } else { reach };
                    assert!(outside >= reach - allowed, "{}: {outside} before {reach}", context());
                }
            }
        }
    }
    assert!(called as f64 >= 0.99 * lists as f64, "{called} of {lists} are called converged");
}

#[test]
fn without_confirmation_a_repeated_eigenvalue_is_found_once() {
    // What `confirm` is for: if this finds it twice, the tests above prove nothing.
    let mut spectrum: Vec<f64> = (0..60).map(|i| 0.5 + f64::from(i % 4)).collect();
    spectrum[10..12].fill(-1.0);
    let settings = KrylovSettings { count: 2, confirm: false, ..Default::default() };
    let krylov = solve(&Diagonal(spectrum), settings, 3);
    assert!((krylov.estimates()[1].curvature - 0.5).abs() < 1e-3, "{:?}", krylov.estimates());
    assert!(!krylov.is_confirmed() && krylov.exclusion(0).is_none());
}

/// `negative` equal negative values, or pairs of them, below a positive spectrum in groups of `times`.
fn saddle(n: usize, negative: usize, times: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(77).wrapping_add(n as u64);
    let mut values = (0..n).map(|_| 0.1 + 4.0 * uniform(&mut state)).collect::<Vec<f64>>();
    (0..n).for_each(|i| values[i] = values[i / times * times]);
    (0..negative).for_each(|i| values[(7 * i + 3) % n] = if i < 2 { -1.0 } else { -0.4 });
    values
}

#[test]
fn a_budget_has_the_last_answer_or_none() {
    let spectrum = saddle(90, 2, 2, 8);
    let problem = Diagonal(spectrum);
    let of = |max_gradients| KrylovSettings { count: 2, max_gradients, ..Default::default() };
    let needed = solve(&problem, of(1000), 5).gradients();
    for budget in 1..=2 * needed {
        let krylov = solve(&problem, of(budget), 5);
        for estimate in krylov.estimates() {
            let right = (estimate.curvature + 1.0).abs() < 1e-3;
            assert!(estimate.status != Status::Converged || right, "{budget}: {estimate:?}");
        }
        assert_eq!(krylov.status() == Status::Converged, budget >= needed, "{budget} of {needed}");
        assert!(krylov.gradients() <= budget);
    }
}

/// Most values within the tolerance of each other, and one or two that aren't: the first product converges in the bulk.
#[test]
fn a_bulk_narrower_than_the_tolerance_hides_nothing() {
    let bulk = |n: usize, width: f64, outside: &[f64]| -> Vec<f64> {
        let mut state = n as u64;
        let mut values: Vec<f64> = (0..n).map(|_| 1.0 + width * uniform(&mut state)).collect();
        outside.iter().enumerate().for_each(|(i, value)| values[5 * i + 2] = *value);
        values
    };
    for (spectrum, tolerance) in [
        (bulk(33, 0.0, &[0.7, 1.3]), 1e-2),
        (bulk(33, 0.0, &[0.0, 33.0]), 0.1),
        (bulk(400, 0.0, &[0.99, 1.01]), 1e-3),
        (bulk(400, 1e-4, &[0.99]), 1e-3),
        (bulk(400, 1e-4, &[0.99, 0.99, 1.01, 1.01]), 1e-3),
        (bulk(300, 1e-6, &[0.995, 1.005]), 1e-3),
        (bulk(2000, 1e-3, &[0.95, 1.05]), 1e-2),
    ] {
        let n = spectrum.len();
        let mut sorted = spectrum.clone();
        sorted.sort_by(f64::total_cmp);
        let problem = Diagonal(spectrum);
        for which in [Which::Lowest, Which::Highest, Which::Both] {
            for (count, seed) in (1..=3).flat_map(|count| (0..8).map(move |seed| (count, seed))) {
                let settings = KrylovSettings { count, which, tolerance, ..Default::default() };
                let krylov = solve(&problem, settings, seed);
                let context = || format!("{n}, {which:?} {count}, seed {seed}");
                if krylov.status() != Status::Converged {
                    eprintln!("{} {:?} {}", context(), krylov.estimates(), krylov.gradients());
                    continue;
                }
                for (i, estimate) in krylov.estimates().iter().enumerate() {
                    let upper = which == Which::Highest || i >= count;
                    let right = if upper { sorted[n - 1 - i % count] } else { sorted[i] };
                    let (value, reach) = (estimate.curvature, krylov.exclusion(i).unwrap());
                    let off = (value - right).abs();
                    assert!(
                        off <= tolerance * right.abs() + 1e-9,
                        "{}: {value} for {right}",
                        context()
                    );
                    let outside =
                        if upper { sorted[n - 1 - count] <= reach } else { sorted[count] >= reach };
                    if !outside {
                        eprintln!("{}: complete to {reach}", context());
                    }
                }
            }
        }
    }
}

/// The tolerance of a value that counts as zero ends where products are rounded.
#[test]
fn a_null_vector_converges_at_any_tolerance() {
    let star = (0..20).map(|i| [0.0, 20.0].get(i).copied().unwrap_or(1.0)).collect();
    let path = (0..30).map(|i| 2.0 - 2.0 * (std::f64::consts::PI * f64::from(i) / 30.0).cos());
    let null = (0..25).map(|i| if i < 6 { 0.0 } else { f64::from(i) - 30.5 }).collect();
    for (spectrum, which) in
        [(star, Which::Lowest), (path.collect(), Which::Lowest), (null, Which::Highest)]
    {
        let problem = Diagonal(spectrum);
        for (tolerance, seed) in [1e-4, 1e-6, 1e-8, 1e-10].into_iter().zip(0..) {
            let settings = KrylovSettings { tolerance, which, count: 2, ..Default::default() };
            let krylov = solve(&problem, settings, seed);
            assert_eq!(krylov.status(), Status::Converged, "{tolerance}: {:?}", krylov.estimates());
            assert!(krylov.estimates()[0].curvature.abs() < 1e-12);
        }
    }
}

/// Sixteen orders of magnitude, a bulk near zero that isn't zero, clusters: values behind the wanted ones are hidden by them,
/// and a list that says how far it has no hole must not say more than was seen.
#[test]
fn nothing_lies_before_the_value_that_a_list_reaches_to() {
    let mut lists = [0; 2];
    for (n, kind) in [12, 23, 33, 60].into_iter().flat_map(|n| (0..4_u64).map(move |k| (n, k))) {
        let mut state = 31 * kind + n as u64;
        let mut value = |i: usize| {
            let (x, y) = (uniform(&mut state), uniform(&mut state));
            match kind {
                0 => 10_f64.powf(16.0 * x - 8.0) * if y < 0.5 { -1.0 } else { 1.0 },
                1 if i < 2 => 20.0 + 9.0 * x,
                1 => 1e-6 * (x - 0.5),
                2 => (5.0 * x).powi(7) - 0.02 * y,
                _ if i < n / 4 => -1.0 + 0.01 * x,
                _ => 3.0 * x,
            }
        };
        let spectrum: Vec<f64> = (0..n).map(&mut value).collect();
        let mut sorted = spectrum.clone();
        sorted.sort_by(f64::total_cmp);
        let (range, largest) =
            (sorted[n - 1] - sorted[0], sorted[0].abs().max(sorted[n - 1].abs()));
        let problem = Diagonal(spectrum);
        for which in [Which::Lowest, Which::Highest] {
            let at = |i: usize| sorted[if which == Which::Highest { n - 1 - i } else { i }];
            let sign = if which == Which::Highest { -1.0 } else { 1.0 };
            for (count, seed) in (1..=3).flat_map(|count| (0..4).map(move |seed| (count, seed))) {
                // Inside the list, at a value, behind it, beside the first of all, and before it.
                let gap = at(count) - at(count - 1);
                let cutoffs = [0.5 * (at(0) + at(1)), at(count), at(count) + 3.0 * gap];
                let beside = [1e-3, -0.2].map(|share| at(0) + sign * share * range);
                let cutoffs = cutoffs.into_iter().chain(beside).map(Some).chain([None]);
                for cutoff in cutoffs {
                    let settings = KrylovSettings {
                        count,
                        which,
                        cutoff,
                        max_gradients: 2000,
                        ..Default::default()
                    };
                    let krylov = solve(&problem, settings, seed);
                    lists[0] += 1;
                    if krylov.status() != Status::Converged {
                        continue;
                    }
                    lists[1] += 1;
                    // To the tolerance, as the pairs themselves are, and to what counts as zero.
                    let allowed = |value: f64| 2.1e-3 * value.abs() + 1e-10 * largest;
                    let context = format!("{n}, {kind}, {which:?} {count}, {cutoff:?}, {seed}");
                    let (next, reach) = (at(count), krylov.exclusion(0).unwrap());
                    let late = sign * (reach - next);
                    assert!(late <= allowed(next), "{context}: {next} before {reach}");
                    for (i, estimate) in krylov.estimates().iter().enumerate() {
                        let right = at(i);
                        let beyond = cutoff.is_some_and(|c| sign * (right - c) > 0.0);
                        let off = (estimate.curvature - right).abs();
                        assert!(beyond || off <= allowed(right), "{context}: {estimate:?} {right}");
                    }
                }
            }
        }
    }
    // Nine of ten; the rest, mostly of sixteen orders, have spent their products.
    assert!(lists[1] as f64 >= 0.85 * lists[0] as f64, "{lists:?} called converged");
}
