//! One curvature, or several.

use crate::callback::{Callback, Multiply};
use crate::kernels::Kernels;
use crate::precision::{roundoff, short_share};
use crate::tensors::{Tensor, Tensors, given};
use crate::vectors::{Scalar, bad, by_dtype, copied, optional};
use deo_core::SettingError;
use deo_core::dimer::{Recheck, Target};
use deo_core::drive::{Asks, Workspace};
use deo_core::estimate::Evidence;
use deo_core::krylov::{Krylov, KrylovSettings, Which};
use deo_core::{
    Answer, Dimer, DimerSettings, Estimate, Length, Objective, Question, Rule, Space, Status,
};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::borrow::{Borrow, BorrowMut};

/// The words of `status` on the Python side.
pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::Unknown => "unknown",
        Status::Running => "running",
        Status::Converged => "converged",
        Status::Unconfirmed => "unconfirmed",
        Status::Noise => "noise",
        Status::Budget => "budget",
        Status::Stopped => "stopped",
        Status::NonFinite => "nonfinite",
        _ => "other",
    }
}

/// An estimate as a dictionary.
pub(crate) fn as_dict<'py>(py: Python<'py>, estimate: &Estimate) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("value", estimate.curvature)?;
    dict.set_item("residual", estimate.residual)?;
    dict.set_item("secant_error", estimate.secant_error)?;
    dict.set_item("gap", estimate.gap)?;
    let evidence = match estimate.evidence {
        Evidence::None => "none",
        Evidence::Recombined => "recombined",
        Evidence::Fresh => "fresh",
        Evidence::TwoLengths => "two lengths",
        _ => "other",
    };
    dict.set_item("evidence", evidence)?;
    dict.set_item("gradients", estimate.gradients)?;
    dict.set_item("rotations", estimate.rotations)?;
    dict.set_item("status", status(estimate.status))?;
    Ok(dict)
}

pub(crate) fn rule(name: &str) -> PyResult<Rule> {
    match name {
        "forward" => Ok(Rule::Forward),
        "central" => Ok(Rule::Central),
        "product" => Ok(Rule::Product),
        other => Err(bad(format!("rule is {other:?}; it must be 'forward' or 'central'"))),
    }
}

/// The point of an estimate, with what is known of it.
struct Place<'a, V: ?Sized, O> {
    x: &'a V,
    v0: Option<&'a V>,
    /// The gradient there, if it was evaluated before.
    g: Option<O>,
}

/// Answers all that `machine` asks, by products or by gradients; the gradients beyond those that it counts.
fn answer_all<S: Space>(
    space: &S,
    callback: &mut Callback,
    machine: &mut impl Asks<S>,
    place: Place<'_, S::Vector, S::Owned>,
    rule: Rule,
) -> u64
where
    Callback: Objective<S::Vector> + Multiply<S::Vector>,
{
    let (x, known) = (place.x, place.g.is_some());
    let mut g = place.g.unwrap_or_else(|| space.zeros_like(x));
    if rule == Rule::Product {
        // No machine of these asks for losses, nor looks at the gradient.
        while let Some(Question::Gradient(probe)) = machine.ask(space, x) {
            callback.multiply(probe.direction(), g.borrow_mut());
            machine.tell(space, Answer::product(g.borrow()));
        }
        return 0;
    }
    // The central rule doesn't need the gradient at x.
    let own = u64::from(rule == Rule::Forward && !known);
    if own == 1 {
        callback.value_grad(x, g.borrow_mut());
    }
    Workspace::new(space, x, rule).answer_all(machine, space, callback, x, g.borrow());
    own
}

/// The space in which `callback` is to be probed about x, with the roundoff that the function shows there; the gradient at x,
/// if that was asked for, and what was spent. A length that is given is kept, and products have none.
pub(crate) fn space_at<T: Scalar>(
    callback: &mut Callback,
    x: &[T],
    threads: usize,
    rule: Rule,
    length: Option<Length>,
) -> PyResult<(Kernels<T>, Option<Vec<T>>, u64)> {
    let space = Kernels::<T>::new(threads, x.len())?;
    if length.is_some() || rule == Rule::Product {
        return Ok((space, None, 0));
    }
    let mut g = space.zeros_like(x);
    callback.value_grad(x, &mut g);
    let (epsilon, gradients) = roundoff(&space, callback, x, &g, short_share(&g));
    Ok((space.with_epsilon(epsilon), Some(g), 1 + gradients))
}

