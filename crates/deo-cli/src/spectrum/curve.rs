//! The density of eigenvalues as an SVG.
//!
//! The ordinate is logarithmic: most eigenvalues of a network are close to zero, and the few that matter would not be
//! seen beside them. Each node of the quadrature is smoothed by a normal curve, whose width is the resolution of the
//! plot, not a property of the spectrum. Ticks at the foot mark the eigenpairs that were found.

use super::results::Pair;
use deo_bench::drawing::{BLUE, VERMILION, axes};
use deo_core::stochastic::Density;
use plotters::prelude::*;

const SIZE: (u32, u32) = (960, 600);

/// The standard deviation of a node, as a share of the range of nodes.
const WIDTH: f64 = 1.0 / 100.0;

/// Points of the curve: some to each width.
const POINTS: usize = 600;

/// Decades below the maximum that are shown: what a handful of eigenvalues among a million is.
const DECADES: f64 = 7.0;

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The drawing; empty axes for an empty density.
pub(super) fn svg(title: &str, density: &Density, pairs: &[Pair]) -> String {
    let mut text = String::new();
    draw(&mut text, title, density, pairs).expect("writing to a string doesn't fail");
    text
}

/// (λ, density) on a grid that covers the nodes.
fn curve(density: &Density) -> Vec<(f64, f64)> {
    let Some((low, high)) = density.range() else { return vec![] };
    // All eigenvalues equal still make a curve.
    let range = if high > low { high - low } else { low.abs().max(1.0) };
    let width = WIDTH * range;
    let (start, step) = (low - 5.0 * width, (range + 10.0 * width) / POINTS as f64);
    let point = |i: usize| {
        let lambda = start + step * i as f64;
        (lambda, density.at(lambda, width))
    };
    (0..=POINTS).map(point).collect()
}

fn draw(text: &mut String, title: &str, density: &Density, pairs: &[Pair]) -> Drawn {
    let curve = curve(density);
    let top = curve.iter().map(|(_, y)| *y).fold(f64::MIN_POSITIVE, f64::max);
    let bottom = top / 10f64.powf(DECADES);
    let left = curve.first().map_or(0.0, |(x, _)| *x);
    let right = curve.last().map_or(1.0, |(x, _)| *x);

    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(16)
        .caption(title, ("sans-serif", 18))
        .x_label_area_size(48)
        .y_label_area_size(72)
        .build_cartesian_2d(left..right, (bottom..2.0 * top).log_scale())?;
    axes(&mut chart.configure_mesh())
        .x_desc("eigenvalue")
        .y_desc("density")
        .y_label_formatter(&|y| format!("{y:.0e}"))
        .draw()?;
    let shown = curve.iter().map(|&(x, y)| (x, y.max(bottom)));
    chart.draw_series(LineSeries::new(shown, BLUE.stroke_width(2)))?;
    let found = pairs.iter().map(|pair| pair.eigenvalue).filter(|x| (left..=right).contains(x));
    chart
        .draw_series(found.map(|x| {
            PathElement::new([(x, bottom), (x, 6.0 * bottom)], VERMILION.stroke_width(2))
        }))?;
    area.present()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_integrates_to_one_and_is_drawn() {
        let mut density = Density::default();
        density.push([(-1.0, 0.001), (0.0, 0.9), (3.0, 0.099)]);
        let points = curve(&density);
        let step = points[1].0 - points[0].0;
        let integral: f64 = points.iter().map(|(_, y)| y * step).sum();
        // The grid has four points to a width: a sum over a normal curve is then exact to 1e-10.
        assert!((integral - 1.0).abs() < 1e-6, "{integral}");
        let svg = svg("test", &density, &[]);
        assert!(svg.starts_with("<svg") && svg.contains("density") && !svg.contains("NaN"));
    }

    #[test]
    fn one_eigenvalue_or_none_leave_a_drawing() {
        let mut density = Density::default();
        assert!(svg("empty", &density, &[]).contains("</svg>"));
        density.push([(2.0, 1.0)]);
        let svg = svg("one", &density, &[]);
        assert!(svg.contains("</svg>") && !svg.contains("NaN"));
    }
}
