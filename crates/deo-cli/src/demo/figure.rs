//! A drawing of a few lines, each named at its end.
//!
//! As those of deo report: 480 units wide, so that letters can be read on a phone; colours are classes of the style sheet.

use crate::report::html::Html;
use crate::report::scale::{Axis, Kind};

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = WIDTH - 14.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = HEIGHT - 50.0;

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
        let described = format!("{id}-words");
        html.raw("<figure>\n").element("figcaption", &[("id", id)], self.title);
        html.open(
            "svg",
            &[
                ("role", "img"),
                ("viewBox", &format!("0 0 {WIDTH} {HEIGHT}")),
                ("aria-labelledby", id),
                ("aria-describedby", &described),
            ],
        );
        html.element("title", &[], self.title);
        html.element("desc", &[("id", &described)], &self.words);
        self.axes(&mut html, &x, &y);
        for series in &self.series {
            draw(&mut html, &x, &y, series);
        }
        for series in &self.series {
            name(&mut html, &x, &y, series);
        }
        html.close("svg").raw("\n</figure>\n");
        html
    }

    fn axes(&self, html: &mut Html, x: &Axis, y: &Axis) {
        let mut grid = String::new();
        for (value, label) in x.ticks() {
            let at = across(x, value);
            grid += &format!("M{at:.1} {BOTTOM}v5");
            let (place, foot) = (format!("{at:.1}"), format!("{}", BOTTOM + 20.0));
            html.element("text", &[("x", &place), ("y", &foot), ("class", "middle")], &label);
        }
        for (value, label) in y.ticks() {
            let at = up(y, value);
            grid += &format!("M{LEFT} {at:.1}H{RIGHT}");
            let (place, left) = (format!("{:.1}", at + 4.5), format!("{}", LEFT - 7.0));
            html.element("text", &[("x", &left), ("y", &place), ("class", "end")], &label);
        }
        html.open("path", &[("class", "grid"), ("d", &grid)]).close("path");
        let (middle, foot) = (format!("{}", (LEFT + RIGHT) / 2.0), format!("{}", HEIGHT - 8.0));
        html.element("text", &[("x", &middle), ("y", &foot), ("class", "middle")], self.abscissa);
        let frame = format!("M{LEFT} {TOP}V{BOTTOM}H{RIGHT}");
        html.open("path", &[("class", "axis"), ("d", &frame)]).close("path");
    }
}

fn across(x: &Axis, value: f64) -> f64 {
    LEFT + (RIGHT - LEFT) * x.place(value)
}

fn up(y: &Axis, value: f64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * y.place(value)
}

fn draw(html: &mut Html, x: &Axis, y: &Axis, series: &Series) {
    let stride = series.points.len().div_ceil(MOST_POINTS).max(1);
    let last = series.points.len().saturating_sub(1);
    let shown = series.points.iter().enumerate().filter(|(i, _)| i % stride == 0 || *i == last);
    let placed = shown.map(|(_, p)| (across(x, p.0), up(y, p.1)));
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
    let (left, foot) = (across(x, at.0) + shift.0, up(y, at.1) + shift.1 + BASELINE);
    if left.is_finite() && foot.is_finite() {
        let class = format!("name {anchor} {}", series.style);
        let (left, foot) = (format!("{left:.1}"), format!("{foot:.1}"));
        html.element("text", &[("x", &left), ("y", &foot), ("class", &class)], &series.name);
    }
}