/// The same for tensors, whose space is at hand.
pub(crate) fn tensors_at(
    callback: &mut Callback,
    space: &mut Tensors,
    x: &Tensor,
    rule: Rule,
    length: Option<Length>,
) -> PyResult<(Option<Tensor>, u64)> {
    if length.is_some() || rule == Rule::Product {
        return Ok((None, 0));
    }
    let mut g = space.zeros_like(x);
    callback.value_grad(x, &mut g);
    callback.check()?;
    let short = space.short_share(&g)?;
    let (epsilon, gradients) = roundoff(&*space, callback, x, &g, short);
    space.set_epsilon(epsilon);
    Ok((Some(g), 1 + gradients))
}

/// A dimer from `v0` or a random axis to its end.
fn dimer<S: Space>(
    space: &S,
    callback: &mut Callback,
    place: Place<'_, S::Vector, S::Owned>,
    settings: DimerSettings,
    seed: u64,
) -> Result<(Dimer<S>, u64), SettingError>
where
    Callback: Objective<S::Vector> + Multiply<S::Vector>,
{
    let mut dimer = Dimer::new(space, place.x, settings)?;
    match place.v0 {
        Some(v0) => dimer.set_axis(space, v0),
        None => dimer.draw(space, seed),
    }
    dimer.begin(space);
    let own = answer_all(space, callback, &mut dimer, place, settings.rule);
    Ok((dimer, own))
}

/// The same of a Davidson process.
fn krylov<S: Space>(
    space: &S,
    callback: &mut Callback,
    place: Place<'_, S::Vector, S::Owned>,
    settings: KrylovSettings,
    seed: u64,
) -> Result<(Krylov<S>, u64), SettingError>
where
    Callback: Objective<S::Vector> + Multiply<S::Vector>,
{
    // Every value is shown with its error.
    let mut krylov = Krylov::new(space, place.x, settings)?.with_recheck(Recheck::Always);
    match place.v0 {
        Some(v0) => krylov.start_from(space, &[v0], seed),
        None => krylov.draw(space, seed),
    }
    let own = answer_all(space, callback, &mut krylov, place, settings.rule);
    Ok((krylov, own))
}

/// `deo.curvature`.
#[pyfunction]
#[pyo3(signature = (
    call, x, *, highest, rule_name, length, tolerance, floor, max_gradients, always,
    v0, seed, ops=None, threads=1
))]
#[allow(clippy::too_many_arguments)] // the Python side has the names
pub(crate) fn curvature<'py>(
    py: Python<'py>,
    call: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    highest: bool,
    rule_name: &str,
    length: Option<f64>,
    tolerance: f64,
    floor: f64,
    max_gradients: u64,
    always: bool,
    v0: Option<&Bound<'py, PyAny>>,
    seed: u64,
    ops: Option<&Bound<'py, PyAny>>,
    threads: usize,
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyAny>)> {
    let settings = DimerSettings {
        target: if highest { Target::Highest } else { Target::Lowest },
        rule: rule(rule_name)?,
        length: length.map(Length::Absolute),
        tolerance,
        floor,
        max_gradients,
        recheck: if always { Recheck::Always } else { Recheck::Claims },
    };
    let mut callback = Callback::new(call);
    let finish = |estimate: Estimate, own: u64| {
        let dict = as_dict(py, &estimate)?;
        dict.set_item("gradients", estimate.gradients + own)?;
        PyResult::Ok(dict)
    };
    if let Some(ops) = ops {
        let mut space = Tensors::new(ops)?;
        let (x, v0) = (Tensor(x.clone().unbind()), given(&space, v0)?);
        let (g, spent) = tensors_at(&mut callback, &mut space, &x, settings.rule, settings.length)?;
        let place = Place { x: &x, v0: v0.as_ref(), g };
        let found = dimer(&space, &mut callback, place, settings, seed);
        callback.check()?;
        space.check()?;
        let (dimer, own) = found.map_err(bad)?;
        return Ok((finish(dimer.estimate(), own + spent)?, dimer.into_axis().0.into_bound(py)));
    }
    by_dtype!(x, T, array => {
        let (x, v0) = (copied(array)?, optional::<T>(v0, "v0", array.len()?)?);
        let found = py.detach(|| {
            let (space, g, spent) = space_at(&mut callback, &x, threads, settings.rule, settings.length)?;
            let place = Place { x: &x[..], v0: v0.as_deref(), g };
            let (dimer, own) = dimer(&space, &mut callback, place, settings, seed).map_err(bad)?;
            PyResult::Ok((dimer, own + spent))
        });
        callback.check()?;
        let (dimer, own) = found?;
        let dict = finish(dimer.estimate(), own)?;
        Ok((dict, PyArray1::from_vec(py, dimer.into_axis()).into_any()))
    })
}

