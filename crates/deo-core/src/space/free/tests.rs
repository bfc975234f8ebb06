use super::*;
use crate::laws;
use crate::noise::noise;
use crate::objective::Objective;

fn random(n: usize, seed: u64) -> Vec<f64> {
    (0..n as u64).map(|i| noise(seed, i)).collect()
}

#[test]
fn it_is_a_space() {
    let positions = random(3 * 7, 1);
    laws::check(&FreeBody::new(&positions), &positions);
    let masses: Vec<f64> = (0..7).map(|i| 1.0 + f64::from(i) * 3.7).collect();
    laws::check(&FreeBody::weighted(&positions, &masses), &positions);
}

#[test]
fn the_number_of_motions_is_that_of_mechanics() {
    let straight = [0.0, 0.0, 0.0, 1.0, 2.0, 3.0, -2.0, -4.0, -6.0];
    for (positions, motions) in [
        (vec![1.0, 2.0, 3.0], 3),
        (straight[..6].to_vec(), 5),
        (straight.to_vec(), 5),
        (random(12, 3), 6),
    ] {
        let space = FreeBody::new(&positions);
        assert_eq!(space.motions(), motions);
        let dimension = space.dimension(&positions);
        assert_eq!(dimension, (positions.len() - motions) as f64);
    }
}

/// A turn by a small angle about an axis through the centre of mass is invisible, whatever the masses.
#[test]
fn small_turns_and_shifts_have_no_length() {
    let (n, angle) = (8, 1e-6);
    let r = random(3 * n, 5);
    let masses: Vec<f64> = (0..n).map(|i| 1.0 + i as f64).collect();
    let root = |i: usize| masses[i / 3].sqrt();
    let q: Vec<f64> = r.iter().enumerate().map(|(i, r)| root(i) * r).collect();
    let space = FreeBody::weighted(&q, &masses);
    let (sin, cos) = f64::sin_cos(angle);
    let change: Vec<f64> = (0..3 * n)
        .map(|i| {
            let (atom, a) = (i / 3, i % 3);
            let [x, y] = [r[3 * atom], r[3 * atom + 1]];
            let turned = [cos * x - sin * y, sin * x + cos * y, r[3 * atom + 2] + angle][a];
            root(i) * (turned - r[i])
        })
        .collect();
    // A turn leaves its sagitta, half the angle squared.
    let visible = space.norm(&change) / HOST.norm(&change);
    assert!(visible < 10.0 * angle, "{visible:e}");
    // Other changes are seen: a stretch by the same factor, wholly.
    let stretch: Vec<f64> = q.iter().map(|q| angle * q).collect();
    assert!(space.norm(&stretch) > 0.5 * HOST.norm(&stretch));
}

#[test]
fn points_keep_their_place_and_directions_have_none() {
    let positions = random(15, 7);
    let space = FreeBody::new(&positions);
    let shift = [0.3, -0.2, 0.9].repeat(5);
    let mut y = positions.clone();
    space.axpby(2.0, &shift, 1.0, &mut y);
    assert!(y.iter().zip(&positions).all(|(y, x)| (y - x).abs() < 1e-14));
    let mut direction = vec![0.0; 15];
    space.fill(&mut direction, &|i| noise(2, i) + 5.0);
    for a in 0..3 {
        let sum: f64 = (0..5).map(|i| direction[3 * i + a]).sum();
        assert!(sum.abs() < 1e-13, "{sum:e}");
    }
}

#[test]
fn mass_weighting_is_the_chain_rule() {
    let masses = [2.0, 7.0];
    let cubic = crate::objective::FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.iter_mut().zip(x).for_each(|(g, x)| *g = 3.0 * x * x);
        }
        x.iter().map(|x| x.powi(3)).sum()
    });
    let mut weighted = MassWeighted::new(cubic, &masses);
    let mut q = random(6, 9);
    let r = q.clone();
    weighted.weight(&mut q);
    let mut gradient = [0.0; 6];
    let value = weighted.value_grad(&q, &mut gradient);
    assert!((value - r.iter().map(|r| r.powi(3)).sum::<f64>()).abs() < 1e-14);
    let h = 1e-5; // central differences: h² of truncation, ε/h of rounding
    for i in 0..6 {
        let mut at = |shift: f64| {
            let mut moved = q.clone();
            moved[i] += shift;
            weighted.value(&moved)
        };
        let difference = (at(h) - at(-h)) / (2.0 * h);
        assert!((difference - gradient[i]).abs() < 1e-9, "{difference} {}", gradient[i]);
    }
    weighted.unweight(&mut q);
    assert!(q.iter().zip(&r).all(|(q, r)| (q - r).abs() < 1e-15));
}

