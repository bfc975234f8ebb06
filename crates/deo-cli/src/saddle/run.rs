//! The searches, merged.

use super::distinct::{Below, Minima, best, group, merged, softest};
use super::error::SaddleError;
use super::merge::Shape;
use super::results::{Distinct, Results, Search, Side, status};
use super::settings::Settings;
use super::starts::{Start, Starts};
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

    let minimum_shape =
        |energy, x: &[f64]| Shape::new(potential.is_cluster(), energy, x, settings.fmax, SOFT);
    let mut minima = Minima::new(&minimum_shape);
    let below = below(settings, starts, &mut minima);
    let label = |search: usize| starts.starts[starts.of(search)].label.as_str();
    let mut searches: Vec<Search> = saddles
        .iter()
        .enumerate()
        .map(|(i, saddle)| Search::new(saddle, settings.index, label(i)))
        .collect();
    let groups = group(&searches, |i| {
        let Search { energy, x, gradient_norm, .. } = &searches[i];
        Shape::new(potential.is_cluster(), *energy, x, *gradient_norm, softest(&saddles[i]))
    });
    let merged =
        |group: &Vec<usize>| merged(group, &searches, &saddles[best(group, &searches)], &below);
    let mut distinct: Vec<Distinct> = groups.iter().map(merged).collect();
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
        saddle.joins.extend(sides.iter().map(|down| side(minima, saddle.energy, down)));
        saddle.joins.sort_by(|a, b| a.energy.total_cmp(&b.energy));
        if saddle.x.len() == 2 {
            // Behind a saddle that was left on the way it is the last part that is known.
            let whole = |side: &Descent<Vec<f64>>| (side.left == 0).then(|| saddle.x.clone());
            ways.extend(sides.into_iter().map(|side| way(whole(&side), side.end.found)));
        }
    }
    Ok(ways)
}

/// The names of the starts, and the energies of the minima below them, which are the first that are known.
fn below(settings: &Settings, starts: &Starts, minima: &mut Minima<'_>) -> Vec<Below> {
    let mut f = settings.potential.objective();
    let mut below = |start: &Start| {
        let minimum = start.minimum.as_ref().map(|x| {
            let place = minima.place(f.value(x), x);
            minima.minima[place].energy
        });
        Below { label: start.label.clone(), minimum }
    };
    starts.starts.iter().map(&mut below).collect()
}

fn side(minima: &mut Minima<'_>, saddle: f64, down: &Descent<Vec<f64>>) -> Side {
    let (found, minimum) = (&down.end.found, down.is_minimum());
    Side {
        status: status(found.outcome, down.end.verdict),
        minimum: minimum.then(|| minima.place(found.value, &found.x) + 1),
        energy: found.value,
        barrier: minimum.then_some(saddle - found.value),
        gradients: down.gradients,
    }
}

/// The start and the points that the search recorded, which is from its first step on.
fn way(start: impl IntoIterator<Item = Vec<f64>>, found: Found<Vec<f64>>) -> Vec<[f64; 2]> {
    let points = found.way.into_iter().filter_map(|point| point.x);
    start.into_iter().chain(points).filter_map(|x| x.try_into().ok()).collect()
}
