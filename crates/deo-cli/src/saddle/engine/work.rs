//! What every part of a run works with.

use super::error::EngineError;
use super::log::Log;
use super::oracle::Engine;
use super::settings::{Lengths, Settings};
use super::structure::Structure;
use deo_saddle::{ModelHessian, TryError};

/// The model Hessian, if there is one.
pub(super) type Model = Option<Box<dyn ModelHessian<[f64]>>>;

/// The settings, the atoms, who answers, what is supposed, and where lines go.
pub(super) struct Work<'a, 'e> {
    pub(super) settings: &'a Settings,
    pub(super) structure: &'a Structure,
    pub(super) engine: &'a mut Engine<'e>,
    pub(super) lengths: Lengths,
    /// Of a force component, eV/Å.
    pub(super) noise: f64,
    /// All atoms of the reactant that minima are compared with.
    pub(super) reactant: Option<&'a [f64]>,
    pub(super) model: Model,
    pub(super) log: &'a mut Log<'e>,
}

/// The model for the time of a search.
pub(super) fn lent(model: &mut Model) -> Option<&mut dyn ModelHessian<[f64]>> {
    model.as_deref_mut().map(|model| model as _)
}

/// Why a driver stopped.
pub(super) fn stopped(error: TryError<EngineError>) -> EngineError {
    match error {
        TryError::Drive(error) => EngineError::Drive(error),
        TryError::Stopped(stop) => stop,
    }
}
