//! A diagnosis at a point of a problem that is trained.

use super::trainer::{Outlook, Trainer};
use deo_core::diagnose::{DiagnoseError, DiagnoseSettings, Diagnosis, diagnose};
use deo_core::drive::Workspace;
use deo_core::space::Host;
use deo_core::statistics::BatchCurvature;
use deo_core::two_lengths::TwoLengthsSettings;
use deo_models::problems::Problem;
use std::convert::Infallible;

const SPACE: Host<f64> = Host::new();

/// Where a training stands.
#[derive(Debug, Clone, Copy)]
pub struct Point<'a> {
    /// The parameters.
    pub x: &'a [f64],
    /// The optimizer.
    pub trainer: &'a Trainer,
    /// Its rate.
    pub lr: f64,
    /// The seed of the run.
    pub seed: u64,
    /// The step, which says what batch is next.
    pub step: u64,
}

/// The diagnosis on the batch of the next step, and what the base would do. Where steps have batches, those of the `others` steps
/// after it judge the axis.
///
/// # Errors
///
/// [`DiagnoseError::Settings`] names a setting that is out of range.
pub fn look(
    problem: &mut dyn Problem,
    at: Point<'_>,
    others: u64,
    settings: &DiagnoseSettings,
) -> Result<(Diagnosis<Vec<f64>>, Outlook), DiagnoseError<Infallible>> {
    let Point { x, trainer, lr, seed, step } = at;
    let mut g = vec![0.0; x.len()];
    let objective = problem.objective(seed, step);
    objective.value_grad(x, &mut g);
    let outlook = trainer.outlook(x, &g, lr);
    let found = diagnose(&SPACE, objective, &mut [], x, &outlook.base(), settings)?;
    let negative = found.lowest.is_negative(settings.thresholds.significance);
    if !problem.has_batches() || others == 0 || !negative {
        return Ok((found, outlook));
    }
    let (rule, length) = (settings.rule, settings.length);
    let lengths = TwoLengthsSettings { rule, length, ..TwoLengthsSettings::default() };
    let mut curvature =
        BatchCurvature::new(&SPACE, &found.axis[..], lengths).map_err(DiagnoseError::Settings)?;
    let mut workspace = Workspace::new(&SPACE, x, rule);
    for later in 1..=others {
        let mut objective = problem.objective(seed, step + later);
        objective.value_grad(x, &mut g);
        curvature.measure(&SPACE, &mut objective, x, &g, &mut workspace);
    }
    Ok((found.with_others(curvature.estimate(), &settings.thresholds), outlook))
}
