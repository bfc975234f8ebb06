//! Model Hessians: against energies that are written down here, and in searches with models that are right and wrong.

use deo_core::noise::noise;
use deo_core::space::{FreeBody, Host};
use deo_saddle::{
    FromHessian, Goal, Lindh, Matrix, ModelHessian, NewtonSearch, NewtonSettings, NoModel, Outcome,
    Springs, Structure,
};

const HARTREE: f64 = 27.211_386_245_988;
const BOHR: f64 = 0.529_177_210_903;

fn structure(numbers: &[u8], x: &[f64]) -> Structure {
    Structure::new(numbers, x).expect("a good structure")
}

fn matrix(model: &mut dyn ModelHessian<[f64]>, x: &[f64], gradient: &[f64]) -> Vec<f64> {
    assert!(model.prepare(x, gradient));
    let n = x.len();
    let mut rows = Vec::new();
    for i in 0..n {
        let (mut e, mut row) = (vec![0.0; n], vec![0.0; n]);
        e[i] = 1.0;
        model.apply(&e, &mut row);
        rows.extend(row);
    }
    rows
}

fn sub(x: &[f64], i: usize, j: usize) -> [f64; 3] {
    std::array::from_fn(|c| x[3 * j + c] - x[3 * i + c])
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// HOOH, its bonds at the reference lengths of the model's second row or shorter, so that none is taken for breaking.
const HOOH: [f64; 12] = [0.85, 0.3, 0.1, 0.0, 0.62, 0.0, 0.0, -0.62, 0.05, -0.4, -0.9, 0.75];

/// Lindh's paper, eqs. 1–4, as an energy ½Σ k(q − q₀)² of all pairs, chains of three and of four of HOOH, k fixed at `at`.
fn energy(at: &[f64], x: &[f64]) -> f64 {
    let row = [0, 1, 1, 0];
    let alpha = [[1.0, 0.3949], [0.3949, 0.28]];
    let reference = [[1.35, 2.10], [2.10, 2.87]];
    let rho = |i: usize, j: usize| {
        let d = sub(at, i, j);
        let (a, b) = (row[i], row[j]);
        f64::exp(alpha[a][b] * (reference[a][b] * reference[a][b] - dot(d, d) / BOHR.powi(2)))
    };
    let stretch = |x: &[f64], i, j| {
        let d = sub(x, i, j);
        dot(d, d).sqrt() / BOHR
    };
    let bend = |x: &[f64], i, j, k| {
        let (u, v) = (sub(x, j, i), sub(x, j, k));
        (dot(u, v) / (dot(u, u) * dot(v, v)).sqrt()).acos()
    };
    let torsion = |x: &[f64], i, j, k, l| {
        let (u, v, w) = (sub(x, i, j), sub(x, j, k), sub(x, k, l));
        let (m, n) = (cross(u, v), cross(v, w));
        let sign = dot(u, n).signum();
        sign * (dot(m, n) / (dot(m, m) * dot(n, n)).sqrt()).acos()
    };
    let mut sum = 0.0;
    let mut term = |k: f64, q: f64, q0: f64| sum += 0.5 * k * (q - q0).powi(2);
    for i in 0..4 {
        for j in 0..4 {
            if i < j {
                term(0.45 * rho(i, j), stretch(x, i, j), stretch(at, i, j));
            }
            for k in 0..4 {
                let ijk = rho(i, j) * rho(j, k);
                if i < k && j != i && j != k && ijk >= 1e-4 {
                    term(0.15 * ijk, bend(x, i, j, k), bend(at, i, j, k));
                }
                for l in 0..4 {
                    let distinct = i < l && j != i && j != k && j != l && k != i && k != l;
                    let ijkl = ijk * rho(k, l);
                    if distinct && ijk >= 1e-4 && ijkl > 1e-4 {
                        term(0.005 * ijkl, torsion(x, i, j, k, l), torsion(at, i, j, k, l));
                    }
                }
            }
        }
    }
    sum * HARTREE
}

/// The paper's formula by finite differences of an energy that shares no code with it.
#[test]
fn lindh_is_the_second_derivative_of_its_terms() {
    let x = HOOH;
    let h = matrix(&mut Lindh::new(structure(&[1, 8, 8, 1], &x)), &x, &[0.0; 12]);
    let step = 1e-3;
    for i in 0..12 {
        for j in 0..12 {
            let at = |si: f64, sj: f64| {
                let mut y = x;
                y[i] += si * step;
                y[j] += sj * step;
                energy(&x, &y)
            };
            let mixed = at(1.0, 1.0) - at(1.0, -1.0) - at(-1.0, 1.0) + at(-1.0, -1.0);
            let exact = mixed / (4.0 * step * step);
            // Fourth derivatives of 1e3 eV/Å⁴ at stretches of 1e-3 Å.
            assert!((h[12 * i + j] - exact).abs() < 5e-3, "{i} {j}: {} {exact}", h[12 * i + j]);
        }
    }
}

/// What a gradient adds, and the change of the gradient, belong to one energy: the matrix is the derivative of the change.
#[test]
fn the_change_of_the_gradient_has_the_matrix_as_its_derivative() {
    let x = HOOH;
    let space = FreeBody::new(&x[..]);
    let mut g: Vec<f64> = (0..12).map(|i| noise(3, i)).collect();
    // No force or torque on the whole.
    deo_core::Space::deflate(&space, 0.0, &[0.0; 12][..], &mut g[..]);
    let mut model = Lindh::new(structure(&[1, 8, 8, 1], &x));
    let h = matrix(&mut model, &x, &g);
    for j in 0..12 {
        let column = |step: f64| {
            let (mut y, mut change) = (x, [0.0; 12]);
            y[j] += step;
            assert!(model.clone().change(&x, &g, &y, &mut change));
            change
        };
        let (up, down) = (column(1e-4), column(-1e-4));
        for i in 0..12 {
            let slope = (up[i] - down[i]) / 2e-4;
            assert!((h[12 * i + j] - slope).abs() < 1e-3, "{i} {j}: {} {slope}", h[12 * i + j]);
        }
    }
}

/// A turn of a bond by half a radian leaves its length.
#[test]
fn a_step_follows_the_bonds() {
    let x = [0.0, 0.0, 0.0, 0.95, 0.0, 0.0, -0.3, 0.9, 0.0];
    let mut model = Lindh::new(structure(&[8, 1, 1], &x));
    let (mut step, mut to) = ([0.0; 9], [0.0; 9]);
    step[5] = 0.5 * 0.95;
    assert!(model.follow(&x, &step, &mut to));
    let bond = sub(&to, 0, 1);
    let length = dot(bond, bond).sqrt();
    assert!((length - 0.95).abs() < 0.03, "{length}");
    // Straight on it would be 1.06.
    assert!(to[5] > 0.25, "{to:?}");
}

/// Atoms apart by a lattice vector are the same atoms, and what doesn't move holds what does.
#[test]
fn springs_know_images_and_frozen_atoms() {
    let inside = [0.0, 0.0, 0.0, 2.5, 0.0, 0.0, 5.0, 0.0, 0.0];
    let cell = [[7.5, 0.0, 0.0], [0.0, 30.0, 0.0], [0.0, 0.0, 30.0]];
    let ring =
        |x: &[f64]| structure(&[13; 3], x).with_cell(cell, [true, false, false]).expect("a cell");
    let h = matrix(&mut Springs::new(ring(&inside)), &inside, &[0.0; 9]);
    let mut outside = inside;
    outside[6] -= 7.5;
    let other = matrix(&mut Springs::new(ring(&outside)), &outside, &[0.0; 9]);
    for (a, b) in h.iter().zip(&other) {
        assert!((a - b).abs() < 1e-12);
    }
    // Each atom has two neighbours at r_nn: e⁰ each.
    assert!((h[0] - 2.0).abs() < 1e-12 && (h[10] - 0.2).abs() < 1e-12, "{h:?}");
    let held = ring(&inside).with_free(&[3, 4, 5]).expect("components");
    let h = matrix(&mut Springs::new(held), &inside[3..6], &[0.0; 3]);
    assert!((h[0] - 2.0).abs() < 1e-12 && h[1] == 0.0, "{h:?}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |result: Result<Structure, deo_saddle::StructureError>| {
        result.expect_err("refused").to_string()
    };
    assert!(refused(Structure::new(&[1, 1], &[0.0; 5])).contains('6'));
    assert!(refused(Structure::new(&[0], &[0.0; 3])).contains("atomic number 0"));
    assert!(refused(Structure::new(&[1], &[0.0, f64::NAN, 0.0])).contains("finite"));
    let one = || structure(&[1], &[0.0; 3]);
    assert!(refused(one().with_free(&[0, 0])).contains("twice"));
    assert!(refused(one().with_cell([[1.0, 0.0, 0.0]; 3], [true; 3])).contains("plane"));
    assert!(!Matrix::new(vec![1.0; 4]).prepare(&[0.0; 3], &[0.0; 3]));
}

/// A chain of n points in the plane: stiff bonds, softer angles, and a double well along the last angle; 2n coordinates.
/// Energies of 1, bonds of 1, a soft mode a thousand times softer than the bonds.
fn chain(x: &[f64], g: &mut [f64]) -> f64 {
    let value = |x: &[f64]| {
        let n = x.len() / 2;
        let mut sum = 0.0;
        let angle = |i: usize| f64::atan2(x[2 * i + 3] - x[2 * i + 1], x[2 * i + 2] - x[2 * i]);
        for i in 0..n - 1 {
            let r = (x[2 * i + 2] - x[2 * i]).hypot(x[2 * i + 3] - x[2 * i + 1]);
            sum += 20.0 * (r - 1.0).powi(2);
        }
        for i in 0..n - 2 {
            let turn = angle(i + 1) - angle(i);
            let turn = turn - std::f64::consts::TAU * (turn / std::f64::consts::TAU).round();
            // (t² − 1)² has its saddle at 0, of curvature −4·½.
            sum += if i + 3 == n {
                0.5 * (turn * turn - 1.0).powi(2)
            } else {
                0.02 * (turn - 0.5).powi(2)
            };
        }
        sum
    };
    let mut y = x.to_vec();
    for i in 0..x.len() {
        y[i] = x[i] + 1e-5;
        let up = value(&y);
        y[i] = x[i] - 1e-5;
        g[i] = (up - value(&y)) / 2e-5;
        y[i] = x[i];
    }
    value(x)
}

fn run(x: &[f64], model: &mut dyn ModelHessian<[f64]>) -> Option<u64> {
    let goal = Goal { tolerance: 1e-4, max_gradients: 600, ..Default::default() };
    let space = Host::<f64>::new();
    let settings = NewtonSettings { goal, length_scale: 0.5, ..Default::default() };
    let mut search = NewtonSearch::new(&space, x, settings).expect("good settings");
    let mut g = vec![0.0; x.len()];
    while let Some(point) = search.ask() {
        let value = chain(point, &mut g);
        search.tell_with(&space, value, &g, model);
    }
    (search.outcome() == Outcome::Converged).then(|| search.counts().gradients())
}

fn hessian(x: &[f64]) -> Vec<f64> {
    let n = x.len();
    let mut rows = Vec::new();
    for i in 0..n {
        let (mut y, mut up, mut down) = (x.to_vec(), vec![0.0; n], vec![0.0; n]);
        y[i] += 1e-3;
        chain(&y, &mut up);
        y[i] -= 2e-3;
        chain(&y, &mut down);
        rows.extend(up.iter().zip(&down).map(|(u, d)| (u - d) / 2e-3));
    }
    rows
}

/// The chain near its saddle: what a model is worth when it is right, too stiff, too soft, wrong.
#[test]
fn a_wrong_model_costs_little_and_a_right_one_saves_much() {
    let starts: Vec<Vec<f64>> = (0..8)
        .map(|seed| {
            let mut x = Vec::new();
            let (mut at, mut angle) = ([0.0, 0.0], 0.0_f64);
            for i in 0..6 {
                x.extend(at);
                at = [at[0] + angle.cos(), at[1] + angle.sin()];
                angle += if i + 2 < 5 { 0.5 } else { 0.0 };
            }
            x.iter_mut().enumerate().for_each(|(i, x)| *x += 0.05 * noise(seed, i as u64));
            x
        })
        .collect();
    // A failure counts as all that was allowed.
    let mean = |make: &dyn Fn() -> Box<dyn ModelHessian<[f64]>>| {
        let costs = starts.iter().map(|x| run(x, &mut *make()).unwrap_or(600) as f64);
        (costs.map(f64::ln).sum::<f64>() / starts.len() as f64).exp()
    };
    let scaled = |c: f64| {
        move || -> Box<dyn ModelHessian<[f64]>> {
            Box::new(FromHessian::new(move |x: &[f64]| {
                Some(hessian(x).into_iter().map(|h| c * h).collect())
            }))
        }
    };
    let none = mean(&|| Box::new(NoModel));
    let right = mean(&scaled(1.0));
    let (stiff, soft) = (mean(&scaled(8.0)), mean(&scaled(0.125)));
    let wrong = mean(&|| {
        let entry = |i: u64, j: u64| 10.0 * noise(5, 12 * i.max(j) + i.min(j));
        Box::new(Matrix::new((0..144).map(|k| entry(k / 12, k % 12)).collect()))
    });
    println!("none {none:.1} right {right:.1} stiff {stiff:.1} soft {soft:.1} wrong {wrong:.1}");
    assert!(right < 0.8 * none, "{right} {none}");
    for other in [stiff, soft, wrong] {
        assert!(other < 3.0 * none, "{other} {none}");
    }
}
