//! One estimate at a point, for losses that fit the [`Objective`] trait.

use super::{Dimer, DimerSettings};
use crate::estimate::Estimate;
use crate::objective::Objective;
use crate::oracle::{Workspace, asks};
use crate::setting::SettingError;
use crate::space::Space;
use std::borrow::BorrowMut;

asks!(Dimer);

impl<S: Space> Dimer<S> {
    /// Runs an estimate at x, where the gradient is `g`, from the present axis to its end.
    pub fn measure<O>(
        &mut self,
        space: &S,
        objective: &mut O,
        x: &S::Vector,
        g: &S::Vector,
        workspace: &mut Workspace<S>,
    ) -> Estimate
    where
        O: Objective<S::Vector> + ?Sized,
    {
        self.begin(space);
        workspace.answer_all(self, space, objective, x, g);
        self.estimate()
    }
}

/// The lowest curvature of `objective` at x (or the highest, by the settings) and its axis, from a random start.
///
/// # Errors
///
/// [`SettingError`] names a setting that is out of range.
///
/// # Examples
///
/// ```
/// use deo_core::{DimerSettings, drive::curvature, objective::FromFn, space::Host};
/// let mut saddle = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     if let Some(g) = g {
///         g.copy_from_slice(&[x[0], -3.0 * x[1]]);
///     }
///     0.5 * x[0] * x[0] - 1.5 * x[1] * x[1]
/// });
/// let (estimate, axis) =
///     curvature(&Host::<f64>::new(), &mut saddle, &[0.1, 0.2], DimerSettings::default(), 1)?;
/// assert!((estimate.curvature + 3.0).abs() < 1e-6);
/// assert!(axis[0].abs() < 1e-3);
/// # Ok::<(), deo_core::SettingError>(())
/// ```
pub fn curvature<S, O>(
    space: &S,
    objective: &mut O,
    x: &S::Vector,
    settings: DimerSettings,
    seed: u64,
) -> Result<(Estimate, S::Owned), SettingError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let mut dimer = Dimer::new(space, x, settings)?;
    let mut workspace = Workspace::new(space, x, settings.rule);
    let mut g = space.zeros_like(x);
    objective.value_grad(x, g.borrow_mut());
    dimer.draw(space, seed);
    let estimate = dimer.measure(space, objective, x, g.borrow_mut(), &mut workspace);
    Ok((estimate, dimer.into_axis()))
}
