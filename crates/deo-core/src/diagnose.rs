//! Is curvature your problem? A diagnosis at one point of a training.
//!
//! Problem: at a plateau one may look for a direction of negative curvature, and mostly it doesn't pay: the optimizer leaves
//! by itself for less, or the loss falls along that direction by nothing, or the direction belongs to the batch. Which it is can be
//! read off one Krylov space and a few losses:
//!
//! | number | from | symbol |
//! |---|---|---|
//! | λ_min, λ_max with errors | [`Krylov`](crate::krylov::Krylov), both ends of one basis, checked along fresh axes | |
//! | the distance at which the loss turns along the axis | losses at ±D n, downhill | D |
//! | the way of the base along it in its next step | ⟨n, x′ − x⟩ | u |
//! | the base's own rate of leaving | [`BaseKind::growth`], λ in its own metric: [`base`](BaseKind) has the formulas | r |
//! | gradients for the base to leave | one a step | ln(1 + r D/u)/r |
//! | gradients for the axis to pay | those after which it was sharp, ‖Hn − Cn‖ ≤ 0.3 \|C\|, and a third for each loss | |
//! | the share of unstable directions | Gauss quadrature from the random start, below what counts as zero | |
//! | the same axis on other batches | two gradients for the first and one for each further batch, beside that at x | C̄ ± se |
//!
//! With gradient descent u = η|⟨g, n⟩| is r times the distance d from the saddle, and the base needs ln(R)/r steps with R = 1 + D/d.
//! The sentence, the first that holds:
//!
//! | [`Verdict`] | if |
//! |---|---|
//! | [`Minimum`](Verdict::Minimum), [`Valley`](Verdict::Valley) | λ_min isn't negative beyond two errors; ‖g‖ is below 1e-6 λ_max max(‖x‖, 1), or isn't |
//! | [`BatchDirection`](Verdict::BatchDirection) | other batches are given, and on them C̄ isn't negative |
//! | [`Bend`](Verdict::Bend) | D is less than ten steps of the base |
//! | [`Saddle`](Verdict::Saddle) | the base needs three times the gradients of the axis, or more |
//! | [`BaseLeaves`](Verdict::BaseLeaves) | otherwise |
//!
//! What it can't see: how many saddles follow, what the run needs after it has left, that √v̂ of Adam changes meanwhile (on some
//! plateaus a thousandfold), and curvature below its error.
//!
//! [`diagnose`] answers all questions by an [`Oracle`]; [`Diagnose`] is the machine that
//! [asks](crate::oracle::Asks) them, for a loop of your own.

mod base;
mod machine;
mod settings;
#[cfg(test)]
mod tests;
mod turn;
mod verdict;

pub use base::{Base, BaseKind};
pub use machine::Diagnose;
pub use settings::{DiagnoseSettings, Thresholds};
pub use turn::Turn;
pub use verdict::Verdict;

use crate::estimate::Estimate;
use crate::oracle::{Oracle, Workspace};
use crate::setting::SettingError;
use crate::space::Updates;
use crate::statistics::{BatchCurvature, BatchEstimate};
use crate::two_lengths::TwoLengthsSettings;
use std::borrow::{Borrow, BorrowMut};

/// The sentence and the numbers that it rests on. Curvatures are in units of the loss over those of x squared.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Diagnosis<V> {
    /// The sentence.
    pub verdict: Verdict,
    /// f(x).
    pub loss: f64,
    /// ‖g‖.
    pub gradient_norm: f64,
    /// ‖x‖.
    pub norm: f64,
    /// λ_min, with its residual and its error.
    pub lowest: Estimate,
    /// λ_max.
    pub highest: Estimate,
    /// The curvature along the same axis on other batches, if any were given.
    pub others: Option<BatchEstimate>,
    /// ⟨g, n⟩.
    pub slope: f64,
    /// What rounding of the gradient leaves uncertain of it.
    pub slope_error: f64,
    /// Where the loss turns along the axis.
    pub turn: Turn,
    /// The share of directions with negative curvature, in [0, 1], as one random vector sees it: of a share s among N directions it
    /// knows s to about √(2 s/N).
    pub unstable: f64,
    /// What the measured density leaves open of that share, as that vector sees it: a bulk of curvatures near zero that few
    /// gradients don't resolve counts as negative or as positive in the share, and is open here. G. Szegő, Orthogonal
    /// Polynomials, theorem 3.41.1 (the separation theorem of Chebyshev, Markov and Stieltjes).
    pub unstable_range: [f64; 2],
    /// The lowest curvature in the base's metric; λ_min for a Euclidean one.
    pub base_curvature: f64,
    /// r: the component along the axis grows by e^r a step.
    pub growth: f64,
    /// The length of the base's next step.
    pub step_norm: f64,
    /// Gradients that the base needs to leave, as predicted; infinite where nothing but rounding moves it along the axis.
    pub base_gradients: f64,
    /// Gradients that the axis costs: to find it, and the losses along it.
    pub axis_gradients: f64,
    /// Gradients evaluated for this diagnosis, on the first batch and on the others, beside that at x.
    pub gradients: u64,
    /// Losses evaluated for this diagnosis.
    pub losses: u64,
    /// n, of unit length.
    pub axis: V,
}

impl<V> Diagnosis<V> {
    /// d = |⟨g, n⟩|/|λ_min|: how far x is from the saddle along the axis, in the quadratic model.
    pub fn distance(&self) -> f64 {
        self.slope.abs() / self.lowest.curvature.abs()
    }

