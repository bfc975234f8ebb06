//! The pairs themselves: Davidson's method to a residual of 1e-3, in double precision.
//!
//! It starts from the pairs of the last visit and a random direction; a pair that became the lowest since is found
//! because the random direction has a part along it. That it was found shows in the followers: a Rayleigh quotient
//! below λ_min would be a pair that the reference missed, and the record counts them.

use crate::Failure;
use crate::record::Visit;
use deo_cli::train::MeanLoss;
use deo_core::SettingError;
use deo_core::krylov::{Krylov, KrylovSettings, Which};
use deo_core::{Answer, Estimate, Objective, Status};
use deo_linalg::{Parallel, Threads};
use deo_models::data::Batch;
use deo_models::gpt::Gpt;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// One end of the spectrum, as converged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Converged {
    /// λ_min.
    pub(crate) lowest: f64,
    /// ‖Hn − λn‖/|λ| there.
    pub(crate) lowest_residual: f64,
    /// λ_max; `None` where it wasn't sought.
    pub(crate) highest: Option<f64>,
    /// ‖Hn − λn‖/|λ| there.
    pub(crate) highest_residual: Option<f64>,
    /// Gradients of the mean loss for all of it.
    pub(crate) gradients: u64,
}

/// The pairs at every visit: of the fixed batches, and the lowest of the step's batch.
#[derive(Debug)]
pub(crate) struct References {
    fixed: Reference,
    step: Reference,
    /// Those of an earlier run, which save the search.
    earlier: Vec<Visit>,
}

impl References {
    pub(crate) fn new(
        gpt: Gpt<f64>,
        fixed: &[Batch],
        seed: u64,
        earlier: Option<&Path>,
    ) -> Result<Self, Failure> {
        let of = |batches: &[Batch], which| {
            Reference::new(MeanLoss::new(gpt.clone(), batches.to_vec()), which, seed)
        };
        let read = |path: &Path| -> Result<Vec<Visit>, Failure> {
            let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(path)?)?;
            Ok(serde_json::from_value(json["visits"].take())?)
        };
        Ok(References {
            fixed: of(fixed, Which::Both),
            step: of(&[Batch::default()], Which::Lowest),
            earlier: earlier.map_or(Ok(vec![]), read)?,
        })
    }

    /// Those before `step`, at x, where the fixed batches have the mean loss `loss`.
    pub(crate) fn at(
        &mut self,
        step: u64,
        loss: f64,
        x: &[f32],
        batch: &Batch,
    ) -> Result<Visit, Failure> {
        match self.earlier.iter().find(|visit| visit.step == step) {
            // Equal to the last bit: the same weights and batches.
            Some(visit) if visit.loss == loss => return Ok(*visit),
            Some(_) => return Err("the file of --references is of another run".into()),
            None => self.step.f.batches_mut()[0].clone_from(batch),
        }
        Ok(Visit { step, loss, fixed: self.fixed.find(x)?, batch: self.step.find(x)? })
    }
}

/// A process that is kept from visit to visit.
#[derive(Debug)]
struct Reference {
    f: MeanLoss<f64>,
    which: Which,
    krylov: Option<Krylov<Parallel<f64>>>,
    seed: u64,
}

/// Relative to the eigenvalue. The eigenvalue itself errs by residual²/gap.
const TOLERANCE: f64 = 1e-3;

impl Reference {
    fn new(f: MeanLoss<f64>, which: Which, seed: u64) -> Self {
        Reference { f, which, krylov: None, seed }
    }

    /// The wanted ends at x.
    fn find(&mut self, x: &[f32]) -> Result<Converged, SettingError> {
        let space = Parallel::<f64>::new(Threads::Pool);
        let x: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
        let krylov = if let Some(krylov) = &mut self.krylov {
            krylov.restart_at_new_point(&space);
            krylov
        } else {
            let settings = KrylovSettings {
                which: self.which,
                memory: 30,
                tolerance: TOLERANCE,
                ..KrylovSettings::default()
            };
            let mut krylov = Krylov::new(&space, &x, settings)?;
            krylov.draw(&space, self.seed);
            self.krylov.insert(krylov)
        };
        let zeros = || vec![0.0; x.len()];
        let (mut g, mut point, mut ahead) = (zeros(), zeros(), zeros());
        self.f.value_grad(&x, &mut g);
        while let Some(probe) = krylov.ask(&space) {
            let h = probe.displace(&space, &x, &mut point);
            self.f.value_grad(&point, &mut ahead);
            krylov.tell(&space, Answer::forward(h, &g, &ahead));
        }
        if krylov.status() != Status::Converged {
            eprintln!("the reference did not converge: {:?}", krylov.estimates());
        }
        let relative = |pair: &Estimate| pair.residual / pair.curvature.abs();
        let (low, high) = (&krylov.estimates()[0], krylov.estimates().get(1));
        Ok(Converged {
            lowest: low.curvature,
            lowest_residual: relative(low),
            highest: high.map(|pair| pair.curvature),
            highest_residual: high.map(relative),
            gradients: krylov.gradients() + 1,
        })
    }
}
