//! Optimizers whose state can be read and set, so that a run goes on as if it had never stopped.
//!
//! candle's trait [`Optimizer`] can do neither, and its `AdamW` keeps its moments to itself: take this crate's
//! [`AdamW`](crate::AdamW), whose steps are the same.

use candle_core::{Result, Tensor};
use candle_nn::{Optimizer, SGD};
use std::collections::HashMap;

/// An optimizer that can be saved.
///
/// The learning rate is no part of what it tells: [`Optimizer`] can read and set that.
///
/// # Examples
///
/// ```
/// use candle_core::{Device, Result, Tensor, Var, backprop::GradStore};
/// use candle_nn::Optimizer;
/// use deo_candle::Resumable;
/// use std::collections::HashMap;
///
/// /// Gradient descent with momentum on one parameter.
/// struct HeavyBall(Var, Var, f64);
///
/// impl Optimizer for HeavyBall {
///     // …
/// #    type Config = f64;
/// #    fn new(vars: Vec<Var>, rate: f64) -> Result<Self> {
/// #        Ok(HeavyBall(vars[0].clone(), Var::from_tensor(&vars[0].zeros_like()?)?, rate))
/// #    }
/// #    fn step(&mut self, grads: &GradStore) -> Result<()> {
/// #        let Some(g) = grads.get(&self.0) else { return Ok(()) };
/// #        self.1.set(&((self.1.as_tensor() * 0.9)? + g)?)?;
/// #        self.0.set(&(self.0.as_tensor() - (self.1.as_tensor() * self.2)?)?)
/// #    }
/// #    fn learning_rate(&self) -> f64 { self.2 }
/// #    fn set_learning_rate(&mut self, rate: f64) { self.2 = rate }
/// }
///
/// impl Resumable for HeavyBall {
///     fn state(&self) -> Result<Vec<(String, Tensor)>> {
///         Ok(vec![("velocity".into(), self.1.as_detached_tensor())])
///     }
///
///     fn resume(&mut self, state: &HashMap<String, Tensor>) -> Result<()> {
///         self.1.set(&state["velocity"])
///     }
/// }
/// # let x = Var::new(&[1f32, 2.0], &Device::Cpu)?;
/// # let mut ball = HeavyBall::new(vec![x.clone()], 0.1)?;
/// # ball.backward_step(&x.sqr()?.sum_all()?)?;
/// # let state: HashMap<_, _> = ball.state()?.into_iter().collect();
/// # HeavyBall::new(vec![x], 0.1)?.resume(&state)?;
/// # Ok::<(), candle_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "the state of `{Self}` can't be saved",
    note = "candle's AdamW keeps its moments to itself: take `deo_candle::AdamW`, whose steps are the same",
    note = "for an optimizer of your own implement `Resumable`"
)]
pub trait Resumable: Optimizer {
    /// Everything but the learning rate that its next step depends on, by names of its own.
    ///
    /// # Errors
    ///
    /// What candle reports.
    fn state(&self) -> Result<Vec<(String, Tensor)>>;

    /// Goes on from a state: a tensor for each name that [`state`](Self::state) has now, of the same type and shape and on
    /// the same device.
    ///
    /// # Errors
    ///
    /// What candle reports.
    fn resume(&mut self, state: &HashMap<String, Tensor>) -> Result<()>;
}

/// There is nothing to save.
impl Resumable for SGD {
    fn state(&self) -> Result<Vec<(String, Tensor)>> {
        Ok(vec![])
    }

    fn resume(&mut self, _: &HashMap<String, Tensor>) -> Result<()> {
        Ok(())
    }
}