    /// R = 1 + D/d, how long the way along the axis is; infinite at the saddle itself.
    pub fn reach(&self) -> f64 {
        1.0 + self.turn.at.abs() / self.distance()
    }

    /// The gradient has no component along the axis beyond its rounding: a symmetry, or the saddle itself. A base without noise then
    /// leaves by that rounding, if at all.
    pub fn is_blind(&self) -> bool {
        self.slope.abs() <= self.slope_error
    }

    /// On other batches the curvature along the axis isn't negative. One batch has no standard error: there a quarter of the
    /// curvature that was found must be left.
    fn is_of_the_batch(&self, z: f64) -> bool {
        self.others.is_some_and(|others| match others.batches {
            0 | 1 => others.curvature.is_nan() || others.curvature >= 0.25 * self.lowest.curvature,
            _ => !others.is_negative(z),
        })
    }

    fn judge(&mut self, thresholds: &Thresholds) {
        self.verdict = Verdict::of(self, thresholds);
    }

    /// The same with what other batches say of the axis; the verdict is made anew.
    #[must_use]
    pub fn with_others(mut self, others: BatchEstimate, thresholds: &Thresholds) -> Self {
        // Each of these batches is evaluated at x, too.
        self.gradients += others.gradients + others.batches;
        self.others = Some(others);
        self.judge(thresholds);
        self
    }
}

/// Why there is no diagnosis.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DiagnoseError<E> {
    /// A setting is out of range.
    Settings(SettingError),
    /// The oracle stopped.
    Stopped(E),
}

impl<E: std::fmt::Display> std::fmt::Display for DiagnoseError<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DiagnoseError::Settings(reason) => reason.fmt(f),
            DiagnoseError::Stopped(reason) => reason.fmt(f),
        }
    }
}

impl<E: std::fmt::Debug + std::fmt::Display> std::error::Error for DiagnoseError<E> {}

/// Diagnoses the point x of a training by `base` on the batch of `oracle`; `others` are further batches, none if the loss has
/// one only.
///
/// It costs a gradient at x and those in [`Diagnosis::gradients`], 10 to 60 as a rule, and some ten losses.
///
/// # Errors
///
/// [`DiagnoseError`]: a setting out of range, or why an oracle stopped.
///
/// # Examples
///
/// ```
/// use deo_core::diagnose::{Base, DiagnoseSettings, Verdict, diagnose};
/// use deo_core::objective::FromFn;
/// use deo_core::space::Host;
/// // x₁⁴/4 − x₁²/2 + x₂²: a saddle at 0, where the loss turns at (±1, 0).
/// let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     if let Some(g) = g {
///         g.copy_from_slice(&[x[0].powi(3) - x[0], 2.0 * x[1]]);
///     }
///     x[0].powi(4) / 4.0 - x[0] * x[0] / 2.0 + x[1] * x[1]
/// });
/// let (space, settings) = (Host::<f64>::new(), DiagnoseSettings::default());
/// // From a distance of 1e-6 gradient descent of rate 0.01 needs ln(1e6)/0.01 = 1 400 steps, the axis some ten gradients.
/// let base = Base::gradient_descent(0.01);
/// let d = diagnose(&space, &mut f, &mut [], &[1e-6, 1e-3], &base, &settings)?;
/// assert_eq!(d.verdict, Verdict::Saddle);
/// assert!((d.turn.at.abs() - 1.0).abs() < 0.1 && d.base_gradients > 1_000.0 && d.axis_gradients < 20.0);
/// assert_eq!(d.verdict.to_string(), "at a saddle worth leaving");
/// # Ok::<(), deo_core::diagnose::DiagnoseError<std::convert::Infallible>>(())
/// ```
pub fn diagnose<S, O>(
    space: &S,
    oracle: &mut O,
    others: &mut [&mut dyn Oracle<S::Vector, Stop = O::Stop>],
    x: &S::Vector,
    base: &Base<'_, S::Vector>,
    settings: &DiagnoseSettings,
) -> Result<Diagnosis<S::Owned>, DiagnoseError<O::Stop>>
where
    S: Updates,
    O: Oracle<S::Vector> + ?Sized,
{
    let mut g = space.zeros_like(x);
    let loss = oracle.try_value_grad(x, g.borrow_mut()).map_err(DiagnoseError::Stopped)?;
    let mut machine = Diagnose::new(space, x, loss, *settings).map_err(DiagnoseError::Settings)?;
    let mut workspace = Workspace::new(space, x, settings.rule);
    let asked = workspace.try_answer_all(&mut machine, space, oracle, x, g.borrow());
    asked.map_err(DiagnoseError::Stopped)?;
    let in_metric = base.metric.map(|metric| machine.lowest_in_metric(space, metric));
    let diagnosis = machine.conclude(space, g.borrow(), base, in_metric);
    if others.is_empty() || !diagnosis.lowest.is_negative(settings.thresholds.significance) {
        return Ok(diagnosis);
    }
    let (rule, length) = (settings.rule, settings.length);
    let length = TwoLengthsSettings { rule, length, ..TwoLengthsSettings::default() };
    let mut curvature = BatchCurvature::new(space, diagnosis.axis.borrow(), length)
        .map_err(DiagnoseError::Settings)?;
    for other in others.iter_mut() {
        other.try_value_grad(x, g.borrow_mut()).map_err(DiagnoseError::Stopped)?;
        curvature.begin_batch();
        let asked = workspace.try_answer_all(&mut curvature, space, &mut **other, x, g.borrow());
        asked.map_err(DiagnoseError::Stopped)?;
    }
    Ok(diagnosis.with_others(curvature.estimate(), &settings.thresholds))
}
