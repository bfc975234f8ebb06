//! Saddle searches that are asked and told, as `deo.ase.Saddle` drives them: its own loop calls the calculator, so that an
//! exception of it, or a caller who stops between two steps, leaves the search where it is, and it can be gone on with.

use crate::callback::Callback;
use crate::saddle::{as_dict, in_space, method, outcome};
use crate::vectors::{bad, copied, optional};
use deo_core::Length;
use deo_core::Space;
use deo_core::space::{FreeBody, Host};
use deo_saddle::{
    Counts, Found, FromHessian, Goal, Lindh, Matrix, Method, MinModeSearch, ModelHessian,
    NewtonSearch, NewtonSettings, NoModel, Outcome, Saddle, SearchError, Springs, Structure,
    Verdict, VerificationSettings, verify_found,
};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Arc, Mutex, PoisonError};

/// Either search in any space.
trait Machine: Send + Sync {
    fn ask(&self) -> Option<&[f64]>;
    fn tell(&mut self, value: f64, gradient: &[f64], model: &mut dyn ModelHessian<[f64]>);
    fn found(&self) -> Found<Vec<f64>>;
    fn x(&self) -> &[f64];
    fn value(&self) -> f64;
    fn size(&self) -> f64;
    fn counts(&self) -> Counts;
    fn outcome(&self) -> Outcome;
}

struct Newton<S: Space>(S, NewtonSearch<S>);
struct MinMode<S: Space>(S, MinModeSearch<S>);

macro_rules! machine {
    ($kind:ident, $tell:expr, $hessian:expr) => {
        impl<S> Machine for $kind<S>
        where
            S: Space<Vector = [f64], Owned = Vec<f64>> + Send + Sync,
        {
            fn ask(&self) -> Option<&[f64]> {
                self.1.ask().map(Vec::as_slice)
            }

            fn tell(&mut self, value: f64, gradient: &[f64], model: &mut dyn ModelHessian<[f64]>) {
                let $kind(space, search) = self;
                $tell(space, search, value, gradient, model);
            }

            fn found(&self) -> Found<Vec<f64>> {
                let search = &self.1;
                Found {
                    outcome: search.outcome(),
                    x: search.x().clone(),
                    value: search.value(),
                    gradient_norm: search.gradient_norm(),
                    counts: search.counts(),
                    way: Vec::new(),
                    hessian: $hessian(self),
                }
            }

            fn x(&self) -> &[f64] {
                self.1.x()
            }

            fn value(&self) -> f64 {
                self.1.value()
            }

            fn size(&self) -> f64 {
                self.1.size()
            }

            fn counts(&self) -> Counts {
                self.1.counts()
            }

            fn outcome(&self) -> Outcome {
                self.1.outcome()
            }
        }
    };
}

type Model<'a> = &'a mut dyn ModelHessian<[f64]>;

machine!(
    Newton,
    |space: &S, search: &mut NewtonSearch<S>, value, g: &[f64], model: Model<'_>| {
        search.tell_with(space, value, g, model);
    },
    |this: &Newton<S>| Some(this.1.hessian(&this.0))
);
machine!(
    MinMode,
    |space: &S, search: &mut MinModeSearch<S>, value, g: &[f64], _: Model<'_>| {
        search.tell(space, value, g);
    },
    |_: &MinMode<S>| None
);

fn started<S>(
    space: S,
    x: &[f64],
    axis: Option<&[f64]>,
    method: &Method,
) -> Result<Box<dyn Machine>, SearchError>
where
    S: Space<Vector = [f64], Owned = Vec<f64>> + Send + Sync + 'static,
{
    Ok(match method.resolved(&space, x) {
        Method::Newton(settings) => {
            let search = NewtonSearch::new(&space, x, settings)?;
            let search = match axis {
                Some(axis) => search.with_axis(&space, axis),
                None => search,
            };
            Box::new(Newton(space, search))
        }
        Method::MinMode(settings) => {
            let search = MinModeSearch::new(&space, x, settings)?;
            let search = match axis {
                Some(axis) => search.with_axis(&space, axis),
                None => search,
            };
            Box::new(MinMode(space, search))
        }
        Method::Auto(_) => unreachable!("resolved"),
    })
}

/// The exception of a function that was to give a Hessian.
type Failure = Arc<Mutex<Option<PyErr>>>;

