//! Motions that are symmetries of the function, motions that aren't, and motions that hardly are any: straight molecules
//! as a search leaves them, periodic cells. The oracle is a dense Hessian of central differences.

use deo_core::noise::noise;
use deo_core::objective::{FromFn, Objective};
use deo_core::space::{FreeBody, Host, MassWeighted};
use deo_saddle::{
    Goal, Method, MinModeSettings, NewtonSettings, Outcome, Verdict, VerificationSettings, find,
};

fn methods(index: usize, tolerance: f64) -> [Method; 2] {
    let goal = Goal { index, tolerance, ..Default::default() };
    [
        Method::Newton(NewtonSettings { goal, ..Default::default() }),
        Method::MinMode(MinModeSettings { goal, ..Default::default() }),
    ]
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// A chain: bonds of length `bond` and stiffness 10, angles with energy B(c), c the cosine of the deviation from straight.
#[derive(Clone, Copy)]
struct Chain {
    bond: f64,
    stiffness: f64,
    /// The deviation at which B = stiffness (c − cos)²/2 is least; `None` for B = stiffness (1 − c).
    bent: Option<f64>,
}

impl Chain {
    fn angle(&self, c: f64) -> (f64, f64) {
        match self.bent {
            None => (self.stiffness * (1.0 - c), -self.stiffness),
            Some(angle) => {
                let off = c - angle.cos();
                (0.5 * self.stiffness * off * off, self.stiffness * off)
            }
        }
    }

    fn energy(&self, x: &[f64], g: Option<&mut [f64]>) -> f64 {
        let mut slope = vec![0.0; x.len()];
        let bonds: Vec<[f64; 3]> = (0..x.len() / 3 - 1)
            .map(|i| [0, 1, 2].map(|a| x[3 * i + 3 + a] - x[3 * i + a]))
            .collect();
        let lengths: Vec<f64> = bonds.iter().map(|b| norm(b)).collect();
        let mut energy = 0.0;
        let mut push = |i: usize, v: [f64; 3]| {
            for a in 0..3 {
                slope[3 * i + a] -= v[a];
                slope[3 * i + 3 + a] += v[a];
            }
        };
        for (i, (b, l)) in bonds.iter().zip(&lengths).enumerate() {
            energy += 5.0 * (l - self.bond).powi(2);
            push(i, b.map(|b| 10.0 * (l - self.bond) * b / l));
        }
        for i in 1..bonds.len() {
            let (u, v) =
                (bonds[i - 1].map(|b| b / lengths[i - 1]), bonds[i].map(|b| b / lengths[i]));
            let c: f64 = u.iter().zip(v).map(|(u, v)| u * v).sum();
            let (value, slope) = self.angle(c);
            energy += value;
            push(i - 1, [0, 1, 2].map(|a| slope * (v[a] - c * u[a]) / lengths[i - 1]));
            push(i, [0, 1, 2].map(|a| slope * (u[a] - c * v[a]) / lengths[i]));
        }
        if let Some(g) = g {
            g.copy_from_slice(&slope);
        }
        energy
    }

    /// n atoms along `axis`, each off it by about `off`, in a random direction, turned or moved no further.
    fn straight(&self, n: usize, axis: [f64; 3], off: f64, seed: u64) -> Vec<f64> {
        let length = norm(&axis);
        (0..3 * n)
            .map(|k| {
                let along = (k / 3) as f64 * self.bond * axis[k % 3] / length;
                along + off * noise(seed, k as u64) / 3f64.sqrt()
            })
            .collect()
    }

    /// n atoms in a plane, each angle off straight by `angle`, to one side or to both.
    fn bent_by(&self, n: usize, angle: f64, zigzag: bool) -> Vec<f64> {
        let (mut x, mut direction) = (vec![0.0; 3], 0.3_f64);
        for i in 1..n {
            let at = x[3 * i - 3..].to_vec();
            let (sin, cos) = direction.sin_cos();
            x.extend([
                at[0] + self.bond * cos,
                at[1] + 0.6 * self.bond * sin,
                at[2] + 0.8 * self.bond * sin,
            ]);
            direction += if zigzag && i % 2 == 0 { -angle } else { angle };
        }
        x
    }
}

const AXES: [[f64; 3]; 5] =
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.3, -0.5, 0.8]];

