//! `deo_core::Deo` beside an optimizer of somebody else.

use crate::callback::Callback;
use crate::estimates::as_dict;
use crate::vectors::{Scalar, bad, space, wrong_dtype};
use deo_core::deo::Tracking;
use deo_core::drive::Workspace;
use deo_core::policy::{EscapeSettings, Kick};
use deo_core::{Deo, DeoSettings, DimerSettings, Event, PolicySettings};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// What a saved state begins with; another layout gets another number.
const FORMAT: u32 = 1;

struct Of<T> {
    deo: Deo<Vec<T>>,
    workspace: Workspace<Vec<T>>,
    settings: DeoSettings,
}

impl<T: Scalar> Of<T> {
    fn new(len: usize, settings: DeoSettings) -> PyResult<Self> {
        let (space, like) = (space::<T>(), vec![T::default(); len]);
        let deo = Deo::new(&space, &like[..], settings).map_err(bad)?;
        Ok(Of { deo, workspace: Workspace::new(&space, &like[..], settings.dimer.rule), settings })
    }
}

enum Inner {
    F32(Of<f32>),
    F64(Of<f64>),
}

/// `$body` for the machine of either scalar.
macro_rules! with {
    ($self:expr, $T:ident, $of:ident => $body:expr) => {
        match &mut $self.inner {
            Inner::F32($of) => {
                #[allow(dead_code)] // not every body names its scalar
                type $T = f32;
                $body
            }
            Inner::F64($of) => {
                #[allow(dead_code)]
                type $T = f64;
                $body
            }
        }
    };
}

/// The machine beside a training loop.
#[pyclass(module = "deo._deo")]
pub(crate) struct Machine {
    inner: Inner,
    len: usize,
}

fn option<'py, V>(options: &Bound<'py, PyDict>, name: &str, default: V) -> PyResult<V>
where
    V: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    options.get_item(name)?.map_or(Ok(default), |value| value.extract())
}

fn settings(policy: &str, options: &Bound<'_, PyDict>) -> PyResult<DeoSettings> {
    let mut settings = DeoSettings::default();
    let tracking = Tracking {
        interval: option(options, "interval", Tracking::default().interval)?,
        first: option(options, "first", Tracking::default().first)?,
        gradients: option(options, "gradients", Tracking::default().gradients)?,
    };
    settings.policy = match policy {
        "escape" => {
            settings.trigger.interval = option(options, "interval", settings.trigger.interval)?;
            settings.budget.share = option(options, "share", settings.budget.share)?;
            let default = EscapeSettings::default();
            PolicySettings::Escape(EscapeSettings {
                gradient_rung: option(options, "gradient_rung", default.gradient_rung)?,
                kick: if option(options, "kick", true)? { Kick::Lowest } else { Kick::Off },
                ..default
            })
        }
        "deflate" => PolicySettings::Deflate { alpha: option(options, "alpha", 0.9)?, tracking },
        "amplify" => {
            PolicySettings::Amplify { strength: option(options, "strength", 1.0)?, tracking }
        }
        other => return Err(bad(format!("no policy {other:?}"))),
    };
    settings.seed = option(options, "seed", 0)?;
    if policy != "escape" {
        settings.dimer = DimerSettings {
            max_gradients: tracking.first.max(tracking.gradients),
            ..settings.dimer
        };
    }
    Ok(settings)
}

#[pymethods]
impl Machine {
    #[new]
    fn new(len: usize, single: bool, policy: &str, options: &Bound<'_, PyDict>) -> PyResult<Self> {
        let settings = settings(policy, options)?;
        let inner = if single {
            Inner::F32(Of::new(len, settings)?)
        } else {
            Inner::F64(Of::new(len, settings)?)
        };
        Ok(Machine { inner, len })
    }

    /// One step: what it asked is answered by `call`; x or g is changed in place. What happened, as a dictionary.
    ///
    /// If `call` raises, x and g are as they were, and the visit is forgotten at the next step.
    fn step<'py>(
        &mut self,
        py: Python<'py>,
        call: &Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
        g: &Bound<'py, PyAny>,
        loss: f64,
    ) -> PyResult<Bound<'py, PyDict>> {
        let mut callback = Callback::new(call);
        let (event, gradient_norm) = with!(self, T, of => {
            let (Ok(x), Ok(g)) = (x.cast::<PyArray1<T>>(), g.cast::<PyArray1<T>>()) else {
                return Err(wrong_dtype());
            };
            let (mut x, mut g) = (x.readwrite(), g.readwrite());
            let (x, g) = (x.as_slice_mut()?, g.as_slice_mut()?);
            let space = space::<T>();
            // x and g are the caller's own buffers, which nobody else has.
            py.detach(|| {
                let norm = of.deo.observe(&space, x, loss, g);
                if loss.is_finite() && norm.is_finite() {
                    of.deo.visit(&space, &mut callback, x, g, &mut of.workspace);
                }
                if callback.has_failed() {
                    return (Event::Quiet, norm);
                }
                (of.deo.apply(&space, x, g), norm)
            })
        });
        callback.check()?;
        let dict = PyDict::new(py);
        dict.set_item("name", event.name())?;
        dict.set_item("moved", event.moved())?;
        dict.set_item("gradient_norm", gradient_norm)?;
        match event {
            Event::Moved { length, decrease, .. } => {
                dict.set_item("length", length)?;
                dict.set_item("decrease", decrease)?;
            }
            Event::Reverted { fall } | Event::Confirmed { fall } | Event::Refuted { fall } => {
                dict.set_item("fall", fall)?;
            }
            _ => {}
        }
        Ok(dict)
    }

    /// What was evaluated and done so far.
    fn counts<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = with!(self, T, of => of.deo.counts());
        let dict = PyDict::new(py);
        dict.set_item("gradients", counts.gradients)?;
        dict.set_item("losses", counts.losses)?;
        dict.set_item("rotations", counts.rotations)?;
        dict.set_item("visits", counts.visits)?;
        dict.set_item("moves", counts.moves)?;
        dict.set_item("kicks", counts.kicks)?;
        Ok(dict)
    }

    /// The last estimate and its axis.
    fn estimate<'py>(
        &mut self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyAny>)> {
        with!(self, T, of => {
            let axis: &Vec<T> = of.deo.axis();
            Ok((as_dict(py, &of.deo.estimate())?, PyArray1::from_slice(py, axis).into_any()))
        })
    }

    /// Everything that it knows.
    fn state<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let config = bincode::config::standard();
        let bytes = with!(self, T, of => {
            bincode::serde::encode_to_vec((FORMAT, &of.deo), config).map_err(bad)?
        });
        Ok(PyBytes::new(py, &bytes))
    }

    /// Goes on from a state of a machine with the same settings.
    fn load(&mut self, bytes: &[u8]) -> PyResult<()> {
        let config = bincode::config::standard();
        let len = self.len;
        with!(self, T, of => {
            let ((format, deo), read): ((u32, Deo<Vec<T>>), usize) =
                bincode::serde::decode_from_slice(bytes, config)
                    .map_err(|error| bad(format!("not a state of this version of deo: {error}")))?;
            let new = Of::<T>::new(len, of.settings)?;
            if format != FORMAT || read != bytes.len() {
                return Err(bad("the state is of another version of deo"));
            }
            if !deo.continues(&new.deo, |a, b| a.len() == b.len()) {
                return Err(bad("the state is of other settings or of a model of another size"));
            }
            of.deo = deo;
            Ok(())
        })
    }
}
