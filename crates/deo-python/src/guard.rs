//! The cap on the step length of an optimizer.

use crate::tensors::{Tensor, Tensors, reading};
use crate::vectors::{Scalar, bad, space, wrong_dtype};
use deo_core::Space;
use deo_core::policy::{Guard as Core, GuardSettings};
use deo_linalg::Parallel;
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

struct Of<S: Space> {
    space: S,
    guard: Core<S>,
}

impl<S: Space> Of<S> {
    fn new(space: S, like: &S::Vector, settings: GuardSettings) -> PyResult<Self> {
        let guard = Core::new(&space, like, settings).map_err(bad)?;
        Ok(Of { space, guard })
    }

    /// Cuts the step; with `after` for the second time, by what was measured.
    fn cut(
        &mut self,
        before: &S::Vector,
        g: &S::Vector,
        x: &mut S::Vector,
        after: Option<&S::Vector>,
    ) -> bool {
        if let Some(after) = after {
            self.guard.tell_gradient(&self.space, before, g, x, after);
            return false;
        }
        self.guard.cut(&self.space, before, g, x)
    }

    fn state(&self) -> PyResult<Vec<u8>>
    where
        S::Owned: serde::Serialize,
    {
        bincode::serde::encode_to_vec(&self.guard, bincode::config::standard()).map_err(bad)
    }

    fn load(&mut self, bytes: &[u8]) -> PyResult<()>
    where
        S::Owned: serde::de::DeserializeOwned,
    {
        let config = bincode::config::standard();
        let (guard, _): (Core<S>, usize) = bincode::serde::decode_from_slice(bytes, config)
            .map_err(|error| bad(format!("not a state of this version of deo: {error}")))?;
        self.guard = guard;
        Ok(())
    }
}

fn array<'py, T: Scalar>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<T>>> {
    value.cast::<PyArray1<T>>().cloned().map_err(|_| wrong_dtype())
}

fn on_arrays<T: Scalar>(
    of: &mut Of<Parallel<T>>,
    [before, g, x]: [&Bound<'_, PyAny>; 3],
    after: Option<&Bound<'_, PyAny>>,
) -> PyResult<bool> {
    let (before, g, x) = (array::<T>(before)?, array::<T>(g)?, array::<T>(x)?);
    let (before, g, mut x) = (before.readonly(), g.readonly(), x.readwrite());
    let after = after.map(array::<T>).transpose()?;
    let after = after.as_ref().map(|after| after.readonly());
    let after = after.as_ref().map(|after| after.as_slice()).transpose()?;
    Ok(of.cut(before.as_slice()?, g.as_slice()?, x.as_slice_mut()?, after))
}

enum Inner {
    F32(Of<Parallel<f32>>),
    F64(Of<Parallel<f64>>),
    Tensors(Of<Tensors>),
}

/// The guard beside an optimizer.
#[pyclass(module = "deo._deo")]
pub(crate) struct Guard {
    inner: Inner,
}

#[pymethods]
impl Guard {
    #[new]
    #[pyo3(signature = (len, single, interval, memory, ops=None))]
    fn new(
        len: usize,
        single: bool,
        interval: u64,
        memory: f64,
        ops: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let settings = GuardSettings { interval, memory };
        let inner = match ops {
            Some(ops) => {
                let like = Tensor(ops.call_method0("zeros")?.unbind());
                Inner::Tensors(Of::new(Tensors::new(ops)?, &like, settings)?)
            }
            None if single => Inner::F32(Of::new(space(), &vec![0.0; len][..], settings)?),
            None => Inner::F64(Of::new(space(), &vec![0.0; len][..], settings)?),
        };
        Ok(Guard { inner })
    }

    /// Cuts the step from `before`, where the gradient is `g`, to `x`, in place: whether it is to be measured. Then the
    /// gradient there is `after`, and it is cut again.
    #[pyo3(signature = (before, g, x, after=None))]
    fn cut(
        &mut self,
        before: &Bound<'_, PyAny>,
        g: &Bound<'_, PyAny>,
        x: &Bound<'_, PyAny>,
        after: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        let tensor = |value: &Bound<'_, PyAny>| Tensor(value.clone().unbind());
        match &mut self.inner {
            Inner::F32(of) => on_arrays(of, [before, g, x], after),
            Inner::F64(of) => on_arrays(of, [before, g, x], after),
            Inner::Tensors(of) => {
                let (before, g, mut x) = (tensor(before), tensor(g), tensor(x));
                let due = of.cut(&before, &g, &mut x, after.map(tensor).as_ref());
                of.space.check()?;
                Ok(due)
            }
        }
    }

    /// The length beyond which no step is allowed.
    fn longest(&self) -> f64 {
        match &self.inner {
            Inner::F32(of) => of.guard.longest(),
            Inner::F64(of) => of.guard.longest(),
            Inner::Tensors(of) => of.guard.longest(),
        }
    }

    /// Gradients that were measured.
    fn cost(&self) -> f64 {
        match &self.inner {
            Inner::F32(of) => of.guard.cost(),
            Inner::F64(of) => of.guard.cost(),
            Inner::Tensors(of) => of.guard.cost(),
        }
    }

    /// Everything that it knows.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = match &self.inner {
            Inner::F32(of) => of.state()?,
            Inner::F64(of) => of.state()?,
            Inner::Tensors(of) => of.state()?,
        };
        Ok(PyBytes::new(py, &bytes))
    }

    /// Goes on from a state of a guard with the same settings and length, which the Python side has compared.
    fn load(&mut self, py: Python<'_>, bytes: &[u8]) -> PyResult<()> {
        match &mut self.inner {
            Inner::F32(of) => of.load(bytes),
            Inner::F64(of) => of.load(bytes),
            Inner::Tensors(of) => {
                let space = Tensors::new(&of.space.ops(py))?;
                reading(&space, || of.load(bytes))
            }
        }
    }
}
