//! [`LinearAttention`] from a small start: regression in context, D = 4, λ = 1, 0.7, 0.5, 0.3, 31 pairs of context.
//!
//! | | `linear-attention` | `linear-attention-apart` |
//! |---|---|---|
//! | head | v and a matrix: key and query merged | v, k, q |
//! | H, N | 8, 136 | 5, 45 |
//! | f at the start, at the minima | 2.50, 0.43 | the same |
//! | saddles | 0, strict: λ_min = −2‖Λ²‖_F = −2.29, eight times | one for each number of components learned, 0 included; none has negative curvature |
//! | start | entries normal(0, 1e-4) | entries normal(0, 0.05) |
//! | measure | f − f_min | f − f_min |
//! | target | 1e-3 | 1e-3 |
//! | budget | 4 000 gradients | 20 000 gradients |
//!
//! Merged, v and U grow together by e^{2‖Λ²‖t}; apart, f falls along three factors at once, so that the time at each
//! saddle goes as one over the size of the start.

use super::{OnLandscape, ProblemError, Start};
use crate::landscapes::LinearAttention;
use deo_core::optim::{Group, Groups};

pub(super) fn linear_attention(name: &'static str) -> Result<OnLandscape, ProblemError> {
    let landscape = LinearAttention::merged();
    let (d, stride) = (landscape.size(), 1 + landscape.size().pow(2));
    let head = |h: usize| {
        let first = h * stride;
        [Group::new(first..first + 1), Group::new(first + 1..first + stride).matrix(d, d)]
    };
    let groups: Vec<Group> = (0..landscape.heads()).flat_map(head).collect();
    let groups = Groups::new(landscape.heads() * stride, groups).expect("they lie end to end");
    OnLandscape::new(name, landscape, Start::normal(1e-4), 1e-3, 4_000)?.with_groups(groups)
}

pub(super) fn linear_attention_apart(name: &'static str) -> Result<OnLandscape, ProblemError> {
    OnLandscape::new(name, LinearAttention::apart(), Start::normal(0.05), 1e-3, 20_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscapes::Landscape;
    use crate::problems::start;
    use deo_core::Objective;

    /// The closed form against attention itself, on tasks that are drawn.
    #[test]
    fn the_loss_is_the_mean_over_tasks() {
        const TASKS: usize = 40_000;
        for mut landscape in [LinearAttention::merged(), LinearAttention::apart()] {
            let (d, n) = (landscape.size(), landscape.context());
            let minimum = landscape.minima().remove(0);
            let u = landscape.product(&minimum.x);
            let half: Vec<f64> = minimum.x.iter().map(|x| 0.6 * x).collect();
            for (x, u) in [(minimum.x.clone(), u), (half.clone(), landscape.product(&half))] {
                let root = root(landscape.covariance(), d);
                let mut rng = start::generator(11);
                let (mut sum, mut squares) = (0.0, 0.0);
                for _ in 0..TASKS {
                    let draw = |rng: &mut _| -> Vec<f64> {
                        let mut z = vec![0.0; d];
                        start::normal(rng, &mut z, 1.0);
                        z
                    };
                    let w = draw(&mut rng);
                    let point = |rng: &mut _| apply(&root, &draw(rng));
                    let mut beta = vec![0.0; d];
                    for _ in 0..n {
                        let x = point(&mut rng);
                        let y = dot(&w, &x);
                        beta.iter_mut().zip(&x).for_each(|(b, x)| *b += y * x / n as f64);
                    }
                    let query = point(&mut rng);
                    let error = (dot(&w, &query) - dot(&beta, &apply(&u, &query))).powi(2);
                    (sum, squares) = (sum + error, squares + error * error);
                }
                let mean = sum / TASKS as f64;
                let deviation = (squares / TASKS as f64 - mean * mean).sqrt();
                let standard_error = deviation / (TASKS as f64).sqrt();
                let f = landscape.value(&x);
                // Four standard errors, of 1 % of f each.
                assert!((mean - f).abs() < 4.0 * standard_error, "{mean} ± {standard_error}: {f}");
                assert!(standard_error < 0.02 * f);
            }
        }
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    fn apply(matrix: &[f64], x: &[f64]) -> Vec<f64> {
        matrix.chunks_exact(x.len()).map(|row| dot(row, x)).collect()
    }

    /// The lower triangle L with LLᵀ = Λ, by Cholesky.
    fn root(matrix: &[f64], d: usize) -> Vec<f64> {
        let matrix = nalgebra::DMatrix::from_row_slice(d, d, matrix);
        let lower = matrix.cholesky().expect("Λ is positive").l();
        (0..d * d).map(|i| lower[(i / d, i % d)]).collect()
    }
}
