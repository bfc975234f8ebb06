//! The curvature along one axis, batch after batch.

use super::{Advice, Sample, sample::margin};
use crate::estimate::Status;
use crate::objective::Objective;
use crate::oracle::{Workspace, asks};
use crate::probe::{Answer, Probe, Rule};
use crate::setting::SettingError;
use crate::space::Space;
use crate::two_lengths::{Regime, TwoLengths, TwoLengthsSettings};
use std::borrow::{Borrow, BorrowMut};

/// The curvature along a fixed axis over several batches, in the ask/tell protocol.
///
/// The first batch is asked at two lengths or three, which measures the [secant error](TwoLengths); the others
/// at one. Rounding differs from batch to batch and is part of the standard error too; truncation is common to
/// all and in the secant error only.
///
/// # Examples
///
/// ```
/// use deo_core::two_lengths::TwoLengthsSettings;
/// use deo_core::statistics::BatchCurvature;
/// use deo_core::{Answer, Rule, space::Host};
/// let space = Host::<f64>::new();
/// let settings = TwoLengthsSettings { rule: Rule::Product, ..Default::default() };
/// let mut batches = BatchCurvature::new(&space, &[1.0, 0.0], settings)?;
/// for curvature in [-1.5, -0.5, -1.0] {
///     batches.begin_batch();
///     while let Some(probe) = batches.ask(&space) {
///         let product = [curvature * probe.direction()[0], 0.0];
///         batches.tell(&space, Answer::product(&product));
///     }
/// }
/// let estimate = batches.estimate();
/// assert_eq!(estimate.curvature, -1.0);
/// // −1 ± 0.29: 3.5 standard errors, which of three batches are less than the 95 % of z = 2.
/// assert!(estimate.is_negative(1.5) && !estimate.is_negative(2.0));
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
pub struct BatchCurvature<S: Space> {
    two_lengths: TwoLengths<S>,
    mean_product: S::Owned,
    scratch: S::Owned,
    curvatures: Sample,
    /// √Σ ‖H_b n − H̄n‖².
    product_deviation: f64,
    estimate: BatchEstimate,
    regime: Option<Regime>,
}

/// A mean curvature and its error bars.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BatchEstimate {
    /// C̄, the mean over the batches.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    pub curvature: f64,
    /// se(C), and to first order that of the eigenvalue; NaN for one batch.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    pub standard_error: f64,
    /// The expected error of the secants, as the first batch showed it.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    pub secant_error: f64,
    /// ‖H̄n − C̄n‖: some eigenvalue of H̄ lies within this distance of C̄.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    pub residual: f64,
    /// se(r), how much of the residual the batches' noise explains; NaN for one batch.
    #[cfg_attr(feature = "serde", serde(with = "crate::estimate::unknown"))]
    pub residual_standard_error: f64,
    /// B.
    pub batches: u64,
    /// Gradients evaluated beyond one for each batch.
    pub gradients: u64,
    /// `Running` while the machine takes batches, `NonFinite` once an answer wasn't finite; the numbers are then those
    /// of the batches before.
    pub status: Status,
}

impl BatchEstimate {
    const UNKNOWN: BatchEstimate = BatchEstimate {
        curvature: f64::NAN,
        standard_error: f64::NAN,
        secant_error: f64::NAN,
        residual: f64::NAN,
        residual_standard_error: f64::NAN,
        batches: 0,
        gradients: 0,
        status: Status::Unknown,
    };

    /// The gate: C̄ + t se(C) + `z` secant error < 0, where t is to this number of batches what `z` is to a normal
    /// distribution ([`student_t`](super::student_t)): 95 % confidence for z = 2, at any number. False for one batch,
    /// whose standard error isn't known.
    pub fn is_negative(&self, z: f64) -> bool {
        self.curvature + self.margin(z) + z * self.secant_error < 0.0
    }

    /// t se(C); NaN for one batch.
    pub fn margin(&self, z: f64) -> f64 {
        margin(z, self.standard_error, self.batches)
    }
}

asks!(BatchCurvature);

impl<S: Space> BatchCurvature<S> {
    /// A machine for the direction of `axis`.
    ///
    /// # Errors
    ///
    /// [`SettingError`] names a setting that is out of range.
    pub fn new(
        space: &S,
        axis: &S::Vector,
        settings: TwoLengthsSettings,
    ) -> Result<Self, SettingError> {
        let mut two_lengths = TwoLengths::new(space, axis, settings)?;
        two_lengths.set_axis(space, axis);
        two_lengths.begin(0);
        Ok(BatchCurvature {
            two_lengths,
            mean_product: space.zeros_like(axis),
            scratch: space.zeros_like(axis),
            curvatures: Sample::EMPTY,
            product_deviation: 0.0,
            estimate: BatchEstimate::UNKNOWN,
            regime: None,
        })
    }

