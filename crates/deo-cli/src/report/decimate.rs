//! Fewer points for the eye, and none of the extremes lost.
//!
//! A million steps on 400 pixels: each stretch of as many steps becomes its mean, its lowest and its highest value. The
//! line goes through the means and the band around it holds all values, so that the one step at which a loss shot up is
//! still there. The stretches depend on the number of points only.

/// Stretches of a line: about one to each unit of the drawing's width.
pub(super) const STRETCHES: usize = 400;

/// A stretch of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    /// The mean abscissa.
    pub(super) x: f64,
    /// The mean of the finite values.
    pub(super) mean: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// At most [`STRETCHES`] stretches; `None` where no value is finite. Points that are few enough are kept as they are.
pub(super) fn stretches(points: &[(f64, f64)]) -> Vec<Option<Stretch>> {
    let length = points.len().div_ceil(STRETCHES).max(1);
    points.chunks(length).map(stretch).collect()
}

fn stretch(points: &[(f64, f64)]) -> Option<Stretch> {
    let finite = || points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
    let count = finite().count() as f64;
    if count == 0.0 {
        return None;
    }
    let low = finite().map(|(_, y)| *y).fold(f64::INFINITY, f64::min);
    let high = finite().map(|(_, y)| *y).fold(f64::NEG_INFINITY, f64::max);
    // Each divided first: a sum of large values might overflow. Rounding must not lead out of the band.
    let mean = finite().map(|(_, y)| y / count).sum::<f64>().clamp(low, high);
    let x = finite().map(|(x, _)| x / count).sum();
    Some(Stretch { x, mean, low, high })
}

/// At most `most` of these, evenly: the first and the last among them.
pub(super) fn thinned<T: Copy>(items: &[T], most: usize) -> Vec<T> {
    if items.len() <= most || most < 2 {
        return items.iter().copied().take(most).collect();
    }
    (0..most).map(|i| items[i * (items.len() - 1) / (most - 1)]).collect()
}

/// At most about `most` of these points: of each stretch its lowest and its highest, in their order.
pub(super) fn extremes<T: Copy>(items: &[T], most: usize, value: impl Fn(&T) -> f64) -> Vec<T> {
    if items.len() <= most {
        return items.to_vec();
    }
    let length = items.len().div_ceil((most / 2).max(1));
    let by_value = |a: &usize, b: &usize| value(&items[*a]).total_cmp(&value(&items[*b]));
    let mut kept = vec![];
    for start in (0..items.len()).step_by(length) {
        let range = start..(start + length).min(items.len());
        let low = range.clone().min_by(by_value).expect("a stretch has a point");
        let high = range.max_by(by_value).expect("a stretch has a point");
        kept.extend([low.min(high), low.max(high)]);
    }
    kept.dedup();
    kept.into_iter().map(|i| items[i]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_outlier_in_a_million_survives() {
        let mut points: Vec<(f64, f64)> = (0..1_000_000).map(|i| (f64::from(i), 1.0)).collect();
        points[123_456].1 = 1e300;
        points[654_321].1 = f64::NAN;
        let stretches = stretches(&points);
        assert_eq!(stretches.len(), STRETCHES);
        let high = stretches.iter().flatten().map(|s| s.high).fold(0.0, f64::max);
        assert_eq!(high, 1e300);
        assert!(stretches.iter().flatten().all(|s| s.mean.is_finite()));
        let kept = extremes(&points, 300, |(_, y)| if y.is_nan() { 0.0 } else { *y });
        assert!(kept.len() <= 300 && kept.contains(&points[123_456]));
    }

    #[test]
    fn few_points_stay_and_gaps_are_gaps() {
        let line = stretches(&[(1.0, 2.0), (2.0, f64::NAN), (3.0, 4.0)]);
        assert_eq!(line[0], Some(Stretch { x: 1.0, mean: 2.0, low: 2.0, high: 2.0 }));
        assert_eq!((line.len(), line[1]), (3, None));
        assert!(stretches(&[]).is_empty());
    }

    #[test]
    fn thinning_keeps_both_ends() {
        let items: Vec<usize> = (0..1000).collect();
        let kept = thinned(&items, 7);
        assert_eq!((kept.len(), kept[0], kept[6]), (7, 0, 999));
        assert_eq!(thinned(&items[..3], 7), [0, 1, 2]);
    }
}
