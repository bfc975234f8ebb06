//! Loss and gradient at displaced parameters, and the parameters back where they were.
//!
//! The closure of a user reads the `Var`s, so they are set to the displaced point, never moved in place: x is copied
//! first, and its copy is written back. What the `Var`s held comes back bit by bit, whether all went well, the closure
//! failed, or it panicked. Halves are displaced in f32 and rounded; the length of the probe is that between the rounded
//! points.

use crate::{Error, Parameters, Tensors};
use candle_core::{DType, Tensor, backprop::GradStore};
use deo_core::drive::Asks;
use deo_core::{Answer, Probe, Question, Rule, Space};

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

/// The `Var`s on excursion from x; dropping it brings them back.
pub(crate) struct Probing<'a> {
    parameters: &'a Parameters,
    x: Vec<Tensor>,
    away: bool,
}

impl<'a> Probing<'a> {
    pub(crate) fn new(parameters: &'a Parameters) -> Result<Self, Error> {
        Ok(Probing { parameters, x: parameters.copies()?, away: false })
    }

    /// Back to x.
    pub(crate) fn end(mut self) -> Result<Vec<Tensor>, Error> {
        if std::mem::take(&mut self.away) {
            self.parameters.write(&self.x)?;
        }
        Ok(std::mem::take(&mut self.x))
    }

    /// Answers everything that `machine` asks about x, where the gradient is `g`.
    ///
    /// Not deo-core's loop, because of halves: the length of a probe is known only once the `Var`s hold its end.
    pub(crate) fn answer_all<F>(
        &mut self,
        machine: &mut impl Asks<Tensors>,
        space: &Tensors,
        rule: Rule,
        g: &[Tensor],
        loss: &mut F,
    ) -> Result<(), Error>
    where
        F: FnMut() -> candle_core::Result<Tensor>,
    {
        while let Some(question) = machine.ask(space, g) {
            match question {
                Question::Gradient(probe) => {
                    let gradients = self.answer(space, probe, rule, loss)?;
                    machine.tell(space, gradients.with(g));
                }
                Question::Loss(trial) => {
                    let mut y = self.x.clone(); // clones of handles, as below
                    trial.displace(space, &self.x, &mut y);
                    space.check()?;
                    self.go(&y)?;
                    machine.tell_loss(number(&loss()?)?);
                }
            }
            space.check()?;
        }
        Ok(())
    }

    /// What the probe asks: gradients at one end, or at both for the central rule.
    fn answer<F>(
        &mut self,
        space: &Tensors,
        probe: Probe<'_, [Tensor]>,
        rule: Rule,
        loss: &mut F,
    ) -> Result<Gradients, Error>
    where
        F: FnMut() -> candle_core::Result<Tensor>,
    {
        let mut y = self.x.clone(); // clones of handles, which the displacement replaces
        let h = probe.displace(space, &self.x, &mut y);
        let ahead = self.gradient(space, probe, h, &y, loss)?;
        if rule != Rule::Central {
            return Ok(Gradients { ahead, behind: None });
        }
        let h = probe.displace_back(space, &self.x, &mut y);
        let (h, g) = self.gradient(space, probe, -h, &y, loss)?;
        Ok(Gradients { ahead, behind: Some((-h, g)) })
    }

    /// The gradient at y = x + h v, and the h that the `Var`s realised.
    fn gradient<F>(
        &mut self,
        space: &Tensors,
        probe: Probe<'_, [Tensor]>,
        h: f64,
        y: &[Tensor],
        loss: &mut F,
    ) -> Result<(f64, Vec<Tensor>), Error>
    where
        F: FnMut() -> candle_core::Result<Tensor>,
    {
        space.check()?;
        self.go(y)?;
        let h = if self.parameters.rounding() {
            let mut realised = self.parameters.values()?;
            space.axpby(-1.0, &self.x, 1.0, &mut realised);
            space.dot(&realised, probe.direction())
        } else {
            h
        };
        let (_, grads) = evaluate(loss)?;
        Ok((h, self.parameters.gradients(&grads)?))
    }

    fn go(&mut self, y: &[Tensor]) -> Result<(), Error> {
        self.away = true; // before: a write may fail half-way
        Ok(self.parameters.write(y)?)
    }
}

impl Drop for Probing<'_> {
    fn drop(&mut self) {
        if self.away {
            // Only after an error or a panic, which is the one to report.
            let _ = self.parameters.write(&self.x);
        }
    }
}

/// The gradients at the ends of a dimer, with their distances from x.
struct Gradients {
    ahead: (f64, Vec<Tensor>),
    behind: Option<(f64, Vec<Tensor>)>,
}

impl Gradients {
    /// The answer, `g` being the gradient at x.
    fn with<'a>(&'a self, g: &'a [Tensor]) -> Answer<'a, [Tensor]> {
        let (h, ahead) = &self.ahead;
        match &self.behind {
            None => Answer::forward(*h, g, ahead),
            Some((h_behind, behind)) => Answer::central(*h_behind, behind, *h, ahead),
        }
    }
}
