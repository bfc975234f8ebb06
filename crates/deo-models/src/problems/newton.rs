//! A minimum to all digits, for problems that begin at one: Newton's method with |λ| for λ, in few dimensions.

use deo_core::Objective;
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// The length of a central difference of gradients, whose error is 1e-10 of it squared.
const H: f64 = 1e-5;

/// The Hessian at x by central differences of the gradient.
pub(super) fn hessian(f: &mut dyn Objective<[f64]>, x: &[f64]) -> DMatrix<f64> {
    let n = x.len();
    let (mut y, mut ahead, mut behind) = (x.to_vec(), vec![0.0; n], vec![0.0; n]);
    let mut h = DMatrix::zeros(n, n);
    for i in 0..n {
        y[i] = x[i] + H;
        f.value_grad(&y, &mut ahead);
        y[i] = x[i] - H;
        f.value_grad(&y, &mut behind);
        y[i] = x[i];
        for j in 0..n {
            h[(i, j)] = (ahead[j] - behind[j]) / (2.0 * H);
        }
    }
    (&h + h.transpose()) / 2.0
}

/// The minimum that x leads to, with ‖g‖ as small as rounding lets it become, or 400 steps.
///
/// A step is −Σ ⟨g, v⟩/(|λ| + δ) v over the eigenpairs (λ, v), cut to length 1 and halved until f doesn't rise; δ = 1e-8 of the
/// largest |λ| keeps level directions from running away.
pub(super) fn minimum(f: &mut dyn Objective<[f64]>, mut x: Vec<f64>) -> Vec<f64> {
    let mut g = vec![0.0; x.len()];
    let mut last = f64::INFINITY;
    for _ in 0..400 {
        let value = f.value_grad(&x, &mut g);
        let gradient = DVector::from_column_slice(&g);
        // So near a step squares the distance, unless it is rounding.
        let norm = gradient.norm();
        if norm <= 1e-15 || (norm <= 1e-11 && norm > 0.1 * last) {
            break;
        }
        last = norm;
        let SymmetricEigen { eigenvalues, eigenvectors } = SymmetricEigen::new(hessian(f, &x));
        let floor = 1e-8 * eigenvalues.amax();
        let mut along = eigenvectors.tr_mul(&gradient);
        along.iter_mut().zip(&eigenvalues).for_each(|(a, l)| *a /= l.abs() + floor);
        let step = &eigenvectors * along;
        let mut scale = 1.0 / step.norm().max(1.0);
        let there = loop {
            let y: Vec<f64> = x.iter().zip(&step).map(|(x, s)| x - scale * s).collect();
            // Near the minimum the fall is below the rounding of f.
            if f.value(&y) <= value + 1e-15 * value.abs() || scale < 1e-6 {
                break y;
            }
            scale /= 2.0;
        };
        x = there;
    }
    x
}
