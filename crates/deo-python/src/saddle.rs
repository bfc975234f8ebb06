//! Saddle searches over positions of atoms: `deo.ase`.

use crate::callback::Callback;
use crate::vectors::{bad, copied, optional};
use deo_core::space::{FreeBody, Host};
use deo_core::{Length, Objective, Space};
use deo_saddle::{
    Descent, FromHessian, Goal, Lindh, Matrix, Method, MinModeSearch, MinModeSettings,
    ModelHessian, NewtonSearch, NewtonSettings, NoModel, Outcome, Saddle, Springs, Structure,
    Verdict, VerificationSettings, verify_found,
};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

fn method(name: &str, goal: Goal) -> PyResult<Method> {
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

fn outcome(outcome: Outcome) -> &'static str {
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

fn as_dict<'py>(py: Python<'py>, saddle: Saddle<Vec<f64>>) -> PyResult<Bound<'py, PyDict>> {
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

/// What a search over atoms with a model Hessian is verified by: the figures of `deo saddle --engine`, in eV and Å. What
/// takes more than three dense Hessians won't end.
fn verification_of_atoms(settings: &NewtonSettings, dimension: usize) -> VerificationSettings {
    VerificationSettings {
        flat: settings.flat,
        max_gradients: 6 * dimension as u64 + 50,
        length: Some(Length::Absolute(settings.probe)),
        ..VerificationSettings::for_atoms(settings.goal.index)
    }
}

/// A search that `observer(step, x, value, gradient_norm)` sees, and then the driver from where it ended, which verifies.
///
/// The observer ends the search by raising an exception.
fn observed<S>(
    space_at: impl Fn(&[f64]) -> S,
    callback: &mut Callback,
    observer: &Py<PyAny>,
    x: &[f64],
    axis: Option<&[f64]>,
    (method, verification): (&Method, &VerificationSettings),
    model: &mut dyn ModelHessian<[f64]>,
) -> Result<Saddle<Vec<f64>>, deo_saddle::DriveError>
where
    S: Space<Vector = [f64], Owned = Vec<f64>>,
{
    let space = space_at(x);
    let mut g = vec![0.0; x.len()];
    let mut seen = 0;
    macro_rules! run {
        ($search:expr, $tell:expr, $hessian:expr) => {{
            let mut search = $search;
            if let Some(axis) = axis {
                search = search.with_axis(&space, axis);
            }
            while let Some(point) = search.ask() {
                let value = callback.value_grad(&point[..], &mut g);
                if callback.has_failed() {
                    break;
                }
                $tell(&mut search, value, &g[..]);
                let steps = search.counts().steps;
                if steps > seen {
                    seen = steps;
                    let norm = search.size();
                    let (x, value) = (search.x(), search.value());
                    callback.attempt(|py, _| {
                        observer
                            .call1(py, (steps, PyArray1::from_slice(py, x), value, norm))
                            .map(drop)
                    });
                }
            }
            let found = deo_saddle::Found {
                outcome: search.outcome(),
                x: search.x().clone(),
                value: search.value(),
                gradient_norm: search.gradient_norm(),
                counts: search.counts(),
                way: Vec::new(),
                hessian: $hessian(&search),
            };
            found
        }};
    }
    let found = match method.resolved(&space, x) {
        Method::Newton(settings) => {
            let mut tell = |search: &mut NewtonSearch<_>, value, g: &[f64]| {
                search.tell_with(&space, value, g, model);
            };
            run!(NewtonSearch::new(&space, x, settings)?, tell, |search: &NewtonSearch<_>| Some(
                search.hessian(&space)
            ))
        }
        Method::MinMode(settings) => {
            let tell = |search: &mut MinModeSearch<_>, value, g: &[f64]| {
                search.tell(&space, value, g);
            };
            run!(MinModeSearch::new(&space, x, settings)?, tell, |_: &MinModeSearch<_>| None)
        }
        Method::Auto(_) => unreachable!("resolved"),
    };
    if callback.has_failed() || found.outcome != Outcome::Converged {
        return Ok(Saddle {
            found,
            verdict: Verdict::Unresolved,
            curvatures: Vec::new(),
            errors: Vec::new(),
            axes: Vec::new(),
            verification_gradients: 0,
        });
    }
    verify_found(space_at, callback, found, method.goal().index, verification)
}

