//! A surface of two dimensions in bands of equal height with contour lines between, and the ways over it: of the searches, and
//! down from the saddles.
//!
//! A surface like Müller and Brown's rises by e⁵⁰ at the edge of the paper, and equal bands would show nothing of the
//! valleys: bands reach from the lowest point to one and a half times as high as the highest known saddle, and what is
//! above is one colour. Bands are of even steps in lightness, so that they read without hue.
//!
//! The record has the points and the ways; the heights are those of the landscape that it names. One drawing serves the page,
//! whose style sheet has the colours, and a file of its own, which has them in itself.

use super::contour;
use super::frame::Frame;
use super::html::Html;
use super::number;
use super::scale::{Axis, Kind};
use deo_models::landscapes::{self, Landscape};
use serde_json::Value;

/// Cells in each direction: three units each, and neighbours of one band are drawn as one.
const CELLS: usize = 116;

const BANDS: usize = 24;

/// Every second edge of a band is drawn as a line; more would run together on steep slopes.
const LINE: usize = 2;

/// The box of the landscape with this share of it on each side.
const MARGIN: f64 = 0.15;

/// What isn't higher than the bands by this share of the saddle's height is in them.
const ABOVE: f64 = 0.5;

/// Points of a way that are drawn: a search that goes in circles has hundreds.
const MOST_POINTS: usize = 400;

/// The paper, beside which the scale of heights and its numbers have room.
const FRAME: Frame =
    Frame { width: 480.0, height: 520.0, left: 52.0, right: 400.0, top: 12.0, bottom: 360.0 };

/// A point, or a point of a way.
type Point = [f64; 2];

/// What is drawn, as the record of a search has it.
pub(crate) struct Surface {
    landscape: Box<dyn Landscape>,
    saddles: Vec<Point>,
    /// The energies of the saddles.
    highest: f64,
    minima: Vec<Point>,
    /// Whether it converged, and its way.
    searches: Vec<(bool, Vec<Point>)>,
    descents: Vec<Vec<Point>>,
}

/// Where colours come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ink {
    /// The page's style sheet.
    Page,
    /// The drawing itself, for light paper.
    File,
}

impl Ink {
    fn of(self, name: &'static str) -> &'static str {
        match (self, name) {
            (Ink::Page, "paper") => "var(--paper)",
            (Ink::Page, "ink") => "var(--ink)",
            (Ink::Page, "quiet") => "var(--quiet)",
            (Ink::Page, "c1") => "var(--c1)",
            (Ink::Page, "c2") => "var(--ways-down)",
            (Ink::Page, _) => "var(--c0)",
            (Ink::File, "paper") => "#fff",
            (Ink::File, "ink") => "#1b1e23",
            (Ink::File, "quiet") => "#565d68",
            (Ink::File, "c1") => "#c04f00",
            (Ink::File, "c2") => "#006b5a",
            (Ink::File, _) => "#0072b2",
        }
    }
}

impl Surface {
    /// That of the record of a search in two dimensions; nothing for another record.
    pub(crate) fn of_record(record: &Value) -> Option<Self> {
        let landscape = landscapes::by_name(record.pointer("/settings/potential/name")?.as_str()?);
        let landscape = landscape.ok().filter(|landscape| landscape.dimension() == 2)?;
        let list = |pointer: &str| {
            record.pointer(pointer).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
        };
        let at = |of: &Value| point(&of["x"]);
        let distinct = list("/results/distinct");
        let energies = distinct.iter().filter_map(|saddle| number::of(&saddle["energy"]));
        let converged = list("/results/searches").iter().map(|s| s["status"] == "converged");
        let ways = list("/ways").iter().map(way);
        Some(Surface {
            landscape,
            saddles: distinct.iter().filter_map(at).collect(),
            highest: energies.fold(f64::NEG_INFINITY, f64::max),
            minima: list("/results/minima").iter().filter_map(at).collect(),
            searches: converged.zip(ways).collect(),
            descents: list("/descents").iter().map(way).collect(),
        })
    }

