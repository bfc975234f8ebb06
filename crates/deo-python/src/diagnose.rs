//! Is curvature your problem? `deo_core::diagnose` for a loss of Python's and whatever optimizer it has.

use crate::callback::Callback;
use crate::estimates::{as_dict as of_estimate, rule, space_at};
use crate::vectors::{bad, by_dtype, copied, optional};
use deo_core::Length;
use deo_core::diagnose::{Base, BaseKind, DiagnoseSettings, Diagnosis, diagnose as run};
use deo_core::oracle::Oracle;
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::convert::Infallible;

fn kind(name: &str, momentum: f64) -> PyResult<BaseKind> {
    Ok(match name {
        "gd" => BaseKind::GradientDescent,
        "heavy-ball" => BaseKind::HeavyBall { momentum },
        "nesterov" => BaseKind::Nesterov { momentum },
        "adam" => BaseKind::Adam { beta1: momentum },
        other => {
            return Err(bad(format!(
                "base is {other:?}; it must be 'gd', 'heavy-ball', 'nesterov' or 'adam'"
            )));
        }
    })
}

fn as_dict<'py, V>(py: Python<'py>, d: &Diagnosis<V>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("verdict", d.verdict.name())?;
    dict.set_item("sentence", d.verdict.to_string())?;
    dict.set_item("pays", d.verdict.pays())?;
    dict.set_item("loss", d.loss)?;
    dict.set_item("gradient_norm", d.gradient_norm)?;
    dict.set_item("lowest", of_estimate(py, &d.lowest)?)?;
    dict.set_item("highest", of_estimate(py, &d.highest)?)?;
    let others = d.others.map(|others| (others.batches, others.curvature, others.standard_error));
    dict.set_item("others", others)?;
    dict.set_item("slope", d.slope)?;
    dict.set_item("blind", d.is_blind())?;
    dict.set_item("turn", d.turn.at)?;
    dict.set_item("fall", d.turn.fall)?;
    dict.set_item("beyond", d.turn.beyond)?;
    dict.set_item("reach", d.reach())?;
    dict.set_item("unstable", d.unstable)?;
    dict.set_item("unstable_range", (d.unstable_range[0], d.unstable_range[1]))?;
    dict.set_item("base_curvature", d.base_curvature)?;
    dict.set_item("growth", d.growth)?;
    dict.set_item("step_norm", d.step_norm)?;
    dict.set_item("base_gradients", d.base_gradients)?;
    dict.set_item("axis_gradients", d.axis_gradients)?;
    dict.set_item("gradients", d.gradients + 1)?; // that at x
    dict.set_item("losses", d.losses)?;
    Ok(dict)
}

/// `deo.diagnose`; `others` are further batches, called as `call` is.
#[pyfunction]
#[pyo3(signature = (
    call, others, x, *, base, lr, momentum, step, metric, max_gradients, memory, tolerance, rule_name, length, seed, threads=1
))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn diagnose<'py>(
    py: Python<'py>,
    call: &Bound<'py, PyAny>,
    others: Vec<Bound<'py, PyAny>>,
    x: &Bound<'py, PyAny>,
    base: &str,
    lr: f64,
    momentum: f64,
    step: Option<&Bound<'py, PyAny>>,
    metric: Option<&Bound<'py, PyAny>>,
    max_gradients: u64,
    memory: usize,
    tolerance: f64,
    rule_name: &str,
    length: Option<f64>,
    seed: u64,
    threads: usize,
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyAny>)> {
    let settings = DiagnoseSettings {
        max_gradients,
        memory,
        tolerance,
        rule: rule(rule_name)?,
        length: length.map(Length::Absolute),
        seed,
        ..DiagnoseSettings::default()
    };
    let kind = kind(base, momentum)?;
    let mut callback = Callback::new(call);
    let mut others: Vec<Callback> = others.iter().map(Callback::new).collect();
    by_dtype!(x, T, array => {
        let x = copied(array)?;
        let step = optional::<T>(step, "step", x.len())?;
        let metric = optional::<T>(metric, "metric", x.len())?;
        let found = py.detach(|| {
            let (space, _, spent) =
                space_at(&mut callback, &x, threads, settings.rule, settings.length)?;
            let base = Base { kind, lr, step: step.as_deref(), metric: metric.as_deref() };
            let mut others: Vec<&mut dyn Oracle<[T], Stop = Infallible>> =
                others.iter_mut().map(|other| other as _).collect();
            let mut found =
                run(&space, &mut callback, &mut others, &x[..], &base, &settings).map_err(bad)?;
            found.gradients += spent;
            PyResult::Ok(found)
        });
        callback.check()?;
        others.iter_mut().try_for_each(Callback::check)?;
        let found = found?;
        Ok((as_dict(py, &found)?, PyArray1::from_vec(py, found.axis).into_any()))
    })
}
