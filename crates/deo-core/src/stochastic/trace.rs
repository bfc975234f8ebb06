//! Hutchinson's estimate of the trace.

use super::{Sampling, StochasticSettings, draw_signs};
use crate::objective::Objective;
use crate::oracle::{Workspace, asks};
use crate::probe::{Answer, Length, Probe};
use crate::setting::SettingError;
use crate::space::{Space, norm_from};
use crate::statistics::Sample;
use std::borrow::{Borrow, BorrowMut};

/// tr H ≈ mean of ⟨z, Hz⟩ over random vectors of signs z, with its standard error.
///
/// The inner product is taken to be the plain sum over components or over those of a projection. Under a metric M, where
/// answers are A = M⁻¹∇²f, ⟨z, Az⟩ = zᵀ∇²f z: the trace is that of ∇²f, not of A.
///
/// The variance of one sample is 2 Σ_{i≠j} H_ij²: the trace of a diagonal matrix is exact, and n vectors leave about
/// ‖H‖_F √(2/n) otherwise.
///
/// # Examples
///
/// ```
/// use deo_core::stochastic::{StochasticSettings, Trace};
/// use deo_core::{Answer, space::Host};
/// let space = Host::<f64>::new();
/// let settings = StochasticSettings { vectors: 4, ..Default::default() };
/// let mut trace = Trace::new(&space, &[0.0; 3], settings)?;
/// while let Some(probe) = trace.ask(&space) {
///     let v = probe.direction();
///     trace.tell(&space, Answer::product(&[v[0], 2.0 * v[1], -5.0 * v[2]]));
/// }
/// assert!((trace.estimate().trace + 2.0).abs() < 1e-12);
/// # Ok::<(), deo_core::SettingError>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trace<S: Space> {
    settings: StochasticSettings,
    length: Length,
    direction: S::Owned,
    product: S::Owned,
    /// N.
    dimension: f64,
    samples: Sample,
    gradients: u64,
    sampling: Sampling,
}

/// A trace and its error bar.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TraceEstimate {
    /// The mean over the vectors used; NaN for none.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    pub trace: f64,
    /// Its standard error from the choice of vectors; NaN for one.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    pub standard_error: f64,
    /// The vectors used.
    pub vectors: u64,
    /// Gradients evaluated.
    pub gradients: u64,
    /// How far it has come.
    pub sampling: Sampling,
}

asks!(Trace);

impl<S: Space> Trace<S> {
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
        let (direction, product) = (space.zeros_like(like), space.zeros_like(like));
        let mut trace = Trace {
            length: Length::or_balanced(settings.length, settings.rule, space, like),
            settings,
            direction,
            product,
            dimension: 0.0,
            samples: Sample::EMPTY,
            gradients: 0,
            sampling: Sampling::Running,
        };
        trace.begin(space);
        Ok(trace)
    }

    /// Starts again, at another x, with the same vectors.
    pub fn begin(&mut self, space: &S) {
        (self.samples, self.gradients, self.sampling) = (Sample::EMPTY, 0, Sampling::Running);
        self.draw(space);
    }

    fn draw(&mut self, space: &S) {
        let number = self.samples.count();
        self.dimension = draw_signs(space, self.settings.seed, number, self.direction.borrow_mut());
    }

    /// Ends the estimate with the vectors used so far.
    pub fn stop(&mut self) {
        if self.sampling == Sampling::Running {
            self.sampling = Sampling::Stopped;
        }
    }

    /// The next question, or `None` when the estimate is finished. Asking again asks the same.
    pub fn ask(&self, _space: &S) -> Option<Probe<'_, S::Vector>> {
        let asking = self.sampling == Sampling::Running;
        asking.then(|| Probe::new(self.direction.borrow(), self.length, 1.0))
    }

    /// Takes the answer to the question last asked.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        let asked = self.sampling == Sampling::Running;
        assert!(asked, "tell without a question: the trace asked nothing");
        self.gradients += answer.gradients;
        let direction = self.direction.borrow();
        let (along, square) = answer.product_into(space, direction, self.product.borrow_mut());
        if !(along.is_finite() && norm_from(space, square, self.product.borrow()).is_finite()) {
            self.sampling = Sampling::NonFinite;
            return;
        }
        // 1/√N is rounded to the storage, by the same factor in every component: divide by what came out.
        let length = space.dot(direction, direction);
        self.samples.push(if length > 0.0 { self.dimension * along / length } else { 0.0 });
        if self.samples.count() == self.settings.vectors as u64 {
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
    ) -> TraceEstimate
    where
        O: Objective<S::Vector> + ?Sized,
    {
        workspace.answer_all(self, space, objective, x, g);
        self.estimate()
    }

    /// The estimate as it stands.
    pub fn estimate(&self) -> TraceEstimate {
        TraceEstimate {
            trace: self.samples.mean(),
            standard_error: self.samples.standard_error(),
            vectors: self.samples.count(),
            gradients: self.gradients,
            sampling: self.sampling,
        }
    }
}
