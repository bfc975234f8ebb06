//! Stochastic Lanczos quadrature: the spectral density from a few short Lanczos processes.
//!
//! From a unit vector v₁ of random signs, m steps of
//!
//! ```text
//! βⱼ vⱼ₊₁ = H vⱼ − αⱼ vⱼ − βⱼ₋₁ vⱼ₋₁,   αⱼ = ⟨vⱼ, H vⱼ⟩
//! ```
//!
//! give the tridiagonal matrix T of α and β. Its eigenvalues θ are the nodes, and the squares of the first
//! components of its eigenvectors the weights, of the Gauss quadrature for Σ ⟨v₁, uᵢ⟩² f(λᵢ) (Golub & Welsch 1969),
//! whose mean over v₁ is (1/N) Σ f(λᵢ).
//!
//! Departures: the remainder is orthogonalised against *all* earlier vectors, twice, instead of two of them once;
//! without that, converged eigenvalues come back as ghosts and steal weight. So m + 1 vectors are stored. Where
//! nothing is left of the remainder, span V is invariant and its quadrature exact: the process ends early, after n
//! steps at the latest.

use super::{Density, Sampling, StochasticSettings, draw_signs};
use crate::objective::Objective;
use crate::oracle::{Workspace, asks};
use crate::probe::{Answer, Length, Probe};
use crate::ritz::symmetric_eigen;
use crate::setting::SettingError;
use crate::space::{Space, norm_from};
use std::borrow::{Borrow, BorrowMut};

/// A Lanczos process from each of several random vectors: plain data, resumable at any answer.
///
/// # Examples
///
/// ```
/// use deo_core::stochastic::{SpectralDensity, StochasticSettings};
/// use deo_core::{Answer, space::Host};
/// let space = Host::<f64>::new();
/// let spectrum = [-1.0, 1.0, 1.0, 3.0];
/// let mut process = SpectralDensity::new(&space, &spectrum, StochasticSettings::default())?;
/// while let Some(probe) = process.ask(&space) {
///     let product: Vec<f64> =
///         probe.direction().iter().zip(spectrum).map(|(v, lambda)| lambda * v).collect();
///     process.tell(&space, Answer::product(&product));
/// }
/// let density = process.density();
/// assert!((density.moment(1) - 1.0).abs() < 1e-12);
/// assert!((density.below(0.0) - 0.25).abs() < 1e-12);
/// # Ok::<(), deo_core::SettingError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub struct SpectralDensity<S: Space> {
    settings: StochasticSettings,
    length: Length,
    /// m vectors, of which the first `alpha.len()` have products and the next one waits for its own.
    basis: Vec<S::Owned>,
    remainder: S::Owned,
    alpha: Vec<f64>,
    beta: Vec<f64>,
    /// Room for T, its eigenvectors and its eigenvalues.
    matrix: Vec<f64>,
    vectors: Vec<f64>,
    values: Vec<f64>,
    density: Density,
    gradients: u64,
    sampling: Sampling,
}

asks!(SpectralDensity);

impl<S: Space> SpectralDensity<S> {
    /// A machine for vectors of the shape of `like`, with its first question ready.
    ///
    /// # Errors
    ///
    /// [`SettingError`] names a setting that is out of range.
    pub fn new(
        space: &S,
        like: &S::Vector,
        settings: StochasticSettings,
    ) -> Result<Self, SettingError> {
        settings.validate()?;
        let steps = settings.steps;
        let mut process = SpectralDensity {
            length: Length::or_balanced(settings.length, settings.rule, space, like),
            settings,
            basis: (0..steps).map(|_| space.zeros_like(like)).collect(),
            remainder: space.zeros_like(like),
            alpha: Vec::with_capacity(steps),
            beta: Vec::with_capacity(steps),
            matrix: vec![0.0; steps * steps],
            vectors: vec![0.0; steps * steps],
            values: vec![0.0; steps],
            density: Density::default(),
            gradients: 0,
            sampling: Sampling::Running,
        };
        process.begin(space);
        Ok(process)
    }

