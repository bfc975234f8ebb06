//! Vectors of some other library, anywhere: the space whose operations are calls into Python.
//!
//! `ops` has `zeros()`, `fill(x, values)`, `combine(weights, xs, b, y)`, `secant(h, g0, g1, hn)`,
//! `turn(angle, towards, w, less, x, y)`, `dots(xs, ys)` and `displace(h, n, x, y)` for flat tensors of one length on one
//! device. What the space provides is overridden wherever its definition would round a vector more than once, which
//! deo-linalg's kernels don't: in f32 the last bits of a displaced point change its curvature. Scalars leave the device in
//! `dots` and `displace` only, all of one step together. An operation that raises is remembered as
//! [`Callback`](crate::callback::Callback) remembers: the first error is kept, and numbers are NaN from there on.

use deo_core::Space;
use numpy::PyArray1;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::cell::RefCell;
use std::sync::Mutex;

/// A tensor of Python's, changed in place.
pub(crate) struct Tensor(pub(crate) Py<PyAny>);

impl Clone for Tensor {
    fn clone(&self) -> Self {
        // With the content: a clone that shares it would be changed with the original.
        Python::attach(|py| {
            let copy = self.0.call_method0(py, "clone");
            Tensor(copy.unwrap_or_else(|_| py.None()))
        })
    }
}

/// The operations for tensors of one length on one device.
pub(crate) struct Tensors {
    ops: Py<PyAny>,
    len: usize,
    epsilon: f64,
    error: Mutex<Option<PyErr>>,
}

impl Tensors {
    pub(crate) fn new(ops: &Bound<'_, PyAny>) -> PyResult<Self> {
        let len = ops.getattr("len")?.extract()?;
        let epsilon = ops.getattr("epsilon")?.extract()?;
        Ok(Tensors { ops: ops.clone().unbind(), len, epsilon, error: Mutex::new(None) })
    }

    pub(crate) fn ops<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.ops.bind(py).clone()
    }

    /// The first error of an operation, if there was one.
    pub(crate) fn check(&self) -> PyResult<()> {
        let mut error = self.error.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        error.take().map_or(Ok(()), Err)
    }

    fn attempt<R>(&self, run: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<R>) -> Option<R> {
        let mut error = self.error.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if error.is_some() {
            return None;
        }
        match Python::attach(|py| run(self.ops.bind(py))) {
            Ok(result) => Some(result),
            Err(raised) => {
                *error = Some(raised);
                None
            }
        }
    }

    /// (x, y) ← (c x + s q, c q − s x), q = a (w − less) + b y, or y itself without w.
    fn turn_to(
        &self,
        angle: [f64; 2],
        towards: [f64; 2],
        w: Option<&Tensor>,
        less: Option<&Tensor>,
        x: &Tensor,
        y: &Tensor,
    ) {
        let (w, less) = (w.map(|w| &w.0), less.map(|less| &less.0));
        self.attempt(|ops| {
            ops.call_method1("turn", (angle, towards, w, less, &x.0, &y.0)).map(drop)
        });
    }

    /// A vector from the host.
    pub(crate) fn vector(&self, values: &Bound<'_, PyAny>) -> PyResult<Tensor> {
        let py = values.py();
        let x = self.ops.call_method0(py, "zeros")?;
        self.ops.call_method1(py, "fill", (&x, values))?;
        Ok(Tensor(x))
    }
}

impl Space for Tensors {
    type Vector = Tensor;
    type Owned = Tensor;

    fn zeros_like(&self, _x: &Tensor) -> Tensor {
        let zeros = self.attempt(|ops| Ok(ops.call_method0("zeros")?.unbind()));
        Tensor(zeros.unwrap_or_else(|| Python::attach(|py| py.None())))
    }

    fn len(&self, _x: &Tensor) -> usize {
        self.len
    }

    fn epsilon(&self) -> f64 {
        self.epsilon
    }

    fn fill(&self, x: &mut Tensor, value: &(dyn Fn(u64) -> f64 + Sync)) {
        let values: Vec<f64> = (0..self.len as u64).map(value).collect();
        self.attempt(|ops| {
            ops.call_method1("fill", (&x.0, PyArray1::from_vec(ops.py(), values))).map(drop)
        });
    }

    fn axpby(&self, a: f64, x: &Tensor, b: f64, y: &mut Tensor) {
        self.combine([(a, x)], b, y);
    }

    fn combine<const K: usize>(&self, terms: [(f64, &Tensor); K], b: f64, y: &mut Tensor) {
        let (weights, xs) = (terms.map(|(a, _)| a).to_vec(), terms.map(|(_, x)| &x.0).to_vec());
        self.attempt(|ops| ops.call_method1("combine", (weights, xs, b, &y.0)).map(drop));
    }

