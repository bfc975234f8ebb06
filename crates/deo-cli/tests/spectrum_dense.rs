//! The search against dense eigensolvers: the Hessian of a trained MLP, column by column, in two independent libraries.

use deo_core::krylov::{Krylov, KrylovSettings, Which};
use deo_core::{Answer, Objective, Rule, Status};
use deo_linalg::eigen::symmetric_eigen;
use deo_linalg::{Parallel, Threads};
use deo_models::layers::Activation;
use deo_models::mlp::{Mlp, MlpConfig, Targets};
use nalgebra::DMatrix;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const SIZES: [usize; 4] = [12, 20, 10, 4];
const ROWS: usize = 48;
/// Pairs at an end.
const K: usize = 5;

/// Inputs in [−1, 1), and as the class which of four sums of products is the largest: nothing that a line separates.
fn data() -> (Vec<f64>, Vec<u16>) {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let uniform = |rng: &mut ChaCha8Rng| rng.next_u64() as f64 / (1u64 << 63) as f64 - 1.0;
    let inputs: Vec<f64> = (0..ROWS * SIZES[0]).map(|_| uniform(&mut rng)).collect();
    let class = |row: &[f64]| {
        let score = |c: usize| row[c] * row[c + 4] + row[c + 8] * row[(c + 1) % 4];
        (0..4).max_by(|a, b| score(*a).total_cmp(&score(*b))).unwrap() as u16
    };
    let classes = inputs.chunks(SIZES[0]).map(class).collect();
    (inputs, classes)
}

/// ∂²f/∂xᵢ∂xⱼ by central differences of the gradient, symmetrised. h balances truncation and rounding at 1e-10.
fn hessian(f: &mut impl Objective<[f64]>, x: &[f64]) -> Vec<f64> {
    let (n, h) = (x.len(), 1e-5);
    let (mut x, mut ahead, mut behind) = (x.to_vec(), vec![0.0; n], vec![0.0; n]);
    let mut matrix = vec![0.0; n * n];
    for i in 0..n {
        let centre = x[i];
        x[i] = centre + h;
        f.value_grad(&x, &mut ahead);
        x[i] = centre - h;
        f.value_grad(&x, &mut behind);
        x[i] = centre;
        for j in 0..n {
            let half = (ahead[j] - behind[j]) / (4.0 * h);
            matrix[i * n + j] += half;
            matrix[j * n + i] += half;
        }
    }
    matrix
}

/// Five lowest and five highest by central secants; the eigenvectors in the order of the values.
fn search(f: &mut impl Objective<[f64]>, x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let space = Parallel::<f64>::new(Threads::One);
    let settings = KrylovSettings {
        count: K,
        which: Which::Both,
        memory: 60,
        rule: Rule::Central,
        tolerance: 1e-6,
        confirm: true,
        max_gradients: 4000,
        ..KrylovSettings::default()
    };
    let mut krylov = Krylov::new(&space, x, settings).unwrap();
    krylov.draw(&space, 3);
    let n = x.len();
    let (mut point, mut ahead, mut behind) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    while let Some(probe) = krylov.ask(&space) {
        let h_ahead = probe.displace(&space, x, &mut point);
        f.value_grad(&point, &mut ahead);
        let h_behind = probe.displace_back(&space, x, &mut point);
        f.value_grad(&point, &mut behind);
        krylov.tell(&space, Answer::central(h_behind, &behind, h_ahead, &ahead));
    }
    assert!(
        krylov.estimates().iter().all(|e| e.status == Status::Converged),
        "{:?}",
        krylov.estimates()
    );
    let values = krylov.estimates().iter().map(|estimate| estimate.curvature).collect();
    (values, (0..2 * K).map(|i| krylov.axis(i).clone()).collect())
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// ‖P v‖, P onto the eigenvectors whose eigenvalues are within 1e-4 of `value`: for a simple eigenvalue |⟨v, u⟩|.
fn overlap(v: &[f64], value: f64, values: &[f64], vector: impl Fn(usize) -> Vec<f64>) -> f64 {
    let cluster = (0..values.len()).filter(|i| (values[*i] - value).abs() < 1e-4);
    cluster.map(|i| dot(v, &vector(i)).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn both_ends_of_an_mlp_are_those_of_two_dense_solvers() {
    let (inputs, classes) = data();
    let config = MlpConfig { sizes: SIZES.to_vec(), activation: Activation::Tanh };
    let mut net = Mlp::<f64>::new(config, Threads::One).unwrap();
    let mut x = net.init(5);
    let n = x.len();
    assert_eq!(n, 514);
    let mut f = net.on(&inputs, Targets::Classes(&classes));
    let mut g = vec![0.0; n];
    let first = f.value_grad(&x, &mut g);
    for _ in 0..300 {
        x.iter_mut().zip(&g).for_each(|(x, g)| *x -= 0.3 * g);
        f.value_grad(&x, &mut g);
    }
    assert!(
        f.value(&x) < 0.7 * first,
        "in the middle of a training, where the Hessian is of no special form"
    );

    let matrix = hessian(&mut f, &x);
    let faer = symmetric_eigen(&matrix, n).unwrap();
    let nalgebra = DMatrix::from_row_slice(n, n, &matrix).symmetric_eigen();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| nalgebra.eigenvalues[*a].total_cmp(&nalgebra.eigenvalues[*b]));
    let second: Vec<f64> = order.iter().map(|i| nalgebra.eigenvalues[*i]).collect();

    let (values, axes) = search(&mut f, &x);
    assert!(
        faer.values[0] < -1e-3 && faer.values[n - 1] > 0.1,
        "both signs: {:?}",
        &faer.values[..K]
    );
    let mut worst = [0.0_f64, 1.0];
    for (i, (value, axis)) in values.iter().zip(&axes).enumerate() {
        let rank = if i < K { i } else { n - 1 - (i - K) };
        for of in [&faer.values, &second] {
            let error = (value - of[rank]).abs();
            assert!(error <= 1e-6, "pair {i}: {value} for {}", of[rank]);
            worst[0] = worst[0].max(error);
        }
        let by_faer = overlap(axis, *value, &faer.values, |j| faer.vector(j).to_vec());
        let by_nalgebra = overlap(axis, *value, &second, |j| {
            nalgebra.eigenvectors.column(order[j]).iter().copied().collect()
        });
        for overlap in [by_faer, by_nalgebra] {
            assert!(overlap >= 0.999, "pair {i}: overlap {overlap}");
            worst[1] = worst[1].min(overlap);
        }
    }
    println!("largest error {:.1e}, smallest overlap {:.9}", worst[0], worst[1]);
}
