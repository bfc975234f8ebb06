//! Symmetric stationary points of Lennard-Jones clusters, whose modes are degenerate by symmetry, and their true indices.
//!
//! A cluster is a union of orbits of its point group; each orbit is a few free numbers (radii, heights) times fixed
//! directions, x = Σ p_k B_k. The gradient at a symmetric point is symmetric itself, a combination of the B_k: where the
//! few ⟨B_k, g⟩ vanish, all of g does, and a search in p finds points that no search among all coordinates would stay at.
//!
//! The index is that of the closed Hessian by Jacobi's method, the rigid motions taken out here by their own code.
#![allow(dead_code, unreachable_pub)] // a module of a test binary and of an example

use deo_core::noise::noise;
use deo_core::space::FreeBody;
use deo_saddle::{Verdict, Verification, VerificationSettings};
use std::f64::consts::PI;

/// Σ 4(r⁻¹² − r⁻⁶) over pairs, atom by atom, and its gradient.
pub fn energy(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    let (mut energy, mut slope) = (0.0, vec![0.0; x.len()]);
    for_pairs(x, |i, j, d, square| {
        let [value, first, _] = pair(square);
        energy += value;
        for a in 0..3 {
            slope[3 * i + a] += 2.0 * first * d[a];
            slope[3 * j + a] -= 2.0 * first * d[a];
        }
    });
    if let Some(g) = g {
        g.copy_from_slice(&slope);
    }
    energy
}

/// V, dV/ds and d²V/ds² at s = r².
fn pair(s: f64) -> [f64; 3] {
    let u = s.powi(-3);
    [4.0 * u * (u - 1.0), 4.0 * u * (3.0 - 6.0 * u) / s, 4.0 * u * (42.0 * u - 12.0) / (s * s)]
}

fn for_pairs(x: &[f64], mut visit: impl FnMut(usize, usize, [f64; 3], f64)) {
    for i in 0..x.len() / 3 {
        for j in 0..i {
            let d = [0, 1, 2].map(|a| x[3 * i + a] - x[3 * j + a]);
            visit(i, j, d, d.iter().map(|d| d * d).sum());
        }
    }
}

