//! λ_max and λ_min against training steps, as an SVG: one above the other, for their scales differ.
//!
//! The band around a line is curvature ± residual, within which an eigenvalue lies. An axis shows all curvatures but those
//! of the first tenth of the steps, which are often tens of times the others, and of the bands as much again as the
//! curvatures extend. What lies beyond is drawn on the frame.

use super::super::record::CurvatureEnd;
use super::{COLOURS, Drawn, SIZE};
use deo_bench::drawing::axes;
use plotters::coord::Shift;
use plotters::prelude::*;

/// What a monitor saw of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Path {
    /// The run's name.
    pub name: String,
    /// The steps taken before each visit, and the lowest and the highest curvature then.
    pub visits: Vec<(u64, [CurvatureEnd; 2])>,
}

impl Path {
    /// A run that nobody looked at yet.
    pub fn new(name: &str) -> Self {
        Path { name: name.to_owned(), visits: vec![] }
    }

    /// Enters a visit.
    pub fn push(&mut self, step: u64, ends: [CurvatureEnd; 2]) {
        self.visits.push((step, ends));
    }

    /// (step, curvature, residual) of one end, where both were finite.
    fn end(&self, end: usize) -> impl Iterator<Item = (f64, f64, f64)> {
        let point = move |(step, ends): &(u64, [CurvatureEnd; 2])| {
            (*step as f64, ends[end].curvature, ends[end].residual)
        };
        self.visits.iter().map(point).filter(|(_, c, r)| c.is_finite() && r.is_finite())
    }
}

/// The drawing.
///
/// Visits whose numbers aren't finite are left out.
pub fn svg(title: &str, paths: &[Path]) -> String {
    let mut text = String::new();
    draw(&mut text, title, paths).expect("writing to a string doesn't fail");
    text
}

fn draw(text: &mut String, title: &str, paths: &[Path]) -> Drawn {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (above, below) = area.split_vertically(SIZE.1 / 2);
    panel(&above, Some(title), "λ_max", paths, 1)?;
    panel(&below, None, "λ_min", paths, 0)?;
    area.present()
}

/// What the ordinate shows.
fn range(paths: &[Path], end: usize) -> std::ops::Range<f64> {
    let all = || paths.iter().flat_map(|path| path.end(end));
    let last = all().map(|(step, ..)| step).fold(0.0, f64::max);
    let extent = |band: f64| {
        let points = || all().filter(|(step, ..)| *step >= 0.1 * last);
        let low = points().map(|(_, c, r)| c - band * r).fold(f64::INFINITY, f64::min);
        let high = points().map(|(_, c, r)| c + band * r).fold(f64::NEG_INFINITY, f64::max);
        (low, high)
    };
    let (low, high) = extent(0.0);
    if low > high {
        return -1.0..1.0; // nothing to show
    }
    let (with_low, with_high) = extent(1.0);
    // A constant curvature still needs an axis with an extent.
    let spread = if high > low { high - low } else { high.abs().max(1.0) };
    let margin = 0.06 * spread;
    with_low.max(low - spread) - margin..with_high.min(high + spread) + margin
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    title: Option<&str>,
    name: &str,
    paths: &[Path],
    end: usize,
) -> Drawn {
    let last = paths.iter().flat_map(|path| &path.visits).map(|(step, _)| *step).max();
    let shown = range(paths, end);
    let mut builder = ChartBuilder::on(area);
    builder.margin(12).margin_right(28).x_label_area_size(if title.is_some() { 28 } else { 46 });
    if let Some(title) = title {
        builder.caption(title, ("sans-serif", 20));
    }
    let width = last.unwrap_or(1).max(1) as f64;
    let mut chart = builder.y_label_area_size(72).build_cartesian_2d(0.0..width, shown.clone())?;
    axes(&mut chart.configure_mesh())
        .x_label_formatter(&|step| format!("{step:.0}"))
        // Six digits, and no negative zero.
        .y_label_formatter(&|y| format!("{}", (y * 1e6).round() / 1e6 + 0.0))
        .x_desc(if title.is_some() { "" } else { "training step; bands: ± residual" })
        .y_desc(name)
        .draw()?;
    for (path, colour) in paths.iter().zip(COLOURS.iter().cycle()) {
        let within = |y: f64| y.clamp(shown.start, shown.end);
        let above = path.end(end).map(|(step, c, r)| (step, within(c + r)));
        let mut band: Vec<_> = path.end(end).map(|(step, c, r)| (step, within(c - r))).collect();
        band.reverse();
        band.extend(above);
        chart.draw_series([Polygon::new(band, colour.mix(0.18).filled())])?;
    }
    for (path, colour) in paths.iter().zip(COLOURS.iter().cycle()) {
        let style = colour.stroke_width(2);
        let line = path.end(end).map(|(step, c, _)| (step, c.clamp(shown.start, shown.end)));
        chart
            .draw_series(LineSeries::new(line, style))?
            .label(&path.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 28, y)], style));
    }
    if title.is_none() {
        return Ok(()); // one legend for both
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .legend_area_size(40)
        .label_font(("sans-serif", 15))
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(200, 200, 200))
        .draw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use deo_core::Status;

    fn end(curvature: f64, residual: f64) -> CurvatureEnd {
        CurvatureEnd { curvature, residual, secant_error: 0.0, status: Status::Budget }
    }

    #[test]
    fn both_ends_of_all_runs_are_drawn() {
        let mut paths = ["adamw", "adamw+escape"].map(Path::new);
        for (run, path) in paths.iter_mut().enumerate() {
            for step in 0..50 {
                let t = (step + run as u64) as f64 / 10.0;
                path.push(10 * step, [end(-1.0 - t.sin(), 0.3), end(40.0 + t, 2.0)]);
            }
            path.push(500, [end(f64::NAN, f64::NAN), end(45.0, f64::INFINITY)]);
        }
        let svg = svg("tiny", &paths);
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for label in ["λ_min", "λ_max", "adamw+escape", "training step"] {
            assert!(svg.contains(label), "{label}");
        }
        assert_eq!(svg.matches("<polygon").count(), 4, "a band for each end of each run");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert!(svg.len() < 40_000, "{} bytes", svg.len());
    }

    #[test]
    fn an_axis_shows_every_curvature_and_not_every_band() {
        let mut path = Path::new("adamw");
        path.push(20, [end(-1.0, 100.0), end(5.0, 0.1)]);
        // In the first tenth of the steps: not what an axis is made for.
        path.visits.insert(0, (0, [end(-70.0, 1.0), end(900.0, 1.0)]));
        path.push(100, [end(-3.0, 0.5), end(6.0, 0.1)]);
        let lowest = range(std::slice::from_ref(&path), 0);
        // Two wide, as much again on each side, and 6 %.
        assert!((lowest.start + 5.12).abs() < 1e-12 && (lowest.end - 1.12).abs() < 1e-12);
        let highest = range(&[path], 1);
        assert!((highest.start - 4.84).abs() < 1e-12 && (highest.end - 6.16).abs() < 1e-12);
    }

    #[test]
    fn nothing_seen_and_one_visit_leave_a_drawing() {
        let mut one = Path::new("sgd");
        assert!(svg("nothing", std::slice::from_ref(&one)).contains("</svg>"));
        assert!(svg("nothing", &[]).contains("</svg>"));
        one.push(0, [end(0.0, 0.0), end(0.0, 0.0)]);
        let svg = svg("one", &[one]);
        assert!(svg.contains("</svg>") && !svg.contains("NaN"));
    }
}
