//! Vectors between NumPy and the kernels, and what is common to all functions here.

use deo_linalg::{Parallel, Threads};
use numpy::{Element, PyArray1, PyArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// f32 or f64, to all three libraries.
pub(crate) trait Scalar: deo_linalg::Real + deo_core::space::Real + Element {}
impl Scalar for f32 {}
impl Scalar for f64 {}

/// The space of the vectors of a machine that is kept: the calling thread alone, for the process may be forked meanwhile.
/// [`Kernels`](crate::kernels::Kernels) is that of a single call. No result depends on it.
pub(crate) const fn space<T: Scalar>() -> Parallel<T> {
    Parallel::new(Threads::One)
}

/// A copy of an array: its memory belongs to Python, where another thread may write while the lock is released.
pub(crate) fn copied<T: Scalar>(array: &Bound<'_, PyArray1<T>>) -> PyResult<Vec<T>> {
    Ok(array.readonly().as_slice()?.to_vec())
}

/// The same of one that may be absent, of this dtype and length.
pub(crate) fn optional<T: Scalar>(
    array: Option<&Bound<'_, PyAny>>,
    name: &str,
    len: usize,
) -> PyResult<Option<Vec<T>>> {
    let Some(array) = array else { return Ok(None) };
    let vector = copied(array.cast::<PyArray1<T>>()?)?;
    if vector.len() != len {
        let got = vector.len();
        return Err(PyValueError::new_err(format!("{name} has {got} elements; x has {len}")));
    }
    Ok(Some(vector))
}

pub(crate) fn wrong_dtype() -> PyErr {
    PyTypeError::new_err("expected a one-dimensional float32 or float64 array")
}

pub(crate) fn wrong_length() -> PyErr {
    PyValueError::new_err("an array has another length than its parameter")
}

pub(crate) fn bad(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// `$body` with `$T` the scalar of the array `$x` and `$array` the array.
macro_rules! by_dtype {
    ($x:expr, $T:ident, $array:ident => $body:expr) => {
        if let Ok($array) = $x.cast::<numpy::PyArray1<f64>>() {
            type $T = f64;
            $body
        } else if let Ok($array) = $x.cast::<numpy::PyArray1<f32>>() {
            type $T = f32;
            $body
        } else {
            Err($crate::vectors::wrong_dtype())
        }
    };
}
pub(crate) use by_dtype;