/// Held atoms and cells: the motions left out are exactly those that change no distance, also none is forgotten.
#[test]
fn what_is_held_and_what_repeats_decide_the_motions() {
    let free: Vec<f64> = (0..12).map(|i| noise(5, i)).collect();
    let masses = [1.0, 4.0, 9.0, 2.0];
    let q: Vec<f64> = free.iter().enumerate().map(|(i, r)| r * f64::sqrt(masses[i / 3])).collect();
    let along = [1.0, 2.0, -0.5];
    let on = |t: f64| along.map(|a| 0.7 + t * a);
    let (x, y) = ([9.0, 0.0, 0.0], [2.0, 8.0, 0.0]);
    let cell = along.map(|a| 4.0 * a);
    for (anchors, periodic, motions) in [
        (vec![], vec![], 6),
        (vec![], vec![cell], 4),
        (vec![], vec![x, y], 3),
        (vec![], vec![x, y, cell], 3),
        (vec![on(0.0)], vec![], 3),
        (vec![on(0.0)], vec![cell], 1),
        (vec![on(0.0)], vec![x, y], 0),
        (vec![on(0.0), on(1.0), on(2.5)], vec![], 1),
        (vec![on(0.0), on(1.0)], vec![cell], 1),
        (vec![on(0.0), on(1.0)], vec![x], 0),
        (vec![on(0.0), on(1.0), [3.0, 1.0, 1.0]], vec![], 0),
    ] {
        let space = FreeBody::held(&q, &masses, &anchors, &periodic);
        assert_eq!(space.motions(), motions, "{anchors:?} {periodic:?}");
        // Springs between all atoms, images included; the gradient is then one of the motions' symmetry.
        let mut others: Vec<(Option<usize>, [f64; 3])> =
            anchors.iter().map(|anchor| (None, *anchor)).collect();
        others.extend(free.chunks(3).enumerate().map(|(i, r)| (Some(i), [r[0], r[1], r[2]])));
        let cells = periodic.iter().fold(vec![[0.0; 3]], |cells, vector| {
            let shifted = |c: &[f64; 3], s: f64| [0, 1, 2].map(|a| c[a] + s * vector[a]);
            cells.iter().flat_map(|c| [-1.0, 0.0, 1.0].map(|s| shifted(c, s))).collect()
        });
        let mut gradient = vec![0.0; 12];
        for i in 0..4 {
            for (j, place) in &others {
                for shift in &cells {
                    let d = [0, 1, 2].map(|a| free[3 * i + a] - place[a] - shift[a]);
                    let square: f64 = d.iter().map(|d| d * d).sum();
                    if *j != Some(i) {
                        let slope = 1.0 / (1.0 + square).powi(2);
                        (0..3).for_each(|a| gradient[3 * i + a] += slope * d[a] / masses[i].sqrt());
                    }
                }
            }
        }
        let slope = space.variance(&gradient).slope;
        assert!(slope < 1e-12, "{anchors:?} {periodic:?}: {slope}");
    }
}

#[test]
fn turns_about_an_axis_that_all_atoms_are_on_are_none() {
    let (q, masses) = ([0.0, 0.0, 1.0, 0.0, 0.0, 2.0], [1.0; 2]);
    let axis = [[0.0, 0.0, -1.0], [0.0, 0.0, -2.0]];
    assert_eq!(FreeBody::held(&q, &masses, &axis, &[]).motions(), 0);
    assert_eq!(FreeBody::held(&q, &masses, &axis[..1], &[]).motions(), 2);
    assert_eq!(FreeBody::held(&q, &masses, &[], &[[0.0, 0.0, 5.0]]).motions(), 3);
}
