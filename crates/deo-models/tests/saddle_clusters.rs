//! Clusters and their saddles: derivatives, known energies, and the counts that are claimed.

use approx::assert_relative_eq;
use deo_core::Objective;
use deo_core::noise::noise;
use deo_core::space::{FreeBody, Host, Masked, MassWeighted, Space};
use deo_models::clusters::{Cluster, LennardJones, Morse, Pair, geometry, known_energy};
use deo_saddle::{
    Descent, Found, Goal, Method, NewtonSettings, Outcome, Saddle, VerificationSettings, descend,
    find, in_parallel, join, search,
};
use nalgebra::DMatrix;

fn displaced(x: &[f64], sigma: f64, seed: u64) -> Vec<f64> {
    x.iter().enumerate().map(|(i, x)| x + sigma * noise(seed, i as u64)).collect()
}

fn space_at(x: &[f64]) -> FreeBody {
    FreeBody::new(x)
}

fn newton(index: usize, tolerance: f64) -> Method {
    let goal = Goal { index, tolerance, ..Default::default() };
    Method::Newton(NewtonSettings { goal, ..Default::default() })
}

/// Ascending eigenvalues of the closed Hessian, by nalgebra.
fn spectrum<P: Pair>(cluster: &Cluster<P>, x: &[f64]) -> Vec<f64> {
    let hessian = DMatrix::from_row_slice(x.len(), x.len(), &cluster.hessian(x));
    let mut values: Vec<f64> = hessian.symmetric_eigenvalues().iter().copied().collect();
    values.sort_by(f64::total_cmp);
    values
}

fn relaxed<P: Pair>(mut cluster: Cluster<P>, x: Vec<f64>) -> (f64, Vec<f64>) {
    let found = search(&FreeBody::new(&x), &mut cluster, &x[..], None, &newton(0, 1e-7)).unwrap();
    assert_eq!(found.outcome, Outcome::Converged);
    (found.value, found.x)
}

fn icosahedron() -> Vec<f64> {
    relaxed(Cluster::new(LennardJones), geometry::icosahedron(1.1)).1
}

#[test]
fn gradient_and_hessian_are_derivatives() {
    fn check<P: Pair + Copy>(potential: P) {
        let mut cluster = Cluster::new(potential);
        let x = displaced(&geometry::icosahedron(1.1)[..15], 0.1, 4);
        let mut g = vec![0.0; 15];
        let value = cluster.value_grad(&x, &mut g);
        assert_eq!(value, cluster.value(&x));
        let hessian = cluster.hessian(&x);
        let h = 1e-5; // central differences: h² of truncation, ε/h of rounding, and |V| up to 1e3
        for i in 0..15 {
            let (mut ahead, mut behind) = (vec![0.0; 15], vec![0.0; 15]);
            let mut at = |shift: f64, g: &mut [f64]| {
                let mut y = x.clone();
                y[i] += shift;
                cluster.value_grad(&y, g)
            };
            let difference = (at(h, &mut ahead) - at(-h, &mut behind)) / (2.0 * h);
            assert_relative_eq!(difference, g[i], max_relative = 1e-6, epsilon = 1e-6);
            for j in 0..15 {
                let difference = (ahead[j] - behind[j]) / (2.0 * h);
                assert_relative_eq!(
                    difference,
                    hessian[i * 15 + j],
                    max_relative = 1e-5,
                    epsilon = 1e-4
                );
            }
        }
    }
    check(LennardJones);
    check(Morse::new(6.0).unwrap());
    check(Morse::new(3.3).unwrap());
}

/// The energies of the Cambridge Energy Landscape Database.
#[test]
fn known_minima() {
    let lj = Cluster::new(LennardJones);
    for x in [geometry::icosahedron(1.05), geometry::truncated_octahedron(1.15)] {
        let (atoms, (energy, _)) = (x.len() / 3, relaxed(lj, x));
        let known = known_energy(atoms).unwrap();
        assert!((energy - known).abs() < 1e-6, "{atoms}: {energy} {known}"); // six decimals are stated
    }
    let tetrahedron = vec![1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, 1.0, -1.0, -1.0, -1.0, 1.0];
    let x = tetrahedron.into_iter().map(|x: f64| x * 0.4).collect();
    assert!((relaxed(lj, x).0 - known_energy(4).unwrap()).abs() < 1e-10);
    let morse = Cluster::new(Morse::new(6.0).unwrap());
    let (energy, _) = relaxed(morse, geometry::icosahedron(1.0));
    assert!((energy + 42.439863).abs() < 1e-6, "{energy}");
}