/// `deo.spectrum`.
#[pyfunction]
#[pyo3(signature = (
    call, x, *, count, which, rule_name, length, tolerance, floor, memory, confirm, max_gradients,
    v0, seed, ops=None, threads=1
))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn spectrum<'py>(
    py: Python<'py>,
    call: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    count: usize,
    which: &str,
    rule_name: &str,
    length: Option<f64>,
    tolerance: f64,
    floor: f64,
    memory: usize,
    confirm: bool,
    max_gradients: u64,
    v0: Option<&Bound<'py, PyAny>>,
    seed: u64,
    ops: Option<&Bound<'py, PyAny>>,
    threads: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let settings = KrylovSettings {
        count,
        which: match which {
            "lowest" => Which::Lowest,
            "highest" => Which::Highest,
            "both" => Which::Both,
            other => {
                return Err(bad(format!(
                    "which is {other:?}; it must be 'lowest', 'highest' or 'both'"
                )));
            }
        },
        memory,
        rule: rule(rule_name)?,
        length: length.map(Length::Absolute),
        tolerance,
        floor,
        confirm,
        cutoff: None,
        max_gradients,
    };
    let mut callback = Callback::new(call);
    if let Some(ops) = ops {
        let mut space = Tensors::new(ops)?;
        let (x, v0) = (Tensor(x.clone().unbind()), given(&space, v0)?);
        let (g, spent) = tensors_at(&mut callback, &mut space, &x, settings.rule, settings.length)?;
        let place = Place { x: &x, v0: v0.as_ref(), g };
        let found = krylov(&space, &mut callback, place, settings, seed);
        callback.check()?;
        space.check()?;
        let (krylov, own) = found.map_err(bad)?;
        return pairs(py, &krylov, own + spent, |axis| axis.0.bind(py).clone());
    }
    by_dtype!(x, T, array => {
        let (x, v0) = (copied(array)?, optional::<T>(v0, "v0", array.len()?)?);
        let found = py.detach(|| {
            let (space, g, spent) = space_at(&mut callback, &x, threads, settings.rule, settings.length)?;
            let place = Place { x: &x[..], v0: v0.as_deref(), g };
            let (krylov, own) = krylov(&space, &mut callback, place, settings, seed).map_err(bad)?;
            PyResult::Ok((krylov, own + spent))
        });
        callback.check()?;
        let (krylov, own) = found?;
        pairs(py, &krylov, own, |axis| PyArray1::from_slice(py, axis).into_any())
    })
}

/// What a process found, as a dictionary.
fn pairs<'py, S: Space>(
    py: Python<'py>,
    krylov: &Krylov<S>,
    own: u64,
    array: impl Fn(&S::Owned) -> Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let (pairs, axes) = (PyList::empty(py), PyList::empty(py));
    for (i, estimate) in krylov.estimates().iter().enumerate() {
        pairs.append(as_dict(py, estimate)?)?;
        axes.append(array(krylov.axis(i)))?;
    }
    let dict = PyDict::new(py);
    dict.set_item("pairs", pairs)?;
    dict.set_item("axes", axes)?;
    dict.set_item("gradients", krylov.gradients() + own)?;
    dict.set_item("confirmed", krylov.is_confirmed())?;
    dict.set_item("status", status(krylov.status()))?;
    Ok(dict)
}
