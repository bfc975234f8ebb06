//! An analytic function at a point.

use super::error::SpectrumError;
use super::secants::{Batched, Secants};
use super::settings::{Settings, TargetSettings};
use super::source::{Batches, Part, Source};
use deo_core::Rule;
use deo_linalg::Real;
use deo_models::landscapes::{self, Landscape, StationaryPoint};

/// A landscape, the point, and what is known there.
#[derive(Debug)]
pub(super) struct LandscapeTarget {
    name: String,
    x: Vec<f64>,
    place: String,
    known: Option<f64>,
}

impl LandscapeTarget {
    /// Finds the landscape and the point.
    pub(super) fn load(settings: &Settings) -> Result<Self, SpectrumError> {
        let TargetSettings::Landscape { name, at } = &settings.target else {
            unreachable!("the target is a landscape")
        };
        let landscape = landscapes::by_name(name)?;
        let known = known_points(&*landscape);
        let named = |(label, point): &(String, StationaryPoint)| LandscapeTarget {
            name: name.clone(),
            x: point.x.clone(),
            place: label.clone(),
            known: point.curvature,
        };
        let Some(at) = at else {
            let first = known.first().expect("every landscape has a known point");
            return Ok(named(first));
        };
        // "saddle" is the first of them, as "saddle-1" is.
        let wanted = [at.trim().to_owned(), format!("{}-1", at.trim())];
        if let Some(point) = known.iter().find(|(label, _)| wanted.contains(label)) {
            return Ok(named(point));
        }
        let n = landscape.dimension();
        let x = coordinates(at, n).ok_or_else(|| {
            let labels: Vec<&str> = known.iter().map(|(label, _)| label.as_str()).collect();
            SpectrumError::Point {
                at: at.clone(),
                landscape: name.clone(),
                wanted: format!("{n} finite numbers with commas between, or {}", labels.join(", ")),
            }
        })?;
        Ok(LandscapeTarget { name: name.clone(), x, place: format!("({at})"), known: None })
    }

    /// The function at the point.
    pub(super) fn source<T: Real>(
        &self,
        settings: &Settings,
    ) -> Result<Box<dyn Source<T>>, SpectrumError> {
        let n = self.x.len();
        let f = InDouble {
            landscape: landscapes::by_name(&self.name)?,
            x: vec![0.0; n],
            g: vec![0.0; n],
        };
        let x: Vec<T> = self.x.iter().map(|x| T::from_f64(*x)).collect();
        if let Some(i) = x.iter().position(|x| !x.is_finite()) {
            return Err(SpectrumError::NonFiniteInput {
                what: "at".to_owned(),
                value: x[i].to_f64(),
                place: format!("coordinate {}", i + 1),
            });
        }
        let rule = settings.rule.map_or(Rule::Forward, Rule::from);
        Ok(Box::new(Secants::new(f, x, rule)))
    }

    pub(super) fn title(&self) -> String {
        format!("{} at {}", self.name, self.place)
    }

    /// λ_min at the point, where it is known.
    pub(super) fn known(&self) -> Option<f64> {
        self.known
    }
}

/// Saddles, then minima, with their labels.
fn known_points(landscape: &dyn Landscape) -> Vec<(String, StationaryPoint)> {
    let kinds = [("saddle", landscape.saddles()), ("minimum", landscape.minima())];
    let label = |(kind, points): (&str, Vec<StationaryPoint>)| {
        let kind = kind.to_owned();
        (points.into_iter().enumerate()).map(move |(i, point)| (format!("{kind}-{}", i + 1), point))
    };
    kinds.into_iter().flat_map(label).collect()
}

/// n finite numbers with commas between.
fn coordinates(text: &str, n: usize) -> Option<Vec<f64>> {
    let x: Vec<f64> =
        text.split(',').map(|word| word.trim().parse().ok()).collect::<Option<_>>()?;
    (x.len() == n && x.iter().all(|x| x.is_finite())).then_some(x)
}

/// A landscape at vectors of any precision: widened exactly, computed in double, each component rounded once.
#[derive(Debug)]
struct InDouble {
    landscape: Box<dyn Landscape>,
    x: Vec<f64>,
    g: Vec<f64>,
}

impl<T: Real> Batched<T> for InDouble {
    fn batches(&self) -> Batches {
        Batches { own: 1, fresh: 0 }
    }

    fn value_grad(&mut self, _batch: Part, x: &[T], g: &mut [T]) -> f64 {
        self.x.iter_mut().zip(x).for_each(|(wide, x)| *wide = x.to_f64());
        let value = self.landscape.value_grad(&self.x, &mut self.g);
        g.iter_mut().zip(&self.g).for_each(|(g, wide)| *g = T::from_f64(*wide));
        value
    }
}
