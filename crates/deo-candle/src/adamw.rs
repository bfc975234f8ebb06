//! AdamW with moments that can be saved.
//!
//! Problem: candle's `AdamW` keeps its moments and its number of steps to itself, so that nobody can go on from them. This
//! one takes candle's settings and makes candle's steps, rounding by rounding (the test holds it to that):
//!
//! | Loshchilov & Hutter 2019 | code |
//! |---|---|
//! | m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g² | `first`, `second` |
//! | m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ) | `unbiased` |
//! | θ ← (1 − η λ) θ − η m̂/(√v̂ + ε) | `settings`: η is `lr`, λ `weight_decay` |

use crate::Resumable;
use candle_core::{Device, Result, Tensor, Var, backprop::GradStore};
use candle_nn::{Optimizer, ParamsAdamW};
use std::collections::HashMap;

/// candle's `AdamW`, with the same steps to the bit and a state that can be saved.
///
/// # Examples
///
/// ```
/// use candle_core::{Device, Var};
/// use candle_nn::{Optimizer, ParamsAdamW};
/// use deo_candle::{AdamW, Resumable};
///
/// let x = Var::new(&[1f32, -2.0], &Device::Cpu)?;
/// let mut adam = AdamW::new(vec![x.clone()], ParamsAdamW { lr: 0.1, ..Default::default() })?;
/// adam.backward_step(&x.sqr()?.sum_all()?)?;
/// assert_eq!(adam.state()?.len(), 3); // two moments and the number of steps
/// # Ok::<(), candle_core::Error>(())
/// ```
#[derive(Debug)]
pub struct AdamW {
    moments: Vec<Moments>,
    steps: u32,
    settings: ParamsAdamW,
}

#[derive(Debug)]
struct Moments {
    of: Var,
    first: Tensor,
    second: Tensor,
}

impl AdamW {
    /// With candle's settings at this learning rate.
    ///
    /// # Errors
    ///
    /// What candle reports.
    pub fn new_lr(vars: Vec<Var>, learning_rate: f64) -> Result<Self> {
        AdamW::new(vars, ParamsAdamW { lr: learning_rate, ..ParamsAdamW::default() })
    }

    /// The settings.
    pub fn params(&self) -> &ParamsAdamW {
        &self.settings
    }

    /// Sets them.
    pub fn set_params(&mut self, params: ParamsAdamW) {
        self.settings = params;
    }
}

impl Optimizer for AdamW {
    type Config = ParamsAdamW;

    fn new(vars: Vec<Var>, settings: ParamsAdamW) -> Result<Self> {
        let moments = |of: Var| {
            let zeros = || Tensor::zeros(of.shape(), of.dtype(), of.device());
            Ok(Moments { first: zeros()?, second: zeros()?, of })
        };
        let floats = vars.into_iter().filter(|var| var.dtype().is_float());
        Ok(AdamW { moments: floats.map(moments).collect::<Result<_>>()?, steps: 0, settings })
    }

    fn step(&mut self, grads: &GradStore) -> Result<()> {
        self.steps += 1;
        let ParamsAdamW { lr, beta1, beta2, eps, weight_decay } = self.settings;
        let unbiased = |beta: f64| 1.0 / (1.0 - beta.powi(self.steps as i32));
        for Moments { of, first, second } in &mut self.moments {
            let Some(g) = grads.get(of) else { continue };
            *first = (&*first * beta1)?.add(&(g * (1.0 - beta1))?)?;
            *second = (&*second * beta2)?.add(&(g.sqr()? * (1.0 - beta2))?)?;
            let (m, v) = ((&*first * unbiased(beta1))?, (&*second * unbiased(beta2))?);
            let towards = (m / (v.sqrt()? + eps)?)?;
            let decayed = (of.as_tensor() * (1.0 - lr * weight_decay))?;
            of.set(&(decayed - (towards * lr)?)?)?;
        }
        Ok(())
    }

    fn learning_rate(&self) -> f64 {
        self.settings.lr
    }

    fn set_learning_rate(&mut self, lr: f64) {
        self.settings.lr = lr;
    }
}

impl Resumable for AdamW {
    fn state(&self) -> Result<Vec<(String, Tensor)>> {
        let mut state = vec![("steps".to_owned(), Tensor::new(self.steps, &Device::Cpu)?)];
        for (i, moments) in self.moments.iter().enumerate() {
            state.push((format!("first.{i}"), moments.first.clone()));
            state.push((format!("second.{i}"), moments.second.clone()));
        }
        Ok(state)
    }

    fn resume(&mut self, state: &HashMap<String, Tensor>) -> Result<()> {
        let get = |name: &str| match state.get(name) {
            Some(tensor) => Ok(tensor.clone()),
            None => candle_core::bail!("the state of AdamW has no {name}"),
        };
        self.steps = get("steps")?.to_scalar()?;
        for (i, moments) in self.moments.iter_mut().enumerate() {
            moments.first = get(&format!("first.{i}"))?;
            moments.second = get(&format!("second.{i}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::DType;

    /// 60 steps, one parameter without a gradient on every third, the rate changed on the way.
    fn trajectory<O: Optimizer<Config = ParamsAdamW>>(dtype: DType) -> Result<Vec<u64>> {
        let values = |seed: f64| (0..12).map(move |i| (seed * f64::from(i)).cos());
        let var = |seed| {
            let x = Tensor::from_iter(values(seed), &Device::Cpu)?.to_dtype(dtype)?;
            Var::from_tensor(&x)
        };
        let (a, b) = (var(1.3)?, var(0.7)?);
        let settings = ParamsAdamW { lr: 0.03, weight_decay: 0.1, ..ParamsAdamW::default() };
        let mut optimizer = O::new(vec![a.clone(), b.clone()], settings)?;
        let mut bits = vec![];
        for step in 0..60 {
            optimizer.set_learning_rate(0.03 / f64::from(1 + step / 20));
            let loss = (a.sqr()? - 0.5)?.sqr()?.sum_all()?;
            let loss = if step % 3 == 0 {
                loss
            } else {
                (loss + (b.sqr()? * a.as_tensor())?.sum_all()?)?
            };
            optimizer.backward_step(&loss)?;
            for var in [&a, &b] {
                let values = var.to_dtype(DType::F64)?.to_vec1::<f64>()?;
                bits.extend(values.into_iter().map(f64::to_bits));
            }
        }
        Ok(bits)
    }

    #[test]
    fn its_steps_are_candles_to_the_bit() -> Result<()> {
        for dtype in [DType::F32, DType::F64, DType::BF16] {
            let candles = trajectory::<candle_nn::AdamW>(dtype)?;
            assert_eq!(trajectory::<AdamW>(dtype)?, candles, "{dtype:?}");
            assert_ne!(candles[..24], candles[candles.len() - 24..], "it moved");
        }
        Ok(())
    }
}
