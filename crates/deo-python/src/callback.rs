//! A Python function as an objective.
//!
//! Objectives don't fail, Python functions do: the first exception is kept, every later question is answered by NaN, which
//! ends any machine soon, and the exception is raised when the lock is held again.
//!
//! A function that has `memory()` lends arrays over the memory of its own parameters: the point is written there and the
//! function called with None, and its gradients are returned as a list of such arrays. The lock is held meanwhile, and each
//! array is borrowed from `numpy`'s own register for the time of its copy, so that a second borrow is an error and no race.

use crate::tensors::Tensor;
use crate::vectors::{Scalar, wrong_length};
use deo_core::Objective;
use numpy::{PyArray1, PyArrayDyn, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;

/// `call(x, wants_gradient) -> (loss | None, gradient | None)`.
pub(crate) struct Callback {
    call: Py<PyAny>,
    /// It has `reuses_points`: it neither keeps nor changes the array that it is given, so one array serves all calls.
    reuses: bool,
    /// It has `memory`: points are written where they are used, and gradients read where they are.
    lends: bool,
    point: Option<Py<PyAny>>,
    error: Option<PyErr>,
    /// Gradients and losses that were asked of it.
    pub(crate) gradients: u64,
    pub(crate) losses: u64,
}

impl Callback {
    pub(crate) fn new(call: &Bound<'_, PyAny>) -> Self {
        let has = |name| call.hasattr(name).unwrap_or(false);
        let (reuses, lends) = (has("reuses_points"), has("memory"));
        let call = call.clone().unbind();
        Callback { call, reuses, lends, point: None, error: None, gradients: 0, losses: 0 }
    }

    /// The exception, if there was one.
    pub(crate) fn check(&mut self) -> PyResult<()> {
        self.error.take().map_or(Ok(()), Err)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// Runs what may fail, unless something has failed before.
    pub(crate) fn attempt<R>(
        &mut self,
        run: impl FnOnce(Python<'_>, &mut Self) -> PyResult<R>,
    ) -> Option<R> {
        if self.error.is_some() {
            return None;
        }
        let result = Python::attach(|py| {
            py.check_signals()?;
            run(py, self)
        });
        result.map_err(|error| self.error = Some(error)).ok()
    }

    /// x as an array: a new one, unless the function is known to leave it alone.
    fn place<'py, T: Scalar>(
        &mut self,
        py: Python<'py>,
        x: &[T],
    ) -> PyResult<Bound<'py, PyArray1<T>>> {
        if let Some(point) = &self.point {
            let array = point.bind(py).cast::<PyArray1<T>>()?.clone();
            array.readwrite().as_slice_mut()?.copy_from_slice(x);
            return Ok(array);
        }
        let array = PyArray1::from_slice(py, x);
        if self.reuses {
            self.point = Some(array.clone().into_any().unbind());
        }
        Ok(array)
    }

    /// The loss, with x written into the arrays that the function lends, the only copy of it that is made, and the gradient
    /// read from those that it returns. `None` if it has none to lend at present.
    fn in_place<T: Scalar>(
        &self,
        py: Python<'_>,
        mut x: &[T],
        gradient: Option<&mut [T]>,
    ) -> PyResult<Option<f64>> {
        let call = self.call.bind(py);
        // Asked for each time: a tensor may get other memory between two calls.
        let Some(places) =
            call.call_method0("memory")?.extract::<Option<Vec<Bound<'_, PyAny>>>>()?
        else {
            return Ok(None);
        };
        for place in &places {
            let mut place = place.cast::<PyArray1<T>>()?.try_readwrite()?;
            let place = place.as_slice_mut()?;
            let (here, rest) = x.split_at_checked(place.len()).ok_or_else(wrong_length)?;
            place.copy_from_slice(here);
            x = rest;
        }
        let result = call.call1((py.None(), gradient.is_some()))?;
        let (loss, found): (Option<f64>, Option<Vec<Bound<'_, PyAny>>>) = result.extract()?;
        if let (Some(mut to), Some(found)) = (gradient, found) {
            for (found, place) in found.iter().zip(&places) {
                let len = place.len()?;
                let (here, rest) = to.split_at_mut_checked(len).ok_or_else(wrong_length)?;
                if found.is_none() {
                    here.fill(<T as deo_core::space::Real>::from_f64(0.0));
                } else {
                    let found = found.cast::<PyArrayDyn<T>>()?.try_readonly()?;
                    let found = found.as_slice()?;
                    if found.len() != len {
                        return Err(wrong_length());
                    }
                    here.copy_from_slice(found);
                }
                to = rest;
            }
        }
        Ok(Some(loss.unwrap_or(f64::NAN)))
    }

    fn evaluate<T: Scalar>(&mut self, x: &[T], gradient: Option<&mut [T]>) -> f64 {
        let wants_gradient = gradient.is_some();
        let mut place = gradient;
        let loss = self.attempt(|py, this| {
            if this.lends
                && let Some(loss) = this.in_place(py, x, place.as_deref_mut())?
            {
                return Ok(loss);
            }
            let x = this.place(py, x)?;
            let result = this.call.bind(py).call1((x, wants_gradient))?;
            let (loss, gradient): (Option<f64>, Option<PyReadonlyArray1<'_, T>>) =
                result.extract()?;
            if let (Some(place), Some(gradient)) = (place.as_deref_mut(), gradient) {
                place.copy_from_slice(gradient.as_slice()?);
            }
            Ok(loss.unwrap_or(f64::NAN))
        });
        match &loss {
            Some(_) if wants_gradient => self.gradients += 1,
            Some(_) => self.losses += 1,
            None => {
                if let Some(place) = place {
                    place.fill(<T as deo_core::space::Real>::from_f64(f64::NAN));
                }
            }
        }
        loss.unwrap_or(f64::NAN)
    }
}

/// Exact products, by `call(v) -> Hv`.
pub(crate) trait Multiply<V: ?Sized> {
    fn multiply(&mut self, v: &V, product: &mut V);
}

impl<T: Scalar> Multiply<[T]> for Callback {
    fn multiply(&mut self, v: &[T], product: &mut [T]) {
        let done = self.attempt(|py, this| {
            let v = PyArray1::from_slice(py, v);
            let result: PyReadonlyArray1<'_, T> = this.call.bind(py).call1((v,))?.extract()?;
            product.copy_from_slice(result.as_slice()?);
            Ok(())
        });
        if done.is_none() {
            product.fill(<T as deo_core::space::Real>::from_f64(f64::NAN));
        }
    }
}

impl<T: Scalar> Objective<[T]> for Callback {
    fn value(&mut self, x: &[T]) -> f64 {
        self.evaluate(x, None)
    }

    fn value_grad(&mut self, x: &[T], gradient: &mut [T]) -> f64 {
        self.evaluate(x, Some(gradient))
    }
}

impl Callback {
    fn at_tensor(&mut self, x: &Tensor, gradient: Option<&mut Tensor>) -> f64 {
        let wants_gradient = gradient.is_some();
        let loss = self.attempt(|py, this| {
            let result = this.call.bind(py).call1((&x.0, wants_gradient))?;
            let (loss, found): (Option<f64>, Option<Bound<'_, PyAny>>) = result.extract()?;
            if let (Some(place), Some(found)) = (&gradient, found) {
                place.0.call_method1(py, "copy_", (found,))?;
            }
            Ok(loss.unwrap_or(f64::NAN))
        });
        match (&loss, gradient) {
            (Some(_), Some(_)) => self.gradients += 1,
            (Some(_), None) => self.losses += 1,
            (None, Some(place)) => {
                // The exception is kept already; whatever this raises is its consequence.
                Python::attach(|py| place.0.call_method1(py, "fill_", (f64::NAN,)).map(drop)).ok();
            }
            (None, None) => {}
        }
        loss.unwrap_or(f64::NAN)
    }
}

impl Objective<Tensor> for Callback {
    fn value(&mut self, x: &Tensor) -> f64 {
        self.at_tensor(x, None)
    }

    fn value_grad(&mut self, x: &Tensor, gradient: &mut Tensor) -> f64 {
        self.at_tensor(x, Some(gradient))
    }
}

impl Multiply<Tensor> for Callback {
    fn multiply(&mut self, v: &Tensor, product: &mut Tensor) {
        self.attempt(|py, this| {
            let found = this.call.bind(py).call1((&v.0,))?;
            product.0.call_method1(py, "copy_", (found,)).map(drop)
        });
    }
}
