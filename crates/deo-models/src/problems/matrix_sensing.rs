//! A matrix of rank two from few linear measurements, N = 30.
//!
//! f(U) = 1/2m Σᵢ (⟨Aᵢ, UUᵀ⟩ − yᵢ)², U ∈ ℝ^{15×2}, yᵢ = ⟨Aᵢ, M⟩, m = 120 symmetric Aᵢ whose entries on and above the diagonal
//! are normal(0, 1), normal(0, ½); M = λ₁v₁v₁ᵀ + λ₂v₂v₂ᵀ with λ = 1, 0.1 in a random basis. ∇f = 2/m Σ (⟨Aᵢ, UUᵀ⟩ − yᵢ) AᵢU.
//! The vector holds U column after column.
//!
//! | | |
//! |---|---|
//! | minima | UUᵀ = M, f = 0, and the rotations of U |
//! | saddle | 0: the Hessian is −2/m Σ yᵢAᵢ for each column, so λ_min = −2 λ_max(1/m Σ yᵢAᵢ) ≈ −2λ₁, two directions at least; another one near √λ₁ v₁, with about −2λ₂ |
//! | start | entries normal(0, 1e-6) |
//! | measure | f |
//! | target | 1e-6 |
//! | budget | 2 000 gradients |
//!
//! S. Bhojanapalli, B. Neyshabur, N. Srebro, Global optimality of local search for low rank matrix recovery, arXiv 1605.07221.

use super::on_loss::OnLoss;
use super::{Start, start};
use crate::landscapes::Basis;
use deo_core::Objective;
use deo_core::optim::Groups;

const SIZE: usize = 15;
const RANK: usize = 2;
const MEASUREMENTS: usize = 120;
const EIGENVALUES: [f64; RANK] = [1.0, 0.1];

/// Entries on and above the diagonal.
const PACKED: usize = SIZE * (SIZE + 1) / 2;

/// The measurements.
#[derive(Debug, Clone)]
struct Sensing {
    /// m matrices, each by its entries on and above the diagonal, row after row.
    matrices: Vec<f64>,
    answers: Vec<f64>,
}

/// The pairs (i, j), i ≤ j, in the order of packed entries.
fn pairs() -> impl Iterator<Item = (usize, usize)> {
    (0..SIZE).flat_map(|i| (i..SIZE).map(move |j| (i, j)))
}

/// UUᵀ, packed, its entries off the diagonal doubled: their inner products with packed matrices are those of the matrices.
fn doubled_product(x: &[f64]) -> Vec<f64> {
    let entry = |(i, j): (usize, usize)| {
        let once: f64 = x.chunks_exact(SIZE).map(|u| u[i] * u[j]).sum();
        if i == j { once } else { 2.0 * once }
    };
    pairs().map(entry).collect()
}

impl Sensing {
    fn new() -> Self {
        let mut rng = start::generator(30);
        let mut matrices = vec![0.0; MEASUREMENTS * PACKED];
        start::normal(&mut rng, &mut matrices, 1.0);
        for a in matrices.chunks_exact_mut(PACKED) {
            let off = a.iter_mut().zip(pairs()).filter(|(_, (i, j))| i != j);
            off.for_each(|(a, _)| *a *= std::f64::consts::FRAC_1_SQRT_2);
        }
        let basis = Basis::random(SIZE, RANK, 0);
        let mut product = vec![0.0; SIZE * RANK];
        for (k, lambda) in EIGENVALUES.iter().enumerate() {
            let column = basis.column(k);
            (0..SIZE).for_each(|i| product[k * SIZE + i] = lambda.sqrt() * column[i]);
        }
        let mut sensing = Sensing { matrices, answers: vec![0.0; MEASUREMENTS] };
        sensing.answers = sensing.residuals(&product);
        sensing
    }

    /// ⟨Aᵢ, UUᵀ⟩ − yᵢ.
    fn residuals(&self, x: &[f64]) -> Vec<f64> {
        let product = doubled_product(x);
        let matrices = self.matrices.chunks_exact(PACKED).zip(&self.answers);
        matrices.map(|(a, y)| dot(a, &product) - y).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Objective<[f64]> for Sensing {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.residuals(x).iter().map(|r| r * r).sum::<f64>() / (2 * MEASUREMENTS) as f64
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let residuals = self.residuals(x);
        let mut sum = [0.0; PACKED];
        for (a, r) in self.matrices.chunks_exact(PACKED).zip(&residuals) {
            let factor = 2.0 * r / MEASUREMENTS as f64;
            sum.iter_mut().zip(a).for_each(|(sum, a)| *sum += factor * a);
        }
        gradient.fill(0.0);
        for ((i, j), entry) in pairs().zip(sum) {
            for (g, u) in gradient.chunks_exact_mut(SIZE).zip(x.chunks_exact(SIZE)) {
                g[i] += entry * u[j];
                if i != j {
                    g[j] += entry * u[i];
                }
            }
        }
        residuals.iter().map(|r| r * r).sum::<f64>() / (2 * MEASUREMENTS) as f64
    }
}

pub(super) fn matrix_sensing(name: &'static str) -> OnLoss<impl Objective<[f64]> + Send + use<>> {
    let groups = Groups::whole(SIZE * RANK);
    OnLoss::new(name, Sensing::new(), Start::normal(1e-6), groups, [0.0, 1e-6], 2_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::newton::hessian;
    use nalgebra::{DMatrix, SymmetricEigen};

    #[test]
    fn the_curvature_at_zero_is_that_of_the_measured_matrix() {
        let mut sensing = Sensing::new();
        let mut mean = DMatrix::<f64>::zeros(SIZE, SIZE);
        for (a, y) in sensing.matrices.chunks(PACKED).zip(&sensing.answers) {
            for ((i, j), a) in pairs().zip(a) {
                mean[(i, j)] += a * y / MEASUREMENTS as f64;
                mean[(j, i)] = mean[(i, j)];
            }
        }
        let expected = -2.0 * SymmetricEigen::new(mean).eigenvalues.max();
        let dense = SymmetricEigen::new(hessian(&mut sensing, &[0.0; SIZE * RANK])).eigenvalues;
        assert!((dense.min() / expected - 1.0).abs() < 1e-6, "{} {expected}", dense.min());
        // E ⟨A, M⟩ A = M for these A; with 120 of them a third is left to chance.
        assert!((-4.0..-1.3).contains(&expected), "{expected}");
    }
}
