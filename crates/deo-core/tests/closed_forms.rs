//! Curvatures that are known on paper, by the dimer and by the Davidson process, in f64 and in f32.
//!
//! Each problem is its textbook formula in f64 with a gradient written by hand, checked against differences of its
//! loss; for f32 both x and the gradient are rounded to it.

#[path = "common/jacobi.rs"]
mod jacobi;

use deo_core::dimer::Target;
use deo_core::drive::Workspace;
use deo_core::krylov::{Krylov, KrylovSettings, Which};
use deo_core::noise::noise;
use deo_core::space::{Host, Real};
use deo_core::two_lengths::{TwoLengths, TwoLengthsSettings};
use deo_core::{Dimer, DimerSettings, Objective, Rule};

/// f(x), and its gradient in the second argument.
type Loss = Box<dyn Fn(&[f64], &mut [f64]) -> f64>;

/// A loss with its gradient, a point, and the lowest and highest curvature there.
struct Problem {
    name: &'static str,
    loss: Loss,
    x: Vec<f64>,
    lowest: f64,
    highest: f64,
}

fn wide<T: Real>(x: &[T]) -> Vec<f64> {
    x.iter().map(|x| x.to_f64()).collect()
}

impl<T: Real> Objective<[T]> for Problem {
    fn value(&mut self, x: &[T]) -> f64 {
        (self.loss)(&wide(x), &mut vec![0.0; x.len()])
    }

    fn value_grad(&mut self, x: &[T], gradient: &mut [T]) -> f64 {
        let mut g = vec![0.0; x.len()];
        let loss = (self.loss)(&wide(x), &mut g);
        gradient.iter_mut().zip(g).for_each(|(to, g)| *to = T::from_f64(g));
        loss
    }
}

