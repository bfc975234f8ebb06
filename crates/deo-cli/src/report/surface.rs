//! A surface of two dimensions in bands of equal height with contour lines between, and the ways over it: of the searches, and
//! down from the saddles.
//!
//! A surface like Müller and Brown's rises by e⁵⁰ at the edge of the paper, and equal bands would show nothing of the
//! valleys: bands reach from the lowest point to one and a half times as high as the highest known saddle, and what is
//! above is one colour. Bands are of even steps in lightness, so that they read without hue.
//!
//! The record has the points and the ways; the heights are those of the landscape that it names. One drawing serves the page,
//! whose style sheet has the colours, and a file of its own, which has them in itself.

mod grid;
mod marks;

use super::frame::Frame;
use super::html::Html;
use super::number;
use deo_models::landscapes::{self, Landscape};
use grid::Grid;
use marks::{Ink, cross, dot, fill, label, ring, stroke};
use serde_json::Value;

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
