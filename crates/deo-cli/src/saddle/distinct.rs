//! What many searches found, each saddle and each minimum once.

use super::merge::Shape;
use super::results::{Distinct, Minimum, Origin, Search};
use deo_saddle::Saddle;

/// A start as its saddles speak of it: its name, and the energy of the minimum below it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Below {
    pub(super) label: String,
    pub(super) minimum: Option<f64>,
}

/// The converged searches that found the same saddle, by energy; `shape` is that of a search, by its number.
pub(super) fn group(searches: &[Search], shape: impl Fn(usize) -> Shape) -> Vec<Vec<usize>> {
    let (mut shapes, mut groups) = (vec![], Vec::<Vec<usize>>::new());
    for (i, _) in searches.iter().enumerate().filter(|(_, search)| search.is_converged()) {
        let place = shape(i).place(&mut shapes);
        groups.resize(shapes.len(), vec![]);
        groups[place].push(i);
    }
    let energy = |group: &[usize]| searches[best(group, searches)].energy;
    groups.sort_by(|a, b| energy(a).total_cmp(&energy(b)));
    groups
}

/// The curvature of a saddle that is closest to zero.
pub(super) fn softest(saddle: &Saddle<Vec<f64>>) -> f64 {
    saddle.curvatures.iter().fold(f64::INFINITY, |s, c| s.min(c.abs()))
}

/// The search with the smallest gradient norm.
pub(super) fn best(group: &[usize], searches: &[Search]) -> usize {
    let norm = |i: &usize| searches[*i].gradient_norm;
    *group.iter().min_by(|a, b| norm(a).total_cmp(&norm(b))).expect("a group has a search")
}

/// The row of a group, the best of which found `saddle`; searches take the starts in turn.
pub(super) fn merged(
    group: &[usize],
    searches: &[Search],
    saddle: &Saddle<Vec<f64>>,
    starts: &[Below],
) -> Distinct {
    let search = &searches[best(group, searches)];
    let mut gradients: Vec<u64> = group.iter().map(|&i| searches[i].gradients).collect();
    gradients.sort_unstable();
    let middle = gradients.len() / 2;
    let median = (gradients[(gradients.len() - 1) / 2] + gradients[middle]) as f64 / 2.0;
    let mut from: Vec<Origin> = vec![];
    for (i, start) in starts.iter().enumerate() {
        let found = group.iter().filter(|&&search| search % starts.len() == i).count();
        let barrier = start.minimum.map(|minimum| search.energy - minimum);
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
pub(super) struct Minima<'a> {
    shape: &'a dyn Fn(f64, &[f64]) -> Shape,
    shapes: Vec<Shape>,
    pub(super) minima: Vec<Minimum>,
}

impl<'a> Minima<'a> {
    /// None yet; `shape` is that of a point of such an energy.
    pub(super) fn new(shape: &'a dyn Fn(f64, &[f64]) -> Shape) -> Self {
        Minima { shape, shapes: vec![], minima: vec![] }
    }

    /// The place of a minimum, which is added if it is new.
    pub(super) fn place(&mut self, energy: f64, x: &[f64]) -> usize {
        let place = (self.shape)(energy, x).place(&mut self.shapes);
        if place == self.minima.len() {
            self.minima.push(Minimum { energy, x: x.to_vec() });
        }
        place
    }
}
