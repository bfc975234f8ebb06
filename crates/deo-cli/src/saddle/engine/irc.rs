//! The intrinsic reaction coordinate of the search's saddle, down on both sides.
//!
//! deo-saddle's path of steepest descent in q = √m (x − x₀), x₀ the saddle, begun along the imaginary mode with the Hessian
//! of the vibrations. Its step is a length in Å of that mode: Δq = √μ Δx with the reduced mass 1/μ = Σ vᵢ²/mᵢ, so that the
//! transfer of a proton and the hop of a platinum atom take as many steps. Arc lengths are in √u·Å.

use super::error::EngineError;
use super::oracle::Engine;
use super::structure::largest;
use super::vibrations::{Vibrations, masses};
use super::work::{Work, stopped};
use deo_core::oracle::Oracle;
use deo_saddle::{IrcBranch, IrcEnd, IrcPoint, IrcSettings, IrcWatch, try_irc};
use serde::Serialize;

/// A point of the path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Point {
    /// The arc length from the saddle, √u·Å; below zero on the other side.
    pub(super) arc: f64,
    /// eV.
    pub(super) energy: f64,
    /// The largest atomic force, eV/Å.
    pub(super) fmax: f64,
    /// The coordinates that move.
    #[serde(skip)]
    pub(super) x: Vec<f64>,
}

/// One side of the path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Branch {
    /// From the saddle down.
    pub(super) points: Vec<Point>,
    pub(super) end: &'static str,
    pub(super) gradients: u64,
}

/// Both sides, the one of the side "one" first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Irc {
    /// √u·Å.
    pub(super) step: f64,
    pub(super) branches: [Branch; 2],
}

impl Irc {
    /// The last points.
    pub(super) fn ends(&self) -> [&[f64]; 2] {
        [0, 1].map(|side| &self.branches[side].points.last().expect("the saddle at least").x[..])
    }

    /// From the end of the other side over the saddle to that of the one.
    pub(super) fn along(&self) -> impl Iterator<Item = &Point> {
        let [one, other] = &self.branches;
        other.points[1..].iter().rev().chain(&one.points)
    }
}

/// A path doesn't end before its bottom; a bottom that is so many steps away is none.
const MOST_POINTS: usize = 1_000;
/// Gradients of a side.
const GRADIENTS: u64 = 5_000;

/// The path from the saddle `x`; `None` if its lowest mode isn't imaginary.
pub(super) fn irc(
    work: &mut Work<'_, '_>,
    x: &[f64],
    vibrations: &Vibrations,
) -> Result<Option<Irc>, EngineError> {
    if vibrations.wavenumbers.first().is_none_or(|lowest| *lowest >= 0.0) {
        return Ok(None);
    }
    let masses = masses(work.structure)?;
    let roots: Vec<f64> = masses.iter().flat_map(|mass| [mass.sqrt(); 3]).collect();
    let mut axis = vibrations.lowest.clone();
    let inverse: f64 = axis.iter().zip(&roots).map(|(v, root)| (v / root).powi(2)).sum();
    let step = work.settings.irc_step / inverse.sqrt();
    let lightest = masses.iter().copied().fold(f64::INFINITY, f64::min);
    let settings = IrcSettings {
        step,
        tolerance: work.settings.fmax,
        noise: work.noise * (x.len() as f64 / lightest).sqrt(),
        max_points: MOST_POINTS,
        max_gradients: GRADIENTS,
        ..IrcSettings::default()
    };
    // The sign of an axis means nothing: as for the ways down, the Cartesian component that is largest is made positive.
    let size = |i: usize| (axis[i] / roots[i]).abs();
    let most = (0..axis.len()).fold(0, |most, i| if size(i) > size(most) { i } else { most });
    if axis[most] < 0.0 {
        axis.iter_mut().for_each(|a| *a = -*a);
    }
    let mut branches = vec![];
    for (sign, name) in [(1.0, "one"), (-1.0, "other")] {
        work.log.say("");
        work.log.say(&format!("path on the {name} side"));
        work.log.say(" point  gradients           energy         fmax    √u·Å");
        let axis: Vec<f64> = axis.iter().map(|a| sign * a).collect();
        let branch = follow(work, x, &roots, &axis, &vibrations.hessian, &settings)?;
        branches.push(self::branch(&branch, x, &roots, sign));
    }
    let branches = branches.try_into().expect("two sides");
    Ok(Some(Irc { step, branches }))
}

fn follow(
    work: &mut Work<'_, '_>,
    x: &[f64],
    roots: &[f64],
    axis: &[f64],
    hessian: &[f64],
    settings: &IrcSettings,
) -> Result<IrcBranch, EngineError> {
    let size = |g: &[f64]| {
        let forces: Vec<f64> = g.iter().zip(roots).map(|(g, root)| g * root).collect();
        largest(&forces)
    };
    let (log, mut count) = (&mut *work.log, 0);
    let mut observe = |point: &IrcPoint| {
        let IrcPoint { arc, value, size, gradients, .. } = point;
        log.say(&format!("{count:6} {gradients:10} {value:16.6} {size:12.6} {arc:7.4}"));
        log.frame(&place(x, roots, &point.x));
        count += 1;
    };
    let mut watch =
        IrcWatch { hessian: Some(hessian), size: Some(&size), observe: Some(&mut observe) };
    let mut weighted = Weighted { engine: work.engine, origin: x, roots, x: x.to_vec() };
    try_irc(&mut weighted, &vec![0.0; x.len()], axis, settings, &mut watch).map_err(stopped)
}

fn branch(branch: &IrcBranch, x: &[f64], roots: &[f64], sign: f64) -> Branch {
    let points = branch.points.iter().map(|point| Point {
        arc: sign * point.arc,
        energy: point.value,
        fmax: point.size,
        x: place(x, roots, &point.x),
    });
    let end = match branch.end {
        IrcEnd::Flat => "flat",
        IrcEnd::Bottom => "bottom",
        IrcEnd::Uphill => "uphill",
        IrcEnd::NonFinite => "non-finite",
        _ => "budget",
    };
    Branch { points: points.collect(), end, gradients: branch.gradients }
}

/// x₀ + q/√m.
fn place(origin: &[f64], roots: &[f64], q: &[f64]) -> Vec<f64> {
    origin.iter().zip(roots).zip(q).map(|((x, root), q)| x + q / root).collect()
}

/// The engine in mass-weighted coordinates that are 0 at the origin, where the question is then the search's to the bit.
struct Weighted<'a, 'e> {
    engine: &'a mut Engine<'e>,
    origin: &'a [f64],
    roots: &'a [f64],
    x: Vec<f64>,
}

impl Oracle<[f64]> for Weighted<'_, '_> {
    type Stop = EngineError;

    fn try_value(&mut self, q: &[f64]) -> Result<f64, EngineError> {
        self.try_value_grad(q, &mut vec![0.0; q.len()])
    }

    fn try_value_grad(&mut self, q: &[f64], gradient: &mut [f64]) -> Result<f64, EngineError> {
        self.x = place(self.origin, self.roots, q);
        let energy = self.engine.try_value_grad(&self.x, gradient)?;
        gradient.iter_mut().zip(self.roots).for_each(|(g, root)| *g /= root);
        Ok(energy)
    }
}