    /// Begins the next batch; one that wasn't answered to its end is dropped.
    pub fn begin_batch(&mut self) {
        if self.estimate.status != Status::NonFinite {
            self.estimate.status = Status::Running;
            let settings = self.two_lengths.settings();
            let lengths = if self.estimate.batches == 0 { settings.lengths() } else { 1 };
            self.two_lengths.begin(lengths);
        }
    }

    /// The next question of this batch, or `None` when it is finished. Asking again asks the same.
    pub fn ask(&self, space: &S) -> Option<Probe<'_, S::Vector>> {
        self.two_lengths.ask(space)
    }

    /// Takes the answer to the question last asked.
    ///
    /// # Panics
    ///
    /// If nothing was asked.
    pub fn tell(&mut self, space: &S, answer: Answer<'_, S::Vector>) {
        self.estimate.gradients += answer.gradients;
        self.two_lengths.tell(space, answer);
        match self.two_lengths.status() {
            Status::NonFinite => self.estimate.status = Status::NonFinite,
            Status::Converged => self.absorb(space),
            _ => {}
        }
    }

    /// Welford's update, of numbers and of vectors.
    fn absorb(&mut self, space: &S) {
        self.curvatures.push(self.two_lengths.curvature());
        let count = self.curvatures.count() as f64;
        let (scratch, mean) = (self.scratch.borrow_mut(), self.mean_product.borrow_mut());
        space.copy(self.two_lengths.product().borrow(), scratch);
        space.axpby(-1.0, mean, 1.0, scratch);
        let deviation = space.norm(scratch) * (1.0 - 1.0 / count).sqrt();
        self.product_deviation = self.product_deviation.hypot(deviation);
        space.axpby(1.0 / count, scratch, 1.0, mean);
        let curvature = self.curvatures.mean();
        space.copy(mean, scratch);
        space.axpby(-curvature, self.two_lengths.axis().borrow(), 1.0, scratch);
        if count == 1.0 {
            self.estimate.secant_error = self.two_lengths.expected_error();
            self.regime = self.two_lengths.regime();
        }
        self.estimate.batches = self.curvatures.count();
        self.estimate.curvature = curvature;
        self.estimate.standard_error = self.curvatures.standard_error();
        self.estimate.residual = space.norm(scratch);
        // The part of H_b n along n is the curvature's, not the residual's.
        let (all, along) =
            (self.product_deviation, self.curvatures.deviation() * (count - 1.0).sqrt());
        // √(all² − along²), which may be none by rounding; unknown, as `along` is, for one batch.
        let across = if all < along { 0.0 } else { (all - along).sqrt() * (all + along).sqrt() };
        self.estimate.residual_standard_error = across / (count * (count - 1.0)).sqrt();
    }

    /// Measures one more batch at x, where its gradient is `g`.
    pub fn measure<O>(
        &mut self,
        space: &S,
        objective: &mut O,
        x: &S::Vector,
        g: &S::Vector,
        workspace: &mut Workspace<S>,
    ) where
        O: Objective<S::Vector> + ?Sized,
    {
        self.begin_batch();
        workspace.answer_all(self, space, objective, x, g);
    }

    /// n, of unit length.
    pub fn axis(&self) -> &S::Owned {
        self.two_lengths.axis()
    }

    /// H̄n, the mean product.
    pub fn mean_product(&self) -> &S::Owned {
        &self.mean_product
    }

    /// C_b, its count, mean and variance.
    pub fn curvatures(&self) -> Sample {
        self.curvatures
    }

    /// The estimate over the batches that were finished.
    pub fn estimate(&self) -> BatchEstimate {
        self.estimate
    }

    /// What would make the sign of C̄ certain, if it isn't with the confidence of `z` standard errors of a normal
    /// distribution; few batches are allowed for as in [`BatchEstimate::is_negative`].
    pub fn advice(&self, z: f64) -> Advice {
        let BatchEstimate { curvature, standard_error, secant_error, .. } = self.estimate;
        let widened = if z > 0.0 { self.estimate.margin(z) / z } else { standard_error };
        Advice::new(curvature, widened, secant_error, self.regime, self.rule(), z)
    }

    fn rule(&self) -> Rule {
        self.two_lengths.settings().rule
    }
}