fn lj13_starts(count: usize) -> Vec<Saddle<Vec<f64>>> {
    let minimum = icosahedron();
    in_parallel(2, count, |i| {
        let x = displaced(&minimum, 0.1, 100 + i as u64);
        let mut cluster = Cluster::new(LennardJones);
        let settings = VerificationSettings { flat: 1e-3, ..Default::default() };
        find(space_at, &mut cluster, &x[..], None, &Method::default(), &settings).unwrap()
    })
}

/// The curvature above zero is known by its sign: a bound from above, whose error reaches down to the true one.
fn assert_bounds(saddle: &Saddle<Vec<f64>>, i: usize, truth: f64) {
    let (found, error) = (saddle.curvatures[i], saddle.errors[i]);
    assert!(found > 0.99 * truth && found - error < 1.01 * truth, "{found} ± {error}, not {truth}");
}

#[test]
fn lj13_from_the_icosahedron() {
    let saddles = lj13_starts(20);
    let cluster = Cluster::new(LennardJones);
    let mut counts = Vec::new();
    for saddle in saddles.iter().filter(|saddle| saddle.is_confirmed()) {
        let x = &saddle.found.x;
        let dense = spectrum(&cluster, x);
        // The dense spectrum holds six zeros, of the size of ‖g‖ at a point that isn't quite stationary.
        let zeros = dense.iter().filter(|value| value.abs() < 1e-2).count();
        assert_eq!((zeros, dense[0] < -1e-2, dense[1] > -1e-2), (6, true, true), "{dense:?}");
        assert_relative_eq!(saddle.curvatures[0], dense[0], max_relative = 1e-3);
        assert_bounds(saddle, 1, dense[7]);
        counts.push(saddle.found.counts.gradients());
    }
    counts.sort_unstable();
    println!("{} of 20: {counts:?}", counts.len());
    // Sella: 18 of 20 and 172 on starts of the same law.
    assert!(counts.len() >= 18, "{} of 20", counts.len());
    assert!(counts[counts.len() / 2] <= 172, "{counts:?}");
}

#[test]
fn lj13_near_a_saddle_with_a_random_axis() {
    let saddle = lj13_starts(1).swap_remove(0);
    assert!(saddle.is_confirmed());
    let near = &saddle.found.x;
    let results = in_parallel(2, 20, |i| {
        let x = displaced(near, 0.1, 300 + i as u64);
        let axis: Vec<f64> = (0..39).map(|j| noise(500 + i as u64, j)).collect();
        let mut cluster = Cluster::new(LennardJones);
        let space = FreeBody::new(&x);
        let found =
            search(&space, &mut cluster, &x[..], Some(&axis[..]), &Method::default()).unwrap();
        let index = spectrum(&cluster, &found.x).iter().filter(|l| **l < -1e-2).count();
        (found.outcome == Outcome::Converged && index == 1).then_some(found.counts.gradients())
    });
    let mut counts: Vec<u64> = results.iter().flatten().copied().collect();
    counts.sort_unstable();
    println!("{} of 20: {counts:?}", counts.len());
    assert_eq!(counts.len(), 20, "{results:?}");
    assert!(counts[10] <= 127, "{counts:?}");
}

/// Two directions at once: every confirmed point has two negative curvatures in the closed Hessian.
#[test]
fn lj13_saddles_of_index_two() {
    let minimum = icosahedron();
    let settings = VerificationSettings { flat: 1e-3, ..Default::default() };
    let ends = in_parallel(2, 8, |i| {
        let x = displaced(&minimum, 0.1, 4100 + i as u64);
        let mut cluster = Cluster::new(LennardJones);
        find(space_at, &mut cluster, &x[..], None, &newton(2, 1e-4), &settings).unwrap()
    });
    let mut confirmed = 0;
    for end in ends.iter().filter(|end| end.is_confirmed()) {
        let dense = spectrum(&Cluster::new(LennardJones), &end.found.x);
        let negative = dense.iter().filter(|value| **value < -1e-2).count();
        assert_eq!(negative, 2, "{dense:?}");
        // The six rigid motions lie between the second and the third.
        for i in [0, 1] {
            assert_relative_eq!(end.curvatures[i], dense[i], max_relative = 1e-2);
        }
        assert_bounds(end, 2, dense[8]);
        confirmed += 1;
    }
    assert!(confirmed >= 6, "{confirmed} of 8");
}

