//! Curves as SVG within the page.
//!
//! Colours are
//! classes, which the style sheet sets for light, dark and paper; lines beyond the sixth are dashed, then dotted. A drawing
//! has a title and a description in words, for those who don't see it.

use super::decimate::{Stretch, extremes, stretches, thinned};
use super::frame::{FRAME, Frame};
use super::html::Html;
use super::number;
use super::scale::{Axis, Kind};

/// Colours that can be told apart, and kinds of line.
const COLOURS: usize = 6;
const DASHES: usize = 3;

/// Dots of a line: one to two units of width.
const MOST_DOTS: usize = 200;
/// Marks of a line at the head.
const MOST_MARKS: usize = 60;
/// Lines of a drawing; more can't be told apart.
const MOST_LINES: usize = COLOURS * DASHES;

const COLOUR_CLASSES: [&str; COLOURS] = ["c0", "c1", "c2", "c3", "c4", "c5"];
const DASH_CLASSES: [&str; DASHES] = ["d0", "d1", "d2"];

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Means of stretches, and a band around them that holds all values.
    Curve,
    /// Every point, joined.
    Joined,
    /// The same, and a band of the errors around it.
    Banded,
    /// Every point, joined, without dots.
    Path,
    /// Every point by itself.
    Dots,
}

/// One line of a drawing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) look: Look,
    /// A value that isn't finite is a gap.
    pub(super) points: Vec<(f64, f64)>,
    /// Half the error bar of each point; empty without any.
    pub(super) errors: Vec<f64>,
    /// What happened where.
    pub(super) marks: Vec<(f64, String)>,
    /// Of a path: it arrived, and ends in a dot.
    pub(super) ends: bool,
}

impl Line {
    pub(super) fn new(name: impl Into<String>, look: Look, points: Vec<(f64, f64)>) -> Self {
        Line { name: name.into(), look, points, errors: vec![], marks: vec![], ends: false }
    }

    /// The values, and the ends of those error bars that don't dwarf their values.
    fn heights(&self) -> impl Iterator<Item = f64> {
        let bar = |(i, (_, y)): (usize, &(f64, f64))| {
            let error = self.errors.get(i).copied().filter(|error| error.is_finite());
            // A band is the reason for its drawing: it is shown whole.
            let fits = |error: &f64| self.look == Look::Banded || *error <= y.abs();
            let error = error.filter(fits).unwrap_or(0.0);
            [y - error, y + error]
        };
        self.points.iter().enumerate().flat_map(bar)
    }

    fn is_visible(&self) -> bool {
        self.points.iter().any(|(x, y)| x.is_finite() && y.is_finite())
    }
}

/// A drawing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    /// With the unit of the ordinate.
    pub(super) title: String,
    pub(super) abscissa: &'static str,
    pub(super) x: Kind,
    pub(super) y: Kind,
    pub(super) lines: Vec<Line>,
    /// Abscissas that the drawing covers whatever the lines do, so that several drawings can be compared.
    pub(super) covers: Vec<f64>,
    /// The same for ordinates.
    pub(super) covers_y: Vec<f64>,
    /// Names to be written at the abscissa instead of numbers.
    pub(super) x_names: Vec<(f64, String)>,
    /// A value of the ordinate that has a line across: what is to be reached, or no difference.
    pub(super) level: Option<f64>,
}

impl Chart {
    pub(super) fn new(title: impl Into<String>, abscissa: &'static str, lines: Vec<Line>) -> Self {
        let (x, y, level) = (Kind::Linear, Kind::Open, None);
        let (title, covers, covers_y, x_names) = (title.into(), vec![], vec![], vec![]);
        Chart { title, abscissa, x, y, lines, covers, covers_y, x_names, level }
    }

    /// The figure; nothing if no point is finite. `id` must be unique in the page.
    pub(super) fn html(&self, id: &str) -> Html {
        let mut html = Html::new();
        let lines =
            || self.lines.iter().take(MOST_LINES).enumerate().filter(|(_, l)| l.is_visible());
        let points = || lines().flat_map(|(_, line)| line.points.iter());
        let marks = || lines().flat_map(|(_, line)| line.marks.iter().map(|(x, _)| *x));
        if points().next().is_none() {
            return html;
        }
        let covered = points().map(|(x, _)| *x).chain(marks()).chain(self.covers.iter().copied());
        let x = Axis::over(self.x, 0.02, covered);
        let heights = lines().flat_map(|(_, line)| line.heights()).chain(self.level);
        let y = Axis::over(self.y, 0.05, heights.chain(self.covers_y.iter().copied()));
        let (Some(x), Some(y)) = (x, y) else { return html };

        let words: Vec<String> = lines().map(|(_, line)| in_words(line)).collect();
        FRAME.begin(&mut html, id, &self.title, &words.join(" "));
        self.axes(&mut html, &x, &y);
        if let Some(level) = self.level {
            let at = FRAME.up(&y, level);
            let across = format!("M{} {at:.1}H{}", FRAME.left, FRAME.right);
            html.open("path", &[("class", "level"), ("d", &across)]).close("path");
        }
        for (place, line) in lines() {
            let style =
                format!("{} {}", COLOUR_CLASSES[place % COLOURS], DASH_CLASSES[place / COLOURS]);
            draw(&mut html, &x, &y, line, &style);
            draw_marks(&mut html, &x, line, place, &style);
        }
        html.close("svg");
        legend(&mut html, lines());
        if self.lines.len() > MOST_LINES {
            html.line(
                "p",
                &format!("{} further lines are not drawn.", self.lines.len() - MOST_LINES),
            );
        }
        html.raw("</figure>\n");
        html
    }