    /// Starts again, at another x, from the same vectors.
    pub fn begin(&mut self, space: &S) {
        self.density.clear();
        (self.gradients, self.sampling) = (0, Sampling::Running);
        self.draw(space);
    }

    fn draw(&mut self, space: &S) {
        self.alpha.clear();
        self.beta.clear();
        let number = self.density.vectors() as u64;
        draw_signs(space, self.settings.seed, number, self.basis[0].borrow_mut());
    }

    /// Ends the estimate with the vectors finished so far.
    pub fn stop(&mut self) {
        if self.sampling == Sampling::Running {
            self.sampling = Sampling::Stopped;
        }
    }

    /// The next question, or `None` when the estimate is finished. Asking again asks the same.
    pub fn ask(&self, _space: &S) -> Option<Probe<'_, S::Vector>> {
        let asking = self.sampling == Sampling::Running;
        asking.then(|| Probe::new(self.basis[self.alpha.len()].borrow(), self.length, 1.0))
    }

    /// Takes the answer to the question last asked.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        let asked = self.sampling == Sampling::Running;
        assert!(asked, "tell without a question: the Lanczos process asked nothing");
        self.gradients += answer.gradients;
        let v = self.basis[self.alpha.len()].borrow();
        let (alpha, square) = answer.product_into(space, v, self.remainder.borrow_mut());
        let size = norm_from(space, square, self.remainder.borrow());
        if !(alpha.is_finite() && size.is_finite()) {
            self.sampling = Sampling::NonFinite;
            return;
        }
        self.alpha.push(alpha);
        if self.alpha.len() == self.settings.steps {
            return self.finish_vector(space);
        }
        let beta = self.orthogonalise(space);
        // Ten roundoffs: what cancellation leaves of a product that lies in the span of the basis.
        if beta <= 10.0 * space.epsilon() * size {
            return self.finish_vector(space);
        }
        self.beta.push(beta);
        let next = self.basis[self.alpha.len()].borrow_mut();
        space.axpby(1.0 / beta, self.remainder.borrow(), 0.0, next);
    }

    /// The remainder ← its part orthogonal to the basis. Returns its norm.
    fn orthogonalise(&mut self, space: &S) -> f64 {
        let remainder = self.remainder.borrow_mut();
        // Twice is enough, as in the dimer.
        for _ in 0..2 {
            for v in &self.basis[..self.alpha.len()] {
                space.deflate(1.0, v.borrow(), remainder);
            }
        }
        space.norm(remainder)
    }

    /// Turns T into nodes and weights, and draws the next vector.
    fn finish_vector(&mut self, space: &S) {
        let k = self.alpha.len();
        let (matrix, values) = (&mut self.matrix[..k * k], &mut self.values[..k]);
        let vectors = &mut self.vectors[..k * k];
        matrix.fill(0.0);
        for i in 0..k {
            matrix[i * k + i] = self.alpha[i];
            if i + 1 < k {
                (matrix[i * k + i + 1], matrix[(i + 1) * k + i]) = (self.beta[i], self.beta[i]);
            }
        }
        symmetric_eigen(matrix, vectors, values);
        let weights = vectors.chunks_exact(k).map(|vector| vector[0] * vector[0]);
        self.density.push(values.iter().copied().zip(weights));
        if self.density.vectors() == self.settings.vectors {
            self.sampling = Sampling::Finished;
        } else {
            self.draw(space);
        }
    }

    /// Answers everything that is asked, at x, where the gradient is `g`.
    pub fn measure<O>(
        &mut self,
        space: &S,
        objective: &mut O,
        x: &S::Vector,
        g: &S::Vector,
        workspace: &mut Workspace<S>,
    ) -> &Density
    where
        O: Objective<S::Vector> + ?Sized,
    {
        workspace.answer_all(self, space, objective, x, g);
        self.density()
    }

    /// The density from the vectors finished so far.
    pub fn density(&self) -> &Density {
        &self.density
    }

    /// Gradients evaluated since the start.
    pub fn gradients(&self) -> u64 {
        self.gradients
    }

    /// How far it has come.
    pub fn sampling(&self) -> Sampling {
        self.sampling
    }
}
