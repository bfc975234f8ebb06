//! A Python function as an objective.
//!
//! Objectives don't fail, Python functions do: the first exception is kept, every later question is answered by NaN, which
//! ends any machine soon, and the exception is raised when the lock is held again.

use crate::tensors::Tensor;
use crate::vectors::Scalar;
use deo_core::Objective;
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;

/// `call(x, wants_gradient) -> (loss | None, gradient | None)`.
pub(crate) struct Callback {
    call: Py<PyAny>,
    /// It has `reuses_points`: it neither keeps nor changes the array that it is given, so one array serves all calls.
    reuses: bool,
    point: Option<Py<PyAny>>,
    error: Option<PyErr>,
    /// Gradients and losses that were asked of it.
    pub(crate) gradients: u64,
    pub(crate) losses: u64,
}

impl Callback {
    pub(crate) fn new(call: &Bound<'_, PyAny>) -> Self {
        let reuses = call.hasattr("reuses_points").unwrap_or(false);
        let call = call.clone().unbind();
        Callback { call, reuses, point: None, error: None, gradients: 0, losses: 0 }
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

    fn evaluate<T: Scalar>(&mut self, x: &[T], gradient: Option<&mut [T]>) -> f64 {
        let wants_gradient = gradient.is_some();
        let mut place = gradient;
        let loss = self.attempt(|py, this| {
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