/// Around two saddles. One start of 48 around four of them was seen to cycle, which the search says: so one around the
/// first may, and counts with what it spent.
#[test]
fn lj38_refinement() {
    let (_, minimum) = relaxed(Cluster::new(LennardJones), geometry::truncated_octahedron(1.1));
    let cluster = Cluster::new(LennardJones);
    let search = |x: &[f64]| {
        search(&FreeBody::new(x), &mut { cluster }, x, None, &Method::default()).unwrap()
    };
    let index = |x: &[f64]| spectrum(&cluster, x).iter().filter(|l| **l < -1e-2).count();
    // Far from a saddle roundings decide where a search goes, and one in twenty goes nowhere.
    let from_minimum = (100..106).map(|seed| search(&displaced(&minimum, 0.05, seed)));
    let good = |end: &Found<Vec<f64>>| end.outcome == Outcome::Converged && index(&end.x) == 1;
    let saddles: Vec<Found<Vec<f64>>> = from_minimum.filter(good).take(2).collect();
    assert_eq!(saddles.len(), 2);
    let found = in_parallel(2, 12, |i| {
        let found = search(&displaced(&saddles[i % 2].x, 0.05, 3000 + (i / 2) as u64));
        let confirmed = found.outcome == Outcome::Converged;
        assert!(!confirmed || index(&found.x) == 1, "converged to index {}", index(&found.x));
        (confirmed, found.counts.gradients())
    });
    let missed = |saddle| (0..12).filter(|i| i % 2 == saddle && !found[*i].0).count();
    assert!(missed(0) <= 1 && missed(1) == 0, "{found:?}");
    // OptBench's means: Sella 70, OPTIM 145, pele 192, eOn's Lanczos 237 and dimer 528.
    let mean = found.iter().map(|(_, gradients)| gradients).sum::<u64>() as f64 / 12.0;
    assert!(mean <= 237.0, "{found:?}");
}

#[test]
fn the_way_down_leads_to_lower_minima() {
    let saddle = lj13_starts(1).swap_remove(0);
    assert!(saddle.is_confirmed());
    let method = newton(0, 1e-5);
    let x = &saddle.found.x[..];
    let mut cluster = Cluster::new(LennardJones);
    let (axis, flat) =
        (&saddle.axes[0][..], VerificationSettings { flat: 1e-3, ..Default::default() });
    let sides = join(space_at, &mut cluster, x, axis, 0.1, &method, &flat).unwrap();
    assert!(sides.iter().all(Descent::is_minimum));
    let sides = sides.map(|side| side.end.found);
    for side in &sides {
        assert!(side.value < saddle.found.value - 1e-3, "{} {}", side.value, saddle.found.value);
        assert!(spectrum(&cluster, &side.x).iter().all(|value| *value > -1e-3));
    }
    // It was found from the icosahedron: that is one of the two.
    let lowest = sides[0].value.min(sides[1].value);
    assert!((lowest - known_energy(13).unwrap()).abs() < 1e-5, "{lowest}");
}

/// A minimiser stops at a saddle that its way meets, as one of 13 atoms did at −37.43680329; a descent doesn't.
#[test]
fn a_way_down_that_meets_a_saddle_leaves_it() {
    let saddle = lj13_starts(1).swap_remove(0);
    assert!(saddle.is_confirmed());
    let (mut cluster, x, method) =
        (Cluster::new(LennardJones), &saddle.found.x[..], newton(0, 1e-3));
    let stopped = search(&FreeBody::new(x), &mut cluster, x, None, &method).unwrap();
    assert!(stopped.outcome == Outcome::Converged && spectrum(&cluster, &stopped.x)[0] < -1e-2);

    let flat = VerificationSettings { flat: 1e-3, ..Default::default() };
    for push in [0.05, -0.05] {
        let down = descend(space_at, &mut cluster, x, push, &method, &flat).unwrap();
        assert!(down.is_minimum() && down.left == 1, "{:?} {}", down.end.found, down.left);
        assert!(down.end.found.value < saddle.found.value - 1e-3);
        assert!(spectrum(&cluster, &down.end.found.x)[0] > -1e-2);
    }
}