fn sample(n: usize, seed: u64) -> Vec<f64> {
    (0..n as u64).map(|i| noise(seed, i)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// C ← A B for row-major A (m × k) and B (k × n).
fn product(a: &[f64], b: &[f64], m: usize, k: usize, n: usize) -> Vec<f64> {
    let entry = |i: usize| (0..k).map(|l| a[i / n * k + l] * b[l * n + i % n]).sum();
    (0..m * n).map(entry).collect()
}

fn transposed(a: &[f64], m: usize, n: usize) -> Vec<f64> {
    (0..m * n).map(|i| a[i % m * n + i / m]).collect()
}

/// The reflection 1 − 2uuᵀ/‖u‖² with a random u.
fn reflection(n: usize, seed: u64) -> Vec<f64> {
    let u = sample(n, seed);
    let square = dot(&u, &u);
    let entry = |i: usize| {
        let one = if i / n == i % n { 1.0 } else { 0.0 };
        one - 2.0 * u[i / n] * u[i % n] / square
    };
    (0..n * n).map(entry).collect()
}

/// U diag(values) Vᵀ (m × n) with two reflections: its singular values are |values|.
fn with_singular_values(values: &[f64], m: usize, n: usize, seeds: [u64; 2]) -> Vec<f64> {
    let diagonal: Vec<f64> = (0..m * n)
        .map(|i| if i / n == i % n { values.get(i % n).copied().unwrap_or(0.0) } else { 0.0 })
        .collect();
    let left = product(&reflection(m, seeds[0]), &diagonal, m, m, n);
    product(&left, &reflection(n, seeds[1]), m, n, n)
}

/// ¼‖UUᵀ − M‖² at U = 0 (6 × 2): H V = −M V.
fn factorisation() -> Problem {
    let (d, r) = (6, 2);
    let m = with_singular_values(&[2.5, 1.0, 0.5, -0.75, 0.1, -1.25], d, d, [3, 3]);
    let loss = move |u: &[f64], g: &mut [f64]| {
        let gram = product(u, &transposed(u, d, r), d, r, d);
        let e: Vec<f64> = gram.iter().zip(&m).map(|(a, b)| a - b).collect();
        g.copy_from_slice(&product(&e, u, d, d, r));
        dot(&e, &e) / 4.0
    };
    Problem {
        name: "factorisation",
        loss: Box::new(loss),
        x: vec![0.0; d * r],
        lowest: -2.5,
        highest: 1.25,
    }
}

/// ½‖W_L … W₁ − M‖² at 0 for layers of 4 inputs, 5 hidden units and 3 outputs.
fn linear_net(depth: usize) -> Problem {
    let mut sizes = vec![5; depth + 1];
    (sizes[0], sizes[depth]) = (4, 3);
    let count: usize = sizes.windows(2).map(|s| s[0] * s[1]).sum();
    let m = with_singular_values(&[1.75, 0.5, 0.25], 3, 4, [5, 6]);
    let loss = move |x: &[f64], g: &mut [f64]| {
        // after[l] = W_l … W₁, sizes[l] × sizes[0].
        let (mut after, mut at) = (Vec::<Vec<f64>>::new(), 0);
        for l in 0..depth {
            let (from, to) = (sizes[l], sizes[l + 1]);
            let w = &x[at..at + from * to];
            let next = match after.last() {
                None => w.to_vec(),
                Some(last) => product(w, last, to, from, sizes[0]),
            };
            after.push(next);
            at += from * to;
        }
        let mut e: Vec<f64> = after[depth - 1].iter().zip(&m).map(|(a, b)| a - b).collect();
        let value = dot(&e, &e) / 2.0;
        for l in (0..depth).rev() {
            let (from, to) = (sizes[l], sizes[l + 1]);
            at -= from * to;
            let w = &x[at..at + from * to];
            let gradient = match l {
                0 => e.clone(),
                _ => product(&e, &transposed(&after[l - 1], from, sizes[0]), to, sizes[0], from),
            };
            g[at..at + from * to].copy_from_slice(&gradient);
            e = product(&transposed(w, to, from), &e, from, to, sizes[0]);
        }
        value
    };
    let (lowest, highest) = if depth == 2 { (-1.75, 1.75) } else { (0.0, 0.0) };
    Problem { name: "linear net", loss: Box::new(loss), x: vec![0.0; count], lowest, highest }
}

/// (1/2m) Σ (y − Σ_k a_k tanh⟨w_k, x⟩)² at a = 0, w = 0: each unit has the saddle −E[yx] between a_k and w_k.
fn tanh_net() -> Problem {
    let (rows, inputs, units) = (20, 4, 3);
    let (data, targets) = (sample(rows * inputs, 21), sample(rows, 22));
    let mean: Vec<f64> = (0..inputs)
        .map(|j| (0..rows).map(|i| targets[i] * data[i * inputs + j]).sum::<f64>() / rows as f64)
        .collect();
    let lowest = -dot(&mean, &mean).sqrt();
    let loss = move |x: &[f64], g: &mut [f64]| {
        let (a, w) = x.split_at(units);
        g.fill(0.0);
        let mut value = 0.0;
        for (row, y) in data.chunks(inputs).zip(&targets) {
            let hidden: Vec<f64> = w.chunks(inputs).map(|w| dot(w, row).tanh()).collect();
            let error = dot(a, &hidden) - y;
            value += error * error / (2.0 * rows as f64);
            for k in 0..units {
                g[k] += error * hidden[k] / rows as f64;
                let back = error * a[k] * (1.0 - hidden[k] * hidden[k]) / rows as f64;
                for j in 0..inputs {
                    g[units + k * inputs + j] += back * row[j];
                }
            }
        }
        value
    };
    let x = vec![0.0; units * (1 + inputs)];
    Problem { name: "tanh net", loss: Box::new(loss), x, lowest, highest: -lowest }
}

/// (1/4m) Σ (⟨a, x⟩² − y)² at 0: H = −(1/m) Σ y aaᵀ.
fn phase_retrieval() -> Problem {
    let (rows, d) = (40, 8);
    let (a, truth) = (sample(rows * d, 31), sample(d, 32));
    let y: Vec<f64> = a.chunks(d).map(|a| dot(a, &truth).powi(2)).collect();
    let mut m = vec![0.0; d * d];
    for (a, y) in a.chunks(d).zip(&y) {
        for i in 0..d * d {
            m[i] += y * a[i / d] * a[i % d] / rows as f64;
        }
    }
    let spectrum = jacobi::eigen(&m);
    let (lowest, highest) = (-spectrum[d - 1].0, -spectrum[0].0);
    let loss = move |x: &[f64], g: &mut [f64]| {
        g.fill(0.0);
        let mut value = 0.0;
        for (a, y) in a.chunks(d).zip(&y) {
            let along = dot(a, x);
            let error = along * along - y;
            value += error * error / (4.0 * rows as f64);
            g.iter_mut().zip(a).for_each(|(g, a)| *g += error * along * a / rows as f64);
        }
        value
    };
    let x = vec![0.0; d];
    Problem { name: "phase retrieval", loss: Box::new(loss), x, lowest, highest }
}

/// x³ − 3xy²: ±6√(x² + y²).
fn monkey() -> Problem {
    let loss = |x: &[f64], g: &mut [f64]| {
        g.copy_from_slice(&[3.0 * (x[0] * x[0] - x[1] * x[1]), -6.0 * x[0] * x[1]]);
        x[0].powi(3) - 3.0 * x[0] * x[1] * x[1]
    };
    let x = vec![1.5, -2.0];
    Problem { name: "monkey saddle", loss: Box::new(loss), x, lowest: -15.0, highest: 15.0 }
}

/// x₁⁴/16 − x₁²/2 + 9/8 x₂² at its saddle (0, 0) or its minimum (2, 0).
fn double_well(x: f64, lowest: f64) -> Problem {
    let loss = |x: &[f64], g: &mut [f64]| {
        g.copy_from_slice(&[x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]]);
        x[0].powi(4) / 16.0 - x[0] * x[0] / 2.0 + 1.125 * x[1] * x[1]
    };
    Problem { name: "double well", loss: Box::new(loss), x: vec![x, 0.0], lowest, highest: 2.25 }
}

fn problems() -> Vec<Problem> {
    vec![
        factorisation(),
        linear_net(2),
        tanh_net(),
        phase_retrieval(),
        monkey(),
        double_well(0.0, -1.0),
        double_well(2.0, 2.0),
    ]
}

fn by_dimer<T: Real>(problem: &mut Problem, target: Target, rule: Rule) -> f64 {
    let space = Host::<T>::new();
    let x: Vec<T> = problem.x.iter().map(|x| T::from_f64(*x)).collect();
    // The error of C is about residual²/gap: 1e-5 leaves room below the tolerances of the tests.
    let settings =
        DimerSettings { target, rule, tolerance: 1e-5, max_gradients: 200, ..Default::default() };
    let mut dimer = Dimer::new(&space, &x, settings).unwrap();
    dimer.draw(&space, 5);
    let mut g = x.clone();
    problem.value_grad(&x, &mut g);
    let mut workspace = Workspace::new(&space, &x, rule);
    dimer.measure(&space, problem, &x, &g, &mut workspace).curvature
}

/// Lowest and highest.
fn by_krylov<T: Real>(problem: &mut Problem, rule: Rule) -> [f64; 2] {
    let space = Host::<T>::new();
    let x: Vec<T> = problem.x.iter().map(|x| T::from_f64(*x)).collect();
    let settings = KrylovSettings {
        which: Which::Both,
        rule,
        tolerance: 1e-5,
        confirm: true,
        ..Default::default()
    };
    let mut krylov = Krylov::new(&space, &x, settings).unwrap();
    krylov.draw(&space, 6);
    let mut g = x.clone();
    problem.value_grad(&x, &mut g);
    Workspace::new(&space, &x, rule).answer_all(&mut krylov, &space, problem, &x, &g);
    [krylov.estimates()[0].curvature, krylov.estimates()[1].curvature]
}

#[track_caller]
fn close(what: &str, problem: &Problem, found: f64, exact: f64, tolerance: f64) {
    let error = (found / exact - 1.0).abs();
    assert!(error <= tolerance, "{what}, {}: {found} for {exact}", problem.name);
}

fn all_within<T: Real>(tolerance: f64) {
    for mut problem in problems() {
        let (lowest, highest) = (problem.lowest, problem.highest);
        for rule in [Rule::Forward, Rule::Central] {
            let found = by_dimer::<T>(&mut problem, Target::Lowest, rule);
            close("dimer", &problem, found, lowest, tolerance);
            let found = by_dimer::<T>(&mut problem, Target::Highest, rule);
            close("dimer", &problem, found, highest, tolerance);
            let found = by_krylov::<T>(&mut problem, rule);
            close("Davidson", &problem, found[0], lowest, tolerance);
            close("Davidson", &problem, found[1], highest, tolerance);
        }
    }
}

#[test]
fn double_precision() {
    all_within::<f64>(1e-6);
}

#[test]
fn single_precision() {
    all_within::<f32>(1e-3);
}

#[test]
fn gradients_are_those_of_the_losses() {
    for problem in problems().iter().chain(&[linear_net(3), linear_net(4)]) {
        let n = problem.x.len();
        let x = sample(n, 41);
        let mut g = vec![0.0; n];
        (problem.loss)(&x, &mut g);
        for i in 0..n {
            // 1e-5 is near ε^⅓: the central difference errs by some 1e-10 here.
            let loss_at = |shift: f64| {
                let mut y = x.clone();
                y[i] += shift;
                (problem.loss)(&y, &mut vec![0.0; n])
            };
            let difference = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
            let scale = dot(&g, &g).sqrt();
            assert!((difference - g[i]).abs() < 1e-7 * scale, "{} {i}", problem.name);
        }
    }
}

#[test]
fn a_deeper_linear_net_has_no_curvature_at_zero_and_none_is_claimed() {
    fn check<T: Real + std::fmt::Debug>() {
        let space = Host::<T>::new();
        for depth in [3, 4, 5] {
            let mut problem = linear_net(depth);
            let x: Vec<T> = problem.x.iter().map(|x| T::from_f64(*x)).collect();
            for rule in [Rule::Forward, Rule::Central] {
                let settings = DimerSettings { rule, ..Default::default() };
                let mut dimer = Dimer::new(&space, &x, settings).unwrap();
                dimer.draw(&space, 8);
                let mut workspace = Workspace::new(&space, &x, rule);
                let estimate = dimer.measure(&space, &mut problem, &x, &x, &mut workspace);
                // All of C is truncation: h^(depth − 2) times the net's scale.
                assert!(estimate.curvature.abs() < 1e-2, "depth {depth}, {rule:?}: {estimate:?}");
                assert!(!estimate.is_negative(2.0), "depth {depth}, {rule:?}: {estimate:?}");
                let settings = KrylovSettings { rule, count: 3, ..Default::default() };
                let mut krylov = Krylov::new(&space, &x, settings).unwrap();
                krylov.draw(&space, 8);
                workspace.answer_all(&mut krylov, &space, &mut problem, &x, &x);
                for estimate in krylov.estimates() {
                    assert!(!estimate.is_negative(2.0), "depth {depth}, {rule:?}: {estimate:?}");
                }
                let settings = TwoLengthsSettings { rule, ..Default::default() };
                let mut two_lengths = TwoLengths::new(&space, &x, settings).unwrap();
                two_lengths.set_axis(&space, dimer.axis());
                two_lengths.measure(&space, &mut problem, &x, &x, &mut workspace);
                assert!(!two_lengths.is_negative(2.0), "depth {depth}, {rule:?}: {two_lengths:?}");
            }
        }
    }
    check::<f64>();
    check::<f32>();
}
