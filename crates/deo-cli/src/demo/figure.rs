//! A drawing of a few lines, each named at its end.
//!
//! As those of deo report: 480 units wide, so that letters can be read on a phone; colours are classes of the style sheet.

use crate::report::frame::FRAME;
use crate::report::html::Html;
use crate::report::scale::{Axis, Kind};

/// Points of a line: one to two units of width.
const MOST_POINTS: usize = 300;

/// Half a line's letters.
const BASELINE: f64 = 5.0;

/// A line, or dots.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) name: String,
    /// `c0` to `c5`, with `d1` for a dashed line.
    pub(super) style: &'static str,
    pub(super) dots: bool,
    pub(super) points: Vec<(f64, f64)>,
    /// Where its name stands.
    pub(super) label: Option<Label>,
}

/// Where a name stands: beside this point, and so far from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) at: (f64, f64),
    pub(super) shift: (f64, f64),
    pub(super) anchor: &'static str,
}

/// A drawing.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) title: &'static str,
    pub(super) abscissa: &'static str,
    /// What the drawing says, for those who don't see it.
    pub(super) words: String,
    pub(super) y: Kind,
    pub(super) series: Vec<Series>,
}

impl Series {
    /// A line without a name.
    pub(super) fn line(style: &'static str, points: Vec<(f64, f64)>) -> Self {
        Series { name: String::new(), style, dots: false, points, label: None }
    }

    /// Dots without a name.
    pub(super) fn dots(style: &'static str, points: Vec<(f64, f64)>) -> Self {
        Series { dots: true, ..Series::line(style, points) }
    }

    /// With a name beside a point.
    #[must_use]
    pub(super) fn named(
        self,
        name: impl Into<String>,
        at: Option<(f64, f64)>,
        shift: (f64, f64),
        anchor: &'static str,
    ) -> Self {
        let label = at.map(|at| Label { at, shift, anchor });
        Series { name: name.into(), label, ..self }
    }
}

impl Figure {
    /// The figure; nothing if no point is finite. `id` must be unique in the page.
    pub(super) fn html(&self, id: &str) -> Html {
        let mut html = Html::new();
        let points = || self.series.iter().flat_map(|s| s.points.iter());
        let x = Axis::over(Kind::Linear, 0.02, points().map(|p| p.0));
        let y = Axis::over(self.y, 0.06, points().map(|p| p.1));
        let (Some(x), Some(y)) = (x, y) else { return html };
        FRAME.begin(&mut html, id, self.title, &self.words);
        let ticks = x.ticks();
        let placed = ticks.iter().map(|(value, label)| (FRAME.across(&x, *value), label.as_str()));
        FRAME.axes(&mut html, placed, &y, self.abscissa);
        for series in &self.series {
            draw(&mut html, &x, &y, series);
        }
        for series in &self.series {
            name(&mut html, &x, &y, series);
        }
        html.close("svg").raw("\n</figure>\n");
        html
    }
}

fn draw(html: &mut Html, x: &Axis, y: &Axis, series: &Series) {
    let stride = series.points.len().div_ceil(MOST_POINTS).max(1);
    let last = series.points.len().saturating_sub(1);
    let shown = series.points.iter().enumerate().filter(|(i, _)| i % stride == 0 || *i == last);
    let placed = shown.map(|(_, p)| (FRAME.across(x, p.0), FRAME.up(y, p.1)));
    let mut d = String::new();
    for (left, foot) in placed.filter(|(left, foot)| left.is_finite() && foot.is_finite()) {
        d += &if series.dots {
            format!("M{:.1} {foot:.1}a4 4 0 1 0 8 0a4 4 0 1 0-8 0", left - 4.0)
        } else {
            format!("{}{left:.1} {foot:.1}", if d.is_empty() { 'M' } else { 'L' })
        };
    }
    let kind = if series.dots { "dots" } else { "curve" };
    html.open("path", &[("class", &format!("{kind} {}", series.style)), ("d", &d)]).close("path");
}

fn name(html: &mut Html, x: &Axis, y: &Axis, series: &Series) {
    let Some(Label { at, shift, anchor }) = series.label else { return };
    let (left, foot) = (FRAME.across(x, at.0) + shift.0, FRAME.up(y, at.1) + shift.1 + BASELINE);
    if left.is_finite() && foot.is_finite() {
        let class = format!("name {anchor} {}", series.style);
        let (left, foot) = (format!("{left:.1}"), format!("{foot:.1}"));
        html.element("text", &[("x", &left), ("y", &foot), ("class", &class)], &series.name);
    }
}
