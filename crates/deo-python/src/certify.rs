//! Certificates, and the way off a saddle.

use crate::callback::Callback;
use crate::estimates::{space_at, tensors_at};
use crate::tensors::{Tensor, Tensors, given};
use crate::vectors::{bad, by_dtype, copied, optional, space, wrong_dtype};
use deo_core::certify::{Certified, CertifySettings, Doubt, Kind, LeaveSettings};
use deo_core::space::FreeBody;
use deo_core::{Rule, Space};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;

fn as_dict<'py, V>(
    py: Python<'py>,
    certified: Certified<V>,
    array: impl FnOnce(V) -> Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let negative = certified.is_negative();
    let (kind, index, exact, doubt) = match certified.kind {
        Kind::Minimum => ("minimum", Some(0), true, None),
        Kind::Saddle { index, exact } => ("saddle", Some(index), exact, None),
        Kind::Maximum => ("maximum", None, true, None),
        Kind::Undecided(doubt) => ("undecided", None, false, Some(doubt)),
        _ => ("undecided", None, false, None),
    };
    let code = doubt.map(|doubt| match doubt {
        Doubt::NotStationary => "not stationary",
        Doubt::Flat => "flat",
        Doubt::FlatAbove => "flat above",
        Doubt::Unresolved => "unresolved",
        Doubt::NonFinite => "nonfinite",
        _ => "other",
    });
    dict.set_item("kind", kind)?;
    dict.set_item("index", index)?;
    dict.set_item("index_exact", exact)?;
    dict.set_item("doubt", code)?;
    dict.set_item("reason", doubt.map(|doubt| doubt.to_string()))?;
    dict.set_item("negative", negative)?;
    dict.set_item("lowest", certified.lowest)?;
    dict.set_item("error", certified.error)?;
    dict.set_item("residual", certified.residual)?;
    dict.set_item("highest", certified.highest)?;
    dict.set_item("resolvable", certified.resolvable)?;
    dict.set_item("loss", certified.loss)?;
    dict.set_item("gradient_norm", certified.gradient_norm)?;
    dict.set_item("loss_noise", certified.loss_noise)?;
    dict.set_item("gradient_noise", certified.gradient_noise)?;
    dict.set_item("starts", certified.starts)?;
    dict.set_item("gradients", certified.gradients)?;
    dict.set_item("axis", array(certified.axis))?;
    Ok(dict)
}

/// `deo.certify`; `body` is "" for vectors in general, "free" or "periodic" for positions of atoms.
#[pyfunction]
#[pyo3(signature = (
    call, x, *, starts, tolerance, max_gradients, memory, max_index, max_gradient, seed, v0, body, ops=None, threads=1
))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn certify<'py>(
    py: Python<'py>,
    call: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    starts: u32,
    tolerance: f64,
    max_gradients: u64,
    memory: usize,
    max_index: usize,
    max_gradient: Option<f64>,
    seed: u64,
    v0: Option<&Bound<'py, PyAny>>,
    body: &str,
    ops: Option<&Bound<'py, PyAny>>,
    threads: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let settings = CertifySettings {
        starts,
        tolerance,
        max_gradients,
        memory,
        max_index,
        max_gradient,
        seed,
        ..CertifySettings::default()
    };
    let mut callback = Callback::new(call);
    if let Some(ops) = ops {
        let mut space = Tensors::new(ops)?;
        let (x, v0) = (Tensor(x.clone().unbind()), given(&space, v0)?);
        let (_, spent) = tensors_at(&mut callback, &mut space, &x, Rule::Central, None)?;
        let certified = run(&space, &mut callback, &x, v0.as_ref(), &settings).map_err(bad);
        callback.check()?;
        space.check()?;
        let mut certified = certified?;
        certified.gradients += spent;
        return as_dict(py, certified, |axis| axis.0.into_bound(py));
    }
    if !body.is_empty() {
        let Ok(array) = x.cast::<PyArray1<f64>>() else { return Err(wrong_dtype()) };
        let x = copied(array)?;
        let space = if body == "free" { FreeBody::new(&x) } else { FreeBody::periodic(&x) };
        let v0 = optional::<f64>(v0, "v0", x.len())?;
        let certified =
            py.detach(|| run(&space, &mut callback, &x, v0.as_deref(), &settings)).map_err(bad);
        callback.check()?;
        return as_dict(py, certified?, |axis| PyArray1::from_vec(py, axis).into_any());
    }
    by_dtype!(x, T, array => {
        let x = copied(array)?;
        let v0 = optional::<T>(v0, "v0", x.len())?;
        let certified = py.detach(|| {
            let (space, _, spent) = space_at(&mut callback, &x, threads, Rule::Central, None)?;
            let mut certified = run(&space, &mut callback, &x, v0.as_deref(), &settings).map_err(bad)?;
            certified.gradients += spent;
            PyResult::Ok(certified)
        });
        callback.check()?;
        as_dict(py, certified?, |axis| PyArray1::from_vec(py, axis).into_any())
    })
}

fn run<S: Space>(
    space: &S,
    callback: &mut Callback,
    x: &S::Vector,
    v0: Option<&S::Vector>,
    settings: &CertifySettings,
) -> Result<Certified<S::Owned>, deo_core::SettingError>
where
    Callback: deo_core::Objective<S::Vector>,
{
    deo_core::certify::certify(space, callback, x, v0, settings)
}

/// `deo.escape`, from what a certificate knows.
#[pyfunction]
#[pyo3(signature = (call, x, axis, *, lowest, error, loss, loss_noise, longest, max_losses))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn leave<'py>(
    py: Python<'py>,
    call: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    axis: &Bound<'py, PyAny>,
    lowest: f64,
    error: f64,
    loss: f64,
    loss_noise: f64,
    longest: f64,
    max_losses: u64,
) -> PyResult<Bound<'py, PyDict>> {
    let settings = LeaveSettings { longest, max_losses, ..LeaveSettings::default() };
    by_dtype!(x, T, array => {
        let x = copied(array)?;
        let axis = optional::<T>(Some(axis), "axis", x.len())?.expect("it was given");
        let certified = Certified {
            kind: Kind::Saddle { index: 1, exact: false },
            lowest,
            error,
            residual: f64::NAN,
            highest: f64::NAN,
            axis,
            resolvable: f64::NAN,
            loss,
            gradient_norm: f64::NAN,
            loss_noise,
            gradient_noise: f64::NAN,
            starts: 0,
            gradients: 0,
        };
        let mut callback = Callback::new(call);
        let left = py.detach(|| {
            deo_core::certify::leave(&space::<T>(), &mut callback, &x[..], &certified, &settings)
        });
        callback.check()?;
        let dict = PyDict::new(py);
        dict.set_item("x", PyArray1::from_vec(py, left.x))?;
        dict.set_item("loss", left.loss)?;
        dict.set_item("decrease", left.decrease)?;
        dict.set_item("step", left.step)?;
        dict.set_item("moved", left.moved)?;
        dict.set_item("losses", left.losses)?;
        Ok(dict)
    })
}