    fn axes(&self, html: &mut Html, x: &Axis, y: &Axis) {
        let named = if self.x_names.is_empty() { x.ticks() } else { self.x_names.clone() };
        let named = named.iter().collect::<Vec<_>>();
        let placed = thinned(&named, 8);
        let placed = placed.iter().map(|(value, label)| (FRAME.across(x, *value), label.as_str()));
        let Frame { left, right, .. } = FRAME;
        let placed = placed.filter(|(at, _)| (left..=right).contains(at));
        FRAME.axes(html, placed, y, self.abscissa);
    }
}

fn path(html: &mut Html, kind: &str, style: &str, d: &str) {
    if !d.is_empty() {
        html.open("path", &[("class", &format!("{kind} {style}")), ("d", d)]).close("path");
    }
}

fn draw(html: &mut Html, x: &Axis, y: &Axis, line: &Line, style: &str) {
    if line.look == Look::Curve {
        let stretches = stretches(&line.points);
        let runs: Vec<&[Option<Stretch>]> = stretches.split(Option::is_none).collect();
        let runs = runs.iter().map(|run| run.iter().flatten().collect::<Vec<_>>());
        let runs: Vec<Vec<&Stretch>> = runs.filter(|run| !run.is_empty()).collect();
        path(html, "band", style, &runs.iter().map(|run| band(x, y, run)).collect::<String>());
        let means = runs.iter().map(|run| joined(x, y, run.iter().map(|s| (s.x, s.mean))));
        path(html, "curve", style, &means.collect::<String>());
        return;
    }
    let shown: Vec<usize> = (0..line.points.len()).collect();
    let order = |i: &usize| if line.points[*i].1.is_nan() { 0.0 } else { line.points[*i].1 };
    let shown = extremes(&shown, MOST_DOTS, order);
    let at = |i: usize| line.points[i];
    let error = |i: usize| line.errors.get(i).copied().filter(|e| e.is_finite()).unwrap_or(0.0);
    if line.look != Look::Dots {
        let gaps = || {
            let runs = shown.split(|&i| !(at(i).0.is_finite() && at(i).1.is_finite()));
            runs.filter(|run| !run.is_empty())
        };
        if line.look == Look::Banded {
            let bands = gaps().map(|run| around(x, y, run.iter().map(|&i| (at(i), error(i)))));
            path(html, "band", style, &bands.collect::<String>());
        }
        let paths = gaps().map(|run| joined(x, y, run.iter().map(|&i| at(i))));
        path(html, "curve", style, &paths.collect::<String>());
    }
    let (mut dots, mut bars) = (String::new(), String::new());
    let arrived = |i: &usize| line.look != Look::Path || (line.ends && i + 1 == line.points.len());
    for i in shown.into_iter().filter(arrived) {
        let (left, foot) = (FRAME.across(x, at(i).0), FRAME.up(y, at(i).1));
        if !(left.is_finite() && foot.is_finite()) {
            continue;
        }
        dots += &format!("M{:.1} {foot:.1}a3 3 0 1 0 6 0a3 3 0 1 0-6 0", left - 3.0);
        let error = if line.look == Look::Banded { 0.0 } else { error(i) };
        let clipped = |value: f64| {
            let place = FRAME.up(y, value);
            if place.is_finite() { place.clamp(FRAME.top, FRAME.bottom) } else { FRAME.bottom }
        };
        let (low, high) = (clipped(at(i).1 - error), clipped(at(i).1 + error));
        // Within the dot it wouldn't be seen.
        if low - high > 6.0 {
            bars += &format!(
                "M{left:.1} {low:.1}V{high:.1}M{:.1} {low:.1}h6m0 {:.1}h-6",
                left - 3.0,
                high - low
            );
        }
    }
    path(html, "bars", style, &bars);
    path(html, "dots", style, &dots);
}

fn joined(x: &Axis, y: &Axis, points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut d = String::new();
    for (i, (px, py)) in points.enumerate() {
        let (left, foot) = (FRAME.across(x, px), FRAME.up(y, py));
        d += &format!("{}{left:.1} {foot:.1}", if i == 0 { 'M' } else { 'L' });
    }
    // A single point has a round cap, and so is a dot.
    d + "h0"
}

