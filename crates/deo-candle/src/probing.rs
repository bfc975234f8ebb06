//! Loss and gradient at displaced parameters, and the parameters back where they were.
//!
//! The closure of a user reads the `Var`s, so they are set to the displaced point, never moved in place: x is copied
//! first, and its copy is written back. What the `Var`s held comes back bit by bit, whether all went well, the closure
//! failed, or it panicked.

use crate::{Error, Parameters, Tensors};
use candle_core::{DType, Tensor, backprop::GradStore};
use deo_core::Rule;
use deo_core::drive::{Asks, Workspace};
use deo_core::oracle::Oracle;

/// The loss as a number.
pub(crate) fn number(loss: &Tensor) -> Result<f64, Error> {
    if loss.elem_count() != 1 {
        return Err(Error::LossShape { shape: loss.shape().clone() });
    }
    let loss = loss.flatten_all()?.squeeze(0)?;
    Ok(match loss.dtype() {
        DType::F64 => loss.to_scalar::<f64>()?,
        _ => f64::from(loss.to_dtype(DType::F32)?.to_scalar::<f32>()?),
    })
}

/// The loss and its gradients at what the `Var`s hold.
pub(crate) fn evaluate<F>(loss: &mut F) -> Result<(f64, GradStore), Error>
where
    F: FnMut() -> candle_core::Result<Tensor>,
{
    let loss = loss()?;
    Ok((number(&loss)?, loss.backward()?))
}

/// Answers everything that `machine` asks at what the `Var`s hold, where the gradient is `g`. Returns a copy of that.
pub(crate) fn answer_all<F>(
    machine: &mut impl Asks<Tensors>,
    parameters: &Parameters,
    space: &Tensors,
    rule: Rule,
    g: &[Tensor],
    loss: &mut F,
) -> Result<Vec<Tensor>, Error>
where
    F: FnMut() -> candle_core::Result<Tensor>,
{
    let (space, x) = (parameters.stored_by(space), parameters.copies()?);
    let mut workspace = Workspace::new(&space, &x, rule);
    let mut displaced = Displaced { parameters, space: &space, loss, x: &x, away: false };
    workspace.try_answer_all(machine, &space, &mut displaced, &x, g)?;
    space.check()?;
    displaced.end()?;
    Ok(x)
}

/// The `Var`s on excursion from x; dropping it brings them back.
struct Displaced<'a, F> {
    parameters: &'a Parameters,
    space: &'a Tensors,
    loss: &'a mut F,
    x: &'a [Tensor],
    away: bool,
}

impl<F> Displaced<'_, F> {
    /// Back to x.
    fn end(mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.away) {
            self.parameters.write(self.x)?;
        }
        Ok(())
    }

    fn go(&mut self, y: &[Tensor]) -> Result<(), Error> {
        self.space.check()?; // y is a point, and the machine was told numbers
        self.away = true; // before: a write may fail half-way
        Ok(self.parameters.write(y)?)
    }
}

impl<F: FnMut() -> candle_core::Result<Tensor>> Oracle<[Tensor]> for Displaced<'_, F> {
    type Stop = Error;

    fn try_value(&mut self, y: &[Tensor]) -> Result<f64, Error> {
        self.go(y)?;
        number(&(self.loss)()?)
    }

    fn try_value_grad(&mut self, y: &[Tensor], gradient: &mut [Tensor]) -> Result<f64, Error> {
        self.go(y)?;
        let (loss, grads) = evaluate(self.loss)?;
        gradient.clone_from_slice(&self.parameters.gradients(&grads)?);
        Ok(loss)
    }
}

impl<F> Drop for Displaced<'_, F> {
    fn drop(&mut self) {
        if self.away {
            // Only after an error or a panic, which is the one to report.
            let _ = self.parameters.write(self.x);
        }
    }
}
