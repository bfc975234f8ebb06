//! The searches, merged.

use super::error::SaddleError;
use super::merge::Shape;
use super::results::{Distinct, Minimum, Origin, Results, Search, Side, status};
use super::settings::Settings;
use super::starts::Starts;
use deo_saddle::{Descent, Found, Record, Saddle, in_parallel};
use std::time::Instant;

/// Curvatures at minima aren't solved for; softer modes than this are rare where bonds are of length and strength 1.
const SOFT: f64 = 0.1;

/// What was found, and in two dimensions the ways there.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) results: Results,
    /// Positions of each search; empty in other dimensions.
    pub(super) ways: Vec<Vec<[f64; 2]>>,
    /// Positions on the ways down from the saddles, the same.
    pub(super) descents: Vec<Vec<[f64; 2]>>,
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
    let verification = settings.verification();
    starts.relax(potential, &descent, &verification, settings.start.is_none())?;
    let starts = &*starts;

    let record = if n == 2 { Record::Positions } else { Record::Nothing };
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
    let mut searches: Vec<Search> = saddles
        .iter()
        .enumerate()
        .map(|(i, saddle)| Search::new(saddle, settings.index, label(i)))
        .collect();
    let groups = group(potential.is_cluster(), &searches, &saddles);
    let mut distinct: Vec<Distinct> =
        groups.iter().map(|group| merged(group, &searches, &saddles, starts, &minima)).collect();
    for (number, group) in groups.iter().enumerate() {
        group.iter().for_each(|&search| searches[search].saddle = Some(number + 1));
    }
    let mut descents = vec![];
    if settings.connect {
        let tops: Vec<&Saddle<Vec<f64>>> =
            groups.iter().map(|group| &saddles[best(group, &searches)]).collect();
        descents = connect(settings, &tops, &mut distinct, &mut minima)?;
    }
    let ways = saddles.into_iter().enumerate();
    let ways = ways.map(|(i, saddle)| way([starts.displaced(i, settings)], saddle.found));
    let ways = if n == 2 { ways.collect() } else { vec![] };
    let seconds = clock.elapsed().as_secs_f64();
    let (mode, minima) = (settings.mode(n), minima.minima);
    let results = Results { dimension: n, mode, searches, distinct, minima, seconds };
    Ok(Run { results, ways, descents })
}

/// Goes down on both sides of each saddle; `tops` are those of `distinct`, with their axes. Returns the ways, in two dimensions.
fn connect(
    settings: &Settings,
    tops: &[&Saddle<Vec<f64>>],
    distinct: &mut [Distinct],
    minima: &mut Minima<'_>,
) -> Result<Vec<Vec<[f64; 2]>>, SaddleError> {
    let mut ways = vec![];
    let Some(first) = tops.first() else { return Ok(ways) };
    let (descent, verification) = (settings.descent(first.found.x.len()), settings.verification());
    let sides = in_parallel(settings.threads, tops.len(), |i| {
        settings.potential.join(tops[i], &descent, &verification)
    });
    // Minima are numbered in this order, whichever thread was the first.
    for (saddle, sides) in distinct.iter_mut().zip(sides) {
        let sides = sides?;
        saddle.joins.extend(sides.iter().map(|side| minima.side(saddle.energy, side)));
        saddle.joins.sort_by(|a, b| a.energy.total_cmp(&b.energy));
        if saddle.x.len() == 2 {
            // Behind a saddle that was left on the way it is the last part that is known.
            let whole = |side: &Descent<Vec<f64>>| (side.left == 0).then(|| saddle.x.clone());
            ways.extend(sides.into_iter().map(|side| way(whole(&side), side.end.found)));
        }
    }
    Ok(ways)
}

/// The converged searches that found the same saddle, by energy.
fn group(cluster: bool, searches: &[Search], saddles: &[Saddle<Vec<f64>>]) -> Vec<Vec<usize>> {
    let (mut shapes, mut groups) = (vec![], Vec::<Vec<usize>>::new());
    for (i, search) in searches.iter().enumerate().filter(|(_, search)| search.is_converged()) {
        let softest = saddles[i].curvatures.iter().fold(f64::INFINITY, |s, c| s.min(c.abs()));
        let shape = Shape::new(cluster, search.energy, &search.x, search.gradient_norm, softest);
        let place = shape.place(&mut shapes);
        groups.resize(shapes.len(), vec![]);
        groups[place].push(i);
    }
    let energy = |group: &[usize]| searches[best(group, searches)].energy;
    groups.sort_by(|a, b| energy(a).total_cmp(&energy(b)));
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
        // In a space of k dimensions there is no further one.
        curvatures: saddle.curvatures.iter().copied().filter(|c| c.is_finite()).collect(),
        index: search.index.expect("a confirmed search has one"),
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
        let Settings { potential, fmax, .. } = self.settings;
        let shape = Shape::new(potential.is_cluster(), energy, x, *fmax, SOFT);
        let place = shape.place(&mut self.shapes);
        if place == self.minima.len() {
            self.minima.push(Minimum { energy, x: x.to_vec() });
        }
        place
    }

    fn side(&mut self, saddle: f64, down: &Descent<Vec<f64>>) -> Side {
        let (found, minimum) = (&down.end.found, down.is_minimum());
        Side {
            status: status(found.outcome, down.end.verdict),
            minimum: minimum.then(|| self.place(found.value, &found.x) + 1),
            energy: found.value,
            barrier: minimum.then_some(saddle - found.value),
            gradients: down.gradients,
        }
    }
}

/// The start and the points that the search recorded, which is from its first step on.
fn way(start: impl IntoIterator<Item = Vec<f64>>, found: Found<Vec<f64>>) -> Vec<[f64; 2]> {
    let points = found.way.into_iter().filter_map(|point| point.x);
    start.into_iter().chain(points).filter_map(|x| x.try_into().ok()).collect()
}
