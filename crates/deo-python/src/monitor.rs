//! Both ends of the spectrum beside a training run.

use crate::callback::Callback;
use crate::estimates::as_dict;
use crate::vectors::{Scalar, bad, space, wrong_dtype};
use deo_core::Rule;
use deo_core::drive::Workspace;
use deo_core::monitor::MonitorSettings;
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

struct Of<T> {
    monitor: deo_core::monitor::Monitor<Vec<T>>,
    workspace: Workspace<Vec<T>>,
}

impl<T: Scalar> Of<T> {
    fn new(len: usize, settings: MonitorSettings, seed: u64) -> PyResult<Self> {
        let (space, like) = (space::<T>(), vec![T::default(); len]);
        let monitor = deo_core::monitor::Monitor::new(&space, &like[..], settings, seed);
        let workspace = Workspace::new(&space, &like[..], Rule::Forward);
        Ok(Of { monitor: monitor.map_err(bad)?, workspace })
    }

    fn measure(
        &mut self,
        py: Python<'_>,
        call: &Bound<'_, PyAny>,
        x: &Bound<'_, PyArray1<T>>,
        g: &Bound<'_, PyArray1<T>>,
    ) -> PyResult<[deo_core::Estimate; 2]> {
        let mut callback = Callback::new(call);
        let (x, g) = (x.readonly(), g.readonly());
        let (x, g) = (x.as_slice()?, g.as_slice()?);
        let before = self.monitor.clone();
        let pair = py.detach(|| {
            self.monitor.measure(&space::<T>(), &mut callback, x, g, &mut self.workspace)
        });
        callback.check().inspect_err(|_| self.monitor = before)?;
        Ok(pair)
    }
}

enum Inner {
    F32(Of<f32>),
    F64(Of<f64>),
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
    fn new(
        len: usize,
        single: bool,
        interval: u64,
        first: u64,
        gradients: u64,
        seed: u64,
    ) -> PyResult<Self> {
        let settings = MonitorSettings { interval, first, gradients, ..Default::default() };
        let inner = if single {
            Inner::F32(Of::new(len, settings, seed)?)
        } else {
            Inner::F64(Of::new(len, settings, seed)?)
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
        let [lowest, highest] = match &mut self.inner {
            Inner::F32(of) => match (x.cast(), g.cast()) {
                (Ok(x), Ok(g)) => of.measure(py, call, x, g)?,
                _ => return Err(wrong_dtype()),
            },
            Inner::F64(of) => match (x.cast(), g.cast()) {
                (Ok(x), Ok(g)) => of.measure(py, call, x, g)?,
                _ => return Err(wrong_dtype()),
            },
        };
        Ok((as_dict(py, &lowest)?, as_dict(py, &highest)?))
    }

    /// Everything that it knows.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let config = bincode::config::standard();
        let bytes = match &self.inner {
            Inner::F32(of) => bincode::serde::encode_to_vec(&of.monitor, config),
            Inner::F64(of) => bincode::serde::encode_to_vec(&of.monitor, config),
        };
        Ok(PyBytes::new(py, &bytes.map_err(bad)?))
    }

    /// Goes on from a state of a monitor with the same settings.
    fn load(&mut self, bytes: &[u8]) -> PyResult<()> {
        fn load<T: Scalar + serde_of::Load>(
            of: &mut Of<T>,
            len: usize,
            settings: MonitorSettings,
            seed: u64,
            bytes: &[u8],
        ) -> PyResult<()> {
            let monitor = T::monitor(bytes)?;
            let new = Of::<T>::new(len, settings, seed)?;
            if !monitor.continues(&new.monitor, |a, b| a.len() == b.len()) {
                return Err(bad("the state is of other settings or of a model of another size"));
            }
            of.monitor = monitor;
            Ok(())
        }
        let (len, settings, seed) = (self.len, self.settings, self.seed);
        match &mut self.inner {
            Inner::F32(of) => load(of, len, settings, seed, bytes),
            Inner::F64(of) => load(of, len, settings, seed, bytes),
        }
    }
}

/// Decoding needs the scalar by name.
mod serde_of {
    use super::bad;
    use deo_core::monitor::Monitor;
    use pyo3::PyResult;

    pub(super) trait Load: Sized {
        fn monitor(bytes: &[u8]) -> PyResult<Monitor<Vec<Self>>>;
    }

    macro_rules! load {
        ($($t:ty),*) => {$(
            impl Load for $t {
                fn monitor(bytes: &[u8]) -> PyResult<Monitor<Vec<$t>>> {
                    bincode::serde::decode_from_slice(bytes, bincode::config::standard())
                        .map(|(monitor, _)| monitor)
                        .map_err(|error| bad(format!("not a state of this version of deo: {error}")))
                }
            }
        )*};
    }
    load!(f32, f64);
}
