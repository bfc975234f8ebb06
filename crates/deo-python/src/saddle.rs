//! What saddle searches over positions of atoms (`deo.ase`) have in common, and the ways down.

use crate::callback::Callback;
use crate::vectors::{bad, copied};
use deo_core::space::{FreeBody, Host};
use deo_saddle::{
    Descent, Goal, Method, MinModeSettings, NewtonSettings, Outcome, Saddle, Verdict,
    VerificationSettings,
};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

pub(crate) fn method(name: &str, goal: Goal) -> PyResult<Method> {
    Ok(match name {
        "auto" => Method::Auto(goal),
        "newton" => Method::Newton(NewtonSettings { goal, ..Default::default() }),
        "min-mode" => Method::MinMode(MinModeSettings { goal, ..Default::default() }),
        other => {
            return Err(bad(format!(
                "method is {other:?}; it must be 'auto', 'newton' or 'min-mode'"
            )));
        }
    })
}

pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Running => "running",
        Outcome::Converged => "converged",
        Outcome::Convex => "convex",
        Outcome::Cycling => "cycling",
        Outcome::Flat => "flat",
        Outcome::NotInvariant => "not invariant",
        Outcome::NonFinite => "nonfinite",
        Outcome::Budget => "budget",
        _ => "other",
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Confirmed => "confirmed",
        Verdict::WrongIndex { .. } => "wrong index",
        Verdict::Flat => "flat",
        Verdict::NotInvariant => "not invariant",
        _ => "unresolved",
    }
}

pub(crate) fn as_dict<'py>(
    py: Python<'py>,
    saddle: Saddle<Vec<f64>>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let confirmed = saddle.is_confirmed();
    dict.set_item("outcome", outcome(saddle.found.outcome))?;
    dict.set_item("verdict", verdict(saddle.verdict))?;
    dict.set_item("confirmed", confirmed)?;
    dict.set_item("x", PyArray1::from_vec(py, saddle.found.x))?;
    dict.set_item("value", saddle.found.value)?;
    dict.set_item("gradient_norm", saddle.found.gradient_norm)?;
    dict.set_item("curvatures", PyArray1::from_vec(py, saddle.curvatures))?;
    let axes = PyList::empty(py);
    for axis in saddle.axes {
        axes.append(PyArray1::from_vec(py, axis))?;
    }
    dict.set_item("axes", axes)?;
    dict.set_item("steps", saddle.found.counts.steps)?;
    dict.set_item("gradients", saddle.found.counts.gradients())?;
    dict.set_item("verification_gradients", saddle.verification_gradients)?;
    Ok(dict)
}

/// The space of positions by its name, for a generic function.
macro_rules! in_space {
    ($body:expr, $space_at:ident => $run:expr) => {
        match $body {
            "host" => {
                let $space_at = |_: &[f64]| Host::<f64>::new();
                $run
            }
            "free" => {
                let $space_at = |x: &[f64]| FreeBody::new(x);
                $run
            }
            "periodic" => {
                let $space_at = |x: &[f64]| FreeBody::periodic(x);
                $run
            }
            other => return Err(bad(format!("no space {other:?}"))),
        }
    };
}
pub(crate) use in_space;

/// Both ways down from a saddle.
#[pyfunction]
#[pyo3(signature = (call, x, axis, *, body, push, tolerance, max_gradients, method_name))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn join<'py>(
    py: Python<'py>,
    call: &Bound<'py, PyAny>,
    x: &Bound<'py, PyArray1<f64>>,
    axis: &Bound<'py, PyArray1<f64>>,
    body: &str,
    push: f64,
    tolerance: f64,
    max_gradients: u64,
    method_name: &str,
) -> PyResult<Bound<'py, PyList>> {
    let goal = Goal { index: 0, tolerance, max_gradients, ..Default::default() };
    let method = method(method_name, goal)?;
    let (x, axis) = (copied(x)?, copied(axis)?);
    let mut callback = Callback::new(call);
    let settings = VerificationSettings::for_atoms(0);
    let sides: Result<[Descent<Vec<f64>>; 2], _> = in_space!(body, space_at => py.detach(|| {
        deo_saddle::join(space_at, &mut callback, &x[..], &axis[..], push, &method, &settings)
    }));
    callback.check()?;
    let list = PyList::empty(py);
    for side in sides.map_err(bad)? {
        let is_minimum = side.is_minimum();
        let (left, gradients) = (side.left, side.gradients);
        let dict = as_dict(py, side.end)?;
        dict.set_item("is_minimum", is_minimum)?;
        dict.set_item("saddles_left", left)?;
        dict.set_item("gradients", gradients)?;
        list.append(dict)?;
    }
    Ok(list)
}
