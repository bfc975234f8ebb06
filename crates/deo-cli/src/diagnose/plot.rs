//! The loss along the axis and along the base's next step, as an SVG.
//!
//! Both ordinates are the change of the loss from x, the abscissas distances: along the axis in units of ‖x‖'s, to twice the
//! turn; along the step up to twenty steps. What is on one side of the axis and not on the other is seen, too.

use super::results::Results;
use deo_bench::drawing::{BLUE, VERMILION, axes};
use plotters::coord::Shift;
use plotters::prelude::*;

const SIZE: (u32, u32) = (1100, 480);

/// Losses on each curve.
const POINTS: i32 = 60;

/// Steps of the base that are drawn.
const STEPS: f64 = 20.0;

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Distances and the changes of the loss there.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Curves {
    pub(super) axis: Vec<(f64, f64)>,
    pub(super) step: Vec<(f64, f64)>,
}

/// Where the two curves are wanted: along the unit axis, along the step in units of itself.
pub(super) fn places(results: &Results) -> [Vec<f64>; 2] {
    let turn = results.turn.abs();
    // Without a turn there is still the shape of the valley, over ten steps.
    let half = if turn > 0.0 { 2.0 * turn } else { (10.0 * results.step_norm).max(1e-3) };
    let axis = (-POINTS..=POINTS).map(|i| half * f64::from(i) / f64::from(POINTS)).collect();
    let step = (0..=POINTS).map(|i| STEPS * f64::from(i) / f64::from(POINTS)).collect();
    [axis, step]
}

/// The drawing. What isn't finite is left out.
pub(super) fn svg(results: &Results, curves: &Curves) -> String {
    let mut text = String::new();
    draw(&mut text, results, curves).expect("writing to a string doesn't fail");
    text
}

fn draw(text: &mut String, results: &Results, curves: &Curves) -> Drawn {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let title = format!("{}: {}", results.target, results.sentence);
    let below = area.titled(&title, ("sans-serif", 20))?;
    let (left, right) = below.split_horizontally(SIZE.0 / 2);
    let turn = (results.fall > 0.0).then_some((results.turn, -results.fall));
    panel(&left, "distance along the axis", &curves.axis, BLUE, turn)?;
    panel(&right, "steps of the base, straight on", &curves.step, VERMILION, None)?;
    area.present()
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    label: &str,
    curve: &[(f64, f64)],
    colour: RGBColor,
    mark: Option<(f64, f64)>,
) -> Drawn {
    let finite = || curve.iter().copied().filter(|(_, y)| y.is_finite());
    let (left, right) = (curve.first().map_or(0.0, |p| p.0), curve.last().map_or(1.0, |p| p.0));
    let lowest = finite().map(|(_, y)| y).fold(0.0, f64::min);
    let top = finite().map(|(_, y)| y).fold(0.0, f64::max);
    // A wall beside a shallow door would hide it: no more than three times its depth is shown above.
    let top = if lowest < 0.0 { top.min(-3.0 * lowest) } else { top };
    let (lowest, top) = if lowest < top { (lowest, top) } else { (-1.0, 1.0) };
    let margin = 0.05 * (top - lowest);
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(84)
        .build_cartesian_2d(left..right, lowest - margin..top + margin)?;
    axes(&mut chart.configure_mesh())
        .x_desc(label)
        .y_desc("change of the loss")
        .x_labels(6)
        .x_label_formatter(&|x| format!("{x:.3}"))
        .y_label_formatter(&|y| format!("{y:.1e}"))
        .draw()?;
    let shown = finite().filter(|(_, y)| *y <= top + margin);
    chart.draw_series(LineSeries::new(shown, colour.stroke_width(2)))?;
    chart.draw_series(mark.into_iter().map(|at| Circle::new(at, 5, colour.filled())))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_walled_and_broken_curves_are_drawn() {
        for curve in [
            vec![],
            vec![(0.0, 0.0), (1.0, 0.0)],
            vec![(-1.0, f64::NAN), (0.0, 0.0), (1.0, -1e-9), (2.0, f64::INFINITY)],
            vec![(-1.0, 1e9), (0.0, 0.0), (1.0, -1e-3)],
        ] {
            let mut text = String::new();
            let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
            panel(&area, "x", &curve, BLUE, Some((0.5, -1e-3))).unwrap();
            area.present().unwrap();
            drop(area);
            assert!(text.contains("</svg>") && !text.contains("NaN"), "{curve:?}");
        }
    }
}
