//! A quadratic form of known spectrum.
//!
//! f(x) = ½ xᵀHx + bᵀx, H = Q diag(λ) Qᵀ, with Q a [`Basis`]. The gradient is Hx + b, and H is the same
//! everywhere, so a secant is an exact Hessian product but for rounding, of any length.
//!
//! Domain: ℝᴺ, starts in [−1, 1]ᴺ. One stationary point if no λ is zero: x* = −H⁻¹b, f(x*) = ½ bᵀx*, curvature
//! min λ. All λ > 0 make it a minimum, λ of both signs a saddle.

use super::landscape::objective_by_evaluate;
use super::{Basis, Landscape, LandscapeError, StationaryPoint};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// How many eigenvectors of [`Quadratic::gap_family`] are uniformly random. The lowest must be; a few more keep
/// its neighbours off the axes; each costs 8 N multiplications and additions a gradient.
const RANDOM_EIGENVECTORS: usize = 16;

/// f(x) = ½ xᵀHx + bᵀx with H of known eigenvalues and eigenvectors.
///
/// # Examples
///
/// ```
/// use deo_models::landscapes::Quadratic;
/// let quadratic = Quadratic::gap_family(1000, 0.1, 7)?;
/// let v = quadratic.eigenvector(0);
/// let mut hv = vec![0.0; 1000];
/// quadratic.hessian_product(&v, &mut hv);
/// assert!(hv.iter().zip(&v).all(|(hv, v)| (hv + v).abs() < 1e-14)); // λ₁ = −1
/// # Ok::<(), deo_models::landscapes::LandscapeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Quadratic {
    eigenvalues: Vec<f64>,
    basis: Basis,
    linear: Vec<f64>,
    /// Qᵀx, for values without a gradient.
    scratch: Vec<f64>,
}

impl Quadratic {
    /// H with `eigenvalues[i]` along column i of `basis`, and b = 0.
    ///
    /// # Errors
    ///
    /// If there is no eigenvalue, one is not finite, or their number is not the dimension of the basis.
    pub fn new(eigenvalues: Vec<f64>, basis: Basis) -> Result<Self, LandscapeError> {
        let n = eigenvalues.len();
        LandscapeError::unless_dimension("quadratic", n, 1)?;
        LandscapeError::unless_finite("the spectrum", &eigenvalues)?;
        if n != basis.dimension() {
            return Err(LandscapeError::WrongLength {
                parameter: "the spectrum",
                length: n,
                expected: basis.dimension(),
            });
        }
        Ok(Quadratic { eigenvalues, basis, linear: vec![0.0; n], scratch: vec![0.0; n] })
    }

    /// H = diag(`eigenvalues`), b = 0.
    ///
    /// # Errors
    ///
    /// If there is no eigenvalue or one is not finite.
    pub fn diagonal(eigenvalues: Vec<f64>) -> Result<Self, LandscapeError> {
        let basis = Basis::axes(eigenvalues.len());
        Self::new(eigenvalues, basis)
    }

    /// The family of the eigenpair benchmarks: λ₁ = −1, the n − 1 others uniformly random in [−1 + gap, 1],
    /// ascending, in a random basis.
    ///
    /// # Errors
    ///
    /// Unless n ≥ 2 and 0 < gap ≤ 2.
    pub fn gap_family(n: usize, gap: f64, seed: u64) -> Result<Self, LandscapeError> {
        LandscapeError::unless_dimension("quadratic with a gap", n, 2)?;
        let allowed = gap > 0.0 && gap <= 2.0;
        LandscapeError::unless(allowed, "gap", gap, "above 0 and at most 2")?;

        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // The same seed draws the basis, from another stream, so that the two are independent.
        rng.set_stream(u64::from_le_bytes(*b"spectrum"));
        let rest = (1..n).map(|_| rng.random_range(-1.0 + gap..=1.0));
        let mut eigenvalues: Vec<f64> = std::iter::once(-1.0).chain(rest).collect();
        eigenvalues.sort_by(f64::total_cmp);
        Self::new(eigenvalues, Basis::random(n, RANDOM_EIGENVECTORS, seed))
    }

    /// The same H with another b.
    ///
    /// # Errors
    ///
    /// If b has another length than the spectrum or an entry that is not finite.
    pub fn with_linear(self, b: Vec<f64>) -> Result<Self, LandscapeError> {
        LandscapeError::unless_finite("the linear part", &b)?;
        if b.len() != self.eigenvalues.len() {
            return Err(LandscapeError::WrongLength {
                parameter: "the linear part",
                length: b.len(),
                expected: self.eigenvalues.len(),
            });
        }
        Ok(Quadratic { linear: b, ..self })
    }

    /// The eigenvalues in the order of the basis vectors.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// b.
    pub fn linear(&self) -> &[f64] {
        &self.linear
    }

    /// The smallest eigenvalue.
    pub fn lowest_eigenvalue(&self) -> f64 {
        self.eigenvalues.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The unit eigenvector of `eigenvalues()[i]`.
    ///
    /// # Panics
    ///
    /// If there is no eigenvalue i.
    pub fn eigenvector(&self, i: usize) -> Vec<f64> {
        self.basis.column(i)
    }

    /// hv ← H v, exact but for rounding.
    ///
    /// # Panics
    ///
    /// If v or hv does not have N components.
    pub fn hessian_product(&self, v: &[f64], hv: &mut [f64]) {
        hv.copy_from_slice(v);
        self.basis.apply_transposed(hv);
        for (hv, &lambda) in hv.iter_mut().zip(&self.eigenvalues) {
            *hv *= lambda;
        }
        self.basis.apply(hv);
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let wanted = gradient.is_some();
        let y = gradient.unwrap_or(&mut self.scratch);
        y.copy_from_slice(x);
        self.basis.apply_transposed(y);

        let mut square = 0.0; // yᵀ diag(λ) y = xᵀHx
        for (y, &lambda) in y.iter_mut().zip(&self.eigenvalues) {
            square += lambda * *y * *y;
            *y *= lambda;
        }
        if wanted {
            self.basis.apply(y);
            for (g, &b) in y.iter_mut().zip(&self.linear) {
                *g += b;
            }
        }
        let linear: f64 = x.iter().zip(&self.linear).map(|(x, b)| x * b).sum();
        0.5 * square + linear
    }

    /// x* = −H⁻¹b, unless an eigenvalue is zero.
    fn stationary_point(&self) -> Option<StationaryPoint> {
        if self.eigenvalues.contains(&0.0) {
            return None;
        }
        let mut x = self.linear.clone();
        self.basis.apply_transposed(&mut x);
        for (x, &lambda) in x.iter_mut().zip(&self.eigenvalues) {
            *x /= -lambda;
        }
        self.basis.apply(&mut x);
        let value = x.iter().zip(&self.linear).map(|(x, b)| 0.5 * x * b).sum();
        Some(StationaryPoint { x, value, curvature: Some(self.lowest_eigenvalue()) })
    }
}

objective_by_evaluate!(Quadratic);

impl Landscape for Quadratic {
    fn name(&self) -> &'static str {
        "quadratic"
    }

    fn dimension(&self) -> usize {
        self.eigenvalues.len()
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-1.0, 1.0); self.dimension()]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        let positive = self.eigenvalues.iter().all(|&lambda| lambda > 0.0);
        self.stationary_point().filter(|_| positive).into_iter().collect()
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        let down = self.eigenvalues.iter().any(|&lambda| lambda < 0.0);
        let up = self.eigenvalues.iter().any(|&lambda| lambda > 0.0);
        self.stationary_point().filter(|_| down && up).into_iter().collect()
    }
}
