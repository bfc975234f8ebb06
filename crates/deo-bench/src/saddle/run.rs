//! The searches, merged.

use super::error::SaddleError;
use super::merge::{Shape, Tolerance};
use super::results::{Distinct, Minimum, Origin, Results, Search, Side};
use super::settings::Settings;
use super::starts::Starts;
use deo_core::saddle::{DriveError, Found, Outcome, Record, Saddle, SearchError, in_parallel};
use std::time::Instant;

/// The push off a saddle, in units of x: the slope is then λ/20, far above the tolerance, and the basin not yet left.
const PUSH: f64 = 0.05;

/// What was found, and in two dimensions the ways there.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) results: Results,
    /// Positions of each search; empty in other dimensions.
    pub(super) ways: Vec<Vec<[f64; 2]>>,
}

/// All searches on the settings' threads; `done` is called at the end of each.
pub(super) fn run(
    settings: &Settings,
    starts: &mut Starts,
    done: &(dyn Fn() + Sync),
) -> Result<Run, SaddleError> {
    let clock = Instant::now();
    let (potential, n) = (&settings.potential, starts.dimension());
    let descent = settings.descent(n);
    starts.relax(potential, &descent, settings.start.is_none()).map_err(DriveError::from)?;
    let starts = &*starts;

    let record = if n == 2 { Record::Positions } else { Record::Nothing };
    let verification = settings.verification();
    let saddles = in_parallel(settings.threads, settings.searches, |search| {
        let x = starts.displaced(search, settings);
        let method = settings.method(n, search, record);
        let saddle = potential.find(&x, &method, &verification);
        done();
        saddle
    });
    let saddles: Vec<Saddle<Vec<f64>>> = saddles.into_iter().collect::<Result<_, _>>()?;

    let mut minima = Minima::new(settings, starts);
    let label = |search: usize| starts.starts[starts.of(search)].label.as_str();
    let mut searches: Vec<Search> =
        saddles.iter().enumerate().map(|(i, saddle)| Search::new(saddle, label(i))).collect();
    let groups = group(settings, &searches);
    let mut distinct: Vec<Distinct> =
        groups.iter().map(|group| merged(group, &searches, &saddles, starts, &minima)).collect();
    for (number, group) in groups.iter().enumerate() {
        group.iter().for_each(|&search| searches[search].saddle = Some(number + 1));
    }
    if settings.connect {
        let sides = in_parallel(settings.threads, groups.len(), |i| {
            let saddle = &saddles[best(&groups[i], &searches)];
            potential.join(&saddle.found.x, &saddle.axes[0], PUSH, &descent)
        });
        for (distinct, sides) in distinct.iter_mut().zip(sides) {
            distinct.joins = minima.sides(distinct.energy, sides)?;
        }
    }
    let ways = saddles.into_iter().map(|saddle| way(saddle.found)).collect();
    let seconds = clock.elapsed().as_secs_f64();
    let (mode, minima) = (settings.mode(n), minima.minima);
    Ok(Run { results: Results { dimension: n, mode, searches, distinct, minima, seconds }, ways })
}

/// The converged searches that found the same saddle, by energy.
fn group(settings: &Settings, searches: &[Search]) -> Vec<Vec<usize>> {
    let tolerance = Tolerance::new(settings);
    let (mut shapes, mut groups) = (vec![], Vec::<Vec<usize>>::new());
    for (i, search) in searches.iter().enumerate().filter(|(_, search)| search.is_converged()) {
        let shape = Shape::new(settings.potential.is_cluster(), search.energy, &search.x);
        let place = tolerance.place(&mut shapes, shape);
        groups.resize(shapes.len(), vec![]);
        groups[place].push(i);
    }
    groups.sort_by(|a, b| searches[a[0]].energy.total_cmp(&searches[b[0]].energy));
    groups
}

/// The search with the smallest gradient norm.
fn best(group: &[usize], searches: &[Search]) -> usize {
    let norm = |i: &usize| searches[*i].gradient_norm;
    *group.iter().min_by(|a, b| norm(a).total_cmp(&norm(b))).expect("a group has a search")
}

fn merged(
    group: &[usize],
    searches: &[Search],
    saddles: &[Saddle<Vec<f64>>],
    starts: &Starts,
    minima: &Minima<'_>,
) -> Distinct {
    let best = best(group, searches);
    let (search, saddle) = (&searches[best], &saddles[best]);
    let mut gradients: Vec<u64> = group.iter().map(|&i| searches[i].gradients).collect();
    gradients.sort_unstable();
    let middle = gradients.len() / 2;
    let median = (gradients[(gradients.len() - 1) / 2] + gradients[middle]) as f64 / 2.0;
    let mut from: Vec<Origin> = vec![];
    for (i, start) in starts.starts.iter().enumerate() {
        let found = group.iter().filter(|&&search| starts.of(search) == i).count();
        let barrier = minima.below[i].map(|minimum| search.energy - minima.minima[minimum].energy);
        if found > 0 {
            from.push(Origin { start: start.label.clone(), found, barrier });
        }
    }
    // Stable: of equally frequent ones the first stays first.
    from.sort_by_key(|origin| std::cmp::Reverse(origin.found));
    Distinct {
        energy: search.energy,
        barrier: from[0].barrier,
        curvature: saddle.curvatures[0],
        next_curvature: saddle.curvatures.get(1).copied(),
        index: 1,
        found: group.len(),
        gradients: median,
        from,
        joins: vec![],
        x: search.x.clone(),
    }
}

/// Known minima, each once.
struct Minima<'a> {
    settings: &'a Settings,
    shapes: Vec<Shape>,
    minima: Vec<Minimum>,
    /// Which of them is below each start.
    below: Vec<Option<usize>>,
}

impl<'a> Minima<'a> {
    fn new(settings: &'a Settings, starts: &Starts) -> Self {
        let mut minima = Minima { settings, shapes: vec![], minima: vec![], below: vec![] };
        let mut f = settings.potential.objective();
        for start in &starts.starts {
            let place = start.minimum.as_ref().map(|x| minima.place(f.value(x), x));
            minima.below.push(place);
        }
        minima
    }

    fn place(&mut self, energy: f64, x: &[f64]) -> usize {
        let shape = Shape::new(self.settings.potential.is_cluster(), energy, x);
        let place = Tolerance::new(self.settings).place(&mut self.shapes, shape);
        if place == self.minima.len() {
            self.minima.push(Minimum { energy, x: x.to_vec() });
        }
        place
    }

    fn sides(
        &mut self,
        saddle: f64,
        sides: Result<[Found<Vec<f64>>; 2], SearchError>,
    ) -> Result<Vec<Side>, SaddleError> {
        let sides = sides.map_err(DriveError::from)?;
        let mut sides = sides.map(|found| {
            let converged = found.outcome == Outcome::Converged;
            Side {
                status: super::results::descent_status(found.outcome),
                minimum: converged.then(|| self.place(found.value, &found.x) + 1),
                energy: found.value,
                barrier: converged.then_some(saddle - found.value),
                gradients: found.counts.gradients(),
            }
        });
        sides.sort_by(|a, b| a.energy.total_cmp(&b.energy));
        Ok(sides.to_vec())
    }
}

fn way(found: Found<Vec<f64>>) -> Vec<[f64; 2]> {
    found.way.into_iter().filter_map(|point| point.x?.try_into().ok()).collect()
}