fn hessian(x: &[f64]) -> Vec<f64> {
    let n = x.len();
    let mut hessian = vec![0.0; n * n];
    for_pairs(x, |i, j, d, square| {
        let [_, slope, curvature] = pair(square);
        for a in 0..3 {
            for b in 0..3 {
                let same = if a == b { 2.0 * slope } else { 0.0 };
                let entry = 4.0 * curvature * d[a] * d[b] + same;
                let (ia, ib, ja, jb) = (3 * i + a, 3 * i + b, 3 * j + a, 3 * j + b);
                hessian[ia * n + ib] += entry;
                hessian[ja * n + jb] += entry;
                hessian[ia * n + jb] -= entry;
                hessian[ja * n + ib] -= entry;
            }
        }
    });
    hessian
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Ascending curvatures at x without those of the rigid motions.
pub fn spectrum(x: &[f64]) -> Vec<f64> {
    let n = x.len();
    let mut motions: Vec<Vec<f64>> = Vec::new();
    for motion in 0..6 {
        let k = motion % 3;
        let (p, q) = ((k + 1) % 3, (k + 2) % 3);
        let mut z = vec![0.0; n];
        for (z, r) in z.chunks_exact_mut(3).zip(x.chunks_exact(3)) {
            if motion < 3 {
                z[k] = 1.0;
            } else {
                (z[p], z[q]) = (-r[q], r[p]);
            }
        }
        motions.push(z);
    }
    // Orthonormal, moves first, then the turn that moves most: the last one is the width of a straight cluster.
    let mut rigid: Vec<Vec<f64>> = Vec::new();
    while !motions.is_empty() {
        for z in &mut motions {
            for known in &rigid {
                let along = dot(known, z);
                z.iter_mut().zip(known).for_each(|(z, k)| *z -= along * k);
            }
        }
        let size = |z: &Vec<f64>| dot(z, z);
        let places = 0..if rigid.len() < 3 { 1 } else { motions.len() };
        let by_size = |a: &usize, b: &usize| size(&motions[*a]).total_cmp(&size(&motions[*b]));
        let mut z = motions.remove(places.max_by(by_size).unwrap());
        let left = dot(&z, &z).sqrt();
        // The turn of a straight cluster about its axis is none, and that of one left straight but for 1e-5 by a search.
        if left > 1e-3 {
            z.iter_mut().for_each(|z| *z /= left);
            rigid.push(z);
        }
    }
    // The motions get a curvature above all others, so that they are the last ones.
    let mut h = hessian(x);
    let above =
        2.0 * (0..n).map(|i| h[i * n..][..n].iter().map(|h| h.abs()).sum()).fold(0.0, f64::max);
    for z in &rigid {
        for i in 0..n {
            for j in 0..n {
                h[i * n + j] += above * z[i] * z[j];
            }
        }
    }
    let mut values: Vec<f64> =
        super::dense::eigen(&h).into_iter().map(|(value, _)| value).collect();
    values.truncate(n - rigid.len());
    values
}

/// The verdict on a claim, and its gradients.
pub fn verify(x: &[f64], settings: VerificationSettings) -> (Verdict, u64) {
    let space = FreeBody::new(x);
    let mut verification = Verification::new(&space, x, settings).unwrap();
    let mut g = vec![0.0; x.len()];
    while let Some(point) = verification.ask() {
        energy(point, Some(&mut g));
        verification.tell(&space, &g);
    }
    (verification.verdict(), verification.gradients())
}

/// A stationary point and what is known of it.
#[derive(Debug, Clone)]
pub struct Point {
    pub name: String,
    pub x: Vec<f64>,
    pub energy: f64,
    pub gradient: f64,
    /// Without the rigid motions, ascending.
    pub curvatures: Vec<f64>,
}

impl Point {
    pub fn new(name: String, x: Vec<f64>) -> Self {
        let mut g = vec![0.0; x.len()];
        let energy = energy(&x, Some(&mut g));
        Point { name, energy, gradient: dot(&g, &g).sqrt(), curvatures: spectrum(&x), x }
    }

    pub fn atoms(&self) -> usize {
        self.x.len() / 3
    }

    pub fn index(&self) -> usize {
        self.curvatures.iter().filter(|c| **c < 0.0).count()
    }

    /// A curvature below 1e-6 of the largest: the index is one of roundings.
    pub fn is_flat(&self) -> bool {
        let largest = self.curvatures.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
        self.curvatures.iter().any(|c| c.abs() < 1e-6 * largest)
    }

    /// Whether two of the k + 1 lowest curvatures, or the next, are equal.
    pub fn is_degenerate(&self, k: usize) -> bool {
        self.curvatures.windows(2).take(k + 1).any(|c| c[1] - c[0] < 1e-7 * c[1].abs().max(1.0))
    }
}

/// Atoms that the point group permutes: one direction for each free number, and where the numbers start.
#[derive(Clone)]
struct Orbit {
    name: String,
    directions: Vec<Vec<f64>>,
    range: Vec<(f64, f64)>,
}

const HEIGHT: (f64, f64) = (-1.9, 1.9);
const HALF: (f64, f64) = (0.4, 1.9);

fn centre() -> Orbit {
    Orbit { name: "c".to_owned(), directions: vec![vec![0.0; 3]], range: vec![(0.0, 0.0)] }
}

/// Atoms on one sphere.
fn shell(name: &str, atoms: Vec<[f64; 3]>) -> Orbit {
    let unit = |r: [f64; 3]| r.map(|c| c / dot(&r, &r).sqrt());
    Orbit {
        name: name.to_owned(),
        directions: vec![atoms.into_iter().flat_map(unit).collect()],
        range: vec![(0.6, 1.8)],
    }
}

/// Rings of n atoms at heights that are `signs` times a number of the orbit, twisted by so many half steps of the ring.
fn rings(name: &str, n: usize, rings: &[(f64, f64)], height: Option<(f64, f64)>) -> Orbit {
    let (mut radial, mut axial) = (vec![], vec![]);
    for (sign, twist) in rings {
        for k in 0..n {
            let angle = PI * (2.0 * k as f64 + twist) / n as f64;
            radial.extend([angle.cos(), angle.sin(), 0.0]);
            axial.extend([0.0, 0.0, *sign]);
        }
    }
    // From bonds of 0.95 around a ring to twice as much.
    let ring = 0.475 / (PI / n as f64).sin();
    let (mut directions, mut ranges) = (vec![radial], vec![(ring, 2.0 * ring)]);
    if let Some(range) = height {
        directions.push(axial);
        ranges.push(range);
    }
    Orbit { name: format!("{name}{n}"), directions, range: ranges }
}

fn on_axis(signs: &[f64], range: (f64, f64)) -> Orbit {
    let name = if signs.len() == 1 { "a" } else { "aa" };
    let direction = signs.iter().flat_map(|s| [0.0, 0.0, *s]).collect();
    Orbit { name: name.to_owned(), directions: vec![direction], range: vec![range] }
}

/// Even permutations of (±a, ±b, ±c), each once.
fn cyclic(a: f64, b: f64, c: f64) -> Vec<[f64; 3]> {
    let mut atoms: Vec<[f64; 3]> = vec![];
    for signs in 0..8 {
        let sign = |bit: usize| if signs >> bit & 1 == 1 { -1.0 } else { 1.0 };
        let (a, b, c) = (sign(0) * a, sign(1) * b, sign(2) * c);
        for r in [[a, b, c], [b, c, a], [c, a, b]] {
            if !atoms.contains(&r) {
                atoms.push(r);
            }
        }
    }
    atoms
}

/// A point group by the orbits it has, each with how many of them a cluster may have.
struct Group {
    name: String,
    orbits: Vec<(Orbit, usize)>,
}

fn groups() -> Vec<Group> {
    let golden = (1.0 + 5f64.sqrt()) / 2.0;
    let half = |even: bool| {
        let atoms = cyclic(1.0, 1.0, 1.0).into_iter();
        atoms.filter(|r| (r[0] * r[1] * r[2] > 0.0) == even).collect::<Vec<_>>()
    };
    let octahedron = || shell("octahedron", cyclic(1.0, 0.0, 0.0));
    let cuboctahedron = || shell("cuboctahedron", cyclic(1.0, 1.0, 0.0));
    let mut groups = vec![
        Group {
            name: "chain".to_owned(),
            orbits: vec![(centre(), 1), (on_axis(&[1.0, -1.0], (0.4, 4.0)), 3)],
        },
        Group {
            name: "Td".to_owned(),
            orbits: vec![
                (centre(), 1),
                (shell("tetrahedron", half(true)), 2),
                (shell("inverse", half(false)), 1),
                (octahedron(), 1),
            ],
        },
        Group {
            name: "Oh".to_owned(),
            orbits: vec![
                (centre(), 1),
                (octahedron(), 2),
                (shell("cube", cyclic(1.0, 1.0, 1.0)), 1),
                (cuboctahedron(), 1),
            ],
        },
        Group {
            name: "Ih".to_owned(),
            orbits: vec![(centre(), 1), (shell("icosahedron", cyclic(0.0, 1.0, golden)), 1)],
        },
    ];
    for n in 3..=12 {
        groups.push(Group {
            name: format!("D{n}h"),
            orbits: vec![
                (centre(), 1),
                (on_axis(&[1.0, -1.0], HALF), 2),
                (rings("ring", n, &[(0.0, 0.0)], None), 2),
                (rings("twisted", n, &[(0.0, 1.0)], None), 2),
                (rings("prism", n, &[(1.0, 0.0), (-1.0, 0.0)], Some(HALF)), 2),
                (rings("twisted-prism", n, &[(1.0, 1.0), (-1.0, 1.0)], Some(HALF)), 1),
            ],
        });
    }
    for n in 2..=6 {
        groups.push(Group {
            name: format!("D{n}d"),
            orbits: vec![
                (centre(), 1),
                (on_axis(&[1.0, -1.0], HALF), 2),
                (rings("antiprism", n, &[(1.0, 0.0), (-1.0, 1.0)], Some(HALF)), 2),
                (rings("quarter", 2 * n, &[(0.0, 1.0)], None), 1),
            ],
        });
    }
    for n in 3..=6 {
        groups.push(Group {
            name: format!("C{n}v"),
            orbits: vec![
                (on_axis(&[1.0], HEIGHT), 3),
                (rings("ring", n, &[(1.0, 0.0)], Some(HEIGHT)), 3),
                (rings("twisted", n, &[(1.0, 1.0)], Some(HEIGHT)), 2),
            ],
        });
    }
    groups
}

/// All points found with up to `atoms` atoms from `starts` starts for each union of orbits, no two of the same number of
/// atoms and energy; a group that comes earlier names one.
pub fn stationary_points(atoms: usize, starts: u64) -> Vec<Point> {
    let mut points: Vec<Point> = vec![];
    for (number, group) in groups().into_iter().enumerate() {
        let mut counts = vec![0; group.orbits.len()];
        // All unions: counts is a number with one digit for each orbit.
        let below = |counts: &[usize]| (0..counts.len()).find(|i| counts[*i] < group.orbits[*i].1);
        while let Some(digit) = below(&counts) {
            counts[..digit].fill(0);
            counts[digit] += 1;
            let orbits: Vec<&Orbit> = (group.orbits.iter().zip(&counts))
                .flat_map(|((orbit, _), count)| std::iter::repeat_n(orbit, *count))
                .collect();
            let size: usize = orbits.iter().map(|o| o.directions[0].len() / 3).sum();
            if size < 2 || size > atoms {
                continue;
            }
            let name = orbits.iter().map(|o| o.name.as_str()).collect::<Vec<_>>().join("+");
            for start in 0..starts {
                let seed = 1000 * number as u64 + start;
                let Some(x) = relaxed(&orbits, seed) else { continue };
                let energy = energy(&x, None);
                let same = |p: &Point| {
                    p.x.len() == x.len() && (p.energy - energy).abs() < 1e-8 * energy.abs().max(1.0)
                };
                if points.iter().any(same) {
                    continue;
                }
                let point = Point::new(format!("{} {name}", group.name), x);
                if point.gradient <= 1e-10 {
                    points.push(point);
                }
            }
        }
    }
    points
}

/// A stationary point among the unions of these orbits: a least ‖Bᵀg‖ by Levenberg's method, which goes to saddles as to
/// minima.
fn relaxed(orbits: &[&Orbit], seed: u64) -> Option<Vec<f64>> {
    let n: usize = orbits.iter().map(|o| o.directions[0].len()).sum();
    let (mut basis, mut p, mut at): (Vec<Vec<f64>>, Vec<f64>, usize) = (vec![], vec![], 0);
    for orbit in orbits {
        for (direction, (low, high)) in orbit.directions.iter().zip(&orbit.range) {
            let mut b = vec![0.0; n];
            b[at..at + direction.len()].copy_from_slice(direction);
            // Deviates have mean zero and variance one: a uniform one is its share below.
            let share = 0.5 + 0.5 * (0.7 * noise(seed, p.len() as u64)).tanh();
            if dot(&b, &b) > 0.0 {
                basis.push(b);
                p.push(low + (high - low) * share);
            }
        }
        at += orbit.directions[0].len();
    }
    let point = |p: &[f64]| {
        let mut x = vec![0.0; n];
        for (p, b) in p.iter().zip(&basis) {
            x.iter_mut().zip(b).for_each(|(x, b)| *x += p * b);
        }
        x
    };
    let forces = |x: &[f64]| {
        let mut g = vec![0.0; n];
        energy(x, Some(&mut g));
        basis.iter().map(|b| dot(b, &g)).collect::<Vec<f64>>()
    };
    let m = p.len();
    let (mut damping, mut x) = (1e-1, point(&p));
    if nearest(&x).0 < 0.7 {
        return None;
    }
    let mut f = forces(&x);
    // Every other start goes down first: what is stable but for the loss of its symmetry has a low index.
    let mut cap = if seed.is_multiple_of(2) { 0.1 } else { 0.0 };
    let mut value = energy(&x, None);
    for _ in 0..400 {
        if cap < 1e-4 {
            break;
        }
        let scale = cap / dot(&f, &f).sqrt();
        let q: Vec<f64> = p.iter().zip(&f).map(|(p, f)| p - scale.min(1e-2) * f).collect();
        let y = point(&q);
        let lower = energy(&y, None);
        if lower < value {
            (p, x, value) = (q, y, lower);
            f = forces(&x);
        } else {
            cap *= 0.5;
        }
    }
    for _ in 0..300 {
        let size = dot(&f, &f).sqrt();
        if size < 3e-14 * n as f64 {
            break;
        }
        let h = hessian(&x);
        let products: Vec<Vec<f64>> =
            basis.iter().map(|b| h.chunks_exact(n).map(|row| dot(row, b)).collect()).collect();
        let jacobian: Vec<Vec<f64>> =
            products.iter().map(|hb| basis.iter().map(|b| dot(hb, b)).collect()).collect();
        let right: Vec<f64> = jacobian.iter().map(|column| -dot(column, &f)).collect();
        let normal = |i: usize, j: usize| dot(&jacobian[i], &jacobian[j]);
        let scale = (0..m).map(|i| normal(i, i)).fold(0.0, f64::max);
        let mut moved = false;
        while damping < 1e6 {
            let mut a: Vec<Vec<f64>> =
                (0..m).map(|i| (0..m).map(|j| normal(i, j)).collect()).collect();
            (0..m).for_each(|i| a[i][i] += damping * scale.max(1e-300) + 1e-13 * scale);
            let step = solve(a, right.clone());
            let cap = (0.2 / dot(&step, &step).sqrt()).min(1.0);
            let q: Vec<f64> = p.iter().zip(&step).map(|(p, s)| p + cap * s).collect();
            let y = point(&q);
            let next = forces(&y);
            if dot(&next, &next).sqrt() < size {
                (p, x, f, moved) = (q, y, next, true);
                damping *= 0.1;
                break;
            }
            damping = (damping * 10.0).max(1e-12);
        }
        if !moved {
            break;
        }
    }
    let (least, most) = nearest(&x);
    // Atoms at one place, or a part that has gone.
    (least > 0.8 && most < 1.5 && dot(&f, &f).sqrt() < 1e-10).then_some(x)
}

/// The least and the largest distance of an atom from the one nearest to it.
fn nearest(x: &[f64]) -> (f64, f64) {
    let mut nearest = vec![f64::INFINITY; x.len() / 3];
    for_pairs(x, |i, j, _, square| {
        for i in [i, j] {
            nearest[i] = nearest[i].min(square.sqrt());
        }
    });
    let most = nearest.iter().copied().fold(0.0, f64::max);
    (nearest.into_iter().fold(f64::INFINITY, f64::min), most)
}

/// A few equations by elimination; the matrix is positive.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let m = b.len();
    for k in 0..m {
        for i in k + 1..m {
            let factor = a[i][k] / a[k][k];
            for j in k..m {
                a[i][j] -= factor * a[k][j];
            }
            b[i] -= factor * b[k];
        }
    }
    for k in (0..m).rev() {
        b[k] = (b[k] - (k + 1..m).map(|j| a[k][j] * b[j]).sum::<f64>()) / a[k][k];
    }
    b
}
