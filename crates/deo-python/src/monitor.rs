//! Both ends of the spectrum beside a training run.

use crate::callback::Callback;
use crate::estimates::as_dict;
use crate::tensors::{Tensor, Tensors, reading};
use crate::vectors::{Scalar, bad, space, wrong_dtype};
use deo_core::drive::Workspace;
use deo_core::monitor::{Monitor as Core, MonitorSettings};
use deo_core::{Estimate, Objective, Rule, Space};
use deo_linalg::Parallel;
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

struct Of<S: Space> {
    space: S,
    monitor: Core<S>,
    workspace: Workspace<S>,
}

impl<S: Space> Of<S> {
    fn new(space: S, like: &S::Vector, settings: MonitorSettings, seed: u64) -> PyResult<Self> {
        let monitor = Core::new(&space, like, settings, seed).map_err(bad)?;
        let workspace = Workspace::new(&space, like, Rule::Forward);
        Ok(Of { space, monitor, workspace })
    }

    fn measure(&mut self, callback: &mut Callback, x: &S::Vector, g: &S::Vector) -> [Estimate; 2]
    where
        Callback: Objective<S::Vector>,
        S: Clone,
    {
        let before = self.monitor.clone();
        let pair = self.monitor.measure(&self.space, callback, x, g, &mut self.workspace);
        if callback.has_failed() {
            self.monitor = before;
        }
        pair
    }

    fn state(&self) -> PyResult<Vec<u8>>
    where
        S::Owned: serde::Serialize,
    {
        bincode::serde::encode_to_vec(&self.monitor, bincode::config::standard()).map_err(bad)
    }

    /// Goes on from a state; `new` is fresh, `len` tells the length of a vector.
    fn load(
        &mut self,
        bytes: &[u8],
        new: &Core<S>,
        len: impl Fn(&S::Owned) -> usize,
    ) -> PyResult<()>
    where
        S::Owned: serde::de::DeserializeOwned,
    {
        let config = bincode::config::standard();
        let (monitor, _): (Core<S>, usize) = bincode::serde::decode_from_slice(bytes, config)
            .map_err(|error| bad(format!("not a state of this version of deo: {error}")))?;
        if !monitor.continues(new, |a, b| len(a) == len(b)) {
            return Err(bad("the state is of other settings or of a model of another size"));
        }
        self.monitor = monitor;
        Ok(())
    }
}

fn on_arrays<T: Scalar>(
    of: &mut Of<Parallel<T>>,
    py: Python<'_>,
    callback: &mut Callback,
    x: &Bound<'_, PyAny>,
    g: &Bound<'_, PyAny>,
) -> PyResult<[Estimate; 2]> {
    let (Ok(x), Ok(g)) = (x.cast::<PyArray1<T>>(), g.cast::<PyArray1<T>>()) else {
        return Err(wrong_dtype());
    };
    let (x, g) = (x.readonly(), g.readonly());
    let (x, g) = (x.as_slice()?, g.as_slice()?);
    Ok(py.detach(|| of.measure(callback, x, g)))
}

enum Inner {
    F32(Of<Parallel<f32>>),
    F64(Of<Parallel<f64>>),
    Tensors(Of<Tensors>),
}

/// λ_min and λ_max, followed.
#[pyclass(module = "deo._deo")]
pub(crate) struct Monitor {
    inner: Inner,
    len: usize,
    settings: MonitorSettings,
    seed: u64,
}

#[pymethods]
impl Monitor {
    #[new]
    #[pyo3(signature = (len, single, interval, first, gradients, seed, ops=None))]
    fn new(
        len: usize,
        single: bool,
        interval: u64,
        first: u64,
        gradients: u64,
        seed: u64,
        ops: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let settings = MonitorSettings { interval, first, gradients, ..Default::default() };
        let inner = match ops {
            Some(ops) => {
                let like = Tensor(ops.call_method0("zeros")?.unbind());
                Inner::Tensors(Of::new(Tensors::new(ops)?, &like, settings, seed)?)
            }
            None if single => Inner::F32(Of::new(space(), &vec![0.0; len][..], settings, seed)?),
            None => Inner::F64(Of::new(space(), &vec![0.0; len][..], settings, seed)?),
        };
        Ok(Monitor { inner, len, settings, seed })
    }

    /// The lowest and the highest at x, where the gradient is g.
    fn measure<'py>(
        &mut self,
        py: Python<'py>,
        call: &Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
        g: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        let mut callback = Callback::new(call);
        let [lowest, highest] = match &mut self.inner {
            Inner::F32(of) => on_arrays(of, py, &mut callback, x, g)?,
            Inner::F64(of) => on_arrays(of, py, &mut callback, x, g)?,
            Inner::Tensors(of) => {
                let (x, g) = (Tensor(x.clone().unbind()), Tensor(g.clone().unbind()));
                let pair = of.measure(&mut callback, &x, &g);
                callback.check()?;
                of.space.check()?;
                pair
            }
        };
        callback.check()?;
        Ok((as_dict(py, &lowest)?, as_dict(py, &highest)?))
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

    /// Goes on from a state of a monitor with the same settings.
    fn load(&mut self, py: Python<'_>, bytes: &[u8]) -> PyResult<()> {
        let (len, settings, seed) = (self.len, self.settings, self.seed);
        match &mut self.inner {
            Inner::F32(of) => {
                let new = Of::new(space::<f32>(), &vec![0.0; len][..], settings, seed)?;
                of.load(bytes, &new.monitor, Vec::len)
            }
            Inner::F64(of) => {
                let new = Of::new(space::<f64>(), &vec![0.0; len][..], settings, seed)?;
                of.load(bytes, &new.monitor, Vec::len)
            }
            Inner::Tensors(of) => {
                let ops = of.space.ops(py);
                let like = Tensor(ops.call_method0("zeros")?.unbind());
                let new = Of::new(Tensors::new(&ops)?, &like, settings, seed)?;
                let len = |x: &Tensor| x.0.bind(py).len().unwrap_or(0);
                reading(&new.space, || of.load(bytes, &new.monitor, len))
            }
        }
    }
}