    /// The figure of a page, whose title begins with `name`. `id` must be unique in the page.
    pub(crate) fn html(&mut self, id: &str, name: &str) -> Html {
        let mut html = Html::new();
        let title = format!("{name}: the surface, and the ways of the searches");
        FRAME.begin(&mut html, id, &title, &self.words());
        self.draw(&mut html, Ink::Page);
        html.close("svg").raw("\n</figure>\n");
        html
    }

    /// A file by itself.
    pub(crate) fn svg(&mut self) -> String {
        let mut html = Html::new();
        let size = format!("0 0 {} {}", FRAME.width, FRAME.height);
        html.open(
            "svg",
            &[
                ("xmlns", "http://www.w3.org/2000/svg"),
                ("width", "960"),
                ("viewBox", &size),
                ("font-family", "sans-serif"),
            ],
        );
        html.raw(
            "<style>text{font-size:14px}.middle{text-anchor:middle}.end{text-anchor:end}</style>",
        );
        html.element("title", &[], self.landscape.name()).element("desc", &[], &self.words());
        html.open(
            "rect",
            &[("width", "100%"), ("height", "100%"), ("fill", Ink::File.of("paper"))],
        );
        html.close("rect");
        self.draw(&mut html, Ink::File);
        html.close("svg").raw("\n");
        html.into_string()
    }

    fn words(&self) -> String {
        let converged = self.searches.iter().filter(|(converged, _)| *converged).count();
        format!(
            "{} saddles, {} minima; {converged} of {} searches that are drawn converged; {} ways down.",
            self.saddles.len(),
            self.minima.len(),
            self.searches.len(),
            self.descents.len()
        )
    }

    fn draw(&mut self, html: &mut Html, ink: Ink) {
        let grid = Grid::new(self);
        grid.draw(html, ink);
        for (converged, way) in &self.searches {
            if !converged {
                stroke(html, &grid.path(way), ink.of("quiet"), "1", "0.35");
            }
        }
        for (_, way) in self.searches.iter().filter(|(converged, _)| *converged) {
            stroke(html, &grid.path(way), ink.of("c1"), "1.2", "0.85");
            let begin: String = way.iter().take(1).filter_map(|p| grid.place(p)).map(dot).collect();
            fill(html, &begin, ink.of("c1"), "1");
        }
        for way in &self.descents {
            let d = grid.path(way);
            stroke(html, &d, ink.of("paper"), "5", "0.8");
            stroke(html, &d, ink.of("c2"), "2.5", "1");
        }
        let signs = |points: &[Point], sign: fn(Point) -> String| -> String {
            points.iter().filter_map(|p| grid.place(p)).map(sign).collect()
        };
        for (d, width) in [(signs(&self.minima, ring), "2"), (signs(&self.saddles, cross), "3")] {
            stroke(html, &d, ink.of("paper"), "6", "0.7");
            stroke(html, &d, ink.of("ink"), width, "1");
        }
        grid.axes(html, ink);
        self.legend(html, ink);
    }

