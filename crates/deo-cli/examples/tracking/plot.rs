//! λ_min, as converged and as followed, and the errors below it.

use crate::follower::{Axis, On};
use crate::record::{Record, Series};
use deo_bench::drawing::axes;
use plotters::coord::Shift;
use plotters::prelude::*;

const SIZE: (u32, u32) = (960, 760);

/// Colours that remain apart in any kind of colour vision (Okabe & Ito 2008).
const COLOURS: [RGBColor; 3] = [RGBColor(213, 94, 0), RGBColor(0, 114, 178), RGBColor(0, 158, 115)];
const GREY: RGBColor = RGBColor(150, 150, 150);

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Gradients a visit of the followers that are drawn.
const SHOWN: [u64; 3] = [2, 4, 8];

pub(crate) fn svg(record: &Record) -> String {
    let mut text = String::new();
    draw(&mut text, record).expect("writing to a string doesn't fail");
    text
}

fn draw(text: &mut String, record: &Record) -> Drawn {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (above, below) = area.split_vertically(SIZE.1 * 11 / 20);
    let shown: Vec<_> =
        SHOWN.iter().filter_map(|gradients| followed(record, On::Fixed, *gradients)).collect();
    values(&above, record, &shown)?;
    errors(&below, record, &shown)?;
    area.present()
}

fn followed(record: &Record, on: On, gradients: u64) -> Option<&Series> {
    let wanted = |series: &&Series| {
        (series.end, series.on, series.axis) == ("lowest", on, Axis::Kept)
            && (series.every, series.checked) == (record.interval, false)
            && series.gradients == gradients
    };
    record.series.iter().find(wanted)
}

fn label(series: &Series) -> String {
    format!("{} gradients a visit", series.gradients)
}

fn values(area: &Area<'_>, record: &Record, shown: &[&Series]) -> Drawn {
    let steps: Vec<f64> = record.visits.iter().map(|visit| visit.step as f64).collect();
    let exact: Vec<f64> = record.visits.iter().map(|visit| visit.fixed.lowest).collect();
    // Without the first visit: λ_min at initialisation is tens of times what it is later.
    let all =
        || exact.iter().skip(1).chain(shown.iter().flat_map(|series| &series.curvatures[1..]));
    let low = all().copied().fold(f64::INFINITY, f64::min);
    let high = all().copied().fold(0.0, f64::max);
    let margin = 0.05 * (high - low);
    let mut chart = ChartBuilder::on(area)
        .margin(14)
        .margin_right(28)
        .caption("λ_min, followed through training", ("sans-serif", 20))
        .x_label_area_size(30)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..steps[steps.len() - 1], low - margin..high + margin)?;
    axes(&mut chart.configure_mesh())
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .y_desc("curvature")
        .draw()?;
    if let Some(noisy) = followed(record, On::Step, 2) {
        let points = steps.iter().zip(&noisy.curvatures);
        let dots = points.map(|(x, y)| (*x, y.clamp(low, high)));
        chart
            .draw_series(dots.map(|point| Circle::new(point, 3, GREY.filled())))?
            .label("2 gradients, on the batch of the step")
            .legend(|(x, y)| Circle::new((x + 14, y), 3, GREY.filled()));
    }
    for (series, colour) in shown.iter().zip(COLOURS) {
        let line = steps.iter().copied().zip(series.curvatures.iter().map(|c| c.max(low)));
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(2)))?
            .label(label(series))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 28, y)], colour.stroke_width(2)));
    }
    let line = steps.iter().copied().zip(exact.iter().map(|lambda| lambda.max(low)));
    chart
        .draw_series(LineSeries::new(line, BLACK.stroke_width(2)))?
        .label("converged to a residual of 1e-3")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 28, y)], BLACK.stroke_width(2)));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerMiddle)
        .legend_area_size(40)
        .label_font(("sans-serif", 15))
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(200, 200, 200))
        .draw()
}

/// Errors below this are drawn at it.
const LEAST: f64 = 1e-4;

fn errors(area: &Area<'_>, record: &Record, shown: &[&Series]) -> Drawn {
    let end = record.visits[record.visits.len() - 1].step as f64;
    let mut chart = ChartBuilder::on(area)
        .margin(14)
        .margin_right(28)
        .x_label_area_size(44)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..end, (LEAST..2.0).log_scale())?;
    axes(&mut chart.configure_mesh())
        .x_label_formatter(&|step| format!("{step:.0}"))
        .x_desc("training step")
        .y_desc("relative error")
        .y_label_formatter(&|y| format!("{y:.0e}"))
        .draw()?;
    for (series, colour) in shown.iter().zip(COLOURS) {
        let line = record.visits.iter().zip(&series.curvatures).map(|(visit, curvature)| {
            let exact = visit.fixed.lowest;
            let error = (curvature - exact).abs() / exact.abs();
            (visit.step as f64, error.clamp(LEAST, 2.0))
        });
        chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
    }
    let tenth = [(0.0, 0.1), (end, 0.1)];
    chart.draw_series([PathElement::new(tenth, BLACK.stroke_width(1))])?;
    Ok(())
}