/// What the search begins with, by its name, as a matrix or as a function of the free coordinates.
fn model(
    hessian: &Bound<'_, PyAny>,
    structure: Structure,
    failure: &Failure,
) -> PyResult<Box<dyn ModelHessian<[f64]> + Send + Sync>> {
    let n = structure.components();
    if hessian.is_none() {
        return Ok(Box::new(NoModel));
    }
    if let Ok(name) = hessian.extract::<String>() {
        return match name.as_str() {
            "lindh" => Ok(Box::new(Lindh::new(structure))),
            "springs" => Ok(Box::new(Springs::new(structure))),
            other => Err(bad(format!(
                "hessian is {other:?}; it must be 'lindh', 'springs', a matrix, a function of the atoms or None"
            ))),
        };
    }
    if hessian.is_callable() {
        let (function, failure) = (hessian.clone().unbind(), Arc::clone(failure));
        let ask = move |x: &[f64]| {
            Python::attach(|py| {
                let answer = function.call1(py, (PyArray1::from_slice(py, x),));
                match answer.and_then(|h| h.extract::<Vec<f64>>(py)) {
                    Ok(matrix) => Some(matrix),
                    Err(error) => {
                        *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        None
                    }
                }
            })
        };
        return Ok(Box::new(FromHessian::new(ask).of_atoms()));
    }
    let matrix = hessian.extract::<Vec<f64>>()?;
    if matrix.len() != n * n {
        return Err(bad(format!(
            "hessian has {} entries; for {n} coordinates it must have {}",
            matrix.len(),
            n * n
        )));
    }
    Ok(Box::new(Matrix::new(matrix).of_atoms()))
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

/// A search for a saddle, or for a minimum with index 0.
#[pyclass(module = "deo._deo")]
pub(crate) struct Search {
    machine: Box<dyn Machine>,
    model: Box<dyn ModelHessian<[f64]> + Send + Sync>,
    failure: Failure,
    body: String,
    index: usize,
    verification: VerificationSettings,
}

#[pymethods]
impl Search {
    #[new]
    #[pyo3(signature = (
        x, *, body, index, tolerance, method_name, axis, hessian, numbers, positions, free, cell, periodic
    ))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        x: &Bound<'_, PyArray1<f64>>,
        body: String,
        index: usize,
        tolerance: f64,
        method_name: &str,
        axis: Option<&Bound<'_, PyAny>>,
        hessian: &Bound<'_, PyAny>,
        numbers: Vec<u8>,
        positions: Vec<f64>,
        free: Vec<usize>,
        cell: Option<[[f64; 3]; 3]>,
        periodic: [bool; 3],
    ) -> PyResult<Self> {
        // Whoever asks counts.
        let goal = Goal { index, tolerance, max_gradients: u64::MAX, ..Default::default() };
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
        let failure = Failure::default();
        let model = model(hessian, structure.map_err(bad)?, &failure)?;
        let x = copied(x)?;
        let axis = optional::<f64>(axis, "axis", x.len())?;
        let machine = in_space!(body.as_str(), space_at => {
            started(space_at(&x), &x, axis.as_deref(), &method)
        });
        Ok(Search { machine: machine.map_err(bad)?, model, failure, body, index, verification })
    }

    /// The point whose energy and gradient are wanted, until the search is at its end.
    fn ask<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<f64>>> {
        self.machine.ask().map(|point| PyArray1::from_slice(py, point))
    }

    fn tell(
        &mut self,
        py: Python<'_>,
        value: f64,
        gradient: &Bound<'_, PyArray1<f64>>,
    ) -> PyResult<()> {
        let gradient = copied(gradient)?;
        py.detach(|| self.machine.tell(value, &gradient, &mut *self.model));
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    /// Where it is.
    fn x<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.machine.x())
    }

    /// There.
    fn value(&self) -> f64 {
        self.machine.value()
    }

    /// What is compared with the tolerance.
    fn size(&self) -> f64 {
        self.machine.size()
    }

    /// The start is the first.
    fn steps(&self) -> u64 {
        self.machine.counts().steps
    }

    fn gradients(&self) -> u64 {
        self.machine.counts().gradients()
    }

    fn outcome(&self) -> &'static str {
        outcome(self.machine.outcome())
    }

    /// All that was found, verified if it converged.
    fn verified<'py>(
        &self,
        py: Python<'py>,
        call: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let found = self.machine.found();
        if found.outcome != Outcome::Converged {
            let (verdict, curvatures, errors, axes) =
                (Verdict::Unresolved, Vec::new(), Vec::new(), Vec::new());
            let verification_gradients = 0;
            return as_dict(
                py,
                Saddle { found, verdict, curvatures, errors, axes, verification_gradients },
            );
        }
        let mut callback = Callback::new(call);
        let saddle = in_space!(self.body.as_str(), space_at => py.detach(|| {
            verify_found(space_at, &mut callback, found, self.index, &self.verification)
        }));
        callback.check()?;
        as_dict(py, saddle.map_err(bad)?)
    }
}