    fn legend(&self, html: &mut Html, ink: Ink) {
        let failed = self.searches.iter().any(|(converged, _)| !converged);
        let converged = self.searches.iter().any(|(converged, _)| *converged);
        let across = |y: f64| format!("M20 {y}h26");
        let mut y = FRAME.bottom + 68.0;
        let mut row = |html: &mut Html, shown: bool, draw: &dyn Fn(&mut Html, f64), text: &str| {
            if shown {
                draw(html, y);
                label(html, 56.0, y + 4.5, "", ink.of("ink"), text);
                y += 20.0;
            }
        };
        let points = |html: &mut Html, y: f64| {
            stroke(html, &cross([26.0, y]), ink.of("ink"), "3", "1");
            stroke(html, &ring([42.0, y]), ink.of("ink"), "2", "1");
        };
        row(html, true, &points, "saddles, and known minima");
        let way = |html: &mut Html, y: f64| {
            stroke(html, &across(y), ink.of("c1"), "1.5", "1");
            fill(html, &dot([20.0, y]), ink.of("c1"), "1");
        };
        row(html, converged, &way, "searches that converged, from their starts");
        let faint = |html: &mut Html, y: f64| stroke(html, &across(y), ink.of("quiet"), "1", "0.5");
        row(html, failed, &faint, "searches that failed");
        let down = |html: &mut Html, y: f64| stroke(html, &across(y), ink.of("c2"), "2.5", "1");
        row(html, !self.descents.is_empty(), &down, "ways down to the minima that a saddle joins");
    }
}

fn point(of: &Value) -> Option<Point> {
    Some([number::of(&of[0])?, number::of(&of[1])?])
}

fn way(of: &Value) -> Vec<Point> {
    of.as_array().into_iter().flatten().map_while(point).take(MOST_POINTS).collect()
}

fn dot([x, y]: Point) -> String {
    format!("M{:.1} {y:.1}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0", x - 2.5)
}

fn ring([x, y]: Point) -> String {
    format!("M{:.1} {y:.1}a5 5 0 1 0 10 0a5 5 0 1 0-10 0", x - 5.0)
}

fn cross([x, y]: Point) -> String {
    format!("M{:.1} {:.1}l10 10m0-10l-10 10", x - 5.0, y - 5.0)
}

fn stroke(html: &mut Html, d: &str, colour: &str, width: &str, opacity: &str) {
    if !d.is_empty() {
        let drawn = [("fill", "none"), ("stroke", colour), ("stroke-width", width)];
        let drawn = [&drawn[..], &[("stroke-opacity", opacity), ("d", d)]].concat();
        html.open("path", &drawn).close("path");
    }
}

fn fill(html: &mut Html, d: &str, colour: &str, opacity: &str) {
    if !d.is_empty() {
        html.open("path", &[("fill", colour), ("fill-opacity", opacity), ("d", d)]).close("path");
    }
}

fn label(html: &mut Html, x: f64, y: f64, class: &str, colour: &str, text: &str) {
    let (x, y) = (format!("{x:.1}"), format!("{y:.1}"));
    html.element("text", &[("x", &x), ("y", &y), ("class", class), ("fill", colour)], text);
}

/// Heights at the centres of cells, row after row from below.
struct Grid {
    x: [f64; 2],
    y: [f64; 2],
    /// The heights of the lowest and of the highest band's edge.
    heights: [f64; 2],
    /// In units of bands: 0 at the lowest point, [`BANDS`] at the top and above.
    levels: Vec<f64>,
}

impl Grid {
    fn new(surface: &mut Surface) -> Self {
        let domain = surface.landscape.domain();
        let side = |i: usize| {
            let margin = MARGIN * (domain[i].1 - domain[i].0);
            // Saddles and minima outside of the box are worth a larger paper; the ways of failed searches are not.
            let all = surface.saddles.iter().chain(&surface.minima).map(|x| x[i]);
            let reach = |ends: [f64; 2], x: f64| [ends[0].min(x - margin), ends[1].max(x + margin)];
            all.fold([domain[i].0 - margin, domain[i].1 + margin], reach)
        };
        let (x, y) = (side(0), side(1));
        let centre = |ends: [f64; 2], i: usize| {
            ends[0] + (ends[1] - ends[0]) * (i as f64 + 0.5) / CELLS as f64
        };
        let value = |cell: usize| {
            surface.landscape.value(&[centre(x, cell % CELLS), centre(y, cell / CELLS)])
        };
        let heights: Vec<f64> = (0..CELLS * CELLS).map(value).collect();
        let finite = || heights.iter().copied().filter(|height| height.is_finite());
        let lowest = finite().fold(f64::INFINITY, f64::min);
        let top = if surface.highest > lowest {
            surface.highest + ABOVE * (surface.highest - lowest)
        } else {
            finite().fold(f64::NEG_INFINITY, f64::max)
        };
        let level = |height: &f64| {
            let share = (height - lowest) / (top - lowest);
            if share.is_finite() && share < 1.0 { share * BANDS as f64 } else { BANDS as f64 }
        };
        Grid { x, y, heights: [lowest, top], levels: heights.iter().map(level).collect() }
    }