#[test]
fn masses_change_curvatures_and_no_saddle() {
    let (minimum, seed) = (icosahedron(), 100);
    let x = displaced(&minimum, 0.1, seed);
    let masses: Vec<f64> = (0..13).map(|i| if i % 2 == 0 { 1.0 } else { 1.5 }).collect();
    let mut cluster = MassWeighted::new(Cluster::new(LennardJones), &masses);
    let mut q = x;
    cluster.weight(&mut q);
    let space_at = |q: &[f64]| FreeBody::weighted(q, &masses);
    let settings = VerificationSettings { flat: 1e-3, ..Default::default() };
    let saddle = find(space_at, &mut cluster, &q[..], None, &Method::default(), &settings).unwrap();
    assert!(saddle.is_confirmed(), "{:?} {}", saddle.found.outcome, saddle.verdict);
    let mut x = saddle.found.x.clone();
    cluster.unweight(&mut x);
    let plain = Cluster::new(LennardJones);
    let dense = spectrum(&plain, &x);
    assert!(dense[0] < -1e-2 && dense[1] > -1e-2);
    // The mass-weighted Hessian, densely.
    let mut weighted = plain.hessian(&x);
    for i in 0..39 {
        for j in 0..39 {
            weighted[i * 39 + j] /= (masses[i / 3] * masses[j / 3]).sqrt();
        }
    }
    let values = DMatrix::from_row_slice(39, 39, &weighted).symmetric_eigenvalues();
    assert_relative_eq!(saddle.curvatures[0], values.min(), max_relative = 1e-3);
}

#[test]
fn frozen_atoms_stay() {
    // Three surface atoms held: no rigid motion is left, and the rest moves.
    let space_at =
        |_: &[f64]| Masked::frozen(Host::<f64>::new(), 39, std::iter::once(30..39)).unwrap();
    let mut cluster = Cluster::new(LennardJones);
    let settings = VerificationSettings { flat: 1e-3, ..Default::default() };
    // A search that climbs in vain says so; most don't.
    let mut tried = (7..13).map(|seed| {
        let x = displaced(&icosahedron(), 0.05, seed);
        let method = Method::default();
        let saddle = find(space_at, &mut cluster, &x[..], None, &method, &settings).unwrap();
        (x, saddle)
    });
    let (x, saddle) = tried.find(|(_, saddle)| saddle.is_confirmed()).expect("one of six");
    drop(tried);
    let end = &saddle.found.x;
    assert!(end[30..].iter().zip(&x[30..]).all(|(a, b)| a.to_bits() == b.to_bits()));
    let hessian = cluster.hessian(end);
    let free = DMatrix::from_fn(30, 30, |i, j| hessian[i * 39 + j]);
    assert_relative_eq!(
        saddle.curvatures[0],
        free.symmetric_eigenvalues().min(),
        max_relative = 1e-3
    );
}

/// Moving and turning the start moves and turns the saddle.
#[test]
fn the_frame_does_not_matter() {
    // Near a saddle: far from one, roundings decide where a search goes.
    let x = displaced(&lj13_starts(1)[0].found.x, 0.02, 3);
    let moved: Vec<f64> = x.chunks(3).flat_map(|r| [r[1] + 3.0, r[2] - 1.0, r[0] + 0.5]).collect();
    let energy = |x: &[f64]| {
        let mut cluster = Cluster::new(LennardJones);
        search(&FreeBody::new(x), &mut cluster, x, None, &newton(1, 1e-6)).unwrap().value
    };
    assert!((energy(&x) - energy(&moved)).abs() < 1e-7);
    let space = FreeBody::new(&x);
    assert_eq!(space.dimension(&x), 33.0);
}