/// What the search begins with, by its name, as a matrix or as a function of the free coordinates.
fn with_model<T>(
    py: Python<'_>,
    hessian: &Bound<'_, PyAny>,
    structure: Structure,
    run: impl FnOnce(&mut dyn ModelHessian<[f64]>) -> T + Send,
) -> PyResult<T>
where
    T: Send,
{
    let n = structure.components();
    if hessian.is_none() {
        return Ok(py.detach(|| run(&mut NoModel)));
    }
    if let Ok(name) = hessian.extract::<String>() {
        return match name.as_str() {
            "lindh" => Ok(py.detach(|| run(&mut Lindh::new(structure)))),
            "springs" => Ok(py.detach(|| run(&mut Springs::new(structure)))),
            other => Err(bad(format!(
                "hessian is {other:?}; it must be 'lindh', 'springs', a matrix, a function of the atoms or None"
            ))),
        };
    }
    if hessian.is_callable() {
        let function = hessian.clone().unbind();
        let mut error = None;
        let failed = &mut error;
        let result = py.detach(move || {
            let ask = |x: &[f64]| {
                Python::attach(|py| {
                    let answer = function.call1(py, (PyArray1::from_slice(py, x),));
                    match answer.and_then(|h| h.extract::<Vec<f64>>(py)) {
                        Ok(matrix) => Some(matrix),
                        Err(error) => {
                            *failed = Some(error);
                            None
                        }
                    }
                })
            };
            run(&mut FromHessian::new(ask).of_atoms())
        });
        return error.map_or(Ok(result), Err);
    }
    let matrix = hessian.extract::<Vec<f64>>()?;
    if matrix.len() != n * n {
        return Err(bad(format!(
            "hessian has {} entries; for {n} coordinates it must have {}",
            matrix.len(),
            n * n
        )));
    }
    Ok(py.detach(|| run(&mut Matrix::new(matrix).of_atoms())))
}

/// A search for a saddle, or for a minimum with index 0.
#[pyfunction]
#[pyo3(signature = (
    call, observer, x, *, body, index, tolerance, max_gradients, method_name, axis, hessian, numbers, positions, free,
    cell, periodic
))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn search<'py>(
    py: Python<'py>,
    call: &Bound<'py, PyAny>,
    observer: Py<PyAny>,
    x: &Bound<'py, PyArray1<f64>>,
    body: &str,
    index: usize,
    tolerance: f64,
    max_gradients: u64,
    method_name: &str,
    axis: Option<&Bound<'py, PyAny>>,
    hessian: &Bound<'py, PyAny>,
    numbers: Vec<u8>,
    positions: Vec<f64>,
    free: Vec<usize>,
    cell: Option<[[f64; 3]; 3]>,
    periodic: [bool; 3],
) -> PyResult<Bound<'py, PyDict>> {
    let goal = Goal { index, tolerance, max_gradients, ..Default::default() };
    let mut method = method(method_name, goal)?;
    let mut verification = VerificationSettings::for_atoms(index);
    if !hessian.is_none() {
        if let Method::MinMode(_) = method {
            return Err(bad("a model Hessian is for method 'newton' or 'auto'"));
        }
        let settings = NewtonSettings::for_atoms(goal);
        verification = verification_of_atoms(&settings, free.len());
        method = Method::Newton(settings);
    }
    let structure = Structure::new(&numbers, &positions).and_then(|s| s.with_free(&free));
    let structure = match cell {
        Some(cell) => structure.and_then(|s| s.with_cell(cell, periodic)),
        None => structure,
    };
    let structure = structure.map_err(bad)?;
    let x = copied(x)?;
    let axis = optional::<f64>(axis, "axis", x.len())?;
    let mut callback = Callback::new(call);
    let saddle = with_model(py, hessian, structure, |model| {
        Ok(in_space!(body, space_at => {
            observed(space_at, &mut callback, &observer, &x, axis.as_deref(), (&method, &verification), model)
        }))
    });
    callback.check()?;
    let saddle: Result<_, deo_saddle::DriveError> = saddle??;
    as_dict(py, saddle.map_err(bad)?)
}

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