    /// Where a point lies on the paper, if it does.
    fn place(&self, p: &Point) -> Option<Point> {
        let share = |ends: [f64; 2], x: f64| (x - ends[0]) / (ends[1] - ends[0]);
        let (u, v) = (share(self.x, p[0]), share(self.y, p[1]));
        let on_paper = (0.0..=1.0).contains(&u) && (0.0..=1.0).contains(&v);
        on_paper.then(|| self.at([u * CELLS as f64, v * CELLS as f64]))
    }

    /// Where a place counted in cells lies on the paper.
    fn at(&self, [u, v]: Point) -> Point {
        let Frame { left, right, top, bottom, .. } = FRAME;
        let cells = CELLS as f64;
        [left + (right - left) * u / cells, bottom - (bottom - top) * v / cells]
    }

    /// A way; one that leaves the paper ends at its edge.
    fn path(&self, way: &[Point]) -> String {
        let mut d = String::new();
        for [x, y] in way.iter().map_while(|p| self.place(p)) {
            d += &format!("{}{x:.1} {y:.1}", if d.is_empty() { 'M' } else { 'L' });
        }
        d
    }

    /// The bands, each as one path, and the lines between.
    fn draw(&self, html: &mut Html, ink: Ink) {
        let mut bands = vec![String::new(); BANDS];
        for (row, first, end, band) in self.stretches().filter(|stretch| stretch.3 < BANDS) {
            let [left, top] = self.at([first as f64, (row + 1) as f64]);
            let [right, bottom] = self.at([end as f64, row as f64]);
            let (width, height) = (right - left, bottom - top);
            bands[band] += &format!("M{left:.0} {top:.0}h{width:.0}v{height:.0}h-{width:.0}z");
        }
        html.open("g", &[("shape-rendering", "crispEdges")]);
        for (band, d) in bands.iter().enumerate() {
            fill(html, d, ink.of("c0"), &shade(band));
        }
        html.close("g");
        let mut lines = String::new();
        for level in (LINE..=BANDS).step_by(LINE) {
            // Half a thousandth below the top: what is above it lies exactly at the top.
            for [p, q] in
                contour::pieces(&self.levels, CELLS, (level as f64).min(BANDS as f64 - 5e-4))
            {
                // Heights belong to the centres of cells.
                let [p, q] = [p, q].map(|[u, v]| self.at([u + 0.5, v + 0.5]));
                lines += &format!("M{:.1} {:.1}L{:.1} {:.1}", p[0], p[1], q[0], q[1]);
            }
        }
        stroke(html, &lines, ink.of("ink"), "0.7", "0.3");
    }

