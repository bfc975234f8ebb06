use super::*;
use deo_core::noise::noise;

fn times(h: &[f64], s: &[f64]) -> Vec<f64> {
    h.chunks(s.len()).map(|row| dot(row, s)).collect()
}

fn symmetric(n: usize) -> Vec<f64> {
    (0..n * n).map(|k| noise(7, ((k / n).max(k % n) * n + (k / n).min(k % n)) as u64)).collect()
}

fn random(n: usize, seed: u64) -> Vec<f64> {
    (0..n as u64).map(|i| noise(seed, i)).collect()
}

/// Probes of a constant Hessian, as many as coordinates, at the present point: it is known.
#[test]
fn a_quadratic_is_learned_exactly() {
    let n = 9;
    let h = symmetric(n);
    let mut b = LearnedHessian::new(n, 0.3, 0.5);
    for i in 0..n {
        let mut s = vec![0.0; n];
        s[i] = 1e-4;
        b.learn(&s, &times(&h, &s), None, [0.0; 9].into_iter());
    }
    b.settle(&[0.0; 9]);
    let v = random(n, 99);
    let (mut found, exact) = (vec![0.0; n], times(&h, &v));
    b.product(&v, &mut found);
    for (found, exact) in found.iter().zip(exact) {
        // w is 2e5: the prior still says 1e-5 of it, and the entries of R some ten times that.
        assert!((found - exact).abs() < 1e-3, "{found} {exact}");
    }
    assert!(b.unexplored(&v.iter().map(|x| x / dot(&v, &v).sqrt()).collect::<Vec<_>>()) < 0.05);
}

#[test]
fn the_nearer_of_two_contradictions_leads_and_doubt_grows_with_distance() {
    let mut b = LearnedHessian::new(2, 0.3, 0.5);
    b.learn(&[1e-4, 0.0], &[1e-3, 0.0], None, [0.0, 0.0].into_iter());
    b.learn(&[1e-4, 0.0], &[3e-3, 0.0], None, [0.0, 0.2].into_iter());
    let mut at = |p: [f64; 2]| {
        b.settle(&p);
        let mut product = [0.0; 2];
        b.product(&[1.0, 0.0], &mut product);
        (product[0], b.unexplored(&[1.0, 0.0]), b.unexplored(&[0.0, 1.0]))
    };
    let (here, certain, nothing) = at([0.0, 0.0]);
    assert!(
        (here - 10.0).abs() < 0.01 && certain < 0.01 && nothing == 1.0,
        "{here} {certain} {nothing}"
    );
    assert!((at([0.0, 0.2]).0 - 30.0).abs() < 0.01);
    // Weights of 190 and 40: the ratio of the distances to the fourth power.
    let (between, unexplored, _) = at([0.0, 0.08]);
    assert!(between > 13.0 && between < 14.0 && unexplored < 0.1, "{between} {unexplored}");
    let (_, far, _) = at([0.0, 0.8]);
    assert!(far > 0.9, "{far}");
}

/// A Hessian of `n` coordinates that has seen `m` pairs of `h` around `position`, with what a model knew of them; and of each pair
/// the unit vector, its product and its weight.
type Terms = Vec<(Vec<f64>, Vec<f64>, f64)>;

fn learned(
    n: usize,
    m: usize,
    length_scale: f64,
    model: Option<&[f64]>,
) -> (LearnedHessian, Terms) {
    let h = symmetric(n);
    let mut b = LearnedHessian::new(n, length_scale, 0.7);
    let mut terms = Vec::new();
    let position = random(n, 3);
    for seed in 0..m as u64 {
        let (s, mut middle) = (random(n, 200 + seed), random(n, 3));
        // Some of them so far away that they have faded.
        middle[0] += 0.13 * seed as f64 * length_scale;
        let length = dot(&s, &s).sqrt();
        let modelled = model.map(|model| times(model, &s));
        b.learn(&s, &times(&h, &s), modelled.as_deref(), middle.iter().copied());
        let square = (middle[0] - position[0]).powi(2) + length * length / 12.0;
        let nearness = length_scale * length_scale / (square + (NEAR * length_scale).powi(2));
        let unit: Vec<f64> = s.iter().map(|s| s / length).collect();
        terms.push((unit.clone(), times(&h, &unit), nearness * nearness));
    }
    (b, terms)
}

/// Few pairs beside the coordinates, about as many, and more; and reaches beyond which most have faded.
const CASES: [(usize, usize, f64); 6] =
    [(5, 4, 0.4), (24, 0, 0.4), (24, 7, 2.0), (40, 29, 3.0), (12, 11, 1.0), (9, 40, 1.5)];

/// ∂/∂B of ‖B − B₀‖² + Σ w‖Bs − y‖², symmetrised, vanishes.
fn assert_stationary(b: &[f64], b0: &[f64], terms: &Terms, n: usize) {
    let largest = b.iter().fold(0.0, |m: f64, b| m.max(b.abs()));
    for i in 0..n {
        for j in 0..n {
            let mut slope = 2.0 * (b[i * n + j] - b0[i * n + j]);
            for (s, y, w) in terms.iter().filter(|t| t.2 >= FADED) {
                let bs = times(b, s);
                slope += w * ((bs[i] - y[i]) * s[j] + (bs[j] - y[j]) * s[i]);
            }
            // Weights are some hundreds here, and there are dozens of them.
            assert!(slope.abs() < 1e-10 * largest.max(1.0), "{n}, {i} {j}: {slope:e}");
        }
    }
}