    fn dot(&self, x: &Tensor, y: &Tensor) -> f64 {
        self.dots([(x, y)])[0]
    }

    fn dots<const K: usize>(&self, pairs: [(&Tensor, &Tensor); K]) -> [f64; K] {
        let sums = self.attempt(|ops| {
            let xs: Vec<_> = pairs.iter().map(|(x, _)| &x.0).collect();
            let ys: Vec<_> = pairs.iter().map(|(_, y)| &y.0).collect();
            ops.call_method1("dots", (xs, ys))?.extract::<Vec<f64>>()
        });
        let sums = sums.and_then(|sums| <[f64; K]>::try_from(sums).ok());
        sums.unwrap_or([f64::NAN; K])
    }

    fn secant(&self, h: f64, g0: &Tensor, g1: &Tensor, n: &Tensor, hn: &mut Tensor) -> (f64, f64) {
        self.attempt(|ops| ops.call_method1("secant", (h, &g0.0, &g1.0, &hn.0)).map(drop));
        let [c, square] = self.dots([(n, hn), (hn, hn)]);
        (c, square)
    }

    fn displace(&self, h: f64, n: &Tensor, x: &Tensor, y: &mut Tensor) -> f64 {
        let along = self
            .attempt(|ops| ops.call_method1("displace", (h, &n.0, &x.0, &y.0))?.extract::<f64>());
        along.unwrap_or(f64::NAN)
    }

    fn torque(&self, c: f64, n: &Tensor, hn: &Tensor, p: &Tensor, w: &mut Tensor) -> [f64; 3] {
        self.combine([(c, n), (-1.0, hn)], 0.0, w);
        self.dots([(w, w), (w, n), (w, p)])
    }

    fn rotate(&self, c: f64, s: f64, x: &mut Tensor, y: &mut Tensor, _scratch: &mut Tensor) {
        self.turn_to([c, s], [0.0, 1.0], None, None, x, y);
    }

    fn ritz_update(
        &self,
        angle: [f64; 2],
        towards: [f64; 2],
        x: &mut Tensor,
        y: &mut Tensor,
        w: &mut Tensor,
    ) {
        self.turn_to(angle, towards, Some(w), None, x, y);
    }

    fn ritz_update_from_gradients(
        &self,
        angle: [f64; 2],
        towards: [f64; 2],
        [g0, g1]: [&Tensor; 2],
        x: &mut Tensor,
        y: &mut Tensor,
        _scratch: &mut Tensor,
    ) {
        self.turn_to(angle, towards, Some(g1), Some(g0), x, y);
    }
}

thread_local! {
    /// The operations that make the tensors of a state that is being read.
    static READING: RefCell<Option<Py<PyAny>>> = const { RefCell::new(None) };
}

/// `run`, in which tensors that are deserialised are made by `space`.
pub(crate) fn reading<R>(space: &Tensors, run: impl FnOnce() -> R) -> R {
    Python::attach(|py| READING.set(Some(space.ops.clone_ref(py))));
    let result = run();
    READING.set(None);
    result
}

impl serde::Serialize for Tensor {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let bytes = Python::attach(|py| -> PyResult<Vec<u8>> {
            let host = self.0.call_method0(py, "cpu")?.call_method0(py, "numpy")?;
            host.call_method0(py, "tobytes")?.extract(py)
        });
        let bytes = bytes.map_err(|error| serde::ser::Error::custom(error.to_string()))?;
        serde::Serialize::serialize(&bytes, to)
    }
}

impl<'de> serde::Deserialize<'de> for Tensor {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = Vec::<u8>::deserialize(from)?;
        let tensor = Python::attach(|py| -> PyResult<Py<PyAny>> {
            READING.with_borrow(|ops| {
                let Some(ops) = ops else {
                    return Err(PyRuntimeError::new_err("no state is being read"));
                };
                ops.call_method1(py, "read", (PyBytes::new(py, &bytes),))
            })
        });
        tensor.map(Tensor).map_err(|error| serde::de::Error::custom(error.to_string()))
    }
}

/// An array of the host as a tensor where `space` has its own; the tensor itself if it is one.
pub(crate) fn given(space: &Tensors, x: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Tensor>> {
    x.map(|x| {
        if x.cast::<PyArray1<f64>>().is_ok() || x.cast::<PyArray1<f32>>().is_ok() {
            space.vector(x)
        } else {
            Ok(Tensor(x.clone().unbind()))
        }
    })
    .transpose()
}
