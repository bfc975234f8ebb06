//! What is looked at, read and checked.

use super::error::SpectrumError;
use super::gpt::GptTarget;
use super::landscape::LandscapeTarget;
use super::matrix::MatrixTarget;
use super::settings::{Settings, TargetSettings};
use super::source::Source;
use deo_linalg::Real;

/// The three kinds of targets.
#[derive(Debug)]
pub(super) enum Target {
    Gpt(GptTarget),
    Landscape(LandscapeTarget),
    Matrix(MatrixTarget),
}

impl Target {
    /// Reads what the settings name.
    pub(super) fn load(settings: &Settings) -> Result<Self, SpectrumError> {
        Ok(match settings.target {
            TargetSettings::Gpt { .. } => Target::Gpt(GptTarget::load(settings)?),
            TargetSettings::Landscape { .. } => Target::Landscape(LandscapeTarget::load(settings)?),
            TargetSettings::Matrix { .. } => Target::Matrix(MatrixTarget::load(settings)?),
        })
    }

    /// Its products; for a function, this evaluates the gradient at the point.
    pub(super) fn source<T: Real>(
        &self,
        settings: &Settings,
    ) -> Result<Box<dyn Source<T>>, SpectrumError> {
        match self {
            Target::Gpt(target) => target.source(settings),
            Target::Landscape(target) => target.source(settings),
            Target::Matrix(target) => target.source(),
        }
    }

    /// One line for a human.
    pub(super) fn title(&self) -> String {
        match self {
            Target::Gpt(target) => target.title(),
            Target::Landscape(target) => target.title(),
            Target::Matrix(target) => target.title(),
        }
    }

    /// λ_min, where a formula gives it.
    pub(super) fn known(&self) -> Option<f64> {
        match self {
            Target::Landscape(target) => target.known(),
            _ => None,
        }
    }

    /// The tokens of the batches; none where there are no such things.
    pub(super) fn tokens(&self) -> Vec<Vec<f64>> {
        match self {
            Target::Gpt(target) => target.tokens(),
            _ => vec![],
        }
    }

    /// The batches whose mean is looked at; `None` where there are no such things.
    pub(super) fn batches(&self) -> Option<usize> {
        match self {
            Target::Gpt(target) => Some(target.batches()),
            _ => None,
        }
    }
}
