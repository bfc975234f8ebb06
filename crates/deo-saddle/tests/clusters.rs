//! Verifications of symmetric Lennard-Jones clusters, whose lowest modes come in pairs and threes; the oracle is the
//! closed Hessian. More of them, from more seeds: `cargo run --release -p deo-saddle --example symmetric_clusters`.

#[path = "common/clusters.rs"]
mod clusters;
#[path = "common/dense.rs"]
mod dense;

use clusters::{Point, stationary_points, verify};
use deo_saddle::{Verdict, VerificationSettings};

/// Every index claimed of every point that has one of 0 to 3.
#[test]
fn a_symmetric_cluster_is_confirmed_to_have_its_own_index_only() {
    let points: Vec<Point> = stationary_points(9, 6);
    let mut of_index = [0; 4];
    for point in points.iter().filter(|p| p.index() < 4 && !p.is_flat()) {
        of_index[point.index()] += 1;
        for index in 0..4 {
            for seed in 0..3 {
                let settings = VerificationSettings { index, seed, ..Default::default() };
                let (verdict, _) = verify(&point.x, settings);
                let confirmed = verdict == Verdict::Confirmed;
                assert_eq!(
                    confirmed,
                    index == point.index(),
                    "{}: {verdict} as {index}, seed {seed}: {:?}",
                    point.name,
                    point.curvatures
                );
            }
        }
    }
    assert!(of_index.iter().all(|count| *count >= 2), "{of_index:?}");
    assert!(of_index.iter().sum::<usize>() >= 30, "{of_index:?}");
}

/// The two lowest modes are equal and negative, no other is: a process from one direction sees one of them.
#[test]
fn both_modes_of_a_pair_are_counted() {
    let pairs = stationary_points(8, 6).into_iter().filter(|p| {
        let [a, b, c] = [0, 1, 2].map(|i| p.curvatures.get(i).copied().unwrap_or(f64::NAN));
        !p.is_flat() && p.index() == 2 && (b - a).abs() < 1e-8 * b.abs() && c > 0.0
    });
    let mut tried = 0;
    for point in pairs {
        tried += 1;
        for seed in 0..20 {
            let settings = VerificationSettings { seed, ..Default::default() };
            let (verdict, _) = verify(&point.x, settings);
            assert_eq!(verdict, Verdict::WrongIndex { negative: 2 }, "{}, {seed}", point.name);
        }
    }
    assert!(tried >= 4, "{tried}");
}