/// The least-squares solution against its normal equation, entry by entry, and the doubt against its definition.
#[test]
fn it_solves_its_normal_equation() {
    for (n, m, length_scale) in CASES {
        let (mut b, terms) = learned(n, m, length_scale, None);
        b.settle(&random(n, 3));
        let (mut sum, mut total) = (0.0, 0.0);
        for (_, y, w) in &terms {
            sum += w * w * dot(y, y).sqrt().ln();
            total += w * w;
        }
        let prior = if m > 0 { 0.7 * f64::exp(sum / total) } else { 1.0 };
        let b0: Vec<f64> = (0..n * n).map(|k| if k % (n + 1) == 0 { prior } else { 0.0 }).collect();
        assert_stationary(&b.matrix, &b0, &terms, n);
        let mut one_and_a = nalgebra::DMatrix::<f64>::identity(n, n);
        for (s, _, w) in terms.iter().filter(|t| t.2 >= FADED) {
            let s = nalgebra::DVector::from_column_slice(s);
            one_and_a += *w * &s * s.transpose();
        }
        let v = nalgebra::DVector::from_vec(random(n, 77)).normalize();
        let doubt = one_and_a.cholesky().unwrap().solve(&v).dot(&v).sqrt();
        let found = b.unexplored(v.as_slice());
        assert!((found - doubt).abs() < 1e-12, "{n} {m}: {found} {doubt}");
    }
}

/// With a model it is the same problem in the coordinates M^½s, whether the model has negative eigenvalues or not.
#[test]
fn the_error_of_a_model_solves_its_normal_equation() {
    for (n, m, length_scale) in CASES {
        for lowest in [0.5, -2.0] {
            let mut model = symmetric(n).iter().map(|h| 0.1 * h).collect::<Vec<f64>>();
            (0..n).for_each(|i| model[i * n + i] += if i == 1 { lowest } else { 2.0 });
            let (mut b, terms) = learned(n, m, length_scale, Some(&model));
            b.set_base(Some(&model), false);
            b.settle(&random(n, 3));
            let c = b.base.as_ref().unwrap().factor;
            let eigen = nalgebra::DMatrix::from_row_slice(n, n, &model).symmetric_eigen();
            let floor = 0.1 * eigen.eigenvalues.abs().mean();
            let power = |exponent: f64| {
                let d = eigen.eigenvalues.map(|v| (v.abs() + floor).powf(exponent));
                let q = &eigen.eigenvectors;
                let m = q * nalgebra::DMatrix::from_diagonal(&d) * q.transpose();
                m.as_slice().to_vec()
            };
            let (root, inverse) = (power(0.5), power(-0.5));
            let of_matrix = |x: &[f64]| {
                let [x, r] = [x, &inverse].map(|m| nalgebra::DMatrix::from_row_slice(n, n, m));
                (&r * x * &r).as_slice().to_vec()
            };
            let missed: Vec<f64> = b.matrix.iter().zip(&model).map(|(b, m)| b - c * m).collect();
            let turned = terms.iter().map(|(s, y, w)| {
                let (there, known) = (times(&root, s), times(&model, s));
                let rest: Vec<f64> = y.iter().zip(&known).map(|(y, k)| y - c * k).collect();
                let length = norm(&there);
                let unit = there.iter().map(|s| s / length).collect();
                (unit, times(&inverse, &rest).iter().map(|y| y / length).collect(), *w)
            });
            assert_stationary(&of_matrix(&missed), &vec![0.0; n * n], &turned.collect(), n);
        }
    }
}

/// Every reach of several, of one set of pairs, and of its own: the same, as a matrix and as a product.
#[test]
fn a_fit_is_the_same_by_its_parts_and_among_other_reaches() {
    for (n, m) in [(24, 30), (24, 17), (24, 5), (7, 60)] {
        let s: Vec<f64> = (0..m).flat_map(|k| random(n, 300 + k as u64)).collect();
        let y: Vec<f64> = (0..m).flat_map(|k| random(n, 500 + k as u64)).collect();
        let squares: Vec<f64> = (0..m).map(|k| 0.01 * (k * k) as f64).collect();
        let reaches = [1e-9, 0.05, 0.3, 1.0, 10.0];
        let several = Seen::new(n, [s.clone(), y.clone()], squares.clone(), &reaches);
        for reach in reaches {
            let one = Seen::new(n, [s.clone(), y.clone()], squares.clone(), &[reach]);
            let mut matrix = vec![0.0; n * n];
            one.fit(reach).parts().add_to(&mut matrix, n, 1.0, None);
            let t = random(n, 9);
            let exact = times(&matrix, &t);
            for found in [several.fit(reach).product(&t), one.fit(reach).product(&t)] {
                for (found, exact) in found.iter().zip(&exact) {
                    // Weights are up to 2e5, of which the normal equation keeps ten digits.
                    assert!((found - exact).abs() < 1e-9, "{n} {m} {reach}: {found} {exact}");
                }
            }
        }
    }
}

/// Where nothing was seen, or all that was has faded: no error of the model is known, and every reach foretells the same.
#[test]
fn a_model_is_compared_where_nothing_near_was_seen() {
    let n = 6;
    let h = symmetric(n);
    for far in [None, Some(1e3)] {
        let mut b = LearnedHessian::new(n, 0.3, 0.5);
        b.set_base(Some(&h), false);
        let (s, y) = (random(n, 4), random(n, 5));
        if let Some(far) = far {
            b.learn(&s, &y, Some(&times(&h, &s)), vec![far; n].into_iter());
        }
        let position = vec![0.0; n];
        b.settle(&position);
        b.compare(&s, &y, &times(&h, &s), &position);
        assert!(b.scores.iter().all(|score| *score == b.scores[0] && score.is_finite()));
        let mut found = vec![0.0; n];
        b.product(&s, &mut found);
        for (found, exact) in found.iter().zip(times(&h, &s)) {
            assert!((found - exact).abs() < 1e-12, "{found} {exact}");
        }
    }
}