/// Around the stretches that hold more than one value; nothing if none does.
fn band(x: &Axis, y: &Axis, run: &[&Stretch]) -> String {
    if run.iter().all(|s| s.low == s.high) {
        return String::new();
    }
    let forth = run.iter().map(|s| (s.x, s.high));
    let back = run.iter().rev().map(|s| (s.x, s.low));
    let corners: Vec<String> = forth
        .chain(back)
        .map(|(px, py)| format!("{:.1} {:.1}", FRAME.across(x, px), FRAME.up(y, py)))
        .collect();
    format!("M{}Z", corners.join("L"))
}

/// Around points with their errors.
fn around(x: &Axis, y: &Axis, run: impl Iterator<Item = ((f64, f64), f64)>) -> String {
    let run: Vec<_> = run.collect();
    let stretch = |&((x, mean), error): &((f64, f64), f64)| Stretch {
        x,
        mean,
        low: mean - error,
        high: mean + error,
    };
    let stretches: Vec<Stretch> = run.iter().map(stretch).collect();
    band(x, y, &stretches.iter().collect::<Vec<_>>())
}

fn draw_marks(html: &mut Html, x: &Axis, line: &Line, place: usize, style: &str) {
    // At the head, where a falling loss leaves room; a row for each line, as far as there are rows.
    let head = FRAME.top - 8.0 + 9.0 * (place % 4) as f64;
    for (value, what) in thinned(&line.marks.iter().collect::<Vec<_>>(), MOST_MARKS) {
        let d = format!("M{:.1} {head}h8l-4 8z", FRAME.across(x, *value) - 4.0);
        html.open("path", &[("class", &format!("mark {style}")), ("d", &d)]);
        html.element("title", &[], &format!("{}: {what}", line.name)).close("path");
    }
}

fn legend<'a>(html: &mut Html, lines: impl Iterator<Item = (usize, &'a Line)>) {
    html.raw("\n<ul class=\"legend\">");
    for (place, line) in lines {
        let (colour, dash) = (COLOUR_CLASSES[place % COLOURS], DASH_CLASSES[place / COLOURS]);
        html.raw("<li>").element("span", &[("class", &format!("key {colour} {dash}"))], "");
        html.text(&line.name).raw("</li>");
    }
    html.raw("</ul>\n");
}

/// What the line shows, in a sentence.
fn in_words(line: &Line) -> String {
    let finite = || line.points.iter().map(|(_, y)| *y).filter(|y| y.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let last = finite().next_back().unwrap_or(f64::NAN);
    format!(
        "{}: {} values between {} and {}, the last one {}.",
        line.name,
        finite().count(),
        number::short(low),
        number::short(high),
        number::short(last)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(lines: Vec<Line>) -> String {
        Chart::new("loss", "gradients", lines).html("id").into_string()
    }

    #[test]
    fn a_curve_has_a_path_an_outlier_a_band_and_a_gap_no_line() {
        let short =
            svg(vec![Line::new("a", Look::Curve, vec![(1.0, 4.0), (2.0, f64::NAN), (3.0, 2.0)])]);
        assert_eq!(short.matches("class=\"curve c0 d0\"").count(), 1);
        assert_eq!(short.matches("h0").count(), 2, "two pieces: {short}");
        assert!(!short.contains("class=\"band") && !short.contains("NaN\""), "{short}");
        let points = (0..5000).map(|i| (f64::from(i), f64::from(i % 7))).collect();
        let long = svg(vec![Line::new("a", Look::Curve, points)]);
        assert_eq!(long.matches("class=\"band").count(), 1);
        assert!(long.len() < 30_000, "{} bytes", long.len());
        assert!(long.contains("5000 values between 0 and 6, the last one 1."), "{long}");
    }

    #[test]
    fn no_coordinate_is_infinite_whatever_the_values() {
        let points = vec![(0.0, 1e300), (1.0, -1e300), (2.0, f64::INFINITY), (f64::NAN, 1.0)];
        for look in [Look::Curve, Look::Joined, Look::Dots] {
            let mut line = Line::new("<b>", look, points.clone());
            (line.errors, line.marks) = (vec![1e300; 4], vec![(1.0, "kick".into())]);
            let text = svg(vec![line]);
            let drawn = text.split(" d=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
            assert!(drawn.clone().count() >= 3);
            assert!(drawn.clone().all(|d| !d.contains("NaN") && !d.contains("inf")), "{text}");
            assert!(text.contains("&lt;b&gt;: kick") && !text.contains("<b>"));
        }
        assert_eq!(svg(vec![Line::new("a", Look::Dots, vec![(1.0, f64::NAN)])]), "");
    }

    #[test]
    fn lines_beyond_the_distinguishable_are_counted() {
        let line = || Line::new("a", Look::Joined, vec![(0.0, 1.0), (1.0, 2.0)]);
        let text = svg((0..20).map(|_| line()).collect());
        assert!(text.contains("2 further lines") && text.contains("curve c5 d2"));
    }
}
