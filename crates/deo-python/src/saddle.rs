//! Saddle searches over positions of atoms: `deo.ase`.

use crate::callback::Callback;
use crate::vectors::{bad, copied, optional};
use deo_core::space::{FreeBody, Host};
use deo_core::{Objective, Space};
use deo_saddle::{
    Descent, Goal, Method, MinModeSearch, MinModeSettings, NewtonSearch, NewtonSettings, Outcome,
    Saddle, Verdict, find,
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

/// A search that `observer(step, x, value, gradient_norm)` sees, and then the driver from where it ended, which verifies.
///
/// The observer ends the search by returning true.
fn observed<S>(
    space_at: impl Fn(&[f64]) -> S,
    callback: &mut Callback,
    observer: &Py<PyAny>,
    x: &[f64],
    axis: Option<&[f64]>,
    method: &Method,
) -> Result<Saddle<Vec<f64>>, deo_saddle::DriveError>
where
    S: Space<Vector = [f64], Owned = Vec<f64>>,
{
    let space = space_at(x);
    let mut g = vec![0.0; x.len()];
    let mut seen = 0;
    macro_rules! run {
        ($search:expr) => {{
            let mut search = $search;
            if let Some(axis) = axis {
                search = search.with_axis(&space, axis);
            }
            while let Some(point) = search.ask() {
                let value = callback.value_grad(&point[..], &mut g);
                if callback.has_failed() {
                    break;
                }
                search.tell(&space, value, &g[..]);
                let steps = search.counts().steps;
                if steps > seen {
                    seen = steps;
                    let norm = search.gradient_norm();
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
            };
            let mut mode = vec![0.0; x.len()];
            let has_mode = found.outcome == Outcome::Converged && method.goal().index > 0;
            if has_mode {
                mode_of!(search, &mut mode);
            }
            (found, has_mode.then_some(mode))
        }};
    }
    // The two searches differ in how they give their axes.
    macro_rules! mode_of {
        ($search:ident, $mode:expr) => {
            $search.first_axis(&space, $mode)
        };
    }
    let (found, mode) = match method.resolved(&space, x) {
        Method::Newton(settings) => run!(NewtonSearch::new(&space, x, settings)?),
        Method::MinMode(settings) => run!(MinModeSearch::new(&space, x, settings)?),
        Method::Auto(_) => unreachable!("resolved"),
    };
    if callback.has_failed() || found.outcome != Outcome::Converged {
        return Ok(Saddle {
            found,
            verdict: Verdict::Unresolved,
            curvatures: Vec::new(),
            axes: Vec::new(),
            verification_gradients: 0,
        });
    }
    let again = find(space_at, callback, &found.x, mode.as_deref(), method, &Default::default())?;
    let mut counts = found.counts;
    counts.steps += again.found.counts.steps;
    counts.probes += again.found.counts.probes;
    Ok(Saddle { found: deo_saddle::Found { counts, ..again.found }, ..again })
}

/// The first axis of either search.
trait FirstAxis {
    fn first_axis<S>(&self, space: &S, axis: &mut Vec<f64>)
    where
        S: Space<Vector = [f64], Owned = Vec<f64>>;
}

impl FirstAxis for NewtonSearch<Vec<f64>> {
    fn first_axis<S>(&self, space: &S, axis: &mut Vec<f64>)
    where
        S: Space<Vector = [f64], Owned = Vec<f64>>,
    {
        self.axis_into(space, 0, axis);
    }
}

impl FirstAxis for MinModeSearch<Vec<f64>> {
    fn first_axis<S>(&self, _space: &S, axis: &mut Vec<f64>)
    where
        S: Space<Vector = [f64], Owned = Vec<f64>>,
    {
        axis.clone_from(self.axis(0));
    }
}

/// A search for a saddle, or for a minimum with index 0.
#[pyfunction]
#[pyo3(signature = (call, observer, x, *, body, index, tolerance, max_gradients, method_name, axis))]
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
) -> PyResult<Bound<'py, PyDict>> {
    let goal = Goal { index, tolerance, max_gradients, ..Default::default() };
    let method = method(method_name, goal)?;
    let x = copied(x)?;
    let axis = optional::<f64>(axis, "axis", x.len())?;
    let mut callback = Callback::new(call);
    let saddle = in_space!(body, space_at => py.detach(|| {
        observed(space_at, &mut callback, &observer, &x, axis.as_deref(), &method)
    }));
    callback.check()?;
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
    let settings = Default::default();
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
