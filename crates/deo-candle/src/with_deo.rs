//! A training step with DEO around any candle optimizer.
//!
//! ```text
//! optimizer.backward_step(&model.loss(&batch)?)?;         // before
//! run.backward_step(|| model.loss(&batch))?;              // after
//! ```
//!
//! The step evaluates the closure once for its own gradient, and again for each question that DEO asks, which is none on
//! most steps. Where DEO moves the parameters, the optimizer's step is left out: its gradient belongs to the old x. Its
//! state is left alone; candle's SGD has none, and Adam's moments remain good (deo-core's `Optimizer::jumped`).

use crate::{
    Error, Parameters, Tensors,
    probing::{answer_all, evaluate},
};
use candle_core::{Tensor, Var};
use candle_nn::Optimizer;
use deo_core::drive::StepReport;
use deo_core::{Deo, DeoSettings, PolicySettings, Space, deo::Counts};

/// An optimizer with DEO beside it.
///
/// # Examples
///
/// ```
/// use candle_core::{Device, Var};
/// use candle_nn::{Optimizer, SGD};
/// use deo_candle::{WithDeo, deo_core::DeoSettings};
///
/// // x₁⁴/16 − x₁²/2 + 9/8 x₂²: a saddle at 0, minima at (±2, 0). Start next to the saddle.
/// let x = Var::new(&[1e-12f64, 0.5], &Device::Cpu)?;
/// let loss = || {
///     let (x1, x2) = (x.get(0)?, x.get(1)?);
///     (x1.powf(4.0)? / 16.0)? - (x1.sqr()? / 2.0)? + (x2.sqr()? * 1.125)?
/// };
/// let vars = vec![x.clone()];
/// let mut run = WithDeo::new(vars.clone(), SGD::new(vars, 0.1)?, DeoSettings::default())?;
/// for _ in 0..100 {
///     run.backward_step(loss)?;
/// }
/// assert!((x.get(0)?.to_scalar::<f64>()?.abs() - 2.0).abs() < 1e-2);
/// # Ok::<(), deo_candle::Error>(())
/// ```
#[derive(Debug)]
pub struct WithDeo<O> {
    pub(crate) optimizer: O,
    pub(crate) deo: Deo<Tensors>,
    pub(crate) parameters: Parameters,
    space: Tensors,
    pub(crate) settings: DeoSettings,
    /// Steps of warm-up still to come.
    pub(crate) warmup: u64,
}

impl<O> WithDeo<O> {
    /// Joins DEO to `optimizer`, which trains these `vars`.
    ///
    /// Their order numbers the components: take [`sorted_vars`](crate::sorted_vars) for the same run from the same seed.
    ///
    /// # Errors
    ///
    /// [`Error`] names the setting or the parameter that is wrong.
    pub fn new(vars: Vec<Var>, optimizer: O, settings: DeoSettings) -> Result<Self, Error> {
        let parameters = Parameters::new(vars)?;
        let space = parameters.space();
        let deo = Deo::new(&space, &parameters.values()?, settings)?;
        space.check()?;
        Ok(WithDeo { optimizer, deo, parameters, space, settings, warmup: 0 })
    }

    /// DEO doesn't look during the first `steps` steps, while the learning rate rises.
    ///
    /// Escape compares what it finds with what the optimizer's steps gain. A warm-up keeps them short for a reason that
    /// a loss doesn't show, and a long move then undoes it.
    #[must_use]
    pub fn with_warmup(mut self, steps: u64) -> Self {
        self.warmup = steps;
        self
    }

    /// The machine, for its estimate and axis.
    pub fn deo(&self) -> &Deo<Tensors> {
        &self.deo
    }

    /// What DEO has evaluated and done so far.
    pub fn counts(&self) -> Counts {
        self.deo.counts()
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The optimizer.
    pub fn optimizer(&self) -> &O {
        &self.optimizer
    }

    /// The optimizer, to set its learning rate.
    pub fn optimizer_mut(&mut self) -> &mut O {
        &mut self.optimizer
    }

    /// The optimizer, without DEO.
    pub fn into_optimizer(self) -> O {
        self.optimizer
    }

    /// One training step on the batch that `loss` is bound to, instead of the optimizer's own `backward_step`.
    ///
    /// `loss` must compute the same function of the `Var`s each time it is called: the same batch, no random dropout.
    /// `event.moved()` of the report tells that DEO moved the `Var`s instead of the optimizer; `skipped`, that the
    /// loss or its gradient wasn't finite and nothing was changed, but that a move which led there was undone.
    ///
    /// # Errors
    ///
    /// What candle or the closure reports. The `Var`s are as before, unless it was the optimizer, or a write to a `Var`,
    /// that failed half-way.
    pub fn backward_step<F>(&mut self, mut loss: F) -> Result<StepReport, Error>
    where
        F: FnMut() -> candle_core::Result<Tensor>,
        O: Optimizer,
    {
        let (value, mut grads) = evaluate(&mut loss)?;
        let mut g = self.parameters.gradients(&grads)?;
        let mut x = self.parameters.values()?;
        let gradient_norm = match self.warmup.checked_sub(1) {
            Some(left) => {
                self.warmup = left;
                self.space.norm(&g)
            }
            None => self.deo.observe(&self.space, &x, value, &g),
        };
        self.space.check()?;
        let skipped = !(value.is_finite() && gradient_norm.is_finite());
        if !skipped && self.deo.ask(&self.space, &g).is_some() {
            let rule = self.settings.dimer.rule;
            x = answer_all(&mut self.deo, &self.parameters, &self.space, rule, &g, &mut loss)?;
        }
        let event = self.deo.apply(&self.space, &mut x, &mut g);
        self.space.check()?;
        if event.moved() {
            self.parameters.write(&x)?;
        } else if !skipped {
            if !matches!(self.settings.policy, PolicySettings::Escape(_)) {
                self.parameters.replace_gradients(&g, &mut grads)?;
            }
            self.optimizer.step(&grads)?;
        }
        Ok(StepReport { loss: value, gradient_norm, event, skipped })
    }
}
