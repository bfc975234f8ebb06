//! `deo_core::Deo` beside an optimizer of somebody else.

use crate::callback::Callback;
use crate::estimates::as_dict;
use crate::scattered::{Part, Scattered};
use crate::tensors::{Tensor, Tensors, reading};
use crate::vectors::{Scalar, bad, space, wrong_dtype};
use deo_core::deo::{Looks, Tracking};
use deo_core::drive::Workspace;
use deo_core::policy::{EscapeSettings, Kick};
use deo_core::{Deo, DeoSettings, DimerSettings, Event, Objective, PolicySettings, Space};
use deo_linalg::Parallel;
use numpy::{PyArray1, PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// What a saved state begins with; another layout gets another number.
const FORMAT: u32 = 2;

struct Of<S: Space> {
    space: S,
    deo: Deo<S>,
    workspace: Workspace<S>,
    settings: DeoSettings,
}

impl<S: Space> Of<S> {
    fn new(space: S, like: &S::Vector, settings: DeoSettings) -> PyResult<Self> {
        let deo = Deo::new(&space, like, settings).map_err(bad)?;
        let workspace = Workspace::new(&space, like, settings.dimer.rule);
        Ok(Of { space, deo, workspace, settings })
    }

    /// A whole step: what happened, and ‖g‖.
    fn step(
        &mut self,
        callback: &mut Callback,
        x: &mut S::Vector,
        g: &mut S::Vector,
        loss: f64,
    ) -> (Event, f64)
    where
        Callback: Objective<S::Vector>,
    {
        let norm = self.deo.observe(&self.space, x, loss, g);
        if loss.is_finite() && norm.is_finite() {
            self.deo.visit(&self.space, callback, x, g, &mut self.workspace);
        }
        if callback.has_failed() {
            return (Event::Quiet, norm);
        }
        (self.deo.apply(&self.space, x, g), norm)
    }

    fn state(&self) -> PyResult<Vec<u8>>
    where
        S::Owned: serde::Serialize,
    {
        let config = bincode::config::standard();
        bincode::serde::encode_to_vec((FORMAT, &self.deo), config).map_err(bad)
    }

    /// Goes on from a state; `new` is a fresh machine of the same kind, `len` tells the length of a vector.
    fn load(&mut self, bytes: &[u8], new: &Deo<S>, len: impl Fn(&S::Owned) -> usize) -> PyResult<()>
    where
        S::Owned: serde::de::DeserializeOwned,
    {
        let config = bincode::config::standard();
        let ((format, deo), read): ((u32, Deo<S>), usize) =
            bincode::serde::decode_from_slice(bytes, config)
                .map_err(|error| bad(format!("not a state of this version of deo: {error}")))?;
        if format != FORMAT || read != bytes.len() {
            return Err(bad("the state is of another version of deo"));
        }
        if !deo.continues(new, |a, b| len(a) == len(b)) {
            return Err(bad("the state is of other settings or of a model of another size"));
        }
        self.deo = deo;
        Ok(())
    }
}

enum Inner {
    F32(Of<Parallel<f32>>),
    F64(Of<Parallel<f64>>),
    Tensors(Of<Tensors>),
}

/// `$body` for the machine of whichever space.
macro_rules! with {
    ($self:expr, $of:ident => $body:expr) => {
        match &mut $self.inner {
            Inner::F32($of) => $body,
            Inner::F64($of) => $body,
            Inner::Tensors($of) => $body,
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

/// The options of each policy; one that nobody reads would be set without effect.
const OPTIONS: [(&str, &[&str]); 3] = [
    ("escape", &["interval", "share", "line_search", "kick", "seed"]),
    ("deflate", &["alpha", "interval", "first", "gradients", "seed"]),
    ("amplify", &["strength", "interval", "first", "gradients", "seed"]),
];

fn settings(policy: &str, options: &Bound<'_, PyDict>) -> PyResult<DeoSettings> {
    let known =
        OPTIONS.iter().find(|(name, _)| *name == policy).map_or(&[][..], |(_, known)| known);
    for name in options.keys() {
        let name: String = name.extract()?;
        if !known.contains(&name.as_str()) {
            return Err(bad(format!("{policy} has no option {name:?}")));
        }
    }
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
                line_search: option(options, "line_search", default.line_search)?,
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

/// One step on arrays, which are the caller's own and which nobody else has.
fn step_on_arrays<T: Scalar>(
    of: &mut Of<Parallel<T>>,
    py: Python<'_>,
    callback: &mut Callback,
    x: &Bound<'_, PyAny>,
    g: &Bound<'_, PyAny>,
    loss: f64,
) -> PyResult<(Event, f64)> {
    let (Ok(x), Ok(g)) = (x.cast::<PyArray1<T>>(), g.cast::<PyArray1<T>>()) else {
        return Err(wrong_dtype());
    };
    let (mut x, mut g) = (x.readwrite(), g.readwrite());
    let (x, g) = (x.as_slice_mut()?, g.as_slice_mut()?);
    Ok(py.detach(|| of.step(callback, x, g, loss)))
}

/// Arrays as the parts of one vector, an integer for so many zeros.
macro_rules! scattered {
    ($arrays:expr, $T:ident, $vector:ident => $body:expr) => {{
        let mut borrowed = vec![];
        for array in $arrays {
            borrowed.push(match array.cast::<PyArrayDyn<$T>>() {
                Ok(array) => (0, Some(array.try_readonly()?)),
                Err(_) => (array.extract::<usize>()?, None),
            });
        }
        let mut parts = vec![];
        for (zeros, array) in &borrowed {
            parts.push(match array {
                Some(array) => Part::Values(array.as_slice()?),
                None => Part::Zeros(*zeros),
            });
        }
        let $vector = Scattered::<$T>::new(parts);
        $body
    }};
}

/// A step that looks at norms only, of g and x where they lie: ‖g‖, or `None` and nothing done if it looks at more.
fn short_step<T: Scalar>(
    of: &mut Of<Parallel<T>>,
    gradients: &[Bound<'_, PyAny>],
    points: Option<&[Bound<'_, PyAny>]>,
    loss: f64,
) -> PyResult<Option<f64>> {
    let Some(norm) = scattered!(gradients, T, g => g.norm()) else { return Ok(None) };
    let Some(points) = points else {
        return Ok(of.deo.observe_pace(loss, norm, [f64::NAN; 2]).map(|_| norm));
    };
    scattered!(points, T, x => {
        let Some(pace) = x.distance(of.deo.marked()) else { return Ok(None) };
        let Some(marks) = of.deo.observe_pace(loss, norm, pace) else { return Ok(None) };
        if marks {
            x.copy_to(of.deo.marked());
        }
    });
    Ok(Some(norm))
}

fn tensor(value: &Bound<'_, PyAny>) -> Tensor {
    Tensor(value.clone().unbind())
}

#[pymethods]
impl Machine {
    #[new]
    #[pyo3(signature = (len, single, policy, options, ops=None))]
    fn new(
        len: usize,
        single: bool,
        policy: &str,
        options: &Bound<'_, PyDict>,
        ops: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let settings = settings(policy, options)?;
        let inner = match ops {
            Some(ops) => {
                let space = Tensors::new(ops)?;
                let like = Tensor(ops.call_method0("zeros")?.unbind());
                Inner::Tensors(Of::new(space, &like, settings)?)
            }
            None if single => Inner::F32(Of::new(space(), &vec![0.0; len][..], settings)?),
            None => Inner::F64(Of::new(space(), &vec![0.0; len][..], settings)?),
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
        let (event, gradient_norm) = match &mut self.inner {
            Inner::F32(of) => step_on_arrays(of, py, &mut callback, x, g, loss)?,
            Inner::F64(of) => step_on_arrays(of, py, &mut callback, x, g, loss)?,
            Inner::Tensors(of) => {
                let done = of.step(&mut callback, &mut tensor(x), &mut tensor(g), loss);
                callback.check()?;
                of.space.check()?;
                done
            }
        };
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

    /// What the next step looks at: "norm", "pace" or "all".
    fn looks_next(&mut self) -> &'static str {
        match with!(self, of => of.deo.looks_next()) {
            Looks::Norm => "norm",
            Looks::Pace => "pace",
            Looks::All => "all",
        }
    }

    /// A step that looks at norms, of gradients where they lie, an integer for so many zeros, and for one that looks at
    /// the pace of parameters where they lie. ‖g‖; None if nothing was done, as the step looks at more. On a device the
    /// one gradient is gathered, and the pace is unknown.
    #[pyo3(signature = (gradients, points, loss))]
    fn short_step(
        &mut self,
        gradients: Vec<Bound<'_, PyAny>>,
        points: Option<Vec<Bound<'_, PyAny>>>,
        loss: f64,
    ) -> PyResult<Option<f64>> {
        match &mut self.inner {
            Inner::F32(of) => short_step(of, &gradients, points.as_deref(), loss),
            Inner::F64(of) => short_step(of, &gradients, points.as_deref(), loss),
            Inner::Tensors(of) => {
                let norm = of.space.norm(&tensor(&gradients[0]));
                of.space.check()?;
                Ok(of.deo.observe_pace(loss, norm, [f64::NAN; 2]).map(|_| norm))
            }
        }
    }

    /// What was evaluated and done so far.
    fn counts<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = with!(self, of => of.deo.counts());
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
        let estimate = with!(self, of => of.deo.estimate());
        let axis = match &self.inner {
            Inner::F32(of) => PyArray1::from_slice(py, of.deo.axis()).into_any(),
            Inner::F64(of) => PyArray1::from_slice(py, of.deo.axis()).into_any(),
            Inner::Tensors(of) => of.deo.axis().clone().0.into_bound(py),
        };
        Ok((as_dict(py, &estimate)?, axis))
    }

    /// Everything that it knows.
    fn state<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = with!(self, of => of.state()?);
        Ok(PyBytes::new(py, &bytes))
    }

    /// Goes on from a state of a machine with the same settings.
    fn load(&mut self, py: Python<'_>, bytes: &[u8]) -> PyResult<()> {
        let len = self.len;
        match &mut self.inner {
            Inner::F32(of) => {
                let new = Of::new(space::<f32>(), &vec![0.0; len][..], of.settings)?;
                of.load(bytes, &new.deo, Vec::len)
            }
            Inner::F64(of) => {
                let new = Of::new(space::<f64>(), &vec![0.0; len][..], of.settings)?;
                of.load(bytes, &new.deo, Vec::len)
            }
            Inner::Tensors(of) => {
                let ops = of.space.ops(py);
                let like = Tensor(ops.call_method0("zeros")?.unbind());
                let new = Of::new(Tensors::new(&ops)?, &like, of.settings)?;
                let len = |x: &Tensor| x.0.bind(py).len().unwrap_or(0);
                reading(&new.space, || of.load(bytes, &new.deo, len))
            }
        }
    }
}
