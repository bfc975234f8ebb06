//! The searches of `rgsaddle` and ours behind one meter: the same starts, the same count of gradients, the same judge.
//!
//! A gradient is counted where the function is evaluated, the first one included; a search that asks for more than
//! [`CAP`] has failed. A success is a point with max |gᵢ| ≤ 1e-3 and one curvature of the closed Hessian below −0.01;
//! on Müller–Brown, one of its two saddles. Müller–Brown is given to rgsaddle as what it is, two coordinates; to its Sella,
//! which knows atoms only, as one atom without a force along z.

use deo_core::Length;
use deo_core::Objective;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_saddle::{Method, MinModeSettings, NewtonSettings, search};
use deo_core::space::{FreeBody, Host};
use deo_models::clusters::{Cluster, LennardJones};
use deo_models::landscapes::MullerBrown;
use nalgebra::DMatrix;
use ndarray::{Array1, Array2, ArrayView1};
use rgsaddle::{
    Index1Config, Index1Session, MinModeConfig, MinModeKind, MinModeSession, PointSurface,
    SaddleError, SellaSaddleConfig, SellaSaddleSession,
};
use serde::Deserialize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Gradients that a search may spend.
pub const CAP: u64 = 2_000;
/// The largest component of a gradient at the end.
const FMAX: f64 = 1e-3;

/// A start, and a first axis if there is one.
#[derive(Debug, Clone, Deserialize)]
pub struct Start {
    pub x: Vec<f64>,
    pub axis: Option<Vec<f64>>,
}

/// f and its gradient: Müller–Brown in two coordinates, or for an atom that has a third one; Lennard-Jones in more.
fn evaluate(x: &[f64], g: &mut [f64]) -> f64 {
    if x.len() <= 3 {
        g[2..].fill(0.0);
        MullerBrown::default().value_grad(&x[..2], &mut g[..2])
    } else {
        Cluster::new(LennardJones).value_grad(x, g)
    }
}

/// The function with a meter.
struct Metered(AtomicU64);

impl PointSurface for Metered {
    fn eval(&self, x: ArrayView1<f64>) -> Result<(f64, Array1<f64>), SaddleError> {
        if self.0.fetch_add(1, Relaxed) == CAP {
            return Err(SaddleError::Surface("out of gradients".to_owned()));
        }
        let mut g = vec![0.0; x.len()];
        let value = evaluate(&x.to_vec(), &mut g);
        Ok((value, Array1::from(g)))
    }

    /// The rigid motions of a free cluster, one a row.
    fn excluded_modes(&self, x: ArrayView1<f64>) -> Result<Array2<f64>, SaddleError> {
        let n = x.len();
        if n == 2 {
            return Ok(Array2::zeros((0, 2)));
        }
        let mut modes = Array2::zeros((6, n));
        let mean = |k: usize| (k..n).step_by(3).map(|i| x[i]).sum::<f64>() / (n / 3) as f64;
        let centre = [mean(0), mean(1), mean(2)];
        for atom in 0..n / 3 {
            for k in 0..3 {
                let (i, j) = ((k + 1) % 3, (k + 2) % 3);
                modes[[k, 3 * atom + k]] = 1.0;
                modes[[3 + k, 3 * atom + i]] = -(x[3 * atom + j] - centre[j]);
                modes[[3 + k, 3 * atom + j]] = x[3 * atom + i] - centre[i];
            }
        }
        Ok(modes)
    }
}

/// A search by name, from a start to a point and the gradients spent.
pub type Run = fn(&Start) -> (Vec<f64>, u64);

/// All searches; settings are each package's defaults but for the gradient at the end.
pub const SEARCHES: [(&str, Run); 6] = [
    ("deo, newton", newton),
    ("deo, min-mode", min_mode),
    ("rgsaddle, dimer", |start| rg_min_mode(start, MinModeKind::Dimer)),
    ("rgsaddle, lanczos", |start| rg_min_mode(start, MinModeKind::Lanczos)),
    ("rgsaddle, sella", rg_sella),
    ("rgsaddle, index-1", rg_index1),
];

