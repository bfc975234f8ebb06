//! Problems and oracles shared by the integration tests.
#![allow(dead_code, unreachable_pub)] // each test binary uses its part

use deo_core::noise::noise;

/// ½ Σ λᵢ xᵢ², in its own eigenbasis: with a random axis this is as hard as in any other.
pub struct Diagonal(pub Vec<f64>);

impl Diagonal {
    /// benchmarks: λ₁ = −1, the rest uniform in [−1 + gap, 1].
    pub fn gap_family(n: usize, gap: f64, seed: u64) -> Self {
        let mut state = seed;
        let spectrum = (0..n)
            .map(|i| if i == 0 { -1.0 } else { -1.0 + gap + (2.0 - gap) * uniform(&mut state) });
        Diagonal(spectrum.collect())
    }

    pub fn product(&self, v: &[f64]) -> Vec<f64> {
        v.iter().zip(&self.0).map(|(v, l)| v * l).collect()
    }
}

/// A 64-bit linear congruential generator's high bits: a source unrelated to the crate's own noise.
pub fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1u64 << 53) as f64
}

pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

pub fn random_unit(n: usize, seed: u64) -> Vec<f64> {
    let v: Vec<f64> = (0..n as u64).map(|i| noise(seed, i)).collect();
    let norm = dot(&v, &v).sqrt();
    v.iter().map(|v| v / norm).collect()
}

/// The angle between the line of `v` and the first coordinate axis.
pub fn angle_to_first(v: &[f64]) -> f64 {
    dot(&v[1..], &v[1..]).sqrt().atan2(v[0].abs())
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        (values[middle - 1] + values[middle]) / 2.0
    } else {
        values[middle]
    }
}

/// Products that Lanczos with full reorthogonalisation needs until its lowest Ritz vector is within `angle`
/// of the first axis. The oracle: written from the textbook (Golub & Van Loan §10.1), with bisection and
/// inverse iteration left to the tridiagonal QL below, and none of the crate's code.
pub fn lanczos_count(problem: &Diagonal, start: &[f64], angle: f64, cap: usize) -> usize {
    let mut basis: Vec<Vec<f64>> = vec![start.to_vec()];
    let (mut alpha, mut beta): (Vec<f64>, Vec<f64>) = (vec![], vec![]);
    for k in 1..=cap {
        let q = basis[k - 1].clone();
        let mut r = problem.product(&q);
        alpha.push(dot(&q, &r));
        for _ in 0..2 {
            for q in &basis {
                let along = dot(q, &r);
                r.iter_mut().zip(q).for_each(|(r, q)| *r -= along * q);
            }
        }
        let y = lowest_of_tridiagonal(&alpha, &beta);
        let mut ritz = vec![0.0; start.len()];
        for (y, q) in y.iter().zip(&basis) {
            ritz.iter_mut().zip(q).for_each(|(r, q)| *r += y * q);
        }
        if angle_to_first(&ritz) <= angle {
            return k;
        }
        let norm = dot(&r, &r).sqrt();
        if norm < 1e-14 {
            return k; // an invariant subspace: nothing more to find
        }
        beta.push(norm);
        basis.push(r.iter().map(|r| r / norm).collect());
    }
    cap
}

/// The lowest eigenvector of a tridiagonal matrix: bisection by Sturm counts, then two inverse iterations.
fn lowest_of_tridiagonal(alpha: &[f64], beta: &[f64]) -> Vec<f64> {
    let k = alpha.len();
    let beta = &beta[..k - 1];
    let radius = |i: usize| {
        let left = if i > 0 { beta[i - 1].abs() } else { 0.0 };
        let right = if i + 1 < k { beta[i].abs() } else { 0.0 };
        left + right
    };
    let mut low = (0..k).map(|i| alpha[i] - radius(i)).fold(f64::INFINITY, f64::min);
    let mut high = (0..k).map(|i| alpha[i]).fold(f64::INFINITY, f64::min);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        let mut d = 1.0;
        let mut negative = false;
        for i in 0..k {
            let b = if i > 0 { beta[i - 1] } else { 0.0 };
            d = alpha[i] - middle - b * b / d;
            negative |= d < 0.0;
            if d == 0.0 {
                d = f64::MIN_POSITIVE;
            }
        }
        if negative { high = middle } else { low = middle }
    }
    // (T − shift) is positive definite just below the eigenvalue: solve by LDLᵀ.
    let shift = low - 1e-12 * (1.0 + low.abs());
    let mut x = vec![1.0; k];
    for _ in 0..3 {
        let mut d = vec![0.0; k];
        let mut l = vec![0.0; k];
        for i in 0..k {
            d[i] = alpha[i] - shift - if i > 0 { l[i - 1] * beta[i - 1] } else { 0.0 };
            if i + 1 < k {
                l[i] = beta[i] / d[i];
            }
        }
        for i in 1..k {
            x[i] -= l[i - 1] * x[i - 1];
        }
        for i in 0..k {
            x[i] /= d[i];
        }
        for i in (0..k - 1).rev() {
            x[i] -= l[i] * x[i + 1];
        }
        let norm = dot(&x, &x).sqrt();
        x.iter_mut().for_each(|x| *x /= norm);
    }
    x
}