    /// The axes, and the scale of heights beside the paper.
    fn axes(&self, html: &mut Html, ink: Ink) {
        let Frame { left, right, top, bottom, .. } = FRAME;
        let axis = |ends: [f64; 2]| Axis::over(Kind::Linear, 0.0, ends.into_iter());
        let (Some(x), Some(y), Some(z)) = (axis(self.x), axis(self.y), axis(self.heights)) else {
            return;
        };
        let mut ticks = String::new();
        let quiet = ink.of("quiet");
        for (value, text) in x.ticks() {
            let at = FRAME.across(&x, value);
            ticks += &format!("M{at:.1} {bottom}v5");
            label(html, at, bottom + 20.0, "middle", quiet, &text);
        }
        for (value, text) in y.ticks() {
            let at = FRAME.up(&y, value);
            ticks += &format!("M{left} {at:.1}h-5");
            label(html, left - 8.0, at + 4.5, "end", quiet, &text);
        }
        let height = (bottom - top) / BANDS as f64;
        for band in 0..BANDS {
            let foot = bottom - height * band as f64;
            let d = format!("M{} {foot:.1}v-{height:.1}h12v{height:.1}z", right + 14.0);
            fill(html, &d, ink.of("c0"), &shade(band));
        }
        for (value, text) in z.ticks() {
            let at = FRAME.up(&z, value);
            ticks += &format!("M{} {at:.1}h4", right + 26.0);
            label(html, right + 33.0, at + 4.5, "", quiet, &text);
        }
        ticks +=
            &format!("M{left} {top}V{bottom}H{right}M{} {top}v{}h12", right + 14.0, bottom - top);
        stroke(html, &ticks, quiet, "1", "1");
        label(html, (left + right) / 2.0, bottom + 40.0, "middle", quiet, "x");
        label(html, 12.0, (top + bottom) / 2.0, "middle", quiet, "y");
        label(html, right + 32.0, bottom + 20.0, "middle", quiet, "energy");
    }

    /// (row, first cell, one past the last, band) of each stretch of one band.
    fn stretches(&self) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        self.levels.chunks(CELLS).enumerate().flat_map(|(row, levels)| {
            let band = |i: usize| levels[i] as usize;
            let mut first = 0;
            let ends = (1..=CELLS).filter(move |&i| i == CELLS || band(i) != band(i - 1));
            ends.map(move |end| {
                let stretch = (row, first, end, band(first));
                first = end;
                stretch
            })
        })
    }
}

/// How much of the colour a band has: most in the valleys, none at the top.
fn shade(band: usize) -> String {
    format!("{:.3}", 0.8 * (1.0 - (band as f64 + 0.5) / BANDS as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn stretches_cover_every_cell_once() {
        let levels = (0..CELLS * CELLS).map(|cell| (cell * cell / 977 % 5) as f64 + 0.25).collect();
        let grid = Grid { x: [0.0, 1.0], y: [0.0, 1.0], heights: [0.0, 1.0], levels };
        let mut seen = vec![0; CELLS * CELLS];
        for (row, first, end, band) in grid.stretches() {
            for cell in first..end {
                seen[row * CELLS + cell] += 1;
                assert_eq!(grid.levels[row * CELLS + cell] as usize, band);
            }
        }
        assert!(seen.iter().all(|&times| times == 1));
    }

    #[test]
    fn a_record_without_ways_still_has_its_surface_and_another_none() {
        let at = |x: f64, y: f64| json!({"x": [x, y], "energy": -40.0});
        let mut record = json!({
            "settings": {"potential": {"kind": "landscape", "name": "muller-brown"}},
            "results": {"distinct": [at(-0.8, 0.6)], "minima": [at(0.6, 0.0)]},
        });
        let svg = Surface::of_record(&record).unwrap().svg();
        assert!(svg.starts_with("<svg xmlns") && svg.contains("1 saddles, 1 minima; 0 of 0"));
        assert!(
            !svg.contains("NaN") && !svg.contains("var(") && !svg.contains("searches that failed")
        );
        record["settings"]["potential"]["name"] = json!("lj13");
        assert!(Surface::of_record(&record).is_none());
        // Points of another shape, and far outside.
        record["settings"]["potential"]["name"] = json!("muller-brown");
        record["results"]["minima"] = json!([{"x": [1]}, {"x": "a"}, null]);
        (record["ways"], record["descents"]) =
            (json!([[[1e300, 0]], 5]), json!([[[0, 0.5], [0.1, null]]]));
        record["results"]["searches"] = json!([{"status": "budget"}, {"status": "converged"}]);
        let svg = Surface::of_record(&record).unwrap().svg();
        assert!(
            svg.contains("1 of 2 searches") && svg.contains("searches that failed"),
            "{svg:.3000}"
        );
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
