//! The curvature of a loss, without training anything.

use crate::{
    Error, Parameters, Tensors,
    probing::{self, evaluate},
};
use candle_core::{Tensor, Var};
use deo_core::drive::Asks;
use deo_core::{Dimer, DimerSettings, Estimate, Rule};

/// The lowest curvature of a loss at what `vars` hold, λ_min of its Hessian, and its axis, one tensor for each `Var`.
///
/// `loss` computes the loss from the `Var`s, on the same batch each time; the settings may ask for the highest
/// curvature instead. The start is random, by `seed`. The `Var`s are back to the bit afterwards. For
/// [`Rule::Product`] this answers by the forward rule.
///
/// # Errors
///
/// What candle or the closure reports, a setting out of range, or parameters that aren't any, see [`Parameters::new`].
///
/// # Examples
///
/// ```
/// use candle_core::{Device, Var};
/// use deo_candle::{deo_core::DimerSettings, lowest_curvature};
///
/// // ½ (x₁² − 3 x₂²)
/// let x = Var::new(&[0.1f64, 0.2], &Device::Cpu)?;
/// let scales = Var::new(&[0.5f64, -1.5], &Device::Cpu)?;
/// let loss = || (x.sqr()? * scales.as_tensor())?.sum_all();
/// let (estimate, axis) = lowest_curvature(&[x.clone()], loss, DimerSettings::default(), 1)?;
/// assert!((estimate.curvature + 3.0).abs() < 1e-6);
/// assert!(axis[0].to_vec1::<f64>()?[0].abs() < 1e-3);
/// # Ok::<(), deo_candle::Error>(())
/// ```
pub fn lowest_curvature<F>(
    vars: &[Var],
    loss: F,
    settings: DimerSettings,
    seed: u64,
) -> Result<(Estimate, Vec<Tensor>), Error>
where
    F: FnMut() -> candle_core::Result<Tensor>,
{
    let parameters = Parameters::new(vars.to_vec())?;
    let space = parameters.space();
    let mut dimer = Dimer::new(&space, &parameters.values()?, settings)?;
    dimer.draw(&space, seed);
    dimer.begin(&space);
    answer_all(&mut dimer, &parameters, &space, settings.rule, loss)?;
    Ok((dimer.estimate(), dimer.into_axis()))
}

/// Answers everything that `machine` asks: a dimer, `Krylov` for several eigenpairs, a check at two lengths, ….
///
/// # Errors
///
/// What candle or the closure reports; the `Var`s are then back to the bit as well.
pub fn answer_all<F>(
    machine: &mut impl Asks<Tensors>,
    parameters: &Parameters,
    space: &Tensors,
    rule: Rule,
    mut loss: F,
) -> Result<(), Error>
where
    F: FnMut() -> candle_core::Result<Tensor>,
{
    let (_, grads) = evaluate(&mut loss)?;
    let g = parameters.gradients(&grads)?;
    probing::answer_all(machine, parameters, space, rule, &g, &mut loss)?;
    Ok(())
}