fn verdict(chain: Chain, x: &[f64], method: &Method) -> (Outcome, Verdict) {
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| chain.energy(x, g));
    let settings = VerificationSettings { flat: 1e-5, ..Default::default() };
    let end = find(|x: &[f64]| FreeBody::new(x), &mut f, x, None, method, &settings).unwrap();
    (end.found.outcome, end.verdict)
}

/// A straight molecule whose angles are maxima has 2(n − 2) negative curvatures, two by two the same: never one, nor all but
/// one, however much of a bend its convergence left.
#[test]
fn a_nearly_straight_molecule_keeps_both_of_its_bends() {
    let (mut right, mut all) = (0, 0);
    for (bond, stiffness) in [(1.0, -1.0), (1.0, -0.02), (3.0, -5.0), (0.7, -0.3)] {
        let chain = Chain { bond, stiffness, bent: None };
        for n in [3, 4] {
            let true_index = 2 * (n - 2);
            for exponent in [10, 8, 7, 6, 5, 4, 3, 2] {
                for (k, axis) in AXES.into_iter().enumerate() {
                    let off = bond * 10f64.powi(-exponent);
                    let x = chain.straight(n, axis, off, 10 * exponent as u64 + k as u64);
                    let mut g = vec![0.0; x.len()];
                    chain.energy(&x, Some(&mut g));
                    let tolerance = 1.1 * norm(&g) + 1e-12;
                    for method in methods(true_index - 1, tolerance) {
                        let (outcome, verdict) = verdict(chain, &x, &method);
                        let what =
                            format!("{bond} {stiffness} {n} 1e-{exponent} {axis:?} {outcome}");
                        assert_ne!(verdict, Verdict::Confirmed, "{what}, {method:?}");
                    }
                    let [newton, _] = methods(true_index, tolerance);
                    let (_, verdict) = verdict(chain, &x, &newton);
                    all += 1;
                    right += usize::from(verdict == Verdict::Confirmed);
                    // What a gradient of 1e-3 of the bend's curvature leaves is straight.
                    assert!(
                        exponent < 4 || verdict == Verdict::Confirmed,
                        "{bond} {stiffness} {n} {off:e}: {verdict}"
                    );
                }
            }
        }
    }
    println!("{right} of {all} confirmed");
}

/// One degree and more is bent: six motions, and no curvature left that can't be told from zero.
#[test]
fn a_bent_molecule_is_bent() {
    for degrees in [0.5, 1.0, 3.0, 20.0] {
        let angle = f64::to_radians(degrees);
        // The curvature of the bend is stiffness sin²: about 1.
        let chain = Chain { bond: 1.0, stiffness: angle.sin().powi(-2), bent: Some(angle) };
        for (n, zigzag) in [(3, false), (4, false), (4, true), (8, true)] {
            let x = chain.bent_by(n, angle, zigzag);
            let space = FreeBody::new(&x);
            assert_eq!(space.motions(), 6, "{degrees}° {n} {zigzag}");
        }
        // In longer chains torsions have no energy.
        let mut x = chain.bent_by(3, angle, false);
        x.iter_mut().enumerate().for_each(|(i, x)| *x += 1e-4 * noise(5, i as u64));
        let [newton, _] = methods(0, 1e-6);
        assert_eq!(
            verdict(chain, &x, &newton),
            (Outcome::Converged, Verdict::Confirmed),
            "{degrees}°"
        );
    }
}