fn newton(start: &Start) -> (Vec<f64>, u64) {
    ours(start, &Method::Newton(NewtonSettings::default()))
}

fn min_mode(start: &Start) -> (Vec<f64>, u64) {
    let length = Some(Length::Absolute(1e-4));
    ours(start, &Method::MinMode(MinModeSettings { length, ..Default::default() }))
}

fn ours(start: &Start, method: &Method) -> (Vec<f64>, u64) {
    let (mut count, x, axis) = (0, &start.x[..], start.axis.as_deref());
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        count += 1;
        evaluate(x, g.expect("searches ask for gradients"))
    });
    let found = if x.len() == 2 {
        search(&Host::new(), &mut f, x, axis, method)
    } else {
        search(&FreeBody::new(x), &mut f, x, axis, method)
    };
    (found.expect("default settings").x, count)
}

/// The start's axis, or a random one.
fn axis(start: &Start) -> Array1<f64> {
    let random = || (0..start.x.len() as u64).map(|i| noise(start.x[0].to_bits(), i)).collect();
    Array1::from(start.axis.clone().unwrap_or_else(random))
}

fn rg_min_mode(start: &Start, kind: MinModeKind) -> (Vec<f64>, u64) {
    let (f, x) = (Metered(AtomicU64::new(0)), Array1::from(start.x.clone()));
    let config = MinModeConfig { kind, force_tol: FMAX, ..MinModeConfig::default() };
    let mut session = MinModeSession::new(config, x, axis(start)).expect("finite input");
    // A failure leaves the session where it was; the judge sees it.
    let _ = session.run(&f, CAP as usize);
    (session.position().to_vec(), f.0.into_inner())
}

fn rg_sella(start: &Start) -> (Vec<f64>, u64) {
    let n = start.x.len();
    let mut x = start.x.clone();
    x.resize(n.max(3), 0.0);
    let f = Metered(AtomicU64::new(0));
    let config = SellaSaddleConfig {
        force_tol: FMAX,
        force_gate: rgsaddle::ForceGate::LinfNorm,
        ..SellaSaddleConfig::default()
    };
    let masses = Array1::ones(x.len() / 3);
    match SellaSaddleSession::new(config, Array1::from(x), masses) {
        Ok(mut session) => {
            let _ = session.run(&f, CAP as usize);
            (session.position().to_vec()[..n].to_vec(), f.0.into_inner())
        }
        Err(error) => panic!("the session refuses its input: {error}"),
    }
}

fn rg_index1(start: &Start) -> (Vec<f64>, u64) {
    let (f, x) = (Metered(AtomicU64::new(0)), Array1::from(start.x.clone()));
    let config = Index1Config::default().with_force_tol(FMAX);
    match Index1Session::new(config, x, None, None) {
        Ok(mut session) => {
            let _ = session.run(&f, CAP as usize);
            (session.position().to_vec(), f.0.into_inner())
        }
        Err(error) => panic!("the session refuses its input: {error}"),
    }
}

/// Whether `x`, reached in `count` gradients, is a saddle of index 1.
pub fn is_saddle(x: &[f64], count: u64) -> bool {
    let mut g = vec![0.0; x.len()];
    evaluate(x, &mut g);
    // Not ≤ of the maximum, which would pass a NaN.
    if count > CAP || !g.iter().all(|g| g.abs() <= FMAX) {
        return false;
    }
    if x.len() == 2 {
        let at = |s: &[f64; 2]| (s[0] - x[0]).hypot(s[1] - x[1]) < 1e-4;
        return MullerBrown::SADDLES.iter().any(|(saddle, _)| at(saddle));
    }
    let hessian = DMatrix::from_row_slice(x.len(), x.len(), &Cluster::new(LennardJones).hessian(x));
    hessian.symmetric_eigenvalues().iter().filter(|value| **value < -1e-2).count() == 1
}
