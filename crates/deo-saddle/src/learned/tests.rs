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

/// The least-squares solution against its normal equation, entry by entry.
#[test]
fn it_solves_its_normal_equation() {
    let (n, length_scale, gamma) = (5, 0.4, 1.0);
    let h = symmetric(n);
    let mut b = LearnedHessian::new(n, length_scale, gamma);
    let position = random(n, 3);
    let mut terms = Vec::new();
    for seed in 0..4 {
        let (s, middle) = (random(n, 20 + seed), random(n, 40 + seed));
        let length = dot(&s, &s).sqrt();
        let unit: Vec<f64> = s.iter().map(|s| s / length).collect();
        let y: Vec<f64> = times(&h, &unit);
        b.learn(
            &s,
            &y.iter().map(|y| y * length).collect::<Vec<_>>(),
            None,
            middle.iter().copied(),
        );
        let square: f64 = middle.iter().zip(&position).map(|(m, p)| (m - p).powi(2)).sum();
        let spread = length * length / 12.0;
        let nearness =
            length_scale * length_scale / (square + spread + (NEAR * length_scale).powi(2));
        terms.push((unit, y, nearness * nearness));
    }
    b.settle(&position);
    let (mut sum, mut total) = (0.0, 0.0);
    for (_, y, w) in &terms {
        sum += w * w * dot(y, y).sqrt().ln();
        total += w * w;
    }
    let prior = gamma * f64::exp(sum / total);
    // ∂/∂B of ‖B − B₀‖² + Σ w‖Bs − y‖², symmetrised, vanishes.
    for i in 0..n {
        for j in 0..n {
            let mut slope = 2.0 * (b.matrix[i * n + j] - if i == j { prior } else { 0.0 });
            for (s, y, w) in terms.iter().filter(|t| t.2 >= FADED) {
                let bs = times(&b.matrix, s);
                slope += w * ((bs[i] - y[i]) * s[j] + (bs[j] - y[j]) * s[i]);
            }
            assert!(slope.abs() < 1e-10, "{i} {j}: {slope:e}");
        }
    }
}