#[test]
fn motions_are_counted_for_every_shape_and_mass() {
    let chain = Chain { bond: 1.4, stiffness: 1.0, bent: None };
    for axis in AXES {
        for n in [2, 3, 10] {
            for off in [0.0, 1e-14, 1e-10, 1e-6, 1e-4] {
                let x = chain.straight(n, axis, off, 3);
                assert_eq!(FreeBody::new(&x).motions(), 5, "{axis:?} {n} {off}");
                let masses: Vec<f64> =
                    (0..n).map(|i| if i % 2 == 0 { 1.0 } else { 200.0 }).collect();
                let far: Vec<f64> = x.iter().map(|x| x + 100.0).collect();
                let q: Vec<f64> =
                    far.iter().enumerate().map(|(i, x)| x * masses[i / 3].sqrt()).collect();
                assert_eq!(FreeBody::weighted(&q, &masses).motions(), 5, "{axis:?} {n} {off}");
            }
        }
    }
    assert_eq!(FreeBody::new(&[3.0, 4.0, 5.0]).motions(), 3);
    assert_eq!(FreeBody::new(&[3.1, 4.2, 5.3].repeat(4)).motions(), 3, "atoms at one place");
    let pair = [[1.1, 2.2, 3.3], [1.1, 2.2, 3.3], [2.0, 2.2, 3.3]].concat();
    assert_eq!(FreeBody::new(&pair).motions(), 5, "two of three at one place");
    let mut corner = pair;
    corner.extend([1.1, 3.0, 3.3]);
    assert_eq!(FreeBody::new(&corner).motions(), 6);
    assert_eq!(FreeBody::new(&[]).motions(), 0);
}

/// Repulsive Gaussians in a cubic cell of edge 1: moves of the whole change nothing, turns do.
fn cell(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    let (n, width) = (x.len() / 3, 0.22);
    let (mut energy, mut slope) = (0.0, vec![0.0; x.len()]);
    for i in 0..n {
        for j in 0..i {
            // A product of sums over images, one for each direction.
            let sums = [0, 1, 2].map(|a| {
                let d = x[3 * i + a] - x[3 * j + a];
                let d = d - d.round();
                let (mut sum, mut change) = (0.0, 0.0);
                for image in -3..=3 {
                    let r = d + f64::from(image);
                    let term = (-r * r / (2.0 * width * width)).exp();
                    sum += term;
                    change -= r / (width * width) * term;
                }
                (sum, change)
            });
            energy += sums[0].0 * sums[1].0 * sums[2].0;
            for a in 0..3 {
                let push = sums[a].1 * sums[(a + 1) % 3].0 * sums[(a + 2) % 3].0;
                slope[3 * i + a] += push;
                slope[3 * j + a] -= push;
            }
        }
    }
    if let Some(g) = g {
        g.copy_from_slice(&slope);
    }
    energy
}

