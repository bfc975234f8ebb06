//! The parameters of a model: a list of `Var`s, read, displaced and written as one vector.
//!
//! | here | what |
//! |---|---|
//! | [`Parameters::values`] | x: what the `Var`s hold, halves widened to f32 |
//! | [`Parameters::write`] | `Var`s ← y, rounded to what they store |
//! | [`Parameters::gradients`] | g from a `GradStore`; a `Var` that the loss doesn't depend on has the gradient 0 |

use crate::{
    Error, Tensors,
    space::{master, roundoff},
};
use candle_core::{Result, Tensor, Var, backprop::GradStore};
use candle_nn::VarMap;
use std::sync::PoisonError;

/// The `Var`s that are trained, in a fixed order.
///
/// The order numbers the components, and so decides which random axis belongs to a seed: see [`sorted_vars`].
///
/// A model must read its weights from these `Var`s in every pass, as candle's layers do. One that keeps a cast or
/// transposed copy doesn't notice a displacement, as it wouldn't notice an optimizer.
#[derive(Debug, Clone)]
pub struct Parameters {
    vars: Vec<Var>,
    /// The unit roundoff of the coarsest type among them.
    epsilon: f64,
    /// Some of them store less than a vector has.
    rounding: bool,
}

/// The `Var`s of `map` in the order of their names.
///
/// `VarMap::all_vars` has them in the order of a hash map, another one in each process: the same seed would not give
/// the same run.
pub fn sorted_vars(map: &VarMap) -> Vec<Var> {
    let data = map.data().lock().unwrap_or_else(PoisonError::into_inner);
    let mut named: Vec<_> = data.iter().collect();
    named.sort_unstable_by_key(|(name, _)| *name);
    named.into_iter().map(|(_, var)| var.clone()).collect()
}

impl Parameters {
    /// The floating-point `Var`s among `vars`; like candle's optimizers it leaves out integers.
    ///
    /// # Errors
    ///
    /// [`Error::NoParameters`], [`Error::Repeated`], or [`Error::Storage`] for floats of eight bits or less.
    pub fn new(vars: Vec<Var>) -> std::result::Result<Self, Error> {
        let vars: Vec<Var> = vars.into_iter().filter(|var| var.dtype().is_float()).collect();
        if vars.is_empty() {
            return Err(Error::NoParameters);
        }
        let mut epsilon = 0.0f64;
        for (index, var) in vars.iter().enumerate() {
            let dtype = var.dtype();
            epsilon = epsilon.max(roundoff(dtype).ok_or(Error::Storage { index, dtype })?);
            if let Some(first) = vars[..index].iter().position(|other| other.id() == var.id()) {
                return Err(Error::Repeated { first, second: index });
            }
        }
        let rounding = vars.iter().any(|var| var.dtype() != master(var.dtype()));
        Ok(Parameters { vars, epsilon, rounding })
    }

    /// The space of their vectors, with the roundoff of the coarsest among them.
    pub fn space(&self) -> Tensors {
        self.stored_by(&Tensors::with_roundoff(self.epsilon))
    }

    /// `space`, whose displaced points are those that the `Var`s can hold.
    pub(crate) fn stored_by(&self, space: &Tensors) -> Tensors {
        match self.rounding {
            true => space.clone().storing(self.vars.iter().map(|var| var.dtype()).collect()),
            false => space.clone(),
        }
    }

    /// The `Var`s.
    pub fn vars(&self) -> &[Var] {
        &self.vars
    }

    /// x. Tensors of f32 and f64 share the storage of their `Var` and change with it; no copy is made.
    ///
    /// # Errors
    ///
    /// What candle reports.
    pub fn values(&self) -> Result<Vec<Tensor>> {
        let value = |var: &Var| var.as_detached_tensor().to_dtype(master(var.dtype()));
        self.vars.iter().map(value).collect()
    }

    /// x, in storage of its own.
    ///
    /// # Errors
    ///
    /// What candle reports.
    pub fn copies(&self) -> Result<Vec<Tensor>> {
        let copy = |var: &Var| var.as_detached_tensor().copy()?.to_dtype(master(var.dtype()));
        self.vars.iter().map(copy).collect()
    }

    /// Sets the `Var`s to y, rounding it to what they store.
    ///
    /// # Errors
    ///
    /// What candle reports; a difference of shapes among it. The `Var`s before the one that failed are set.
    ///
    /// # Panics
    ///
    /// If `y` has another number of tensors.
    #[track_caller]
    pub fn write(&self, y: &[Tensor]) -> Result<()> {
        assert_eq!(y.len(), self.vars.len(), "one tensor for each parameter is needed");
        self.vars.iter().zip(y).try_for_each(|(var, y)| var.set(&y.to_dtype(var.dtype())?))
    }

    /// g, contiguous, zero where `grads` has nothing for a `Var`.
    ///
    /// # Errors
    ///
    /// What candle reports.
    pub fn gradients(&self, grads: &GradStore) -> Result<Vec<Tensor>> {
        let gradient = |var: &Var| match grads.get(var) {
            Some(g) => g.detach().to_dtype(master(var.dtype()))?.contiguous(),
            None => Tensor::zeros(var.shape(), master(var.dtype()), var.device()),
        };
        self.vars.iter().map(gradient).collect()
    }

    /// Replaces the gradients that `grads` has by g; a `Var` without one stays without, for the optimizer to leave alone.
    ///
    /// # Errors
    ///
    /// What candle reports.
    ///
    /// # Panics
    ///
    /// If `g` has another number of tensors.
    #[track_caller]
    pub fn replace_gradients(&self, g: &[Tensor], grads: &mut GradStore) -> Result<()> {
        assert_eq!(g.len(), self.vars.len(), "one tensor for each parameter is needed");
        for (var, g) in self.vars.iter().zip(g) {
            if grads.get(var).is_some() {
                grads.insert(var, g.to_dtype(var.dtype())?);
            }
        }
        Ok(())
    }
}