/// Ascending eigenvalues of a symmetric matrix: cyclic Jacobi.
fn eigenvalues(mut m: Vec<f64>, n: usize) -> Vec<f64> {
    for _ in 0..60 {
        for i in 0..n {
            for j in 0..i {
                let b = m[i * n + j];
                if b == 0.0 {
                    continue;
                }
                let (sin, cos) = (0.5 * (2.0 * b).atan2(m[i * n + i] - m[j * n + j])).sin_cos();
                for k in 0..n {
                    let (p, q) = (m[i * n + k], m[j * n + k]);
                    (m[i * n + k], m[j * n + k]) = (cos * p + sin * q, cos * q - sin * p);
                }
                for k in 0..n {
                    let (p, q) = (m[k * n + i], m[k * n + j]);
                    (m[k * n + i], m[k * n + j]) = (cos * p + sin * q, cos * q - sin * p);
                }
            }
        }
    }
    let mut values: Vec<f64> = (0..n).map(|i| m[i * n + i]).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn spectrum(x: &[f64]) -> Vec<f64> {
    let (n, h) = (x.len(), 1e-5); // truncation h² and rounding ε/h are both near 1e-10
    let mut hessian = vec![0.0; n * n];
    for i in 0..n {
        let [ahead, behind] = [h, -h].map(|h| {
            let (mut y, mut g) = (x.to_vec(), vec![0.0; n]);
            y[i] += h;
            cell(&y, Some(&mut g));
            g
        });
        for j in 0..n {
            let entry = (ahead[j] - behind[j]) / (4.0 * h);
            hessian[i * n + j] += entry;
            hessian[j * n + i] += entry;
        }
    }
    eigenvalues(hessian, n)
}

fn gradient_norm(x: &[f64]) -> f64 {
    let mut g = vec![0.0; x.len()];
    cell(x, Some(&mut g));
    norm(&g)
}

fn cell_starts() -> impl Iterator<Item = (u64, Vec<f64>)> {
    (0..16).map(|seed| (seed, (0..12).map(|i| 0.5 + 0.29 * noise(seed, i)).collect()))
}

/// Steps of a tenth of a cell's edge.
fn cell_methods(index: usize) -> [Method; 2] {
    let mut methods = methods(index, 1e-6);
    for method in &mut methods {
        match method {
            Method::Newton(s) => {
                (s.length_scale, s.radius, s.max_radius, s.probe) = (0.1, 0.03, 0.1, 1e-5);
            }
            Method::MinMode(s) => (s.max_step, s.max_rotations) = (0.03, 12),
            Method::Auto(_) => unreachable!("methods() has none"),
        }
    }
    methods
}

#[test]
fn a_periodic_cell_without_its_translations_has_true_saddles() {
    let settings = VerificationSettings::default();
    let mut spent = vec![];
    for (seed, x) in cell_starts() {
        for method in cell_methods(1) {
            let space_at = |x: &[f64]| FreeBody::periodic(x);
            let end = find(space_at, &mut FromFn(cell), &x[..], None, &method, &settings).unwrap();
            if end.is_confirmed() {
                assert!(gradient_norm(&end.found.x) < 2e-6, "{seed}");
                let dense = spectrum(&end.found.x);
                assert_eq!(dense.iter().filter(|l| **l < -1e-4).count(), 1, "{seed}: {dense:?}");
                assert!((end.curvatures[0] - dense[0]).abs() < 1e-3 * dense[0].abs());
                spent.push(end.found.counts.gradients());
            }
        }
    }
    spent.sort_unstable();
    println!("{} of 32 confirmed: {spent:?}", spent.len());
    assert!(spent.len() >= 16, "{spent:?}");
}

/// Turns are no symmetry of a cell: nothing that isn't stationary is called so, and nothing is confirmed that a space
/// which leaves them out can't know.
#[test]
fn a_periodic_cell_that_is_taken_for_a_free_cluster_is_told() {
    let settings = VerificationSettings::default();
    let mut told = 0;
    for (seed, x) in cell_starts() {
        for index in 0..2 {
            for method in cell_methods(index) {
                let space_at = |x: &[f64]| FreeBody::new(x);
                let end =
                    find(space_at, &mut FromFn(cell), &x[..], None, &method, &settings).unwrap();
                if end.found.outcome == Outcome::Converged {
                    assert!(gradient_norm(&end.found.x) < 2e-6, "{seed}: {method:?}");
                }
                if end.is_confirmed() {
                    let dense = spectrum(&end.found.x);
                    let negative = dense.iter().filter(|l| **l < -1e-4).count();
                    assert_eq!(negative, index, "{seed}: {dense:?}");
                }
                told += usize::from(end.found.outcome == Outcome::NotInvariant);
            }
        }
    }
    println!("{told} of 64 told");
    assert!(told >= 32, "{told}");
}

/// In the space of all coordinates the translations are directions of zero curvature, which rounding makes negative.
#[test]
fn a_curvature_of_rounding_is_not_negative() {
    let settings = VerificationSettings::default();
    let (mut flat, mut minima) = (0, 0);
    for (seed, x) in cell_starts() {
        let host = |_: &[f64]| Host::<f64>::new();
        let [down, _] = cell_methods(0);
        let minimum = find(host, &mut FromFn(cell), &x[..], None, &down, &settings).unwrap();
        if minimum.found.outcome != Outcome::Converged || spectrum(&minimum.found.x)[0] < -1e-4 {
            continue;
        }
        minima += 1;
        for method in cell_methods(1) {
            let x = &minimum.found.x[..];
            let end = find(host, &mut FromFn(cell), x, None, &method, &settings).unwrap();
            if end.found.outcome == Outcome::Converged {
                let dense = spectrum(&end.found.x);
                assert!(dense[0] < -1e-4, "{seed} {method:?}: {dense:?}");
            }
            flat += usize::from(end.found.outcome == Outcome::Flat);
        }
    }
    println!("{flat} of {} flat", 2 * minima);
    assert!(minima >= 8 && flat >= minima / 2, "{flat} {minima}");
}

/// A net force shows that a function isn't invariant, with masses as without.
#[test]
fn a_field_that_pulls_is_seen() {
    let pulled = |x: &[f64], g: Option<&mut [f64]>| {
        let chain = Chain { bond: 1.0, stiffness: 2.0, bent: Some(1.0) };
        let value = chain.energy(x, None) + 0.05 * x[0];
        if let Some(g) = g {
            chain.energy(x, Some(&mut *g));
            g[0] += 0.05;
        }
        value
    };
    let masses = [1.0, 12.0, 16.0];
    let x = Chain { bond: 1.0, stiffness: 2.0, bent: None }.bent_by(3, 0.9, false);
    for method in methods(0, 1e-4) {
        let settings = VerificationSettings::default();
        let end = find(
            |x: &[f64]| FreeBody::new(x),
            &mut FromFn(pulled),
            &x[..],
            None,
            &method,
            &settings,
        );
        assert_eq!(end.unwrap().found.outcome, Outcome::NotInvariant, "{method:?}");
        let mut weighted = MassWeighted::new(FromFn(pulled), &masses);
        let mut q = x.clone();
        weighted.weight(&mut q);
        let space_at = |q: &[f64]| FreeBody::weighted(q, &masses);
        let end = find(space_at, &mut weighted, &q[..], None, &method, &settings).unwrap();
        assert_eq!(end.found.outcome, Outcome::NotInvariant, "{method:?}");
    }
    // The field alone is a constant gradient.
    let mut g = [0.0; 9];
    FromFn(pulled).value_grad(&x, &mut g);
    assert!(g.iter().step_by(3).sum::<f64>() > 0.049);
}

/// Noise has parts along all motions, which says nothing of what the function does along them.
#[test]
fn noise_is_no_lack_of_a_symmetry() {
    let chain = Chain { bond: 1.0, stiffness: 5.0, bent: Some(0.8) };
    let (mut not_known, mut confirmed) = (0, 0);
    for exponent in [12, 9, 8, 7, 6] {
        let size = 10f64.powi(-exponent);
        for seed in 0..12 {
            let noisy = |x: &[f64], g: Option<&mut [f64]>| {
                // A function of x, as the rounding of a long sum is.
                let bits = x.iter().fold(seed, |bits, x| noise(bits, x.to_bits()).to_bits());
                let value = chain.energy(x, None);
                if let Some(g) = g {
                    chain.energy(x, Some(&mut *g));
                    g.iter_mut().enumerate().for_each(|(i, g)| *g += size * noise(bits, i as u64));
                }
                value
            };
            let mut x = chain.bent_by(3, 0.8, false);
            x.iter_mut().enumerate().for_each(|(i, x)| *x += 0.02 * noise(seed, i as u64));
            for method in methods(0, 1e-6 + 30.0 * size) {
                let settings = VerificationSettings { flat: 1e-4, ..Default::default() };
                let space_at = |x: &[f64]| FreeBody::new(x);
                let end = find(space_at, &mut FromFn(noisy), &x[..], None, &method, &settings);
                let end = end.unwrap();
                let context = format!("1e-{exponent} {seed} {:?}", end.curvatures);
                assert_ne!(end.verdict, Verdict::NotInvariant, "{context}");
                let known = end.verdict != Verdict::Unresolved && end.verdict != Verdict::Flat;
                not_known += usize::from(!known);
                confirmed += usize::from(end.is_confirmed());
                assert!(exponent < 12 || end.is_confirmed(), "{context}: {}", end.verdict);
            }
        }
    }
    println!("{confirmed} confirmed, {not_known} not known");
}
